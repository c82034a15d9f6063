/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Our tc filters, in a clsact qdisc that may be somebody else's. Nothing prints.
 *   ingress  cseqguard_tcp_in, then cseqguard_tcp_more CG_TCP_ROUNDS - 1 times
 *   egress   cseqguard_out, cseqguard_tcp_out, then cseqguard_tcp_more as often
 * The filters of a hook have one priority and consecutive handles, so the kernel runs them in one
 * loop.
 */
#ifndef CG_ATTACH_CLSACT_H
#define CG_ATTACH_CLSACT_H

#include <linux/types.h>
#include <stdbool.h>

#include "attach/programs.h"
#include "util/netlink.h"

/* Early among filters: one before us that says OK would hide packets from the guard. */
#define CG_TC_PRIORITY 5
#define CG_TC_PRIORITY_TEXT "5"
#define CG_TC_HANDLE 0xc5e9 /* of the first filter of a hook */

enum cg_hook { CG_HOOK_EGRESS, CG_HOOK_INGRESS, CG_HOOKS };

/* "ingress" or "egress". Static. */
const char *cg_hook_name(enum cg_hook hook);

/*
 * Adds the filters of both hooks. If ours are there already and in order, each is replaced; if one
 * is missing, or another filter runs before one, all of that hook are made again. *made: the clsact
 * qdisc was made. Returns 0; or -errno, with its text in `why` and the hook in *hook. -EEXIST:
 * another filter has our handle. On failure no filter is left on a hook that had none of ours.
 */
int cg_clsact_attach(__u32 ifindex, const struct cg_programs *programs, bool *made,
		     enum cg_hook *hook, char why[CG_NETLINK_WHY]);

/*
 * Removes our filters, and with made the qdisc, if nobody else has filters in it. It is no error if
 * they are gone already. 0 or -errno with its text in `why`.
 */
int cg_clsact_detach(__u32 ifindex, bool made, enum cg_hook *hook, char why[CG_NETLINK_WHY]);

struct cg_clsact_others {
	unsigned int before, behind; /* priorities with filters; tcx programs come before */
};

/* Counts the filters and programs of others on a hook. 0 or -errno. */
int cg_clsact_others(__u32 ifindex, enum cg_hook hook, struct cg_clsact_others *others);

void cg_clsact_find(__u32 ifindex, struct cg_tc_programs *found);

#endif
