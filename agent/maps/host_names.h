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
 * Returns 1 if a prefix of the list covers an address of the host, with that address in *addr; 0 if none does;
 * or -errno. Loopback addresses do not count.
 */
int cg_host_names_covered(const struct cg_prefix *prefixes, __u32 n, __u8 addr[16]);

#endif
