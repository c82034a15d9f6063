// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// link: agent/util/netlink.c -lmnl
/*
 * Requests to the kernel by netlink: answers, errors, and a request that the kernel does not
 * answer.
 */
#include "util/netlink.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <string.h>

#include "tap.h"
#include "util/clock.h"

static int count_message(const struct nlmsghdr *message, void *ctx)
{
	(void)message;
	++*(int *)ctx;
	return MNL_CB_OK;
}

static struct nlmsghdr *begin(char *buf, int type, int flags)
{
	struct nlmsghdr *request = mnl_nlmsg_put_header(buf);

	mnl_nlmsg_put_extra_header(request, sizeof(struct ifinfomsg));
	request->nlmsg_type = type;
	request->nlmsg_flags = flags;
	return request;
}

int main(void)
{
	char buf[256] __attribute__((aligned(MNL_ALIGNTO))), why[CG_NETLINK_WHY] = "";
	int links = 0, err;
	__u64 start;

	err = cg_netlink_request(NETLINK_ROUTE, begin(buf, RTM_GETLINK, NLM_F_DUMP), count_message,
				 &links, why);
	ok(!err && links > 0, "netlink: a dump is read to its end");
	err = cg_netlink_request(NETLINK_ROUTE, begin(buf, RTM_GETLINK, 0), NULL, NULL, why);
	ok(err == -EINVAL && *why, "netlink: the kernel's error is returned, with its text");
	/* The kernel skips a control message, and acknowledges none that looks like a dump. */
	start = cg_boottime();
	err = cg_netlink_request(NETLINK_ROUTE, begin(buf, NLMSG_NOOP, NLM_F_DUMP), NULL, NULL,
				 why);
	ok(err == -ETIMEDOUT && cg_boottime() - start < 7 * CG_SECOND,
	   "netlink: a request without an answer ends");
	ok(!strcmp(why, "no answer from the kernel by netlink within 5 s"),
	   "netlink: the error says what was waited for: %s", why);
	return tap_done();
}
