// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#define _GNU_SOURCE /* unshare */
#include "interfaces.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Netlink without a library: the initramfs of the qemu test has no iproute2. */
struct request {
	struct nlmsghdr header;
	struct ifinfomsg interface;
	char attributes[256];
};

static struct rtattr *put(struct request *r, int type, const void *data, size_t len)
{
	struct rtattr *attr = (void *)((char *)r + NLMSG_ALIGN(r->header.nlmsg_len));

	attr->rta_type = type;
	attr->rta_len = RTA_LENGTH(len);
	memcpy(RTA_DATA(attr), data, len);
	r->header.nlmsg_len = NLMSG_ALIGN(r->header.nlmsg_len) + RTA_ALIGN(attr->rta_len);
	return attr;
}

/* Closes a nested attribute. */
static void close_nest(struct request *r, struct rtattr *attr)
{
	attr->rta_len = (char *)r + r->header.nlmsg_len - (char *)attr;
}

static void ask_for_veth(struct request *r)
{
	struct rtattr *info, *data, *peer;

	*r = (struct request){
		.header = { .nlmsg_len = NLMSG_LENGTH(sizeof(r->interface)),
			    .nlmsg_type = RTM_NEWLINK,
			    .nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK },
	};
	put(r, IFLA_IFNAME, "outside", sizeof("outside"));
	info = put(r, IFLA_LINKINFO, "", 0);
	put(r, IFLA_INFO_KIND, "veth", sizeof("veth"));
	data = put(r, IFLA_INFO_DATA, "", 0);
	peer = put(r, VETH_INFO_PEER, &(struct ifinfomsg){ 0 }, sizeof(struct ifinfomsg));
	put(r, IFLA_IFNAME, "inside", sizeof("inside"));
	close_nest(r, peer);
	close_nest(r, data);
	close_nest(r, info);
}

int interfaces_make(void)
{
	struct {
		struct nlmsghdr header;
		struct nlmsgerr error;
		char echo[512];
	} answer = { 0 };
	struct request request;
	int fd = -1, err = 0;

	if (unshare(CLONE_NEWNET))
		return -errno;
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (fd < 0)
		return -errno;
	ask_for_veth(&request);
	if (send(fd, &request, request.header.nlmsg_len, 0) < 0 ||
	    recv(fd, &answer, sizeof(answer), 0) < 0)
		err = -errno;
	else
		err = answer.header.nlmsg_type == NLMSG_ERROR ? answer.error.error : -EPROTO;
	close(fd);
	return err;
}
