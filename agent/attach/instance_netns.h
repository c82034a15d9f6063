/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The network namespace that an instance guards. An instance has only one, because an ifindex is
 * valid in one namespace only. The name of the pin netns_COOKIE records it.
 */
#ifndef CG_ATTACH_INSTANCE_NETNS_H
#define CG_ATTACH_INSTANCE_NETNS_H

#include <linux/types.h>
#include <stdbool.h>

/* Binds the instance to the current network namespace. Returns 0, or -errno, reported. */
int cg_instance_netns_pin(const char *instance, int prog_fd);

/* Returns the cookie of the instance's network namespace, or 0 if it is not known. */
__u64 cg_instance_netns_cookie(const char *instance);

/* True if the instance guards the current namespace, or if that cannot be determined. */
bool cg_instance_netns_is_current(const char *instance);

/*
 * Enters the instance's network namespace if it has a name and the caller has permission. For verbs
 * that only read. If it fails, interfaces are shown by the names that they had when they were
 * attached.
 */
void cg_instance_netns_enter(const char *instance);

#endif
