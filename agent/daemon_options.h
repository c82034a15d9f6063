/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What the daemon is told: command line over configuration file over environment over defaults. */
#ifndef CG_DAEMON_OPTIONS_H
#define CG_DAEMON_OPTIONS_H

#include <linux/types.h>
#include <stdbool.h>

#include "breaker.h"
#include "cdr.h"

struct cg_daemon_options {
	char *instance;
	char *netns; /* where interface names are looked up; NULL: here */
	char *config; /* file, or NULL */
	char *db; /* conninfo, or NULL: the spool is the store */
	char *spool;
	char *node;
	struct cg_limits limits;
	struct cg_breaker breaker; /* its settings */
	__u64 sweep; /* ns between two sweeps */
	__u64 db_timeout; /* ns */
	bool verbose;
	bool print_schema;
	bool help;
};

/*
 * 0, or -EINVAL with one line on stderr. Strings are the structure's own; cg_daemon_options_free() even
 * after a failure.
 */
int cg_daemon_options_parse(struct cg_daemon_options *options, int argc, char **argv);
void cg_daemon_options_free(struct cg_daemon_options *options);
void cg_daemon_options_help(void); /* to stdout */

#endif
