/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Network namespaces, named as in `ip netns`. Nothing here prints. */
#ifndef CG_UTIL_NETNS_H
#define CG_UTIL_NETNS_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Enters /run/netns/NAME (or the path NAME, if it has a slash) with this thread, and leaves the
 * mounts as they are: `ip netns exec` puts a fresh /sys over the bpffs. 0 or -errno: -ENOENT no
 * such namespace.
 */
int cg_netns_enter(const char *name);

/* A number of this thread's network namespace that is never used again until reboot. */
int cg_netns_get_cookie(__u64 *cookie);

/* The name under /run/netns of the namespace with that number; this thread is back where it was. */
int cg_netns_find_name(__u64 cookie, char *name, size_t size);

/* True in a mount namespace other than the first process's: a mount made here is lost with it. */
bool cg_mounts_are_private(void);

#endif
