// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* The table of the daemon's options, and the errors that name them. */
#include "config/options_internal.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/clock.h"
#include "util/endpoint.h"
#include "util/text.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define AT(field) offsetof(struct cg_daemon_options, field)

/* clang-format off */
const struct daemon_option cg_daemon_table[] = {
	{
		.name = "db", .kind = TEXT, .place = RELOAD, .offset = AT(db),
		.arg = "CONNINFO",
		.help = "PostgreSQL connection string, as for libpq; without it the spool is the store",
	},
	{
		.name = "spool", .kind = TEXT, .place = RESTART, .offset = AT(spool),
		.arg = "FILE",
		.help = "SQLite file of the spool",
		.def_text = CG_SPOOL_DIR "/INSTANCE.db",
	},
	{
		.name = "keep", .kind = AGE, .place = RELOAD, .offset = AT(keep),
		.arg = "TIME|off",
		.help = "age at which closed calls and violations are deleted, if the spool is the store",
		.def = "off",
	},
	{
		.name = "config", .kind = TEXT, .place = COMMAND_LINE, .offset = AT(config),
		.arg = "FILE",
		.help = "configuration file (INI); its keys are the names of these options",
		.def_text = "CSEQGUARD_CONFIG, or " CG_CONFIG,
	},
	{
		.name = "node", .kind = TEXT, .place = RESTART, .offset = AT(node),
		.arg = "NAME",
		.help = "name of this instance in every row; no two daemons may share it",
		.def_text = "the host name, and /INSTANCE unless that is default",
	},
	{
		.name = "instance", .kind = TEXT, .place = RESTART, .offset = AT(instance),
		.arg = "NAME",
		.help = "instance to serve",
		.def_text = "CSEQGUARD_INSTANCE, or default",
	},
	{
		.name = "netns", .letter = 'n', .kind = TEXT, .place = RESTART, .offset = AT(netns),
		.arg = "NETNS",
		.help = "network namespace of the guarded interfaces, to look up their names",
	},
	{
		.name = "bye-timeout", .kind = DURATION, .place = RELOAD,
		.offset = AT(limits.bye_timeout), .arg = "TIME",
		.help = "time without a final answer after which a BYE is `unanswered`",
		.def = "32s",
	},
	{
		.name = "grace", .kind = DURATION, .place = RELOAD, .offset = AT(limits.grace),
		.arg = "TIME",
		.help = "time that an ended call stays in the map, for retransmissions",
		.def = "32s",
	},
	{
		.name = "max-call", .kind = DURATION, .place = RELOAD, .offset = AT(limits.max_call),
		.arg = "TIME",
		.help = "length after which a call is closed as timeout, suspect",
		.def = "12h",
	},
	{
		.name = "doubt", .kind = DURATION, .place = RELOAD, .offset = AT(limits.doubt),
		.arg = "TIME",
		.help = "time after which a candidate end without a sign of life ends the call, suspect",
		.def = "1h",
	},
	{
		/* longer than the 3 minutes of Timer C (RFC 3261 16.6), which each 1xx restarts */
		.name = "invite-timeout", .kind = DURATION, .place = RELOAD,
		.offset = AT(limits.invite_timeout), .arg = "TIME",
		.help = "time after which an INVITE without a final response is forgotten",
		.def = "10m",
	},
	{
		/* 64*T1, as Timer H (RFC 3261 17.2.1) */
		.name = "invite-grace", .kind = DURATION, .place = RELOAD,
		.offset = AT(limits.invite_grace), .arg = "TIME",
		.help = "time after which an INVITE with a final response is forgotten",
		.def = "32s",
	},
	{
		.name = "breaker", .kind = PERCENT, .place = RELOAD, .offset = AT(breaker.percent),
		.arg = "PERCENT",
		.help = "share of dialogs with a dropped BYE above which the guard returns to observe mode",
		.def = "off",
	},
	{
		.name = "breaker-window", .kind = DURATION, .place = RELOAD,
		.offset = AT(breaker.window), .arg = "TIME",
		.help = "window in which the breaker counts dialogs that ended or tried to",
		.def = "60s",
	},
	{
		.name = "breaker-dialogs", .kind = NUMBER, .place = RELOAD,
		.offset = AT(breaker.dialogs), .arg = "N",
		.help = "minimum number of dialogs in the window",
		.def = "10",
	},
	{
		.name = "sweep", .kind = DURATION, .place = RELOAD, .offset = AT(scan_interval),
		.arg = "TIME",
		.help = "interval between full map scans",
		.def = "10s",
	},
	{
		.name = "db-timeout", .kind = DURATION, .place = RELOAD, .offset = AT(db_timeout),
		.arg = "TIME",
		.help = "give up on a PostgreSQL server that is silent for this long",
		.def = "30s",
	},
	{
		.name = "homer", .kind = ADDRESS, .place = RELOAD, .offset = AT(homer),
		.arg = "IP46:PORT",
		.help = "Homer collector that gets the violations, as HEPv3",
	},
	{
		.name = "homer-protocol", .kind = CHOICE, .place = RELOAD,
		.offset = AT(homer_protocol), .arg = "udp|tcp",
		.help = "transport to the Homer collector",
		.def = "udp",
	},
	{
		.name = "homer-id", .kind = ID, .place = RELOAD, .offset = AT(homer_id),
		.arg = "INT",
		.help = "capture ID sent to the Homer collector",
		.def = "2001",
	},
	{
		.name = "hep", .kind = ADDRESS, .place = RELOAD, .offset = AT(hep),
		.arg = "IP46:PORT",
		.help = "UDP and TCP listener for the messages in TLS and WebSocket that proxies report, as HEPv3",
	},
	{
		.name = "hep-key", .kind = TEXT, .place = RELOAD, .offset = AT(hep_key),
		.arg = "TEXT",
		.help = "key that each of those records has to carry (HEP auth key)",
	},
	{
		.name = "pair", .kind = NAME, .place = RELOAD, .offset = AT(pair),
		.arg = "NAME",
		.help = "name of the pair: hosts that share their dialogs through Redis",
	},
	{
		.name = "redis", .kind = REDIS, .place = RELOAD, .offset = AT(redis),
		.arg = "ADDRESS",
		.help = "Redis of the pair: unix:PATH or IP46[:PORT]",
	},
	{
		.name = "redis-user", .kind = TEXT, .place = RELOAD, .offset = AT(redis_user),
		.arg = "NAME",
		.help = "user of Redis (ACL)",
		.def_text = "the default one",
	},
	{
		.name = "redis-password-file", .kind = TEXT, .place = RELOAD,
		.offset = AT(redis_password_file), .arg = "FILE",
		.help = "file with the password for Redis, which only the daemon's user may read",
		.def_text = "no password",
	},
	{
		.name = "redis-database", .kind = ID, .place = RELOAD, .offset = AT(redis_database),
		.arg = "INT",
		.help = "number of the database in Redis",
		.def = "0",
	},
	{
		.name = "log-format", .kind = CHOICE, .place = RELOAD, .offset = AT(log_format),
		.arg = "text|json",
		.help = "format of the log on stderr; json: one object a line",
		.def = "text",
	},
	{
		.name = "http", .kind = LISTENER, .place = RESTART, .offset = AT(http),
		.arg = "PORT|IP46:PORT",
		.help = "HTTP listener for /metrics, /healthz and a web page; PORT alone is on 127.0.0.1",
		.def_text = "off",
	},
	{
		.name = "http-name", .kind = TEXT, .place = RESTART, .offset = AT(http_name),
		.arg = "NAME",
		.help = "host name by which the web page may be requested, besides addresses and localhost",
	},
	{
		.name = "verbose", .letter = 'v', .kind = FLAG, .place = RELOAD, .offset = AT(verbose),
		.help = "more log messages",
	},
	{
		.name = "check-config", .kind = FLAG, .place = COMMAND_LINE, .offset = AT(check_config),
		.help = "check configuration file and options, print all errors, exit",
	},
	{
		.name = "print-config", .kind = FLAG, .place = COMMAND_LINE, .offset = AT(print_config),
		.help = "print the effective settings, in the format of the file, exit",
	},
	{
		.name = "print-schema", .kind = FLAG, .place = COMMAND_LINE, .offset = AT(print_schema),
		.help = "print the PostgreSQL schema, for psql, exit",
	},
	{
		.name = "version", .letter = 'V', .kind = FLAG, .place = COMMAND_LINE, .offset = AT(version),
		.help = "print the version, exit",
	},
	{
		.name = "help", .letter = 'h', .kind = FLAG, .place = COMMAND_LINE, .offset = AT(help),
		.help = "print this text, exit",
	},
};
/* clang-format on */
const size_t cg_daemon_table_rows = COUNT(cg_daemon_table);
_Static_assert(COUNT(cg_daemon_table) <= CG_DAEMON_OPTIONS_MAX, "a set of options is a __u64");

int cg_daemon_option_find(const char *name)
{
	for (size_t i = 0; i < cg_daemon_table_rows; i++)
		if (!strcmp(cg_daemon_table[i].name, name))
			return i;
	return -ENOENT;
}

void cg_parser_error(struct options_parser *parser, unsigned int line, const char *format, ...)
{
	struct parser_error *error = &parser->errors[parser->n_errors];
	va_list args;

	if (parser->n_errors == ERRORS_MAX)
		return;
	parser->n_errors++;
	error->line = line;
	va_start(args, format);
	vsnprintf(error->text, sizeof(error->text), format, args);
	va_end(args);
}

void cg_parser_option_error(struct options_parser *parser, size_t i, const char *format, ...)
{
	unsigned int line = parser->options->lines[i];
	char text[200];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	cg_parser_error(parser, line, "%s%s%s", line ? "" : "--", cg_daemon_table[i].name, text);
}
