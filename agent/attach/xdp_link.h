/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The XDP link of an interface: how it is created and queried. */
#ifndef CG_ATTACH_XDP_LINK_H
#define CG_ATTACH_XDP_LINK_H

#include <linux/bpf.h>
#include <linux/types.h>
#include <stdbool.h>

enum cg_attach_mode { CG_ATTACH_AUTO, CG_ATTACH_NATIVE, CG_ATTACH_SKB };

/*
 * Attaches program `prog_fd` to the interface. CG_ATTACH_AUTO tries native mode first. Prints a
 * notice if the mode is generic. Returns the link's fd, or -errno after it has reported the error.
 */
int cg_xdp_link_create(const char *name, __u32 ifindex, enum cg_attach_mode mode, int prog_fd);

/* Returns the ifindex of an XDP link and stores the id of its program; 0: the link has none. */
__u32 cg_xdp_link_ifindex(int link_fd, __u32 *prog_id);

struct cg_xdp_state {
	__u32 attached; /* XDP_ATTACHED_... of linux/if_link.h */
	__u32 prog_id; /* 0: none, or programs in several modes */
	__u16 link_type; /* ARPHRD_... of net/if_arp.h */
};

/*
 * Returns whether frames of the interface begin with an Ethernet header, which the programs read.
 * Those of tun, WireGuard and PPP devices do not.
 */
bool cg_xdp_is_ethernet(const struct cg_xdp_state *state);

/*
 * Asks the kernel what is attached, by netlink with a timeout, which libbpf's own query lacks. 0 or
 * -errno.
 */
int cg_xdp_query(__u32 ifindex, struct cg_xdp_state *state);

/* Stores the name of a BPF program. Returns 0, or -errno with `name` set to "?". */
int cg_xdp_program_name(__u32 prog_id, char name[BPF_OBJ_NAME_LEN]);

#endif
