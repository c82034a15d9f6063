/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Interface names in the guarded network namespace, which may differ from the daemon's own. */
#ifndef CG_UTIL_IFNAME_H
#define CG_UTIL_IFNAME_H

#include <net/if.h>

/*
 * Opens a socket in network namespace `netns` (NULL: the current one) for cg_ifname_get(). The
 * thread does not stay in that namespace. Returns the fd or -errno.
 */
int cg_ifname_open(const char *netns);
/* Stores the name of interface `ifindex`, or "" if the interface does not exist. */
void cg_ifname_get(int socket, unsigned int ifindex, char name[IF_NAMESIZE]);

#endif
