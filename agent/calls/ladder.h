/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The message ladder of one dialog, built from the map and from the events that the daemon has
 * kept. Each step has sender, receiver, the guard's verdict and both CSeq counters afterwards. No
 * I/O, no clock, bounded. format/ladder_text.h draws it, format/ladder_json.h makes JSON of it.
 */
#ifndef CG_CALLS_LADDER_H
#define CG_CALLS_LADDER_H

#include <stdbool.h>

#include "calls/recent.h"

#define CG_LADDER_STEPS (CG_RECENT_STEPS + 3) /* INVITE, answer and end may come from the dialog */

/* X(NAME, word): where an arrow begins or ends */
#define CG_PLACE_LIST(X)                                                                           \
	X(CALLER, caller)                                                                          \
	X(GUARD, guard) /* the guarded host */                                                     \
	X(CALLEE, callee)                                                                          \
	X(ELSEWHERE, elsewhere) /* an address of neither leg; see `source` */

#define CG_PLACE_ENUM(NAME, word) CG_PLACE_##NAME,
enum cg_place { CG_PLACE_LIST(CG_PLACE_ENUM) CG_PLACES };
#undef CG_PLACE_ENUM

/* X(NAME, word) */
#define CG_MARK_LIST(X)                                                                            \
	X(NONE, none)                                                                              \
	X(REFUSED, refused) /* dropped, rewritten or answered: the arrow ends at the guard */      \
	X(WOULD_REFUSE, would_refuse) /* passed; enforce mode would have dropped it */             \
	X(NOTED, noted) /* passed, but recorded as a violation */

#define CG_MARK_ENUM(NAME, word) CG_MARK_##NAME,
enum cg_mark { CG_MARK_LIST(CG_MARK_ENUM) CG_MARKS };
#undef CG_MARK_ENUM

const char *cg_place_name(unsigned int place); /* "unknown" if out of range; static */
const char *cg_mark_name(unsigned int mark);

/* Highest CSeq of the requests that were accepted from a leg. */
struct cg_ladder_counter {
	__u32 cseq;
	bool known;
};

struct cg_ladder_step {
	__u64 at; /* CLOCK_BOOTTIME, ns */
	__u64 last; /* time of the newest of `count` messages */
	__u32 count; /* equal messages in succession */
	__u8 type; /* enum cg_event_type; CG_EVENTS: taken from the dialog, not from an event */
	__u8 leg; /* enum cg_leg_id whose tag is in From */
	__u8 method; /* enum cg_method; in a response the method in CSeq */
	__u8 reason; /* enum cg_reason; CG_REASONS: none */
	__u8 action; /* enum cg_action */
	__u8 mark; /* enum cg_mark */
	__u8 from, to; /* enum cg_place */
	__u16 status; /* of a response, else 0 */
	__u16 source_port;
	__u8 source[16]; /* of the packet; all 0 if taken from the dialog */
	__u32 cseq; /* in the message, if cseq_valid */
	__u32 expected; /* lowest CSeq that would have passed, if expected_valid */
	bool cseq_valid, expected_valid;
	struct cg_ladder_counter caller, callee; /* after this step */
};

struct cg_ladder {
	struct cg_dialog dialog; /* without has_dialog only call_id, tags and clock are set */
	bool has_dialog;
	__u32 left_out; /* number of steps that were not kept */
	unsigned int n;
	struct cg_ladder_step steps[CG_LADDER_STEPS]; /* sorted by time */
};

/*
 * Builds the ladder. If no event shows the INVITE, the answer or the end, the step is taken from
 * the dialog.
 */
void cg_ladder_build(const struct cg_recent_call *call, struct cg_ladder *ladder);

/* Fills `call` with a dialog of which no events are known. */
void cg_ladder_call_from_dialog(const struct cg_dialog *dialog, struct cg_recent_call *call);

#endif
