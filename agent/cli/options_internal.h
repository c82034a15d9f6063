/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The table of options. Command line, `set`, --help, man page and completion are made from it. */
#ifndef CG_CLI_OPTIONS_INTERNAL_H
#define CG_CLI_OPTIONS_INTERNAL_H

#include <stddef.h>

#include "cli/options.h"

#define CG_VERBS_ALL ((1u << CG_VERBS) - 1)
#define CG_OPTIONS_MAX 96

struct cg_option {
	char letter; /* 0: none */
	const char *name;
	const char *arg; /* NULL: no value */
	unsigned int verbs; /* CG_V(), ORed */
	const char *help; /* noun phrase, without the default; NULL: an older spelling, not shown */
	const char *def; /* default, as a user would write it; NULL: none */
	const char *def_text; /* a default that depends on something, in words */
	const char *expected; /* the values, for an error message */

	/* The effect, one of these: */
	size_t flag; /* offset of the bool in struct cg_options that is set; 0: none */
	size_t text; /* offset of the string in struct cg_options that is set, not empty; 0: none */
	/* Returns 0, -errno for an invalid value, or an exit code (reported). */
	int (*parse)(struct cg_options *options, const char *value);
	/* The default of a setting is that of a new instance. */
	int (*setting)(struct cg_settings *settings, const char *value);
	bool repeats; /* each further value adds to a list */
	bool fixed; /* a setting of the first attach; the others are keys of `set` */
};

extern const struct cg_option cg_option_table[];
extern const size_t cg_option_count;

static inline bool cg_option_of_verb(const struct cg_option *option, const struct cg_verb *verb)
{
	return verb && option->verbs & 1u << (verb - cg_verbs);
}

/* True if it is also a key of `set`. */
static inline bool cg_option_is_key(const struct cg_option *option)
{
	return option->setting && !option->fixed;
}

/* As `parse` above. */
int cg_parse_option_xdp(struct cg_options *options, const char *value);
int cg_parse_option_xdp_or_mode(struct cg_options *options, const char *value);
int cg_parse_option_replay_mode(struct cg_options *options, const char *value);
int cg_parse_option_replay_host(struct cg_options *options, const char *value);
int cg_parse_option_reason(struct cg_options *options, const char *value);
int cg_parse_option_event_source(struct cg_options *options, const char *value);
int cg_parse_option_warning(struct cg_options *options, const char *value);
int cg_parse_option_critical(struct cg_options *options, const char *value);
int cg_parse_option_spool_warning(struct cg_options *options, const char *value);
int cg_parse_option_spool_critical(struct cg_options *options, const char *value);
int cg_parse_option_expect(struct cg_options *options, const char *value);
int cg_parse_option_delay(struct cg_options *options, const char *value);
int cg_parse_option_last(struct cg_options *options, const char *value);
int cg_parse_option_count(struct cg_options *options, const char *value);
int cg_parse_option_instance(struct cg_options *options, const char *value);

#endif
