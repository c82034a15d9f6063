// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "maps/host_names.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "util/host_name.h"
#include "util/text.h"

typedef int (*visit_addr)(void *ctx, const __u8 addr[16], bool loopback);

/* Converts a socket address. Returns false for other families. */
static bool read_addr(const struct sockaddr *from, __u8 addr[16])
{
	static const __u8 mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (!from)
		return false;
	if (from->sa_family == AF_INET6) {
		memcpy(addr, &((const struct sockaddr_in6 *)from)->sin6_addr, 16);
		return true;
	}
	if (from->sa_family != AF_INET)
		return false;
	memcpy(addr, mapped, sizeof(mapped));
	memcpy(addr + 12, &((const struct sockaddr_in *)from)->sin_addr, 4);
	return true;
}

/* Calls `visit` for each address of this network namespace until it returns a value that is not 0. */
static int each_address(visit_addr visit, void *ctx)
{
	struct ifaddrs *list;
	__u8 addr[16];
	int err = 0;

	if (getifaddrs(&list))
		return -errno;
	for (struct ifaddrs *i = list; i && !err; i = i->ifa_next)
		if (read_addr(i->ifa_addr, addr))
			err = visit(ctx, addr, i->ifa_flags & IFF_LOOPBACK);
	freeifaddrs(list);
	return err;
}

struct writer {
	const struct cg_config *config;
	int hosts_fd, gateways_fd;
};

static int write_name(const struct writer *w, const char *text)
{
	struct cg_host_name name = { .origin = CG_NAME_GIVEN };
	__u64 hash = cg_host_name_hash(w->config, text);

	snprintf(name.text, sizeof(name.text), "%s", text);
	return bpf_map_update_elem(w->hosts_fd, &hash, &name, BPF_ANY) ? -errno : 0;
}

static int write_addr(void *ctx, const __u8 addr[16], bool loopback)
{
	const struct writer *w = ctx;
	struct cg_prefix prefix = { .bits = 128 };
	char text[INET6_ADDRSTRLEN], bracketed[INET6_ADDRSTRLEN + 2];
	__u32 class = CG_ADDR_HOST;

	(void)loopback;
	memcpy(prefix.addr, addr, 16);
	if (bpf_map_update_elem(w->gateways_fd, &prefix, &class, BPF_ANY))
		return -errno;
	cg_addr_format(addr, text);
	snprintf(bracketed, sizeof(bracketed), strchr(text, ':') ? "[%s]" : "%s", text);
	return write_name(w, bracketed);
}

/* True if --host names an address, which *address receives as a prefix of 128 bits. */
static bool host_is_address(const char *text, struct cg_prefix *address)
{
	return !cg_prefix_parse(text, address) && address->bits == 128;
}

static int write_given(const struct writer *w, const char *text)
{
	struct cg_prefix prefix;

	if (host_is_address(text, &prefix))
		return write_addr((void *)w, prefix.addr, false);
	return write_name(w, text);
}

int cg_host_names_write(const struct cg_settings *settings, const struct cg_config *config,
			int hosts_fd, int gateways_fd)
{
	struct writer w = { config, hosts_fd, gateways_fd };
	int err = each_address(write_addr, &w);

	if (!err)
		err = write_name(&w, "localhost");
	for (__u32 i = 0; i < settings->n_hosts && !err; i++)
		err = write_given(&w, settings->hosts[i]);
	return err;
}

struct search {
	const struct cg_settings *settings;
	struct cg_prefix *prefix;
	__u8 *addr;
};

static bool prefix_covers(const struct cg_prefix *prefix, const __u8 addr[16])
{
	__u32 bytes = prefix->bits / 8, bits = prefix->bits % 8;

	return !memcmp(prefix->addr, addr, bytes) &&
	       (!bits || !((prefix->addr[bytes] ^ addr[bytes]) >> (8 - bits)));
}

static int find_covered(void *ctx, const __u8 addr[16], bool loopback)
{
	struct search *s = ctx;

	for (__u32 i = 0; i < s->settings->n_gateways && !loopback; i++)
		if (prefix_covers(&s->settings->gateways[i], addr)) {
			*s->prefix = s->settings->gateways[i];
			memcpy(s->addr, addr, 16);
			return 1;
		}
	return 0;
}

int cg_host_names_find_covered(const struct cg_settings *settings, struct cg_prefix *prefix,
			       __u8 addr[16])
{
	struct search s = { settings, prefix, addr };
	struct cg_prefix given;
	int found = each_address(find_covered, &s);

	for (__u32 i = 0; i < settings->n_hosts && !found; i++)
		if (host_is_address(settings->hosts[i], &given))
			found = find_covered(&s, given.addr, false);
	return found;
}
