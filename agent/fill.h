/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* How full an instance's maps are: of `status`. */
#ifndef CG_FILL_H
#define CG_FILL_H

#include <jansson.h>
#include <linux/types.h>
#include <stdbool.h>

struct cg_fill {
	const char *map;
	__u32 key_size;
	__u32 value_size;
	bool warn; /* near its limit calls are at stake */
	__u32 max; /* by cg_fill_read() */
	__u32 used;
};

/* 0 or -errno. */
int cg_fill_read(const char *instance, struct cg_fill *fill);

json_t *cg_fills_json(const struct cg_fill *fills, size_t n);
/* Names of those near their limit. */
json_t *cg_fills_filling(const struct cg_fill *fills, size_t n);
void cg_fills_show(const struct cg_fill *fills, size_t n);

#endif
