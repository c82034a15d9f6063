// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "attach/instance.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attach/bpffs.h"
#include "attach/build_pin.h"
#include "attach/instance_internal.h"
#include "attach/instance_netns.h"
#include "attach/interface.h"
#include "attach/open_error.h"
#include "maps/pins.h"
#include "util/cli_output.h"

/* --- a new instance --------------------------------------------------------------------------- */

static void set_map_sizes(struct guard *skel, const struct cg_settings *settings)
{
	if (settings->given & CG_SET_MAX_DIALOGS) {
		bpf_map__set_max_entries(skel->maps.dialogs, settings->max_dialogs);
		bpf_map__set_max_entries(skel->maps.pending, cg_pending_max(settings->max_dialogs));
		bpf_map__set_max_entries(skel->maps.branches,
					 cg_branches_max(settings->max_dialogs));
	}
	if (settings->given & CG_SET_RING_BYTES) {
		bpf_map__set_max_entries(skel->maps.events, settings->ring_bytes);
		bpf_map__set_max_entries(skel->maps.alerts, settings->ring_bytes);
	}
}

static int write_secret(int fd, const struct cg_secret *secret)
{
	struct cg_secret drawn;
	__u32 zero = 0;
	int err = secret ? 0 : cg_secret_draw(&drawn);

	if (err)
		return err;
	return bpf_map_update_elem(fd, &zero, secret ? secret : &drawn, BPF_ANY) ? -errno : 0;
}

static int write_settings(struct guard *skel, const struct cg_settings *settings,
			  const struct cg_secret *secret)
{
	const struct cg_settings_fds fds = { .config = bpf_map__fd(skel->maps.config),
					     .gateways = bpf_map__fd(skel->maps.gateways),
					     .hosts = bpf_map__fd(skel->maps.hosts),
					     .secret = bpf_map__fd(skel->maps.secret) };
	struct cg_config config;
	__u32 zero = 0;
	int err;

	err = cg_settings_init_config(&config);
	if (!err && bpf_map_update_elem(fds.config, &zero, &config, BPF_ANY))
		err = -errno;
	if (!err)
		err = write_secret(fds.secret, secret);
	if (!err)
		err = cg_settings_write(settings, &fds);
	return err ? cg_fail("BPF maps: cannot write the settings: %s", strerror(-err)) : CG_DONE;
}

static int pin_all(struct guard *skel, const struct cg_instance *instance)
{
	const char *name = instance->name;

	for (int i = 0; i < CG_PROG_FDS; i++)
		if (cg_bpffs_pin(instance->programs.fd[i], name, cg_program_pin(i),
				 cg_program_pin_mode(i)))
			return CG_FAILED;
	if (cg_build_pin(name, instance->programs.fd[CG_PROG_IN]))
		return CG_FAILED;
	if (cg_instance_netns_pin(name, instance->programs.fd[CG_PROG_IN]))
		return CG_FAILED;
	for (size_t i = 0; i < CG_MAP_NAMES; i++)
		if (cg_bpffs_pin(bpf_object__find_map_fd_by_name(skel->obj, cg_map_names[i]), name,
				 cg_map_names[i], CG_PIN_MAP))
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
			   const struct cg_secret *secret, struct cg_instance *instance)
{
	struct cg_instance created = { .name = name, .programs = cg_programs_none, .made = true };
	struct guard *skel = cg_skeleton_open();
	int err;

	if (!skel)
		return CG_FAILED;
	set_map_sizes(skel, settings);
	err = cg_skeleton_load(skel);
	if (err)
		goto out;
	err = cg_skeleton_dup_programs(skel, &created);
	if (err)
		goto out;
	err = write_settings(skel, settings, secret);
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
	if (cg_bpffs_share_dir(name))
		return CG_FAILED;
	for (size_t i = 0; i < CG_MAP_NAMES; i++)
		if (cg_bpffs_share(name, cg_map_names[i], CG_PIN_MAP))
			return CG_FAILED;
	if (cg_bpffs_share(name, CG_PIN_PEER, cg_program_pin_mode(CG_PROG_PEER)))
		return CG_FAILED;
	if (cg_bpffs_has_pin(name, CG_PIN_HEP) && cg_bpffs_share(name, CG_PIN_HEP, CG_PIN_DAEMON))
		return CG_FAILED;
	return CG_DONE;
}

/*
 * Says so if the user wants a size that the existing maps do not have. Returns CG_DONE or
 * CG_FAILED.
 */
static int report_sizes(const char *name, const struct cg_settings *settings,
			const struct cg_config *config)
{
	__u32 events, alerts;
	int err;

	if (settings->given & CG_SET_MAX_DIALOGS && settings->max_dialogs != config->max_dialogs)
		cg_notice("max-dialogs stays %u, with which the maps were made; to change it: "
			  "cseqguard detach -a, then attach",
			  config->max_dialogs);
	if (!(settings->given & CG_SET_RING_BYTES))
		return CG_DONE;
	err = cg_ring_read_size(name, "events", &events);
	if (!err)
		err = cg_ring_read_size(name, "alerts", &alerts);
	if (err)
		return cg_fail_open(name, err);
	if (events != settings->ring_bytes || alerts != settings->ring_bytes)
		cg_notice("ring-bytes stays %u (events) and %u (alerts), with which the maps were "
			  "made; to change it: cseqguard detach -a, then attach",
			  events, alerts);
	return CG_DONE;
}

/*
 * Checks that the pins are complete and opens them to the group. Removes those of old interfaces.
 */
static int check_instance(const char *name)
{
	struct guard *skel = cg_skeleton_open();
	int err;

	if (!skel)
		return CG_FAILED;
	err = cg_skeleton_check_pins(name, skel, false);
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
	struct cg_instance found = { .name = name, .programs = cg_programs_none };
	int err = report_sizes(name, settings, config);

	if (err)
		return err;
	err = check_instance(name);
	if (err)
		return err;
	if (cg_programs_open(name, &found.programs))
		err = cg_fail("%s/%s: the programs are missing; to start over: cseqguard detach -a",
			      cg_pin_root(), name);
	else if (cg_instance_netns_pin(name, found.programs.fd[CG_PROG_IN]))
		err = CG_FAILED;
	if (err)
		cg_instance_close(&found);
	else
		*instance = found;
	return err;
}

/* --- interface -------------------------------------------------------------------------------- */

int cg_instance_open(const char *name, const struct cg_settings *settings,
		     const struct cg_secret *secret, struct cg_instance *instance)
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
	return create_instance(name, settings, secret, instance);
}

void cg_instance_close(struct cg_instance *instance)
{
	cg_programs_close(&instance->programs);
}
