// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "top/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "calls/cdr.h"
#include "format/columns.h"
#include "maps/counters.h"
#include "maps/map_usage.h"
#include "util/clock.h"
#include "util/enum_names.h"
#include "util/text.h"

#define BAR_COLUMNS 20
#define WIDE_COLUMNS 140 /* all columns of a call are shown from here on */

#define ORDER_WORD(NAME, word, key) #word,
static const char *const order_names[] = { CG_ORDER_LIST(ORDER_WORD) };
#undef ORDER_WORD

__attribute__((format(printf, 4, 5))) static void set_line(struct cg_line *line,
							   enum cg_line_style style,
							   unsigned int columns, const char *format,
							   ...)
{
	char text[CG_LINE_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	line->style = style;
	*line->text = '\0';
	cg_columns_append(line->text, sizeof(line->text), text, columns, false);
}

/* "12 (0.9/s)" */
static const char *format_rate(const struct cg_rate *rate, char out[48])
{
	if (rate->per_second < 0)
		snprintf(out, 48, "%llu (-/s)", (unsigned long long)rate->total);
	else
		snprintf(out, 48, "%llu (%.1f/s)", (unsigned long long)rate->total,
			 rate->per_second);
	return out;
}

static const char *per_second(const struct cg_rate *rate, char out[24])
{
	snprintf(out, 24, rate->per_second < 0 ? "-" : "%.1f", rate->per_second);
	return out;
}

static void format_title(const struct cg_top *top, unsigned int columns, struct cg_line *line)
{
	char at[CG_TIME_TEXT];

	cg_time_format(&top->config, top->config.clock, top->now, at);
	set_line(line, CG_STYLE_TITLE, columns, "cseqguard  %.19sZ  %s  daemon %s  %s", at,
		 cg_mode_name(top->config.mode), top->daemon_fd >= 0 ? "runs" : "DOES NOT RUN",
		 top->instance);
}

static const char *interface_state(const struct cg_interface *interface)
{
	return interface->hidden		      ? "attached"
	       : !interface->alive		      ? "GONE"
	       : cg_interface_lacks_filter(interface) ? "NO tc FILTER"
	       : interface->native		      ? "native"
						      : "generic";
}

static void format_interfaces(const struct cg_top *top, unsigned int columns, struct cg_line *line)
{
	char text[CG_LINE_MAX] = "";
	enum cg_line_style style = CG_STYLE_PLAIN;
	size_t at = 0;

	for (size_t i = 0; i < top->n_interfaces && at < sizeof(text); i++) {
		const struct cg_interface *interface = &top->interfaces[i];

		at += snprintf(text + at, sizeof(text) - at, "%s%s %s", i ? ", " : "",
			       interface->name, interface_state(interface));
		if (!interface->alive || cg_interface_lacks_filter(interface))
			style = CG_STYLE_ALARM;
	}
	set_line(line, *text ? style : CG_STYLE_ALARM, columns, "interfaces %s",
		 *text ? text : "NONE: cseqguard attach IFACE");
}

static void format_losses(const struct cg_top *top, unsigned int columns, struct cg_line *line)
{
	const struct cg_counters *c = &top->counters;
	__u64 unguarded = cg_counters_unguarded(c);
	char spool[32] = "-";

	if (top->spool_rows >= 0)
		snprintf(spool, sizeof(spool), "%lld%s", (long long)top->spool_rows,
			 top->spool_rows == CG_TOP_SPOOL_MAX ? "+" : "");
	set_line(line,
		 c->events_lost || c->alerts_lost || unguarded ? CG_STYLE_ALARM : CG_STYLE_PLAIN,
		 columns,
		 "lost       events %llu  alerts %llu (limited %llu)  unguarded %llu  spool %s",
		 c->events_lost, c->alerts_lost, c->alerts_limited, unguarded, spool);
}

/* "dialogs [||||                ]  20 %" */
static void format_bar(const struct cg_map_usage *fill, char *out, size_t size, bool *full)
{
	unsigned int percent = cg_used_percent(fill->used, fill->max);
	unsigned int marks = fill->max ? (__u64)fill->used * BAR_COLUMNS / fill->max : 0;
	char text[BAR_COLUMNS + 1];

	if (marks > BAR_COLUMNS)
		marks = BAR_COLUMNS;
	if (fill->used && !marks)
		marks = 1;
	memset(text, '|', marks);
	memset(text + marks, ' ', BAR_COLUMNS - marks);
	text[BAR_COLUMNS] = '\0';
	*full |= fill->has_alarm && percent >= CG_USAGE_ALARM_PERCENT;
	if (fill->is_lru) /* full is its normal state: no bar */
		snprintf(out, size, "%-8s LRU, %u of %u", fill->map, fill->used, fill->max);
	else if (fill->max)
		snprintf(out, size, "%-8s[%s] %3u %%", fill->map, text, percent);
	else
		snprintf(out, size, "%-8s[%s]   - ", fill->map, text);
}

static void format_bars(const struct cg_map_usage *left, const struct cg_map_usage *right,
			unsigned int columns, struct cg_line *line)
{
	bool full = false;
	char a[64], b[64];

	format_bar(left, a, sizeof(a), &full);
	format_bar(right, b, sizeof(b), &full);
	set_line(line, full ? CG_STYLE_ALARM : CG_STYLE_PLAIN, columns, "%-38s  %s", a, b);
}

static unsigned int format_offenders(const struct cg_top *top, unsigned int columns,
				     struct cg_line *lines)
{
	struct cg_offender list[CG_TOP_OFFENDERS];
	unsigned int n = cg_offenders_top(&top->offenders, list, CG_TOP_OFFENDERS);
	char addr[INET6_ADDRSTRLEN], over[24];

	set_line(lines, CG_STYLE_HEAD, columns, "%9s %-8s %-32s %-16s %6s", "REFUSED", "AT MOST",
		 "OFFENDING SOURCE", "LAST REASON", "AGO");
	for (unsigned int i = 0; i < n; i++) {
		__u64 age = top->now > list[i].last ? (top->now - list[i].last) / CG_SECOND : 0;

		cg_addr_format(list[i].addr, addr);
		over[0] = '\0';
		if (list[i].over)
			snprintf(over, sizeof(over), "%llu", (unsigned long long)list[i].count);
		set_line(&lines[1 + i], CG_STYLE_PLAIN, columns, "%9llu %-8s %-32s %-16s %5llus",
			 (unsigned long long)(list[i].count - list[i].over), over, addr,
			 cg_reason_name(list[i].reason), (unsigned long long)age);
	}
	if (!n)
		set_line(&lines[1], CG_STYLE_PLAIN, columns, "          %s",
			 top->daemon_fd >= 0
				 ? "no BYE was refused since top started"
				 : "unknown: cseqguardd reports them, and does not run");
	return n ? n + 1 : 2;
}

static void format_calls(const struct cg_top *top, unsigned int columns, struct cg_line *line)
{
	char starts[24], ends[24];

	if (!top->usages[CG_TOP_DIALOGS].max)
		set_line(line, CG_STYLE_PLAIN, columns, "calls      not counted yet");
	else
		set_line(line, CG_STYLE_PLAIN, columns,
			 "calls      %u live, %u ended  starts %s/s  ends %s/s", top->calls->live,
			 top->calls->ended, per_second(&top->starts, starts),
			 per_second(&top->ends, ends));
}

/* Nothing is rewritten where SIP over TCP is not enforced. */
static void format_byes(const struct cg_top *top, unsigned int columns, struct cg_line *line)
{
	char a[48], b[48], c[48], d[48];

	format_rate(&top->rewritten, c);
	set_line(line, CG_STYLE_PLAIN, columns,
		 "BYEs       passed %s  dropped %s%s%s  would drop %s",
		 format_rate(&top->passed, a), format_rate(&top->dropped, b),
		 top->rewritten.total ? "  rewritten " : "", top->rewritten.total ? c : "",
		 format_rate(&top->would_drop, d));
}

unsigned int cg_top_format_head(const struct cg_top *top, unsigned int columns,
				struct cg_line lines[CG_TOP_HEAD_LINES])
{
	char share[CG_SHARE_TEXT];
	unsigned int n = 0;

	format_title(top, columns, &lines[n++]);
	format_interfaces(top, columns, &lines[n++]);
	if (*top->breaker)
		set_line(&lines[n++], CG_STYLE_ALARM, columns,
			 "BREAKER    fell back to observe mode: %s", top->breaker);
	format_calls(top, columns, &lines[n++]);
	format_byes(top, columns, &lines[n++]);
	format_losses(top, columns, &lines[n++]);
	format_bars(&top->usages[CG_TOP_DIALOGS], &top->usages[CG_TOP_PENDING], columns,
		    &lines[n++]);
	format_bars(&top->usages[CG_TOP_INVITES], &top->usages[CG_TOP_EARLY], columns, &lines[n++]);
	if (cg_share_most_is_full(&top->most, &top->config, share))
		set_line(&lines[n++], CG_STYLE_ALARM, columns, "share      %s", share);
	return n + format_offenders(top, columns, &lines[n]);
}

static void format_age(const struct cg_top *top, __u64 at, char out[16])
{
	__u64 s = cg_time_is_after(top->now, at) ? (top->now - at) / CG_SECOND : 0;

	if (s < 86400)
		snprintf(out, 16, "%02llu:%02llu:%02llu", (unsigned long long)s / 3600,
			 (unsigned long long)s / 60 % 60, (unsigned long long)s % 60);
	else
		snprintf(out, 16, "%llud%02lluh", (unsigned long long)s / 86400,
			 (unsigned long long)s / 3600 % 24);
}

struct cells {
	const char *state, *age, *blocked, *source, *caller, *callee, *cseqs, *call_id;
};

static void format_row(const struct cells *c, unsigned int columns, struct cg_line *line)
{
	const bool wide = columns >= WIDE_COLUMNS;
	const struct {
		const char *text;
		unsigned int columns;
	} cells[] = { { c->state, 9 },
		      { c->age, 8 },
		      { c->blocked, 7 },
		      { c->source, wide ? 21 : 15 },
		      { c->caller, wide ? 26 : 17 },
		      { c->callee, wide ? 26 : 0 },
		      { c->cseqs, wide ? 12 : 0 },
		      { c->call_id, CG_LINE_MAX } };
	const size_t n = sizeof(cells) / sizeof(*cells);
	char text[CG_LINE_MAX] = "";

	for (size_t i = 0; i < n; i++) {
		if (!cells[i].columns)
			continue;
		cg_columns_append(text, sizeof(text), cells[i].text, cells[i].columns, i + 1 < n);
		if (i + 1 < n)
			cg_columns_append(text, sizeof(text), " ", 1, false);
	}
	*line->text = '\0';
	cg_columns_append(line->text, sizeof(line->text), text, columns, false);
}

void cg_top_format_calls_head(const struct cg_top *top, unsigned int columns, struct cg_line *line)
{
	const struct cells cells = { "STATE",  "AGE",	 "BLOCKED", "SOURCE",
				     "CALLER", "CALLEE", "CSEQS",   "CALL-ID" };
	char by[48];

	format_row(&cells, columns, line);
	line->style = CG_STYLE_HEAD;
	snprintf(by, sizeof(by), " by %s%s", top->reverse ? "-" : "", order_names[top->order]);
	if (strlen(line->text) + strlen(by) <= columns)
		cg_columns_append(line->text, sizeof(line->text), by, columns, false);
}

static void format_cseq(const struct cg_leg *leg, __u8 flags, char out[12])
{
	snprintf(out, 12, flags & CG_LEG_CSEQ_VALID ? "%u" : "-", leg->cseq);
}

void cg_top_format_call(const struct cg_top *top, const struct cg_dialog *d, unsigned int columns,
			struct cg_line *line)
{
	char call_id[CG_ESCAPED_SIZE(CG_CALL_ID_MAX)], caller[CG_ESCAPED_SIZE(CG_URI_MAX)],
		callee[CG_ESCAPED_SIZE(CG_URI_MAX)];
	char source[INET6_ADDRSTRLEN], age[16], blocked[16], a[12], b[12], cseqs[32];

	cg_text_escape(call_id, sizeof(call_id), d->call.call_id, CG_CALL_ID_MAX);
	cg_text_escape(caller, sizeof(caller), d->call.from_uri, CG_URI_MAX);
	cg_text_escape(callee, sizeof(callee), d->call.to_uri, CG_URI_MAX);
	cg_addr_format(d->caller.addr, source);
	format_age(top, d->answer, age);
	snprintf(blocked, sizeof(blocked), "%7u", cg_dialog_blocked_byes(d));
	format_cseq(&d->caller, d->caller_flags, a);
	format_cseq(&d->callee, d->callee_flags, b);
	snprintf(cseqs, sizeof(cseqs), "%s/%s", a, b);
	format_row(&(struct cells){ cg_state_name(d->state), age, blocked, source, caller, callee,
				    cseqs, call_id },
		   columns, line);
	line->style = cg_dialog_blocked_byes(d) ? CG_STYLE_ALARM : CG_STYLE_PLAIN;
}

struct details {
	struct cg_line *lines;
	unsigned int n, max;
};

__attribute__((format(printf, 2, 3))) static void add_detail(struct details *details,
							     const char *format, ...)
{
	char text[CG_LINE_MAX];
	va_list args;

	if (details->n == details->max)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	set_line(&details->lines[details->n++], CG_STYLE_PLAIN, CG_TOP_WIDE, "%s", text);
}

static void add_leg(struct details *details, const char *name, const struct cg_leg *leg, __u16 port,
		    __u8 flags, const char *transport)
{
	char addr[INET6_ADDRSTRLEN], cseq[12];

	cg_addr_format(leg->addr, addr);
	format_cseq(leg, flags, cseq);
	add_detail(details, "%-12s%s port %u%s%s, CSeq %s, side %s%s", name, addr, port,
		   transport ? " over " : "", transport ? transport : "", cseq,
		   cg_side_name(cg_leg_side(flags)),
		   flags & CG_LEG_WITNESS ? ", witness: its messages close the call" : "");
}

static void add_text(struct details *details, const char *name, const char *bytes, size_t max)
{
	char text[CG_ESCAPED_SIZE(CG_CALL_ID_MAX)];

	cg_text_escape(text, sizeof(text), bytes, max);
	add_detail(details, "%-12s%s", name, text);
}

unsigned int cg_top_format_details(const struct cg_dialog *d, struct cg_line *lines,
				   unsigned int max)
{
	__u64 candidate = cg_dialog_recorded_candidate_ns(d);
	struct details details = { lines, 0, max };

	add_text(&details, "From", d->call.from_uri, CG_URI_MAX);
	add_text(&details, "To", d->call.to_uri, CG_URI_MAX);
	add_text(&details, "Request-URI", d->call.request_uri, CG_URI_MAX);
	add_leg(&details, "caller", &d->caller, d->caller_port, d->caller_flags,
		cg_dialog_transport(d, CG_LEG_CALLER));
	add_leg(&details, "callee", &d->callee, d->callee_port, d->callee_flags,
		cg_dialog_transport(d, CG_LEG_CALLEE));
	if (candidate)
		add_detail(&details, "%-12scandidate_end %.3f s after the answer, unproven",
			   "doubt", (candidate - d->answer) / 1e9);
	return details.n;
}
