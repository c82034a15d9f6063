// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "replay/engine_setup.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "util/text.h"

static int add_host(const __u8 addr[16])
{
	char text[INET6_ADDRSTRLEN], name[INET6_ADDRSTRLEN + 2];
	struct cg_prefix prefix = { .bits = 128 };
	int err;

	memcpy(prefix.addr, addr, 16);
	err = cg_engine_add_prefix(&prefix, CG_ADDR_HOST);
	cg_addr_format(addr, text);
	snprintf(name, sizeof(name), strchr(text, ':') ? "[%s]" : "%s", text);
	return err ? err : cg_engine_add_name(name);
}

int cg_engine_add_hosts(const struct cg_replay_hosts *hosts)
{
	int err = 0;

	for (unsigned int i = 0; i < hosts->n && !err; i++)
		err = add_host(hosts->addr[i]);
	return err;
}

static int add_prefixes(const struct cg_prefix *prefixes, __u32 n, __u32 class)
{
	int err = 0;

	for (__u32 i = 0; i < n && !err; i++)
		err = cg_engine_add_prefix(&prefixes[i], class);
	return err;
}

/* Every host has these. Kamailio's topoh masks the Vias of others by 127.0.0.8. */
static int add_loopback(void)
{
	static const char *const names[] = { "localhost", "127.0.0.8" };
	static const __u8 addresses[][16] = { { [10] = 0xff, 0xff, 127, 0, 0, 1 }, { [15] = 1 } };
	int err = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names) && !err; i++)
		err = cg_engine_add_name(names[i]);
	for (size_t i = 0; i < sizeof(addresses) / sizeof(*addresses) && !err; i++)
		err = add_host(addresses[i]);
	return err;
}

static int add_given_hosts(const struct cg_settings *settings, struct cg_replay_hosts *hosts)
{
	struct cg_prefix prefix;
	int err = 0;

	for (__u32 i = 0; i < settings->n_hosts && !err; i++)
		if (!cg_prefix_parse(settings->hosts[i], &prefix) && prefix.bits == 128)
			cg_replay_hosts_add(hosts, prefix.addr);
		else
			err = cg_engine_add_name(settings->hosts[i]);
	return err ? err : cg_engine_add_hosts(hosts);
}

int cg_engine_setup(const struct cg_settings *settings, struct cg_config *config,
		    struct cg_replay_hosts *hosts, cg_engine_event handle, void *ctx)
{
	int err = cg_settings_init_config(config);
	struct cg_secret secret;

	config->mode = CG_OBSERVE;
	cg_settings_apply(settings, config);
	memset(config->clock_offset, 0, sizeof(config->clock_offset));
	if (!err)
		err = cg_secret_draw(&secret);
	if (!err)
		err = cg_engine_start(config, &secret, handle, ctx);
	if (!err)
		err = add_prefixes(settings->gateways, settings->n_gateways, CG_ADDR_GATEWAY);
	if (!err)
		err = add_prefixes(settings->relays, settings->n_relays, CG_ADDR_RELAY);
	if (!err)
		err = add_loopback();
	return err ? err : add_given_hosts(settings, hosts);
}
