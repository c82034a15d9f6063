// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "attach/instance.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attach/bpffs.h"
#include "attach/instance_netns.h"
#include "attach/interface.h"
#include "attach/open_error.h"
#include "guard.skel.h"
#include "maps/pins.h"
#include "util/cli_output.h"
#include "util/progress.h"

/* Of the contract, and pinned; `config` last: an instance that has it is whole. */
static const char *const maps[] = { "dialogs",	"overflow",	"invites",	  "pending",
				    "early",	"addr_changes", "unexpected_uas", "gateways",
				    "counters", "events",	"alerts",	  "config" };
#define MAPS (sizeof(maps) / sizeof(*maps))

#define TRY_ENTRIES 64 /* enough for the verifier */

static struct guard *guard_open(void)
{
	struct guard *guard = guard__open();

	if (!guard)
		cg_fail("BPF programs: cannot be read: %s", strerror(errno));
	return guard;
}

static int guard_load(struct guard *guard)
{
	int err;

	cg_progress_show("BPF programs: the kernel's verifier walks through them");
	err = guard__load(guard);
	cg_progress_end();
	if (!err)
		return CG_DONE;
	if (err == -EPERM)
		return cg_fail("BPF programs: no permission to load them; run as root");
	if (err == -ENOMEM || err == -E2BIG)
		return cg_fail("BPF maps: %s; try a smaller --max-dialogs or --ring-bytes",
			       strerror(-err));
	return cg_fail("BPF programs: the kernel refused them: %s; they need Linux 6.1 or newer, "
		       "-v shows the verifier's words",
		       strerror(-err));
}

/* Compares a pin with what the programs expect: bpf_map__reuse_fd checks nothing. */
static int check_map(const char *name, const struct bpf_map *map, int fd)
{
	struct bpf_map_info info = {};
	__u32 size = sizeof(info);

	if (!bpf_obj_get_info_by_fd(fd, &info, &size) && info.type == bpf_map__type(map) &&
	    info.key_size == bpf_map__key_size(map) && info.value_size == bpf_map__value_size(map))
		return CG_DONE;
	return cg_fail(
		"%s/%s: the pinned map %s is of another layout; use the version that made it, "
		"or remove it with: cseqguard detach -a",
		cg_pin_root(), name, bpf_map__name(map));
}

/* Every map of the contract, checked; with reuse handed to the programs. */
static int with_pinned(const char *name, struct guard *guard, bool reuse)
{
	for (size_t i = 0; i < MAPS; i++) {
		struct bpf_map *map = bpf_object__find_map_by_name(guard->obj, maps[i]);
		int fd = cg_pin_open(name, maps[i]), err;

		if (fd < 0)
			return cg_fail("%s/%s: %s is missing; start anew with: cseqguard detach -a",
				       cg_pin_root(), name, maps[i]);
		err = check_map(name, map, fd);
		if (!err && reuse && bpf_map__reuse_fd(map, fd))
			err = cg_fail("%s/%s: %s cannot be shared: %s", cg_pin_root(), name,
				      maps[i], strerror(errno));
		close(fd);
		if (err)
			return err;
	}
	return CG_DONE;
}

static int fill(struct guard *guard, const struct cg_settings *settings)
{
	int config_fd = bpf_map__fd(guard->maps.config);
	struct cg_config config;
	__u32 zero = 0;
	int err;

	err = cg_settings_init_config(&config);
	if (!err && bpf_map_update_elem(config_fd, &zero, &config, BPF_ANY))
		err = -errno;
	if (!err)
		err = cg_settings_write(settings, config_fd, bpf_map__fd(guard->maps.gateways));
	return err ? cg_fail("BPF maps: settings were not written: %s", strerror(-err)) : CG_DONE;
}

static int pin_all(struct guard *guard, const struct cg_instance *instance)
{
	int err;

	err = cg_bpffs_pin(instance->prog_in, instance->name, "prog_in", CG_PIN_ROOT_ONLY);
	if (!err)
		err = cg_bpffs_pin(instance->prog_out, instance->name, "prog_out",
				   CG_PIN_ROOT_ONLY);
	if (!err)
		err = cg_instance_netns_pin(instance->name, instance->prog_in);
	for (size_t i = 0; i < MAPS && !err; i++)
		err = cg_bpffs_pin(bpf_object__find_map_fd_by_name(guard->obj, maps[i]),
				   instance->name, maps[i], CG_PIN_GROUP);
	return err ? CG_FAILED : CG_DONE;
}

/* Program fds of their own: the skeleton's go with it. */
static int take_programs(const struct guard *guard, struct cg_instance *instance)
{
	instance->prog_in = fcntl(bpf_program__fd(guard->progs.cseqguard_in), F_DUPFD_CLOEXEC, 3);
	instance->prog_out = fcntl(bpf_program__fd(guard->progs.cseqguard_out), F_DUPFD_CLOEXEC, 3);
	if (instance->prog_in < 0 || instance->prog_out < 0)
		return cg_fail("BPF programs: %s", strerror(errno));
	return CG_DONE;
}

static int make(const char *name, const struct cg_settings *settings, struct cg_instance *instance)
{
	struct cg_instance made = { .name = name, .prog_in = -1, .prog_out = -1, .made = true };
	struct guard *guard = guard_open();
	int err;

	if (!guard)
		return CG_FAILED;
	if (settings->given & CG_SET_MAX_DIALOGS) {
		bpf_map__set_max_entries(guard->maps.dialogs, settings->max_dialogs);
		bpf_map__set_max_entries(guard->maps.pending,
					 cg_pending_max(settings->max_dialogs));
	}
	if (settings->given & CG_SET_RING_BYTES) {
		bpf_map__set_max_entries(guard->maps.events, settings->ring_bytes);
		bpf_map__set_max_entries(guard->maps.alerts, settings->ring_bytes);
	}
	err = guard_load(guard);
	if (!err)
		err = take_programs(guard, &made);
	if (!err)
		err = fill(guard, settings);
	if (err)
		goto out;
	err = cg_bpffs_make_dir(name);
	if (err && err != -EEXIST) { /* an empty one is as good */
		err = CG_FAILED;
		goto out;
	}
	err = pin_all(guard, &made);
	if (err)
		cg_bpffs_remove_instance(name);
out:
	guard__destroy(guard);
	if (err)
		cg_instance_close(&made);
	else
		*instance = made;
	return err;
}

/* The group may be younger than the pins. */
static int share_pinned(const char *name)
{
	int err = cg_bpffs_share(name, NULL);

	for (size_t i = 0; i < MAPS && !err; i++)
		err = cg_bpffs_share(name, maps[i]);
	return err ? CG_FAILED : CG_DONE;
}

/* What was fixed when the maps were made. */
static int check_sizes(const char *name, const struct cg_settings *settings,
		       const struct cg_config *config)
{
	__u32 events, alerts;
	int err;

	if (settings->given & CG_SET_MAX_DIALOGS && settings->max_dialogs != config->max_dialogs)
		return cg_fail_usage("max-dialogs is %u while the maps of instance %s live; first: "
				     "cseqguard detach -a",
				     config->max_dialogs, name);
	if (!(settings->given & CG_SET_RING_BYTES))
		return CG_DONE;
	err = cg_ring_read_size(name, "events", &events);
	if (!err)
		err = cg_ring_read_size(name, "alerts", &alerts);
	if (err)
		return cg_fail_open(name, err);
	if (events == settings->ring_bytes && alerts == settings->ring_bytes)
		return CG_DONE;
	return cg_fail_usage(
		"ring-bytes is %u (events) and %u (alerts) while the maps of instance %s "
		"live; first: cseqguard detach -a",
		events, alerts, name);
}

static int reopen(const char *name, const struct cg_settings *settings,
		  const struct cg_config *config, struct cg_instance *instance)
{
	struct cg_instance found = { .name = name, .prog_in = -1, .prog_out = -1 };
	struct guard *guard;
	int err;

	err = check_sizes(name, settings, config);
	if (err)
		return err;
	guard = guard_open();
	if (!guard)
		return CG_FAILED;
	err = with_pinned(name, guard, false);
	guard__destroy(guard);
	if (!err)
		err = share_pinned(name);
	if (!err)
		err = cg_interface_remove_gone(name) ? CG_FAILED : CG_DONE;
	if (!err)
		err = cg_interface_check_netns(name);
	if (err)
		return err;
	found.prog_in = cg_pin_open(name, "prog_in");
	found.prog_out = cg_pin_open(name, "prog_out");
	if (found.prog_in < 0 || found.prog_out < 0)
		err = cg_fail(
			"%s/%s: its programs are missing; start anew with: cseqguard detach -a",
			cg_pin_root(), name);
	if (!err)
		err = cg_instance_netns_pin(name, found.prog_in) ? CG_FAILED : CG_DONE;
	if (err)
		cg_instance_close(&found);
	else
		*instance = found;
	return err;
}

int cg_instance_open(const char *name, const struct cg_settings *settings,
		     struct cg_instance *instance)
{
	struct cg_config config;
	char **names;
	size_t n;
	int fd;

	fd = cg_config_open(name, &config);
	if (fd >= 0) {
		close(fd);
		return reopen(name, settings, &config, instance);
	}
	if (fd != -ENOENT)
		return cg_fail_open(name, fd);
	if (cg_bpffs_list_pins(name, "", &names, &n))
		return CG_FAILED;
	cg_bpffs_free_pins(names, n);
	if (n)
		return cg_fail("%s/%s: an instance half made; remove it with: cseqguard detach -a",
			       cg_pin_root(), name);
	return make(name, settings, instance);
}

/* Loads the programs unless `err` says what went wrong before, and is done with `guard`. */
static int load(struct guard *guard, const char *name, int err, struct cg_instance *instance)
{
	struct cg_instance loaded = { .name = name, .prog_in = -1, .prog_out = -1 };

	if (!err)
		err = guard_load(guard);
	if (!err)
		err = take_programs(guard, &loaded);
	guard__destroy(guard);
	if (err)
		cg_instance_close(&loaded);
	else
		*instance = loaded;
	return err;
}

int cg_instance_load_programs(const char *name, struct cg_instance *instance)
{
	struct guard *guard = guard_open();

	return guard ? load(guard, name, with_pinned(name, guard, true), instance) : CG_FAILED;
}

static void make_small(struct bpf_map *map)
{
	switch (bpf_map__type(map)) {
	case BPF_MAP_TYPE_RINGBUF:
		bpf_map__set_max_entries(map, getpagesize());
		break;
	case BPF_MAP_TYPE_HASH:
	case BPF_MAP_TYPE_LRU_HASH:
		bpf_map__set_max_entries(map, TRY_ENTRIES);
		break;
	default:
		break;
	}
}

int cg_instance_try_load(struct cg_instance *instance)
{
	struct guard *guard = guard_open();
	struct bpf_map *map;

	if (!guard)
		return CG_FAILED;
	bpf_object__for_each_map (map, guard->obj)
		make_small(map);
	return load(guard, NULL, 0, instance);
}

void cg_instance_close(struct cg_instance *instance)
{
	if (instance->prog_in >= 0)
		close(instance->prog_in);
	if (instance->prog_out >= 0)
		close(instance->prog_out);
	instance->prog_in = instance->prog_out = -1;
}
