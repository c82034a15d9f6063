// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "cli/options_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "maps/pins.h"
#include "util/cli_output.h"
#include "util/enum_names.h"
#include "util/range.h"
#include "util/text.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

#define FLAG(field)                                                                                \
	static int parse_##field(struct cg_options *options, const char *value)                    \
	{                                                                                          \
		(void)value;                                                                       \
		options->field = true;                                                             \
		return 0;                                                                          \
	}
FLAG(help)
FLAG(json)
FLAG(all)
FLAG(follow)
FLAG(verbose)
FLAG(open)
FLAG(closed)
FLAG(blocked)
FLAG(suspect)
FLAG(batch)

#define TEXT(field)                                                                                \
	static int parse_##field(struct cg_options *options, const char *value)                    \
	{                                                                                          \
		options->field = value;                                                            \
		return *value ? 0 : -EINVAL;                                                       \
	}
TEXT(netns)
TEXT(spool)
TEXT(since)
TEXT(until)
TEXT(caller)
TEXT(callee)
TEXT(db)
TEXT(end)
TEXT(why)
TEXT(by)
TEXT(config)

static int parse_instance(struct cg_options *options, const char *value)
{
	options->instance = value;
	return cg_instance_check_name(value);
}

static int parse_attach_mode(struct cg_options *options, const char *value)
{
	static const char *const words[] = {
		[CG_ATTACH_AUTO] = "auto", [CG_ATTACH_NATIVE] = "native", [CG_ATTACH_SKB] = "skb"
	};

	for (size_t i = 0; i < COUNT(words); i++)
		if (!strcmp(words[i], value)) {
			options->attach_mode = i;
			return 0;
		}
	return -EINVAL;
}

static int parse_max_dialogs(struct cg_options *options, const char *value)
{
	return cg_settings_parse_max_dialogs(&options->settings, value);
}

static int parse_ring_bytes(struct cg_options *options, const char *value)
{
	return cg_settings_parse_ring_bytes(&options->settings, value);
}

static int parse_reason(struct cg_options *options, const char *value)
{
	char bad[CG_REASON_TEXT], shown[4 * CG_REASON_TEXT];
	const char *near;

	if (!cg_filter_reasons(&options->filter, value, bad, &near))
		return 0;
	cg_text_escape(shown, sizeof(shown), bad, sizeof(bad));
	if (near)
		return cg_fail_usage("reason '%s' is none; did you mean %s?", shown, near);
	return cg_fail_usage("reason '%s' is none; see: cseqguard stats --all", shown);
}

static int parse_event_source(struct cg_options *options, const char *value)
{
	options->filter.by_source = true;
	return cg_prefix_parse(value, &options->filter.source);
}

static int parse_call_id(struct cg_options *options, const char *value)
{
	options->filter.call_id = value;
	return *value ? 0 : -EINVAL;
}

#define RANGE(field)                                                                               \
	static int parse_##field(struct cg_options *options, const char *value)                    \
	{                                                                                          \
		struct cg_range range;                                                             \
		options->field = value;                                                            \
		return cg_range_parse(&range, value);                                              \
	}
RANGE(warning)
RANGE(critical)
RANGE(spool_warning)
RANGE(spool_critical)

static int parse_expect(struct cg_options *options, const char *value)
{
	int mode = cg_mode_from_name(value);

	options->expect = mode;
	return mode < 0 ? mode : 0;
}

/* Seconds, as top(1) takes them: 0.1 to a day. */
static int parse_delay(struct cg_options *options, const char *value)
{
	char *end;
	double seconds = strtod(value, &end);

	if (end == value || *end || !(seconds >= 0.1 && seconds <= 86400))
		return -EINVAL;
	options->delay_ms = seconds * 1000;
	return 0;
}

static int parse_count(struct cg_options *options, const char *value)
{
	__u64 count;

	if (cg_number_parse(value, 1, 999999999, &count))
		return -EINVAL;
	options->count = count;
	return 0;
}

const struct cg_option cg_option_table[] = {
	{ 'm', "attach-mode", "auto|native|skb", CG_V(ATTACH),
	  "XDP mode: auto tries native, then generic, and says so", parse_attach_mode, NULL,
	  "auto, native or skb" },
	{ 0, "mode", "enforce|observe", CG_V(ATTACH),
	  "observe records what it would have dropped (default: enforce)", NULL,
	  cg_settings_parse_mode, "enforce or observe" },
	{ 0, "ports", "PORT,...", CG_V(ATTACH), "SIP's UDP ports (default: 5060)", NULL,
	  cg_settings_parse_ports, "up to 8 ports from 1 to 65535, separated by commas" },
	{ 0, "gateway", "CIDR,...", CG_V(ATTACH),
	  "addresses whose word on a call's end is believed; may be repeated", NULL,
	  cg_settings_parse_gateways,
	  "up to 1024 prefixes as 192.0.2.0/24 or 2001:db8::/32, no bit set behind the length" },
	{ 0, "equal", "drop|pass", CG_V(ATTACH),
	  "a BYE under the CSeq of another request (default: drop)", NULL, cg_settings_parse_equal,
	  "drop or pass" },
	{ 0, "source", "observe|strict", CG_V(ATTACH),
	  "a BYE from an address of neither leg (default: observe)", NULL, cg_settings_parse_source,
	  "observe or strict" },
	{ 0, "fragments", "strict|pass", CG_V(ATTACH),
	  "a BYE or INVITE whose headers are not in sight (default: strict)", NULL,
	  cg_settings_parse_fragments, "strict or pass" },
	{ 0, "strict-interface", NULL, CG_V(ATTACH), "bind a leg to its interface", NULL,
	  cg_settings_parse_strict_interface, "yes or no" },
	{ 0, "max-dialogs", "N", CG_V(ATTACH), "room for calls, fixed at the first attach",
	  parse_max_dialogs, NULL, "a number from 1 to 16777216" },
	{ 0, "ring-bytes", "N", CG_V(ATTACH), "of each ring, events and alerts, fixed likewise",
	  parse_ring_bytes, NULL, "a power of two from a page (4096) to 1073741824" },
	{ 'a', "all", NULL, CG_V(DETACH) | CG_V(STATS),
	  "detach: every interface, and the maps; stats: zeros too", parse_all, NULL, NULL },
	{ 'f', "follow", NULL, CG_V(EVENTS), "wait for more", parse_follow, NULL, NULL },
	{ 0, "reason", "WORD,...", CG_V(EVENTS), "of these reasons alone, as stats --all has them",
	  parse_reason, NULL, NULL },
	{ 0, "source", "CIDR", CG_V(EVENTS), "of packets from these addresses alone",
	  parse_event_source, NULL,
	  "a prefix as 192.0.2.0/24 or 2001:db8::/32, no bit set behind the length" },
	{ 0, "call-id", "TEXT", CG_V(EVENTS), "the Call-ID has it in it", parse_call_id, NULL,
	  "a text" },
	{ 'w', "warning", "RANGE", CG_V(CHECK),
	  "of the percentage that dialogs and pending are full (default: 80)", parse_warning, NULL,
	  "a range as 80, 10:, ~:10, 10:20 or @10:20" },
	{ 'c', "critical", "RANGE", CG_V(CHECK), "... (default: 95)", parse_critical, NULL,
	  "a range as 80, 10:, ~:10, 10:20 or @10:20" },
	{ 0, "spool-warning", "RANGE", CG_V(CHECK),
	  "of the seconds that a row waits for PostgreSQL (default: 300)", parse_spool_warning,
	  NULL, "a range as 80, 10:, ~:10, 10:20 or @10:20" },
	{ 0, "spool-critical", "RANGE", CG_V(CHECK), "... (default: 3600)", parse_spool_critical,
	  NULL, "a range as 80, 10:, ~:10, 10:20 or @10:20" },
	{ 0, "expect", "enforce|observe", CG_V(CHECK),
	  "the mode that is no warning (default: enforce)", parse_expect, NULL,
	  "enforce or observe" },
	{ 'b', "batch", NULL, CG_V(TOP), "plain text, for a pipe; with -j a JSON line a refresh",
	  parse_batch, NULL, NULL },
	{ 'd', "delay", "SECONDS", CG_V(TOP), "between two refreshes (default: 1)", parse_delay,
	  NULL, "a number of seconds from 0.1 to 86400" },
	{ 0, "count", "N", CG_V(TOP), "leave after so many refreshes", parse_count, NULL,
	  "a number from 1 to 999999999" },
	{ 0, "spool", "FILE", CG_V(CDR) | CG_V(TOP) | CG_V(DOCTOR) | CG_V(CHECK),
	  "the daemon's file (default: /var/lib/cseqguard/INSTANCE.db)", parse_spool, NULL,
	  "a file's name" },
	{ 0, "since", "TIME", CG_V(CDR),
	  "answered at or after: 2026-01-31, 2026-01-31T12:00:00Z, or an age: 15m, 12h, 7d",
	  parse_since, NULL, "a time" },
	{ 0, "until", "TIME", CG_V(CDR), "answered before", parse_until, NULL, "a time" },
	{ 0, "caller", "TEXT", CG_V(CDR), "the From URI has it in it", parse_caller, NULL,
	  "a text" },
	{ 0, "callee", "TEXT", CG_V(CDR), "the To URI or the Request-URI has it in it",
	  parse_callee, NULL, "a text" },
	{ 0, "open", NULL, CG_V(CDR), "calls that run", parse_open, NULL, NULL },
	{ 0, "closed", NULL, CG_V(CDR), "calls that ended", parse_closed, NULL, NULL },
	{ 0, "blocked", NULL, CG_V(CDR), "calls with a BYE that was dropped, or would have been",
	  parse_blocked, NULL, NULL },
	{ 0, "suspect", NULL, CG_V(CDR), "calls that wait for an operator's word", parse_suspect,
	  NULL, NULL },
	{ 0, "why", "TEXT", CG_V(CDR), "settle: the reason, kept in table settlement", parse_why,
	  NULL, "a text" },
	{ 0, "end", "TIME", CG_V(CDR), "settle: as 2026-01-31T12:00:00Z (default: its own end)",
	  parse_end, NULL, "a time" },
	{ 0, "by", "NAME", CG_V(CDR), "settle: who decides (default: SUDO_USER, or the user)",
	  parse_by, NULL, "a name" },
	{ 0, "config", "FILE", CG_V(CDR) | CG_V(DOCTOR) | CG_V(CHECK) | CG_V(TOP),
	  "the daemon's, as its --config", parse_config, NULL, "a file's name" },
	{ 0, "db", "CONNINFO", CG_V(CDR) | CG_V(DOCTOR) | CG_V(CHECK),
	  "cdr settle, doctor, check: another PostgreSQL than the daemon's file names", parse_db,
	  NULL, "a connection string of libpq" },
	{ 'v', "verbose", NULL, CG_V(ATTACH) | CG_V(UPGRADE), "libbpf's and the verifier's words",
	  parse_verbose, NULL, NULL },
	{ 'j', "json", NULL, CG_VERBS_ALL, "JSON, errors too", parse_json, NULL, NULL },
	{ 0, "instance", "NAME", CG_VERBS_ALL,
	  "of several guards (default: CSEQGUARD_INSTANCE or default)", parse_instance, NULL,
	  "letters, digits, _ and -, at most 48" },
	{ 'n', "netns", "NETNS", CG_VERBS_ALL, "network namespace, as in ip -n", parse_netns, NULL,
	  "a name as in ip netns" },
	{ 'h', "help", NULL, CG_VERBS_ALL, "this text", parse_help, NULL, NULL },
};

const size_t cg_option_count = COUNT(cg_option_table);
_Static_assert(COUNT(cg_option_table) <= CG_OPTIONS_MAX, "a set of options is a word of bits");
