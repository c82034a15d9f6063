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

/* The pinned maps of the contract. `config` is pinned last and marks a complete instance. */
static const char *const maps[] = { "dialogs",	"overflow",	"invites",	  "pending",
				    "early",	"addr_changes", "unexpected_uas", "gateways",
				    "counters", "events",	"alerts",	  "config" };
#define MAPS (sizeof(maps) / sizeof(*maps))

#define TRY_ENTRIES 64 /* map size for a trial load; the verifier needs no more */

/* --- programs --------------------------------------------------------------------------------- */

static struct guard *open_skeleton(void)
{
	struct guard *skel = guard__open();

	if (!skel)
		cg_fail("BPF programs: cannot open the object: %s", strerror(errno));
	return skel;
}

static int load_skeleton(struct guard *skel)
{
	int err;

	cg_progress_show("BPF programs: the kernel's verifier checks them");
	err = guard__load(skel);
	cg_progress_end();
	if (!err)
		return CG_DONE;
	if (err == -EPERM)
		return cg_fail("BPF programs: cannot load: no permission; run as root");
	if (err == -ENOMEM || err == -E2BIG)
		return cg_fail("BPF maps: cannot create: %s; try a smaller --max-dialogs or "
			       "--ring-bytes",
			       strerror(-err));
	return cg_fail("BPF programs: cannot load: %s; they need Linux 6.1 or newer, -v shows the "
		       "verifier's log",
		       strerror(-err));
}

/* Duplicates the program fds, because the skeleton closes its own. */
static int dup_programs(const struct guard *skel, struct cg_instance *instance)
{
	instance->prog_in = fcntl(bpf_program__fd(skel->progs.cseqguard_in), F_DUPFD_CLOEXEC, 3);
	instance->prog_out = fcntl(bpf_program__fd(skel->progs.cseqguard_out), F_DUPFD_CLOEXEC, 3);
	if (instance->prog_in < 0 || instance->prog_out < 0)
		return cg_fail("BPF programs: cannot duplicate an fd: %s", strerror(errno));
	return CG_DONE;
}

/* Loads the programs and frees `skel`. */
static int load_programs(struct guard *skel, const char *name, struct cg_instance *instance)
{
	struct cg_instance loaded = { .name = name, .prog_in = -1, .prog_out = -1 };
	int err = load_skeleton(skel);

	if (!err)
		err = dup_programs(skel, &loaded);
	guard__destroy(skel);
	if (err)
		cg_instance_close(&loaded);
	else
		*instance = loaded;
	return err;
}

/* --- pinned maps ------------------------------------------------------------------------------ */

/* Compares a pinned map with the one that the programs expect; bpf_map__reuse_fd() does not. */
static int check_map(const char *name, const struct bpf_map *map, int fd)
{
	struct bpf_map_info info = {};
	__u32 size = sizeof(info);

	if (!bpf_obj_get_info_by_fd(fd, &info, &size) && info.type == bpf_map__type(map) &&
	    info.key_size == bpf_map__key_size(map) && info.value_size == bpf_map__value_size(map))
		return CG_DONE;
	return cg_fail("%s/%s: cannot use map %s: it is of another layout; use the version that "
		       "made it, or remove it with: cseqguard detach -a",
		       cg_pin_root(), name, bpf_map__name(map));
}

/* Checks all pinned maps. `reuse`: the programs will use them instead of new ones. */
static int check_pinned_maps(const char *name, struct guard *skel, bool reuse)
{
	for (size_t i = 0; i < MAPS; i++) {
		struct bpf_map *map = bpf_object__find_map_by_name(skel->obj, maps[i]);
		int fd = cg_pin_open(name, maps[i]), err;

		if (fd < 0)
			return cg_fail("%s/%s: map %s is missing; to start over: cseqguard detach "
				       "-a",
				       cg_pin_root(), name, maps[i]);
		err = check_map(name, map, fd);
		if (!err && reuse && bpf_map__reuse_fd(map, fd))
			err = cg_fail("%s/%s: cannot reuse map %s: %s", cg_pin_root(), name,
				      maps[i], strerror(errno));
		close(fd);
		if (err)
			return err;
	}
	return CG_DONE;
}

/* --- a new instance --------------------------------------------------------------------------- */

static void set_map_sizes(struct guard *skel, const struct cg_settings *settings)
{
	if (settings->given & CG_SET_MAX_DIALOGS) {
		bpf_map__set_max_entries(skel->maps.dialogs, settings->max_dialogs);
		bpf_map__set_max_entries(skel->maps.pending, cg_pending_max(settings->max_dialogs));
	}
	if (settings->given & CG_SET_RING_BYTES) {
		bpf_map__set_max_entries(skel->maps.events, settings->ring_bytes);
		bpf_map__set_max_entries(skel->maps.alerts, settings->ring_bytes);
	}
}

static int write_settings(struct guard *skel, const struct cg_settings *settings)
{
	int config_fd = bpf_map__fd(skel->maps.config);
	struct cg_config config;
	__u32 zero = 0;
	int err;

	err = cg_settings_init_config(&config);
	if (!err && bpf_map_update_elem(config_fd, &zero, &config, BPF_ANY))
		err = -errno;
	if (!err)
		err = cg_settings_write(settings, config_fd, bpf_map__fd(skel->maps.gateways));
	return err ? cg_fail("BPF maps: cannot write the settings: %s", strerror(-err)) : CG_DONE;
}

static int pin_all(struct guard *skel, const struct cg_instance *instance)
{
	const char *name = instance->name;

	if (cg_bpffs_pin(instance->prog_in, name, "prog_in", CG_PIN_ROOT_ONLY))
		return CG_FAILED;
	if (cg_bpffs_pin(instance->prog_out, name, "prog_out", CG_PIN_ROOT_ONLY))
		return CG_FAILED;
	if (cg_instance_netns_pin(name, instance->prog_in))
		return CG_FAILED;
	for (size_t i = 0; i < MAPS; i++)
		if (cg_bpffs_pin(bpf_object__find_map_fd_by_name(skel->obj, maps[i]), name, maps[i],
				 CG_PIN_GROUP))
			return CG_FAILED;
	return CG_DONE;
}

/* Pins maps and programs in the directory of the instance. An empty directory may exist. */
static int pin_instance(struct guard *skel, const struct cg_instance *instance)
{
	int err = cg_bpffs_make_dir(instance->name);

	if (err && err != -EEXIST)
		return CG_FAILED;
	err = pin_all(skel, instance);
	if (err)
		cg_bpffs_remove_instance(instance->name);
	return err;
}

static int create_instance(const char *name, const struct cg_settings *settings,
			   struct cg_instance *instance)
{
	struct cg_instance created = { .name = name, .prog_in = -1, .prog_out = -1, .made = true };
	struct guard *skel = open_skeleton();
	int err;

	if (!skel)
		return CG_FAILED;
	set_map_sizes(skel, settings);
	err = load_skeleton(skel);
	if (err)
		goto out;
	err = dup_programs(skel, &created);
	if (err)
		goto out;
	err = write_settings(skel, settings);
	if (err)
		goto out;
	err = pin_instance(skel, &created);
out:
	guard__destroy(skel);
	if (err)
		cg_instance_close(&created);
	else
		*instance = created;
	return err;
}

/* --- an existing instance --------------------------------------------------------------------- */

/* Runs at each attach, because the group may have been created after the pins. */
static int share_pins(const char *name)
{
	if (cg_bpffs_share(name, NULL))
		return CG_FAILED;
	for (size_t i = 0; i < MAPS; i++)
		if (cg_bpffs_share(name, maps[i]))
			return CG_FAILED;
	return CG_DONE;
}

/* Reports an error if the user wants a size that the existing maps do not have. */
static int check_sizes(const char *name, const struct cg_settings *settings,
		       const struct cg_config *config)
{
	__u32 events, alerts;
	int err;

	if (settings->given & CG_SET_MAX_DIALOGS && settings->max_dialogs != config->max_dialogs)
		return cg_fail_usage("max-dialogs: cannot change it from %u while instance %s has "
				     "maps; first: cseqguard detach -a",
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
	return cg_fail_usage("ring-bytes: cannot change it from %u (events) and %u (alerts) while "
			     "instance %s has maps; first: cseqguard detach -a",
			     events, alerts, name);
}

/* Checks that the pins are complete and opens them to the group. Removes those of old interfaces. */
static int check_instance(const char *name)
{
	struct guard *skel = open_skeleton();
	int err;

	if (!skel)
		return CG_FAILED;
	err = check_pinned_maps(name, skel, false);
	guard__destroy(skel);
	if (err)
		return err;
	err = share_pins(name);
	if (err)
		return err;
	if (cg_interface_remove_gone(name))
		return CG_FAILED;
	return cg_interface_check_netns(name);
}

static int reopen_instance(const char *name, const struct cg_settings *settings,
			   const struct cg_config *config, struct cg_instance *instance)
{
	struct cg_instance found = { .name = name, .prog_in = -1, .prog_out = -1 };
	int err = check_sizes(name, settings, config);

	if (err)
		return err;
	err = check_instance(name);
	if (err)
		return err;
	found.prog_in = cg_pin_open(name, "prog_in");
	found.prog_out = cg_pin_open(name, "prog_out");
	if (found.prog_in < 0 || found.prog_out < 0)
		err = cg_fail("%s/%s: the programs are missing; to start over: cseqguard detach -a",
			      cg_pin_root(), name);
	else if (cg_instance_netns_pin(name, found.prog_in))
		err = CG_FAILED;
	if (err)
		cg_instance_close(&found);
	else
		*instance = found;
	return err;
}

/* --- interface -------------------------------------------------------------------------------- */

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
		return reopen_instance(name, settings, &config, instance);
	}
	if (fd != -ENOENT)
		return cg_fail_open(name, fd);
	if (cg_bpffs_list_pins(name, "", &names, &n))
		return CG_FAILED;
	cg_bpffs_free_pins(names, n);
	if (n)
		return cg_fail("%s/%s: incomplete instance; remove it with: cseqguard detach -a",
			       cg_pin_root(), name);
	return create_instance(name, settings, instance);
}

int cg_instance_load_programs(const char *name, struct cg_instance *instance)
{
	struct guard *skel = open_skeleton();
	int err;

	if (!skel)
		return CG_FAILED;
	err = check_pinned_maps(name, skel, true);
	if (err) {
		guard__destroy(skel);
		return err;
	}
	return load_programs(skel, name, instance);
}

static void shrink_map(struct bpf_map *map)
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
	struct guard *skel = open_skeleton();
	struct bpf_map *map;

	if (!skel)
		return CG_FAILED;
	bpf_object__for_each_map (map, skel->obj)
		shrink_map(map);
	return load_programs(skel, NULL, instance);
}

void cg_instance_close(struct cg_instance *instance)
{
	if (instance->prog_in >= 0)
		close(instance->prog_in);
	if (instance->prog_out >= 0)
		close(instance->prog_out);
	instance->prog_in = instance->prog_out = -1;
}
