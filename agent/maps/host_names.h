/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What the guard knows as the guarded host: its addresses in this network namespace, and the names of --host.
 * They are keys of map `hosts`, and prefixes of class CG_ADDR_HOST in map `gateways`.
 */
#ifndef CG_MAPS_HOST_NAMES_H
#define CG_MAPS_HOST_NAMES_H

#include "maps/settings.h"

/*
 * Writes the host's addresses and the given names (settings->hosts). What the guard has learned stays. Returns
 * 0 or -errno.
 */
int cg_host_names_write(const struct cg_settings *settings, const struct cg_config *config,
			int hosts_fd, int gateways_fd);

/*
 * Returns 1 if a gateway of the settings covers an address of the host: one of this network namespace, or of
 * settings->hosts. That gateway is then in *prefix, the address in *addr. Returns 0 if none does, or -errno.
 * Loopback addresses do not count.
 */
int cg_host_names_find_covered(const struct cg_settings *settings, struct cg_prefix *prefix,
			       __u8 addr[16]);

#endif
