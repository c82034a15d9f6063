/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The clock of the BPF programs: CLOCK_BOOTTIME in nanoseconds. */
#ifndef CG_UTIL_CLOCK_H
#define CG_UTIL_CLOCK_H

#include <linux/types.h>
#include <stdbool.h>
#include <time.h>

#define CG_SECOND 1000000000ULL /* ns */

/* Returns CLOCK_BOOTTIME in ns, as bpf_ktime_get_boot_ns() does. */
static inline __u64 cg_boottime(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec * CG_SECOND + now.tv_nsec;
}

/* Returns whether more than `age` ns have passed from `then`, which may be before the boot, to `now`. */
static inline bool cg_time_is_older(__u64 then, __u64 age, __u64 now)
{
	__u64 passed = now - then; /* modulo 2^64: see cg_time_is_after() */

	return (__s64)passed > 0 && passed > age;
}

#endif
