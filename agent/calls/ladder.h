/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The message ladder of one dialog, from what the map and the daemon's memory say of it: who sent
 * what to whom, what the guard made of it, and both counters after it. Pure: no I/O, no clock,
 * bounded. The CLI draws it, ladder_json.h gives it as JSON.
 */
#ifndef CG_CALLS_LADDER_H
#define CG_CALLS_LADDER_H

#include <stdbool.h>

#include "calls/recent.h"

#define CG_LADDER_STEPS                                                                            \
	(CG_RECENT_STEPS + 3) /* INVITE, answer and end are told by the dialog, too */

/* X(NAME, word): the ends of an arrow */
#define CG_PLACE_LIST(X)                                                                           \
	X(CALLER, caller)                                                                          \
	X(GUARD, guard) /* the guarded host */                                                     \
	X(CALLEE, callee)                                                                          \
	X(ELSEWHERE, elsewhere) /* an address of neither leg: see source */

#define CG_PLACE_ENUM(NAME, word) CG_PLACE_##NAME,
enum cg_place { CG_PLACE_LIST(CG_PLACE_ENUM) CG_PLACES };
#undef CG_PLACE_ENUM

/* X(NAME, word) */
#define CG_MARK_LIST(X)                                                                            \
	X(NONE, none)                                                                              \
	X(REFUSED, refused) /* dropped by the guard: the arrow ends there */                       \
	X(WOULD_REFUSE, would_refuse) /* ... in enforce mode: it passed */                         \
	X(NOTED, noted) /* it passed, and is on record as a violation */

#define CG_MARK_ENUM(NAME, word) CG_MARK_##NAME,
enum cg_mark { CG_MARK_LIST(CG_MARK_ENUM) CG_MARKS };
#undef CG_MARK_ENUM

const char *cg_place_name(unsigned int place); /* "unknown" out of range; static */
const char *cg_mark_name(unsigned int mark);

/* The highest CSeq that was accepted of a leg's own requests. */
struct cg_ladder_counter {
	__u32 cseq;
	bool known;
};

struct cg_ladder_step {
	__u64 at; /* CLOCK_BOOTTIME, ns */
	__u64 last; /* of the newest of `count`; at where that is 1 */
	__u32 count; /* the same, one after the other */
	__u8 type; /* enum cg_event_type; CG_EVENTS: the dialog alone tells of it */
	__u8 leg; /* enum cg_leg_id whose tag is in From */
	__u8 method; /* enum cg_method; of a response: of its CSeq */
	__u8 reason; /* enum cg_reason; CG_REASONS: none */
	__u8 action; /* enum cg_action */
	__u8 mark; /* enum cg_mark */
	__u8 from, to; /* enum cg_place */
	__u16 status; /* of a response, else 0 */
	__u16 source_port;
	__u8 source[16]; /* of the packet; all 0 where the dialog alone tells of it */
	__u32 cseq; /* as the message has it, if cseq_valid */
	__u32 expected; /* the lowest CSeq that would have passed, if expected_valid */
	bool cseq_valid, expected_valid;
	struct cg_ladder_counter caller, callee; /* after this step */
};

struct cg_ladder {
	struct cg_dialog dialog; /* if has_dialog; else its call_id and tags alone are set */
	bool has_dialog;
	__u32 left_out; /* steps between those shown */
	unsigned int n;
	struct cg_ladder_step steps[CG_LADDER_STEPS]; /* by time */
};

/* Steps by time; what the dialog alone tells (INVITE, answer, end) is added where no event does. */
void cg_ladder_build(const struct cg_recent_call *call, struct cg_ladder *ladder);

/* A call of which the map alone tells. */
void cg_ladder_call_from_dialog(const struct cg_dialog *dialog, struct cg_recent_call *call);

#endif
