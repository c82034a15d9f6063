// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* An instance: pins, programs, mode, maps, and what was lost. */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attach/instance.h"
#include "attach/interface.h"
#include "attach/open_error.h"
#include "doctor/doctor.h"
#include "maps/counters.h"
#include "maps/map_usage.h"
#include "maps/pins.h"
#include "maps/runtime_dir.h"
#include "util/cli_output.h"
#include "util/enum_names.h"

static bool tag_of(int fd, __u8 tag[BPF_TAG_SIZE])
{
	struct bpf_prog_info info = {};
	__u32 size = sizeof(info);

	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &size))
		return false;
	memcpy(tag, info.tag, BPF_TAG_SIZE);
	return true;
}

/* Whether every guarded interface runs the same program as this version would load. */
static bool of_this_version(const char *instance, int prog_in)
{
	__u8 ours[BPF_TAG_SIZE], theirs[BPF_TAG_SIZE];
	struct cg_interface *list;
	bool same = true;
	size_t n;

	if (!tag_of(prog_in, ours) || cg_interface_list(instance, &list, &n))
		return true;
	for (size_t i = 0; i < n && same; i++) {
		int fd = list[i].program_in ? bpf_prog_get_fd_by_id(list[i].program_in) : -1;

		if (tag_of(fd, theirs))
			same = !memcmp(ours, theirs, BPF_TAG_SIZE);
		if (fd >= 0)
			close(fd);
	}
	free(list);
	return same;
}

/* Loads what would be attached, beside what is: the verifier's word, and the programs' tags. */
static void programs(struct cg_findings *f, const char *name, bool attached)
{
	struct cg_instance loaded;
	struct cg_capture report;
	int code;

	cg_output_capture(&report);
	code = attached ? cg_instance_load_programs(name, &loaded) : cg_instance_try_load(&loaded);
	cg_output_release(&report);
	if (code) {
		cg_find(f, geteuid() ? CG_WARNING : CG_FAILURE, "programs",
			geteuid() ? "run as root to be told"
				  : "cseqguard attach -v IFACE shows the verifier's words",
			"%s", report.text);
		return;
	}
	if (attached && !of_this_version(name, loaded.prog_in))
		cg_find(f, CG_WARNING, "programs", "cseqguard upgrade swaps them, maps kept",
			"interfaces run those of another version");
	else
		cg_find(f, CG_OK, "programs", NULL, "this kernel takes them%s",
			attached ? ", and they run in this version" : "");
	cg_instance_close(&loaded);
}

static void interfaces(struct cg_findings *f, const char *name)
{
	struct cg_interface *list;
	unsigned int alive = 0;
	size_t n;

	if (cg_interface_list(name, &list, &n))
		return;
	for (size_t i = 0; i < n; i++) {
		alive += list[i].alive;
		if (!list[i].alive)
			cg_find(f, CG_WARNING, list[i].name,
				"attach it when it is back, or: cseqguard detach IFACE",
				"was guarded, and is gone");
		else if (!list[i].hidden && !list[i].program_out)
			cg_find(f, CG_FAILURE, list[i].name, "cseqguard attach IFACE",
				"the guard's tc filter on the way out was removed");
	}
	free(list);
	if (!alive)
		cg_find(f, CG_WARNING, "instance", "cseqguard attach IFACE",
			"%s guards no interface; its maps are there", name);
}

static void mode(struct cg_findings *f, const char *name, const struct cg_config *config)
{
	char breaker[CG_RUNTIME_NOTE_MAX];

	if (config->mode == CG_OBSERVE && !cg_runtime_note_read(name, CG_RUNTIME_BREAKER, breaker))
		cg_find(f, CG_FAILURE, "mode", "find out why, then: cseqguard set mode=enforce",
			"the breaker fell back to observe: %s", breaker);
	else
		cg_find(f, CG_OK, "mode", NULL, "%s%s", cg_mode_name(config->mode),
			config->mode == CG_OBSERVE ? ": nothing is dropped" : "");
	if (!config->has_gateways)
		cg_find(f, CG_WARNING, "gateways", "cseqguard set gateway=CIDR,...",
			"none is named: where neither leg is the host, the callee's word ends a "
			"call");
}

static void maps(struct cg_findings *f, const char *name)
{
	struct cg_map_usage fills[] = { cg_map_usages[CG_USAGE_DIALOGS],
					cg_map_usages[CG_USAGE_PENDING] };

	for (size_t i = 0; i < sizeof(fills) / sizeof(*fills); i++) {
		int err = cg_map_usage_read(name, &fills[i]);
		unsigned int percent = cg_used_percent(fills[i].used, fills[i].max);

		if (err)
			cg_find(f, CG_FAILURE, fills[i].map,
				"start anew, when few calls run: cseqguard detach -a",
				"the map cannot be read: %s", strerror(-err));
		else if (percent >= CG_USAGE_ALARM_PERCENT)
			cg_find(f, CG_WARNING, fills[i].map, CG_USAGE_WARNING, "%u %% full",
				percent);
		else
			cg_find(f, CG_OK, fills[i].map, NULL, "%u %% full, %u of %u", percent,
				fills[i].used, fills[i].max);
	}
}

static void losses(struct cg_findings *f, const char *name)
{
	union cg_counters_sum sum;

	if (cg_counters_read_pinned(name, &sum))
		return;
	if (cg_counters_unguarded(&sum.counters))
		cg_find(f, CG_WARNING, "dialogs", CG_USAGE_REMEDY,
			"%llu calls found no room since the attach",
			cg_counters_unguarded(&sum.counters));
	if (sum.counters.events_lost)
		cg_find(f, CG_WARNING, "events",
			"attach anew with a larger --ring-bytes, if it goes on",
			"%llu were lost since the attach; the daemon has read the map instead",
			sum.counters.events_lost);
}

void cg_doctor_instance(struct cg_findings *f, const char *name)
{
	struct cg_config config;
	struct cg_capture report;
	int fd = cg_config_open(name, &config);

	if (fd >= 0)
		close(fd);
	if (fd == -ENOENT) {
		cg_find(f, CG_WARNING, "instance", "cseqguard attach --mode observe IFACE",
			"%s is not attached: nothing is guarded", name);
		programs(f, name, false);
		return;
	}
	if (fd < 0) {
		cg_output_capture(&report);
		cg_fail_open(name, fd);
		cg_output_release(&report);
		cg_find(f, fd == -EACCES || fd == -EPERM ? CG_WARNING : CG_FAILURE, "instance",
			"nothing more is told of it", "%s", report.text);
		return;
	}
	cg_find(f, CG_OK, "instance", NULL, "%s, map layout %u", name, config.layout);
	programs(f, name, true);
	mode(f, name, &config);
	interfaces(f, name);
	maps(f, name);
	losses(f, name);
}
