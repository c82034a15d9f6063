// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "endpoints.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	const char *addr;
} hosts[] = {
	{ "host", "192.0.2.10" }, /* the guarded host */
	{ "caller", "192.0.2.1" },
	{ "moved", "192.0.2.99" }, /* the caller after an address change */
	{ "gateway", "198.51.100.1" }, /* under --gateway */
	{ "gateway2", "198.51.100.2" }, /* another gateway under --gateway */
	{ "callee", "203.0.113.7" }, /* no gateway */
	{ "stranger", "203.0.113.66" }, /* neither leg */
	{ "proxy2", "192.0.2.11" }, /* an address of the host, whose packets come in over lo */
	{ "spoofed", "192.0.2.10" }, /* the host's own address, from outside */
	{ "host_group", "224.0.1.75" }, /* sip.mcast.net */
	{ "host_group6", "ff0e::116" },
	{ "host6", "2001:db8:2::10" },
	{ "caller6", "2001:db8:2::1" },
	{ "neighbour6", "2001:db8:2::2" }, /* in the caller's /64 */
	{ "gateway6", "2001:db8:51::1" },
	{ "callee6", "2001:db8:113::7" },
	{ "stranger6", "2001:db8:113::66" },
	/* the key of its note would be that of "caller", were that a sum */
	{ "twin6", "2001:db8:113:0:53c6:8a9b:33bc:2f07" },
	{ "nobody6", "::" },
	{ "mapped6", "::ffff:198.51.100.1" }, /* the gateway's IPv4 address, IPv4-mapped */
};

int endpoint_find(const char *text, struct endpoint *endpoint)
{
	static const __u8 mapped[12] = { [10] = 0xff, [11] = 0xff };
	size_t len = strcspn(text, ":/");
	const char *interface = strchr(text, '/');

	for (size_t i = 0; i < sizeof(hosts) / sizeof(*hosts); i++) {
		if (strlen(hosts[i].name) != len || memcmp(hosts[i].name, text, len))
			continue;
		memcpy(endpoint->addr, mapped, sizeof(mapped));
		endpoint->ip6 = !!strchr(hosts[i].addr, ':');
		inet_pton(endpoint->ip6 ? AF_INET6 : AF_INET, hosts[i].addr,
			  endpoint->addr + (endpoint->ip6 ? 0 : sizeof(mapped)));
		endpoint->is_host = !strncmp(hosts[i].name, "host", 4);
		endpoint->port = text[len] == ':' ? atoi(text + len + 1) : 5060;
		endpoint->ifindex = interface ? if_nametoindex(interface + 1) : 0;
		return interface && !endpoint->ifindex ? -ENODEV : 0;
	}
	return -ENOENT;
}

void host_sent_by(const struct endpoint *endpoint, char text[HOST_SENT_BY])
{
	char addr[INET6_ADDRSTRLEN];

	if (endpoint->ip6)
		inet_ntop(AF_INET6, endpoint->addr, addr, sizeof(addr));
	else
		inet_ntop(AF_INET, endpoint->addr + 12, addr, sizeof(addr));
	snprintf(text, HOST_SENT_BY, endpoint->ip6 ? "[%s]:%d" : "%s:%d", addr, endpoint->port);
}

int endpoint_path(const char *path, struct endpoint *from, struct endpoint *to, int *in)
{
	char source[48];
	const char *arrow = strchr(path, '>');

	if (!arrow || (size_t)(arrow - path) >= sizeof(source))
		return -EINVAL;
	snprintf(source, sizeof(source), "%.*s", (int)(arrow - path), path);
	if (endpoint_find(source, from) || endpoint_find(arrow + 1, to))
		return -EINVAL;
	if (from->is_host == to->is_host || from->ip6 != to->ip6)
		return -EINVAL;
	*in = to->is_host;
	return 0;
}
