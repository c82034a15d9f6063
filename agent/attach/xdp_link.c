// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "attach/xdp_link.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "util/cli_output.h"
#include "util/netlink.h"

#define COALESCED                                                                                  \
	"attached in generic mode: datagrams that were coalesced by UDP segmentation are seen "    \
	"as one"

int cg_xdp_program_name(__u32 prog_id, char name[BPF_OBJ_NAME_LEN])
{
	struct bpf_prog_info info = {};
	__u32 size = sizeof(info);
	int err = 0, fd;

	strcpy(name, "?");
	fd = bpf_prog_get_fd_by_id(prog_id);
	if (fd < 0)
		return fd;
	if (bpf_obj_get_info_by_fd(fd, &info, &size))
		err = -errno;
	else
		memcpy(name, info.name, BPF_OBJ_NAME_LEN);
	close(fd);
	return err;
}

__u32 cg_xdp_link_ifindex(int link_fd, __u32 *prog_id)
{
	struct bpf_link_info info = {};
	__u32 size = sizeof(info);

	if (bpf_obj_get_info_by_fd(link_fd, &info, &size) || info.type != BPF_LINK_TYPE_XDP)
		return 0;
	*prog_id = info.prog_id;
	return info.xdp.ifindex;
}

static int parse_xdp(const struct nlattr *attr, void *ctx)
{
	struct cg_xdp_state *state = ctx;

	if (mnl_attr_get_type(attr) == IFLA_XDP_ATTACHED && !mnl_attr_validate(attr, MNL_TYPE_U8))
		state->attached = mnl_attr_get_u8(attr);
	if (mnl_attr_get_type(attr) == IFLA_XDP_PROG_ID && !mnl_attr_validate(attr, MNL_TYPE_U32))
		state->prog_id = mnl_attr_get_u32(attr);
	return MNL_CB_OK;
}

static int parse_link_attr(const struct nlattr *attr, void *ctx)
{
	if (mnl_attr_get_type(attr) == IFLA_XDP)
		mnl_attr_parse_nested(attr, parse_xdp, ctx);
	return MNL_CB_OK;
}

static int parse_link(const struct nlmsghdr *reply, void *ctx)
{
	const struct ifinfomsg *link = mnl_nlmsg_get_payload(reply);
	struct cg_xdp_state *state = ctx;

	state->link_type = link->ifi_type;
	mnl_attr_parse(reply, sizeof(*link), parse_link_attr, ctx);
	return MNL_CB_OK;
}

bool cg_xdp_is_ethernet(const struct cg_xdp_state *state)
{
	return state->link_type == ARPHRD_ETHER || state->link_type == ARPHRD_LOOPBACK;
}

int cg_xdp_query(__u32 ifindex, struct cg_xdp_state *state)
{
	char buf[128] __attribute__((aligned(MNL_ALIGNTO)));
	struct nlmsghdr *request = mnl_nlmsg_put_header(buf);
	struct ifinfomsg *link = mnl_nlmsg_put_extra_header(request, sizeof(*link));
	struct cg_xdp_state found = {};
	int err;

	request->nlmsg_type = RTM_GETLINK;
	link->ifi_index = ifindex;
	err = cg_netlink_request(NETLINK_ROUTE, request, parse_link, &found, NULL);
	if (!err)
		*state = found;
	return err;
}

static void report_foreign_program(const char *name, __u32 ifindex)
{
	char program[BPF_OBJ_NAME_LEN] = "";
	struct cg_xdp_state state = {};
	__u32 id;

	cg_xdp_query(ifindex, &state);
	id = state.prog_id;
	if (id)
		cg_xdp_program_name(id, program);
	cg_fail("%s: cannot attach: XDP program '%s' (id %u) is attached already; see `bpftool "
		"net`, remove it with `ip link set dev %s xdp off` or its own tool",
		name, program, id, name);
}

static void report_create_error(const char *name, __u32 ifindex, enum cg_attach_mode mode, int err)
{
	if (err == -EBUSY || err == -EEXIST)
		report_foreign_program(name, ifindex);
	else if (mode == CG_ATTACH_NATIVE)
		cg_fail("%s: cannot attach in native mode: %s; try --xdp auto, or a smaller MTU",
			name, strerror(-err));
	else
		cg_fail("%s: cannot attach%s: %s; check that it is up and an Ethernet device", name,
			mode == CG_ATTACH_SKB ? " in generic mode" : "", strerror(-err));
}

static int create_link(__u32 ifindex, int prog_fd, __u32 flags)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = flags);
	int fd = bpf_link_create(prog_fd, ifindex, BPF_XDP, &opts);

	return fd < 0 ? -errno : fd;
}

int cg_xdp_link_create(const char *name, __u32 ifindex, enum cg_attach_mode mode, int prog_fd)
{
	__u32 flags = mode == CG_ATTACH_SKB ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE;
	int fd = create_link(ifindex, prog_fd, flags);
	bool generic_may_work = fd != -EBUSY && fd != -EEXIST && fd != -EPERM;

	if (fd < 0 && mode == CG_ATTACH_AUTO && generic_may_work) {
		int native_err = -fd;

		fd = create_link(ifindex, prog_fd, XDP_FLAGS_SKB_MODE);
		if (fd >= 0)
			cg_notice("%s: no native XDP (%s), " COALESCED, name, strerror(native_err));
	} else if (fd >= 0 && mode == CG_ATTACH_SKB) {
		cg_notice("%s: " COALESCED, name);
	}
	if (fd < 0)
		report_create_error(name, ifindex, mode, fd);
	return fd;
}
