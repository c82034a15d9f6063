// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// link: agent/calls/twins.c agent/calls/cdr.c agent/util/text.c agent/util/enum_names.c -luuid
#include <stdio.h>
#include <string.h>

#include "calls/cdr.h"
#include "calls/twins.h"
#include "tap.h"

#define S 1000000000ULL
#define LATE (200 * S) /* long after the calls of these tests were answered */

static struct cg_twins *twins;
static __u64 number; /* of the last dialog */

/* A fresh table, as after the first scan. */
static void begin(void)
{
	cg_twins_free(twins);
	twins = cg_twins_new(1000);
	cg_twins_next_scan(twins);
	cg_twins_next_scan(twins);
}

struct call {
	struct cg_dialog_key key;
	struct cg_dialog dialog;
};

/* The caller's dialog of a call that was set up at `at` and answered 10 s later. */
static struct call callers(__u64 at, __u8 host)
{
	struct call call = {
		.key = { .call = ++number, .tags = 7 },
		.dialog = {
			.caller = { .cseq = 13, .addr = { [10] = 0xff, 0xff, 192, 0, 2, host } },
			.caller_port = 5061,
			.callee_flags = CG_LEG_UNSEEN,
			.setup = at,
			.answer = at + 10 * S + 2000,
			.call = { "", "tag-a", "sip:a@x", "sip:b@x" },
			.to_tag = "tag-b",
		},
	};

	snprintf(call.dialog.call.call_id, CG_CALL_ID_MAX, "caller-%llu",
		 (unsigned long long)number);
	return call;
}

/* The callee's dialog of the same call. */
static struct call callees(__u64 at)
{
	struct call call = callers(at, 0);

	call.dialog.caller_flags = CG_LEG_UNSEEN;
	call.dialog.callee_flags = CG_LEG_GATEWAY | CG_LEG_WITNESS;
	memset(call.dialog.caller.addr, 0, 16);
	call.dialog.caller_port = 0;
	call.dialog.setup = at + 1000;
	call.dialog.answer = at + 10 * S + 1000;
	return call;
}

static const struct cg_twin *update(const struct call *call, __u64 now)
{
	return cg_twins_update(twins, &call->key, &call->dialog, true, now);
}

static bool are_twins(const struct call *a, const struct call *b)
{
	const struct cg_twin *of_a = update(a, LATE);
	bool joined = of_a && of_a->key.call == b->key.call;
	const struct cg_twin *of_b = update(b, LATE);

	return joined && of_b && of_b->key.call == a->key.call;
}

/* Updates a and b, and says whether they were joined. */
static bool joins(const struct call *a, const struct call *b)
{
	begin();
	update(a, LATE);
	update(b, LATE);
	return are_twins(a, b);
}

static void rows(void)
{
	struct call a = callers(100 * S, 1), b = callees(100 * S);
	struct cg_cdr_row row = {};
	char uid[CG_UUID_TEXT];
	__u64 fingerprint;

	ok(joins(&a, &b), "twins: two dialogs of one call are joined");
	cg_cdr_make_call_uid(a.dialog.call.call_id, "tag-a", "tag-b", uid);
	cg_twin_fill_row(update(&b, LATE), &row);
	ok(!strcmp(row.twin_uid, uid) && !strcmp(row.caller_addr, "192.0.2.1") &&
		   row.caller_port == 5061,
	   "twins: the callee's row gets the caller's address and the uid of the other row");
	row = (struct cg_cdr_row){ .caller_addr = "192.0.2.1", .caller_port = 5061 };
	cg_cdr_make_call_uid(b.dialog.call.call_id, "tag-a", "tag-b", uid);
	cg_twin_fill_row(update(&a, LATE), &row);
	ok(!strcmp(row.twin_uid, uid) && !strcmp(row.caller_addr, "192.0.2.1"),
	   "twins: the caller's row gets the uid of the other row, and keeps its address");
	ok(cg_twin_add_fingerprint(NULL, 5) == 5 &&
		   cg_twin_add_fingerprint(update(&a, LATE), 5) != 5,
	   "twins: a row is written again when it gets a twin");
	fingerprint = cg_twin_add_fingerprint(update(&b, LATE), 5);
	a.dialog.caller.addr[15] = 9;
	update(&a, LATE);
	ok(cg_twin_add_fingerprint(update(&b, LATE), 5) != fingerprint,
	   "twins: the callee's row is written again when the caller's address changes");
	ok(!update(&a, LATE)->has_ended && update(&a, LATE)->rank == 3 &&
		   update(&b, LATE)->rank == 0,
	   "twins: each knows the rank of the other's witness");
	b.dialog.state = CG_S_ENDED;
	update(&b, LATE);
	ok(!update(&a, LATE)->has_ended, "twins: a twin's end without evidence does not count");
	b.dialog.flags = CG_D_CONFIRMED_END;
	update(&b, LATE);
	ok(update(&a, LATE)->has_ended, "twins: a twin's end on evidence counts");
	ok(joins(&b, &a), "twins: the order in which they are found does not matter");
}

static void unlike(void)
{
	struct call a = callers(100 * S, 1), b;

	b = callees(100 * S);
	strcpy(b.dialog.call.from_tag, "tag-c");
	ok(!joins(&a, &b), "twins: another From tag is another call");
	b = callees(100 * S);
	strcpy(b.dialog.to_tag, "tag-c");
	ok(!joins(&a, &b), "twins: another To tag is another fork");
	b = callees(100 * S);
	strcpy(b.dialog.call.to_uri, "sip:c@x");
	ok(!joins(&a, &b), "twins: another To URI is another call");
	b = callees(100 * S);
	b.dialog.caller.cseq = 14;
	ok(!joins(&a, &b), "twins: a higher CSeq is another INVITE");
	b = callees(100 * S);
	b.dialog.caller_flags = 0;
	ok(!joins(&a, &b), "twins: a dialog with both legs seen has no twin");
	b = callees(100 * S);
	b.dialog.callee_flags = CG_LEG_LOCAL;
	ok(!joins(&a, &b), "twins: a dialog with the host itself has no twin");
	a.dialog.caller.cseq = 20;
	b = callees(100 * S);
	ok(joins(&a, &b),
	   "twins: near miss: requests of the caller since the INVITE do not matter");
}

/* What an attacker can do who has seen the INVITE, and opens calls that look like the victim's. */
static void imitations(void)
{
	struct call a = callers(100 * S, 1), b = callees(100 * S);
	struct call late = callers(101 * S, 66), early = callers(99 * S, 66);
	struct call second = callees(100 * S);

	late.dialog.answer = a.dialog.answer;
	ok(!joins(&late, &b),
	   "twins: a call that began after the INVITE went out is not its caller's");
	begin();
	update(&b, LATE);
	update(&late, LATE);
	update(&a, LATE);
	ok(are_twins(&a, &b),
	   "twins: a call that began after the INVITE went out does not hide the caller's");
	early.dialog.answer = a.dialog.answer + CG_TWINS_ANSWER_GAP;
	ok(!joins(&early, &b), "twins: a call that was answered long after is not its caller's");

	early.dialog.answer = a.dialog.answer;
	begin();
	update(&b, LATE);
	update(&early, 110 * S);
	update(&a, 110 * S);
	ok(!update(&a, LATE) && !update(&b, LATE) && !update(&early, LATE),
	   "twins: of two callers' calls that fit none is joined");
	begin();
	update(&a, 110 * S);
	update(&b, 110 * S);
	update(&second, 110 * S);
	ok(!update(&a, LATE) && !update(&b, LATE) && !update(&second, LATE),
	   "twins: of two callees' calls that fit none is joined");
	ok(joins(&a, &b) && !update(&early, LATE) && are_twins(&a, &b),
	   "twins: a third one that comes later changes nothing, and is not joined");
}

static void time_and_scans(void)
{
	struct call a = callers(100 * S, 1), b = callees(100 * S);
	__u64 soon = b.dialog.answer + CG_TWINS_WAIT;
	bool kept = true;

	begin();
	update(&b, soon);
	ok(!update(&a, soon), "twins: a pair waits for a rival");
	ok(update(&a, soon + 1) != NULL, "twins: a pair without a rival is joined after the wait");
	cg_twins_free(twins);
	twins = cg_twins_new(1000);
	cg_twins_next_scan(twins);
	update(&b, LATE);
	ok(!update(&a, LATE),
	   "twins: a daemon that starts joins none before its first scan is complete");
	cg_twins_next_scan(twins);
	ok(update(&a, LATE) != NULL,
	   "twins: after its first complete scan a daemon joins all pairs");

	for (int i = 0; i < 5; i++) {
		cg_twins_next_scan(twins);
		kept &= update(&b, LATE) != NULL;
		cg_twins_expire(twins, 0);
	}
	ok(kept, "twins: a row keeps its twin when that has left the map");
	for (int i = 0; i < 3; i++) {
		cg_twins_next_scan(twins);
		cg_twins_expire(twins, 0);
	}
	ok(!cg_twins_update(twins, &b.key, &b.dialog, false, LATE),
	   "twins: when both have left the map, they are forgotten");
	ok(joins(&a, &b) && cg_twins_update(twins, &b.key, &b.dialog, false, LATE),
	   "twins: without the setting a joined one keeps its twin");
	begin();
	cg_twins_update(twins, &a.key, &a.dialog, false, LATE);
	cg_twins_update(twins, &b.key, &b.dialog, false, LATE);
	ok(!cg_twins_update(twins, &a.key, &a.dialog, false, LATE),
	   "twins: without the setting none is joined");
}

/* More calls than there is room for, most of which leave. */
static void many(void)
{
	static struct call a[1000], b[1000];
	unsigned int joined = 0, forgotten = 0;

	begin();
	for (int i = 0; i < 1000; i++) {
		a[i] = callers(100 * S, i % 250);
		snprintf(a[i].dialog.call.from_tag, CG_TAG_MAX, "tag-%d", i);
		b[i] = callees(100 * S);
		strcpy(b[i].dialog.call.from_tag, a[i].dialog.call.from_tag);
		update(&a[i], LATE);
		joined += update(&b[i], LATE) != NULL;
	}
	ok(joined > 700 && joined < 1000, "twins: the table is bounded (%u of 1,000 joined)",
	   joined);
	for (int scan = 0; scan < 6; scan++) {
		cg_twins_next_scan(twins);
		for (int i = 0; i < 1000; i += 10)
			cg_twins_update(twins, &a[i].key, &a[i].dialog, false, LATE);
		cg_twins_expire(twins, 0);
	}
	joined = 0;
	for (int i = 0; i < 1000; i++) {
		const struct cg_twin *twin =
			cg_twins_update(twins, &a[i].key, &a[i].dialog, false, LATE);

		joined += twin && twin->key.call == b[i].key.call;
		forgotten += !twin && i % 10;
	}
	ok(joined >= 70 && joined <= 100 && forgotten >= 890,
	   "twins: those that are still found keep their place when others leave");
	for (int i = 1; i < 1000; i += 10) {
		update(&a[i], LATE);
		joined += update(&b[i], LATE) != NULL;
	}
	ok(joined >= 170, "twins: the room of calls that have left is used for others");
}

int main(void)
{
	rows();
	unlike();
	imitations();
	time_and_scans();
	many();
	cg_twins_free(twins);
	return tap_done();
}
