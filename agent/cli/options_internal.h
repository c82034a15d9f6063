/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The table of options: what command line, `set`, --help, manual and completion know of each. */
#ifndef CG_CLI_OPTIONS_INTERNAL_H
#define CG_CLI_OPTIONS_INTERNAL_H

#include <stddef.h>

#include "cli/options.h"

#define CG_VERBS_ALL ((1u << CG_VERBS) - 1)
#define CG_OPTIONS_MAX 64 /* a set of them is a word of bits */

struct cg_option {
	char letter; /* 0: none */
	const char *name;
	const char *arg; /* NULL: takes none */
	unsigned int verbs;
	const char *text;
	/* 0, -errno: not legal, or an exit code: reported */
	int (*parse)(struct cg_options *options, const char *value);
	int (*setting)(struct cg_settings *settings, const char *value); /* also a key of `set` */
	const char *legal; /* of the value */
};

extern const struct cg_option cg_option_table[];
extern const size_t cg_option_count;

#endif
