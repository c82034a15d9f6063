/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Notes of the daemon about its pair, for `status`, `top` and `doctor`. */
#ifndef CG_PAIR_PAIR_NOTE_H
#define CG_PAIR_PAIR_NOTE_H

#include <jansson.h>

#include "maps/runtime_dir.h"
#include "pair/pair.h"

struct cg_pair_note {
	struct cg_pair_status status; /* its strings are those below */
	char name[CG_RUNTIME_NOTE_MAX];
	char node[CG_RUNTIME_NOTE_MAX];
	char redis[CG_RUNTIME_NOTE_MAX];
};

/* 0 or -errno. */
int cg_pair_note_write(const char *instance, const struct cg_pair_status *status);
void cg_pair_note_remove(const char *instance);

/* Returns 0 or -errno; -ENOENT: no daemon has option `pair`. */
int cg_pair_note_read(const char *instance, struct cg_pair_note *note);

const char *cg_pair_trouble_name(enum cg_peer_trouble trouble);

/* For `status -j`; null without a note. */
json_t *cg_pair_note_json(const char *instance);

/* Formats "node-b: alive, 0.2 ms behind, clock +3 ms, 120 of 131072 dialogs". */
void cg_pair_note_format_peer(const struct cg_pair_peer_status *peer, char *text, size_t size);

#endif
