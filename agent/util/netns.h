/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Network namespaces by the names that `ip netns` uses. These functions print nothing. */
#ifndef CG_UTIL_NETNS_H
#define CG_UTIL_NETNS_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Moves this thread into network namespace /run/netns/NAME, or into the path NAME if it contains a
 * slash. The mount namespace stays the same; `ip netns exec` would mount a new /sys over the bpffs.
 * Returns 0 or -errno; -ENOENT: no such namespace.
 */
int cg_netns_enter(const char *name);

/*
 * Stores the cookie of this thread's network namespace. The kernel does not reuse a cookie until
 * reboot. Returns 0, or -errno with *cookie untouched.
 */
int cg_netns_get_cookie(__u64 *cookie);

/*
 * Stores the name under /run/netns of the namespace with this cookie. The thread is in its original
 * namespace when the function returns. Returns 0 or -errno; -ENOENT: no name has that cookie.
 */
int cg_netns_find_name(__u64 cookie, char *name, size_t size);

/* True if the mount namespace is not that of PID 1. Mounts made in it vanish with it. */
bool cg_mounts_are_private(void);

#endif
