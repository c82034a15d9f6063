// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "attach/tc_filter.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

#define REQUEST_BYTES 256
#define NAME_BYTES 64
#define ALIGNED __attribute__((aligned(MNL_ALIGNTO)))

/* Begins a request about the filters of a hook. */
static struct nlmsghdr *begin_request(void *buf, __u16 type, __u16 flags, __u32 ifindex, __u32 hook)
{
	struct nlmsghdr *request = mnl_nlmsg_put_header(buf);
	struct tcmsg *tc = mnl_nlmsg_put_extra_header(request, sizeof(*tc));

	request->nlmsg_type = type;
	request->nlmsg_flags = flags;
	tc->tcm_family = AF_UNSPEC;
	tc->tcm_ifindex = ifindex;
	tc->tcm_parent = TC_H_MAKE(TC_H_CLSACT, hook);
	return request;
}

int cg_tc_qdisc_change(__u32 ifindex, __u16 type, __u16 flags, char why[CG_NETLINK_WHY])
{
	char buf[REQUEST_BYTES] ALIGNED;
	struct nlmsghdr *request = begin_request(buf, type, flags, ifindex, 0);
	struct tcmsg *tc = mnl_nlmsg_get_payload(request);

	tc->tcm_parent = TC_H_CLSACT;
	tc->tcm_handle = TC_H_MAKE(TC_H_CLSACT, 0);
	mnl_attr_put_strz(request, TCA_KIND, "clsact");
	return cg_netlink_request(NETLINK_ROUTE, request, NULL, NULL, why);
}

/* Begins a request about one filter. */
static struct nlmsghdr *begin_filter_request(void *buf, __u16 type, __u16 flags, __u32 ifindex,
					     __u32 hook, __u32 priority, __u32 handle)
{
	struct nlmsghdr *request = begin_request(buf, type, flags, ifindex, hook);
	struct tcmsg *tc = mnl_nlmsg_get_payload(request);

	tc->tcm_handle = handle;
	tc->tcm_info = TC_H_MAKE(priority << 16, htons(ETH_P_ALL));
	mnl_attr_put_strz(request, TCA_KIND, "bpf");
	return request;
}

static int copy_program_id(const struct nlattr *attr, void *ctx)
{
	if (mnl_attr_get_type(attr) == TCA_BPF_ID && !mnl_attr_validate(attr, MNL_TYPE_U32))
		*(__u32 *)ctx = mnl_attr_get_u32(attr);
	return MNL_CB_OK;
}

static int parse_options(const struct nlattr *attr, void *ctx)
{
	if (mnl_attr_get_type(attr) == TCA_OPTIONS)
		mnl_attr_parse_nested(attr, copy_program_id, ctx);
	return MNL_CB_OK;
}

/* Each priority of a dump begins with a record of handle 0. */
static int list_filter(const struct nlmsghdr *reply, void *ctx)
{
	const struct tcmsg *tc = mnl_nlmsg_get_payload(reply);
	struct cg_tc_list *list = ctx;
	__u32 priority = TC_H_MAJ(tc->tcm_info) >> 16;

	if (reply->nlmsg_type != RTM_NEWTFILTER)
		return MNL_CB_OK;
	if (priority != list->priority) {
		list->before += !tc->tcm_handle && priority < list->priority;
		list->behind += !tc->tcm_handle && priority > list->priority;
		return MNL_CB_OK;
	}
	if (!tc->tcm_handle || list->n == CG_TC_LIST_MAX)
		return MNL_CB_OK;
	list->at[list->n].handle = tc->tcm_handle;
	mnl_attr_parse(reply, sizeof(*tc), parse_options, &list->at[list->n].program);
	list->n++;
	return MNL_CB_OK;
}

int cg_tc_filters_list(__u32 ifindex, __u32 hook, struct cg_tc_list *list, char why[CG_NETLINK_WHY])
{
	char buf[REQUEST_BYTES] ALIGNED;
	struct nlmsghdr *request = begin_request(buf, RTM_GETTFILTER, NLM_F_DUMP, ifindex, hook);

	*list = (struct cg_tc_list){ .priority = list->priority };
	return cg_netlink_request(NETLINK_ROUTE, request, list_filter, list, why);
}

/* The filter's name is NAME:[id], as other loaders write it. */
int cg_tc_filter_add(__u32 ifindex, __u32 hook, __u32 priority, __u32 handle, int prog_fd,
		     const char *name, __u16 flags, char why[CG_NETLINK_WHY])
{
	char buf[REQUEST_BYTES] ALIGNED, named[NAME_BYTES];
	struct nlmsghdr *request = begin_filter_request(buf, RTM_NEWTFILTER, NLM_F_CREATE | flags,
							ifindex, hook, priority, handle);
	struct bpf_prog_info info = {};
	__u32 size = sizeof(info);
	struct nlattr *options;

	if (bpf_obj_get_info_by_fd(prog_fd, &info, &size)) {
		snprintf(why, CG_NETLINK_WHY, "%s", strerror(errno));
		return -errno;
	}
	snprintf(named, sizeof(named), "%s:[%u]", name, info.id);
	options = mnl_attr_nest_start(request, TCA_OPTIONS);
	mnl_attr_put_u32(request, TCA_BPF_FD, prog_fd);
	mnl_attr_put_strz(request, TCA_BPF_NAME, named);
	mnl_attr_put_u32(request, TCA_BPF_FLAGS, TCA_BPF_FLAG_ACT_DIRECT);
	mnl_attr_nest_end(request, options);
	return cg_netlink_request(NETLINK_ROUTE, request, NULL, NULL, why);
}

int cg_tc_filter_delete(__u32 ifindex, __u32 hook, __u32 priority, __u32 handle,
			char why[CG_NETLINK_WHY])
{
	char buf[REQUEST_BYTES] ALIGNED;

	return cg_netlink_request(
		NETLINK_ROUTE,
		begin_filter_request(buf, RTM_DELTFILTER, 0, ifindex, hook, priority, handle), NULL,
		NULL, why);
}
