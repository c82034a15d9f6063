// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* The daemon's options: their table, and how a value is parsed. */
#include "config/options_internal.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/endpoint.h"
#include "util/text.h"

static const char *const legal[] = {
	[TEXT] = "text",
	[DURATION] = "a time such as 500ms, 32s or 12h",
	[FLAG] = "yes or no",
	[PERCENT] = "a number from 1 to 100, or off",
	[NUMBER] = "a number from 1 to 1000000",
	[ID] = "a number from 0 to 4294967295",
	[LISTENER] = "a port, as 9470, or an address and a port, as 127.0.0.1:9470 or [::1]:9470",
	[ADDRESS] = "an address and a port, as 192.0.2.1:9060 or [2001:db8::1]:9060",
};

#define AT(field) offsetof(struct cg_daemon_options, field)
const struct daemon_option cg_daemon_table[] = {
	{ "db", 0, TEXT, RELOAD, AT(db), "CONNINFO",
	  "PostgreSQL, as libpq reads it; else the spool is the store" },
	{ "spool", 0, TEXT, RESTART, AT(spool), "FILE",
	  "SQLite file; /var/lib/cseqguard/INSTANCE.db" },
	{ "config", 0, TEXT, COMMAND_LINE, AT(config), "FILE",
	  "INI, keys named like these; CSEQGUARD_CONFIG or " CG_CONFIG },
	{ "node", 0, TEXT, RESTART, AT(node), "NAME",
	  "this host's name in every row; the host name" },
	{ "instance", 0, TEXT, RESTART, AT(instance), "NAME", "CSEQGUARD_INSTANCE, or default" },
	{ "netns", 'n', TEXT, RESTART, AT(netns), "NETNS",
	  "namespace of the guarded interfaces, for their names" },
	{ "bye-timeout", 0, DURATION, RELOAD, AT(limits.bye_timeout), "TIME",
	  "silence that makes a BYE `unanswered`; 32s" },
	{ "grace", 0, DURATION, RELOAD, AT(limits.grace), "TIME",
	  "an ended call stays in the map; 32s" },
	{ "max-call", 0, DURATION, RELOAD, AT(limits.max_call), "TIME",
	  "longer calls are closed as timeout; 12h" },
	{ "invite-timeout", 0, DURATION, RELOAD, AT(limits.invite_timeout), "TIME",
	  "an INVITE without final response is forgotten; 10m" },
	{ "invite-grace", 0, DURATION, RELOAD, AT(limits.invite_grace), "TIME",
	  "... and one with a final response; 32s" },
	{ "breaker", 0, PERCENT, RELOAD, AT(breaker.percent), "PERCENT",
	  "fall back to observe mode when more dialogs have their BYE dropped; off" },
	{ "breaker-window", 0, DURATION, RELOAD, AT(breaker.window), "TIME",
	  "... of those that ended or tried to within so long; 60s" },
	{ "breaker-dialogs", 0, NUMBER, RELOAD, AT(breaker.dialogs), "N",
	  "... if they are so many at least; 10" },
	{ "sweep", 0, DURATION, RELOAD, AT(sweep), "TIME",
	  "between two looks at the whole map; 10s" },
	{ "db-timeout", 0, DURATION, RELOAD, AT(db_timeout), "TIME",
	  "a server that is silent so long is left; 30s" },
	{ "homer", 0, ADDRESS, RELOAD, AT(homer), "IP46:PORT",
	  "Homer collector that violations are sent to, as HEPv3" },
	{ "homer-protocol", 0, CHOICE, RELOAD, AT(homer_protocol), "udp|tcp", "... by; udp" },
	{ "homer-id", 0, ID, RELOAD, AT(homer_id), "INT", "... under this capture ID; 2001" },
	{ "log-format", 0, CHOICE, RELOAD, AT(log_format), "text|json",
	  "to stderr; json: an object a line; text" },
	{ "http", 0, LISTENER, RESTART, AT(http), "PORT|IP46:PORT",
	  "/metrics, /healthz and a page to look at; of 127.0.0.1; off" },
	{ "http-name", 0, TEXT, RESTART, AT(http_name), "NAME",
	  "... by this host name, too; else by address or localhost" },
	{ "verbose", 'v', FLAG, RELOAD, AT(verbose), NULL, "say more" },
	{ "check-config", 0, FLAG, COMMAND_LINE, AT(check_config), NULL,
	  "all that is wrong with file and options, and leave" },
	{ "print-config", 0, FLAG, COMMAND_LINE, AT(print_config), NULL,
	  "the settings that a start would have, as a file has them, and leave" },
	{ "print-schema", 0, FLAG, COMMAND_LINE, AT(print_schema), NULL,
	  "the PostgreSQL schema, for psql, and leave" },
	{ "help", 'h', FLAG, COMMAND_LINE, AT(help), NULL, "this text" },
};
const size_t cg_daemon_table_rows = sizeof(cg_daemon_table) / sizeof(*cg_daemon_table);
_Static_assert(sizeof(cg_daemon_table) / sizeof(*cg_daemon_table) <= CG_DAEMON_OPTIONS_MAX, "rows");

int cg_daemon_option_find(const char *name)
{
	for (size_t i = 0; i < cg_daemon_table_rows; i++)
		if (!strcmp(cg_daemon_table[i].name, name))
			return i;
	return -ENOENT;
}

const char *cg_daemon_option_expected(size_t i)
{
	const struct daemon_option *row = &cg_daemon_table[i];

	return row->kind == CHOICE ? row->argument : legal[row->kind];
}

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

/* An empty text is none: its default. */
static int set_text(char **at, const char *value)
{
	char *text = *value ? strdup(value) : NULL;

	if (*value && !text)
		return -ENOMEM;
	free(*at);
	*at = text;
	return 0;
}

/* The number of a word among WORD|WORD... */
static int parse_choice(const char *words, const char *text, __u64 *number)
{
	size_t len = strlen(text), word;

	for (__u64 n = 0; len; words += word + 1, n++) {
		word = strcspn(words, "|");
		if (word == len && !memcmp(words, text, len)) {
			*number = n;
			return 0;
		}
		if (!words[word])
			break;
	}
	return -EINVAL;
}

int cg_daemon_option_set(struct cg_daemon_options *options, size_t i, const char *value)
{
	void *at = (char *)options + cg_daemon_table[i].at;
	struct sockaddr_storage address;
	socklen_t len;

	switch (cg_daemon_table[i].kind) {
	case TEXT:
		return set_text(at, value);
	case DURATION:
		return parse_duration(value, at);
	case PERCENT:
		if (strcmp(value, "off"))
			return cg_number_parse(value, 1, 100, at);
		*(__u64 *)at = 0;
		return 0;
	case NUMBER:
		return cg_number_parse(value, 1, 1000000, at);
	case ID:
		return cg_number_parse(value, 0, UINT32_MAX, at);
	case ADDRESS:
		if (*value && cg_endpoint_parse(value, &address, &len))
			return -EINVAL;
		return set_text(at, value);
	case LISTENER:
		if (*value && cg_endpoint_parse_listener(value, &address, &len))
			return -EINVAL;
		return set_text(at, value);
	case CHOICE:
		return parse_choice(cg_daemon_table[i].argument, value, at);
	case FLAG:
		if (value && strcmp(value, "yes") && strcmp(value, "no"))
			return -EINVAL;
		*(bool *)at = !value || !strcmp(value, "yes");
		return 0;
	}
	return -EINVAL;
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
