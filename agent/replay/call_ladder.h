/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The ladder of one call, out of the engine's events. */
#ifndef CG_REPLAY_CALL_LADDER_H
#define CG_REPLAY_CALL_LADDER_H

#include "engine/engine.h"

struct cg_call_ladder;

/* call_id: see cg_call_id_matches(); it must outlive the ladder. NULL: no memory. */
struct cg_call_ladder *cg_call_ladder_new(const char *call_id);
void cg_call_ladder_free(struct cg_call_ladder *ladder);

void cg_call_ladder_handle_event(struct cg_call_ladder *ladder, const struct cg_event *event);

/* After each packet: reads the dialog that it has changed. */
void cg_call_ladder_update(struct cg_call_ladder *ladder);

/* Prints the ladders of all dialogs of this Call-ID. Returns an exit code, errors reported. */
int cg_call_ladder_print(const struct cg_call_ladder *ladder, bool json);

#endif
