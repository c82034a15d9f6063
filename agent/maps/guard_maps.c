// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "maps/guard_maps.h"

#include <bpf/bpf.h>
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

/* A pin of that name may be anything: the kernel copies as many bytes as its map's values have. */
static int open_map(const char *instance, const char *name, __u32 key_size, __u32 value_size)
{
	struct bpf_map_info info = {};
	__u32 size = sizeof(info);
	int fd = cg_pin_open(instance, name);

	if (fd < 0) {
		cg_log_err("cannot open map %s of instance %s: %s", name, instance, strerror(-fd));
		return fd;
	}
	if (bpf_obj_get_info_by_fd(fd, &info, &size) || info.key_size != key_size ||
	    info.value_size != value_size) {
		cg_log_err("map %s of instance %s is of another version: `cseqguard upgrade` first",
			   name, instance);
		close(fd);
		return -EPROTO;
	}
	return fd;
}

/* Either the way to the pins is closed, or the pins are. */
static void say_who_may(const char *instance)
{
	if (access(cg_pin_root(), F_OK) && errno == EACCES)
		cg_log_err("instance %s: %s is closed to all but root, as systemd mounts bpffs: "
			   "run as root, or bind that folder elsewhere and name the place in "
			   "CSEQGUARD_PIN_ROOT, as cseqguardd.service does",
			   instance, cg_pin_root());
	else
		cg_log_err(
			"instance %s: no permission for its pins in %s: run as root or as a member "
			"of group cseqguard; if the group is younger than the pins, "
			"`cseqguard attach` once more",
			instance, cg_pin_root());
}

static int say_why(const char *instance, int err)
{
	switch (err) {
	case -ENOENT:
		cg_log_err("instance %s is not attached: `cseqguard attach` first", instance);
		break;
	case -EPROTO:
		cg_log_err("instance %s was attached by another version (map layout is not %d):"
			   " use the matching cseqguardd, or detach and attach again",
			   instance, CG_LAYOUT);
		break;
	case -EACCES:
	case -EPERM:
		say_who_may(instance);
		break;
	default:
		cg_log_err("instance %s: %s", instance, strerror(-err));
	}
	return err;
}

int cg_guard_maps_open(struct cg_guard_maps *guard, const char *instance)
{
	struct cg_config config;
	int fd = cg_config_open(instance, &config);
	int err = 0;

	if (fd < 0)
		return say_why(instance, fd);
	*guard = (struct cg_guard_maps){ .instance = instance, .config = config, .config_fd = fd };
	guard->config_id = cg_map_get_id(fd);
	const struct {
		int *fd;
		const char *name;
		__u32 key_size, value_size;
	} maps[] = {
		{ &guard->dialogs_fd, "dialogs", sizeof(struct cg_dialog_key),
		  sizeof(struct cg_dialog) },
		{ &guard->overflow_fd, "overflow", sizeof(struct cg_dialog_key),
		  sizeof(struct cg_dialog) },
		{ &guard->pending_fd, "pending", sizeof(struct cg_txn_key),
		  sizeof(struct cg_invite) },
		{ &guard->counters_fd, "counters", sizeof(__u32), sizeof(struct cg_counters) },
		{ &guard->events_fd, "events", 0, 0 },
		{ &guard->alerts_fd, "alerts", 0, 0 },
	};

	for (size_t i = 0; i < sizeof(maps) / sizeof(*maps); i++)
		*maps[i].fd = -1;
	for (size_t i = 0; i < sizeof(maps) / sizeof(*maps) && !err; i++) {
		*maps[i].fd =
			open_map(instance, maps[i].name, maps[i].key_size, maps[i].value_size);
		err = *maps[i].fd < 0 ? *maps[i].fd : 0;
	}
	if (err)
		cg_guard_maps_close(guard);
	return err;
}

void cg_guard_maps_close(struct cg_guard_maps *guard)
{
	int fds[] = { guard->config_fd,	  guard->dialogs_fd, guard->overflow_fd, guard->pending_fd,
		      guard->counters_fd, guard->events_fd,  guard->alerts_fd };

	for (size_t i = 0; i < sizeof(fds) / sizeof(*fds); i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

bool cg_guard_maps_are_detached(const struct cg_guard_maps *guard)
{
	int fd = cg_pin_open(guard->instance, "config");
	bool gone = fd == -ENOENT || (fd >= 0 && cg_map_get_id(fd) != guard->config_id);

	if (fd >= 0)
		close(fd);
	return gone;
}

int cg_guard_maps_read_config(struct cg_guard_maps *guard)
{
	struct cg_config config;

	if (bpf_map_lookup_elem(guard->config_fd, &(__u32){ 0 }, &config))
		return -errno;
	guard->config = config;
	return 0;
}

int cg_guard_maps_read_losses(const struct cg_guard_maps *guard, struct cg_losses *losses)
{
	union cg_counters_sum sum;
	const struct cg_counters *c = &sum.counters;
	int err = cg_counters_read(guard->counters_fd, &sum);

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

int cg_guard_maps_set_observe(struct cg_guard_maps *guard)
{
	__u32 zero = 0;
	int lock, err;

	lock = cg_pins_lock(); /* `cseqguard set` writes config too */
	if (lock < 0)
		return lock;
	err = cg_guard_maps_read_config(guard);
	if (err)
		goto out;
	guard->config.mode = CG_OBSERVE;
	if (bpf_map_update_elem(guard->config_fd, &zero, &guard->config, BPF_EXIST))
		err = -errno;
out:
	close(lock);
	return err;
}

/* The two clocks are read a few ns apart; a preemption between them must not look like a step. */
static __s64 clock_offset(void)
{
	struct timespec real;
	__u64 before, after;

	do {
		before = cg_boottime();
		clock_gettime(CLOCK_REALTIME, &real);
		after = cg_boottime();
	} while (after - before > CLOCK_STEP_NS / 100);
	return real.tv_sec * (__s64)CG_SECOND + real.tv_nsec - (__s64)before;
}

int cg_guard_maps_update_clock(struct cg_guard_maps *guard, unsigned int in_use)
{
	__s64 offset = clock_offset();
	struct cg_config *config = &guard->config;
	__u8 clock = config->clock % CG_CLOCKS;
	int lock, err;

	if (llabs(offset - config->clock_offset[clock]) <= CLOCK_STEP_NS)
		return 0;
	lock = cg_pins_lock(); /* `cseqguard set` writes config too */
	if (lock < 0)
		return lock;
	err = cg_guard_maps_read_config(guard);
	if (err)
		goto out;
	in_use |= 1u << (config->clock % CG_CLOCKS);
	err = -ENOSPC;
	for (int i = 1; i < CG_CLOCKS; i++) {
		clock = (config->clock + i) % CG_CLOCKS;
		if (in_use & (1u << clock))
			continue;
		config->clock_offset[clock] = offset;
		config->clock = clock;
		err = bpf_map_update_elem(guard->config_fd, &(__u32){ 0 }, config, BPF_EXIST)
			      ? -errno
			      : 1;
		break;
	}
out:
	close(lock);
	return err;
}
