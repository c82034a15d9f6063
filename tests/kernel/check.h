/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What must have followed a step, against what did.
 *
 * events    TYPE:REASON[:ACTION][:CSEQ<EXPECTED][:LEG][:CSEQ], a blank between two. What every event
 *           must say of its message (Call-ID, method, source, time...) is checked without words.
 * then      confirmed ending ended	state of the dialog, of the case's only one or of `tag=`
 *           none			there is no dialog
 *           tag=X			the dialog with that To tag
 *           was=X			the one that gave way to it
 *           dialogs=N pending=N addr_changes=N unexpected_uas=N	entries in that map
 *           done=N			of `pending`, those that may be swept
 *           answers=HOST*N		what `unexpected_uas` says of it
 *           accepted=N refused=N	BYEs that observe mode let pass, since the case began
 *           caller=N callee=N	counters, `-`: not counted yet
 *           blocked=N code=N
 *           end=WORD by=LEG suspect=0|1 alive=0|1 evident=0|1 (cdr.bye_confirmed)
 *           witness=caller|callee|both
 *           caller_at=HOST callee_at=HOST	addresses; with a port or interface: those too
 *           setup@L answer@L end@L bye@L	a time: while the step with @L ran; bye@-: none
 *           call_id=X from=X to=X from_uri=X to_uri=X uri=X	text of the CDR, X a prefix
 *           cut=0|1			some text is flagged as cut
 */
#ifndef CHECK_H
#define CHECK_H

#include <stdbool.h>

#include "endpoints.h"
#include "message.h"
#include "harness.h"

#define LABELS_MAX 32

struct moment { /* CLOCK_BOOTTIME, ns */
	char label[16];
	__u64 before;
	__u64 after;
};

struct run { /* one step that has run */
	struct harness *harness;
	const struct message *message;
	struct endpoint from, to;
	int in;
	struct moment now;
	struct moment labels[LABELS_MAX]; /* of this case */
	int n_labels;
	__u32 retval;
	struct harness_counters start, before, after; /* of the case; of the step */
};

/* Each returns true, or tells on stdout, as a comment, what is not as it must be. */
bool check_verdict(const struct run *run, const char *verdict);
bool check_events(const struct run *run, const char *events);
bool check_dialog(const struct run *run, const char *then);

/* Prints "#   WHAT" and returns false. */
bool wrong(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
