// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// link: agent/calls/recent.c agent/calls/ladder.c agent/util/text.c agent/util/enum_names.c
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "calls/recent.h"
#include "tap.h"
#include "util/clock.h"

static __u64 now; /* of events, a millisecond apart */

static struct cg_event event(__u64 number, __u8 type, __u32 cseq)
{
	struct cg_event e = { .type = type,
			      .at = now += 1000000,
			      .key = { number * 0x9E3779B97F4A7C15ULL, number },
			      .cseq = cseq };

	snprintf(e.call_id, sizeof(e.call_id), "call-%llu", number);
	return e;
}

static void tell(struct cg_recent *recent, __u64 number, __u8 type, __u32 cseq)
{
	struct cg_event e = event(number, type, cseq);

	cg_recent_handle_event(recent, &e);
}

static void look(struct cg_recent *recent, __u64 number, __u32 cseq)
{
	struct cg_dialog d = { .caller = { .cseq = cseq }, .caller_flags = CG_LEG_CSEQ_VALID };
	struct cg_event e = event(number, 0, 0);

	cg_recent_update_dialog(recent, &e.key, &d);
}

static const struct cg_recent_call *find(const struct cg_recent *recent, __u64 number)
{
	unsigned int position = 0;
	char call_id[32];

	snprintf(call_id, sizeof(call_id), "call-%llu", number);
	return cg_recent_find(recent, call_id, &position);
}

static const struct cg_recent_step *step(const struct cg_recent_call *call, unsigned int kind,
					 unsigned int i)
{
	return &call->steps[cg_recent_class_start(kind) + i];
}

static void flood_of_one(void)
{
	struct cg_recent *recent = cg_recent_new();
	const struct cg_recent_call *call;

	tell(recent, 1, CG_EV_START, 13);
	for (__u32 i = 0; i < 10000; i++) {
		tell(recent, 1, CG_EV_VIOLATION, i);
		tell(recent, 1, CG_EV_REQUEST, i);
	}
	tell(recent, 1, CG_EV_BYE, 14);
	call = find(recent, 1);
	ok(call->n[CG_RECENT_LIFE] == 2 && step(call, CG_RECENT_LIFE, 1)->event.cseq == 14 &&
		   !call->left_out[CG_RECENT_LIFE],
	   "recent: a flood of violations pushes no other step out");
	ok(call->n[CG_RECENT_VIOLATIONS] == 12 && call->left_out[CG_RECENT_VIOLATIONS] == 9988 &&
		   step(call, CG_RECENT_VIOLATIONS, 0)->event.cseq == 0 &&
		   step(call, CG_RECENT_VIOLATIONS, 5)->event.cseq == 5 &&
		   step(call, CG_RECENT_VIOLATIONS, 6)->event.cseq == 9994 &&
		   step(call, CG_RECENT_VIOLATIONS, 11)->event.cseq == 9999,
	   "recent: the first steps and the newest stay, the rest is counted");
	ok(call->n[CG_RECENT_REQUESTS] == 8 && call->left_out[CG_RECENT_REQUESTS] == 9992,
	   "recent: the requests of a call are bounded");
	cg_recent_free(recent);
}

static void repeats(void)
{
	struct cg_recent *recent = cg_recent_new();
	const struct cg_recent_call *call;

	for (int i = 0; i < 1000; i++)
		tell(recent, 1, CG_EV_VIOLATION, 10);
	call = find(recent, 1);
	ok(call->n[CG_RECENT_VIOLATIONS] == 1 &&
		   step(call, CG_RECENT_VIOLATIONS, 0)->count == 1000 &&
		   step(call, CG_RECENT_VIOLATIONS, 0)->last == now,
	   "recent: equal messages are one step with a count");
	cg_recent_free(recent);
}

static void flood_of_strangers(void)
{
	struct cg_recent *recent = cg_recent_new();
	bool all = true;

	for (__u64 i = 1; i <= 400; i++)
		tell(recent, i, CG_EV_START, 1);
	for (__u64 i = 1; i <= 200; i++)
		tell(recent, i, CG_EV_VIOLATION, 1);
	for (__u64 i = 0; i < 100000; i++)
		tell(recent, 1000000 + i, CG_EV_VIOLATION, 1);
	for (__u64 i = 1; i <= 400; i++)
		all &= !!find(recent, i);
	ok(all && cg_recent_count(recent) == 400 + CG_RECENT_UNKNOWN,
	   "recent: a flood of unknown dialogs pushes no known one out");
	for (__u64 i = 0; i < 100000; i++)
		tell(recent, 2000000 + i, CG_EV_START, 1);
	ok(find(recent, 200) && !find(recent, 201) && find(recent, 2099999) &&
		   !find(recent, 2000000),
	   "recent: calls that nobody attacked push out none that was");
	for (__u64 i = 0; i < 100000; i++) {
		tell(recent, 3000000 + i, CG_EV_START, 1);
		tell(recent, 3000000 + i, CG_EV_VIOLATION, 1);
	}
	ok(cg_recent_count(recent) <= CG_RECENT_DIALOGS && !find(recent, 200) &&
		   find(recent, 3099999),
	   "recent: the number of calls is bounded");
	cg_recent_free(recent);
}

static void many_at_once(void)
{
	struct cg_recent *recent = cg_recent_new();
	const unsigned int most = 2 * CG_RECENT_ORDINARY;

	now = 7 * CG_SECOND;
	for (unsigned int n = 1; n <= most; n++) {
		tell(recent, n, CG_EV_START, 13);
		now -= 1000000;
	}
	tell(recent, most + 1, CG_EV_START, 13);
	ok(find(recent, most) && !find(recent, most + 1),
	   "recent: more calls a second than would stay for one are not remembered");
	tell(recent, most + 2, CG_EV_VIOLATION, 10);
	ok(!!find(recent, most + 2), "recent: an attacked call above that rate is remembered");
	now = 8 * CG_SECOND;
	tell(recent, most + 1, CG_EV_END, 14);
	ok(!!find(recent, most + 1), "recent: calls of the next second are remembered");
	cg_recent_free(recent);
}

static void dialogs(void)
{
	struct cg_recent *recent = cg_recent_new();

	look(recent, 1, 13);
	ok(!cg_recent_count(recent), "recent: a scan of the map adds no dialog");
	tell(recent, 1, CG_EV_START, 99);
	look(recent, 1, 13);
	look(recent, 1, 15);
	ok(find(recent, 1)->dialog.caller.cseq == 15 && find(recent, 1)->opened_known &&
		   find(recent, 1)->opened_cseq == 13,
	   "recent: a dialog keeps its opening CSeq and its latest state");
	tell(recent, 2, CG_EV_VIOLATION, 10);
	look(recent, 2, 13);
	ok(!find(recent, 2)->opened_known,
	   "recent: a dialog whose start was not seen has no opening CSeq");
	for (__u64 i = 0; i < 1000; i++)
		tell(recent, 1000000 + i, CG_EV_VIOLATION, 1);
	ok(find(recent, 2) != NULL,
	   "recent: a flood of unknown tags does not displace a dialog of the map");
	cg_recent_free(recent);
}

static void names(void)
{
	struct cg_recent *recent = cg_recent_new();
	struct cg_event e = event(1, CG_EV_START, 1);
	unsigned int position = 0, n = 0;

	cg_recent_handle_event(recent, &e);
	e.key.tags++;
	cg_recent_handle_event(recent, &e);
	while (cg_recent_find(recent, "call-1", &position))
		n++;
	ok(n == 2, "recent: each fork of a Call-ID is found");
	e.key = (struct cg_dialog_key){};
	e.type = CG_EV_VIOLATION;
	cg_recent_handle_event(recent, &e);
	ok(find(recent, 1)->n[CG_RECENT_VIOLATIONS] == 1,
	   "recent: a violation without a key goes to a call of its Call-ID");
	snprintf(e.call_id, sizeof(e.call_id), "call-7");
	cg_recent_handle_event(recent, &e);
	ok(!find(recent, 7) && cg_recent_count(recent) == 2,
	   "recent: a violation without a key goes to no other call");
	cg_recent_free(recent);
}

int main(void)
{
	flood_of_one();
	repeats();
	flood_of_strangers();
	many_at_once();
	dialogs();
	names();
	return tap_done();
}
