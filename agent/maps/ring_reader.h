/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Reads the records of a BPF ring buffer. libbpf's reader frees each record at once; this one reads
 * on and leaves it to its caller when records are freed. An observer frees none and may read beside
 * the daemon.
 */
#ifndef CG_MAPS_RING_READER_H
#define CG_MAPS_RING_READER_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "cseqguard.h"

struct cg_ring_reader;

/*
 * Begins at the first record that is not free. `fd`: the map, opened for reading and writing,
 * because the kernel maps no other; the caller may close it. 0 or -errno.
 */
int cg_ring_reader_open(int fd, bool observes, struct cg_ring_reader **reader);
void cg_ring_reader_close(struct cg_ring_reader *reader); /* NULL is ignored */

/*
 * Copies the next record, or its first `size` bytes, and moves on. Returns the length of the
 * record; 0: there is none, or the kernel still writes it.
 */
ssize_t cg_ring_reader_next(struct cg_ring_reader *reader, void *record, size_t size);

/* True if there is a record that was not read. */
bool cg_ring_reader_has_records(const struct cg_ring_reader *reader);

/* Returns the position behind the last record that was read: bytes since the ring was made. */
__u64 cg_ring_reader_position(const struct cg_ring_reader *reader);

/* Skips to the position where an earlier reader stopped, unless the ring does not reach it. */
void cg_ring_reader_skip(struct cg_ring_reader *reader, __u64 position);

/* Frees all records before the position. Not for an observer. */
void cg_ring_reader_release(struct cg_ring_reader *reader, __u64 position);

/*
 * True if the ring has no space for a record of that length: the kernel loses what it would report.
 */
bool cg_ring_reader_is_full(const struct cg_ring_reader *reader, size_t length);

/* True once if the kernel has overwritten records before an observer has read them. */
bool cg_ring_reader_has_missed(struct cg_ring_reader *reader);

/*
 * Checks a record of `events` or `alerts`, of `size` bytes, and ends its texts with a NUL. False:
 * it is of another layout.
 */
bool cg_event_check(struct cg_event *event, size_t size);

#endif
