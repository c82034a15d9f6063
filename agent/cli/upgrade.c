// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Replaces the programs of an instance by those of this version. Maps and calls are kept. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attach/bpffs.h"
#include "attach/build_pin.h"
#include "attach/instance.h"
#include "attach/instance_netns.h"
#include "attach/interface.h"
#include "attach/open_error.h"
#include "cli/options.h"
#include "format/instance_json.h"
#include "maps/pins.h"
#include "util/cli_output.h"
#include "util/progress.h"

/* Replaces the programs on all interfaces, or on none: a failure restores the old ones. */
static int replace_programs(const char *name, const struct cg_instance *from,
			    const struct cg_instance *to)
{
	struct cg_interface *list;
	size_t n, done = 0;
	int err;

	if (cg_interface_list(name, &list, &n))
		return CG_FAILED;
	for (err = 0; done < n && !err; done += !err) {
		cg_progress_show("upgrade: %s, %zu of %zu", list[done].name, done + 1, n);
		err = cg_interface_upgrade(name, &list[done], &to->programs, &from->programs);
	}
	cg_progress_end();
	for (int i = 0; i < CG_PROG_FDS && !err; i++)
		err = cg_bpffs_repin(to->programs.fd[i], name, cg_program_pin(i),
				     cg_program_pin_mode(i));
	if (!err)
		err = cg_build_pin(name, to->programs.fd[CG_PROG_IN]);
	while (err && done--)
		cg_interface_upgrade(name, &list[done], &from->programs, &to->programs);
	free(list);
	return err ? CG_FAILED : CG_DONE;
}

static int show_upgraded(const struct cg_options *options)
{
	struct cg_interface *list;
	json_t *json;
	size_t n;

	if (cg_interface_list(options->instance, &list, &n))
		return CG_FAILED;
	json = json_pack("{ss ss so}", "instance", options->instance, "version", CG_VERSION,
			 "interfaces", cg_interfaces_json(list, n));
	free(list);
	return cg_stdout_write_json(json);
}

static int upgrade_locked(const struct cg_options *options)
{
	struct cg_instance old = { .programs = cg_programs_none }, fresh = old;
	struct cg_config config;
	int err, fd;

	fd = cg_config_open(options->instance, &config);
	if (fd < 0)
		return cg_fail_open(options->instance, fd);
	close(fd);
	if (cg_interface_remove_gone(options->instance))
		return CG_FAILED;
	err = cg_interface_check_netns(options->instance);
	if (err)
		return err;
	err = cg_programs_open(options->instance, &old.programs);
	if (err) {
		err = cg_fail("instance %s: cannot open its programs: %s; when few calls run: "
			      "cseqguard detach -a, then attach",
			      options->instance, strerror(-err));
		goto out;
	}
	err = cg_instance_load_programs(options->instance, &fresh);
	if (err)
		goto out;
	err = replace_programs(options->instance, &old, &fresh);
	if (!err && cg_bpffs_has_pin(options->instance, CG_PIN_HEP))
		err = cg_instance_load_hep(options->instance);
out:
	cg_instance_close(&old);
	cg_instance_close(&fresh);
	return err;
}

int cg_cmd_upgrade(const struct cg_options *options)
{
	int err, lock;

	if (geteuid())
		return cg_fail("upgrade: loading BPF programs needs root; run it with sudo");
	lock = cg_bpffs_lock();
	if (lock < 0)
		return lock == -ENOENT ? cg_fail_open(options->instance, lock) : CG_FAILED;
	err = upgrade_locked(options);
	close(lock);
	return !err && options->json ? show_upgraded(options) : err;
}
