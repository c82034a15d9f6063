// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "calls/cdr.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <uuid.h>

#include "calls/cdr_internal.h"
#include "util/clock.h"
#include "util/enum_names.h"

/* Must never change, because stored UUIDs depend on it: 9d917c9f-1a6b-42ee-ac48-6fb2228ee49f. */
static const uuid_t call_namespace = { 0x9d, 0x91, 0x7c, 0x9f, 0x1a, 0x6b, 0x42, 0xee,
				       0xac, 0x48, 0x6f, 0xb2, 0x22, 0x8e, 0xe4, 0x9f };

static bool bye_is_silent(const struct cg_dialog *dialog, const struct cg_limits *limits, __u64 now)
{
	return dialog->state == CG_S_ENDING &&
	       cg_time_is_older(dialog->bye_at, limits->bye_timeout, now);
}

/* Returns the candidate end. with_silence: the pending BYE gets no answer any more. */
static __u64 get_candidate(const struct cg_dialog *dialog, bool with_silence)
{
	bool has_gateway = (dialog->caller_flags | dialog->callee_flags) & CG_LEG_GATEWAY;
	bool not_taken = dialog->flags & CG_D_BYE_OF_WITNESS;
	bool not_answered = (dialog->flags & CG_D_BYE_PROVED) &&
			    !(dialog->flags & CG_D_BYE_LOCAL) && !has_gateway;
	__u64 candidate = cg_dialog_recorded_candidate_ns(dialog);

	if (with_silence && (not_taken || not_answered) &&
	    (!candidate || cg_time_is_after(dialog->bye_at, candidate)))
		candidate = dialog->bye_at;
	return candidate;
}

__u64 cg_dialog_candidate_ns(const struct cg_dialog *dialog, const struct cg_limits *limits,
			     __u64 now)
{
	return get_candidate(dialog, bye_is_silent(dialog, limits, now));
}

__u64 cg_dialog_final_candidate_ns(const struct cg_dialog *dialog)
{
	return get_candidate(dialog, dialog->state == CG_S_ENDING);
}

/* Returns what a BYE that got no answer for bye_timeout makes due. */
static unsigned int get_silence_due(const struct cg_dialog *dialog, const struct cg_limits *limits,
				    __u64 now)
{
	unsigned int due = 0;

	if (!bye_is_silent(dialog, limits, now))
		return 0;
	if (dialog->flags & CG_D_BYE_LOCAL)
		return CG_DUE_SILENT;
	if (!(dialog->flags & CG_D_BYE_OF_WITNESS))
		due |= CG_DUE_UNANSWERED;
	if (cg_dialog_candidate_ns(dialog, limits, now) == dialog->bye_at)
		due |= CG_DUE_CANDIDATE;
	return due;
}

unsigned int cg_cdr_due(const struct cg_dialog *dialog, const struct cg_limits *limits, __u64 now)
{
	bool expired = cg_time_is_older(dialog->answer, limits->max_call, now);
	__u64 until = expired ? dialog->answer + limits->max_call : now, candidate;
	unsigned int due;

	if (dialog->state == CG_S_ENDED)
		return cg_time_is_older(dialog->end, limits->grace, now) ? CG_DUE_RETIRE : 0;
	if (limits->lost_at && cg_time_is_after(until, limits->lost_at))
		until = limits->lost_at;
	due = get_silence_due(dialog, limits, until);
	candidate = cg_dialog_candidate_ns(dialog, limits, until);
	if (expired)
		due |= CG_DUE_RETIRE;
	if (due & CG_DUE_SILENT)
		return due;
	if (candidate && cg_time_is_older(candidate, limits->doubt, until))
		due |= CG_DUE_DOUBT; /* at the same time in each scan, also after max_call */
	else if (expired)
		due |= CG_DUE_EXPIRED;
	else if (limits->lost_at)
		due |= CG_DUE_LOST;
	return due;
}

static __u64 hash_words(__u64 hash, const void *data, size_t size)
{
	const __u8 *p = data;

	for (__u64 word; size; p += sizeof(word), size -= sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		hash = (hash ^ word) * 0x9e3779b97f4a7c15ULL;
		hash ^= hash >> 32;
	}
	return hash;
}

#define SIDE_FLAGS (CG_LEG_GATEWAY | CG_LEG_LOCAL | CG_LEG_UNSEEN | CG_LEG_HEP)

__u64 cg_cdr_fingerprint(const struct cg_dialog *dialog, unsigned int due)
{
	bool ended = dialog->state == CG_S_ENDED;
	struct {
		__u64 end;
		__u8 caller_addr[16], callee_addr[16];
		__u32 caller_cseq, callee_cseq, blocked_byes, first_blocked_ms;
		__u32 flags, candidate_ms;
		__u16 caller_port, callee_port;
		__u8 end_reason, ended_by, caller_side, callee_side;
	} said = {
		.end = dialog->end,
		.caller_cseq = ended ? dialog->caller.cseq : 0,
		.callee_cseq = ended ? dialog->callee.cseq : 0,
		.blocked_byes = cg_dialog_blocked_byes(dialog),
		.first_blocked_ms = dialog->first_blocked_ms,
		.caller_port = dialog->caller_port,
		.callee_port = dialog->callee_port,
		.flags = dialog->flags & (CG_D_SUSPECT | CG_D_ALIVE_AFTER_END | CG_D_CONFIRMED_END),
		.candidate_ms = dialog->flags & CG_D_CANDIDATE ? dialog->candidate_ms : 0,
		.end_reason = dialog->end_reason,
		.ended_by = dialog->ended_by,
		.caller_side = dialog->caller_flags & SIDE_FLAGS,
		.callee_side = dialog->callee_flags & SIDE_FLAGS,
	};
	__u64 state = 1 | (ended ? 2 : 0) | (__u64)(due & (CG_DUE_CLOSING | CG_DUE_CANDIDATE)) << 8;
	__u64 hash;

	_Static_assert(sizeof(said) == 72, "no padding, whole words");
	memcpy(said.caller_addr, dialog->caller.addr, sizeof(said.caller_addr));
	memcpy(said.callee_addr, dialog->callee.addr, sizeof(said.callee_addr));
	hash = hash_words(state, &said, sizeof(said));
	return hash ? hash : 1;
}

/* Sets the end that the daemon itself gives a row. One bit of CG_DUE_CLOSING is set. */
static void close_row(const struct cg_dialog *dialog, const struct cg_limits *limits,
		      unsigned int due, __u64 *end, unsigned int *reason)
{
	if (due & CG_DUE_LOST) {
		*end = limits->lost_at;
		*reason = limits->was_detached ? CG_E_DETACHED : CG_E_MAPS_LOST;
	} else if (due & CG_DUE_EXPIRED) {
		*end = dialog->answer + limits->max_call;
		*reason = CG_E_TIMEOUT;
	} else if (due & CG_DUE_SILENT) {
		*end = dialog->bye_at;
		*reason = CG_E_BYE;
	} else {
		*end = cg_dialog_final_candidate_ns(dialog);
		*reason = CG_E_UNPROVEN_BYE;
	}
}

static void fill_end(const struct cg_dialog *dialog, const struct cg_limits *limits,
		     const struct cg_origin *origin, unsigned int due, struct cg_cdr_row *row)
{
	unsigned int reason = dialog->end_reason, by = dialog->ended_by;
	bool ended = dialog->state == CG_S_ENDED;
	__u64 end = dialog->end;

	row->suspect = !!(dialog->flags & (CG_D_SUSPECT | CG_D_ALIVE_AFTER_END));
	row->bye_confirmed = ended && !(due & CG_DUE_CLOSING) && dialog->flags & CG_D_CONFIRMED_END;
	row->end_time = CG_NULL;
	if (due & CG_DUE_CLOSING) {
		close_row(dialog, limits, due, &end, &reason);
		by = CG_LEG_NONE;
		row->suspect = 1;
	} else if (!ended) {
		reason = reason == CG_E_UNGUARDED ? CG_E_UNGUARDED : CG_E_NONE;
		by = CG_LEG_NONE;
	}
	if (ended || due & CG_DUE_CLOSING)
		row->end_time = boottime_to_utc_us(
			origin, dialog->clock,
			cg_time_is_after(end, dialog->answer) ? end : dialog->answer);
	SET_TEXT(row->end_reason, cg_end_name(reason));
	SET_TEXT(row->ended_by, cg_leg_name(by));
}

static void fill_sides(const struct cg_dialog *dialog, const struct cg_origin *origin,
		       unsigned int due, struct cg_cdr_row *row)
{
	bool with_silence = due & (CG_DUE_CANDIDATE | CG_DUE_DOUBT);
	__u64 candidate = with_silence ? cg_dialog_final_candidate_ns(dialog)
				       : cg_dialog_recorded_candidate_ns(dialog);

	SET_TEXT(row->caller_side, cg_side_name(cg_leg_side(dialog->caller_flags)));
	SET_TEXT(row->callee_side, cg_side_name(cg_leg_side(dialog->callee_flags)));
	row->witness = cg_dialog_witness_rank(dialog);
	row->candidate_end =
		candidate ? boottime_to_utc_us(origin, dialog->clock, candidate) : CG_NULL;
}

void cg_cdr_identify(const struct cg_dialog *dialog, const struct cg_origin *origin,
		     char call_uid[CG_UUID_TEXT], __s64 *setup_time)
{
	cg_cdr_make_call_uid(dialog->call.call_id, dialog->call.from_tag, dialog->to_tag, call_uid);
	*setup_time = boottime_to_utc_us(origin, dialog->clock, dialog->setup);
}

void cg_cdr_fill_row(const struct cg_dialog *dialog, const struct cg_limits *limits,
		     const struct cg_origin *origin, unsigned int due, struct cg_cdr_row *row)
{
	*row = (struct cg_cdr_row){
		.answer_time = boottime_to_utc_us(origin, dialog->clock, dialog->answer),
		.caller_port = dialog->caller_port,
		.callee_port = dialog->callee_port,
		.blocked_byes = cg_dialog_blocked_byes(dialog),
		.first_blocked_at = CG_NULL,
		.caller_cseq =
			dialog->caller_flags & CG_LEG_CSEQ_VALID ? dialog->caller.cseq : CG_NULL,
		.callee_cseq =
			dialog->callee_flags & CG_LEG_CSEQ_VALID ? dialog->callee.cseq : CG_NULL,
		.sip_code = dialog->sip_code,
	};
	cg_cdr_identify(dialog, origin, row->call_uid, &row->setup_time);
	SET_TEXT(row->node, origin->node);
	SET_ESCAPED(row->call_id, dialog->call.call_id);
	SET_ESCAPED(row->from_tag, dialog->call.from_tag);
	SET_ESCAPED(row->to_tag, dialog->to_tag);
	SET_ESCAPED(row->caller, dialog->call.from_uri);
	SET_ESCAPED(row->callee, dialog->call.to_uri);
	SET_ESCAPED(row->request_uri, dialog->call.request_uri);
	cg_addr_format(dialog->caller.addr, row->caller_addr);
	cg_addr_format(dialog->callee.addr, row->callee_addr);
	if (dialog->first_blocked_ms)
		row->first_blocked_at = boottime_to_utc_us(origin, dialog->clock,
							   cg_dialog_first_blocked_ns(dialog));
	fill_sides(dialog, origin, due, row);
	fill_end(dialog, limits, origin, due, row);
}

static void fold_case(char out[CG_TAG_MAX], const char *tag)
{
	size_t len = strnlen(tag, CG_TAG_MAX - 1);

	memset(out, 0, CG_TAG_MAX);
	for (size_t i = 0; i < len; i++)
		out[i] = tag[i] >= 'A' && tag[i] <= 'Z' ? tag[i] + ('a' - 'A') : tag[i];
}

void cg_cdr_make_call_uid(const char *call_id, const char *tag, const char *other_tag,
			  char out[CG_UUID_TEXT])
{
	struct {
		char call_id[CG_CALL_ID_MAX];
		char low[CG_TAG_MAX], high[CG_TAG_MAX];
	} name = {};
	char swap[CG_TAG_MAX];
	uuid_t uid;

	memcpy(name.call_id, call_id, strnlen(call_id, sizeof(name.call_id) - 1));
	fold_case(name.low, tag);
	fold_case(name.high, other_tag);
	if (memcmp(name.low, name.high, CG_TAG_MAX) > 0) {
		memcpy(swap, name.low, CG_TAG_MAX);
		memcpy(name.low, name.high, CG_TAG_MAX);
		memcpy(name.high, swap, CG_TAG_MAX);
	}
	uuid_generate_sha1(uid, call_namespace, (const char *)&name, sizeof(name));
	uuid_unparse_lower(uid, out);
}
