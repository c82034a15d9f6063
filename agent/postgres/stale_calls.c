// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "postgres/stale_calls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/text.h"

#define MARGIN_US 1000000 /* clock offsets are corrected when they are off by 100 ms */

static __s64 to_us(const struct cg_config *config, __u64 ns)
{
	return (__s64)(ns + (__u64)config->clock_offset[config->clock % CG_CLOCKS]) / 1000;
}

__s64 cg_stale_calls_maps_time(const struct cg_config *config)
{
	return to_us(config, config->birth) - MARGIN_US;
}

static void set_time(struct cg_stale_calls *stale, enum cg_stale_value id, __s64 us)
{
	snprintf(stale->times[id], sizeof(stale->times[id]), "%lld", (long long)us);
	stale->values[id] = stale->times[id];
}

void cg_stale_calls_begin(struct cg_stale_calls *stale, struct cg_living_calls *living,
			  const struct cg_config *config, __u64 max_call, const char *path)
{
	const __s64 maps_at = cg_stale_calls_maps_time(config);
	const char *node = stale->origin->node;
	struct cg_spool *spool = NULL;
	__s64 beat = 0;

	cg_stale_calls_end(stale);
	if (!cg_spool_open_in_loop(path, &spool)) {
		cg_spool_last_beat(spool, node, maps_at, &beat);
		cg_spool_former_nodes(spool, stale->instance, node, &stale->former);
	}
	cg_spool_close(spool);
	stale->values[CG_STALE_FORMER] = stale->former ? stale->former : "{}";
	stale->values[CG_STALE_NODE] = node;
	set_time(stale, CG_STALE_BOOT, to_us(config, 0) - MARGIN_US);
	set_time(stale, CG_STALE_MAPS, maps_at);
	set_time(stale, CG_STALE_BEAT, beat);
	if (!beat)
		stale->values[CG_STALE_BEAT] = NULL;
	set_time(stale, CG_STALE_UNGUARDED, cg_now_us() - (__s64)max_call / 1000);
	stale->round++;
	stale->done = false;
	stale->closed = 0;
	stale->living = living;
}

bool cg_stale_calls_row_is_stale(const struct cg_stale_calls *stale, const char *node,
				 const char *call_uid, __s64 setup_time)
{
	return strcmp(node, stale->origin->node) ||
	       !cg_living_calls_has(stale->living, call_uid, setup_time);
}

void cg_stale_calls_end(struct cg_stale_calls *stale)
{
	free(stale->former);
	stale->former = NULL;
}
