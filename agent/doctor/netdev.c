// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "doctor/netdev.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FAMILY "netdev"
#define CMD_DEV_GET 1
#define ATTR_IFINDEX 1
#define ATTR_XDP_FEATURES 3

struct message {
	struct nlmsghdr header;
	struct genlmsghdr command;
	char attributes[4096];
};

#define AT(message) ((message)->attributes)

static void message_begin(struct message *m, __u16 family, __u8 command)
{
	m->header = (struct nlmsghdr){ .nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN),
				       .nlmsg_type = family,
				       .nlmsg_flags = NLM_F_REQUEST };
	m->command = (struct genlmsghdr){ .cmd = command, .version = 1 };
}

static void message_add(struct message *m, __u16 type, const void *value, size_t size)
{
	struct nlattr *attr = (void *)((char *)m + m->header.nlmsg_len);

	attr->nla_type = type;
	attr->nla_len = NLA_HDRLEN + size;
	memcpy((char *)attr + NLA_HDRLEN, value, size);
	m->header.nlmsg_len += NLA_ALIGN(attr->nla_len);
}

/* Sends the message and overwrites it with its only answer. Returns 0 or -errno. */
static int message_exchange(int fd, struct message *m)
{
	ssize_t size;

	if (send(fd, m, m->header.nlmsg_len, 0) < 0)
		return -errno;
	size = recv(fd, m, sizeof(*m), 0);
	if (size < 0)
		return -errno;
	if (!NLMSG_OK(&m->header, (size_t)size))
		return -EPROTO;
	if (m->header.nlmsg_type == NLMSG_ERROR)
		return ((struct nlmsgerr *)NLMSG_DATA(&m->header))->error ?: -EPROTO;
	return 0;
}

/* Copies an attribute. Returns 0 or -ENOENT. */
static int message_find(const struct message *m, __u16 type, void *value, size_t size)
{
	const char *at = AT(m), *end = (const char *)m + m->header.nlmsg_len;

	while (end - at >= NLA_HDRLEN) {
		const struct nlattr *attr = (const void *)at;

		if (attr->nla_len < NLA_HDRLEN || attr->nla_len > end - at)
			break;
		if ((attr->nla_type & NLA_TYPE_MASK) == type &&
		    attr->nla_len >= NLA_HDRLEN + size) {
			memcpy(value, at + NLA_HDRLEN, size);
			return 0;
		}
		at += NLA_ALIGN(attr->nla_len);
	}
	return -ENOENT;
}

int cg_netdev_read_xdp_features(__u32 ifindex, __u64 *features)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC), err;
	struct message m = {};
	__u16 family;

	if (fd < 0)
		return -errno;
	message_begin(&m, GENL_ID_CTRL, CTRL_CMD_GETFAMILY);
	message_add(&m, CTRL_ATTR_FAMILY_NAME, FAMILY, sizeof(FAMILY));
	err = message_exchange(fd, &m);
	if (!err)
		err = message_find(&m, CTRL_ATTR_FAMILY_ID, &family, sizeof(family));
	if (!err) {
		message_begin(&m, family, CMD_DEV_GET);
		message_add(&m, ATTR_IFINDEX, &ifindex, sizeof(ifindex));
		err = message_exchange(fd, &m);
	}
	if (!err)
		err = message_find(&m, ATTR_XDP_FEATURES, features, sizeof(*features));
	close(fd);
	return err;
}
