// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* The table of the daemon's options, and the parsing of their values. */
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

/* Sets a string. An empty value unsets it, and its default applies. */
static int set_text(const struct daemon_option *option, void *field, const char *value)
{
	char *text = *value ? strdup(value) : NULL;

	(void)option;
	if (*value && !text)
		return -ENOMEM;
	free(*(char **)field);
	*(char **)field = text;
	return 0;
}

/* Parses 1.5, 1.5s, 200ms, 5m, 12h or 400d to ns; seconds if there is no unit. 0 or -EINVAL. */
static int set_duration(const struct daemon_option *option, void *field, const char *value)
{
	static const struct {
		const char *unit;
		double ns;
	} units[] = { { "", 1e9 },   { "s", 1e9 },    { "ms", 1e6 },
		      { "m", 6e10 }, { "h", 3.6e12 }, { "d", 8.64e13 } };
	char *end;
	double number = strtod(value, &end);

	(void)option;
	if (end == value || !isfinite(number) || number <= 0)
		return -EINVAL;
	for (size_t i = 0; i < COUNT(units); i++) {
		double ns = number * units[i].ns;

		if (!strcmp(end, units[i].unit) && ns >= 1e6 && ns < 1e18) {
			*(__u64 *)field = ns;
			return 0;
		}
	}
	return -EINVAL;
}

/* A day at least: `keep = 400`, which is seconds, must not delete the calls of the hour before. */
static int set_age(const struct daemon_option *option, void *field, const char *value)
{
	__u64 age = 0;

	if (strcmp(value, "off") && (set_duration(option, &age, value) || age < 86400 * CG_SECOND))
		return -EINVAL;
	*(__u64 *)field = age;
	return 0;
}

static int set_flag(const struct daemon_option *option, void *field, const char *value)
{
	(void)option;
	if (value && strcmp(value, "yes") && strcmp(value, "no"))
		return -EINVAL;
	*(bool *)field = !value || !strcmp(value, "yes");
	return 0;
}

static int set_percent(const struct daemon_option *option, void *field, const char *value)
{
	(void)option;
	if (strcmp(value, "off"))
		return cg_number_parse(value, 1, 100, field);
	*(__u64 *)field = 0;
	return 0;
}

static int set_number(const struct daemon_option *option, void *field, const char *value)
{
	(void)option;
	return cg_number_parse(value, 1, 1000000, field);
}

static int set_id(const struct daemon_option *option, void *field, const char *value)
{
	(void)option;
	return cg_number_parse(value, 0, UINT32_MAX, field);
}

/* Sets the index of the value among the words of the option's WORD|WORD... */
static int set_choice(const struct daemon_option *option, void *field, const char *value)
{
	const char *words = option->arg;
	size_t len = strlen(value), word;

	for (__u64 n = 0; len; words += word + 1, n++) {
		word = strcspn(words, "|");
		if (word == len && !memcmp(words, value, len)) {
			*(__u64 *)field = n;
			return 0;
		}
		if (!words[word])
			break;
	}
	return -EINVAL;
}

static int set_address(const struct daemon_option *option, void *field, const char *value)
{
	struct sockaddr_storage address;
	socklen_t len;

	if (*value && cg_endpoint_parse(value, &address, &len))
		return -EINVAL;
	return set_text(option, field, value);
}

static int set_listener(const struct daemon_option *option, void *field, const char *value)
{
	struct sockaddr_storage address;
	socklen_t len;

	if (*value && cg_endpoint_parse_listener(value, &address, &len))
		return -EINVAL;
	return set_text(option, field, value);
}

/* Parser and description of the values of each kind. set() returns as cg_daemon_option_set(). */
static const struct {
	int (*set)(const struct daemon_option *option, void *field, const char *value);
	const char *expected;
} kinds[] = {
	[TEXT] = { set_text, "text" },
	[DURATION] = { set_duration, "a time such as 500ms, 32s or 12h" },
	[AGE] = { set_age, "a time of at least 1d, such as 400d, or off" },
	[FLAG] = { set_flag, "yes or no" },
	[PERCENT] = { set_percent, "a number from 1 to 100, or off" },
	[NUMBER] = { set_number, "a number from 1 to 1000000" },
	[ID] = { set_id, "a number from 0 to 4294967295" },
	[CHOICE] = { set_choice, NULL }, /* the option's words */
	[ADDRESS] = { set_address, "an address and a port, as 192.0.2.1:9060 or "
				   "[2001:db8::1]:9060" },
	[LISTENER] = { set_listener, "a port, as 9470, or an address and a port, as 127.0.0.1:9470 "
				     "or [::1]:9470" },
};

const char *cg_daemon_option_expected(size_t i)
{
	const struct daemon_option *option = &cg_daemon_table[i];

	return option->kind == CHOICE ? option->arg : kinds[option->kind].expected;
}

int cg_daemon_option_set(struct cg_daemon_options *options, size_t i, const char *value)
{
	const struct daemon_option *option = &cg_daemon_table[i];

	return kinds[option->kind].set(option, (char *)options + option->offset, value);
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
