/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Private to attach/clsact.c: a clsact qdisc and BPF filters in it, by netlink. Nothing prints. */
#ifndef CG_ATTACH_TC_FILTER_H
#define CG_ATTACH_TC_FILTER_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "util/netlink.h"

#define CG_TC_LIST_MAX 32

/* The filters of a hook. `at` has those of one priority, in the order in which they run. */
struct cg_tc_list {
	__u32 priority;
	unsigned int before, behind; /* other priorities with filters */
	size_t n; /* at most CG_TC_LIST_MAX are listed */
	struct {
		__u32 handle;
		__u32 program; /* id; 0: not known */
	} at[CG_TC_LIST_MAX];
};

/* A hook: TC_H_MIN_INGRESS or TC_H_MIN_EGRESS. Each returns 0 or -errno, with its text in `why`. */

/* list->priority is given. -EINVAL or -ENOENT: there is no clsact. */
int cg_tc_filters_list(__u32 ifindex, __u32 hook, struct cg_tc_list *list,
		       char why[CG_NETLINK_WHY]);

/* A new filter runs before the others of its priority. flags: NLM_F_EXCL or NLM_F_REPLACE. */
int cg_tc_filter_add(__u32 ifindex, __u32 hook, __u32 priority, __u32 handle, int prog_fd,
		     const char *name, __u16 flags, char why[CG_NETLINK_WHY]);

int cg_tc_filter_delete(__u32 ifindex, __u32 hook, __u32 priority, __u32 handle,
			char why[CG_NETLINK_WHY]);

/* type: RTM_NEWQDISC or RTM_DELQDISC, of the clsact. */
int cg_tc_qdisc_change(__u32 ifindex, __u16 type, __u16 flags, char why[CG_NETLINK_WHY]);

#endif
