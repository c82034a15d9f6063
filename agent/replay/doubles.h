/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Messages that a capture has twice: as a packet, and in the HEP record by which the proxy mirrors
 * it. Both would be judged, the second as a retransmission. A message that was sent three times,
 * and mirrored three times, was sent three times.
 */
#ifndef CG_REPLAY_DOUBLES_H
#define CG_REPLAY_DOUBLES_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "capture/decap.h"

struct cg_doubles;

struct cg_doubles *cg_doubles_new(void); /* NULL: no memory */
void cg_doubles_free(struct cg_doubles *doubles);

/*
 * Notes a message at `at` (ns). Returns true if it is the double of one of the other kind. The
 * messages of the last minute are remembered; of very many, some are forgotten earlier.
 */
bool cg_doubles_note(struct cg_doubles *doubles, __u64 at, bool by_hep, const struct cg_flow *flow,
		     const __u8 *text, size_t len);

#endif
