/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The hosts that the cases speak of, IPv4 by their name, IPv6 by their name and a 6. */
#ifndef ENDPOINTS_H
#define ENDPOINTS_H

#include <linux/types.h>

struct endpoint {
	__u8 addr[16]; /* network order, IPv4 as ::ffff:a.b.c.d */
	__u16 port; /* host order */
	__u8 ip6;
	__u8 is_host; /* the guarded one */
	__u32 ifindex; /* that it is behind; 0: loopback */
};

/* text: "caller6:5070/inside", port 5060 and no interface if left off. 0, -ENOENT or -ENODEV. */
int endpoint_find(const char *text, struct endpoint *endpoint);

/* path: "caller>host". 0 or -EINVAL; *in tells which way it goes. */
int endpoint_path(const char *path, struct endpoint *from, struct endpoint *to, int *in);

#endif
