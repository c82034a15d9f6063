/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * A real TCP connection of a caller to the guarded host, over the loopback interface, and segments
 * of it that are run through the programs at tc. The programs find the host's socket. A segment that
 * is run does not reach it: only tcp_pair_deliver() moves what it has received.
 */
#ifndef TCP_PAIR_H
#define TCP_PAIR_H

#include <stdbool.h>

#include "endpoints.h"
#include "harness.h"

#define TCP_BYTES_MAX 3400 /* of a segment: test runs take a page */

struct tcp_pair {
	struct endpoint caller, host;
	int listener, near, far; /* sockets; near: the host's */
	__u32 first; /* sequence number of the caller's first byte */
};

/* Once: the addresses of caller, host, caller6 and host6 on loopback. Returns 0 or -errno. */
int tcp_pair_prepare(void);

/* path: "caller>host". Returns 0 or -errno. Call tcp_pair_close() in both cases. */
int tcp_pair_open(struct tcp_pair *pair, const char *path);
void tcp_pair_close(struct tcp_pair *pair);

/* The caller really sends bytes, and the host's kernel has them. Returns 0 or -errno. */
int tcp_pair_deliver(struct tcp_pair *pair, const void *bytes, size_t len);

/* The host really sends bytes, and the caller gets the same. Returns 0 or -errno. */
int tcp_pair_answer(struct tcp_pair *pair, const void *bytes, size_t len);

/* A segment. Positions are counted from the caller's first byte. */
struct tcp_form {
	long at;
	const void *bytes;
	size_t len;
	bool syn, fin, rst, no_ack, urgent, bad_sum, vlan, ip_options, extensions;
	const char *options; /* TCP options, up to 40 bytes */
	size_t options_len; /* a multiple of 4 */
	__u16 port; /* of the caller, another than that of the pair; 0: the pair's */
};

struct tcp_result {
	__u32 verdict; /* TC_ACT_... */
	__u8 frame[TCP_BYTES_MAX + 800];
	size_t header; /* offset of the TCP header */
	size_t payload;
	size_t len;
	bool sum_is_right;
	bool reset; /* it became an RST without data, at the byte that the host's socket lacks: TC_ACT_SHOT */
};

/* Runs a segment through all programs of the hook. Returns 0 or -errno. */
int tcp_run(struct harness *harness, const struct tcp_pair *pair, const struct tcp_form *form,
	    struct tcp_result *result);

/* Builds the frame of a segment. Returns its length. */
size_t tcp_build(const struct tcp_pair *pair, const struct tcp_form *form, struct tcp_result *r);

#endif
