// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* An interface: driver, mode, MTU, queues, offloads, programs of others. */
#include <bpf/bpf.h>
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
#include "doctor/doctor.h"
#include "doctor/ethtool.h"
#include "doctor/netdev.h"

/* A page less headroom, Ethernet header and skb_shared_info; drivers vary a little. */
#define BUFFER_MTU 3498
#define COALESCED "generic mode, and tc on a host that forwards, see coalesced datagrams as one"

struct subject {
	struct cg_findings *findings;
	const char *name;
	__u32 ifindex;
	bool features_known;
	__u64 features;
};

/* As cg_find(), of the interface, whose name stands in the remedy for each IFACE. */
__attribute__((format(printf, 4, 5))) static void tell(const struct subject *s,
						       enum cg_verdict verdict, const char *remedy,
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
	cg_find(s->findings, verdict, s->name, remedy ? named : NULL, "%s", text);
}

static void driver(struct subject *s)
{
	unsigned int rx, most;
	char name[64] = "unknown";
	int err = cg_netdev_xdp(s->ifindex, &s->features);

	s->features_known = !err;
	cg_ethtool_driver(s->name, name, sizeof(name));
	if (err)
		tell(s, CG_OK, NULL,
		     "driver %s; whether it has native XDP is told from Linux 6.3 on", name);
	else if (s->features & CG_XDP_BASIC)
		tell(s, CG_OK, NULL, "driver %s has native XDP", name);
	else
		tell(s, CG_WARNING,
		     "guard the interface below it, or one whose driver has it; here only -m skb",
		     "driver %s has no native XDP: generic mode sees coalesced datagrams as one",
		     name);
	if (!cg_ethtool_queues(s->name, &rx, &most) && rx)
		tell(s, CG_OK, NULL, "receive queues %u of %u, CPUs %ld: as many CPUs work at once",
		     rx, most, sysconf(_SC_NPROCESSORS_ONLN));
}

static void mtu(struct subject *s)
{
	unsigned int mtu;

	if (cg_ethtool_mtu(s->name, &mtu))
		return;
	if (mtu <= BUFFER_MTU)
		tell(s, CG_OK, NULL, "MTU %u", mtu);
	else if (s->features_known && s->features & CG_XDP_RX_SG)
		tell(s, CG_OK, NULL,
		     "MTU %u: frames in several buffers, which driver and guard can read", mtu);
	else
		tell(s, CG_WARNING, "ip link set dev IFACE mtu 1500, or at most about 3498",
		     "MTU %u: more than a buffer holds, and the driver %s: native XDP may be "
		     "refused",
		     mtu,
		     s->features_known ? "takes no frame in several"
				       : "may take no frame in several");
}

/* A program that is not the instance's; whose it is only root sees. */
static void foreign_program(struct subject *s, __u32 id)
{
	struct bpf_prog_info info = {};
	__u32 size = sizeof(info);
	int fd = bpf_prog_get_fd_by_id(id);

	if (fd == -EPERM || fd == -EACCES) {
		tell(s, CG_WARNING, "run as root to be told", "XDP program of id %u: whose?", id);
		return;
	}
	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &size))
		strcpy(info.name, "?");
	if (fd >= 0)
		close(fd);
	tell(s, CG_FAILURE, "remove it with its own tool, or: ip link set dev IFACE xdp off",
	     "XDP program '%.16s' (id %u) of another sits there: attach is refused", info.name, id);
}

/* Program of the instance's own link there; 0: none, or none to be seen. */
static __u32 own_program(const char *instance, const struct subject *s, bool *hidden)
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

static void program(struct subject *s, const char *instance)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);
	bool hidden = false;
	__u32 own = own_program(instance, s, &hidden), there;
	int err = bpf_xdp_query(s->ifindex, 0, &query);

	there = query.hw_prog_id    ? query.hw_prog_id
		: query.drv_prog_id ? query.drv_prog_id
		: query.skb_prog_id ? query.skb_prog_id
				    : query.prog_id;
	if (err) {
		tell(s, CG_WARNING, "see: ip link show dev IFACE",
		     "its XDP program is not told: %s", strerror(-err));
	} else if (!there) {
		tell(s, CG_OK, NULL, "no XDP program, not guarded");
	} else if (there == own || hidden) {
		if (query.skb_prog_id)
			tell(s, CG_WARNING,
			     "detach it, and attach with -m native; if that is refused, another "
			     "driver",
			     "guarded in generic mode: coalesced datagrams are seen as one");
		else
			tell(s, CG_OK, NULL, "guarded in native mode");
	} else {
		foreign_program(s, there);
	}
}

static void offloads(struct subject *s)
{
	static const struct {
		const char *feature, *remedy, *finding;
	} matter[] = {
		{ "rx-lro", "ethtool -K IFACE lro off",
		  "LRO is on: some drivers refuse native XDP beside it" },
		{ "rx-gro-hw", "ethtool -K IFACE rx-gro-hw off",
		  "hardware GRO is on: some drivers refuse native XDP beside it" },
		{ "rx-udp-gro-forwarding", "ethtool -K IFACE rx-udp-gro-forwarding off",
		  "rx-udp-gro-forwarding is on: " COALESCED },
		{ "rx-gro-list", "ethtool -K IFACE rx-gro-list off",
		  "rx-gro-list is on: " COALESCED },
		{ "rx-vlan-hw-parse", NULL,
		  "rx-vlan-offload takes VLAN tags off before XDP; the guard reads frames with "
		  "tags and without, and tells no VLANs apart" },
	};
	enum { N = sizeof(matter) / sizeof(*matter) };
	const char *names[N];
	bool on[N], none = true;

	for (int i = 0; i < N; i++)
		names[i] = matter[i].feature;
	if (cg_ethtool_features(s->name, names, on, N))
		return;
	for (int i = 0; i < N; i++) {
		if (!on[i])
			continue;
		tell(s, matter[i].remedy ? CG_WARNING : CG_OK, matter[i].remedy, "%s",
		     matter[i].finding);
		none &= !matter[i].remedy;
	}
	if (none)
		tell(s, CG_OK, NULL, "no offload that is in the way");
}

static void filters(struct subject *s)
{
	struct cg_clsact_others others;
	int err = cg_clsact_others(s->ifindex, &others);

	if (err)
		tell(s, CG_WARNING, "see: tc filter show dev IFACE egress",
		     "tc filters on the way out are not told: %s", strerror(-err));
	else if (others.before)
		tell(s, CG_WARNING,
		     "see `tc filter show dev IFACE egress` and `bpftool net`; filters belong "
		     "behind priority " CG_TC_PRIORITY_TEXT,
		     "%u tc filters or programs come before the guard's on the way out: one that "
		     "passes a packet hides it",
		     others.before);
	else
		tell(s, CG_OK, NULL,
		     "tc filters of others on the way out: %u, none before the guard's",
		     others.behind);
}

void cg_doctor_interface(struct cg_findings *f, const char *instance, const char *name)
{
	struct subject s = { .findings = f, .name = name };

	s.ifindex = strlen(name) < IF_NAMESIZE ? if_nametoindex(name) : 0;
	if (!s.ifindex) {
		cg_find(f, CG_FAILURE, name, "see: ip link; another namespace: -n NETNS",
			"no such interface in this network namespace");
		return;
	}
	if (!cg_ethtool_up(name))
		tell(&s, CG_WARNING, "ip link set dev IFACE up", "it is down");
	driver(&s);
	program(&s, instance);
	mtu(&s);
	offloads(&s);
	filters(&s);
}
