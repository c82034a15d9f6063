/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The command line: one table of verbs, one of options; both --help and the parser read them. */
#ifndef CG_CLI_OPTIONS_H
#define CG_CLI_OPTIONS_H

#include <stdbool.h>

#include "attach/interface.h"
#include "cli/event_filter.h"
#include "maps/settings.h"

struct cg_options {
	const char *instance;
	const char *netns; /* NULL: the one we are in */
	bool json;
	bool all;
	bool follow;
	bool verbose;
	bool help;
	enum cg_attach_mode attach_mode;
	struct cg_settings settings;
	struct cg_event_filter filter; /* events */
	const char *spool; /* cdr: a file; NULL: the daemon's own of this instance */
	const char *since, *until, *caller, *callee; /* cdr: which rows */
	bool open, closed, blocked, suspect;
	const char *db, *end, *why, *by; /* cdr settle */
	const char *config; /* doctor, check, top: the daemon's file; NULL: its own default */
	int outside; /* fd of the network namespace that we were called in; -1: not known */
	const char *warning, *critical, *spool_warning,
		*spool_critical; /* check: ranges; NULL: default */
	__u8 expect; /* check: enum cg_mode */
	bool batch; /* top */
	unsigned int delay_ms, count; /* top; count 0: no end */
	int n_args;
	char **args; /* what is no option: interfaces, KEY=VALUE; of main's argv */
};

/* X(NAME, verb, arguments, text) */
#define CG_VERB_LIST(X)                                                                            \
	X(ATTACH, attach, "IFACE...", "guard interfaces: XDP on the way in, tc on the way out")    \
	X(DETACH, detach, "IFACE... | -a", "stop guarding; -a removes the maps as well")           \
	X(SET, set, "KEY=VALUE...", "change settings of a running guard")                          \
	X(UPGRADE, upgrade, "", "swap the programs for this version's, maps kept")                 \
	X(STATUS, status, "", "settings, interfaces, fill of the maps; exit 3: not attached")      \
	X(STATS, stats, "", "packets by reason, in and out")                                       \
	X(DIALOGS, dialogs, "", "the calls that the guard knows")                                  \
	X(EVENTS, events, "", "starts, ends and violations; -f waits for more")                    \
	X(LADDER, ladder, "CALL-ID", "the messages of one call, both counters, what was refused")  \
	X(DOCTOR, doctor, "[IFACE]...",                                                            \
	  "host, interfaces, guard, daemon, PostgreSQL: what is wrong, and the remedy")            \
	X(CHECK, check, "", "a plug-in for Nagios and its kin; exit 0, 1, 2, 3: OK to UNKNOWN")    \
	X(TOP, top, "", "the guard at work, each second: rates, offenders, calls")                 \
	X(CDR, cdr, "[settle CALL_UID]", "the CDRs of the spool; settle: an operator's word")      \
	X(VERSION, version, "", "the version of this program and of its map layout")

#define CG_VERB_BIT(NAME, verb, args, text) CG_V_BIT_##NAME,
enum cg_verb_bit { CG_VERB_LIST(CG_VERB_BIT) CG_VERBS };
#undef CG_VERB_BIT
#define CG_V(NAME) (1u << CG_V_BIT_##NAME)

struct cg_verb {
	const char *name;
	const char *args;
	const char *text;
	int (*run)(const struct cg_options *options); /* returns enum cg_exit, errors reported */
};

/* Each in its file, cmd_VERB.c. */
#define CG_VERB_RUN(NAME, verb, args, text) int cg_cmd_##verb(const struct cg_options *options);
CG_VERB_LIST(CG_VERB_RUN)
#undef CG_VERB_RUN

extern const struct cg_verb cg_verbs[CG_VERBS];

/*
 * Parses main's arguments (argv is permuted). *verb is NULL where none is given. CG_DONE, or
 * CG_USAGE with the error reported, and *verb, where it can be told.
 */
int cg_options_parse(int argc, char **argv, struct cg_options *options,
		     const struct cg_verb **verb);

/* KEY=VALUE of `set`. CG_DONE, or CG_USAGE with the error reported. */
int cg_options_set(struct cg_settings *settings, const char *assignment);

/* To stdout; verb NULL: all verbs. */
void cg_options_help(const struct cg_verb *verb);

#endif
