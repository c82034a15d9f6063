/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Our tc filter on the way out, in a clsact qdisc that may be somebody else's. Nothing prints. */
#ifndef CG_ATTACH_CLSACT_H
#define CG_ATTACH_CLSACT_H

#include <linux/types.h>
#include <stdbool.h>

#include "util/netlink.h"

/* Early among filters: one before us that says OK would hide what the host sends. */
#define CG_TC_PRIORITY 5
#define CG_TC_PRIORITY_TEXT "5"
#define CG_TC_HANDLE 0xc5e9

/*
 * Adds the filter, or replaces an older one of ours. *made: there was no clsact, now there is. 0 or
 * -errno with its text in `why`; -EEXIST: another filter has our handle. Nothing is left behind on
 * failure.
 */
int cg_clsact_attach(__u32 ifindex, int prog_fd, bool *made, char why[CG_NETLINK_WHY]);

/*
 * Removes the filter if it is ours, and with made the qdisc, if nobody else has filters in it. It is
 * no error if either is gone already. 0 or -errno with its text in `why`.
 */
int cg_clsact_detach(__u32 ifindex, bool made, char why[CG_NETLINK_WHY]);

struct cg_clsact_others {
	unsigned int before,
		behind; /* priorities with filters, on the way out; tcx programs come before */
};

/* Who else sits there. 0 or -errno. */
int cg_clsact_others(__u32 ifindex, struct cg_clsact_others *others);

/* Id of our filter's program, 0: none is there. */
__u32 cg_clsact_program(__u32 ifindex);

#endif
