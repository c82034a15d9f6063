// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "daemon/totals_note.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "maps/runtime_dir.h"

/* The numbers of a note, in this order. `none` never closes a call. */
#define NUMBERS (4 + CG_ENDS - 1)
_Static_assert(NUMBERS * 21 < CG_RUNTIME_NOTE_MAX, "numbers of 20 digits fit a note");

static void list_numbers(struct cg_totals_sums *sums, __u64 *at[NUMBERS])
{
	unsigned int n = 1; /* the first is the map's id */

	at[n++] = &sums->blocked;
	at[n++] = &sums->protected_ms;
	at[n++] = &sums->suspect;
	for (int end = CG_E_NONE + 1; end < CG_ENDS; end++)
		at[n++] = &sums->closed[end];
}

int cg_totals_note_load(struct cg_totals *totals, const char *instance, __u32 map_id)
{
	char note[CG_RUNTIME_NOTE_MAX], *p = note, *end;
	int err = cg_runtime_note_read(instance, CG_RUNTIME_TOTALS, note);
	struct cg_totals_sums sums = {};
	__u64 id, *at[NUMBERS] = { &id };

	if (err)
		return err == -ENOENT ? 0 : err;
	list_numbers(&sums, at);
	for (int i = 0; i < NUMBERS; i++, p = end) {
		errno = 0;
		*at[i] = strtoull(p, &end, 10);
		if (end == p || errno)
			return -EINVAL;
	}
	if (id == map_id)
		totals->all = totals->gone = sums;
	return 0;
}

int cg_totals_note_save(const struct cg_totals *totals, const char *instance, __u32 map_id)
{
	struct cg_totals_sums sums = totals->gone;
	char note[CG_RUNTIME_NOTE_MAX];
	__u64 id = map_id, *at[NUMBERS] = { &id };
	int len = 0;

	list_numbers(&sums, at);
	for (int i = 0; i < NUMBERS; i++)
		len += snprintf(note + len, sizeof(note) - len, "%s%llu", i ? " " : "",
				(unsigned long long)*at[i]);
	return cg_runtime_note_write(instance, CG_RUNTIME_TOTALS, note);
}
