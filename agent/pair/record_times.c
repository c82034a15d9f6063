// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Between this host's maps and records: times, and what means something only here. */
#include <string.h>

#include "pair/record.h"

static __u64 add_offset(__u64 time, __s64 offset)
{
	return time ? time + offset : 0;
}

static void shift_dialog(struct cg_dialog *dialog, __s64 offset)
{
	dialog->setup = add_offset(dialog->setup, offset);
	dialog->answer = add_offset(dialog->answer, offset);
	dialog->end = add_offset(dialog->end, offset);
	dialog->bye_at = add_offset(dialog->bye_at, offset);
}

void cg_record_set_dialog(struct cg_record *record, const struct cg_dialog *dialog, __s64 offset)
{
	record->dialog = *dialog;
	memset(&record->dialog.lock, 0, sizeof(record->dialog.lock));
	record->dialog.clock = 0;
	record->dialog.flags &= CG_RECORD_DIALOG_FLAGS;
	record->dialog.caller_ifindex = record->dialog.callee_ifindex = 0;
	record->dialog.peer = 0;
	record->dialog.blocked_elsewhere = 0;
	shift_dialog(&record->dialog, offset);
}

void cg_record_get_dialog(const struct cg_record *record, __u8 clock, __s64 offset,
			  struct cg_dialog *dialog)
{
	*dialog = record->dialog;
	dialog->clock = clock;
	shift_dialog(dialog, -offset);
}

static void shift_note(struct cg_invite *note, __s64 offset)
{
	note->setup = add_offset(note->setup, offset);
	note->renewed = add_offset(note->renewed, offset);
	note->done = add_offset(note->done, offset);
}

void cg_record_set_note(struct cg_record *record, const struct cg_invite *note, __s64 offset)
{
	record->note = *note;
	record->note.clock = 0;
	record->note.caller_ifindex = 0;
	shift_note(&record->note, offset);
}

void cg_record_get_note(const struct cg_record *record, __u8 clock, __s64 offset,
			struct cg_invite *note)
{
	*note = record->note;
	note->clock = clock;
	shift_note(note, -offset);
}

static void shift_branch(struct cg_branch *branch, __s64 offset)
{
	branch->renewed = add_offset(branch->renewed, offset);
	branch->done = add_offset(branch->done, offset);
}

void cg_record_set_branch(struct cg_record *record, const struct cg_branch *branch, __s64 offset)
{
	record->branch = *branch;
	record->branch.sent_ifindex = 0;
	shift_branch(&record->branch, offset);
}

void cg_record_get_branch(const struct cg_record *record, __s64 offset, struct cg_branch *branch)
{
	*branch = record->branch;
	shift_branch(branch, -offset);
}
