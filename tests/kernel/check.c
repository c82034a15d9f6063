// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#define _GNU_SOURCE /* memmem */
#include "check.h"

#include <ctype.h>
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/enum_names.h"

bool wrong(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	printf("#   ");
	vprintf(format, args);
	printf("\n");
	va_end(args);
	return false;
}

/* --- verdict: retval, exactly one reason, and the sums --------------------------------------- */

static bool check_reason(const struct run *run, int expected)
{
	const __u64 *before = run->in ? run->before.in : run->before.out;
	const __u64 *after = run->in ? run->after.in : run->after.out;
	const __u64 *idle = run->in ? run->before.out : run->before.in;
	const __u64 *idle_after = run->in ? run->after.out : run->after.in;
	bool good = true;

	for (int i = 0; i < CG_REASONS; i++) {
		__u64 want = before[i] + (i == expected);

		if (after[i] != want)
			good = wrong("counter %s.%s moved by %lld, must by %d",
				     run->in ? "in" : "out", cg_reason_name(i),
				     (long long)(after[i] - before[i]), i == expected);
		if (idle_after[i] != idle[i])
			good = wrong("counter %s.%s moved", run->in ? "out" : "in",
				     cg_reason_name(i));
	}
	return good;
}

bool check_verdict(const struct run *run, const char *verdict)
{
	const char *word = strchr(verdict, ' ');
	bool answered = !strncmp(verdict, "answered ", 9);
	bool drop = answered || !strncmp(verdict, "drop ", 5);
	bool would = !strncmp(verdict, "would_drop ", 11);
	__u32 pass = run->in || run->reported ? XDP_PASS : (__u32)TC_ACT_UNSPEC;
	__u32 wanted = answered ? XDP_TX : drop ? XDP_DROP : pass;
	int reason = word ? cg_reason_from_name(word + 1) : -1;
	bool good = true;

	if (reason < 0 || (!drop && !would && strncmp(verdict, "pass ", 5)))
		return wrong("the table asks for '%s', which is no verdict", verdict);
	if (run->retval != wanted)
		good = wrong("returned %d, must return %d", (int)run->retval, (int)wanted);
	else if (answered)
		good = check_answer(run);
	if (run->after.dropped != run->before.dropped + drop)
		good = wrong("counter dropped moved by %lld",
			     (long long)(run->after.dropped - run->before.dropped));
	if (run->after.answered != run->before.answered + answered)
		good = wrong("counter answered moved by %lld",
			     (long long)(run->after.answered - run->before.answered));
	if (run->after.would_drop != run->before.would_drop + would)
		good = wrong("counter would_drop moved by %lld",
			     (long long)(run->after.would_drop - run->before.would_drop));
	if (run->after.events_lost != run->before.events_lost ||
	    run->after.alerts_lost != run->before.alerts_lost)
		good = wrong("events were lost");
	return check_reason(run, reason) && good;
}

/* --- events ----------------------------------------------------------------------------------- */

static const char *event_text(const struct cg_event *event)
{
	static char text[128];
	int len = snprintf(text, sizeof(text), "%s:%s:%s:%s", cg_event_name(event->type),
			   cg_reason_name(event->reason), cg_action_name(event->action),
			   cg_leg_name(event->leg));

	if (event->cseq_valid)
		snprintf(text + len, sizeof(text) - len, ":%u<%u", event->cseq,
			 event->expected_cseq);
	return text;
}

static bool in_full_sight(const struct cg_event *event)
{
	return event->reason != CG_R_FRAGMENTED && event->reason != CG_R_AMBIGUOUS;
}

/* A fragment that is not judged shows its address alone. */
static bool is_unread(const struct cg_event *event)
{
	return event->reason == CG_R_FRAGMENT_UNLIKE || event->reason == CG_R_TCP_UNFRAMED ||
	       (event->reason == CG_R_FRAGMENTED && !event->source_port);
}

/* The event of a truncated or ambiguous message may lack a text, but must not invent one. */
static bool check_glimpse(const struct run *run, const struct cg_event *event, const char *what)
{
	size_t len = strnlen(event->call_id, sizeof(event->call_id));

	return memmem(run->message->text, run->message->len, event->call_id, len) ||
	       wrong("%s: Call-ID '%.127s'", what, event->call_id);
}

static bool same_method(const struct cg_event *event, const char *method)
{
	const char *word = strcmp(method, "FOO")
				   ? method
				   : "OTHER"; /* FOO is the unknown method of the tables */

	return !*method || !strcasecmp(cg_method_name(event->method), word);
}

/* Checks the fields that every event copies from its message. */
static bool check_contents(const struct run *run, const struct cg_event *event)
{
	const char *what = event_text(event);
	bool good = true;

	if (event->layout != CG_LAYOUT || event->size != sizeof(*event))
		good = wrong("%s: layout %u, size %u", what, event->layout, event->size);
	if (event->at < run->now.before || event->at > run->now.after)
		good = wrong("%s: its time is not that of the packet", what);
	if (memcmp(event->source, run->from.addr, 16) ||
	    (event->source_port != run->from.port && !is_unread(event)))
		good = wrong("%s: its source is not the packet's", what);
	if (!(event->seq & CG_SEQ_HEP) != !run->reported)
		good = wrong("%s: the number of %s event", what,
			     run->reported ? "another" : "a reported");
	if (!run->reported && event->ifindex != (run->harness->ifindex ? run->harness->ifindex : 1))
		good = wrong("%s: interface %u", what, event->ifindex);
	if (event->direction != (run->in ? CG_IN : CG_OUT))
		good = wrong("%s: the wrong direction", what);
	if (is_unread(event))
		return good & (!*event->call_id || wrong("%s: a Call-ID", what));
	if (event->status != run->message->status)
		good = wrong("%s: status %u", what, event->status);
	if (!in_full_sight(event))
		return good & check_glimpse(run, event, what);
	if (!same_method(event, run->message->method))
		good = wrong("%s: method %s", what, cg_method_name(event->method));
	if (*run->message->method &&
	    strncmp(event->call_id, run->message->call_id, CG_CALL_ID_MAX - 1))
		good = wrong("%s: Call-ID '%.127s'", what, event->call_id);
	return good;
}

static bool check_part(const struct cg_event *event, const char *part)
{
	char cseq[32];

	snprintf(cseq, sizeof(cseq), "%u<%u", event->cseq, event->expected_cseq);
	if (strchr(part, '<'))
		return event->cseq_valid && !strcmp(part, cseq);
	if (isdigit(*part))
		return event->cseq_valid && strtoul(part, NULL, 10) == event->cseq;
	if (cg_reason_from_name(part) >= 0 && event->reason == cg_reason_from_name(part))
		return true;
	return !strcmp(part, cg_action_name(event->action)) ||
	       !strcmp(part, cg_leg_name(event->leg));
}

static bool check_event(const struct run *run, const struct cg_event *event, const char *words)
{
	char copy[128], *rest = copy, *part;
	bool good = check_contents(run, event);

	snprintf(copy, sizeof(copy), "%s", words);
	part = strsep(&rest, ":");
	if (strcmp(part, cg_event_name(event->type)))
		return wrong("event %s, must be %s", event_text(event), words);
	while ((part = strsep(&rest, ":")))
		if (!check_part(event, part))
			good = wrong("event %s, must be %s", event_text(event), words);
	return good;
}

bool check_events(const struct run *run, const char *events)
{
	char copy[256], *rest = copy, *words;
	size_t count = 0;
	bool good = true;

	if (!events && run->harness->n_got == 1 && run->harness->got[0].type == CG_EV_REQUEST)
		return check_contents(run, &run->harness->got[0]);
	snprintf(copy, sizeof(copy), "%s", events && strcmp(events, "none") ? events : "");
	while ((words = strsep(&rest, " "))) {
		if (!*words)
			continue;
		if (count >= run->harness->n_got)
			good = wrong("no event %s", words);
		else
			good &= check_event(run, &run->harness->got[count], words);
		count++;
	}
	for (; count < run->harness->n_got; count++)
		good = wrong("event %s, must not be", event_text(&run->harness->got[count]));
	return good;
}
