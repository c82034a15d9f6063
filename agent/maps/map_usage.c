// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "maps/map_usage.h"

#include <stdio.h>

#include "cseqguard.h"
#include "maps/map_iter.h"

#define BATCHES 64 /* a step */

#define DIALOG_KEY sizeof(struct cg_dialog_key)
#define TXN_KEY sizeof(struct cg_txn_key)

const struct cg_map_usage cg_map_usages[CG_USAGE_MAPS] = {
	[CG_USAGE_DIALOGS] = { "dialogs", DIALOG_KEY, sizeof(struct cg_dialog), true, 0, 0 },
	[CG_USAGE_OVERFLOW] = { "overflow", DIALOG_KEY, sizeof(struct cg_dialog), false, 0, 0 },
	[CG_USAGE_INVITES] = { "invites", TXN_KEY, sizeof(struct cg_invite), false, 0, 0 },
	[CG_USAGE_PENDING] = { "pending", TXN_KEY, sizeof(struct cg_invite), true, 0, 0 },
	[CG_USAGE_EARLY] = { "early", DIALOG_KEY, sizeof(struct cg_early), false, 0, 0 },
};

/* The kernel does not tell how full a hash is: count its keys. */
int cg_map_usage_read(const char *instance, struct cg_map_usage *fill)
{
	struct cg_map_iter *walk;
	int end = cg_map_iter_open(instance, fill->map, fill->key_size, fill->value_size, false,
				   &walk);

	if (end)
		return end;
	while (!end)
		end = cg_map_iter_run(walk, BATCHES, NULL, NULL);
	if (end > 0) {
		fill->max = cg_map_iter_max_entries(walk);
		fill->used = cg_map_iter_count(walk);
	}
	cg_map_iter_close(walk);
	return end < 0 ? end : 0;
}

json_t *cg_map_usage_json(const struct cg_map_usage *fills, size_t n)
{
	json_t *object = json_object();

	for (size_t i = 0; i < n; i++)
		json_object_set_new(
			object, fills[i].map,
			json_pack("{si si}", "used", fills[i].used, "max", fills[i].max));
	return object;
}

static bool filling(const struct cg_map_usage *fill)
{
	return fill->warn && cg_used_percent(fill->used, fill->max) >= CG_USAGE_ALARM_PERCENT;
}

json_t *cg_map_usage_alarms_json(const struct cg_map_usage *fills, size_t n)
{
	json_t *names = json_array();

	for (size_t i = 0; i < n; i++)
		if (filling(&fills[i]))
			json_array_append_new(names, json_string(fills[i].map));
	return names;
}

void cg_map_usage_print(const struct cg_map_usage *fills, size_t n)
{
	for (size_t i = 0; i < n; i++)
		printf("%-17s%s: %u of %u\n", "map", fills[i].map, fills[i].used, fills[i].max);
	for (size_t i = 0; i < n; i++)
		if (filling(&fills[i]))
			printf("%-17s%s is %u %% full: " CG_USAGE_REMEDY "\n", "FILLING",
			       fills[i].map, cg_used_percent(fills[i].used, fills[i].max));
}
