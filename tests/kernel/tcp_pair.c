// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#define _GNU_SOURCE /* accept4 */
#include "tcp_pair.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/ipv6.h>
#include <linux/pkt_cls.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <linux/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* --- the loopback interface ------------------------------------------------------------------- */

static socklen_t address(const struct endpoint *e, __u16 port, struct sockaddr_storage *out)
{
	struct sockaddr_in *v4 = (void *)out;
	struct sockaddr_in6 *v6 = (void *)out;

	memset(out, 0, sizeof(*out));
	if (e->ip6) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(port);
		memcpy(&v6->sin6_addr, e->addr, 16);
		return sizeof(*v6);
	}
	v4->sin_family = AF_INET;
	v4->sin_port = htons(port);
	memcpy(&v4->sin_addr, e->addr + 12, 4);
	return sizeof(*v4);
}

static int add_address(int fd, int fd6, const char *name, int number)
{
	struct ifreq request = { 0 };
	struct in6_ifreq request6 = { .ifr6_prefixlen = 128 };
	struct sockaddr_storage addr;
	struct endpoint e;
	int err = endpoint_find(name, &e);

	if (err)
		return err;
	address(&e, 0, &addr);
	if (e.ip6) {
		request6.ifr6_ifindex = if_nametoindex("lo");
		memcpy(&request6.ifr6_addr, e.addr, 16);
		return ioctl(fd6, SIOCSIFADDR, &request6) && errno != EEXIST ? -errno : 0;
	}
	snprintf(request.ifr_name, sizeof(request.ifr_name), "lo:%d", number);
	memcpy(&request.ifr_addr, &addr, sizeof(request.ifr_addr));
	return ioctl(fd, SIOCSIFADDR, &request) ? -errno : 0;
}

/* --- the connection --------------------------------------------------------------------------- */

/* The sequence number behind the last byte that a socket has received. */
static int received(int fd, __u32 *seq)
{
	int on = TCP_REPAIR_ON, off = TCP_REPAIR_OFF_NO_WP, queue = TCP_RECV_QUEUE, err = 0;
	socklen_t size = sizeof(*seq);

	if (setsockopt(fd, IPPROTO_TCP, TCP_REPAIR, &on, sizeof(on)))
		return -errno;
	if (setsockopt(fd, IPPROTO_TCP, TCP_REPAIR_QUEUE, &queue, sizeof(queue)) ||
	    getsockopt(fd, IPPROTO_TCP, TCP_QUEUE_SEQ, seq, &size))
		err = -errno;
	setsockopt(fd, IPPROTO_TCP, TCP_REPAIR, &off, sizeof(off));
	return err;
}

static int bound(const struct endpoint *e, __u16 port)
{
	struct sockaddr_storage addr;
	socklen_t size = address(e, port, &addr);
	int fd = socket(addr.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1, err;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (!bind(fd, (void *)&addr, size))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

/* A new IPv6 address is of use as soon as a worker of the kernel has looked at it. */
static int wait_for(const char *name)
{
	time_t begin = time(NULL);
	struct endpoint e;
	int fd = endpoint_find(name, &e);

	fd = fd ? fd : bound(&e, 0);
	while (fd == -EADDRNOTAVAIL && time(NULL) - begin < 30) {
		poll(NULL, 0, 1);
		fd = bound(&e, 0);
	}
	return fd < 0 ? fd : close(fd);
}

int tcp_pair_prepare(void)
{
	static const char *const names[] = { "caller", "host", "stranger", "caller6", "host6" };
	int fd = socket(AF_INET, SOCK_DGRAM, 0), fd6 = socket(AF_INET6, SOCK_DGRAM, 0);
	struct ifreq up = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	int err = fd < 0 || fd6 < 0 || ioctl(fd, SIOCSIFFLAGS, &up) ? -errno : 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names) && !err; i++)
		err = add_address(fd, fd6, names[i], i + 1);
	close(fd);
	close(fd6);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names) && !err; i++)
		err = wait_for(names[i]);
	return err;
}

static int connect_pair(struct tcp_pair *pair)
{
	struct sockaddr_storage addr;
	socklen_t size = address(&pair->host, pair->host.port, &addr);

	pair->listener = bound(&pair->host, pair->host.port);
	pair->far = bound(&pair->caller, 0);
	if (pair->listener < 0 || pair->far < 0)
		return pair->listener < 0 ? pair->listener : pair->far;
	if (listen(pair->listener, 1) || connect(pair->far, (void *)&addr, size))
		return -errno;
	pair->near = accept4(pair->listener, NULL, NULL, SOCK_CLOEXEC);
	size = sizeof(addr);
	if (pair->near < 0 || getsockname(pair->far, (void *)&addr, &size))
		return -errno;
	pair->caller.port = ntohs(pair->caller.ip6 ? ((struct sockaddr_in6 *)&addr)->sin6_port
						   : ((struct sockaddr_in *)&addr)->sin_port);
	return received(pair->near, &pair->first);
}

int tcp_pair_open(struct tcp_pair *pair, const char *path)
{
	int in, err;

	*pair = (struct tcp_pair){ .listener = -1, .near = -1, .far = -1 };
	err = endpoint_path(path, &pair->caller, &pair->host, &in);
	return err ? err : connect_pair(pair);
}

void tcp_pair_close(struct tcp_pair *pair)
{
	const struct linger at_once = { .l_onoff = 1 };
	const int fds[] = { pair->far, pair->near, pair->listener };

	for (size_t i = 0; i < sizeof(fds) / sizeof(*fds); i++) {
		if (fds[i] < 0)
			continue;
		setsockopt(fds[i], SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
		close(fds[i]);
	}
}

/* Sends bytes over one socket, and reads them from the other. */
static int transfer(int from, int to, const char *bytes, size_t len)
{
	struct pollfd readable = { .fd = to, .events = POLLIN };
	char room[4096];

	if (send(from, bytes, len, 0) != (ssize_t)len)
		return -EIO;
	for (size_t at = 0; at < len;) {
		size_t left = len - at;
		ssize_t got;

		if (poll(&readable, 1, 30000) != 1)
			return -ETIMEDOUT;
		got = recv(to, room, left < sizeof(room) ? left : sizeof(room), 0);
		if (got <= 0 || memcmp(room, bytes + at, got))
			return -EIO;
		at += got;
	}
	return 0;
}

int tcp_pair_deliver(struct tcp_pair *pair, const void *bytes, size_t len)
{
	return transfer(pair->far, pair->near, bytes, len);
}

int tcp_pair_answer(struct tcp_pair *pair, const void *bytes, size_t len)
{
	return transfer(pair->near, pair->far, bytes, len);
}

/* --- segments --------------------------------------------------------------------------------- */

static __u32 add_words(__u32 sum, const __u8 *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		sum += i & 1 ? bytes[i] : bytes[i] << 8;
	return sum;
}

static __u16 fold(__u32 sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

/* Over the TCP header and what is behind it: 0 if the sum in there is right. */
static __u16 tcp_sum(const struct tcp_pair *pair, const __u8 *tcp, size_t len)
{
	__u32 sum = IPPROTO_TCP + len;
	size_t from = pair->host.ip6 ? 0 : 12;

	sum = add_words(sum, pair->caller.addr + from, 16 - from);
	sum = add_words(sum, pair->host.addr + from, 16 - from);
	return fold(add_words(sum, tcp, len));
}

static size_t put_ip4(const struct tcp_pair *pair, const struct tcp_form *form, __u8 *at,
		      size_t len)
{
	size_t header = form->ip_options ? 24 : 20;
	struct iphdr ip = { .version = 4,
			    .ihl = header / 4,
			    .ttl = 64,
			    .protocol = IPPROTO_TCP,
			    .tot_len = htons(header + len) };

	memcpy(&ip.saddr, pair->caller.addr + 12, 4);
	memcpy(&ip.daddr, pair->host.addr + 12, 4);
	memcpy(at + 20, "\x94\4\0\0", 4); /* router alert */
	memcpy(at, &ip, 20);
	ip.check = htons(fold(add_words(0, at, header)));
	memcpy(at, &ip, 20);
	return header;
}

#define EXTENSIONS 60 /* destination options of 8 bytes each */

static size_t put_ip6(const struct tcp_pair *pair, const struct tcp_form *form, __u8 *at,
		      size_t len)
{
	size_t n = form->extensions ? EXTENSIONS : 0;
	struct ipv6hdr ip = { .version = 6,
			      .hop_limit = 64,
			      .nexthdr = n ? IPPROTO_DSTOPTS : IPPROTO_TCP,
			      .payload_len = htons(8 * n + len) };

	memcpy(&ip.saddr, pair->caller.addr, 16);
	memcpy(&ip.daddr, pair->host.addr, 16);
	memcpy(at, &ip, sizeof(ip));
	for (size_t i = 0; i < n; i++) {
		const __u8 next = i + 1 < n ? IPPROTO_DSTOPTS : IPPROTO_TCP;

		memcpy(at + sizeof(ip) + 8 * i, (const __u8[]){ next, 0, 1, 4, 0, 0, 0, 0 }, 8);
	}
	return sizeof(ip) + 8 * n;
}

size_t tcp_build(const struct tcp_pair *pair, const struct tcp_form *form, struct tcp_result *r)
{
	size_t header = sizeof(struct tcphdr) + form->options_len, len = header + form->len,
	       at = 12;
	struct tcphdr tcp = { .source = htons(form->port ? form->port : pair->caller.port),
			      .dest = htons(pair->host.port),
			      .seq = htonl(pair->first + form->at),
			      .doff = header / 4,
			      .syn = form->syn,
			      .fin = form->fin,
			      .rst = form->rst,
			      .ack = !form->no_ack,
			      .urg = form->urgent,
			      .urg_ptr = htons(form->urgent ? 1 : 0),
			      .window = htons(1024) };

	memset(r, 0, sizeof(*r));
	if (form->vlan) {
		memcpy(r->frame + at, &(__u16){ htons(ETH_P_8021Q) }, 2);
		at += 4;
	}
	memcpy(r->frame + at, &(__u16){ htons(pair->host.ip6 ? ETH_P_IPV6 : ETH_P_IP) }, 2);
	at += 2;
	at += pair->host.ip6 ? put_ip6(pair, form, r->frame + at, len)
			     : put_ip4(pair, form, r->frame + at, len);
	r->header = at;
	r->payload = at + header;
	r->len = at + len;
	memcpy(r->frame + at + sizeof(tcp), form->options, form->options_len);
	memcpy(r->frame + r->payload, form->bytes, form->len);
	memcpy(r->frame + at, &tcp, sizeof(tcp));
	tcp.check = htons(tcp_sum(pair, r->frame + at, len) ^ form->bad_sum);
	memcpy(r->frame + at, &tcp, sizeof(tcp));
	return r->len;
}

int tcp_run(struct harness *harness, const struct tcp_pair *pair, const struct tcp_form *form,
	    struct tcp_result *r)
{
	int err = form->len > TCP_BYTES_MAX ? -EMSGSIZE : 0;
	size_t whole;

	if (!err)
		tcp_build(pair, form, r);
	whole = r->len;
	err = err ? err : harness_run_tcp(harness, r->frame, &r->len, &r->verdict);
	r->reset = !err && r->len < whole && r->frame[r->header + 13] & 4;
	if (r->reset && r->verdict == (__u32)TC_ACT_UNSPEC)
		r->verdict = TC_ACT_SHOT;
	r->sum_is_right = !tcp_sum(pair, r->frame + r->header, r->len - r->header);
	return err;
}
