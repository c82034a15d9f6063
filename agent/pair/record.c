// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "pair/record.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "util/text.h"

#define MAGIC 0x31504743U /* "CGP1" */

#define TIME_MAX (1ULL << 62) /* ns since 1970: in the year 2116 */

struct head {
	__u32 magic;
	__u16 layout;
	__u8 type;
	__u8 flags;
	__s64 sent_us;
	__u8 sender_len;
	__u8 owner_len;
} __attribute__((packed));

struct counters {
	__u64 who, setup; /* which call it is: a later one may have the same tags */
	__u32 caller_cseq, callee_cseq;
	__u32 caller_passed, callee_passed;
	__u32 blocked;
	__u8 caller_flags, callee_flags;
	__u8 pad[2];
};

static const size_t body_sizes[CG_RECORD_TYPES] = {
	[CG_RECORD_WHOLE] = sizeof(struct cg_dialog_key) + sizeof(struct cg_dialog),
	[CG_RECORD_HEAD] = sizeof(struct cg_dialog_key) + CG_DIALOG_HEAD,
	[CG_RECORD_COUNTERS] = sizeof(struct cg_dialog_key) + sizeof(struct counters),
	[CG_RECORD_GONE] = sizeof(struct cg_dialog_key),
	[CG_RECORD_NOTE] = sizeof(struct cg_txn_key) + sizeof(struct cg_invite),
	[CG_RECORD_BRANCH] = sizeof(struct cg_txn_key) + sizeof(struct cg_branch),
	[CG_RECORD_ALIVE] = sizeof(struct cg_record_alive),
};

void cg_record_make_key(struct cg_record_key *key, const struct cg_secret *secret, const char *pair)
{
	static const char purpose[] = "cseqguard pair";
	crypto_auth_hmacsha256_state state;

	crypto_auth_hmacsha256_init(&state, (const __u8 *)secret, sizeof(*secret));
	crypto_auth_hmacsha256_update(&state, (const __u8 *)purpose, sizeof(purpose) - 1);
	crypto_auth_hmacsha256_final(&state, key->bytes);
	snprintf(key->pair, sizeof(key->pair), "%s", pair);
}

static void make_mac(const struct cg_record_key *key, const void *bytes, size_t len,
		     __u8 mac[CG_RECORD_MAC])
{
	__u8 whole[crypto_auth_hmacsha256_BYTES];
	crypto_auth_hmacsha256_state state;

	crypto_auth_hmacsha256_init(&state, key->bytes, sizeof(key->bytes));
	/* with the NUL: no name and record are another name and record */
	crypto_auth_hmacsha256_update(&state, (const __u8 *)key->pair, strlen(key->pair) + 1);
	crypto_auth_hmacsha256_update(&state, bytes, len);
	crypto_auth_hmacsha256_final(&state, whole);
	memcpy(mac, whole, CG_RECORD_MAC);
}

bool cg_record_node_is_valid(const char *node)
{
	char copy[CG_ESCAPED_SIZE(CG_PEER_NODE_MAX)];
	size_t len = strnlen(node, CG_PEER_NODE_MAX);

	if (!len || len == CG_PEER_NODE_MAX)
		return false;
	cg_text_make_printable(copy, sizeof(copy), node);
	return !strcmp(copy, node);
}

/* --- encode ----------------------------------------------------------------------------------- */

static __u8 *append(__u8 *at, const void *bytes, size_t len)
{
	memcpy(at, bytes, len);
	return at + len;
}

static __u8 *append_counters(__u8 *at, const struct cg_dialog *dialog)
{
	const struct counters counters = {
		.who = dialog->who,
		.setup = dialog->setup,
		.caller_cseq = dialog->caller.cseq,
		.callee_cseq = dialog->callee.cseq,
		.caller_passed = dialog->caller_passed,
		.callee_passed = dialog->callee_passed,
		.blocked = dialog->blocked_byes,
		.caller_flags = dialog->caller_flags & CG_LEG_CSEQ_VALID,
		.callee_flags = dialog->callee_flags & CG_LEG_CSEQ_VALID,
	};

	return append(at, &counters, sizeof(counters));
}

static __u8 *append_body(__u8 *at, const struct cg_record *record)
{
	switch (record->type) {
	case CG_RECORD_WHOLE:
		at = append(at, &record->key, sizeof(record->key));
		return append(at, &record->dialog, sizeof(record->dialog));
	case CG_RECORD_HEAD:
		at = append(at, &record->key, sizeof(record->key));
		return append(at, &record->dialog, CG_DIALOG_HEAD);
	case CG_RECORD_COUNTERS:
		at = append(at, &record->key, sizeof(record->key));
		return append_counters(at, &record->dialog);
	case CG_RECORD_NOTE:
		at = append(at, &record->txn, sizeof(record->txn));
		return append(at, &record->note, sizeof(record->note));
	case CG_RECORD_BRANCH:
		at = append(at, &record->txn, sizeof(record->txn));
		return append(at, &record->branch, sizeof(record->branch));
	case CG_RECORD_ALIVE:
		return append(at, &record->alive, sizeof(record->alive));
	default:
		return append(at, &record->key, sizeof(record->key));
	}
}

size_t cg_record_encode(const struct cg_record_key *key, const struct cg_record *record,
			__u8 out[CG_RECORD_MAX])
{
	bool own = !*record->owner || !strcmp(record->owner, record->sender);
	const struct head head = {
		.magic = MAGIC,
		.layout = CG_LAYOUT,
		.type = record->type,
		.sent_us = record->sent_us,
		.sender_len = strlen(record->sender),
		.owner_len = own ? 0 : strlen(record->owner),
	};
	__u8 *at = append(out, &head, sizeof(head));

	at = append(at, record->sender, head.sender_len);
	at = append(at, record->owner, head.owner_len);
	at = append_body(at, record);
	make_mac(key, out, at - out, at);
	return at + CG_RECORD_MAC - out;
}

/* --- decode ----------------------------------------------------------------------------------- */

static bool time_is_valid(__u64 time)
{
	return time && time < TIME_MAX;
}

static bool text_is_valid(const char *text, size_t size)
{
	return !text[size - 1];
}

static bool call_is_valid(const struct cg_call *call)
{
	return text_is_valid(call->call_id, sizeof(call->call_id)) &&
	       text_is_valid(call->from_tag, sizeof(call->from_tag)) &&
	       text_is_valid(call->from_uri, sizeof(call->from_uri)) &&
	       text_is_valid(call->to_uri, sizeof(call->to_uri)) &&
	       text_is_valid(call->request_uri, sizeof(call->request_uri));
}

/* What only this host knows is 0 in a record. */
static bool dialog_has_no_local(const struct cg_dialog *dialog)
{
	__u32 lock;

	memcpy(&lock, &dialog->lock, sizeof(lock));
	return !lock && !dialog->clock && !dialog->caller_ifindex && !dialog->callee_ifindex &&
	       !dialog->peer && !dialog->blocked_elsewhere &&
	       !(dialog->flags & ~CG_RECORD_DIALOG_FLAGS);
}

static bool head_is_valid(const struct cg_dialog *dialog)
{
	bool known = dialog->state > CG_S_EARLY && dialog->state < CG_STATES &&
		     dialog->end_reason < CG_ENDS && dialog->ended_by <= CG_LEG_CALLEE;
	bool ended = dialog->state == CG_S_ENDED;

	return known && dialog_has_no_local(dialog) && time_is_valid(dialog->setup) &&
	       time_is_valid(dialog->answer) && (dialog->end != 0) == ended &&
	       (dialog->end_reason != CG_E_NONE) == ended && dialog->end < TIME_MAX &&
	       dialog->bye_at < TIME_MAX;
}

static int read_counters(struct cg_dialog *dialog, const __u8 *body)
{
	struct counters counters;

	memcpy(&counters, body, sizeof(counters));
	*dialog = (struct cg_dialog){ .who = counters.who,
				      .setup = counters.setup,
				      .caller = { .cseq = counters.caller_cseq },
				      .callee = { .cseq = counters.callee_cseq },
				      .caller_passed = counters.caller_passed,
				      .callee_passed = counters.callee_passed,
				      .blocked_byes = counters.blocked,
				      .caller_flags = counters.caller_flags,
				      .callee_flags = counters.callee_flags };
	if (!counters.who || !time_is_valid(counters.setup) ||
	    (counters.caller_flags | counters.callee_flags) & ~CG_LEG_CSEQ_VALID ||
	    counters.pad[0] || counters.pad[1])
		return -EBADMSG;
	return 0;
}

static int read_dialog(struct cg_record *record, const __u8 *body)
{
	struct cg_dialog *dialog = &record->dialog;

	memcpy(&record->key, body, sizeof(record->key));
	body += sizeof(record->key);
	memset(dialog, 0, sizeof(*dialog));
	if (record->type == CG_RECORD_GONE)
		return 0;
	if (record->type == CG_RECORD_COUNTERS)
		return read_counters(dialog, body);
	if (record->type == CG_RECORD_HEAD)
		memcpy(dialog, body, CG_DIALOG_HEAD);
	else
		memcpy(dialog, body, sizeof(*dialog));
	return head_is_valid(dialog) && call_is_valid(&dialog->call) &&
			       text_is_valid(dialog->to_tag, sizeof(dialog->to_tag))
		       ? 0
		       : -EBADMSG;
}

static int read_note(struct cg_record *record, const __u8 *body)
{
	struct cg_invite *note = &record->note;

	memcpy(&record->txn, body, sizeof(record->txn));
	memcpy(note, body + sizeof(record->txn), sizeof(*note));
	return time_is_valid(note->setup) && time_is_valid(note->renewed) &&
			       note->done < TIME_MAX && !note->clock && !note->caller_ifindex &&
			       call_is_valid(&note->call)
		       ? 0
		       : -EBADMSG;
}

static int read_branch(struct cg_record *record, const __u8 *body)
{
	struct cg_branch *branch = &record->branch;

	memcpy(&record->txn, body, sizeof(record->txn));
	memcpy(branch, body + sizeof(record->txn), sizeof(*branch));
	return time_is_valid(branch->renewed) && branch->done < TIME_MAX && !branch->sent_ifindex &&
			       text_is_valid(branch->request_uri, sizeof(branch->request_uri))
		       ? 0
		       : -EBADMSG;
}

static int read_body(struct cg_record *record, const __u8 *body)
{
	switch (record->type) {
	case CG_RECORD_NOTE:
		return read_note(record, body);
	case CG_RECORD_BRANCH:
		return read_branch(record, body);
	case CG_RECORD_ALIVE:
		memcpy(&record->alive, body, sizeof(record->alive));
		return 0;
	default:
		return read_dialog(record, body);
	}
}

static int copy_name(char out[CG_PEER_NODE_MAX], const __u8 *name, size_t len)
{
	if (!len || len >= CG_PEER_NODE_MAX || memchr(name, 0, len))
		return -EBADMSG;
	memcpy(out, name, len);
	out[len] = '\0';
	return cg_record_node_is_valid(out) ? 0 : -EBADMSG;
}

/* Reads the head and both names. Returns their length, or -EBADMSG. */
static int read_head(const __u8 *bytes, size_t len, struct head *head, struct cg_record *record)
{
	size_t names;

	if (len < sizeof(*head))
		return -EBADMSG;
	memcpy(head, bytes, sizeof(*head));
	names = head->sender_len + head->owner_len;
	if (head->magic != MAGIC || sizeof(*head) + names > len ||
	    copy_name(record->sender, bytes + sizeof(*head), head->sender_len))
		return -EBADMSG;
	if (!head->owner_len)
		memcpy(record->owner, record->sender, sizeof(record->owner));
	else if (copy_name(record->owner, bytes + sizeof(*head) + head->sender_len,
			   head->owner_len))
		return -EBADMSG;
	record->type = head->type;
	record->sent_us = head->sent_us;
	return sizeof(*head) + names;
}

int cg_record_decode(const struct cg_record_key *key, const void *bytes, size_t len,
		     struct cg_record *record)
{
	__u8 mac[CG_RECORD_MAC];
	struct head head;
	int at;

	if (len < sizeof(head) + CG_RECORD_MAC)
		return -EKEYREJECTED;
	len -= CG_RECORD_MAC;
	make_mac(key, bytes, len, mac);
	if (sodium_memcmp(mac, (const __u8 *)bytes + len, sizeof(mac)))
		return -EKEYREJECTED;
	at = read_head(bytes, len, &head, record);
	if (at < 0)
		return at;
	if (head.layout != CG_LAYOUT)
		return -EPROTO;
	if (head.type >= CG_RECORD_TYPES || head.flags || head.sent_us < 0 ||
	    len - at != body_sizes[head.type])
		return -EBADMSG;
	return read_body(record, (const __u8 *)bytes + at);
}

int cg_record_peek_sender(const void *bytes, size_t len, char sender[CG_PEER_NODE_MAX])
{
	struct cg_record record;
	struct head head;
	int at = read_head(bytes, len, &head, &record);

	if (at < 0)
		return at;
	memcpy(sender, record.sender, CG_PEER_NODE_MAX);
	return 0;
}
