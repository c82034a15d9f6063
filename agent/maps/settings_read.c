// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <bpf/bpf.h>
#include <string.h>
#include <unistd.h>

#include "maps/pins.h"
#include "maps/settings.h"

static void read_config(const struct cg_config *config, struct cg_settings *settings)
{
	settings->mode = config->mode;
	settings->equal = config->equal;
	settings->source = config->source;
	settings->fragments = config->fragments;
	settings->strict_interface = config->strict_interface;
	settings->hides = config->hides;
	settings->unseen = config->unseen;
	settings->max_dialogs = config->max_dialogs;
	settings->n_ports = config->n_ports > CG_PORTS_MAX ? CG_PORTS_MAX : config->n_ports;
	memcpy(settings->ports, config->ports, sizeof(settings->ports));
	settings->given |= CG_SET_MODE | CG_SET_EQUAL | CG_SET_SOURCE | CG_SET_FRAGMENTS |
			   CG_SET_STRICT_INTERFACE | CG_SET_HIDES | CG_SET_UNSEEN |
			   CG_SET_MAX_DIALOGS | CG_SET_PORTS;
}

/* Addresses of the host are in the same map. */
static void read_prefixes(int fd, struct cg_settings *settings)
{
	struct cg_prefix key, *last = NULL;
	__u32 class;

	for (int i = 0; i < CG_GATEWAYS_MAX && !bpf_map_get_next_key(fd, last, &key); i++) {
		last = &key;
		if (bpf_map_lookup_elem(fd, &key, &class))
			continue;
		if (class == CG_ADDR_GATEWAY)
			settings->gateways[settings->n_gateways++] = key;
		else if (class == CG_ADDR_RELAY)
			settings->relays[settings->n_relays++] = key;
	}
	settings->given |= CG_SET_GATEWAYS | CG_SET_RELAYS;
}

int cg_settings_read(const char *instance, struct cg_settings *settings)
{
	int config_fd, gateways_fd;
	struct cg_config config;

	config_fd = cg_config_open(instance, &config);
	if (config_fd < 0)
		return config_fd;
	close(config_fd);
	gateways_fd = cg_map_open(instance, "gateways", sizeof(struct cg_prefix), sizeof(__u32));
	if (gateways_fd < 0)
		return gateways_fd;
	memset(settings, 0, sizeof(*settings));
	read_config(&config, settings);
	read_prefixes(gateways_fd, settings);
	close(gateways_fd);
	return 0;
}
