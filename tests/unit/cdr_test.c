// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// link: agent/calls/cdr.c agent/calls/violation_row.c agent/calls/db_tables.c agent/util/text.c agent/util/enum_names.c -luuid -lsqlite3
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "calls/violation_row.h"
#include "calls/db_tables.h"
#include "tap.h"

#define S 1000000000ULL
#define US_1970 1000000LL

static const struct cg_limits limits = {
	.bye_timeout = 32 * S, .grace = 32 * S, .max_call = 43200 * S, .doubt = 3600 * S
};
static const struct cg_origin origin = { .node = "n1", .clock_offset = { 1000 * S, 5000 * S } };

/* Set up at 99 s, answered at 100 s. */
static struct cg_dialog a_call(void)
{
	struct cg_dialog d = {
		.state = CG_S_CONFIRMED,
		.caller_flags = CG_LEG_CSEQ_VALID,
		.callee_flags = CG_LEG_WITNESS,
		.caller = { .cseq = 13, .addr = { [10] = 0xff, 0xff, 192, 0, 2, 1 } },
		.callee = { .addr = { 0x20, 0x01, 0x0d, 0xb8, [15] = 2 } },
		.caller_port = 5061,
		.callee_port = 5062,
		.sip_code = 200,
		.setup = 99 * S,
		.answer = 100 * S + 999,
		.call = { "call@host", "Tag-A", "sip:a@x", "sip:b@x", "sip:b@y" },
		.to_tag = "tag-b",
	};

	return d;
}

static struct cg_dialog an_ended_call(void)
{
	struct cg_dialog d = a_call();

	d.state = CG_S_ENDED;
	d.end = 160 * S;
	d.end_reason = CG_E_BYE;
	d.ended_by = CG_LEG_CALLER;
	d.flags = CG_D_CONFIRMED_END;
	return d;
}

static struct cg_cdr_row row_of(const struct cg_dialog *d, unsigned int due)
{
	struct cg_cdr_row row;

	cg_cdr_fill_row(d, &limits, &origin, due, &row);
	return row;
}

static void rows(void)
{
	struct cg_dialog d = a_call();
	struct cg_cdr_row row = row_of(&d, 0);

	ok(row.end_time == CG_NULL && !strcmp(row.end_reason, "none") &&
		   !strcmp(row.ended_by, "none") && !row.suspect && !row.bye_confirmed,
	   "cdr: a confirmed call's row is open");
	ok(row.setup_time == 1099 * US_1970 && row.answer_time == 1100 * US_1970,
	   "cdr: times are the clock offset plus boot time, in whole microseconds");
	ok(!strcmp(row.caller_addr, "192.0.2.1") && !strcmp(row.callee_addr, "2001:db8::2"),
	   "cdr: a row has addresses of both families");
	ok(row.caller_cseq == 13 && row.callee_cseq == CG_NULL,
	   "cdr: a leg that sent no request has no CSeq, not CSeq 0");
	ok(row.first_blocked_at == CG_NULL, "cdr: without a blocked BYE first_blocked_at is empty");
	d.clock = 1;
	row = row_of(&d, 0);
	ok(row.setup_time == 5099 * US_1970,
	   "cdr: a dialog keeps the clock that it was born under");
	d.clock = 255;
	row = row_of(&d, 0);
	ok(row.setup_time >= 0, "cdr: a clock number out of range stays in bounds");

	d = a_call();
	d.state = CG_S_ENDING;
	d.bye_at = 150 * S;
	row = row_of(&d, 0);
	ok(row.end_time == CG_NULL, "cdr: a BYE that awaits its evidence closes nothing");
	d = a_call();
	d.blocked_byes = 2;
	d.first_blocked_ms = 1;
	row = row_of(&d, 0);
	ok(row.blocked_byes == 2 && row.first_blocked_at == row.answer_time,
	   "cdr: first blocked in the very millisecond of the answer");
}

static void ends(void)
{
	struct cg_dialog d = an_ended_call();
	struct cg_cdr_row row = row_of(&d, 0);

	ok(row.end_time == 1160 * US_1970 && !strcmp(row.end_reason, "bye") &&
		   !strcmp(row.ended_by, "caller") && row.bye_confirmed && !row.suspect,
	   "cdr: the row of an ended call has time, reason and leg of its end");
	d.flags |= CG_D_ALIVE_AFTER_END;
	row = row_of(&d, 0);
	ok(row.suspect && row.end_time == 1160 * US_1970,
	   "cdr: alive after its end: suspect, end kept");
	d = an_ended_call();
	d.end = 50 * S;
	row = row_of(&d, 0);
	ok(row.end_time == row.answer_time, "cdr: no call ends before its answer");
	d = an_ended_call();
	d.end_reason = d.ended_by = 200;
	row = row_of(&d, 0);
	ok(!strcmp(row.end_reason, "unknown") && !strcmp(row.ended_by, "unknown"),
	   "cdr: numbers without a word are `unknown`");
	d = a_call();
	d.end_reason = CG_E_UNGUARDED;
	d.flags |= CG_D_SUSPECT;
	row = row_of(&d, 0);
	ok(row.end_time == CG_NULL && !strcmp(row.end_reason, "unguarded") && row.suspect &&
		   !row.bye_confirmed && !strcmp(row.ended_by, "none"),
	   "cdr: no room in dialogs: its row is open, unguarded, suspect");
	d = a_call();
	row = row_of(&d, CG_DUE_EXPIRED | CG_DUE_RETIRE);
	ok(row.end_time == row.answer_time + 43200 * US_1970 &&
		   !strcmp(row.end_reason, "timeout") && row.suspect && !row.bye_confirmed,
	   "cdr: over max_call: timeout, suspect, the same end at every look");
}

/* The key: the same before and after, and another than that of a setup a microsecond later. */
static bool put_aside_closes_its_row(const struct cg_dialog *aside)
{
	struct cg_dialog before = a_call(), instead = a_call();
	struct cg_cdr_row old = row_of(&before, 0), closed = row_of(aside, 0), new;

	instead.setup += 1000;
	new = row_of(&instead, 0);
	return old.setup_time == closed.setup_time && !strcmp(old.call_uid, closed.call_uid) &&
	       !strcmp(old.node, closed.node) && !strcmp(new.call_uid, closed.call_uid) &&
	       new.setup_time != closed.setup_time &&new.end_time == CG_NULL;
}

static void lost(void)
{
	struct cg_limits gone = limits;
	struct cg_dialog d = a_call();
	struct cg_cdr_row row;

	gone.lost_at = 300 * S;
	ok(cg_cdr_due(&d, &gone, 400 * S) == CG_DUE_LOST,
	   "due: a call that runs when the maps go away is lost");
	cg_cdr_fill_row(&d, &gone, &origin, CG_DUE_LOST, &row);
	ok(row.end_time == 1300 * US_1970 && !strcmp(row.end_reason, "maps_lost") &&
		   !strcmp(row.ended_by, "none") && row.suspect && !row.bye_confirmed,
	   "cdr: maps_lost: suspect, ended when they went, the same at every look");
	ok(cg_cdr_fingerprint(&d, CG_DUE_LOST) != cg_cdr_fingerprint(&d, 0),
	   "fingerprint: changes when the maps are lost");
	d = an_ended_call();
	d.end_reason = CG_E_MAPS_LOST;
	d.ended_by = CG_LEG_NONE;
	d.flags = CG_D_SUSPECT;
	row = row_of(&d, 0);
	ok(!strcmp(row.end_reason, "maps_lost") && row.end_time == 1160 * US_1970 && row.suspect &&
		   !row.bye_confirmed && !strcmp(row.ended_by, "none"),
	   "cdr: a dialog whose place another took: maps_lost, suspect, ended then");
	ok(put_aside_closes_its_row(&d),
	   "cdr: the open row of a replaced dialog closes, and that of the new one stays open");
	d = an_ended_call();
	ok(cg_cdr_due(&d, &gone, 400 * S) == CG_DUE_RETIRE,
	   "due: an ended call is only retired when the maps are removed");
	d = a_call();
	ok(cg_cdr_due(&d, &gone, 50000 * S) & CG_DUE_EXPIRED &&
		   !(cg_cdr_due(&d, &gone, 50000 * S) & CG_DUE_LOST),
	   "due: a call over max_call is a timeout, also when the maps are removed");
	gone.was_detached = 1;
	cg_cdr_fill_row(&d, &gone, &origin, CG_DUE_LOST, &row);
	ok(row.end_time == 1300 * US_1970 && !strcmp(row.end_reason, "detached") && row.suspect,
	   "cdr: a call that runs when the instance is detached closes as detached, suspect");
}

static void hostile_text(void)
{
	struct cg_dialog d = a_call();
	struct cg_cdr_row row;
	char expected[4 * 127 + 1];

	memset(&d.call.call_id, 0xff, sizeof(d.call.call_id)); /* no NUL either */
	for (int i = 0; i < 127; i++)
		memcpy(expected + 4 * i, "\\xff", 5);
	row = row_of(&d, 0);
	ok(!strncmp(row.call_id, expected, strlen(row.call_id)) && strlen(row.call_id) >= 4 * 127,
	   "cdr: 128 bytes that are no UTF-8, escaped, in bounds");
}

static void due(void)
{
	struct cg_dialog d = a_call();

	ok(!cg_cdr_due(&d, &limits, 200 * S), "due: nothing is due for a running call");
	ok(cg_cdr_due(&d, &limits, 43301 * S) == (CG_DUE_EXPIRED | CG_DUE_RETIRE),
	   "due: a call over max_call expires");
	ok(!cg_cdr_due(&d, &limits, 43299 * S), "due: a call just below max_call does not expire");
	ok(!cg_cdr_due(&d, &limits, 1), "due: nothing is due for a call with times in the future");
	d.state = CG_S_ENDING;
	d.bye_at = 200 * S;
	ok(!cg_cdr_due(&d, &limits, 231 * S), "due: a BYE 31 s old may still be answered");
	ok(cg_cdr_due(&d, &limits, 233 * S) == CG_DUE_UNANSWERED,
	   "due: 33 s of silence are unanswered");
	d.flags = CG_D_BYE_OF_WITNESS;
	ok(!(cg_cdr_due(&d, &limits, 233 * S) & CG_DUE_UNANSWERED),
	   "due: the witness' own BYE awaits no answer");
	d = an_ended_call();
	ok(!cg_cdr_due(&d, &limits, 191 * S), "due: an ended call stays for retransmissions");
	ok(cg_cdr_due(&d, &limits, 193 * S) == CG_DUE_RETIRE,
	   "due: an ended call leaves after the grace");
	ok(cg_cdr_due(&d, &limits, 50000 * S) == CG_DUE_RETIRE,
	   "due: an ended call does not expire");
}

/* A call whose callee is a carrier's gateway, and its BYE at 200 s. */
static struct cg_dialog a_call_with_bye(__u32 flags)
{
	struct cg_dialog d = a_call();

	d.state = CG_S_ENDING;
	d.bye_at = 200 * S;
	d.flags = flags;
	return d;
}

static bool has_candidate(const struct cg_dialog *d, __u64 now, __s64 at)
{
	struct cg_cdr_row row = row_of(d, cg_cdr_due(d, &limits, now));

	return row.candidate_end == at && row.end_time == CG_NULL &&
	       !strcmp(row.end_reason, "none");
}

static void candidates(void)
{
	struct cg_dialog d = a_call(), other;
	struct cg_cdr_row row;

	ok(has_candidate(&d, 200 * S, CG_NULL), "candidate: a running call has no candidate end");
	d.flags = CG_D_CANDIDATE;
	d.candidate_ms = 50001;
	ok(has_candidate(&d, 200 * S, 1150 * US_1970),
	   "candidate: the kernel's is in the open row, which stays open");
	other = a_call();
	ok(cg_cdr_fingerprint(&d, 0) != cg_cdr_fingerprint(&other, 0),
	   "fingerprint: changes with a candidate end");
	d = a_call_with_bye(CG_D_BYE_OF_WITNESS);
	ok(has_candidate(&d, 231 * S, CG_NULL) && has_candidate(&d, 233 * S, 1200 * US_1970),
	   "candidate: the witness' BYE that the host did not accept for 32 s, at its arrival");
	ok(cg_cdr_fingerprint(&d, cg_cdr_due(&d, &limits, 231 * S)) !=
		   cg_cdr_fingerprint(&d, cg_cdr_due(&d, &limits, 233 * S)),
	   "fingerprint: changes when silence makes a candidate end");
	d = a_call_with_bye(CG_D_BYE_PROVED);
	ok(has_candidate(&d, 233 * S, 1200 * US_1970),
	   "candidate: a proved BYE to a callee on the wire who is silent for 32 s");
	d.callee_flags |= CG_LEG_GATEWAY;
	ok(has_candidate(&d, 233 * S, CG_NULL),
	   "candidate: a silent gateway makes no candidate, because a gateway always answers");
	d = a_call_with_bye(0);
	ok(has_candidate(&d, 233 * S, CG_NULL),
	   "candidate: silence on an unproved BYE is no candidate end");
	d = a_call_with_bye(CG_D_BYE_PROVED | CG_D_CANDIDATE);
	d.candidate_ms = 50001;
	ok(has_candidate(&d, 231 * S, 1150 * US_1970) && has_candidate(&d, 233 * S, 1200 * US_1970),
	   "candidate: of two the later one counts");
	d = an_ended_call();
	d.flags |= CG_D_CANDIDATE;
	d.candidate_ms = 50001;
	row = row_of(&d, 0);
	ok(row.candidate_end == CG_NULL && !strcmp(row.end_reason, "bye"),
	   "candidate: an end on evidence removes the candidate");
}

static void doubts(void)
{
	struct cg_limits gone = limits;
	struct cg_dialog d = a_call();
	struct cg_cdr_row row;

	d.flags = CG_D_CANDIDATE;
	d.candidate_ms = 50001;
	ok(!cg_cdr_due(&d, &limits, 3749 * S),
	   "doubt: a candidate younger than an hour closes nothing");
	ok(cg_cdr_due(&d, &limits, 3751 * S) == CG_DUE_DOUBT,
	   "doubt: an hour after its candidate a call closes, and stays in the map");
	row = row_of(&d, CG_DUE_DOUBT);
	ok(row.end_time == 1150 * US_1970 && row.candidate_end == 1150 * US_1970 &&
		   !strcmp(row.end_reason, "unproven_bye") && !strcmp(row.ended_by, "none") &&
		   row.suspect && !row.bye_confirmed,
	   "doubt: the call closes at its candidate as unproven_bye, suspect");
	ok(cg_cdr_due(&d, &limits, 43301 * S) == (CG_DUE_DOUBT | CG_DUE_RETIRE),
	   "doubt: at max_call the row keeps that end, and the dialog leaves the map");
	gone.lost_at = 4000 * S;
	ok(cg_cdr_due(&d, &gone, 4001 * S) == CG_DUE_DOUBT,
	   "doubt: the row keeps that end when the maps are removed later");
	gone.lost_at = 3000 * S;
	ok(cg_cdr_due(&d, &gone, 9000 * S) == CG_DUE_LOST,
	   "doubt: maps removed within the hour: the call is lost");
	d.candidate_ms = 43000001;
	ok(cg_cdr_due(&d, &limits, 90000 * S) == (CG_DUE_EXPIRED | CG_DUE_RETIRE),
	   "doubt: max_call within the hour is a timeout, whenever it is seen");
	row = row_of(&d, CG_DUE_EXPIRED);
	ok(row.candidate_end == 44100 * US_1970 && !strcmp(row.end_reason, "timeout"),
	   "doubt: a row that max_call closes has the candidate");
	d.flags = 0;
	d.candidate_ms = 0;
	ok(cg_cdr_fingerprint(&d, 0) && !cg_cdr_due(&d, &limits, 3751 * S) &&
		   row_of(&d, 0).end_time == CG_NULL,
	   "doubt: after a sign of life the row is open again");
}

static void silent_host(void)
{
	struct cg_dialog d = a_call_with_bye(CG_D_BYE_LOCAL | CG_D_BYE_PROVED);
	struct cg_cdr_row row;

	d.caller_flags |= CG_LEG_LOCAL | CG_LEG_WITNESS;
	ok(!cg_cdr_due(&d, &limits, 231 * S), "silence: the host's BYE has 32 s to be answered");
	ok(cg_cdr_due(&d, &limits, 233 * S) == CG_DUE_SILENT,
	   "silence: after 32 s without an answer the host's own BYE closes the call");
	row = row_of(&d, CG_DUE_SILENT);
	ok(row.end_time == 1200 * US_1970 && !strcmp(row.end_reason, "bye") && row.suspect &&
		   !row.bye_confirmed,
	   "silence: a call that the host's own BYE closes ends when that was sent, suspect");
	ok(cg_cdr_due(&d, &limits, 50000 * S) == (CG_DUE_SILENT | CG_DUE_RETIRE),
	   "silence: max_call does not make it a timeout");
}

static bool sides_are(__u8 caller_flags, __u8 callee_flags, const char *caller, const char *callee,
		      int witness)
{
	struct cg_dialog d = a_call();
	struct cg_cdr_row row;

	d.caller_flags = caller_flags;
	d.callee_flags = callee_flags;
	row = row_of(&d, 0);
	return !strcmp(row.caller_side, caller) && !strcmp(row.callee_side, callee) &&
	       row.witness == witness;
}

static void sides(void)
{
	struct cg_dialog d = a_call(), other = a_call();

	ok(sides_are(0, CG_LEG_GATEWAY, "wire", "gateway", 3), "sides: a gateway has rank 3");
	ok(sides_are(CG_LEG_GATEWAY, 0, "gateway", "wire", 3),
	   "sides: a gateway that calls has rank 3");
	ok(sides_are(0, CG_LEG_LOCAL, "wire", "local", 2), "sides: the host itself has rank 2");
	ok(sides_are(CG_LEG_LOCAL, CG_LEG_GATEWAY, "local", "gateway", 3),
	   "sides: a gateway outranks the host");
	ok(sides_are(0, 0, "wire", "wire", 1), "sides: a callee on the wire has rank 1");
	ok(sides_are(0, CG_LEG_UNSEEN, "wire", "unseen", 0),
	   "sides: a caller on the wire and an unseen callee have no rank");
	ok(sides_are(CG_LEG_UNSEEN, 0, "unseen", "wire", 1),
	   "sides: with an unseen caller the callee on the wire is the witness");
	ok(sides_are(CG_LEG_HEP, CG_LEG_HEP, "hep", "hep", 1),
	   "sides: of two legs by HEP the callee is the witness");
	ok(sides_are(CG_LEG_GATEWAY | CG_LEG_HEP, 0, "gateway", "wire", 3),
	   "sides: a gateway by HEP is a gateway");
	ok(sides_are(0, CG_LEG_GATEWAY | CG_LEG_LOCAL, "wire", "local", 2),
	   "sides: a leg that is the host is `local`, also under --gateway");
	other.callee_flags |= CG_LEG_GATEWAY;
	ok(cg_cdr_fingerprint(&d, 0) != cg_cdr_fingerprint(&other, 0),
	   "fingerprint: changes with a side");
}

static void fingerprints(void)
{
	struct cg_dialog d = a_call(), other = d;
	__u64 open = cg_cdr_fingerprint(&d, 0);

	other.caller.cseq = 20;
	other.bye_at = 1;
	other.state = CG_S_ENDING;
	other.target.contact = 7;
	other.bye_branch_out = 7;
	ok(cg_cdr_fingerprint(&other, 0) == open,
	   "fingerprint: session refreshes and pending BYEs of an open call say nothing new");
	other = d;
	other.blocked_byes = 1;
	ok(cg_cdr_fingerprint(&other, 0) != open, "fingerprint: changes with a blocked BYE");
	other = d;
	other.caller.addr[15] = 9;
	ok(cg_cdr_fingerprint(&other, 0) != open,
	   "fingerprint: changes with the address of the caller");
	other = an_ended_call();
	ok(cg_cdr_fingerprint(&other, 0) != open, "fingerprint: changes with the end");
	other.flags |= CG_D_ALIVE_AFTER_END;
	d = an_ended_call();
	ok(cg_cdr_fingerprint(&other, 0) != cg_cdr_fingerprint(&d, 0),
	   "fingerprint: changes with messages after the end");
	d = a_call();
	ok(cg_cdr_fingerprint(&d, CG_DUE_EXPIRED) != open && open,
	   "fingerprint: changes when max_call is over");
}

static int same_uid(const char *id, const char *a, const char *b, const char *id2, const char *a2,
		    const char *b2)
{
	char ids[2][CG_CALL_ID_MAX] = {}, tags[4][CG_TAG_MAX] = {}, one[CG_UUID_TEXT],
	     two[CG_UUID_TEXT];

	strcpy(ids[0], id);
	strcpy(ids[1], id2);
	strcpy(tags[0], a);
	strcpy(tags[1], b);
	strcpy(tags[2], a2);
	strcpy(tags[3], b2);
	cg_cdr_make_call_uid(ids[0], tags[0], tags[1], one);
	cg_cdr_make_call_uid(ids[1], tags[2], tags[3], two);
	return strlen(one) == 36 && one[14] == '5' && !strcmp(one, two);
}

static void uids(void)
{
	ok(same_uid("c", "a", "b", "c", "b", "a"), "call_uid: the same from either leg");
	ok(same_uid("c", "aBc", "X", "c", "AbC", "x"), "call_uid: tags without case");
	ok(!same_uid("c", "a", "b", "C", "a", "b"), "call_uid: Call-ID with case");
	ok(!same_uid("c", "ab", "c", "c", "a", "bc"), "call_uid: tags do not run into each other");
	ok(same_uid("c", "", "b", "c", "b", ""), "call_uid: an empty tag is one");
}

static void violations(void)
{
	struct cg_event event = {
		.type = CG_EV_VIOLATION,
		.reason = CG_R_OUT_OF_ORDER,
		.action = CG_DROP,
		.leg = CG_LEG_CALLER,
		.at = 123 * S,
		.seq = 1ULL << 48 | 7,
		.cseq = 10,
		.cseq_valid = 1,
		.expected_cseq = 14,
		.source = { [10] = 0xff, 0xff, 192, 0, 2, 1 },
		.source_port = 5061,
		.method = CG_M_BYE,
		.call_id = "call@host",
		.from_tag = "Tag-A",
		.to_tag = "tag-b",
	};
	struct cg_dialog d = a_call();
	struct cg_cdr_row cdr = row_of(&d, 0);
	struct cg_dialog_key key = { 1, 2 };
	struct cg_violation_row row, again;

	cg_violation_fill_event(&event, &origin, "eth0", &row);
	ok(!strcmp(row.reason, "out_of_order") && !strcmp(row.action, "drop") &&
		   !strcmp(row.leg, "caller") && !strcmp(row.method, "BYE") && row.cseq == 10 &&
		   row.expected_cseq == 14 && row.at == 1123 * US_1970 &&
		   row.seq == (1LL << 48 | 7) && !strcmp(row.interface, "eth0"),
	   "violation: the row of the attack of 2008 has reason, action and both CSeqs");
	ok(!strcmp(row.call_uid, cdr.call_uid), "violation: finds its call by call_uid");
	event.cseq_valid = 0;
	event.expected_cseq = 0;
	event.seq = ~0ULL;
	event.reason = 250;
	cg_violation_fill_event(&event, &origin, "", &row);
	ok(row.cseq == CG_NULL && row.expected_cseq == CG_NULL && row.seq >= 0 &&
		   !strcmp(row.reason, "unknown"),
	   "violation: what is not known is NULL, and seq fits a bigint");

	cg_violation_fill_breaker(500 * S, 0, &origin, &row);
	ok(row.at == 1500 * US_1970 && !strcmp(row.reason, "breaker") &&
		   !strcmp(row.source, "::") && strlen(row.call_uid) == 36 && row.seq > 0,
	   "violation: a fall back to observe mode is of no call");

	d.state = CG_S_ENDING;
	d.bye_at = 150 * S;
	d.flags = CG_D_BYE_CALLEE;
	d.callee_flags |= CG_LEG_BYE_CSEQ_VALID;
	d.callee.bye_cseq = 3;
	memset(&again, 0xee, sizeof(again));
	cg_violation_fill_unanswered(&key, &d, &limits, &origin, &row);
	cg_violation_fill_unanswered(&key, &d, &limits, &origin, &again);
	ok(!memcmp(&row, &again, sizeof(row)) && row.at == 1182 * US_1970 && row.cseq == 3 &&
		   !strcmp(row.reason, "unanswered") && !strcmp(row.leg, "callee") &&
		   !strcmp(row.from_tag, "tag-b") && !strcmp(row.source, "2001:db8::2"),
	   "violation: unanswered, of the callee's BYE, the same however often it is made");
}

static void alive_after_doubt(void)
{
	struct cg_dialog d = a_call();
	struct cg_dialog_key key = { 1, 2 };
	struct cg_violation_row row;
	struct cg_cdr_row cdr = row_of(&d, 0);

	cg_violation_fill_alive(&key, &d, 500 * S, &origin, &row);
	ok(row.at == 1500 * US_1970 && !strcmp(row.reason, "alive_after_end") &&
		   !strcmp(row.action, "pass") && !strcmp(row.leg, "callee") &&
		   !strcmp(row.source, "2001:db8::2") && row.source_port == 5062 &&
		   row.cseq == CG_NULL && !strcmp(row.call_uid, cdr.call_uid) && row.seq > 0,
	   "violation: a call that doubt had closed is alive: of the witness, found by call_uid");
}

/* A macro on the way from the list to the table may expand `bool` to _Bool. */
static void column_types(void)
{
	static const char *const known[] = {
		"time", "uuid", "text", "inet", "int4", "int8", "bool"
	};
	const struct cg_db_column *unknown = NULL;

	for (int t = 0; t < CG_TABLES; t++)
		for (unsigned int i = 0; i < cg_db_tables[t].n_columns; i++) {
			const struct cg_db_column *column = &cg_db_tables[t].columns[i];
			bool found = false;

			for (size_t k = 0; k < sizeof(known) / sizeof(*known); k++)
				found |= !strcmp(column->type, known[k]);
			if (!found)
				unknown = column;
		}
	ok(!unknown, "tables: every column has the name of a PostgreSQL type, or time");
}

/* The same call on a host that was started `later`. */
static struct cg_dialog seen_later(struct cg_dialog d, __u64 later)
{
	d.setup -= later;
	d.answer -= later;
	d.end -= d.end ? later : 0;
	d.bye_at -= d.bye_at ? later : 0;
	return d;
}

static bool is_same_later(const struct cg_dialog *d, __u64 now)
{
	const __u64 later = 150 * S; /* than the answer, and than most ends */
	struct cg_dialog moved = seen_later(*d, later);
	struct cg_origin moved_origin = origin;
	struct cg_cdr_row row, moved_row;
	unsigned int due = cg_cdr_due(d, &limits, now);

	moved_origin.clock_offset[0] += later;
	if (cg_cdr_due(&moved, &limits, now - later) != due)
		return false;
	memset(&row, 0, sizeof(row));
	memset(&moved_row, 0, sizeof(row));
	cg_cdr_fill_row(d, &limits, &origin, due, &row);
	cg_cdr_fill_row(&moved, &limits, &moved_origin, due, &moved_row);
	return !memcmp(&row, &moved_row, sizeof(row)) &&
	       cg_dialog_candidate_ns(d, &limits, now) ==
		       cg_dialog_candidate_ns(&moved, &limits, now - later) +
			       later * (row.candidate_end != CG_NULL);
}

/* Another host of the pair has opened the call, before this one was started. */
static void before_boot(void)
{
	static const __u64 nows[] = { 151 * S, 170 * S, 300 * S, 5000 * S, 50000 * S };
	struct cg_dialog calls[5];
	bool same = true;

	for (size_t i = 0; i < 5; i++)
		calls[i] = a_call();
	calls[1] = an_ended_call();
	calls[2].flags = CG_D_CANDIDATE;
	calls[2].candidate_ms = 20001;
	calls[2].first_blocked_ms = 30001;
	calls[2].blocked_byes = 2;
	calls[3].state = calls[4].state = CG_S_ENDING;
	calls[3].bye_at = calls[4].bye_at = 130 * S;
	calls[3].flags = CG_D_BYE_LOCAL;
	calls[4].flags = CG_D_BYE_OF_WITNESS | CG_D_CANDIDATE;
	calls[4].candidate_ms = 10001;
	for (size_t i = 0; i < 5; i++)
		for (size_t j = 0; j < sizeof(nows) / sizeof(*nows); j++)
			if (!is_same_later(&calls[i], nows[j])) {
				printf("# call %zu at %llu s\n", i,
				       (unsigned long long)(nows[j] / S));
				same = false;
			}
	ok(same,
	   "pair: a call that began before the boot has the same row, and is due at the same time");
}

static void blocked_elsewhere(void)
{
	struct cg_dialog d = a_call();
	__u64 before = cg_cdr_fingerprint(&d, 0);

	d.blocked_byes = 2;
	d.blocked_elsewhere = 3;
	ok(row_of(&d, 0).blocked_byes == 5 && cg_cdr_fingerprint(&d, 0) != before,
	   "pair: a row has the BYEs that all hosts have blocked");
	d.blocked_byes = d.blocked_elsewhere = UINT32_MAX;
	ok(row_of(&d, 0).blocked_byes == INT32_MAX, "pair: their sum does not wrap");
}

int main(void)
{
	before_boot();
	blocked_elsewhere();
	column_types();
	rows();
	ends();
	lost();
	hostile_text();
	due();
	candidates();
	doubts();
	silent_host();
	sides();
	fingerprints();
	uids();
	violations();
	alive_after_doubt();
	return tap_done();
}
