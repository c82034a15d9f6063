/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* One request to the kernel by netlink, over libmnl. Nothing prints. */
#ifndef CG_UTIL_NETLINK_H
#define CG_UTIL_NETLINK_H

#include <libmnl/libmnl.h>

#define CG_NETLINK_WHY 256

/*
 * Sends `request` (made with libmnl's functions, in any buffer) and waits for the end of the reply.
 * bus: NETLINK_ROUTE or NETLINK_GENERIC. `answer` is called for each message of the reply, returns
 * MNL_CB_OK, and may be NULL. 0 or -errno, -ETIMEDOUT: no end of it within 5 s; then `why` (may be
 * NULL) is the error's text, with the kernel's own explanation where it sent one.
 */
int cg_netlink_request(int bus, struct nlmsghdr *request, mnl_cb_t answer, void *ctx,
		       char why[CG_NETLINK_WHY]);

#endif
