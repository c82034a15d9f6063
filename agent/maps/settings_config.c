// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Settings as the fields of map `config`. */
#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "maps/settings.h"

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
		.tcp = CG_TCP_OBSERVE,
		.share = CG_SHARE_DEFAULT,
		.has_prefixes = 1,
		.n_ports = 1,
		.ports = { 5060 },
	};

	if (getrandom(fresh.id, sizeof(fresh.id), 0) != sizeof(fresh.id))
		return -EIO;
	if (clock_gettime(CLOCK_REALTIME, &wall) || clock_gettime(CLOCK_BOOTTIME, &boot))
		return -errno;
	fresh.port_bits = cg_port_bits(fresh.ports, fresh.n_ports);
	fresh.clock_offset[0] = timespec_to_ns(wall) - timespec_to_ns(boot);
	fresh.birth = timespec_to_ns(boot);
	*config = fresh;
	return 0;
}

int cg_secret_draw(struct cg_secret *secret)
{
	struct cg_secret drawn;

	if (getrandom(&drawn, sizeof(drawn), 0) != sizeof(drawn))
		return -EIO;
	*secret = drawn;
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
	if (settings->given & CG_SET_TCP)
		config->tcp = settings->tcp;
	if (settings->given & CG_SET_SHARE)
		config->share = settings->share;
	if (settings->given & CG_SET_MASKS_CALL_ID)
		config->masks_call_id = settings->masks_call_id;
	if (config->masks_call_id)
		config->hides = CG_HIDES_ON;
	if (settings->given & CG_SET_REFUSE)
		config->refuse = settings->refuse;
	if (settings->given & CG_SET_MAX_DIALOGS)
		config->max_dialogs = settings->max_dialogs;
}
