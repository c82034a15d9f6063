/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * A host that masks the Call-ID gives two dialogs a call: the caller's, whose callee is unseen, and
 * the callee's, whose caller is unseen. This table joins them as twins. No maps, no clock.
 *
 * Twins have the same From tag, To tag, From and To URI. The callee's numbers the INVITE no higher
 * than the caller's does. Callers and callees choose all of these bytes, and a callee who has seen
 * an INVITE can open calls that look like it. So time decides as well: the host received the INVITE
 * before it sent it on, and got the 2xx before it sent that on. A call that is opened in imitation
 * of another one began too late. If more than one call fits, none is joined.
 */
#ifndef CG_CALLS_TWINS_H
#define CG_CALLS_TWINS_H

#include <stdbool.h>

#include "calls/db_columns.h"

#define CG_TWINS_ANSWER_GAP 2000000000ULL /* ns from the callee's 2xx to the host's own, at most */
/* A pair waits so long after its 2xx for a rival, which would make it ambiguous. */
#define CG_TWINS_WAIT (2 * CG_TWINS_ANSWER_GAP)

struct cg_twins;

struct cg_twin { /* the other dialog of a call */
	struct cg_dialog_key key;
	char call_uid[CG_UUID_TEXT];
	bool is_caller; /* it is the caller's: its address is that of the call's caller */
	bool has_ended; /* on evidence */
	__u8 rank; /* of its witness */
	__u8 caller_addr[16];
	__u16 caller_port;
	__u32 cseq;
	__u64 setup, answer;
};

/* For up to `max_dialogs` dialogs. Memory is used as dialogs come. NULL: no memory. */
struct cg_twins *cg_twins_new(__u32 max_dialogs);
void cg_twins_free(struct cg_twins *twins);

/*
 * Notes a dialog, and joins it if `may_join`. Returns its twin, which is valid until the next call;
 * NULL: it has none yet. A joined dialog keeps its twin, also when that has left the map.
 * now: CLOCK_BOOTTIME, ns.
 */
const struct cg_twin *cg_twins_update(struct cg_twins *twins, const struct cg_dialog_key *key,
				      const struct cg_dialog *dialog, bool may_join, __u64 now);

/*
 * Adds to a dialog's row the call_uid of its twin and, if that is the caller's, the caller's
 * address.
 */
void cg_twin_fill_row(const struct cg_twin *twin, struct cg_cdr_row *row);

/*
 * Returns the row's fingerprint with that of what cg_twin_fill_row() adds; never 0. twin: NULL adds
 * nothing.
 */
__u64 cg_twin_add_fingerprint(const struct cg_twin *twin, __u64 fingerprint);

/* A new scan of the map begins. No call is joined before the first one is complete. */
void cg_twins_next_scan(struct cg_twins *twins);

/*
 * Removes a call if this scan and the last one have found no dialog of it. Handles a bounded number
 * of slots, beginning with `from`. Returns the slot to continue with; 0: done.
 */
__u32 cg_twins_expire(struct cg_twins *twins, __u32 from);

#endif
