// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#define _GNU_SOURCE
#include <net/if.h>
#include <sched.h>
#include <stdlib.h>

#include "doctor.h"
#include "ethtool.h"
#include "home.h"
#include "interface.h"
#include "report.h"
#include "store.h"

/* Those that were named; else those that are guarded; else all that are up. */
static void interfaces(struct cg_findings *f, const struct cg_options *options)
{
	struct cg_interface *list = NULL;
	struct if_nameindex *all;
	bool any = options->n_args;
	size_t n = 0;

	for (int i = 0; i < options->n_args; i++)
		cg_doctor_interface(f, options->instance, options->args[i]);
	if (any)
		return;
	cg_interface_list(options->instance, &list, &n);
	for (size_t i = 0; i < n; i++) {
		if (list[i].alive)
			cg_doctor_interface(f, options->instance, list[i].name);
		any |= list[i].alive;
	}
	free(list);
	all = any ? NULL : if_nameindex();
	for (size_t i = 0; all && all[i].if_name; i++)
		if (cg_ethtool_up(all[i].if_name))
			cg_doctor_interface(f, options->instance, all[i].if_name);
	if (all)
		if_freenameindex(all);
}

int cg_cmd_doctor(const struct cg_options *options)
{
	struct cg_findings findings = { .list = options->json ? json_array() : NULL };
	struct cg_store store;
	int code = cg_store_of(options, &store);

	if (code)
		return code;
	if (!options->netns)
		cg_home_enter(options->instance);
	cg_doctor_host(&findings);
	cg_doctor_instance(&findings, options->instance);
	interfaces(&findings, options);
	cg_doctor_daemon(&findings, options->instance, store.spool);
	if (options->outside >= 0)
		setns(options->outside, CLONE_NEWNET); /* the daemon connects from there */
	cg_doctor_db(&findings, store.db);
	cg_doctor_clock(&findings);
	cg_store_free(&store);
	code = options->json ? cg_json_out(findings.list) : cg_out_end();
	return code ? code : findings.failed ? CG_FAILED : CG_DONE;
}
