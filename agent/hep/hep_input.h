/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Option `hep`: what proxies report goes to the guard's rules, in the order of its times. The
 * workers of a proxy swap messages, so each waits for CG_HEP_WINDOW_NS. An INVITE without To tag
 * does not: over UDP the guard sees it leave the host at once.
 */
#ifndef CG_HEP_HEP_INPUT_H
#define CG_HEP_HEP_INPUT_H

#include <systemd/sd-event.h>

#include "hep/hep_counts.h"
#include "maps/guard_maps.h"

#define CG_HEP_WINDOW_NS 200000000ULL

struct cg_hep_input;

/* key: NULL or "": none is asked for. Both texts are copied. 0 or -errno, logged. */
int cg_hep_input_new(sd_event *loop, const char *address, const char *key,
		     const struct cg_guard_maps *maps, struct cg_hep_input **input);

/* Gives what waits to the rules. NULL is ignored. */
void cg_hep_input_free(struct cg_hep_input *input);

/*
 * Call each second: opens the program again, and writes the notes of hep_note.h. NULL is ignored.
 */
void cg_hep_input_poll(struct cg_hep_input *input);

void cg_hep_input_get_status(const struct cg_hep_input *input, struct cg_hep_status *status);

#endif
