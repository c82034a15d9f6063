// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// link: agent/pair/record.c agent/pair/record_times.c agent/util/text.c -lsodium
#include "pair/record.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tap.h"

#define WALL 1800000000000000000LL /* ns since 1970 */
#define OFFSET (WALL - 5000000000LL) /* the host is up for 5 s */

static const struct cg_secret secret = { { 1, 2 } };
static struct cg_record_key key;

static const char *const words[] = {
	"whole", "head", "counters", "gone", "note", "branch", "alive"
};

static struct cg_dialog make_dialog(void)
{
	struct cg_dialog dialog = { .who = 7,
				    .state = CG_S_ENDING,
				    .clock = 3,
				    .caller_flags = CG_LEG_CSEQ_VALID,
				    .caller = { .cseq = 4, .bye_cseq = 5 },
				    .callee = { .cseq = 9 },
				    .flags = CG_D_SPEAKS_HERE | CG_D_BYE_CALLEE,
				    .blocked_byes = 11,
				    .caller_passed = 4,
				    .callee_passed = 8,
				    .caller_ifindex = 2,
				    .sip_code = 200,
				    .setup = 1000000000,
				    .answer = 2000000000,
				    .bye_at = 4000000000,
				    .epoch = 2,
				    .peer = 3,
				    .blocked_elsewhere = 6 };

	memset(&dialog.lock, 1, sizeof(dialog.lock));
	strcpy(dialog.call.call_id, "a@b");
	strcpy(dialog.call.from_tag, "from");
	strcpy(dialog.to_tag, "to");
	return dialog;
}

static struct cg_record make_record(enum cg_record_type type)
{
	const struct cg_invite note = { .setup = 1, .renewed = 2, .clock = 1, .caller_ifindex = 7 };
	const struct cg_branch branch = { .note = 4, .renewed = 3, .sent_ifindex = 9 };
	const struct cg_dialog dialog = make_dialog();
	struct cg_record record = { .type = type,
				    .sent_us = WALL / 1000,
				    .sender = "sbc-2",
				    .owner = "sbc-1",
				    .key = { 1, 2 },
				    .txn = { 3, 4, 5 },
				    .alive = { -1500, 20, 3, 4, 0 } };

	cg_record_set_dialog(&record, &dialog, OFFSET);
	cg_record_set_note(&record, &note, OFFSET);
	cg_record_set_branch(&record, &branch, OFFSET);
	return record;
}

static int recode(const struct cg_record *record, struct cg_record *out)
{
	__u8 bytes[CG_RECORD_MAX];

	memset(out, 0xaa, sizeof(*out));
	return cg_record_decode(&key, bytes, cg_record_encode(&key, record, bytes), out);
}

/* --- what is read is what was written --------------------------------------------------------- */

static void test_each_type(void)
{
	for (int type = 0; type < CG_RECORD_TYPES; type++) {
		struct cg_record in = make_record(type), out;

		ok(!recode(&in, &out) && out.type == (enum cg_record_type)type &&
			   !strcmp(out.sender, "sbc-2") && !strcmp(out.owner, "sbc-1") &&
			   out.sent_us == in.sent_us,
		   "pair record: %s: type, names and time are read", words[type]);
	}
}

static void test_bodies(void)
{
	struct cg_record in = make_record(CG_RECORD_WHOLE), out;

	recode(&in, &out);
	ok(!memcmp(&in.dialog, &out.dialog, sizeof(in.dialog)) && out.key.tags == 2,
	   "pair record: a whole dialog is read byte for byte");
	in.type = CG_RECORD_HEAD;
	recode(&in, &out);
	ok(!memcmp(&in.dialog, &out.dialog, CG_DIALOG_HEAD) && !*out.dialog.call.call_id,
	   "pair record: a head is read byte for byte, and has no texts");
	in.type = CG_RECORD_COUNTERS;
	recode(&in, &out);
	ok(out.dialog.caller.cseq == 4 && out.dialog.callee.cseq == 9 &&
		   out.dialog.caller_passed == 4 && out.dialog.callee_passed == 8 &&
		   out.dialog.blocked_byes == 11 && !out.dialog.state &&
		   out.dialog.caller_flags == CG_LEG_CSEQ_VALID && !out.dialog.callee_flags,
	   "pair record: counters are read, and nothing else");
	in.type = CG_RECORD_NOTE;
	recode(&in, &out);
	ok(!memcmp(&in.note, &out.note, sizeof(in.note)) && out.txn.branch == 5,
	   "pair record: a note is read byte for byte");
	in.type = CG_RECORD_BRANCH;
	recode(&in, &out);
	ok(!memcmp(&in.branch, &out.branch, sizeof(in.branch)) && out.txn.call == 3,
	   "pair record: a branch is read byte for byte");
	in.type = CG_RECORD_ALIVE;
	recode(&in, &out);
	ok(!memcmp(&in.alive, &out.alive, sizeof(in.alive)),
	   "pair record: a sign of life is read byte for byte");
}

static void test_owner(void)
{
	struct cg_record in = make_record(CG_RECORD_GONE), out;
	__u8 bytes[CG_RECORD_MAX];
	size_t longer = cg_record_encode(&key, &in, bytes);

	strcpy(in.owner, in.sender);
	ok(!recode(&in, &out) && !strcmp(out.owner, "sbc-2") &&
		   cg_record_encode(&key, &in, bytes) == longer - 5,
	   "pair record: an owner that is the sender is not repeated");
}

static void test_size(void)
{
	struct cg_record in = make_record(CG_RECORD_COUNTERS);
	__u8 bytes[CG_RECORD_MAX];

	*in.owner = '\0';
	ok(cg_record_encode(&key, &in, bytes) < 110,
	   "pair record: counters take less than 110 bytes");
	memset(in.sender, 's', CG_PEER_NODE_MAX - 1);
	memset(in.owner, 'o', CG_PEER_NODE_MAX - 1);
	in.type = CG_RECORD_WHOLE;
	ok(cg_record_encode(&key, &in, bytes) == CG_RECORD_MAX,
	   "pair record: the longest names and a whole dialog fill the largest record");
}

static void test_times(void)
{
	const struct cg_dialog dialog = make_dialog();
	struct cg_record in = make_record(CG_RECORD_WHOLE), out;
	struct cg_dialog there, back;

	recode(&in, &out);
	ok(out.dialog.setup == (__u64)OFFSET + 1000000000 && !out.dialog.end,
	   "pair record: times travel by the wall clock, and 0 as 0");
	/* a host that was started after the call has begun */
	cg_record_get_dialog(&out, 5, WALL - 100, &there);
	ok(there.clock == 5 && there.setup == dialog.setup - 5000000000 + 100 &&
		   there.setup > 1ULL << 63,
	   "pair record: a time before this host's boot is before 0");
	cg_record_set_dialog(&in, &there, WALL - 100);
	cg_record_get_dialog(&in, 3, OFFSET, &back);
	ok(back.setup == dialog.setup && back.answer == dialog.answer && !back.end &&
		   back.bye_at == dialog.bye_at,
	   "pair record: back at the first host its times are what they were");
}

static void test_local_fields(void)
{
	struct cg_record in = make_record(CG_RECORD_WHOLE);
	__u32 lock;

	memcpy(&lock, &in.dialog.lock, sizeof(lock));
	ok(!lock && !in.dialog.clock && !in.dialog.caller_ifindex && !in.dialog.peer &&
		   !in.dialog.blocked_elsewhere && in.dialog.flags == CG_D_BYE_CALLEE &&
		   in.dialog.blocked_byes == 11 && !in.note.clock && !in.note.caller_ifindex &&
		   !in.branch.sent_ifindex,
	   "pair record: lock, clock, interfaces and what other hosts refused do not travel");
}

/* --- hostile bytes ---------------------------------------------------------------------------- */

static void test_truncations(int type)
{
	struct cg_record in = make_record(type), out;
	__u8 bytes[CG_RECORD_MAX];
	size_t len = cg_record_encode(&key, &in, bytes), taken = 0;

	for (size_t n = 0; n < len; n++) {
		__u8 *exact = memcpy(malloc(n + 1), bytes, n); /* a read beyond is seen */

		taken += !cg_record_decode(&key, exact, n, &out);
		free(exact);
	}
	ok(!taken, "pair record: %s: no truncated one is taken", words[type]);
	bytes[len] = 0;
	ok(len == CG_RECORD_MAX || cg_record_decode(&key, bytes, len + 1, &out),
	   "pair record: %s: one with a byte more is not taken", words[type]);
}

static void test_flips(int type)
{
	struct cg_record in = make_record(type), out;
	__u8 bytes[CG_RECORD_MAX];
	size_t len = cg_record_encode(&key, &in, bytes), taken = 0;

	for (size_t n = 0; n < len; n++) {
		bytes[n] ^= 1 << n % 8;
		taken += cg_record_decode(&key, bytes, len, &out) != -EKEYREJECTED;
		bytes[n] ^= 1 << n % 8;
	}
	ok(!taken, "pair record: %s: no flipped bit is taken", words[type]);
}

static void test_keys(void)
{
	const struct cg_secret other = { { 1, 3 } };
	struct cg_record in = make_record(CG_RECORD_GONE), out;
	struct cg_record_key wrong;
	__u8 bytes[CG_RECORD_MAX];
	char sender[CG_PEER_NODE_MAX];
	size_t len = cg_record_encode(&key, &in, bytes);

	cg_record_make_key(&wrong, &other, "edge");
	ok(cg_record_decode(&wrong, bytes, len, &out) == -EKEYREJECTED,
	   "pair record: another secret is refused");
	cg_record_make_key(&wrong, &secret, "edge2");
	ok(cg_record_decode(&wrong, bytes, len, &out) == -EKEYREJECTED,
	   "pair record: another pair is refused");
	ok(!cg_record_peek_sender(bytes, len, sender) && !strcmp(sender, "sbc-2"),
	   "pair record: ... and who sent it can be said");
}

static void refused(const char *name, const struct cg_record *record)
{
	struct cg_record out;

	ok(recode(record, &out) == -EBADMSG, "pair record: refused, with the right key: %s", name);
}

#define REFUSED(record_type, name, change)                                                         \
	do {                                                                                       \
		struct cg_record r = make_record(record_type);                                     \
		change;                                                                            \
		refused(name, &r);                                                                 \
	} while (0)

static void test_hostile_dialog(void)
{
	REFUSED(CG_RECORD_WHOLE, "an early state", r.dialog.state = CG_S_EARLY);
	REFUSED(CG_RECORD_WHOLE, "a state beyond the last", r.dialog.state = CG_STATES);
	REFUSED(CG_RECORD_HEAD, "an end reason beyond the last", r.dialog.end_reason = CG_ENDS);
	REFUSED(CG_RECORD_HEAD, "a leg beyond the callee", r.dialog.ended_by = CG_LEG_CALLEE + 1);
	REFUSED(CG_RECORD_HEAD, "an end of a call that is open", r.dialog.end = WALL);
	REFUSED(CG_RECORD_HEAD, "an ended call without an end", r.dialog.state = CG_S_ENDED);
	REFUSED(CG_RECORD_WHOLE, "no setup", r.dialog.setup = 0);
	REFUSED(CG_RECORD_WHOLE, "an answer far in the future", r.dialog.answer = ~0ULL);
	REFUSED(CG_RECORD_WHOLE, "a clock of the sender", r.dialog.clock = 1);
	REFUSED(CG_RECORD_WHOLE, "an interface of the sender", r.dialog.callee_ifindex = 1);
	REFUSED(CG_RECORD_WHOLE, "a peer of the sender", r.dialog.peer = 1);
	REFUSED(CG_RECORD_WHOLE, "a flag that does not exist", r.dialog.flags |= 1U << 31);
	REFUSED(CG_RECORD_WHOLE, "a flag of this host", r.dialog.flags |= CG_D_SPEAKS_HERE);
	REFUSED(CG_RECORD_WHOLE, "a lock that is held", memset(&r.dialog.lock, 1, 4));
	REFUSED(CG_RECORD_WHOLE, "a Call-ID without an end",
		memset(r.dialog.call.call_id, 'x', CG_CALL_ID_MAX));
	REFUSED(CG_RECORD_WHOLE, "a To tag without an end",
		memset(r.dialog.to_tag, 'x', CG_TAG_MAX));
}

static void test_hostile_others(void)
{
	REFUSED(CG_RECORD_NOTE, "a note without arrival", r.note.setup = 0);
	REFUSED(CG_RECORD_NOTE, "a note's URI without an end",
		memset(r.note.call.request_uri, 'x', CG_URI_MAX));
	REFUSED(CG_RECORD_NOTE, "a note's clock", r.note.clock = 1);
	REFUSED(CG_RECORD_BRANCH, "a branch without a time", r.branch.renewed = 0);
	REFUSED(CG_RECORD_BRANCH, "a branch's URI without an end",
		memset(r.branch.request_uri, 'x', CG_URI_MAX));
	REFUSED(CG_RECORD_GONE, "a time before 1970", r.sent_us = -1);
	REFUSED(CG_RECORD_GONE, "no sender", *r.sender = '\0');
	REFUSED(CG_RECORD_GONE, "a sender with a line feed", strcpy(r.sender, "sbc\n1"));
	REFUSED(CG_RECORD_GONE, "an owner that is no UTF-8", strcpy(r.owner, "\xff"));
}

static void test_node_names(void)
{
	char longest[CG_PEER_NODE_MAX + 1];

	memset(longest, 'n', sizeof(longest));
	longest[CG_PEER_NODE_MAX - 1] = '\0';
	ok(cg_record_node_is_valid("sbc-1/edge") && cg_record_node_is_valid("k\xc3\xb6ln") &&
		   cg_record_node_is_valid(longest) && cg_record_node_is_valid("a\\x09b"),
	   "pair record: names that --node allows are valid");
	longest[CG_PEER_NODE_MAX - 1] = 'n';
	longest[CG_PEER_NODE_MAX] = '\0';
	ok(!cg_record_node_is_valid("") && !cg_record_node_is_valid(longest) &&
		   !cg_record_node_is_valid("a\tb"),
	   "pair record: no name, one that is too long, and a control character are not");
}

int main(void)
{
	cg_record_make_key(&key, &secret, "edge");
	test_each_type();
	test_bodies();
	test_owner();
	test_size();
	test_times();
	test_local_fields();
	for (int type = 0; type < CG_RECORD_TYPES; type++) {
		test_truncations(type);
		test_flips(type);
	}
	test_keys();
	test_hostile_dialog();
	test_hostile_others();
	test_node_names();
	return tap_done();
}
