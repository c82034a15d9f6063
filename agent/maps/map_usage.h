/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* How full an instance's maps are. */
#ifndef CG_MAPS_MAP_USAGE_H
#define CG_MAPS_MAP_USAGE_H

#include <jansson.h>
#include <linux/types.h>
#include <stdbool.h>

#define CG_USAGE_ALARM_PERCENT 80 /* percent */
#define CG_USAGE_CLEAR_PERCENT 70 /* below: it is over */

#define CG_USAGE_REMEDY                                                                            \
	"calls that it has no room for run unguarded; make room, when few calls run: cseqguard "   \
	"detach -a, then attach --max-dialogs N"

static inline unsigned int cg_used_percent(__u32 used, __u32 max)
{
	return max ? used * 100ULL / max : 0;
}

struct cg_map_usage {
	const char *map;
	__u32 key_size;
	__u32 value_size;
	bool warn; /* near its limit calls are at stake */
	__u32 max; /* by cg_map_usage_read() */
	__u32 used;
};

enum cg_map_usage_idx {
	CG_USAGE_DIALOGS,
	CG_USAGE_OVERFLOW,
	CG_USAGE_INVITES,
	CG_USAGE_PENDING,
	CG_USAGE_EARLY,
	CG_USAGE_MAPS
};

/* The maps that may fill up, not read yet: to be copied. */
extern const struct cg_map_usage cg_map_usages[CG_USAGE_MAPS];

/* 0 or -errno. */
int cg_map_usage_read(const char *instance, struct cg_map_usage *fill);

json_t *cg_map_usage_json(const struct cg_map_usage *fills, size_t n);
/* Names of those near their limit. */
json_t *cg_map_usage_alarms_json(const struct cg_map_usage *fills, size_t n);
void cg_map_usage_print(const struct cg_map_usage *fills, size_t n);

#endif
