/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The names by which the guard knows the guarded host: its addresses in this network namespace, and
 * the names of --host. They are keys of map `hosts`, and prefixes of class CG_ADDR_HOST in map
 * `gateways`.
 */
#ifndef CG_MAPS_HOST_NAMES_H
#define CG_MAPS_HOST_NAMES_H

#include "maps/settings.h"

struct cg_host_names_maps {
	const struct cg_secret *secret; /* names are hashed with it */
	int hosts_fd, gateways_fd;
};

/*
 * Makes the maps hold the addresses of this network namespace. Former ones are removed; given and
 * learned names stay. The caller holds cg_pins_lock(), or has not pinned the maps yet. Returns 0 or
 * -errno.
 */
int cg_host_names_update_addresses(const struct cg_host_names_maps *maps);

/*
 * Makes settings->hosts the given names. Former ones are removed; addresses and learned names stay.
 * Lock and errors as above.
 */
int cg_host_names_set_given(const struct cg_host_names_maps *maps,
			    const struct cg_settings *settings);

/*
 * Adds learned names. Names for which the map has no more room are left out. Returns 0 or -errno.
 */
int cg_host_names_add_learned(const struct cg_host_names_maps *maps,
			      const char (*texts)[CG_SETTINGS_HOST_MAX], int n);

/*
 * Stores up to `max` names of this origin (CG_NAME_...), IPv6 addresses without brackets. Returns
 * how many. A name that was too long for the map's text is left out.
 */
int cg_host_names_read(int hosts_fd, __u8 origin, char out[][CG_SETTINGS_HOST_MAX], int max);

/*
 * Returns 1 if a gateway of the settings covers an address of the host: one of this network
 * namespace, or of settings->hosts. That gateway is then in *prefix, the address in *addr. Returns
 * 0 if none does, or -errno. Loopback addresses do not count.
 */
int cg_host_names_find_covered(const struct cg_settings *settings, struct cg_prefix *prefix,
			       __u8 addr[16]);

#endif
