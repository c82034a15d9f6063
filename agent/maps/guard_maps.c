// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "maps/guard_maps.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "maps/counters.h"
#include "maps/pins.h"
#include "util/clock.h"
#include "util/log.h"

#define CLOCK_STEP_NS 100000000LL
#define CLOCK_READ_NS (CLOCK_STEP_NS / 100) /* longest time to read both clocks */

/* EACCES: either a parent directory or the pins themselves are not accessible. */
static void log_permission_error(const char *instance)
{
	if (access(cg_pin_root(), F_OK) && errno == EACCES)
		cg_log_err("instance %s: cannot open %s: systemd mounts bpffs for root only; run "
			   "as root, or bind-mount that directory elsewhere and set "
			   "CSEQGUARD_PIN_ROOT to the new path, as cseqguardd.service does",
			   instance, cg_pin_root());
	else
		cg_log_err(
			"instance %s: cannot open its pins in %s: no permission; run as root, or "
			"as user and group cseqguard; if they were created after the pins, "
			"run `cseqguard attach` again",
			instance, cg_pin_root());
}

static void log_open_error(const char *instance, int err)
{
	switch (err) {
	case -ENOENT:
		cg_log_err("instance %s is not attached; run `cseqguard attach` first", instance);
		break;
	case -EPROTO:
		cg_log_err("instance %s: cannot use its maps: another version attached it (map "
			   "layout is not %d); use the cseqguardd of that version, or detach and "
			   "attach again",
			   instance, CG_LAYOUT);
		break;
	case -EACCES:
	case -EPERM:
		log_permission_error(instance);
		break;
	default:
		cg_log_err("instance %s: cannot open its maps: %s", instance, strerror(-err));
	}
}

static int open_map(const char *instance, const char *name, size_t key_size, size_t value_size)
{
	int fd = cg_map_open_writable(instance, name, key_size, value_size);

	if (fd == -EPROTO)
		cg_log_err("instance %s: cannot use map %s: another version made it; run "
			   "`cseqguard upgrade` first",
			   instance, name);
	else if (fd < 0)
		cg_log_err("instance %s: cannot open map %s: %s", instance, name, strerror(-fd));
	return fd;
}

/* Opens all maps but `config`. Returns 0, or -errno with the remaining ones at -1. */
static int open_maps(struct cg_guard_maps *maps)
{
	const size_t dialog = sizeof(struct cg_dialog), dialog_key = sizeof(struct cg_dialog_key);
	const struct {
		int *fd;
		const char *name;
		size_t key_size, value_size;
	} table[] = {
		{ &maps->dialogs_fd, "dialogs", dialog_key, dialog },
		{ &maps->overflow_fd, "overflow", dialog_key, dialog },
		{ &maps->pending_fd, "pending", sizeof(struct cg_txn_key),
		  sizeof(struct cg_invite) },
		{ &maps->branches_fd, "branches", sizeof(struct cg_txn_key),
		  sizeof(struct cg_branch) },
		{ &maps->shares_fd, "shares", 16, sizeof(struct cg_share) },
		{ &maps->usage_fd, "usage", sizeof(__u32), sizeof(struct cg_usage) },
		{ &maps->gateways_fd, "gateways", sizeof(struct cg_prefix), sizeof(__u32) },
		{ &maps->counters_fd, "counters", sizeof(__u32), sizeof(struct cg_counters) },
		{ &maps->events_fd, "events", 0, 0 },
		{ &maps->alerts_fd, "alerts", 0, 0 },
	};
	const size_t n = sizeof(table) / sizeof(*table);

	for (size_t i = 0; i < n; i++)
		*table[i].fd = -1;
	for (size_t i = 0; i < n; i++) {
		*table[i].fd = open_map(maps->instance, table[i].name, table[i].key_size,
					table[i].value_size);
		if (*table[i].fd < 0)
			return *table[i].fd;
	}
	return 0;
}

int cg_guard_maps_open(struct cg_guard_maps *maps, const char *instance)
{
	struct cg_config config;
	int fd = cg_config_open_writable(instance, &config), err;

	if (fd < 0) {
		log_open_error(instance, fd);
		return fd;
	}
	*maps = (struct cg_guard_maps){ .instance = instance, .config = config, .config_fd = fd };
	maps->config_id = cg_map_get_id(fd);
	err = open_maps(maps);
	if (err)
		cg_guard_maps_close(maps);
	return err;
}

void cg_guard_maps_close(struct cg_guard_maps *maps)
{
	int fds[] = { maps->config_fd,	 maps->dialogs_fd, maps->overflow_fd, maps->pending_fd,
		      maps->branches_fd, maps->shares_fd,  maps->usage_fd,    maps->gateways_fd,
		      maps->counters_fd, maps->events_fd,  maps->alerts_fd };

	for (size_t i = 0; i < sizeof(fds) / sizeof(*fds); i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

bool cg_guard_maps_are_detached(const struct cg_guard_maps *maps)
{
	int fd = cg_pin_open(maps->instance, "config");
	bool detached = fd == -ENOENT || (fd >= 0 && cg_map_get_id(fd) != maps->config_id);

	if (fd >= 0)
		close(fd);
	return detached;
}

int cg_guard_maps_read_config(struct cg_guard_maps *maps)
{
	return cg_config_read(maps->config_fd, &maps->config);
}

int cg_guard_maps_read_losses(const struct cg_guard_maps *maps, struct cg_losses *losses)
{
	union cg_counters_sum sum;
	const struct cg_counters *c = &sum.counters;
	int err = cg_counters_read(maps->counters_fd, &sum);

	if (err)
		return err;
	*losses = (struct cg_losses){
		.events = c->events_lost,
		.alerts = c->alerts_lost,
		.unguarded = cg_counters_unguarded(c),
		.unrecorded = cg_counters_unrecorded(c),
	};
	return 0;
}

/*
 * Changes `config` under the lock, because `cseqguard set` writes it too. It does not wait for the
 * lock: both callers try again a second later.
 */
static int change_config(struct cg_guard_maps *maps, cg_config_change change, void *ctx)
{
	int lock = cg_pins_lock(0), err;

	if (lock < 0)
		return lock;
	err = cg_config_update(maps->config_fd, change, ctx, &maps->config);
	close(lock);
	return err;
}

static int set_observe(void *ctx, struct cg_config *config)
{
	(void)ctx;
	config->mode = CG_OBSERVE;
	return 0;
}

int cg_guard_maps_set_observe(struct cg_guard_maps *maps)
{
	return change_config(maps, set_observe, NULL);
}

/* Repeats the reading if the thread was preempted in it; the delay would look like a clock step. */
static __s64 read_clock_offset(void)
{
	struct timespec real;
	__u64 before, after;

	do {
		before = cg_boottime();
		clock_gettime(CLOCK_REALTIME, &real);
		after = cg_boottime();
	} while (after - before > CLOCK_READ_NS);
	return real.tv_sec * (__s64)CG_SECOND + real.tv_nsec - (__s64)before;
}

struct clock_change {
	__s64 offset;
	unsigned int in_use; /* bitmask of clock numbers */
};

/* Stores the offset under the next clock number that no dialog uses. */
static int set_clock(void *ctx, struct cg_config *config)
{
	const struct clock_change *change = ctx;
	__u8 current = config->clock % CG_CLOCKS;
	unsigned int in_use = change->in_use | 1u << current;

	for (int i = 1; i < CG_CLOCKS; i++) {
		__u8 clock = (current + i) % CG_CLOCKS;

		if (in_use & (1u << clock))
			continue;
		config->clock_offset[clock] = change->offset;
		config->clock = clock;
		return 0;
	}
	return -ENOSPC;
}

int cg_guard_maps_update_clock(struct cg_guard_maps *maps, unsigned int in_use)
{
	struct clock_change change = { .offset = read_clock_offset(), .in_use = in_use };
	__s64 known = maps->config.clock_offset[maps->config.clock % CG_CLOCKS];
	int err;

	if (llabs(change.offset - known) <= CLOCK_STEP_NS)
		return 0;
	err = change_config(maps, set_clock, &change);
	return err ? err : 1;
}
