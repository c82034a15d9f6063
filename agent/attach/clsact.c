// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "attach/clsact.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PROGRAM "cseqguard_out" /* bpf/guard.bpf.c */

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

/* Id of whatever program sits under our priority and handle, 0: none. */
static __u32 occupant(__u32 ifindex)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = BPF_TC_EGRESS);
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = CG_TC_HANDLE, .priority = CG_TC_PRIORITY);

	return bpf_tc_query(&hook, &opts) ? 0 : opts.prog_id;
}

__u32 cg_clsact_program(__u32 ifindex)
{
	__u32 id = occupant(ifindex);

	return id && is_ours(id) > 0 ? id : 0;
}

/* What a dump has; each priority begins with a record of handle 0. */
static void count_filter(const struct nlmsghdr *header, struct cg_clsact_others *found)
{
	const struct tcmsg *tc = NLMSG_DATA(header);
	__u32 priority = TC_H_MAJ(tc->tcm_info) >> 16;

	if (header->nlmsg_type != RTM_NEWTFILTER || tc->tcm_handle)
		return;
	if (priority < CG_TC_PRIORITY)
		found->before++;
	else
		found->behind++;
}

/* Reads one dump to its end. 0 or -errno. */
static int read_dump(int fd, struct cg_clsact_others *found)
{
	union {
		struct nlmsghdr header;
		char bytes[16384];
	} buf;

	for (;;) {
		ssize_t len = recv(fd, &buf, sizeof(buf), 0);

		if (len <= 0)
			return len ? -errno : -EIO;
		for (struct nlmsghdr *at = &buf.header; NLMSG_OK(at, len);
		     at = NLMSG_NEXT(at, len)) {
			if (at->nlmsg_type == NLMSG_DONE)
				return 0;
			if (at->nlmsg_type == NLMSG_ERROR)
				return ((struct nlmsgerr *)NLMSG_DATA(at))->error;
			count_filter(at, found);
		}
	}
}

/* libbpf has no dump of filters. Ours is among them. 0 or -errno. */
static int count_filters(__u32 ifindex, __u32 side, struct cg_clsact_others *found)
{
	struct {
		struct nlmsghdr header;
		struct tcmsg tc;
	} request = {
		.header = { .nlmsg_len = sizeof(request),
			    .nlmsg_type = RTM_GETTFILTER,
			    .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
		.tc = { .tcm_family = AF_UNSPEC,
			.tcm_ifindex = ifindex,
			.tcm_parent = TC_H_MAKE(TC_H_CLSACT, side) },
	};
	int fd, err;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (fd < 0)
		return -errno;
	err = send(fd, &request, sizeof(request), 0) < 0 ? -errno : read_dump(fd, found);
	close(fd);
	return err;
}

/* 1: one is there, 0: none, or -errno. */
static int has_filters(__u32 ifindex, __u32 side)
{
	struct cg_clsact_others found = {};
	int err = count_filters(ifindex, side, &found);

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
	int err = count_filters(ifindex, TC_H_MIN_EGRESS, &found);

	if (err && err != -EINVAL && err != -ENOENT) /* no clsact */
		return err;
	found.before += count_tcx(ifindex);
	found.behind -= found.behind && occupant(ifindex);
	*others = found;
	return 0;
}

static int remove_qdisc(__u32 ifindex)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex,
		    .attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS);
	int in, out, err;

	in = has_filters(ifindex, TC_H_MIN_INGRESS);
	out = has_filters(ifindex, TC_H_MIN_EGRESS);
	if (in || out) /* in doubt the qdisc stays: others may use it */
		return in < 0 ? in : out < 0 ? out : 0;
	err = bpf_tc_hook_destroy(&hook);
	return err == -ENOENT || err == -EINVAL ? 0 : err;
}

int cg_clsact_attach(__u32 ifindex, int prog_fd, bool *made)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = BPF_TC_EGRESS);
	LIBBPF_OPTS(bpf_tc_opts, opts, .prog_fd = prog_fd, .handle = CG_TC_HANDLE,
		    .priority = CG_TC_PRIORITY);
	__u32 there;
	bool fresh;
	int err;

	err = bpf_tc_hook_create(&hook);
	fresh = !err;
	if (err && err != -EEXIST)
		return err;
	there = occupant(ifindex);
	if (there && is_ours(there) > 0)
		opts.flags = BPF_TC_F_REPLACE;
	err = bpf_tc_attach(&hook, &opts);
	if (err) {
		if (fresh)
			remove_qdisc(ifindex);
		return err;
	}
	*made = fresh;
	return 0;
}

int cg_clsact_detach(__u32 ifindex, bool made)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = BPF_TC_EGRESS);
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = CG_TC_HANDLE, .priority = CG_TC_PRIORITY);
	__u32 there = occupant(ifindex);
	int err = there ? is_ours(there) : 0;

	if (err < 0)
		return err;
	if (err) {
		err = bpf_tc_detach(&hook, &opts);
		if (err && err != -ENOENT)
			return err;
	}
	return made ? remove_qdisc(ifindex) : 0;
}
