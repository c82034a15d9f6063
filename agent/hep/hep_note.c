// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "hep/hep_note.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/text.h"

#define NOTE "hep" /* suffixes */
#define SENDERS "hep-senders"
#define NUMBERS (CG_HEP_FATES + 4) /* key, program, fates, clock_off, lost */
_Static_assert(64 + NUMBERS * 21 < CG_RUNTIME_NOTE_MAX, "numbers of 20 digits fit a note");

static void format_senders(const struct cg_hep_counts *counts, char *text, size_t size)
{
	char addr[INET6_ADDRSTRLEN];
	size_t used = 0;

	*text = '\0';
	for (int fate = 0; fate < CG_HEP_FATES; fate++) {
		const struct cg_hep_sender *most = cg_hep_find_most(counts, fate);

		if (!most || !cg_hep_fate_is_fault(fate) || used >= size)
			continue;
		cg_addr_format(most->addr, addr);
		used += snprintf(text + used, size - used, "%s %s %llu ", cg_hep_fate_word(fate),
				 addr, (unsigned long long)most->fates[fate]);
	}
}

int cg_hep_note_write(const char *instance, const struct cg_hep_status *status)
{
	char text[CG_RUNTIME_NOTE_MAX];
	int len = snprintf(text, sizeof(text), "%.63s %d %d", status->address, status->has_key,
			   status->has_program);
	int err;

	for (int fate = 0; fate < CG_HEP_FATES; fate++)
		len += snprintf(text + len, sizeof(text) - len, " %llu",
				(unsigned long long)status->counts.fates[fate]);
	snprintf(text + len, sizeof(text) - len, " %llu %llu",
		 (unsigned long long)status->counts.clock_off,
		 (unsigned long long)status->counts.lost);
	err = cg_runtime_note_write(instance, NOTE, text);
	if (err)
		return err;
	format_senders(&status->counts, text, sizeof(text));
	return cg_runtime_note_write(instance, SENDERS, text);
}

void cg_hep_note_remove(const char *instance)
{
	cg_runtime_note_remove(instance, NOTE);
	cg_runtime_note_remove(instance, SENDERS);
}

int cg_hep_note_read(const char *instance, struct cg_hep_note *note)
{
	char text[CG_RUNTIME_NOTE_MAX], *p, *end;
	struct cg_hep_note read = {};
	int err = cg_runtime_note_read(instance, NOTE, text);
	__u64 numbers[NUMBERS];

	if (err)
		return err;
	if (sscanf(text, "%63s", read.address) != 1)
		return -EINVAL;
	p = text + strlen(read.address);
	for (int i = 0; i < NUMBERS; i++, p = end) {
		numbers[i] = strtoull(p, &end, 10);
		if (end == p)
			return -EINVAL;
	}
	read.has_key = numbers[0];
	read.has_program = numbers[1];
	memcpy(read.fates, numbers + 2, sizeof(read.fates));
	read.clock_off = numbers[NUMBERS - 2];
	read.lost = numbers[NUMBERS - 1];
	cg_runtime_note_read(instance, SENDERS, read.senders);
	*note = read;
	return 0;
}

__u64 cg_hep_note_find_most(const struct cg_hep_note *note, enum cg_hep_fate wanted,
			    char addr[INET6_ADDRSTRLEN])
{
	const char *p = note->senders;
	char word[32], found[INET6_ADDRSTRLEN];
	unsigned long long count;
	int len;

	for (; sscanf(p, "%31s %45s %llu %n", word, found, &count, &len) == 3; p += len) {
		if (strcmp(word, cg_hep_fate_word(wanted)))
			continue;
		strcpy(addr, found);
		return count;
	}
	return 0;
}

static __u64 count_all(const struct cg_hep_note *note)
{
	__u64 all = 0;

	for (int fate = 0; fate < CG_HEP_FATES; fate++)
		all += note->fates[fate];
	return all;
}

json_t *cg_hep_note_json(const char *instance)
{
	struct cg_hep_note note;
	json_t *json;

	if (cg_hep_note_read(instance, &note))
		return json_null();
	json = json_pack("{ss sb sb sI}", "address", note.address, "key", note.has_key, "program",
			 note.has_program, "records", (json_int_t)count_all(&note));
	for (int fate = 0; fate < CG_HEP_FATES; fate++)
		json_object_set_new(json, cg_hep_fate_word(fate), json_integer(note.fates[fate]));
	json_object_set_new(json, "clock_off", json_integer(note.clock_off));
	json_object_set_new(json, "lost", json_integer(note.lost));
	return json;
}

void cg_hep_note_format(const struct cg_hep_note *note, char *text, size_t size)
{
	size_t used = snprintf(text, size, "%llu records", (unsigned long long)count_all(note));

	for (int fate = 0, n = 0; fate < CG_HEP_FATES && used < size; fate++)
		if (note->fates[fate])
			used += snprintf(text + used, size - used, "%s%llu %s", n++ ? ", " : ": ",
					 (unsigned long long)note->fates[fate],
					 cg_hep_fate_word(fate));
}
