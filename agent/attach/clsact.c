// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "attach/clsact.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "attach/tc_filter.h"
#include "cseqguard.h"

/* --- the filters of each hook ----------------------------------------------------------------- */

static const struct {
	const char *name;
	__u32 tc, tcx; /* the kernel's numbers; linux/bpf.h of Debian 12 has none for tcx */
	unsigned int n_filters;
	enum cg_program first[2]; /* the others are CG_PROG_TCP_MORE */
} hooks[CG_HOOKS] = {
	[CG_HOOK_EGRESS] = { .name = "egress",
			     .tc = TC_H_MIN_EGRESS,
			     .tcx = 47,
			     .n_filters = 1 + CG_TCP_ROUNDS,
			     .first = { CG_PROG_OUT, CG_PROG_TCP_OUT } },
	[CG_HOOK_INGRESS] = { .name = "ingress",
			      .tc = TC_H_MIN_INGRESS,
			      .tcx = 46,
			      .n_filters = CG_TCP_ROUNDS,
			      .first = { CG_PROG_TCP_IN, CG_PROG_TCP_MORE } },
};

const char *cg_hook_name(enum cg_hook hook)
{
	return hooks[hook].name;
}

/* i: counted from the first filter of the hook. */
static enum cg_program program_at(enum cg_hook hook, unsigned int i)
{
	return i < 2 ? hooks[hook].first[i] : CG_PROG_TCP_MORE;
}

/* --- what is there ---------------------------------------------------------------------------- */

/* 1, 0, or -errno: it cannot be read (-EPERM: that needs CAP_SYS_ADMIN). */
static int program_is(__u32 id, enum cg_program program)
{
	struct bpf_prog_info info = {};
	__u32 size = sizeof(info);
	int same, fd;

	fd = bpf_prog_get_fd_by_id(id);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	same = !bpf_obj_get_info_by_fd(fd, &info, &size) && cg_program_has_name(program, info.name);
	close(fd);
	return same;
}

/* The filters of a hook. */
struct found {
	struct cg_tc_list list;
	bool ours[CG_TC_LIST_MAX]; /* of list.at */
	int err; /* -errno: the program of a filter under our handle cannot be read */
};

/* 0 or -errno, with its text in `why`; a hook without clsact is empty. */
static int find_filters(__u32 ifindex, enum cg_hook hook, struct found *found,
			char why[CG_NETLINK_WHY])
{
	int err;

	*found = (struct found){ .list.priority = CG_TC_PRIORITY };
	err = cg_tc_filters_list(ifindex, hooks[hook].tc, &found->list, why);
	if (err)
		return err == -EINVAL || err == -ENOENT ? 0 : err;
	for (size_t i = 0; i < found->list.n; i++) {
		__u32 id = found->list.at[i].program;
		__u32 slot = found->list.at[i].handle - CG_TC_HANDLE;
		int same = 0;

		if (id && slot < hooks[hook].n_filters)
			same = program_is(id, program_at(hook, slot));
		found->ours[i] = same > 0;
		found->err = same < 0 ? same : found->err;
	}
	return 0;
}

/* All filters of the hook are ours, and run in order before others of their priority. */
static bool is_whole(const struct found *found, enum cg_hook hook)
{
	for (unsigned int i = 0; i < hooks[hook].n_filters; i++)
		if (i >= found->list.n || !found->ours[i] ||
		    found->list.at[i].handle != CG_TC_HANDLE + i)
			return false;
	return true;
}

void cg_clsact_find(__u32 ifindex, struct cg_tc_programs *programs)
{
	struct found found;

	*programs = (struct cg_tc_programs){};
	if (!find_filters(ifindex, CG_HOOK_EGRESS, &found, NULL)) {
		for (size_t i = 0; i < found.list.n; i++)
			if (found.ours[i] && found.list.at[i].handle == CG_TC_HANDLE)
				programs->out = found.list.at[i].program;
		if (is_whole(&found, CG_HOOK_EGRESS))
			programs->tcp_out = found.list.at[1].program;
	}
	if (!find_filters(ifindex, CG_HOOK_INGRESS, &found, NULL) &&
	    is_whole(&found, CG_HOOK_INGRESS))
		programs->tcp_in = found.list.at[0].program;
}

/* Linux 6.6 and newer. They run before any clsact. */
static unsigned int count_tcx(__u32 ifindex, enum cg_hook hook)
{
	__u32 n = 0;

	return bpf_prog_query(ifindex, hooks[hook].tcx, 0, NULL, NULL, &n) ? 0 : n;
}

int cg_clsact_others(__u32 ifindex, enum cg_hook hook, struct cg_clsact_others *others)
{
	struct found found;
	bool ours = false, before = false, behind = false;
	int err = find_filters(ifindex, hook, &found, NULL);

	if (err)
		return err;
	for (size_t i = 0; i < found.list.n; i++) {
		ours |= found.list.at[i].handle - CG_TC_HANDLE < hooks[hook].n_filters;
		if (found.list.at[i].handle - CG_TC_HANDLE >= hooks[hook].n_filters)
			*(ours ? &behind : &before) = true;
	}
	others->before = found.list.before + before + count_tcx(ifindex, hook);
	others->behind = found.list.behind + behind;
	return 0;
}

/* --- changes ---------------------------------------------------------------------------------- */

static int remove_filters(__u32 ifindex, enum cg_hook hook, const struct found *found,
			  char why[CG_NETLINK_WHY])
{
	int err;

	for (size_t i = 0; i < found->list.n; i++) {
		if (!found->ours[i])
			continue;
		err = cg_tc_filter_delete(ifindex, hooks[hook].tc, CG_TC_PRIORITY,
					  found->list.at[i].handle, why);
		if (err && err != -ENOENT)
			return err;
	}
	return 0;
}

static int add_filter(__u32 ifindex, enum cg_hook hook, unsigned int i,
		      const struct cg_programs *programs, __u16 flags, char why[CG_NETLINK_WHY])
{
	enum cg_program program = program_at(hook, i);

	return cg_tc_filter_add(ifindex, hooks[hook].tc, CG_TC_PRIORITY, CG_TC_HANDLE + i,
				programs->fd[program], cg_program_name(program), flags, why);
}

/* A new filter runs before older ones of its priority: the last is added first. */
static int attach_hook(__u32 ifindex, enum cg_hook hook, const struct cg_programs *programs,
		       char why[CG_NETLINK_WHY])
{
	struct found found;
	int err = find_filters(ifindex, hook, &found, why);
	bool whole = !err && is_whole(&found, hook);

	if (!err && !whole)
		err = remove_filters(ifindex, hook, &found, why);
	for (unsigned int i = hooks[hook].n_filters; i-- && !err;)
		err = add_filter(ifindex, hook, i, programs, whole ? NLM_F_REPLACE : NLM_F_EXCL,
				 why);
	if (err && !whole && !find_filters(ifindex, hook, &found, NULL))
		remove_filters(ifindex, hook, &found, NULL);
	return err;
}

static int detach_hook(__u32 ifindex, enum cg_hook hook, char why[CG_NETLINK_WHY])
{
	struct found found;
	int err = find_filters(ifindex, hook, &found, why);

	if (!err && found.err) {
		snprintf(why, CG_NETLINK_WHY, "%s", strerror(-found.err));
		return found.err;
	}
	return err ? err : remove_filters(ifindex, hook, &found, why);
}

/* In doubt the qdisc stays: others may use it. */
static int remove_qdisc(__u32 ifindex, char why[CG_NETLINK_WHY])
{
	struct found found;
	int err;

	for (enum cg_hook hook = 0; hook < CG_HOOKS; hook++) {
		err = find_filters(ifindex, hook, &found, why);
		if (err || found.list.before || found.list.behind || found.list.n)
			return err;
	}
	err = cg_tc_qdisc_change(ifindex, RTM_DELQDISC, 0, why);
	return err == -ENOENT || err == -EINVAL ? 0 : err;
}

int cg_clsact_attach(__u32 ifindex, const struct cg_programs *programs, bool *made,
		     enum cg_hook *hook, char why[CG_NETLINK_WHY])
{
	char ignored[CG_NETLINK_WHY];
	enum cg_hook ignored_hook;
	bool fresh;
	int err;

	err = cg_tc_qdisc_change(ifindex, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, why);
	fresh = !err;
	if (err == -EEXIST)
		err = 0;
	*hook = CG_HOOK_EGRESS;
	for (enum cg_hook at = 0; at < CG_HOOKS && !err; at++) {
		*hook = at;
		err = attach_hook(ifindex, at, programs, why);
	}
	if (!err)
		*made = fresh;
	else if (fresh)
		cg_clsact_detach(ifindex, true, &ignored_hook, ignored);
	return err;
}

int cg_clsact_detach(__u32 ifindex, bool made, enum cg_hook *hook, char why[CG_NETLINK_WHY])
{
	int err = 0;

	for (enum cg_hook at = 0; at < CG_HOOKS && !err; at++) {
		*hook = at;
		err = detach_hook(ifindex, at, why);
	}
	return !err && made ? remove_qdisc(ifindex, why) : err;
}
