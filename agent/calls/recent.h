/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * History of recent dialogs, kept in memory for the ladder. It is bounded and is lost when the
 * daemon ends. No I/O, no clock. For each dialog the first and the newest steps are kept, in three
 * classes, so that many steps of one class do not displace those of another. A new dialog replaces
 * one of its own kind, the one without events for the longest time. So a flood of invented tags
 * displaces no call, and calls without violations displace no attacked call.
 */
#ifndef CG_CALLS_RECENT_H
#define CG_CALLS_RECENT_H

#include <stdbool.h>

#include "cseqguard.h"

/* X(NAME, steps): steps kept per dialog; half of them are the first, half the newest */
#define CG_RECENT_LIST(X)                                                                          \
	X(LIFE, 12) /* start, bye, resume, end, alive */                                           \
	X(REQUESTS, 8) /* in-dialog requests */                                                    \
	X(VIOLATIONS, 12)

#define CG_RECENT_ENUM(NAME, steps) CG_RECENT_##NAME,
enum cg_recent_class { CG_RECENT_LIST(CG_RECENT_ENUM) CG_RECENT_CLASSES };
#undef CG_RECENT_ENUM

#define CG_RECENT_STEPS 32 /* of all classes */

#define CG_RECENT_ORDINARY 512 /* dialogs */
#define CG_RECENT_ATTACKED 448 /* dialogs with a violation */
#define CG_RECENT_UNKNOWN 64 /* known from violations only; no map has had them */
#define CG_RECENT_DIALOGS (CG_RECENT_ORDINARY + CG_RECENT_ATTACKED + CG_RECENT_UNKNOWN)

struct cg_recent_step {
	struct cg_event event; /* the first of `count` */
	__u64 last; /* arrival of the newest repeat, CLOCK_BOOTTIME, ns; event.at without one */
	__u32 count; /* equal messages from one source in succession */
	__u32 pad;
};

struct cg_recent_call {
	struct cg_dialog_key key;
	char call_id[CG_CALL_ID_MAX];
	struct cg_dialog dialog; /* as last read from the map, if has_dialog */
	__u32 opened_cseq; /* the caller's counter when the dialog opened, if opened_known */
	__u8 has_dialog;
	__u8 opened_known;
	__u8 n[CG_RECENT_CLASSES]; /* steps of each class */
	__u8 pad[3];
	__u32 left_out[CG_RECENT_CLASSES]; /* steps dropped between the first half and the newest */
	__u32 pad2;
	/* The steps of a class begin at cg_recent_class_start(), in order of arrival. */
	struct cg_recent_step steps[CG_RECENT_STEPS];
};

/* Returns the index of the first step of a class; CG_RECENT_CLASSES gives CG_RECENT_STEPS. */
unsigned int cg_recent_class_start(unsigned int kind);

struct cg_recent;

struct cg_recent *cg_recent_new(void); /* NULL if there is no memory */
void cg_recent_free(struct cg_recent *recent); /* `recent` may be NULL */

/*
 * Adds an event. The events of the two rings may come in any order. Texts must be NUL-ended.
 */
void cg_recent_handle_event(struct cg_recent *recent, const struct cg_event *event);

/* Stores the current state of a dialog, if an event of it is kept. */
void cg_recent_update_dialog(struct cg_recent *recent, const struct cg_dialog_key *key,
			     const struct cg_dialog *dialog);

/*
 * Returns the next dialog with this Call-ID from *position on, or NULL. Start with *position 0; it
 * is moved past the dialog. The pointer is valid until the next event or dialog is added. call_id:
 * see cg_call_id_matches().
 */
const struct cg_recent_call *cg_recent_find(const struct cg_recent *recent, const char *call_id,
					    unsigned int *position);

/* Returns the dialog with this key, or NULL. Valid as above. */
const struct cg_recent_call *cg_recent_find_key(const struct cg_recent *recent,
						const struct cg_dialog_key *key);

/*
 * Stores up to `most` dialogs that were in the map, attacked ones or others, those with the newest
 * event first. Returns their number. Valid as above.
 */
unsigned int cg_recent_list_newest(const struct cg_recent *recent, bool attacked,
				   const struct cg_recent_call **calls, unsigned int most);

unsigned int cg_recent_count(
	const struct cg_recent *recent); /* number of dialogs, unknown ones included */

#endif
