// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Tunnels on the guarded interfaces, and the devices at which the packets in them come out. */
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "doctor/doctor.h"
#include "maps/counters.h"
#include "util/netlink.h"

#define NAMES_MAX 256 /* bytes: as many names as a line has room for */

/* Kinds of links, as in `ip -d link`. */
static const char *const kinds[] = { "gre",	  "gretap", "ip6gre", "ip6gretap", "erspan",
				     "ip6erspan", "ipip",   "ip6tnl", "sit",	   "vxlan",
				     "geneve",	  "gtp",    "ppp",    "tun",	   "wireguard" };

struct device {
	const struct ifinfomsg *link;
	const char *name;
	const char *kind;
};

struct ends { /* devices at the end of a tunnel that are up: "gre1 (gre), ..." */
	const struct cg_interface *interfaces; /* of the instance */
	size_t n_interfaces;
	char attached[NAMES_MAX];
	char readable
		[NAMES_MAX]; /* attach takes them: their frames begin with an Ethernet header */
	char others[NAMES_MAX];
};

static bool is_tunnel(const char *kind)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (!strcmp(kind, kinds[i]))
			return true;
	return false;
}

static bool is_attached(const struct ends *ends, const char *name)
{
	for (size_t i = 0; i < ends->n_interfaces; i++)
		if (ends->interfaces[i].alive && !strcmp(ends->interfaces[i].name, name))
			return true;
	return false;
}

static int parse_info(const struct nlattr *attr, void *ctx)
{
	struct device *device = ctx;

	if (mnl_attr_get_type(attr) == IFLA_INFO_KIND &&
	    !mnl_attr_validate(attr, MNL_TYPE_NUL_STRING))
		device->kind = mnl_attr_get_str(attr);
	return MNL_CB_OK;
}

static int parse_attr(const struct nlattr *attr, void *ctx)
{
	struct device *device = ctx;

	if (mnl_attr_get_type(attr) == IFLA_IFNAME && !mnl_attr_validate(attr, MNL_TYPE_NUL_STRING))
		device->name = mnl_attr_get_str(attr);
	else if (mnl_attr_get_type(attr) == IFLA_LINKINFO)
		mnl_attr_parse_nested(attr, parse_info, device);
	return MNL_CB_OK;
}

static int add_device(const struct nlmsghdr *reply, void *ctx)
{
	struct device device = { .link = mnl_nlmsg_get_payload(reply), .name = "", .kind = "" };
	struct ends *ends = ctx;
	char *list = ends->others;
	size_t used;

	mnl_attr_parse(reply, sizeof(*device.link), parse_attr, &device);
	if (!is_tunnel(device.kind) || !(device.link->ifi_flags & IFF_UP))
		return MNL_CB_OK;
	if (is_attached(ends, device.name))
		list = ends->attached;
	else if (device.link->ifi_type == ARPHRD_ETHER)
		list = ends->readable;
	used = strlen(list);
	snprintf(list + used, NAMES_MAX - used, "%s%s (%s)", used ? ", " : "", device.name,
		 device.kind);
	return MNL_CB_OK;
}

static int list_devices(struct ends *ends)
{
	char buf[128] __attribute__((aligned(MNL_ALIGNTO)));
	struct nlmsghdr *request = mnl_nlmsg_put_header(buf);

	mnl_nlmsg_put_extra_header(request, sizeof(struct ifinfomsg));
	request->nlmsg_type = RTM_GETLINK;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	return cg_netlink_request(NETLINK_ROUTE, request, add_device, ends, NULL);
}

#define COUNTED "%llu packets of tunnels, which are not read inside: "

static void report_ends(struct cg_findings *f, const struct ends *ends, __u64 packets)
{
	if (*ends->readable)
		cg_finding_add(f, CG_WARNING, "tunnel",
			       "cseqguard attach IFACE, if SIP comes in there",
			       COUNTED "they may come out of %s", packets, ends->readable);
	if (*ends->others)
		cg_finding_add(f, CG_WARNING, "tunnel",
			       "let SIP come in outside the tunnel, or by gretap or VXLAN",
			       COUNTED
			       "they may come out of %s, without an Ethernet header, so that "
			       "attach refuses it",
			       packets, ends->others);
	if (*ends->readable || *ends->others)
		return;
	if (*ends->attached)
		cg_finding_add(f, CG_OK, "tunnel", NULL,
			       COUNTED "they come out of %s, which is attached", packets,
			       ends->attached);
	else
		cg_finding_add(f, CG_WARNING, "tunnel",
			       "guard the host on which the tunnel ends, if it carries SIP",
			       COUNTED
			       "no device here is their end, so they pass through this host, or "
			       "end in a process",
			       packets);
}

void cg_doctor_check_tunnels(struct cg_findings *f, const char *instance,
			     const struct cg_interface *interfaces, size_t n)
{
	struct ends ends = { .interfaces = interfaces, .n_interfaces = n };
	union cg_counters_sum sum;
	__u64 packets;

	if (cg_counters_read_pinned(instance, &sum))
		return;
	packets = sum.counters.in.tunnel + sum.counters.out.tunnel;
	if (packets && !list_devices(&ends))
		report_ends(f, &ends, packets);
}
