/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Names of interfaces in the guarded network namespace, which need not be the daemon's. */
#ifndef CG_UTIL_IFNAME_H
#define CG_UTIL_IFNAME_H

#include <net/if.h>

/* A socket of that namespace (NULL: ours); the thread stays where it is. fd or -errno. */
int cg_ifname_open(const char *netns);
/* name is "" if there is no such interface any more. */
void cg_ifname_get(int socket, unsigned int ifindex, char name[IF_NAMESIZE]);

#endif
