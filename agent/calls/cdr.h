/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The CDR logic: a dialog's value or an event, and a clock, go in; rows and what is due come out.
 * No maps, no database, no clock of its own. Whatever the maps hold comes out bounded.
 */
#ifndef CG_CALLS_CDR_H
#define CG_CALLS_CDR_H

#include "calls/db_columns.h"

struct cg_limits { /* ns */
	__u64 bye_timeout; /* silence after a BYE: it came to nothing */
	__u64 grace; /* an ended dialog stays for retransmissions */
	__u64 max_call; /* longer calls are closed as timeout, suspect */
	__u64 lost_at; /* CLOCK_BOOTTIME: the maps went away, open calls are lost; 0: they did not */
	__u64 invite_timeout; /* an INVITE without final response is forgotten */
	__u64 invite_grace; /* one with a final response stays for retransmissions */
};

/* Whose rows, and what turns CLOCK_BOOTTIME into wall clock. node: UTF-8, under CG_NODE_MAX. */
struct cg_origin {
	char node[CG_NODE_MAX];
	__s64 clock_offset[CG_CLOCKS]; /* ns, as in config */
};

/* What is due for a dialog. */
#define CG_DUE_UNANSWERED 0x1 /* its BYE is older than bye_timeout, without a final response */
#define CG_DUE_EXPIRED 0x2 /* older than max_call: its row closes */
#define CG_DUE_LOST 0x8 /* the maps went away under it: its row closes */
#define CG_DUE_RETIRE 0x4 /* may leave the map once its row is durable */

/* When its first blocked BYE came, by CLOCK_BOOTTIME in ns; 0: none did. */
static inline __u64 cg_dialog_first_blocked_ns(const struct cg_dialog *dialog)
{
	__u32 ms = dialog->first_blocked_ms;

	return ms ? dialog->answer + (ms - 1ULL) * 1000000 : 0;
}

/* now: CLOCK_BOOTTIME, ns. */
unsigned int cg_cdr_due(const struct cg_dialog *dialog, const struct cg_limits *limits, __u64 now);

/*
 * Changes whenever the dialog's row has something new to say; never 0. CSeqs of an open call do not
 * count: session refreshes would rewrite its row for nothing.
 */
__u64 cg_cdr_fingerprint(const struct cg_dialog *dialog, unsigned int due);

/* due: of cg_cdr_due(); CG_DUE_EXPIRED closes the row at answer + max_call, CG_DUE_LOST at lost_at. */
void cg_cdr_fill_row(const struct cg_dialog *dialog, const struct cg_limits *limits,
		     const struct cg_origin *origin, unsigned int due, struct cg_cdr_row *row);

/* ifname: of event->ifindex, "" if it has none any more. */
void cg_cdr_fill_violation(const struct cg_event *event, const struct cg_origin *origin,
			   const char *ifname, struct cg_violation_row *row);

/*
 * The violation `unanswered` of the dialog's pending BYE. Time and seq derive from the BYE alone,
 * so that the row is the same however often it is made.
 */
void cg_cdr_fill_unanswered(const struct cg_dialog_key *key, const struct cg_dialog *dialog,
			    const struct cg_limits *limits, const struct cg_origin *origin,
			    struct cg_violation_row *row);

/* The record of a fall back to observe mode, reason `breaker`, of no call. now: CLOCK_BOOTTIME, ns. */
void cg_cdr_fill_breaker(__u64 now, __u8 clock, const struct cg_origin *origin,
			 struct cg_violation_row *row);

/*
 * A UUID (version 5) over Call-ID and the two tags, ASCII-case-folded and in an order that does not
 * depend on the side: the same on every node and from either leg. Texts as in the contract, call_id
 * of CG_CALL_ID_MAX bytes, tags of CG_TAG_MAX.
 */
void cg_cdr_make_call_uid(const char *call_id, const char *tag, const char *other_tag,
			  char out[CG_UUID_TEXT]);

#endif
