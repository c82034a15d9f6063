// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* What a case asks for: empty maps, and a configuration like that of `attach`. */
#include <bpf/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>

#include "guard.skel.h"
#include "endpoints.h"
#include "harness.h"
#include "util/host_name.h"

static int clear(const struct bpf_map *map)
{
	__u8 key[64];
	int err = 0;

	while (!err && !bpf_map_get_next_key(bpf_map__fd(map), NULL, key))
		err = bpf_map_delete_elem(bpf_map__fd(map), key);
	return err;
}

/* The one element of an array. */
static int set_only(const struct bpf_map *map, const void *value)
{
	return bpf_map_update_elem(bpf_map__fd(map), &(__u32){ 0 }, value, BPF_ANY);
}

static int add_prefix(struct harness *harness, const char *addr_of, __u32 bits, __u32 class)
{
	struct cg_prefix prefix = { .bits = bits };
	struct endpoint endpoint;

	if (endpoint_find(addr_of, &endpoint))
		return -EINVAL;
	memcpy(prefix.addr, endpoint.addr, sizeof(prefix.addr));
	return bpf_map_update_elem(bpf_map__fd(harness->skel->maps.gateways), &prefix, &class,
				   BPF_ANY);
}

static int add_prefixes(struct harness *harness, char *list, __u32 class)
{
	char *name;
	int err = 0;

	while (!err && (name = strsep(&list, ",")))
		err = add_prefix(harness, name, 128, class);
	return err;
}

static int gateways(struct harness *harness, struct cg_config *config, char *list)
{
	int err;

	config->has_gateways = list ? !!strcmp(list, "none") : 1;
	config->has_prefixes = 1;
	if (config->has_gateways && list)
		return add_prefixes(harness, list, CG_ADDR_GATEWAY);
	if (list)
		return 0;
	err = add_prefix(harness, "gateway", 120, CG_ADDR_GATEWAY);
	return err ? err : add_prefix(harness, "gateway6", 48, CG_ADDR_GATEWAY);
}

/* Names and addresses of the guarded host, as `attach` finds them. */
static int name_host(struct harness *harness)
{
	const struct cg_secret secret = { { 0x0123456789abcdef, 0xfedcba9876543210 } };
	static const char *const names[] = { "192.0.2.10", "[2001:db8:2::10]", "proxy.example",
					     "127.0.0.1", "127.0.0.8" };
	struct cg_host_name value = { .origin = CG_NAME_GIVEN };
	int err = add_prefix(harness, "host", 128, CG_ADDR_HOST);

	err = err ? err : add_prefix(harness, "proxy2", 128, CG_ADDR_HOST);
	err = err ? err : add_prefix(harness, "host6", 128, CG_ADDR_HOST);
	err = err ? err : set_only(harness->skel->maps.secret, &secret);
	for (size_t i = 0; !err && i < sizeof(names) / sizeof(*names); i++) {
		__u64 hash = cg_host_name_hash(&secret, names[i]);

		err = bpf_map_update_elem(bpf_map__fd(harness->skel->maps.hosts), &hash, &value,
					  BPF_ANY);
	}
	return err ? err : set_only(harness->skel->maps.host_state, &(struct cg_host_state){});
}

/* The second word of each pair is the lax one, whose number is 0. */
static int policy(struct cg_config *config, const char *name, const char *value)
{
	struct {
		const char *name, *strict, *lax;
		__u8 *field;
	} known[] = {
		{ "equal", "drop", "pass", &config->equal },
		{ "source", "strict", "observe", &config->source },
		{ "mode", "enforce", "observe", &config->mode },
		{ "fragments", "strict", "pass", &config->fragments },
		{ "strict_interface", "on", "off", &config->strict_interface },
		{ "unseen", "believe", "suspect", &config->unseen },
		{ "refuse", "answer", "drop", &config->refuse },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		if (strcmp(name, known[i].name))
			continue;
		*known[i].field = !strcmp(value, known[i].strict);
		return *known[i].field || !strcmp(value, known[i].lax) ? 0 : -EINVAL;
	}
	return -EINVAL;
}

static int tcp_policy(struct cg_config *config, const char *value)
{
	static const char *const words[] = { "off", "observe", "enforce" };

	for (__u8 i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (!strcmp(value, words[i])) {
			config->tcp = i;
			return 0;
		}
	return -EINVAL;
}

static void ports(struct cg_config *config, char *list)
{
	char *port;

	config->n_ports = 0;
	while (config->n_ports < CG_PORTS_MAX && (port = strsep(&list, ",")))
		config->ports[config->n_ports++] = atoi(port);
}

struct settings {
	struct cg_config config;
	struct cg_usage used;
	char *gateways, *relays; /* lists */
};

static int apply(struct settings *settings, const char *name, char *value)
{
	struct cg_config *config = &settings->config;

	if (!strcmp(name, "gateways"))
		settings->gateways = value;
	else if (!strcmp(name, "relays"))
		settings->relays = value;
	else if (!strcmp(name, "hides"))
		config->hides = !strcmp(value, "on") ? CG_HIDES_ON : CG_HIDES_OFF;
	else if (!strcmp(name, "tcp"))
		return tcp_policy(config, value);
	else if (!strcmp(name, "ports"))
		ports(config, value);
	else if (!strcmp(name, "max"))
		config->max_dialogs = atoi(value);
	else if (!strcmp(name, "share"))
		config->share = atoi(value);
	else if (!strcmp(name, "used"))
		settings->used.dialogs = atoi(value);
	else if (!strcmp(name, "used_pending"))
		settings->used.pending = atoi(value);
	else if (!strcmp(name, "used_branches"))
		settings->used.branches = atoi(value);
	else
		return policy(config, name, value);
	return 0;
}

/* `list`: NAME=VALUE, separated by spaces, which are replaced. */
static int apply_all(struct settings *settings, char *list)
{
	char *name;
	int err = 0;

	while (!err && (name = strsep(&list, " "))) {
		char *value = strchr(name, '=');

		if (!*name)
			continue;
		if (!value)
			return -EINVAL;
		*value++ = '\0';
		err = apply(settings, name, value);
	}
	return err;
}

int harness_set(struct harness *harness, const char *list)
{
	struct settings settings = {
		.config = {
			.layout = CG_LAYOUT,
			.max_dialogs = bpf_map__max_entries(harness->skel->maps.dialogs),
			.mode = CG_ENFORCE,
			.equal = CG_EQUAL_DROP,
			.source = CG_SOURCE_OBSERVE,
			.fragments = CG_FRAGMENTS_STRICT,
			.hides = CG_HIDES_AUTO,
			.n_ports = 1,
			.ports = { 5060 },
			.clock_offset = { 1000000000000000000 },
		},
	};
	struct cg_config *config = &settings.config;
	char copy[256];
	int err;

	snprintf(copy, sizeof(copy), "%s", list ? list : "");
	err = apply_all(&settings, copy);
	config->port_bits = cg_port_bits(config->ports, config->n_ports);
	err = err ? err : gateways(harness, config, settings.gateways);
	err = err ? err : add_prefixes(harness, settings.relays, CG_ADDR_RELAY);
	err = err ? err : name_host(harness);
	err = err ? err : set_only(harness->skel->maps.usage, &settings.used);
	return err ? err : set_only(harness->skel->maps.config, config);
}

int harness_reset(struct harness *harness, const char *settings)
{
	int err = clear(harness->skel->maps.dialogs);

	err = err ? err : clear(harness->skel->maps.overflow);
	err = err ? err : clear(harness->skel->maps.pending);
	err = err ? err : clear(harness->skel->maps.invites);
	err = err ? err : clear(harness->skel->maps.branches);
	err = err ? err : clear(harness->skel->maps.hosts);
	err = err ? err : clear(harness->skel->maps.early);
	err = err ? err : clear(harness->skel->maps.addr_changes);
	err = err ? err : clear(harness->skel->maps.unexpected_uas);
	err = err ? err : clear(harness->skel->maps.gateways);
	err = err ? err : clear(harness->skel->maps.shares);
	err = err ? err : harness_set(harness, settings);
	harness_events(harness);
	return err;
}

int harness_retire(struct harness *harness)
{
	int fd = bpf_map__fd(harness->skel->maps.dialogs), err = 0;
	struct cg_dialog_key key;

	while (!err && !bpf_map_get_next_key(fd, NULL, &key))
		err = bpf_map_delete_elem(fd, &key);
	err = err ? err : clear(harness->skel->maps.shares);
	return err ? err : set_only(harness->skel->maps.usage, &(struct cg_usage){});
}
