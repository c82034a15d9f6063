/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The named hosts of the tables. "caller" is an IPv4 address, "caller6" an IPv6 address. */
#ifndef ENDPOINTS_H
#define ENDPOINTS_H

#include <linux/types.h>

struct endpoint {
	__u8 addr[16]; /* network order, IPv4 as ::ffff:a.b.c.d */
	__u16 port; /* host order */
	__u8 ip6;
	__u8 is_host; /* the guarded host */
	__u32 ifindex; /* interface that leads to it; 0: loopback */
};

/*
 * text: "caller6:5070/inside"; without port: 5060, without interface: loopback. Returns 0, -ENOENT
 * or -ENODEV.
 */
int endpoint_find(const char *text, struct endpoint *endpoint);

/* Its address and port as a Via names them: "192.0.2.1:5060", "[2001:db8::1]:5060". */
#define HOST_SENT_BY 64
void host_sent_by(const struct endpoint *endpoint, char text[HOST_SENT_BY]);

/* path: "caller>host". 0 or -EINVAL; *in tells which way it goes. */
int endpoint_path(const char *path, struct endpoint *from, struct endpoint *to, int *in);

#endif
