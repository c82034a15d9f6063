// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Keeps for the live benches, until it is killed, what a shell cannot:
 *
 *         hold stats                      BPF's run-time statistics; several holders do not disturb
 * each other    hold unread ADDRESS PORT...     UDP sockets that nobody reads   hold refuse ADDRESS
 * PORT        a callee that answers every BYE with 500, as RFC 3261 12.2.2 has it
 *
 * Prints a line when it holds.
 */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define MESSAGE_MAX 4096
#define RECEIVE_BUFFER (8 << 20)

static int bound(const char *address, const char *port) /* fd or -errno */
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(atoi(port)) };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (inet_pton(AF_INET, address, &at.sin_addr) != 1)
		return -EINVAL;
	return fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) ? -errno : fd;
}

/* The request's own headers make the response: its To has its tag, and nobody reads the rest. */
static void refuse(int fd)
{
	static char status[] = "SIP/2.0 500 Request Out of Order", request[MESSAGE_MAX];
	struct sockaddr_in from;
	struct iovec parts[2] = { { status, sizeof(status) - 1 } };
	struct msghdr response = { .msg_name = &from, .msg_iov = parts, .msg_iovlen = 2 };
	ssize_t len;
	char *line_end;

	for (;;) {
		response.msg_namelen = sizeof(from);
		len = recvfrom(fd, request, sizeof(request), 0, (struct sockaddr *)&from,
			       &response.msg_namelen);
		if (len < 4 || memcmp(request, "BYE ", 4))
			continue;
		line_end = memchr(request, '\r', len);
		if (!line_end)
			continue;
		parts[1] = (struct iovec){ line_end, request + len - line_end };
		sendmsg(fd, &response, 0);
	}
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	int refuses = !strcmp(what, "refuse"), fd = -1, size = RECEIVE_BUFFER;

	if (argc == 2 && !strcmp(what, "stats")) {
		fd = bpf_enable_stats(BPF_STATS_RUN_TIME);
	} else if (argc > 3 && (refuses || !strcmp(what, "unread"))) {
		for (int i = 3; i < argc && (i == 3 || fd >= 0); i++)
			fd = bound(argv[2], argv[i]);
	} else {
		fprintf(stderr,
			"usage: hold stats | unread ADDRESS PORT... | refuse ADDRESS PORT\n");
		return 2;
	}
	if (fd < 0) {
		fprintf(stderr, "hold %s: %s\n", what, strerror(-fd));
		return 1;
	}
	puts("held");
	fflush(stdout);
	if (refuses) {
		setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
		refuse(fd);
	}
	pause();
	return 0;
}
