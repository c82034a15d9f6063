// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Settings of a running instance, changed all at once or not at all. */
#include <errno.h>
#include <unistd.h>

#include "attach/bpffs.h"
#include "attach/gateway_check.h"
#include "attach/instance_netns.h"
#include "attach/kept_settings.h"
#include "attach/open_error.h"
#include "cli/options.h"
#include "maps/settings.h"
#include "util/cli_output.h"

int cg_cmd_set(const struct cg_options *options)
{
	struct cg_settings settings = {};
	int err = CG_DONE, lock;

	if (!options->n_args)
		return cg_fail_usage("set needs KEY=VALUE; see: cseqguard set --help");
	for (int i = 0; i < options->n_args && !err; i++)
		err = cg_options_set(&settings, options->args[i]);
	if (!err && !options->netns)
		cg_instance_netns_enter(options->instance);
	if (!err)
		err = cg_gateway_check(&settings);
	if (err)
		return err;
	lock = cg_bpffs_lock();
	if (lock < 0)
		return lock == -ENOENT ? cg_fail_open(options->instance, lock) : CG_FAILED;
	err = cg_settings_change(options->instance, &settings);
	err = err ? cg_fail_open(options->instance, err)
		  : cg_kept_change(options->instance, &settings);
	close(lock);
	return err;
}
