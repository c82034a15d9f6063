// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "maps/settings.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "maps/pins.h"
#include "maps/runtime_dir.h"
#include "util/enum_names.h"
#include "util/text.h"

#define MAX_DIALOGS (1 << 24)
#define MAX_RING_BYTES (1UL << 30)

#define PARSE_WORD(name, NAME)                                                                     \
	int cg_settings_parse_##name(struct cg_settings *settings, const char *value)              \
	{                                                                                          \
		int word = cg_##name##_from_name(value);                                           \
                                                                                                   \
		if (word < 0)                                                                      \
			return -EINVAL;                                                            \
		settings->name = word;                                                             \
		settings->given |= CG_SET_##NAME;                                                  \
		return 0;                                                                          \
	}
PARSE_WORD(mode, MODE)
PARSE_WORD(equal, EQUAL)
PARSE_WORD(source, SOURCE)
PARSE_WORD(fragments, FRAGMENTS)
PARSE_WORD(hides, HIDES)
PARSE_WORD(unseen, UNSEEN)

int cg_settings_parse_strict_interface(struct cg_settings *settings, const char *value)
{
	bool yes = !value || !strcmp(value, "yes");

	if (!yes && strcmp(value, "no"))
		return -EINVAL;
	settings->strict_interface = yes;
	settings->given |= CG_SET_STRICT_INTERFACE;
	return 0;
}

int cg_settings_parse_max_dialogs(struct cg_settings *settings, const char *value)
{
	__u64 number;

	if (cg_number_parse(value, 1, MAX_DIALOGS, &number))
		return -EINVAL;
	settings->max_dialogs = number;
	settings->given |= CG_SET_MAX_DIALOGS;
	return 0;
}

/* Accepts only the sizes that a ring can have: powers of two. libbpf would round others up. */
int cg_settings_parse_ring_bytes(struct cg_settings *settings, const char *value)
{
	__u64 number;

	if (cg_number_parse(value, sysconf(_SC_PAGESIZE), MAX_RING_BYTES, &number) ||
	    number & (number - 1))
		return -EINVAL;
	settings->ring_bytes = number;
	settings->given |= CG_SET_RING_BYTES;
	return 0;
}

/* Cuts the next element of a comma-separated list out of *rest. Returns NULL at the end. */
static char *next_element(char **rest)
{
	return *rest ? strsep(rest, ",") : NULL;
}

int cg_settings_parse_ports(struct cg_settings *settings, const char *value)
{
	char *copy = strdup(value), *rest = copy, *text;
	__u16 ports[CG_PORTS_MAX] = {};
	__u64 port;
	__u8 n = 0;
	int err = copy ? 0 : -ENOMEM;

	while (!err && (text = next_element(&rest))) {
		if (n == CG_PORTS_MAX)
			err = -E2BIG;
		else if (cg_number_parse(text, 1, 65535, &port))
			err = -EINVAL;
		else
			ports[n++] = port;
	}
	free(copy);
	if (err)
		return err;
	memcpy(settings->ports, ports, sizeof(ports));
	settings->n_ports = n;
	settings->given |= CG_SET_PORTS;
	return 0;
}

int cg_prefix_parse(const char *text, struct cg_prefix *prefix)
{
	struct cg_prefix p = { .addr = { [10] = 0xff, [11] = 0xff } };
	char address[INET6_ADDRSTRLEN];
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	__u64 bits, width = 32;

	if (len >= sizeof(address))
		return -EINVAL;
	memcpy(address, text, len);
	address[len] = '\0';
	if (inet_pton(AF_INET, address, p.addr + 12) != 1) {
		width = 128;
		if (inet_pton(AF_INET6, address, p.addr) != 1)
			return -EINVAL;
	}
	bits = width;
	if (slash && cg_number_parse(slash + 1, 0, width, &bits))
		return -EINVAL;
	p.bits = 128 - width + bits;
	for (unsigned int bit = p.bits; bit < 128; bit++)
		if (p.addr[bit / 8] & (0x80 >> bit % 8))
			return -EINVAL;
	*prefix = p;
	return 0;
}

/* Adds the prefixes of a comma-separated list to `prefixes`, of which there are *n. */
static int parse_prefixes(const char *value, struct cg_prefix *prefixes, __u32 *n)
{
	bool none = !*value || !strcmp(value, "none");
	char *copy = strdup(value), *rest = none ? NULL : copy, *text;
	int err = copy ? 0 : -ENOMEM;
	__u32 count = *n;

	while (!err && (text = next_element(&rest))) {
		if (count == CG_GATEWAYS_MAX)
			err = -E2BIG;
		else
			err = cg_prefix_parse(text, &prefixes[count]);
		count += !err;
	}
	free(copy);
	if (!err)
		*n = count;
	return err;
}

int cg_settings_parse_gateways(struct cg_settings *settings, const char *value)
{
	int err = parse_prefixes(value, settings->gateways, &settings->n_gateways);

	if (!err)
		settings->given |= CG_SET_GATEWAYS;
	return err;
}

int cg_settings_parse_relays(struct cg_settings *settings, const char *value)
{
	int err = parse_prefixes(value, settings->relays, &settings->n_relays);

	if (!err)
		settings->given |= CG_SET_RELAYS;
	return err;
}

int cg_settings_parse_hosts(struct cg_settings *settings, const char *value)
{
	char *copy = strdup(value), *rest = copy, *text;
	__u32 n = settings->n_hosts;
	int err = copy ? 0 : -ENOMEM;

	while (!err && (text = next_element(&rest))) {
		if (n == CG_SETTINGS_HOSTS_MAX)
			err = -E2BIG;
		else if (!*text || strlen(text) >= CG_SETTINGS_HOST_MAX)
			err = -EINVAL;
		else
			strcpy(settings->hosts[n++], text);
	}
	free(copy);
	if (err)
		return err;
	settings->n_hosts = n;
	settings->given |= CG_SET_HOSTS;
	return 0;
}

void cg_prefix_format(const struct cg_prefix *prefix, char out[CG_PREFIX_TEXT])
{
	__u32 bits = prefix->bits > 128 ? 128 : prefix->bits;
	char address[INET6_ADDRSTRLEN];

	cg_addr_format(prefix->addr, address);
	if (bits >= 96 && !strchr(address, ':'))
		bits -= 96;
	snprintf(out, CG_PREFIX_TEXT, "%s/%u", address, bits);
}

static __s64 timespec_to_ns(struct timespec t)
{
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

int cg_settings_init_config(struct cg_config *config)
{
	struct timespec wall, boot;
	struct cg_config fresh = {
		.layout = CG_LAYOUT,
		.max_dialogs = CG_DIALOGS_DEFAULT,
		.mode = CG_ENFORCE,
		.equal = CG_EQUAL_DROP,
		.source = CG_SOURCE_OBSERVE,
		.fragments = CG_FRAGMENTS_STRICT,
		.hides = CG_HIDES_AUTO,
		.has_prefixes = 1,
		.n_ports = 1,
		.ports = { 5060 },
	};

	if (getrandom(fresh.secret, sizeof(fresh.secret), 0) != sizeof(fresh.secret))
		return -EIO;
	if (clock_gettime(CLOCK_REALTIME, &wall) || clock_gettime(CLOCK_BOOTTIME, &boot))
		return -errno;
	fresh.port_bits = cg_port_bits(fresh.ports, fresh.n_ports);
	fresh.clock_offset[0] = timespec_to_ns(wall) - timespec_to_ns(boot);
	*config = fresh;
	return 0;
}

void cg_settings_apply(const struct cg_settings *settings, struct cg_config *config)
{
	if (settings->given & CG_SET_MODE)
		config->mode = settings->mode;
	if (settings->given & CG_SET_EQUAL)
		config->equal = settings->equal;
	if (settings->given & CG_SET_SOURCE)
		config->source = settings->source;
	if (settings->given & CG_SET_FRAGMENTS)
		config->fragments = settings->fragments;
	if (settings->given & CG_SET_STRICT_INTERFACE)
		config->strict_interface = settings->strict_interface;
	if (settings->given & CG_SET_PORTS) {
		memcpy(config->ports, settings->ports, sizeof(config->ports));
		config->n_ports = settings->n_ports;
		config->port_bits = cg_port_bits(settings->ports, settings->n_ports);
	}
	if (settings->given & CG_SET_GATEWAYS)
		config->has_gateways = settings->n_gateways > 0;
	if (settings->given & CG_SET_HIDES)
		config->hides = settings->hides;
	if (settings->given & CG_SET_UNSEEN)
		config->unseen = settings->unseen;
	if (settings->given & CG_SET_MAX_DIALOGS)
		config->max_dialogs = settings->max_dialogs;
}

/* The prefixes of one class in map `gateways`. */
struct class_list {
	const struct cg_prefix *prefixes;
	__u32 n;
	__u32 class; /* enum cg_addr_class */
};

static bool prefix_is_listed(const struct class_list *list, const struct cg_prefix *prefix)
{
	for (__u32 i = 0; i < list->n; i++)
		if (!memcmp(&list->prefixes[i], prefix, sizeof(*prefix)))
			return true;
	return false;
}

/* Deletes the prefixes of this class that are not in the list. The map holds at most CG_GATEWAYS_MAX. */
static int remove_stale_prefixes(const struct class_list *list, int fd)
{
	struct cg_prefix stale[CG_GATEWAYS_MAX], key, *last = NULL;
	__u32 n = 0, class;

	for (int i = 0; i < CG_GATEWAYS_MAX && !bpf_map_get_next_key(fd, last, &key); i++) {
		if (!bpf_map_lookup_elem(fd, &key, &class) && class == list->class &&
		    !prefix_is_listed(list, &key))
			stale[n++] = key;
		last = &key;
	}
	while (n--)
		if (bpf_map_delete_elem(fd, &stale[n]) && errno != ENOENT)
			return -errno;
	return 0;
}

static int write_prefixes(const struct class_list *list, int fd)
{
	int err = remove_stale_prefixes(list, fd);

	for (__u32 i = 0; i < list->n && !err; i++)
		if (bpf_map_update_elem(fd, &list->prefixes[i], &list->class, BPF_ANY))
			err = -errno;
	return err;
}

static int apply_settings(void *ctx, struct cg_config *config)
{
	cg_settings_apply(ctx, config);
	return 0;
}

int cg_settings_write(const struct cg_settings *settings, int config_fd, int gateways_fd)
{
	const struct class_list gateways = { settings->gateways, settings->n_gateways,
					     CG_ADDR_GATEWAY };
	const struct class_list relays = { settings->relays, settings->n_relays, CG_ADDR_RELAY };
	int err = 0;

	if (settings->given & CG_SET_GATEWAYS)
		err = write_prefixes(&gateways, gateways_fd);
	if (!err && settings->given & CG_SET_RELAYS)
		err = write_prefixes(&relays, gateways_fd);
	if (err)
		return err;
	return cg_config_update(config_fd, apply_settings, (void *)settings, NULL);
}

int cg_settings_change(const char *instance, const struct cg_settings *settings)
{
	int config_fd, gateways_fd, err;
	struct cg_config config;

	config_fd = cg_config_open(instance, &config);
	if (config_fd < 0)
		return config_fd;
	gateways_fd = cg_map_open(instance, "gateways", sizeof(struct cg_prefix), sizeof(__u32));
	if (gateways_fd < 0) {
		close(config_fd);
		return gateways_fd;
	}
	err = cg_settings_write(settings, config_fd, gateways_fd);
	if (!err && settings->given & CG_SET_MODE)
		cg_runtime_note_remove(instance, CG_RUNTIME_BREAKER);
	close(gateways_fd);
	close(config_fd);
	return err;
}
