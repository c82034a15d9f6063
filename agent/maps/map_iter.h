/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * A pinned hash of an instance, read a few batches at a time: a million records freeze neither a
 * screen nor, by long batches, the programs. Nothing prints.
 */
#ifndef CG_MAPS_MAP_ITER_H
#define CG_MAPS_MAP_ITER_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#define CG_MAP_ITER_BATCH 256 /* records a call: larger ones stall the programs */

struct cg_map_iter;

/* value: a copy, valid during the call. */
typedef void (*cg_map_iter_visit)(void *ctx, const void *value);

/* locked: values are copied under their spin lock, untorn. 0 or -errno of cg_map_open(). */
int cg_map_iter_open(const char *instance, const char *map, size_t key_size, size_t value_size,
		     bool locked, struct cg_map_iter **walk);
void cg_map_iter_close(struct cg_map_iter *walk);

/* Reads up to `batches` batches; take may be NULL. 0: there is more; 1: it is over; or -errno. */
int cg_map_iter_run(struct cg_map_iter *walk, unsigned int batches, cg_map_iter_visit take,
		    void *ctx);

__u32 cg_map_iter_count(const struct cg_map_iter *walk); /* records, so far */
__u32 cg_map_iter_max_entries(const struct cg_map_iter *walk); /* of the map */

#endif
