// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "util/notify.h"

#include <stdint.h>
#include <systemd/sd-daemon.h>
#include <time.h>

void cg_notify_ready(void)
{
	sd_notify(0, "READY=1");
}

/* Since systemd 253 the timestamp identifies the reload request that this notification answers. */
void cg_notify_reloading(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	sd_notifyf(0,
		   "RELOADING=1\n"
		   "MONOTONIC_USEC=%llu",
		   now.tv_sec * 1000000ULL + now.tv_nsec / 1000);
}

void cg_notify_stopping(void)
{
	sd_notify(0, "STOPPING=1");
}

__u64 cg_notify_interval(__u64 most)
{
	uint64_t us;

	if (sd_watchdog_enabled(0, &us) <= 0)
		return most;
	return us < most / 500 ? us * 500 : most;
}

void cg_notify_watchdog(const char *status)
{
	sd_notifyf(0,
		   "WATCHDOG=1\n"
		   "STATUS=%s",
		   status);
}
