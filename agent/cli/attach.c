// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Creates or opens the instance, and attaches the programs to each interface. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "attach/bpffs.h"
#include "attach/clock_check.h"
#include "attach/gateway_check.h"
#include "attach/instance.h"
#include "attach/interface.h"
#include "attach/kept_settings.h"
#include "attach/secret_file.h"
#include "cli/options.h"
#include "format/instance_json.h"
#include "maps/pins.h"
#include "maps/runtime_dir.h"
#include "maps/settings_table.h"
#include "util/cli_output.h"
#include "util/progress.h"

/* Detaches the interfaces that this run has attached: fresh[i] belongs to args[i]. */
static void detach_fresh(const struct cg_options *options, const bool *fresh)
{
	struct cg_interface *list;
	size_t n;

	if (cg_interface_list(options->instance, &list, &n))
		return;
	for (int arg = 0; arg < options->n_args; arg++)
		for (size_t i = 0; fresh[arg] && i < n; i++)
			if (list[i].alive && !strcmp(list[i].name, options->args[arg]))
				cg_interface_detach(options->instance, &list[i]);
	free(list);
}

static int attach_interfaces(const struct cg_options *options, const struct cg_instance *instance)
{
	bool *fresh = calloc(options->n_args, sizeof(*fresh));
	int err = fresh ? CG_DONE : cg_fail("attach: out of memory");

	for (int i = 0; i < options->n_args && !err; i++) {
		cg_progress_show("attach: %s, %d of %d", options->args[i], i + 1, options->n_args);
		if (cg_interface_attach(options->instance, options->args[i], options->attach_mode,
					&instance->programs, &fresh[i]))
			err = CG_FAILED;
	}
	cg_progress_end();
	if (err && fresh)
		detach_fresh(options, fresh);
	free(fresh);
	return err;
}

/*
 * A site that forgets --gateway in enforce mode would accept the messages of any callee as a
 * carrier's. So a new instance in enforce mode names the gateways, or says that there are none.
 */
static int check_gateways(const struct cg_settings *settings)
{
	bool enforces = !(settings->given & CG_SET_MODE) || settings->mode == CG_ENFORCE;

	if (!enforces || settings->given & CG_SET_GATEWAYS)
		return CG_DONE;
	return cg_fail_usage("attach: mode enforce needs the addresses of the carriers' gateways: "
			     "give --gateway CIDR,..., or --gateway none if there are none; "
			     "or start with --mode observe");
}

/* Says what an instance in enforce mode without gateways does not protect. */
static void report_no_gateway(const char *instance, const struct cg_settings *settings)
{
	bool enforces = !(settings->given & CG_SET_MODE) || settings->mode == CG_ENFORCE;

	if (enforces && settings->given & CG_SET_GATEWAYS && !settings->n_gateways)
		cg_notice("instance %s: no --gateway: no messages count as a carrier's, and a call "
			  "to a carrier ends by the callee's own messages",
			  instance);
}

/*
 * Calls of a wrong clock have wrong times for good. A host without a battery has such a clock at
 * first.
 */
static void report_clock(const char *instance)
{
	char why[CG_CLOCK_WHY];

	if (cg_clock_is_early(time(NULL), why))
		cg_notice("instance %s: the clock is wrong: %s; calls that begin before it is set "
			  "have wrong times. " CG_CLOCK_REMEDY,
			  instance, why);
}

/* An interface that has come later brought addresses of its own. */
static int update_addresses(const char *instance)
{
	int err = cg_settings_update_addresses(instance);

	cg_runtime_note_remove(instance, CG_RUNTIME_CLOSED);
	return err ? cg_fail("instance %s: cannot write the addresses of this host to its maps: %s",
			     instance, strerror(-err))
		   : CG_DONE;
}

/*
 * The program for what proxies report is loaded on demand: it costs the verifier a second, and most
 * hosts have no TLS. A later attach may add it.
 */
static int load_hep(const struct cg_options *options)
{
	if (!options->hep || cg_bpffs_has_pin(options->instance, CG_PIN_HEP))
		return CG_DONE;
	return cg_instance_load_hep(options->instance);
}

/* Opens or makes the instance. Its secret must be the one of --secret-file, if there is such. */
static int open_instance(const struct cg_options *options, const struct cg_settings *settings,
			 struct cg_instance *instance)
{
	const char *file = options->secret_file;
	struct cg_secret secret;
	int err = file ? cg_secret_file_read(file, &secret) : CG_DONE;

	if (!err)
		err = cg_instance_open(options->instance, settings, file ? &secret : NULL,
				       instance);
	if (!err && file && !instance->made)
		err = cg_secret_file_check(options->instance, file, &secret);
	if (err)
		cg_instance_close(instance);
	return err;
}

/*
 * Makes the instance if it does not exist, and attaches the interfaces. The caller holds the lock.
 */
static int attach_locked(const struct cg_options *options, const struct cg_settings *settings,
			 const struct cg_kept *kept)
{
	struct cg_instance instance = { .programs = cg_programs_none };
	int err = open_instance(options, settings, &instance);

	if (err)
		return err;
	err = update_addresses(options->instance);
	if (!err && instance.made)
		cg_kept_restore(options->instance, kept);
	if (!err)
		err = load_hep(options);
	if (!err)
		err = attach_interfaces(options, &instance);
	if (err && instance.made)
		cg_bpffs_remove_instance(options->instance);
	if (!err && instance.made)
		report_no_gateway(options->instance, settings);
	if (!err)
		cg_kept_report(options->instance, &options->settings);
	if (!err)
		report_clock(options->instance);
	cg_instance_close(&instance);
	return err;
}

/* Shows the interfaces that this run has attached, or has found attached. */
static int show_interfaces(const struct cg_options *options)
{
	struct cg_interface *list;
	size_t n, kept = 0;
	int err;

	if (cg_interface_list(options->instance, &list, &n))
		return CG_FAILED;
	for (size_t i = 0; i < n; i++)
		for (int arg = 0; arg < options->n_args; arg++)
			if (list[i].alive && !strcmp(list[i].name, options->args[arg])) {
				list[kept++] = list[i];
				break;
			}
	for (size_t i = 0; !options->json && i < kept; i++)
		printf("%s: %s\n", list[i].name, cg_interface_state(&list[i]));
	err = options->json ? cg_stdout_write_json(json_pack("{ss so}", "instance",
							     options->instance, "interfaces",
							     cg_interfaces_json(list, kept)))
			    : cg_stdout_flush();
	free(list);
	return err;
}

/* True if the instance has maps, or if that cannot be determined; cg_instance_open() reports it. */
static bool instance_exists(const char *instance)
{
	struct cg_config config;
	int fd = cg_config_open(instance, &config);

	if (fd >= 0)
		close(fd);
	return fd != -ENOENT;
}

int cg_cmd_attach(const struct cg_options *options)
{
	struct cg_settings settings = options->settings;
	struct cg_kept kept = {};
	int err = CG_DONE, lock;

	if (!options->n_args)
		return cg_fail_usage("attach needs an interface; see: ip link");
	if (geteuid())
		return cg_fail("attach: loading BPF programs needs root; run it with sudo");
	if (!instance_exists(options->instance)) {
		cg_kept_load(options->instance, &kept);
		cg_settings_merge(&settings, &kept.settings);
		err = check_gateways(&settings);
		if (!err)
			err = cg_gateway_check(&options->settings);
	}
	for (int i = 0; i < options->n_args && !err; i++)
		if (cg_interface_check(options->args[i]))
			err = CG_FAILED;
	if (err)
		return err;
	if (cg_bpffs_prepare())
		return CG_FAILED;
	lock = cg_bpffs_lock();
	if (lock < 0)
		return CG_FAILED;
	err = attach_locked(options, &settings, &kept);
	close(lock);
	return err ? err : show_interfaces(options);
}
