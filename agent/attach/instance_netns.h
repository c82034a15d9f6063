/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The one network namespace that an instance guards: an ifindex means nothing elsewhere. Remembered
 * by a pin netns_COOKIE of a program of ours.
 */
#ifndef CG_ATTACH_INSTANCE_NETNS_H
#define CG_ATTACH_INSTANCE_NETNS_H

#include <linux/types.h>
#include <stdbool.h>

/* Makes this network namespace the instance's. 0 or -errno, reported. */
int cg_instance_netns_pin(const char *instance, int prog_fd);

/* The cookie of the instance's network namespace; 0: not known. */
__u64 cg_instance_netns_cookie(const char *instance);

/* Whether this is the namespace that it guards; true, too, where that cannot be told. */
bool cg_instance_netns_is_current(const char *instance);

/*
 * Goes there, if it has a name and we may: for verbs that only read. Where it fails, interfaces are
 * called as they were when they were attached.
 */
void cg_instance_netns_enter(const char *instance);

#endif
