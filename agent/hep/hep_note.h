/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Notes of the daemon for `status` and `doctor`: what has become of the records since its start,
 * and who has sent most of those that the operator has to look at.
 */
#ifndef CG_HEP_HEP_NOTE_H
#define CG_HEP_HEP_NOTE_H

#include <jansson.h>
#include <netinet/in.h>

#include "hep/hep_counts.h"
#include "maps/runtime_dir.h"

struct cg_hep_note {
	char address[64];
	bool has_key, has_program;
	__u64 fates[CG_HEP_FATES];
	__u64 clock_off, lost;
	char senders[CG_RUNTIME_NOTE_MAX]; /* "WORD ADDRESS COUNT" for each fault, blanks between */
};

/* 0 or -errno. */
int cg_hep_note_write(const char *instance, const struct cg_hep_status *status);
void cg_hep_note_remove(const char *instance);

/* Returns 0 or -errno; -ENOENT: no daemon has option `hep`. */
int cg_hep_note_read(const char *instance, struct cg_hep_note *note);

/*
 * Finds who has sent most records of this fate. Returns their number; 0: nobody, with *addr
 * untouched.
 */
__u64 cg_hep_note_find_most(const struct cg_hep_note *note, enum cg_hep_fate fate,
			    char addr[INET6_ADDRSTRLEN]);

/* For `status -j`; null without a note. */
json_t *cg_hep_note_json(const char *instance);

/* Formats "1204 records: 1180 judged, 24 on_wire". */
void cg_hep_note_format(const struct cg_hep_note *note, char *text, size_t size);

#endif
