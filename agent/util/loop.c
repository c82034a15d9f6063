// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "util/loop.h"

#include <time.h>

#include "util/clock.h"

#define EVENTS_MAX 16 /* of one run */
#define ACCURACY_US 1000 /* sd-event takes 0 for 250 ms */

static __u64 longest; /* run of a handler, ns */

int cg_loop_run(sd_event *loop, int timeout_ms)
{
	uint64_t wait_us = timeout_ms < 0 ? UINT64_MAX : timeout_ms * 1000ULL;
	__u64 began, took;
	int ready;

	for (int i = 0; i < EVENTS_MAX; i++) {
		ready = sd_event_prepare(loop);
		if (!ready)
			ready = sd_event_wait(loop, i ? 0 : wait_us);
		if (ready <= 0)
			return ready;
		began = cg_boottime();
		ready = sd_event_dispatch(loop);
		took = cg_boottime() - began;
		if (took > longest)
			longest = took;
		if (ready < 0)
			return ready;
	}
	return 0;
}

__u64 cg_loop_longest(void)
{
	__u64 was = longest;

	longest = 0;
	return was;
}

int cg_timer_add(sd_event *loop, sd_event_source **timer, sd_event_time_handler_t handler,
		 void *ctx)
{
	int err = sd_event_add_time(loop, timer, CLOCK_BOOTTIME, UINT64_MAX, ACCURACY_US, handler,
				    ctx);

	return err < 0 ? err : 0;
}

void cg_timer_set(sd_event_source *timer, __u64 ns)
{
	if (ns)
		sd_event_source_set_time_relative(timer, (ns + 999) / 1000);
	sd_event_source_set_enabled(timer, ns ? SD_EVENT_ONESHOT : SD_EVENT_OFF);
}
