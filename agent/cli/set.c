// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Settings of a running instance, changed all at once or not at all. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "attach/bpffs.h"
#include "attach/gateway_check.h"
#include "attach/instance_netns.h"
#include "attach/kept_settings.h"
#include "attach/open_error.h"
#include "cli/options.h"
#include "format/instance_json.h"
#include "maps/pins.h"
#include "maps/settings.h"
#include "util/cli_output.h"

/* Shows the settings that are in force now. */
static int show_settings(const struct cg_options *options)
{
	static struct cg_settings settings;
	struct cg_config config;
	json_t *json;
	int err, fd = cg_config_open(options->instance, &config);

	if (fd < 0)
		return cg_fail_open(options->instance, fd);
	close(fd);
	err = cg_settings_read(options->instance, &settings);
	if (err)
		return cg_fail_open(options->instance, err);
	json = cg_settings_json(&settings, &config);
	if (options->json)
		return cg_stdout_write_json(
			json_pack("{ss so}", "instance", options->instance, "settings", json));
	cg_settings_print(json);
	json_decref(json);
	return cg_stdout_flush();
}

/* A second value for a key would replace the first one silently. */
static int check_key_once(const struct cg_options *options, int arg)
{
	const char *key = options->args[arg];
	size_t len = strcspn(key, "=");

	for (int i = 0; i < arg; i++)
		if (!strncmp(options->args[i], key, len + 1))
			return cg_fail_usage("set: two values for %.*s; the values of a list are "
					     "separated by commas",
					     (int)len, key);
	return CG_DONE;
}

/* Before the lock, which a member of the group cannot open: this error says what he may do. */
static int check_permission(const char *instance)
{
	struct cg_config config;
	int fd = cg_config_open_writable(instance, &config);

	if (fd >= 0)
		close(fd);
	return fd == -EACCES || fd == -EPERM ? cg_fail_open(instance, fd) : CG_DONE;
}

int cg_cmd_set(const struct cg_options *options)
{
	struct cg_settings settings = {};
	int err = CG_DONE, lock;

	if (!options->n_args)
		return cg_fail_usage("set needs KEY=VALUE; see: cseqguard set --help");
	for (int i = 0; i < options->n_args && !err; i++) {
		err = check_key_once(options, i);
		if (!err)
			err = cg_options_set(&settings, options->args[i]);
	}
	if (!err && !options->netns)
		cg_instance_netns_enter(options->instance);
	if (!err)
		err = cg_gateway_check(&settings);
	if (!err)
		err = check_permission(options->instance);
	if (err)
		return err;
	lock = cg_bpffs_lock();
	if (lock < 0)
		return lock == -ENOENT ? cg_fail_open(options->instance, lock) : CG_FAILED;
	err = cg_settings_change(options->instance, &settings);
	err = err ? cg_fail_open(options->instance, err)
		  : cg_kept_change(options->instance, &settings);
	close(lock);
	return err ? err : show_settings(options);
}
