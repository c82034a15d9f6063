/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * CDR logic: turns dialogs into rows, and decides which actions are due. No maps, no
 * database, no clock. Any input gives values within the bounds of the columns.
 */
#ifndef CG_CALLS_CDR_H
#define CG_CALLS_CDR_H

#include <stdbool.h>
#include <stddef.h>

#include "calls/db_columns.h"

struct cg_limits { /* ns */
	__u64 bye_timeout; /* a BYE without an answer for this long is unanswered */
	__u64 grace; /* an ended dialog stays in the map this long, for retransmissions */
	__u64 max_call; /* a longer call is closed as `timeout` and suspect */
	__u64 doubt; /* a candidate end without a sign of life for this long closes the row, suspect */
	__u64 lost_at; /* CLOCK_BOOTTIME at which the maps were removed; 0: they were not */
	int was_detached; /* at lost_at: by `cseqguard detach -a` */
	__u64 invite_timeout; /* an INVITE without a final response is deleted after this time */
	__u64 invite_grace; /* an INVITE with a final response, likewise */
};

/* Node and clock of the rows. The offsets convert CLOCK_BOOTTIME to UTC. */
struct cg_origin {
	char node[CG_NODE_MAX]; /* UTF-8, NUL-ended */
	__s64 clock_offset[CG_CLOCKS]; /* ns, as in struct cg_config */
};

/* Actions that are due for a dialog. Of CG_DUE_CLOSING at most one is set. */
#define CG_DUE_UNANSWERED 0x1 /* record that its BYE got no final response within bye_timeout */
#define CG_DUE_EXPIRED 0x2 /* close its row: the call is longer than max_call */
#define CG_DUE_RETIRE 0x4 /* delete it from the map after its row is durable */
#define CG_DUE_LOST 0x8 /* close its row: the maps were removed during the call */
#define CG_DUE_SILENT 0x10 /* close its row: the host's own BYE was not answered */
#define CG_DUE_DOUBT 0x20 /* close its row: its candidate end is older than limits->doubt */
#define CG_DUE_CANDIDATE 0x40 /* write its row: silence has made the BYE a candidate end */
#define CG_DUE_CLOSING (CG_DUE_EXPIRED | CG_DUE_LOST | CG_DUE_SILENT | CG_DUE_DOUBT)

/* Returns the arrival time of the first blocked BYE (CLOCK_BOOTTIME, ns), or 0 if there is none. */
static inline __u64 cg_dialog_first_blocked_ns(const struct cg_dialog *dialog)
{
	__u32 ms = dialog->first_blocked_ms;

	return ms ? dialog->answer + (ms - 1ULL) * 1000000 : 0;
}

/* Returns the rank of the witness: 3 a gateway, 2 the host itself, 1 a callee, 0 no leg is one. */
static inline int cg_dialog_witness_rank(const struct cg_dialog *dialog)
{
	int caller = cg_leg_rank(dialog->caller_flags, 0);
	int callee = cg_leg_rank(dialog->callee_flags, 1);

	return caller > callee ? caller : callee;
}

/*
 * Returns "udp" or "tcp", by which the leg's first message came. NULL: not known, as the leg is not
 * seen, or only a proxy reports its messages.
 */
static inline const char *cg_dialog_transport(const struct cg_dialog *dialog, enum cg_leg_id leg)
{
	bool callee = leg == CG_LEG_CALLEE;
	enum cg_side side = cg_leg_side(callee ? dialog->callee_flags : dialog->caller_flags);

	if (side == CG_SIDE_UNSEEN || side == CG_SIDE_HEP)
		return NULL;
	return dialog->flags & (callee ? CG_D_CALLEE_TCP : CG_D_CALLER_TCP) ? "tcp" : "udp";
}

/* As cg_dialog_transport(); "-": not known. */
static inline const char *cg_dialog_transport_text(const struct cg_dialog *dialog,
						   enum cg_leg_id leg)
{
	const char *transport = cg_dialog_transport(dialog, leg);

	return transport ? transport : "-";
}

/* Returns the BYEs that all hosts of the pair have blocked. */
static inline __u32 cg_dialog_blocked_byes(const struct cg_dialog *dialog)
{
	__u64 sum = (__u64)dialog->blocked_byes + dialog->blocked_elsewhere;

	return sum > INT32_MAX ? INT32_MAX : sum;
}

/* Returns the candidate end that the kernel has recorded (CLOCK_BOOTTIME, ns), or 0. */
static inline __u64 cg_dialog_recorded_candidate_ns(const struct cg_dialog *dialog)
{
	if (dialog->state == CG_S_ENDED || !(dialog->flags & CG_D_CANDIDATE))
		return 0;
	return dialog->answer + (dialog->candidate_ms - 1ULL) * 1000000;
}

/*
 * Returns the candidate end of an open dialog (CLOCK_BOOTTIME, ns), or 0 if there is none. The
 * kernel records most of them. After bye_timeout of silence the pending BYE is one as well: a BYE
 * of the witness that the host did not accept, or, if no leg is a gateway, a BYE that the witness
 * did not answer.
 */
__u64 cg_dialog_candidate_ns(const struct cg_dialog *dialog, const struct cg_limits *limits,
			     __u64 now);

/* As cg_dialog_candidate_ns() once the pending BYE has got no answer. */
__u64 cg_dialog_final_candidate_ns(const struct cg_dialog *dialog);

/* Returns a bitmask of CG_DUE_*. now: CLOCK_BOOTTIME, ns. */
unsigned int cg_cdr_due(const struct cg_dialog *dialog, const struct cg_limits *limits, __u64 now);

/*
 * Returns a hash that changes whenever the dialog's row has to be written again; never 0. It leaves
 * out the CSeqs of an open call, because each session refresh would rewrite the row.
 */
__u64 cg_cdr_fingerprint(const struct cg_dialog *dialog, unsigned int due);

/*
 * Fills the row of a dialog. due: from cg_cdr_due(). CG_DUE_EXPIRED ends the call at answer +
 * max_call, CG_DUE_LOST at lost_at, CG_DUE_SILENT at the BYE, CG_DUE_DOUBT at the candidate end.
 */
void cg_cdr_fill_row(const struct cg_dialog *dialog, const struct cg_limits *limits,
		     const struct cg_origin *origin, unsigned int due, struct cg_cdr_row *row);

/* Sets what identifies the row of a dialog: call_uid, and setup_time (microseconds since 1970). */
void cg_cdr_identify(const struct cg_dialog *dialog, const struct cg_origin *origin,
		     char call_uid[CG_UUID_TEXT], __s64 *setup_time);

/*
 * Makes a UUID (version 5) of Call-ID and the two tags, in ASCII lower case. The tags may be in
 * either order, so that every node and both legs get the same UUID. Sizes as in the contract:
 * call_id CG_CALL_ID_MAX bytes, tags CG_TAG_MAX bytes.
 */
void cg_cdr_make_call_uid(const char *call_id, const char *tag, const char *other_tag,
			  char out[CG_UUID_TEXT]);

#endif
