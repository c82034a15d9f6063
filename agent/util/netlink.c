// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "util/netlink.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "util/clock.h"

#define REPLY_BYTES 16384
#define TIMEOUT_NS (5 * CG_SECOND) /* of a whole reply */

struct exchange {
	mnl_cb_t answer;
	void *ctx;
	char explanation[CG_NETLINK_WHY / 2]; /* the kernel's, "": none */
};

static int handle_answer(const struct nlmsghdr *message, void *ctx)
{
	const struct exchange *exchange = ctx;

	return exchange->answer ? exchange->answer(message, exchange->ctx) : MNL_CB_OK;
}

static int copy_explanation(const struct nlattr *attr, void *ctx)
{
	struct exchange *exchange = ctx;

	if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG &&
	    !mnl_attr_validate(attr, MNL_TYPE_NUL_STRING))
		snprintf(exchange->explanation, sizeof(exchange->explanation), "%s",
			 mnl_attr_get_str(attr));
	return MNL_CB_OK;
}

/* An acknowledgement (0) or an error. The kernel's explanation follows a copy of our request. */
static int handle_error(const struct nlmsghdr *message, void *ctx)
{
	const struct nlmsgerr *error = mnl_nlmsg_get_payload(message);
	unsigned int offset = sizeof(*error);

	if (mnl_nlmsg_get_payload_len(message) < sizeof(*error)) {
		errno = EBADMSG;
		return MNL_CB_ERROR;
	}
	if (!(message->nlmsg_flags & NLM_F_CAPPED))
		offset += mnl_nlmsg_get_payload_len(&error->msg);
	if (error->error && message->nlmsg_flags & NLM_F_ACK_TLVS)
		mnl_attr_parse(message, offset, copy_explanation, ctx);
	errno = -error->error;
	return error->error ? MNL_CB_ERROR : MNL_CB_STOP;
}

/* The end of a dump, with the error that ended it early, if any. */
static int handle_done(const struct nlmsghdr *message, void *ctx)
{
	int err = 0;

	(void)ctx;
	if (mnl_nlmsg_get_payload_len(message) >= sizeof(err))
		memcpy(&err, mnl_nlmsg_get_payload(message), sizeof(err));
	errno = -err;
	return err < 0 ? MNL_CB_ERROR : MNL_CB_STOP;
}

/* Makes each receive end at the deadline. The reply may have been lost, and no other would come. */
static int limit_wait(struct mnl_socket *socket, __u64 deadline)
{
	__u64 now = cg_boottime();
	__u64 us = now < deadline ? (deadline - now) / 1000 : 0;
	struct timeval wait = { .tv_sec = us / 1000000, .tv_usec = us % 1000000 };

	if (!us)
		return -ETIMEDOUT;
	return setsockopt(mnl_socket_get_fd(socket), SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait))
		       ? -errno
		       : 0;
}

static int receive_reply(struct mnl_socket *socket, unsigned int seq, struct exchange *exchange)
{
	mnl_cb_t control[] = { [NLMSG_ERROR] = handle_error, [NLMSG_DONE] = handle_done };
	char reply[REPLY_BYTES] __attribute__((aligned(MNL_ALIGNTO)));
	__u64 deadline = cg_boottime() + TIMEOUT_NS;
	int more = MNL_CB_OK, err;
	ssize_t size;

	while (more == MNL_CB_OK) {
		err = limit_wait(socket, deadline);
		if (err)
			return err;
		size = mnl_socket_recvfrom(socket, reply, sizeof(reply));
		if (size < 0)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		more = mnl_cb_run2(reply, size, seq, mnl_socket_get_portid(socket), handle_answer,
				   exchange, control, MNL_ARRAY_SIZE(control));
	}
	return more == MNL_CB_ERROR ? -errno : 0;
}

static int exchange_messages(int bus, struct nlmsghdr *request, struct exchange *exchange)
{
	struct mnl_socket *socket = mnl_socket_open2(bus, SOCK_CLOEXEC);
	int one = 1, err;

	if (!socket)
		return -errno;
	/* Linux before 4.12 has no explanations. */
	mnl_socket_setsockopt(socket, NETLINK_EXT_ACK, &one, sizeof(one));
	request->nlmsg_flags |= NLM_F_REQUEST;
	/* Both bits: each alone is another flag of the requests that create. */
	if ((request->nlmsg_flags & NLM_F_DUMP) != NLM_F_DUMP)
		request->nlmsg_flags |= NLM_F_ACK;
	request->nlmsg_seq = 1;
	err = mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0 ||
			      mnl_socket_sendto(socket, request, request->nlmsg_len) < 0
		      ? -errno
		      : receive_reply(socket, request->nlmsg_seq, exchange);
	mnl_socket_close(socket);
	return err;
}

int cg_netlink_request(int bus, struct nlmsghdr *request, mnl_cb_t answer, void *ctx,
		       char why[CG_NETLINK_WHY])
{
	struct exchange exchange = { .answer = answer, .ctx = ctx };
	int err = exchange_messages(bus, request, &exchange);

	if (err == -ETIMEDOUT && why)
		snprintf(why, CG_NETLINK_WHY, "no answer from the kernel by netlink within %llu s",
			 TIMEOUT_NS / CG_SECOND);
	else if (err && why)
		snprintf(why, CG_NETLINK_WHY, *exchange.explanation ? "%s (%s)" : "%s",
			 strerror(-err), exchange.explanation);
	return err;
}
