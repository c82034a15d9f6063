// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Runs the checks of agent/doctor/ one after the other. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include "attach/instance_netns.h"
#include "attach/interface.h"
#include "cli/options.h"
#include "config/store_select.h"
#include "doctor/doctor.h"
#include "doctor/ethtool.h"
#include "util/cli_output.h"

/* Checks the given interfaces, else the guarded ones, else all that are up. */
static void check_interfaces(struct cg_findings *f, const struct cg_options *options)
{
	struct cg_interface *list = NULL;
	struct if_nameindex *all;
	bool any = options->n_args;
	size_t n = 0;

	for (int i = 0; i < options->n_args; i++)
		cg_doctor_check_interface(f, options->instance, options->args[i]);
	if (any)
		return;
	cg_interface_list(options->instance, &list, &n);
	for (size_t i = 0; i < n; i++) {
		if (list[i].alive)
			cg_doctor_check_interface(f, options->instance, list[i].name);
		any |= list[i].alive;
	}
	free(list);
	all = any ? NULL : if_nameindex();
	for (size_t i = 0; all && all[i].if_name; i++)
		if (cg_ethtool_is_up(all[i].if_name))
			cg_doctor_check_interface(f, options->instance, all[i].if_name);
	if (all)
		if_freenameindex(all);
}

/*
 * Enters the network namespace of `fd`. Returns an fd of the previous one. The checks of the host
 * and of PostgreSQL run in the namespace that doctor was started in: the daemon runs there, and
 * some files of /proc/sys differ by namespace.
 */
static int switch_netns(int fd)
{
	int previous = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);

	if (fd >= 0)
		setns(fd, CLONE_NEWNET);
	return previous;
}

int cg_cmd_doctor(const struct cg_options *options)
{
	struct cg_findings findings = { .list = options->json ? json_array() : NULL };
	struct cg_capture unseen;
	struct cg_store store;
	int code = cg_store_select(options->instance, options->config, options->db, options->spool,
				   &store),
	    inside;

	if (code)
		return code;
	cg_output_capture(&unseen); /* the findings say it */
	inside = switch_netns(options->outside);
	cg_doctor_check_host(&findings);
	close(switch_netns(inside));
	if (!options->netns)
		cg_instance_netns_enter(options->instance);
	cg_doctor_check_instance(&findings, options->instance);
	check_interfaces(&findings, options);
	cg_doctor_check_daemon(&findings, options->instance, store.spool);
	cg_doctor_check_hep(&findings, options->instance);
	cg_doctor_check_pair(&findings, options->instance);
	close(switch_netns(options->outside));
	cg_doctor_check_db(&findings, store.db);
	cg_doctor_check_clock(&findings);
	cg_output_release(&unseen);
	close(inside);
	cg_store_free(&store);
	code = options->json ? cg_stdout_write_json(findings.list) : cg_stdout_flush();
	return code ? code : findings.failed ? CG_FAILED : CG_DONE;
}
