// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* An instance: pins, programs, mode, interfaces, maps and losses. */
#include <bpf/bpf.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "attach/gateway_check.h"
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

static bool read_tag(int fd, __u8 tag[BPF_TAG_SIZE])
{
	struct bpf_prog_info info = {};
	__u32 size = sizeof(info);

	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &size))
		return false;
	memcpy(tag, info.tag, BPF_TAG_SIZE);
	return true;
}

/* True if every guarded interface runs the program that this version would load. */
static bool programs_are_current(const char *instance, int prog_in)
{
	__u8 ours[BPF_TAG_SIZE], theirs[BPF_TAG_SIZE];
	struct cg_interface *list;
	bool same = true;
	size_t n;

	if (!read_tag(prog_in, ours) || cg_interface_list(instance, &list, &n))
		return true;
	for (size_t i = 0; i < n && same; i++) {
		int fd = list[i].program_in ? bpf_prog_get_fd_by_id(list[i].program_in) : -1;

		if (read_tag(fd, theirs))
			same = !memcmp(ours, theirs, BPF_TAG_SIZE);
		if (fd >= 0)
			close(fd);
	}
	free(list);
	return same;
}

/* The verifier's verdict, and whether the interfaces run the programs that it was about. */
static void check_programs(struct cg_findings *f, const char *name, bool attached)
{
	struct cg_instance loaded;
	struct cg_capture report;
	int code;

	cg_output_capture(&report);
	code = attached ? cg_instance_probe_programs(name, &loaded) : cg_instance_try_load(&loaded);
	cg_output_release(&report);
	if (code) {
		cg_finding_add(f, geteuid() ? CG_WARNING : CG_FAILURE, "programs",
			       geteuid()
				       ? "run as root to find out"
				       : "cseqguard attach -v IFACE shows the log of the verifier",
			       "%s", report.text);
		return;
	}
	if (attached && !programs_are_current(name, loaded.programs.fd[CG_PROG_IN]))
		cg_finding_add(f, CG_WARNING, "programs",
			       "cseqguard upgrade replaces them and keeps the maps",
			       "the interfaces run programs of another version");
	else
		cg_finding_add(f, CG_OK, "programs", NULL, "this kernel accepts them%s",
			       attached ? ", and the interfaces run this version" : "");
	cg_instance_close(&loaded);
}

static bool is_listed(const struct cg_interface *list, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(list[i].name, name))
			return true;
	return false;
}

/*
 * Linux joins fragments of all interfaces of a network namespace, the guard those of the attached.
 */
static void check_other_interfaces(struct cg_findings *f, const struct cg_interface *list, size_t n)
{
	struct ifaddrs *all, *at;
	const char *last = "";

	if (getifaddrs(&all))
		return;
	for (at = all; at; at = at->ifa_next) {
		if (!at->ifa_addr || at->ifa_addr->sa_family != AF_INET ||
		    !(at->ifa_flags & IFF_UP) || at->ifa_flags & IFF_LOOPBACK ||
		    is_listed(list, n, at->ifa_name) || !strcmp(last, at->ifa_name))
			continue;
		cg_finding_add(
			f, CG_OK, at->ifa_name, NULL,
			"not attached: what comes in there is not read, nor are fragments that "
			"complete a message");
		last = at->ifa_name;
	}
	freeifaddrs(all);
}

/* The guard remembers a fragment for as long as Linux does by default: CG_FRAGMENT_HOLD4_S, 6_S. */
static void check_fragment_timers(struct cg_findings *f)
{
	static const struct {
		const char *path, *remedy;
		int longest;
	} timers[] = {
		{ "/proc/sys/net/ipv4/ipfrag_time", "sysctl -w net.ipv4.ipfrag_time=30", 30 },
		{ "/proc/sys/net/ipv6/ip6frag_time", "sysctl -w net.ipv6.ip6frag_time=60", 60 },
		{ "/proc/sys/net/netfilter/nf_conntrack_frag6_timeout",
		  "sysctl -w net.netfilter.nf_conntrack_frag6_timeout=60", 60 },
	};

	for (size_t i = 0; i < sizeof(timers) / sizeof(*timers); i++) {
		FILE *file = fopen(timers[i].path, "r");
		int seconds = 0;

		if (file && fscanf(file, "%d", &seconds) == 1 && seconds > timers[i].longest)
			cg_finding_add(f, CG_WARNING, "fragments", timers[i].remedy,
				       "Linux keeps a fragment for %d s, longer than the guard "
				       "remembers it: a late one may complete a message unread",
				       seconds);
		if (file)
			fclose(file);
	}
}

static void check_interfaces(struct cg_findings *f, const char *name)
{
	struct cg_interface *list;
	unsigned int alive = 0;
	size_t n;

	if (cg_interface_list(name, &list, &n))
		return;
	for (size_t i = 0; i < n; i++) {
		alive += list[i].alive;
		if (!list[i].alive)
			cg_finding_add(f, CG_WARNING, list[i].name,
				       "attach it again when it exists, or: cseqguard detach IFACE",
				       "was guarded, and does not exist any more");
		else if (!list[i].hidden && !list[i].tc.out)
			cg_finding_add(f, CG_FAILURE, list[i].name, "cseqguard attach IFACE",
				       "the guard's tc egress filter was removed");
		else if (cg_interface_lacks_filter(&list[i]))
			cg_finding_add(f, CG_FAILURE, list[i].name, "cseqguard attach IFACE",
				       "a tc %s filter of the guard for TCP was removed, or "
				       "another runs before it",
				       list[i].tc.tcp_in ? "egress" : "ingress");
	}
	check_other_interfaces(f, list, n);
	cg_doctor_check_tunnels(f, name, list, n);
	free(list);
	if (!alive)
		cg_finding_add(f, CG_WARNING, "instance", "cseqguard attach IFACE",
			       "%s guards no interface, but keeps its maps", name);
}

static void check_mode(struct cg_findings *f, const char *name, const struct cg_config *config)
{
	char breaker[CG_RUNTIME_NOTE_MAX], why[CG_GATEWAY_WHY];

	if (config->mode == CG_OBSERVE && !cg_runtime_note_read(name, CG_RUNTIME_BREAKER, breaker))
		cg_finding_add(f, CG_FAILURE, "mode",
			       "find the cause, then: cseqguard set mode=enforce",
			       "the breaker fell back to observe mode: %s", breaker);
	else
		cg_finding_add(f, CG_OK, "mode", NULL, "%s%s", cg_mode_name(config->mode),
			       config->mode == CG_OBSERVE ? ": nothing is dropped" : "");
	if (cg_gateway_covers_host(name, why))
		cg_finding_add(f, CG_FAILURE, "gateways", CG_GATEWAY_REMEDY, "%s", why);
	if (!config->has_gateways)
		cg_finding_add(f, CG_WARNING, "gateways", "cseqguard set gateway=CIDR,...",
			       "none is configured: if neither leg is this host, the messages of "
			       "the callee prove the end of a call");
}

static void check_maps(struct cg_findings *f, const char *name)
{
	struct cg_map_usage usages[] = { cg_map_usages[CG_USAGE_DIALOGS],
					 cg_map_usages[CG_USAGE_PENDING],
					 cg_map_usages[CG_USAGE_BRANCHES] };

	for (size_t i = 0; i < sizeof(usages) / sizeof(*usages); i++) {
		int err = cg_map_usage_read(name, &usages[i]);
		unsigned int percent = cg_used_percent(usages[i].used, usages[i].max);

		if (err)
			cg_finding_add(f, CG_FAILURE, usages[i].map,
				       "when few calls run: cseqguard detach -a, then attach",
				       "cannot read the map: %s", strerror(-err));
		else if (percent >= CG_USAGE_ALARM_PERCENT)
			cg_finding_add(f, CG_WARNING, usages[i].map, CG_USAGE_WARNING, "%u %% full",
				       percent);
		else
			cg_finding_add(f, CG_OK, usages[i].map, NULL, "%u %% full, %u of %u",
				       percent, usages[i].used, usages[i].max);
	}
}

static void check_losses(struct cg_findings *f, const char *name)
{
	union cg_counters_sum sum;

	if (cg_counters_read_pinned(name, &sum))
		return;
	if (cg_counters_unguarded(&sum.counters))
		cg_finding_add(f, CG_WARNING, "dialogs", CG_USAGE_REMEDY,
			       "%llu calls did not fit in since the attach",
			       cg_counters_unguarded(&sum.counters));
	if (sum.counters.events_lost)
		cg_finding_add(
			f, CG_WARNING, "events",
			"if this continues: cseqguard detach -a, then attach with a larger "
			"--ring-bytes",
			"%llu lost since the attach; the daemon has read those calls from the map",
			sum.counters.events_lost);
}

void cg_doctor_check_instance(struct cg_findings *f, const char *name)
{
	struct cg_config config;
	struct cg_capture report;
	int fd = cg_config_open(name, &config);

	if (fd >= 0)
		close(fd);
	if (fd == -ENOENT) {
		cg_finding_add(f, CG_WARNING, "instance", "cseqguard attach --mode observe IFACE",
			       "%s is not attached: nothing is guarded", name);
		check_programs(f, name, false);
		return;
	}
	if (fd < 0) {
		cg_output_capture(&report);
		cg_fail_open(name, fd);
		cg_output_release(&report);
		cg_finding_add(f, fd == -EACCES || fd == -EPERM ? CG_WARNING : CG_FAILURE,
			       "instance", "the other checks of the instance need its maps", "%s",
			       report.text);
		return;
	}
	cg_finding_add(f, CG_OK, "instance", NULL, "%s, map layout %u", name, config.layout);
	check_programs(f, name, true);
	check_mode(f, name, &config);
	check_interfaces(f, name);
	check_fragment_timers(f);
	check_maps(f, name);
	check_losses(f, name);
	cg_doctor_check_tcp(f, name, &config);
	cg_doctor_check_sides(f, name, &config);
}
