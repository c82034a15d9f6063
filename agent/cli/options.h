/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The command line: a table of verbs and a table of options, for the parser and for --help. */
#ifndef CG_CLI_OPTIONS_H
#define CG_CLI_OPTIONS_H

#include <stdbool.h>

#include "attach/interface.h"
#include "cli/event_filter.h"
#include "maps/settings.h"

struct cg_options {
	/* of every command */
	const char *instance; /* first: its offset 0 means "none" in the option table */
	const char *netns; /* NULL: the current one */
	bool json;
	bool help, version;

	enum cg_attach_mode attach_mode;
	struct cg_settings settings; /* attach, replay */
	bool hep; /* attach: load the program for what proxies report */
	const char *secret_file; /* attach: of a pair; NULL: a random secret */
	bool verbose; /* attach, upgrade */
	bool all; /* detach, stats */
	bool foreign; /* dialogs */
	bool follow; /* events */
	struct cg_event_filter filter; /* events */
	const char *since, *until, *caller, *callee; /* cdr: conditions, NULL: any */
	const char *last; /* cdr: number of rows; NULL: all */
	bool open, closed, blocked, suspect; /* cdr */
	const char *ladder; /* replay: a Call-ID; NULL: report all calls */
	const char *end, *why, *by, *setup; /* cdr settle */
	const char *node; /* cdr settle, replay */
	const char *spool, *db, *config; /* NULL: the daemon's own */
	const char *warning, *critical, *spool_warning, *spool_critical; /* check: ranges */
	__u8 expect; /* check: enum cg_mode */
	bool batch; /* top */
	unsigned int delay_ms, count; /* top; count 0: no limit */

	int outside; /* fd of the network namespace in which the program started; -1: unknown */
	int n_args;
	char **args; /* the arguments that are no options: interfaces, KEY=VALUE; part of argv */
};

/* X(NAME, verb, arguments, text) */
#define CG_VERB_LIST(X)                                                                            \
	X(ATTACH, attach, "IFACE...", "guard interfaces: XDP at ingress, tc at egress")            \
	X(DETACH, detach, "IFACE... | -a", "stop guarding interfaces; -a also removes the maps")   \
	X(SET, set, "KEY=VALUE...", "change settings of an attached instance")                     \
	X(UPGRADE, upgrade, "", "replace the programs by those of this version, keep the maps")    \
	X(STATUS, status, "", "settings, interfaces and map usage; exit status 3: not attached")   \
	X(STATS, stats, "", "packet counters by reason, ingress and egress")                       \
	X(DIALOGS, dialogs, "", "dialogs that the guard tracks")                                   \
	X(EVENTS, events, "", "starts and ends of calls, violations; -f waits for further ones")   \
	X(LADDER, ladder, "CALL-ID", "messages of one call, both CSeq counters, refused requests") \
	X(DOCTOR, doctor, "[IFACE]...",                                                            \
	  "checks of host, interfaces, guard, daemon and PostgreSQL, with remedies")               \
	X(CHECK, check, "",                                                                        \
	  "plug-in for Nagios and compatible monitors; exit status 0 (OK) to 3 (UNKNOWN)")         \
	X(TOP, top, "", "live view: rates, offenders, calls")                                      \
	X(CDR, cdr, "[settle CALL_UID]", "CDRs in the spool; settle: end a suspect call by hand")  \
	X(REPLAY, replay, "FILE...",                                                               \
	  "the rules over captures, without root: calls, would-be refusals, a summary")            \
	X(VERSION, version, "", "version of this program and of its map layout")                   \
	X(HELP, help, "[COMMAND]", "this help, or that of a command")

#define CG_VERB_BIT(NAME, verb, args, text) CG_V_BIT_##NAME,
enum cg_verb_bit { CG_VERB_LIST(CG_VERB_BIT) CG_VERBS };
#undef CG_VERB_BIT
#define CG_V(NAME) (1u << CG_V_BIT_##NAME)

struct cg_verb {
	const char *name;
	const char *args;
	const char *text;
	int (*run)(const struct cg_options *options); /* returns an exit code, errors reported */
};

/* cg_cmd_VERB() is in cli/VERB.c. */
#define CG_VERB_RUN(NAME, verb, args, text) int cg_cmd_##verb(const struct cg_options *options);
CG_VERB_LIST(CG_VERB_RUN)
#undef CG_VERB_RUN

extern const struct cg_verb cg_verbs[CG_VERBS];

/*
 * Applies the defaults and parses the arguments of main(); argv is permuted. *verb: NULL if none is
 * given, and set even on failure if it is known. Returns CG_DONE or CG_USAGE (reported).
 */
int cg_options_parse(int argc, char **argv, struct cg_options *options,
		     const struct cg_verb **verb);

/* Parses KEY=VALUE of `set`. Returns CG_DONE or CG_USAGE (reported). */
int cg_options_set(struct cg_settings *settings, const char *assignment);

/* Reports a time for which cg_time_parse() returned -ENOTUNIQ. Returns CG_USAGE. */
int cg_fail_clock_change(const char *value);

/* Stores the verb of that name. Returns CG_DONE or CG_USAGE (reported). */
int cg_verb_find(const char *name, const struct cg_verb **verb);

/* Prints the help of `verb`, NULL: of the program, to stdout. Returns an exit code. */
int cg_help_show(const struct cg_verb *verb);

#endif
