// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "maps/map_usage.h"

#include <stdio.h>

#include "cseqguard.h"
#include "maps/map_iter.h"
#include "util/cli_output.h"

#define BATCHES 64 /* per step of the iterator */

const struct cg_map_usage cg_map_usages[CG_USAGE_MAPS] = {
	[CG_USAGE_DIALOGS] = { .map = "dialogs",
			       .key_size = sizeof(struct cg_dialog_key),
			       .value_size = sizeof(struct cg_dialog),
			       .has_alarm = true },
	[CG_USAGE_OVERFLOW] = { .map = "overflow",
				.key_size = sizeof(struct cg_dialog_key),
				.value_size = sizeof(struct cg_dialog) },
	[CG_USAGE_INVITES] = { .map = "invites",
			       .key_size = sizeof(struct cg_txn_key),
			       .value_size = sizeof(struct cg_invite),
			       .is_lru = true },
	[CG_USAGE_PENDING] = { .map = "pending",
			       .key_size = sizeof(struct cg_txn_key),
			       .value_size = sizeof(struct cg_invite),
			       .has_alarm = true },
	[CG_USAGE_BRANCHES] = { .map = "branches",
				.key_size = sizeof(struct cg_txn_key),
				.value_size = sizeof(struct cg_branch),
				.has_alarm = true },
	[CG_USAGE_EARLY] = { .map = "early",
			     .key_size = sizeof(struct cg_dialog_key),
			     .value_size = sizeof(struct cg_early),
			     .is_lru = true },
};

/* Reads all entries, because the kernel does not report how many a hash map holds. */
int cg_map_usage_read(const char *instance, struct cg_map_usage *usage)
{
	struct cg_map_iter *iter;
	int end = cg_map_iter_open(instance, usage->map, usage->key_size, usage->value_size, false,
				   &iter);

	if (end)
		return end;
	while (!end)
		end = cg_map_iter_run(iter, BATCHES, NULL, NULL);
	if (end > 0) {
		usage->max = cg_map_iter_max_entries(iter);
		usage->used = cg_map_iter_count(iter);
	}
	cg_map_iter_close(iter);
	return end < 0 ? end : 0;
}

json_t *cg_map_usage_json(const struct cg_map_usage *usages, size_t n)
{
	json_t *object = json_object();

	for (size_t i = 0; i < n; i++)
		json_object_set_new(object, usages[i].map,
				    json_pack("{si si sb}", "used", usages[i].used, "max",
					      usages[i].max, "lru", usages[i].is_lru));
	return object;
}

static bool alarm_is_due(const struct cg_map_usage *usage)
{
	return usage->has_alarm &&
	       cg_used_percent(usage->used, usage->max) >= CG_USAGE_ALARM_PERCENT;
}

json_t *cg_map_usage_alarms_json(const struct cg_map_usage *usages, size_t n)
{
	json_t *names = json_array();

	for (size_t i = 0; i < n; i++)
		if (alarm_is_due(&usages[i]))
			json_array_append_new(names, json_string(usages[i].map));
	return names;
}

void cg_map_usage_print(const struct cg_map_usage *usages, size_t n, unsigned int width)
{
	char text[256];

	for (size_t i = 0; i < n; i++)
		printf("%-17s%s: %u of %u%s\n", "map", usages[i].map, usages[i].used, usages[i].max,
		       usages[i].is_lru ? ", LRU" : "");
	for (size_t i = 0; i < n; i++)
		if (alarm_is_due(&usages[i])) {
			snprintf(text, sizeof(text), "%s is %u %% full: " CG_USAGE_WARNING,
				 usages[i].map, cg_used_percent(usages[i].used, usages[i].max));
			printf("%-17s", "ALARM");
			cg_stdout_print_wrapped(width, 17, text);
		}
}
