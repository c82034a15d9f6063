// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "maps/host_names.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "util/host_name.h"
#include "util/netlink.h"
#include "util/text.h"

#define ADDR_TEXT (INET6_ADDRSTRLEN + 2) /* an IPv6 address has brackets */

typedef int (*visit_addr)(void *ctx, const __u8 addr[16], bool loopback);

struct address_walk {
	visit_addr visit;
	void *ctx;
	int result; /* the first that is not 0 */
};

/* An address of a point-to-point interface is in IFA_LOCAL, and the peer's in IFA_ADDRESS. */
static int find_local(const struct nlattr *attr, void *ctx)
{
	const struct nlattr **found = ctx;
	int type = mnl_attr_get_type(attr);

	if (type == IFA_LOCAL || (type == IFA_ADDRESS && !*found))
		*found = attr;
	return MNL_CB_OK;
}

static int read_address(const struct nlmsghdr *message, void *ctx)
{
	static const __u8 mapped[12] = { [10] = 0xff, [11] = 0xff };
	const struct ifaddrmsg *header = mnl_nlmsg_get_payload(message);
	const struct nlattr *attr = NULL;
	struct address_walk *walk = ctx;
	size_t size = header->ifa_family == AF_INET6 ? 16 : 4;
	__u8 addr[16];

	mnl_attr_parse(message, sizeof(*header), find_local, &attr);
	if (!attr || mnl_attr_get_payload_len(attr) != size || walk->result ||
	    (header->ifa_family != AF_INET && header->ifa_family != AF_INET6))
		return MNL_CB_OK;
	memcpy(addr, mapped, sizeof(mapped));
	memcpy(addr + 16 - size, mnl_attr_get_payload(attr), size);
	walk->result = walk->visit(walk->ctx, addr, header->ifa_scope == RT_SCOPE_HOST);
	return MNL_CB_OK;
}

/*
 * Calls `visit` for each address of this network namespace until it returns a value that is not 0.
 * Not by getifaddrs(), which waits for the kernel without a limit.
 */
static int each_address(visit_addr visit, void *ctx)
{
	char buf[64] __attribute__((aligned(MNL_ALIGNTO)));
	struct nlmsghdr *request = mnl_nlmsg_put_header(buf);
	struct ifaddrmsg *header = mnl_nlmsg_put_extra_header(request, sizeof(*header));
	struct address_walk walk = { .visit = visit, .ctx = ctx };
	int err;

	request->nlmsg_type = RTM_GETADDR;
	request->nlmsg_flags = NLM_F_DUMP;
	header->ifa_family = AF_UNSPEC;
	err = cg_netlink_request(NETLINK_ROUTE, request, read_address, &walk, NULL);
	return err ? err : walk.result;
}

/* True if --host names an address, which *address receives as a prefix of 128 bits. */
static bool host_is_address(const char *text, struct cg_prefix *address)
{
	return !cg_prefix_parse(text, address) && address->bits == 128;
}

/* --- writing ---------------------------------------------------------------------------------- */

struct names { /* the names of one origin */
	const struct cg_host_names_maps *maps;
	__u8 origin; /* a bit of cg_host_name.origin */
	unsigned int n;
	__u64 hashes[CG_HOSTS_MAX];
};

static bool has_hash(const struct names *names, __u64 hash)
{
	for (unsigned int i = 0; i < names->n; i++)
		if (names->hashes[i] == hash)
			return true;
	return false;
}

/* Writes the name, with the origin added to those that it has. */
static int add_name(struct names *names, const char *text)
{
	__u64 hash = cg_host_name_hash(names->maps->secret, text);
	struct cg_host_name name = {};

	if (has_hash(names, hash))
		return 0;
	if (names->n == CG_HOSTS_MAX)
		return -E2BIG;
	if (bpf_map_lookup_elem(names->maps->hosts_fd, &hash, &name))
		snprintf(name.text, sizeof(name.text), "%s", text);
	name.origin |= names->origin;
	names->hashes[names->n++] = hash;
	return bpf_map_update_elem(names->maps->hosts_fd, &hash, &name, BPF_ANY) ? -errno : 0;
}

/* Formats an address as a Via has it. */
static void format_addr(const __u8 addr[16], char out[ADDR_TEXT])
{
	char text[INET6_ADDRSTRLEN];

	cg_addr_format(addr, text);
	snprintf(out, ADDR_TEXT, strchr(text, ':') ? "[%s]" : "%s", text);
}

static int add_addr(void *ctx, const __u8 addr[16], bool loopback)
{
	struct names *names = ctx;
	struct cg_prefix prefix = { .bits = 128 };
	__u32 class = CG_ADDR_HOST;
	char text[ADDR_TEXT];

	(void)loopback;
	memcpy(prefix.addr, addr, 16);
	if (bpf_map_update_elem(names->maps->gateways_fd, &prefix, &class, BPF_ANY))
		return -errno;
	format_addr(addr, text);
	return add_name(names, text);
}

static int add_given(struct names *names, const char *text)
{
	struct cg_prefix prefix;

	if (host_is_address(text, &prefix))
		return add_addr(names, prefix.addr, false);
	return add_name(names, text);
}

/* Takes the origin from all other names. A name without any origin is removed. */
static int remove_others(const struct names *names)
{
	__u64 keys[CG_HOSTS_MAX], *last = NULL;
	int fd = names->maps->hosts_fd, n = 0, err = 0;
	struct cg_host_name name;

	while (n < CG_HOSTS_MAX && !bpf_map_get_next_key(fd, last, &keys[n]))
		last = &keys[n++];
	while (n-- && !err) {
		if (has_hash(names, keys[n]) || bpf_map_lookup_elem(fd, &keys[n], &name) ||
		    !(name.origin & names->origin))
			continue;
		name.origin &= ~names->origin;
		if (name.origin ? bpf_map_update_elem(fd, &keys[n], &name, BPF_EXIST)
				: bpf_map_delete_elem(fd, &keys[n]))
			err = -errno;
	}
	return err;
}

/* Removes the addresses of class CG_ADDR_HOST that are no name of the host any more. */
static int remove_old_addrs(const struct cg_host_names_maps *maps)
{
	struct cg_prefix old[CG_GATEWAYS_MAX], key, *last = NULL;
	struct cg_host_name name;
	char text[ADDR_TEXT];
	__u32 n = 0, class;
	__u64 hash;

	for (int i = 0; i < CG_GATEWAYS_MAX; i++, last = &key) {
		if (bpf_map_get_next_key(maps->gateways_fd, last, &key))
			break;
		if (bpf_map_lookup_elem(maps->gateways_fd, &key, &class) || class != CG_ADDR_HOST)
			continue;
		format_addr(key.addr, text);
		hash = cg_host_name_hash(maps->secret, text);
		if (bpf_map_lookup_elem(maps->hosts_fd, &hash, &name))
			old[n++] = key;
	}
	while (n--)
		if (bpf_map_delete_elem(maps->gateways_fd, &old[n]) && errno != ENOENT)
			return -errno;
	return 0;
}

/*
 * Beside the addresses of its interfaces. Kamailio's topoh masks the Vias of others by 127.0.0.8.
 */
static const char *const loopback[] = { "localhost", "127.0.0.8" };

int cg_host_names_update_addresses(const struct cg_host_names_maps *maps)
{
	struct names names = { .maps = maps, .origin = CG_NAME_ADDRESS };
	int err = each_address(add_addr, &names);

	for (size_t i = 0; i < sizeof(loopback) / sizeof(*loopback) && !err; i++)
		err = add_name(&names, loopback[i]);
	if (!err)
		err = remove_others(&names);
	return err ? err : remove_old_addrs(maps);
}

int cg_host_names_set_given(const struct cg_host_names_maps *maps,
			    const struct cg_settings *settings)
{
	struct names names = { .maps = maps, .origin = CG_NAME_GIVEN };
	int err = 0;

	for (__u32 i = 0; i < settings->n_hosts && !err; i++)
		err = add_given(&names, settings->hosts[i]);
	if (!err)
		err = remove_others(&names);
	return err ? err : remove_old_addrs(maps);
}

int cg_host_names_add_learned(const struct cg_host_names_maps *maps,
			      const char (*texts)[CG_SETTINGS_HOST_MAX], int n)
{
	struct names names = { .maps = maps, .origin = CG_NAME_LEARNED };
	struct cg_prefix prefix;
	char text[ADDR_TEXT];
	int err = 0;

	for (int i = 0; i < n && !err; i++)
		if (host_is_address(texts[i], &prefix)) {
			format_addr(prefix.addr, text);
			err = add_name(&names, text);
		} else {
			err = add_name(&names, texts[i]);
		}
	return err == -E2BIG ? 0 : err;
}

/* --- reading ---------------------------------------------------------------------------------- */

int cg_host_names_read(int hosts_fd, __u8 origin, char out[][CG_SETTINGS_HOST_MAX], int max)
{
	struct cg_host_name name;
	__u64 key, *last = NULL;
	int n = 0;

	for (int i = 0; i < CG_HOSTS_MAX && !bpf_map_get_next_key(hosts_fd, last, &key); i++) {
		last = &key;
		if (bpf_map_lookup_elem(hosts_fd, &key, &name) || !(name.origin & origin) ||
		    !*name.text || n == max)
			continue;
		name.text[sizeof(name.text) - 1] = '\0';
		name.text[strcspn(name.text, "]")] = '\0'; /* [2001:db8::1] */
		snprintf(out[n++], CG_SETTINGS_HOST_MAX, "%s", name.text + (*name.text == '['));
	}
	return n;
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
