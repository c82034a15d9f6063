/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What happened in recent dialogs, for people who look: pure and bounded, and lost with the daemon.
 * Each dialog keeps its first steps and its newest, its life, its requests and its violations
 * apart, so that none pushes the others out. Dialogs make room within their own kind, the one that
 * was quiet longest first: a flood of tags that no dialog has pushes out no call, and calls nobody
 * attacked none that was.
 */
#ifndef CG_CALLS_RECENT_H
#define CG_CALLS_RECENT_H

#include <stdbool.h>

#include "cseqguard.h"

/* X(NAME, steps): what a dialog keeps of each class, half of them its first, half its newest */
#define CG_RECENT_LIST(X)                                                                          \
	X(LIFE, 12) /* start, bye, resume, end, alive */                                           \
	X(REQUESTS, 8) /* in-dialog requests */                                                    \
	X(VIOLATIONS, 12)

#define CG_RECENT_ENUM(NAME, steps) CG_RECENT_##NAME,
enum cg_recent_class { CG_RECENT_LIST(CG_RECENT_ENUM) CG_RECENT_CLASSES };
#undef CG_RECENT_ENUM

#define CG_RECENT_STEPS 32 /* of all classes */

#define CG_RECENT_ORDINARY 512 /* dialogs */
#define CG_RECENT_ATTACKED 448 /* ... with a violation */
#define CG_RECENT_UNKNOWN 64 /* named by violations alone: no map has them */
#define CG_RECENT_DIALOGS (CG_RECENT_ORDINARY + CG_RECENT_ATTACKED + CG_RECENT_UNKNOWN)

struct cg_recent_step {
	struct cg_event event; /* the first of them */
	__u64 last; /* CLOCK_BOOTTIME, ns: of its newest repeat; event.at if there is none */
	__u32 count; /* of the same request from the same source, one after the other */
	__u32 pad;
};

struct cg_recent_call {
	struct cg_dialog_key key;
	char call_id[CG_CALL_ID_MAX];
	struct cg_dialog dialog; /* as it was looked at last, if has_dialog */
	__u32 opened_cseq; /* the caller's counter when it opened, if opened_known */
	__u8 has_dialog;
	__u8 opened_known;
	__u8 n[CG_RECENT_CLASSES]; /* steps of each class */
	__u8 pad[3];
	__u32 left_out[CG_RECENT_CLASSES]; /* between the first half and the newest */
	__u32 pad2;
	/* Those of a class lie together in the order they came, from cg_recent_class_start() on. */
	struct cg_recent_step steps[CG_RECENT_STEPS];
};

/* Index in steps; of CG_RECENT_CLASSES: CG_RECENT_STEPS. */
unsigned int cg_recent_class_start(unsigned int kind);

struct cg_recent;

struct cg_recent *cg_recent_new(void); /* NULL: no memory */
void cg_recent_free(struct cg_recent *recent); /* NULL is fine */

/* Any event, in whatever order the two rings give them; texts NUL-ended. */
void cg_recent_handle_event(struct cg_recent *recent, const struct cg_event *event);

/* A dialog as it stands in the map: remembered if an event has named it, else nothing. */
void cg_recent_update_dialog(struct cg_recent *recent, const struct cg_dialog_key *key,
			     const struct cg_dialog *dialog);

/*
 * The next dialog of that Call-ID from *position on (0: the first), which is moved behind it; NULL:
 * no more. Valid until the next event or dialog. call_id: as cg_call_id_matches() takes it.
 */
const struct cg_recent_call *cg_recent_find(const struct cg_recent *recent, const char *call_id,
					    unsigned int *position);

/* The dialog of that key; NULL: none. Valid as above. */
const struct cg_recent_call *cg_recent_find_key(const struct cg_recent *recent,
						const struct cg_dialog_key *key);

/*
 * Up to `most` dialogs that a map had, those that were attacked or the others, what was heard of
 * last first. Returns how many; valid as above.
 */
unsigned int cg_recent_list_newest(const struct cg_recent *recent, bool attacked,
				   const struct cg_recent_call **calls, unsigned int most);

unsigned int cg_recent_count(const struct cg_recent *recent); /* dialogs, strangers among them */

#endif
