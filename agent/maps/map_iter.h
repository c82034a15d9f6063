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

#define CG_WALK_BATCH 256 /* records a call: larger ones stall the programs */

struct cg_walk;

/* value: a copy, valid during the call. */
typedef void (*cg_walk_take)(void *ctx, const void *value);

/* locked: values are copied under their spin lock, untorn. 0 or -errno of cg_map_open_as(). */
int cg_walk_open(const char *instance, const char *map, size_t key_size, size_t value_size,
		 bool locked, struct cg_walk **walk);
void cg_walk_close(struct cg_walk *walk);

/* Reads up to `batches` batches; take may be NULL. 0: there is more; 1: it is over; or -errno. */
int cg_walk_step(struct cg_walk *walk, unsigned int batches, cg_walk_take take, void *ctx);

__u32 cg_walk_seen(const struct cg_walk *walk); /* records, so far */
__u32 cg_walk_max(const struct cg_walk *walk); /* of the map */

#endif
