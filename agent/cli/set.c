// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Settings of a running instance, changed all at once or not at all. */
#include <errno.h>
#include <unistd.h>

#include "attach/bpffs.h"
#include "attach/open_error.h"
#include "cli/options.h"
#include "maps/pins.h"
#include "maps/runtime_dir.h"
#include "util/cli_output.h"

int cg_cmd_set(const struct cg_options *options)
{
	struct cg_settings settings = {};
	int err = CG_DONE, lock, config_fd, gateways_fd = -1;
	struct cg_config config;

	if (!options->n_args)
		return cg_fail_usage("set needs KEY=VALUE; see: cseqguard set --help");
	for (int i = 0; i < options->n_args && !err; i++)
		err = cg_options_set(&settings, options->args[i]);
	if (err)
		return err;
	lock = cg_bpffs_lock();
	if (lock < 0)
		return lock == -ENOENT ? cg_fail_open(options->instance, lock) : CG_FAILED;
	config_fd = cg_config_open(options->instance, &config);
	if (config_fd >= 0)
		gateways_fd = cg_pin_open(options->instance, "gateways");
	err = config_fd < 0 ? config_fd : gateways_fd < 0 ? gateways_fd : 0;
	if (!err)
		err = cg_settings_write(&settings, config_fd, gateways_fd);
	if (!err && settings.given & CG_SET_MODE)
		cg_runtime_note_remove(options->instance, CG_RUNTIME_BREAKER);
	if (config_fd >= 0)
		close(config_fd);
	if (gateways_fd >= 0)
		close(gateways_fd);
	close(lock);
	return err ? cg_fail_open(options->instance, err) : CG_DONE;
}
