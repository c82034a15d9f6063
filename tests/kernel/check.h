/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Compares the results of a step with the expectation of the table.
 *
 * verdict   "answered REASON": the frame that the program leaves is compared as well, byte by byte
 * events    TYPE:REASON[:ACTION][:CSEQ<EXPECTED][:LEG][:CSEQ], separated by blanks. The fields that
 *           every event has (Call-ID, method, source, time ...) are always checked.
 * then      confirmed ending ended	state of the dialog, of the case's only one or of `tag=`
 *           none			there is no dialog
 *           tag=X			the dialog with that To tag
 *           was=X			the dialog with that To tag that was replaced
 *           dialogs=N pending=N addr_changes=N unexpected_uas=N	entries in that map
 *           done=N			entries of `pending` that the daemon may delete
 *           answers=HOST*N		count of that host in `unexpected_uas`
 *           accepted=N refused=N	outcome of BYEs that observe mode let pass, in this case
 *           caller=N callee=N	counters; `-`: none yet
 *           blocked=N code=N length=SECONDS (answer to end)
 *           end=WORD by=LEG suspect=0|1 alive=0|1 evident=0|1 (cdr.bye_confirmed)
 *           witness=caller|callee|both
 *           caller_at=HOST callee_at=HOST	addresses, and port or interface if given
 *           setup@L answer@L end@L bye@L	a time during the step with @L; bye@-: none
 *           foreign=N speaks=0|1 epoch=N	of a pair
 *           call_id=X from=X to=X from_uri=X to_uri=X uri=X	text of the CDR, X a prefix
 *           cut=0|1			some text is flagged as cut
 */
#ifndef CHECK_H
#define CHECK_H

#include <stdbool.h>

#include "endpoints.h"
#include "frame.h"
#include "message.h"
#include "harness.h"

#define LABELS_MAX 32

struct moment { /* CLOCK_BOOTTIME, ns */
	char label[16];
	__u64 before;
	__u64 after;
};

struct run { /* a step, after it was run */
	struct harness *harness;
	const struct message *message;
	struct endpoint from, to;
	int in;
	const struct frame *frame;
	const char *wrap; /* see frame.h */
	bool reported; /* by HEP: report.h */
	struct moment now;
	struct moment labels[LABELS_MAX]; /* of this case */
	int n_labels;
	__u32 retval;
	struct harness_counters start, before, after; /* of the case; of the step */
};

/* Each returns true, or prints the difference as a TAP comment and returns false. */
bool check_verdict(const struct run *run, const char *verdict);
bool check_events(const struct run *run, const char *events);
bool check_dialog(const struct run *run, const char *then);
bool check_answer(const struct run *run); /* the frame that an answered BYE has become */

/* Prints "#   WHAT" and returns false. */
bool wrong(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
