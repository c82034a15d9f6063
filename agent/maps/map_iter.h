/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Iterator over a pinned hash map, a few batches at a time. Between two steps the caller can update
 * its screen, and short batches do not stall the BPF programs, even with a million records. Of
 * these functions only cg_dialogs_for_each() prints.
 */
#ifndef CG_MAPS_MAP_ITER_H
#define CG_MAPS_MAP_ITER_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "cseqguard.h"

#define CG_MAP_ITER_BATCH 256 /* records per system call; larger batches stall the BPF programs */

struct cg_map_iter;

/* `key` and `value` are copies that are valid during the call. */
typedef void (*cg_map_iter_visit)(void *ctx, const void *key, const void *value);

/*
 * Opens an iterator. `locked`: the kernel copies each value under its spin lock, so that the copy
 * is consistent. Returns 0 or -errno of cg_map_open(), with *iter untouched.
 */
int cg_map_iter_open(const char *instance, const char *map, size_t key_size, size_t value_size,
		     bool locked, struct cg_map_iter **iter);
void cg_map_iter_close(struct cg_map_iter *iter);

/*
 * Reads up to `batches` batches and calls `visit` (may be NULL) for each record. Returns 0 if there
 * are more records, 1 at the end, or -errno.
 */
int cg_map_iter_run(struct cg_map_iter *iter, unsigned int batches, cg_map_iter_visit visit,
		    void *ctx);

__u32 cg_map_iter_count(const struct cg_map_iter *iter); /* records read so far */
__u32 cg_map_iter_max_entries(const struct cg_map_iter *iter); /* size of the map */

/*
 * Calls `visit` for each dialog until it returns a value other than 0. Each copy is consistent,
 * because the kernel makes it under the dialog's lock. Dialogs that are added or removed during the
 * iteration may be visited or not. A long iteration shows its progress. Returns 0, the value of
 * `visit`, or -errno of cg_map_open(), not reported.
 */
int cg_dialogs_for_each(const char *instance,
			int (*visit)(void *ctx, const struct cg_dialog *dialog), void *ctx);

#endif
