// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* An interface: driver, mode, MTU, queues, offloads, programs and filters that are not ours. */
#include <bpf/libbpf.h>
#include <errno.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attach/clsact.h"
#include "attach/interface.h"
#include "attach/xdp_link.h"
#include "doctor/doctor.h"
#include "doctor/ethtool.h"
#include "doctor/netdev.h"

/* A page less headroom, Ethernet header and skb_shared_info; drivers differ slightly. */
#define BUFFER_MTU 3498
#define COALESCED "generic mode, and tc on a host that forwards, see coalesced datagrams as one"

struct checked {
	struct cg_findings *findings;
	const char *name;
	__u32 ifindex;
	bool features_known;
	__u64 features;
};

/* Adds a finding about this interface. Each IFACE in the remedy is replaced by its name. */
__attribute__((format(printf, 4, 5))) static void add_finding(const struct checked *s,
							      enum cg_severity severity,
							      const char *remedy,
							      const char *format, ...)
{
	char text[512], named[512] = "";
	const char *iface;
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	for (const char *at = remedy; at; at = iface ? iface + strlen("IFACE") : NULL) {
		size_t used = strlen(named);

		iface = strstr(at, "IFACE");
		snprintf(named + used, sizeof(named) - used, "%.*s%s",
			 iface ? (int)(iface - at) : (int)strlen(at), at, iface ? s->name : "");
	}
	cg_finding_add(s->findings, severity, s->name, remedy ? named : NULL, "%s", text);
}

static void check_driver(struct checked *s)
{
	unsigned int rx, most;
	char name[64] = "unknown";
	int err = cg_netdev_read_xdp_features(s->ifindex, &s->features);

	s->features_known = !err;
	cg_ethtool_read_driver(s->name, name, sizeof(name));
	if (err)
		add_finding(s, CG_OK, NULL,
			    "driver %s; Linux before 6.3 does not report whether it has native XDP",
			    name);
	else if (s->features & CG_XDP_BASIC)
		add_finding(s, CG_OK, NULL, "driver %s has native XDP", name);
	else
		add_finding(
			s, CG_WARNING,
			"guard the interface below it, or one with another driver; here only -m "
			"skb works",
			"driver %s has no native XDP: generic mode sees coalesced datagrams as one",
			name);
	if (!cg_ethtool_read_queues(s->name, &rx, &most) && rx)
		add_finding(s, CG_OK, NULL,
			    "receive queues %u of %u, CPUs %ld: each queue keeps one CPU busy", rx,
			    most, sysconf(_SC_NPROCESSORS_ONLN));
}

static void check_mtu(struct checked *s)
{
	unsigned int mtu;

	if (cg_ethtool_read_mtu(s->name, &mtu))
		return;
	if (mtu <= BUFFER_MTU)
		add_finding(s, CG_OK, NULL, "MTU %u", mtu);
	else if (s->features_known && s->features & CG_XDP_RX_SG)
		add_finding(
			s, CG_OK, NULL,
			"MTU %u: large frames use several buffers, which driver and guard support",
			mtu);
	else
		add_finding(s, CG_WARNING, "ip link set dev IFACE mtu 1500, or at most about 3498",
			    "MTU %u: large frames use several buffers, which the driver %s: it may "
			    "refuse native XDP",
			    mtu, s->features_known ? "does not support" : "may not support");
}

/* Reports an XDP program that is not the instance's. Only root can read its name. */
static void find_foreign_program(struct checked *s, __u32 id)
{
	char name[BPF_OBJ_NAME_LEN];
	int err = cg_xdp_program_name(id, name);

	if (err == -EPERM || err == -EACCES)
		add_finding(s, CG_WARNING, "run as root", "cannot identify XDP program id %u", id);
	else
		add_finding(s, CG_FAILURE,
			    "remove it with its own tool, or: ip link set dev IFACE xdp off",
			    "XDP program '%s' (id %u) is attached and not the guard's: attach "
			    "would fail",
			    name, id);
}

/* Returns the program id of the instance's link, or 0. *hidden: only root can read it. */
static __u32 read_own_program(const char *instance, const struct checked *s, bool *hidden)
{
	struct cg_interface *list;
	__u32 id = 0;
	size_t n;

	if (cg_interface_list(instance, &list, &n))
		return 0;
	for (size_t i = 0; i < n; i++)
		if (list[i].ifindex == s->ifindex) {
			id = list[i].program_in;
			*hidden = list[i].hidden;
		}
	free(list);
	return id;
}

static void check_program(struct checked *s, const char *instance)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);
	bool hidden = false;
	__u32 own = read_own_program(instance, s, &hidden), found;
	int err = bpf_xdp_query(s->ifindex, 0, &query);

	found = query.hw_prog_id    ? query.hw_prog_id
		: query.drv_prog_id ? query.drv_prog_id
		: query.skb_prog_id ? query.skb_prog_id
				    : query.prog_id;
	if (err) {
		add_finding(s, CG_WARNING, "see: ip link show dev IFACE",
			    "cannot read its XDP program: %s", strerror(-err));
	} else if (!found) {
		add_finding(s, CG_OK, NULL, "no XDP program, not guarded");
	} else if (found == own || hidden) {
		if (query.skb_prog_id)
			add_finding(s, CG_WARNING,
				    "detach it, then attach with --xdp native; if that fails, use "
				    "another "
				    "driver",
				    "guarded in generic mode: coalesced datagrams are seen as one");
		else
			add_finding(s, CG_OK, NULL, "guarded in native mode");
	} else {
		find_foreign_program(s, found);
	}
}

static void check_offloads(struct checked *s)
{
	static const struct {
		const char *feature, *remedy, *finding;
	} checks[] = {
		{ .feature = "rx-lro",
		  .remedy = "ethtool -K IFACE lro off",
		  .finding = "LRO is on: with it, some drivers refuse native XDP" },
		{ .feature = "rx-gro-hw",
		  .remedy = "ethtool -K IFACE rx-gro-hw off",
		  .finding = "hardware GRO is on: with it, some drivers refuse native XDP" },
		{ .feature = "rx-udp-gro-forwarding",
		  .remedy = "ethtool -K IFACE rx-udp-gro-forwarding off",
		  .finding = "rx-udp-gro-forwarding is on: " COALESCED },
		{ .feature = "rx-gro-list",
		  .remedy = "ethtool -K IFACE rx-gro-list off",
		  .finding = "rx-gro-list is on: " COALESCED },
		{ .feature = "rx-vlan-hw-parse",
		  .finding = "rx-vlan-offload removes VLAN tags before XDP; the guard reads frames "
			     "with and without tags, and does not distinguish VLANs" },
	};
	enum { N = sizeof(checks) / sizeof(*checks) };
	const char *names[N];
	bool on[N], no_remedy = true;

	for (int i = 0; i < N; i++)
		names[i] = checks[i].feature;
	if (cg_ethtool_read_features(s->name, names, on, N))
		return;
	for (int i = 0; i < N; i++) {
		if (!on[i])
			continue;
		add_finding(s, checks[i].remedy ? CG_WARNING : CG_OK, checks[i].remedy, "%s",
			    checks[i].finding);
		no_remedy &= !checks[i].remedy;
	}
	if (no_remedy)
		add_finding(s, CG_OK, NULL, "no offload interferes");
}

static void check_filters(struct checked *s, enum cg_hook hook)
{
	const char *name = cg_hook_name(hook);
	struct cg_clsact_others others;
	int err = cg_clsact_others(s->ifindex, hook, &others);
	char remedy[256];

	snprintf(remedy, sizeof(remedy),
		 "see `tc filter show dev IFACE %s` and `bpftool net`; other filters need a "
		 "priority above " CG_TC_PRIORITY_TEXT,
		 name);
	if (err)
		add_finding(s, CG_WARNING, remedy, "cannot list the tc %s filters: %s", name,
			    strerror(-err));
	else if (others.before)
		add_finding(s, CG_WARNING, remedy,
			    "%u tc %s filters or programs run before the guard's: one that passes "
			    "a packet hides %s from the guard",
			    others.before, name, hook == CG_HOOK_INGRESS ? "TCP" : "it");
	else
		add_finding(s, CG_OK, NULL, "other tc %s filters: %u, none before the guard's",
			    name, others.behind);
}

void cg_doctor_check_interface(struct cg_findings *f, const char *instance, const char *name)
{
	struct checked s = { .findings = f, .name = name };
	struct cg_xdp_state state;

	s.ifindex = strlen(name) < IF_NAMESIZE ? if_nametoindex(name) : 0;
	if (!s.ifindex) {
		cg_finding_add(f, CG_FAILURE, name, "see: ip link; another namespace: -n NETNS",
			       "no such interface in this network namespace");
		return;
	}
	if (!cg_ethtool_is_up(name))
		add_finding(&s, CG_WARNING, "ip link set dev IFACE up", "it is down");
	if (!cg_xdp_query(s.ifindex, &state) && !cg_xdp_is_ethernet(&state)) {
		add_finding(
			&s, CG_WARNING, "let SIP come in on an Ethernet interface",
			"its packets have no Ethernet header (link type %u): attach refuses it, "
			"and what comes in there is not read",
			state.link_type);
		return;
	}
	check_driver(&s);
	check_program(&s, instance);
	check_mtu(&s);
	check_offloads(&s);
	for (enum cg_hook hook = 0; hook < CG_HOOKS; hook++)
		check_filters(&s, hook);
}
