/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Usage of an instance's hash maps: entries used, size, and whether an alarm is due. */
#ifndef CG_MAPS_MAP_USAGE_H
#define CG_MAPS_MAP_USAGE_H

#include <jansson.h>
#include <linux/types.h>
#include <stdbool.h>

#define CG_USAGE_ALARM_PERCENT 80 /* an alarm is raised from here on */
#define CG_USAGE_CLEAR_PERCENT 70 /* an alarm is cleared below this */

#define CG_USAGE_REMEDY                                                                            \
	"to enlarge it, when few calls run: cseqguard detach -a, then attach --max-dialogs N"
#define CG_USAGE_WARNING "once it is full, new calls run unguarded; " CG_USAGE_REMEDY

static inline unsigned int cg_used_percent(__u32 used, __u32 max)
{
	return max ? used * 100ULL / max : 0;
}

struct cg_map_usage {
	const char *map;
	__u32 key_size;
	__u32 value_size;
	bool is_lru; /* a full one is no alarm: the oldest entry makes room */
	bool has_alarm; /* calls are lost or run unguarded if the map is full */
	__u32 max; /* size; set by cg_map_usage_read() */
	__u32 used; /* entries; set by cg_map_usage_read() */
};

enum cg_map_usage_idx {
	CG_USAGE_DIALOGS,
	CG_USAGE_OVERFLOW,
	CG_USAGE_INVITES,
	CG_USAGE_PENDING,
	CG_USAGE_BRANCHES,
	CG_USAGE_EARLY,
	CG_USAGE_MAPS
};

/* Templates to copy: the maps that can fill up, not read yet. */
extern const struct cg_map_usage cg_map_usages[CG_USAGE_MAPS];

/* Counts the entries of the map. Returns 0 or -errno, with `max` and `used` untouched. */
int cg_map_usage_read(const char *instance, struct cg_map_usage *usage);

/* Returns an object with `used`, `max` and `lru` of each map. The caller owns the reference. */
json_t *cg_map_usage_json(const struct cg_map_usage *usages, size_t n);
/* Returns an array with the names of the maps whose alarm is due. The caller owns the reference. */
json_t *cg_map_usage_alarms_json(const struct cg_map_usage *usages, size_t n);
/*
 * Prints the usage and the alarms to standard output, in lines of `width` columns; 0: of any
 * length.
 */
void cg_map_usage_print(const struct cg_map_usage *usages, size_t n, unsigned int width);

#endif
