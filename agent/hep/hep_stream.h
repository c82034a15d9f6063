/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* HEPv3 records out of a TCP connection, whose segments cut them anywhere. No I/O. */
#ifndef CG_HEP_HEP_STREAM_H
#define CG_HEP_HEP_STREAM_H

#include <linux/types.h>
#include <stddef.h>

#define CG_HEP_RECORD_MAX 65535 /* its length has 16 bits */

struct cg_hep_stream { /* zero it first */
	size_t first, end; /* what is not handed out yet */
	__u8 bytes[CG_HEP_RECORD_MAX];
};

/* Returns where the next bytes are to be written. *room: how many, at least one. */
void *cg_hep_stream_room(struct cg_hep_stream *stream, size_t *room);
void cg_hep_stream_add(struct cg_hep_stream *stream, size_t n);

/*
 * Returns the length of the next whole record, which is valid until cg_hep_stream_room(); 0: none
 * yet; -EINVAL: these bytes are no HEP, and nothing behind them can be read.
 */
int cg_hep_stream_next(struct cg_hep_stream *stream, const __u8 **record);

#endif
