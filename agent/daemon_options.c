// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#define _GNU_SOURCE
#include "daemon_options.h"

#include <errno.h>
#include <getopt.h>
#include <ini.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "loop.h"
#include "pins.h"

enum kind { TEXT, DURATION, FLAG, PERCENT, NUMBER };

static const char *const legal[] = {
	[TEXT] = "text",
	[DURATION] = "a time such as 500ms, 32s or 12h",
	[FLAG] = "yes or no",
	[PERCENT] = "a number from 1 to 100",
	[NUMBER] = "a number from 1 to 1000000",
};

#define AT(field) offsetof(struct cg_daemon_options, field)
static const struct option_of_ours {
	const char *name;
	char letter;
	enum kind kind;
	bool in_file;
	size_t at;
	const char *argument, *text;
} table[] = {
	{ "db", 0, TEXT, true, AT(db), "CONNINFO",
	  "PostgreSQL, as libpq reads it; else the spool is the store" },
	{ "spool", 0, TEXT, true, AT(spool), "FILE",
	  "SQLite file; /var/lib/cseqguard/INSTANCE.db" },
	{ "config", 0, TEXT, false, AT(config), "FILE",
	  "INI file, keys named like these options; CSEQGUARD_CONFIG, if that is there" },
	{ "node", 0, TEXT, true, AT(node), "NAME", "this host's name in every row; the host name" },
	{ "instance", 0, TEXT, true, AT(instance), "NAME", "CSEQGUARD_INSTANCE, or default" },
	{ "netns", 'n', TEXT, true, AT(netns), "NETNS",
	  "namespace of the guarded interfaces, for their names" },
	{ "bye-timeout", 0, DURATION, true, AT(limits.bye_timeout), "TIME",
	  "silence that makes a BYE `unanswered`; 32s" },
	{ "grace", 0, DURATION, true, AT(limits.grace), "TIME",
	  "an ended call stays in the map; 32s" },
	{ "max-call", 0, DURATION, true, AT(limits.max_call), "TIME",
	  "longer calls are closed as timeout; 12h" },
	{ "invite-timeout", 0, DURATION, true, AT(limits.invite_timeout), "TIME",
	  "an INVITE without final response is forgotten; 10m" },
	{ "invite-grace", 0, DURATION, true, AT(limits.invite_grace), "TIME",
	  "... and one with a final response; 32s" },
	{ "breaker", 0, PERCENT, true, AT(breaker.percent), "PERCENT",
	  "fall back to observe mode when more dialogs have their BYE dropped; off" },
	{ "breaker-window", 0, DURATION, true, AT(breaker.window), "TIME",
	  "... of those that ended or tried to within so long; 60s" },
	{ "breaker-dialogs", 0, NUMBER, true, AT(breaker.dialogs), "N",
	  "... if they are so many at least; 10" },
	{ "sweep", 0, DURATION, true, AT(sweep), "TIME",
	  "between two looks at the whole map; 10s" },
	{ "db-timeout", 0, DURATION, true, AT(db_timeout), "TIME",
	  "a server that is silent so long is left; 30s" },
	{ "verbose", 'v', FLAG, true, AT(verbose), NULL, "say more" },
	{ "print-schema", 0, FLAG, false, AT(print_schema), NULL,
	  "the PostgreSQL schema, for psql, and leave" },
	{ "help", 'h', FLAG, false, AT(help), NULL, "this text" },
};
#define COUNT (sizeof(table) / sizeof(*table))

struct reading { /* of a configuration file */
	struct cg_daemon_options *options;
	bool given[COUNT]; /* on the command line */
	bool read[COUNT];
	char error[256];
};

/* "1.5", "1.5s", "200ms", "5m", "12h": seconds where no unit stands. 0 or -EINVAL. */
static int parse_duration(const char *text, __u64 *ns)
{
	static const struct {
		const char *unit;
		double ns;
	} units[] = { { "", 1e9 }, { "s", 1e9 }, { "ms", 1e6 }, { "m", 6e10 }, { "h", 3.6e12 } };
	char *end;
	double value = strtod(text, &end);

	if (end == text || !isfinite(value) || value <= 0)
		return -EINVAL;
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (!strcmp(end, units[i].unit) && value * units[i].ns >= 1e6 &&
		    value * units[i].ns < 1e17) {
			*ns = value * units[i].ns;
			return 0;
		}
	return -EINVAL;
}

static int parse_number(const char *text, unsigned long max, __u64 *number)
{
	unsigned long value;

	if (!*text || strlen(text) > 9 || strspn(text, "0123456789") != strlen(text))
		return -EINVAL;
	value = strtoul(text, NULL, 10);
	if (!value || value > max)
		return -EINVAL;
	*number = value;
	return 0;
}

/* inih hands the indented lines of a long value in one by one: a conninfo goes on after a space. */
static int set_text(char **at, const char *value, bool append)
{
	char *text = NULL;

	if (asprintf(&text, "%s%s%s", append ? *at : "", append ? " " : "", value) < 0)
		return -ENOMEM;
	free(*at);
	*at = text;
	return 0;
}

static int set(struct cg_daemon_options *options, size_t i, const char *value, bool append)
{
	void *at = (char *)options + table[i].at;

	switch (table[i].kind) {
	case TEXT:
		return set_text(at, value, append);
	case DURATION:
		return parse_duration(value, at);
	case PERCENT:
		return parse_number(value, 100, at);
	case NUMBER:
		return parse_number(value, 1000000, at);
	case FLAG:
		if (value && strcmp(value, "yes") && strcmp(value, "no"))
			return -EINVAL;
		*(bool *)at = !value || !strcmp(value, "yes");
		return 0;
	}
	return -EINVAL;
}

static int take_line(void *ctx, const char *section, const char *name, const char *value)
{
	struct reading *reading = ctx;

	if (*section && strcmp(section, "cseqguardd"))
		return 1; /* another program's */
	for (size_t i = 0; i < COUNT; i++) {
		if (!table[i].in_file || strcmp(table[i].name, name))
			continue;
		if (reading->given[i])
			return 1;
		if (!set(reading->options, i, value, table[i].kind == TEXT && reading->read[i])) {
			reading->read[i] = true;
			return 1;
		}
		if (!*reading->error)
			snprintf(reading->error, sizeof(reading->error), "%s = %.80s: not %s", name,
				 value, legal[table[i].kind]);
		return 0;
	}
	if (!*reading->error)
		snprintf(reading->error, sizeof(reading->error),
			 "no setting is named %.40s (a value longer than a line of 199 bytes goes "
			 "on in"
			 " indented lines)",
			 name);
	return 0;
}

static int read_file(struct reading *reading, const char *path)
{
	int line = ini_parse(path, take_line, reading);

	if (line == 0)
		return 0;
	if (line < 0)
		cg_log("cannot read %s: %s", path, strerror(errno));
	else
		cg_log("%s: line %d: %s", path, line,
		       *reading->error ? reading->error : "neither [section] nor key = value");
	return -EINVAL;
}

/* A unit names the file of whoever has one. */
static int read_config(struct reading *reading)
{
	const char *usual = getenv("CSEQGUARD_CONFIG");

	if (reading->options->config)
		return read_file(reading, reading->options->config);
	if (!usual || !*usual || (access(usual, F_OK) && errno == ENOENT))
		return 0;
	return read_file(reading, usual);
}

static int read_arguments(struct reading *reading, int argc, char **argv)
{
	struct option longs[COUNT + 1] = {};
	char letters[2 * COUNT + 1] = "", *p = letters;
	int c;

	for (size_t i = 0; i < COUNT; i++) {
		longs[i] = (struct option){ table[i].name, table[i].kind != FLAG, NULL, 256 + i };
		if (!table[i].letter)
			continue;
		*p++ = table[i].letter;
		if (table[i].kind != FLAG)
			*p++ = ':';
	}
	while ((c = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		size_t i = c >= 256 ? (size_t)c - 256 : 0;

		while (c < 256 && i < COUNT && table[i].letter != c)
			i++;
		if (c == '?' || i >= COUNT)
			return -EINVAL; /* getopt said what */
		reading->given[i] = true;
		if (set(reading->options, i, optarg, false)) {
			cg_log("--%s %s: not %s", table[i].name, optarg, legal[table[i].kind]);
			return -EINVAL;
		}
	}
	if (optind < argc) {
		cg_log("%s: no argument was expected; see --help", argv[optind]);
		return -EINVAL;
	}
	return 0;
}

static int set_defaults(struct cg_daemon_options *options)
{
	char host[CG_NODE_MAX] = "";

	if (!options->node && !gethostname(host, sizeof(host) - 1))
		options->node = strdup(host);
	if (!options->instance)
		options->instance = strdup(cg_instance_default());
	if (!options->node || !*options->node || strlen(options->node) >= CG_NODE_MAX) {
		cg_log("--node: a name of 1 to %d bytes is needed", CG_NODE_MAX - 1);
		return -EINVAL;
	}
	if (!options->instance || cg_instance_check(options->instance)) {
		cg_log("--instance %s: letters, digits, '_' and '-', at most %d of them",
		       options->instance ? options->instance : "", CG_INSTANCE_MAX);
		return -EINVAL;
	}
	if (!options->spool &&
	    asprintf(&options->spool, "/var/lib/cseqguard/%s.db", options->instance) < 0)
		return -EINVAL;
	return 0;
}

int cg_daemon_options_parse(struct cg_daemon_options *options, int argc, char **argv)
{
	struct reading reading = { .options = options };
	int err;

	*options = (struct cg_daemon_options){
		.limits = { .bye_timeout = CG_BYE_TIMEOUT_NS,
			    .grace = CG_BYE_TIMEOUT_NS,
			    .max_call = 12 * 3600 * CG_SECOND,
			    /* longer than Timer C's 3 minutes (RFC 3261 16.6), which each 1xx
			       starts again */
			    .invite_timeout = 600 * CG_SECOND,
			    /* 17.2.1, Timer H: 64*T1 */
			    .invite_grace = 32 * CG_SECOND },
		.breaker = { .dialogs = 10, .window = 60 * CG_SECOND },
		.sweep = 10 * CG_SECOND,
		.db_timeout = 30 * CG_SECOND,
	};
	err = read_arguments(&reading, argc, argv);
	if (!err)
		err = read_config(&reading);
	return err ? err : set_defaults(options);
}

void cg_daemon_options_free(struct cg_daemon_options *options)
{
	for (size_t i = 0; i < COUNT; i++)
		if (table[i].kind == TEXT)
			free(*(char **)((char *)options + table[i].at));
}

void cg_daemon_options_help(void)
{
	printf("usage: cseqguardd [OPTION]...\n"
	       "writes the CDRs of a guarded instance; stays in the foreground, logs to "
	       "stderr\n\n");
	for (size_t i = 0; i < COUNT; i++) {
		char left[40];

		snprintf(left, sizeof(left), "%s%c%s --%s %s", table[i].letter ? "-" : " ",
			 table[i].letter ? table[i].letter : ' ', table[i].letter ? "," : " ",
			 table[i].name, table[i].argument ? table[i].argument : "");
		printf("  %-26s %s\n", left, table[i].text);
	}
}
