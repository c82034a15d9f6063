// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "attach/clsact.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PROGRAM "cseqguard_out" /* bpf/guard.bpf.c */
#define REQUEST_BYTES 256
#define ALIGNED __attribute__((aligned(MNL_ALIGNTO)))

/* 1, 0, or -errno: it cannot be told (-EPERM: that takes CAP_SYS_ADMIN). */
static int is_ours(__u32 prog_id)
{
	struct bpf_prog_info info = {};
	__u32 size = sizeof(info);
	int ours, fd;

	fd = bpf_prog_get_fd_by_id(prog_id);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	ours = !bpf_obj_get_info_by_fd(fd, &info, &size) && !strcmp(info.name, PROGRAM);
	close(fd);
	return ours;
}

/* Begins a request about the interface's clsact qdisc or, with a side, about its filters there. */
static struct nlmsghdr *begin_request(void *buf, __u16 type, __u16 flags, __u32 ifindex, __u32 side)
{
	struct nlmsghdr *request = mnl_nlmsg_put_header(buf);
	struct tcmsg *tc = mnl_nlmsg_put_extra_header(request, sizeof(*tc));

	request->nlmsg_type = type;
	request->nlmsg_flags = flags;
	tc->tcm_family = AF_UNSPEC;
	tc->tcm_ifindex = ifindex;
	tc->tcm_parent = TC_H_MAKE(TC_H_CLSACT, side);
	return request;
}

static int change_qdisc(__u32 ifindex, __u16 type, __u16 flags, char why[CG_NETLINK_WHY])
{
	char buf[REQUEST_BYTES] ALIGNED;
	struct nlmsghdr *request = begin_request(buf, type, flags, ifindex, 0);
	struct tcmsg *tc = mnl_nlmsg_get_payload(request);

	tc->tcm_parent = TC_H_CLSACT;
	tc->tcm_handle = TC_H_MAKE(TC_H_CLSACT, 0);
	mnl_attr_put_strz(request, TCA_KIND, "clsact");
	return cg_netlink_request(NETLINK_ROUTE, request, NULL, NULL, why);
}

/* Begins a request about the filter with our priority and handle, on egress. */
static struct nlmsghdr *begin_filter_request(void *buf, __u16 type, __u16 flags, __u32 ifindex)
{
	struct nlmsghdr *request = begin_request(buf, type, flags, ifindex, TC_H_MIN_EGRESS);
	struct tcmsg *tc = mnl_nlmsg_get_payload(request);

	tc->tcm_handle = CG_TC_HANDLE;
	tc->tcm_info = TC_H_MAKE(CG_TC_PRIORITY << 16, htons(ETH_P_ALL));
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

static int parse_filter(const struct nlmsghdr *reply, void *ctx)
{
	mnl_attr_parse(reply, sizeof(struct tcmsg), parse_options, ctx);
	return MNL_CB_OK;
}

/* Returns the id of any program under our priority and handle, 0: there is none. */
static __u32 find_program(__u32 ifindex)
{
	char buf[REQUEST_BYTES] ALIGNED;
	struct nlmsghdr *request = begin_filter_request(buf, RTM_GETTFILTER, 0, ifindex);
	__u32 id = 0;

	return cg_netlink_request(NETLINK_ROUTE, request, parse_filter, &id, NULL) ? 0 : id;
}

__u32 cg_clsact_program(__u32 ifindex)
{
	__u32 id = find_program(ifindex);

	return id && is_ours(id) > 0 ? id : 0;
}

/* Each priority of a dump begins with a record of handle 0. */
static int count_filter(const struct nlmsghdr *reply, void *ctx)
{
	const struct tcmsg *tc = mnl_nlmsg_get_payload(reply);
	struct cg_clsact_others *found = ctx;
	__u32 priority = TC_H_MAJ(tc->tcm_info) >> 16;

	if (reply->nlmsg_type != RTM_NEWTFILTER || tc->tcm_handle)
		return MNL_CB_OK;
	if (priority < CG_TC_PRIORITY)
		found->before++;
	else
		found->behind++;
	return MNL_CB_OK;
}

/* Counts the priorities with filters, ours included. 0 or -errno. */
static int count_filters(__u32 ifindex, __u32 side, struct cg_clsact_others *found,
			 char why[CG_NETLINK_WHY])
{
	char buf[REQUEST_BYTES] ALIGNED;
	struct nlmsghdr *request = begin_request(buf, RTM_GETTFILTER, NLM_F_DUMP, ifindex, side);

	return cg_netlink_request(NETLINK_ROUTE, request, count_filter, found, why);
}

/* 1: one is there, 0: none, or -errno. */
static int has_filters(__u32 ifindex, __u32 side, char why[CG_NETLINK_WHY])
{
	struct cg_clsact_others found = {};
	int err = count_filters(ifindex, side, &found, why);

	return err ? err : found.before || found.behind;
}

/* Linux 6.6 and newer; linux/bpf.h of Debian 12 has no name for it. They run before any clsact. */
#define TCX_EGRESS 47

static unsigned int count_tcx(__u32 ifindex)
{
	__u32 n = 0;

	return bpf_prog_query(ifindex, TCX_EGRESS, 0, NULL, NULL, &n) ? 0 : n;
}

int cg_clsact_others(__u32 ifindex, struct cg_clsact_others *others)
{
	struct cg_clsact_others found = {};
	int err = count_filters(ifindex, TC_H_MIN_EGRESS, &found, NULL);

	if (err && err != -EINVAL && err != -ENOENT) /* no clsact */
		return err;
	found.before += count_tcx(ifindex);
	found.behind -= found.behind && find_program(ifindex);
	*others = found;
	return 0;
}

static int remove_qdisc(__u32 ifindex, char why[CG_NETLINK_WHY])
{
	int in, out, err;

	in = has_filters(ifindex, TC_H_MIN_INGRESS, why);
	out = has_filters(ifindex, TC_H_MIN_EGRESS, why);
	if (in || out) /* in doubt the qdisc stays: others may use it */
		return in < 0 ? in : out < 0 ? out : 0;
	err = change_qdisc(ifindex, RTM_DELQDISC, 0, why);
	return err == -ENOENT || err == -EINVAL ? 0 : err;
}

/* The filter's name is PROGRAM:[id], as other loaders write it. */
static int add_filter(__u32 ifindex, int prog_fd, __u16 flags, char why[CG_NETLINK_WHY])
{
	char buf[REQUEST_BYTES] ALIGNED, name[sizeof(PROGRAM) + 16];
	struct nlmsghdr *request =
		begin_filter_request(buf, RTM_NEWTFILTER, NLM_F_CREATE | flags, ifindex);
	struct bpf_prog_info info = {};
	__u32 size = sizeof(info);
	struct nlattr *options;

	if (bpf_obj_get_info_by_fd(prog_fd, &info, &size)) {
		snprintf(why, CG_NETLINK_WHY, "%s", strerror(errno));
		return -errno;
	}
	snprintf(name, sizeof(name), PROGRAM ":[%u]", info.id);
	options = mnl_attr_nest_start(request, TCA_OPTIONS);
	mnl_attr_put_u32(request, TCA_BPF_FD, prog_fd);
	mnl_attr_put_strz(request, TCA_BPF_NAME, name);
	mnl_attr_put_u32(request, TCA_BPF_FLAGS, TCA_BPF_FLAG_ACT_DIRECT);
	mnl_attr_nest_end(request, options);
	return cg_netlink_request(NETLINK_ROUTE, request, NULL, NULL, why);
}

int cg_clsact_attach(__u32 ifindex, int prog_fd, bool *made, char why[CG_NETLINK_WHY])
{
	__u32 there;
	bool fresh;
	int err;

	err = change_qdisc(ifindex, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, why);
	fresh = !err;
	if (err && err != -EEXIST)
		return err;
	there = find_program(ifindex);
	err = add_filter(ifindex, prog_fd, there && is_ours(there) > 0 ? NLM_F_REPLACE : NLM_F_EXCL,
			 why);
	if (err) {
		if (fresh)
			remove_qdisc(ifindex, NULL);
		return err;
	}
	*made = fresh;
	return 0;
}

int cg_clsact_detach(__u32 ifindex, bool made, char why[CG_NETLINK_WHY])
{
	char buf[REQUEST_BYTES] ALIGNED;
	__u32 there = find_program(ifindex);
	int err = there ? is_ours(there) : 0;

	if (err < 0) {
		snprintf(why, CG_NETLINK_WHY, "%s", strerror(-err));
		return err;
	}
	if (err) {
		err = cg_netlink_request(NETLINK_ROUTE,
					 begin_filter_request(buf, RTM_DELTFILTER, 0, ifindex),
					 NULL, NULL, why);
		if (err && err != -ENOENT)
			return err;
	}
	return made ? remove_qdisc(ifindex, why) : 0;
}
