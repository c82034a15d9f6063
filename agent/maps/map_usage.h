/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* How full an instance's maps are. */
#ifndef CG_MAPS_MAP_USAGE_H
#define CG_MAPS_MAP_USAGE_H

#include <jansson.h>
#include <linux/types.h>
#include <stdbool.h>

#define CG_FILLING_FROM 80 /* percent */
#define CG_FILLING_OVER 70 /* below: it is over */

#define CG_FILLING_REMEDY                                                                          \
	"calls that it has no room for run unguarded; make room, when few calls run: cseqguard "   \
	"detach -a, then attach --max-dialogs N"

static inline unsigned int cg_percent(__u32 used, __u32 max)
{
	return max ? used * 100ULL / max : 0;
}

struct cg_fill {
	const char *map;
	__u32 key_size;
	__u32 value_size;
	bool warn; /* near its limit calls are at stake */
	__u32 max; /* by cg_fill_read() */
	__u32 used;
};

enum cg_fill_map {
	CG_FILL_DIALOGS,
	CG_FILL_OVERFLOW,
	CG_FILL_INVITES,
	CG_FILL_PENDING,
	CG_FILL_EARLY,
	CG_FILL_MAPS
};

/* The maps that may fill up, not read yet: to be copied. */
extern const struct cg_fill cg_fills[CG_FILL_MAPS];

/* 0 or -errno. */
int cg_fill_read(const char *instance, struct cg_fill *fill);

json_t *cg_fills_json(const struct cg_fill *fills, size_t n);
/* Names of those near their limit. */
json_t *cg_fills_filling(const struct cg_fill *fills, size_t n);
void cg_fills_show(const struct cg_fill *fills, size_t n);

#endif
