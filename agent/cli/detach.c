// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Detaches interfaces; with -a also removes the instance. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attach/bpffs.h"
#include "attach/instance_netns.h"
#include "attach/interface.h"
#include "attach/kept_settings.h"
#include "attach/open_error.h"
#include "cli/close_calls.h"
#include "cli/options.h"
#include "maps/pins.h"
#include "maps/runtime_dir.h"
#include "util/cli_output.h"
#include "util/progress.h"

static const struct cg_interface *find_interface(const struct cg_interface *list, size_t n,
						 const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(list[i].name, name))
			return &list[i];
	return NULL;
}

/* Checks all names before it detaches the first interface. */
static int detach_named(const struct cg_options *options, const struct cg_interface *list, size_t n)
{
	int err = CG_DONE;

	for (int i = 0; i < options->n_args; i++)
		if (!find_interface(list, n, options->args[i]))
			return cg_fail("%s: cannot detach: not attached to instance %s; see: "
				       "cseqguard status",
				       options->args[i], options->instance);
	for (int i = 0; i < options->n_args; i++)
		if (cg_interface_detach(options->instance,
					find_interface(list, n, options->args[i])))
			err = CG_FAILED;
	return err;
}

static int detach_all(const struct cg_options *options, const struct cg_interface *list, size_t n)
{
	int err = CG_DONE;

	for (size_t i = 0; i < n; i++) {
		cg_progress_show("detach: %s, %zu of %zu", list[i].name, i + 1, n);
		if (cg_interface_detach(options->instance, &list[i]))
			err = CG_FAILED;
	}
	if (!err)
		err = cg_close_calls(options);
	cg_progress_show("detach: the maps");
	if (!err)
		cg_kept_forget(options->instance); /* if it fails, the maps go all the same */
	if (!err && cg_bpffs_remove_instance(options->instance))
		err = CG_FAILED;
	cg_progress_end();
	return err;
}

static int show_detached(const struct cg_options *options, const struct cg_interface *list,
			 size_t n)
{
	json_t *names = json_array();

	for (size_t i = 0; options->all && i < n; i++)
		json_array_append_new(names, json_string(list[i].name));
	for (int i = 0; i < options->n_args; i++)
		json_array_append_new(names, json_string(options->args[i]));
	return cg_stdout_write_json(json_pack("{ss so sb}", "instance", options->instance,
					      "detached", names, "maps_removed", options->all));
}

static int detach_locked(const struct cg_options *options)
{
	struct cg_interface *list;
	char **names;
	size_t n;
	int err;

	if (cg_bpffs_list_pins(options->instance, "", &names, &n))
		return CG_FAILED;
	cg_bpffs_free_pins(names, n);
	if (!n)
		return cg_fail_open(options->instance, -ENOENT);
	err = cg_interface_check_netns(options->instance);
	if (err)
		return err;
	if (cg_interface_list(options->instance, &list, &n))
		return CG_FAILED;
	err = options->all ? detach_all(options, list, n) : detach_named(options, list, n);
	if (!err && options->json)
		err = show_detached(options, list, n);
	free(list);
	if (!err && options->all) {
		cg_runtime_note_remove(options->instance, CG_RUNTIME_BREAKER);
		cg_runtime_note_remove(options->instance, CG_RUNTIME_TOTALS);
		cg_runtime_note_remove(options->instance, CG_RUNTIME_CLOSED);
	}
	if (!err && !options->all && cg_interface_remove_gone(options->instance))
		err = CG_FAILED;
	return err;
}

int cg_cmd_detach(const struct cg_options *options)
{
	int err, lock;

	if (!options->n_args == !options->all)
		return cg_fail_usage(
			"detach needs interfaces, or -a for all; see: cseqguard status");
	if (geteuid())
		return cg_fail("detach: needs root; run it with sudo");
	lock = cg_bpffs_lock();
	if (lock < 0)
		return lock == -ENOENT ? cg_fail_open(options->instance, -ENOENT) : CG_FAILED;
	err = detach_locked(options);
	close(lock);
	return err;
}
