/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Several captures as one: the packets of all, by time. So the parts of a rotated capture, and the
 * captures of two interfaces, may be named in any order.
 */
#ifndef CG_CAPTURE_CAPTURE_SET_H
#define CG_CAPTURE_CAPTURE_SET_H

#include "capture/capture_file.h"

struct cg_capture_set;

/* Opens the files. Returns CG_DONE, or CG_FAILED (reported) with *set NULL. */
int cg_capture_set_open(char *const *paths, int n, struct cg_capture_set **set);
void cg_capture_set_close(struct cg_capture_set *set); /* NULL is ignored */

/*
 * Returns 1 and the next packet, whose bytes are valid until the next call, or 0: no more. A file
 * that is damaged or cut ends there, with a notice.
 */
int cg_capture_set_next(struct cg_capture_set *set, struct cg_capture_packet *packet);

uint64_t cg_capture_set_size(const struct cg_capture_set *set); /* bytes of all; 0: not known */
uint64_t cg_capture_set_position(const struct cg_capture_set *set);

#endif
