// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "doctor/netdev.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <stdbool.h>
#include <string.h>

#include "util/netlink.h"

/* From linux/netdev.h, which Debian 12 lacks. */
#define FAMILY "netdev"
#define CMD_DEV_GET 1
#define ATTR_IFINDEX 1
#define ATTR_XDP_FEATURES 3

#define REQUEST_BYTES 128

/* An attribute of a reply. */
struct wanted {
	__u16 type;
	void *value;
	size_t size;
	bool found;
};

static int copy_attribute(const struct nlattr *attr, void *ctx)
{
	struct wanted *wanted = ctx;

	if (mnl_attr_get_type(attr) != wanted->type ||
	    mnl_attr_get_payload_len(attr) < wanted->size)
		return MNL_CB_OK;
	memcpy(wanted->value, mnl_attr_get_payload(attr), wanted->size);
	wanted->found = true;
	return MNL_CB_STOP;
}

static int parse_reply(const struct nlmsghdr *reply, void *ctx)
{
	mnl_attr_parse(reply, sizeof(struct genlmsghdr), copy_attribute, ctx);
	return MNL_CB_OK;
}

static struct nlmsghdr *begin_request(void *buf, __u16 family, __u8 command)
{
	struct nlmsghdr *request = mnl_nlmsg_put_header(buf);
	struct genlmsghdr *generic = mnl_nlmsg_put_extra_header(request, sizeof(*generic));

	request->nlmsg_type = family;
	generic->cmd = command;
	generic->version = 1;
	return request;
}

static int send_request(struct nlmsghdr *request, struct wanted *wanted)
{
	int err = cg_netlink_request(NETLINK_GENERIC, request, parse_reply, wanted, NULL);

	return err || wanted->found ? err : -ENOENT;
}

int cg_netdev_read_xdp_features(__u32 ifindex, __u64 *features)
{
	char buf[REQUEST_BYTES] __attribute__((aligned(MNL_ALIGNTO)));
	__u16 family;
	struct wanted family_id = { CTRL_ATTR_FAMILY_ID, &family, sizeof(family), false };
	struct wanted xdp = { ATTR_XDP_FEATURES, features, sizeof(*features), false };
	struct nlmsghdr *request;
	int err;

	request = begin_request(buf, GENL_ID_CTRL, CTRL_CMD_GETFAMILY);
	mnl_attr_put_strz(request, CTRL_ATTR_FAMILY_NAME, FAMILY);
	err = send_request(request, &family_id);
	if (err)
		return err;
	request = begin_request(buf, family, CMD_DEV_GET);
	mnl_attr_put_u32(request, ATTR_IFINDEX, ifindex);
	return send_request(request, &xdp);
}
