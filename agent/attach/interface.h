/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * A guarded interface: an XDP link, pinned as link_IFINDEX_NAME, and tc filters. If attach
 * created the clsact qdisc, the pin clsact_IFINDEX_NAME records that; it pins a program and so
 * outlives every process. These functions report errors and return -errno.
 */
#ifndef CG_ATTACH_INTERFACE_H
#define CG_ATTACH_INTERFACE_H

#include <linux/types.h>
#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>

#include "attach/programs.h"
#include "attach/xdp_link.h"

struct cg_interface {
	__u32 ifindex; /* at the time of the attach, or of the living link */
	bool alive; /* the link is attached to an interface */
	bool hidden; /* no permission to read the link: `alive` is assumed, the rest is unknown */
	bool native;
	bool made_clsact; /* attach created the clsact qdisc */
	__u32 program_in; /* id; 0: none */
	struct cg_tc_programs tc;
	char name[IF_NAMESIZE]; /* current name; if the interface is gone, the last known one */
	char pin[IF_NAMESIZE + 16]; /* IFINDEX_NAME, with ':' for '.', which bpffs does not allow */
};

/* True if a tc filter of ours is missing, or not in its place. */
static inline bool cg_interface_lacks_filter(const struct cg_interface *interface)
{
	return interface->alive && !interface->hidden &&
	       !(interface->tc.out && interface->tc.tcp_in && interface->tc.tcp_out);
}

/*
 * Lists the interfaces of an instance, as seen from the current network namespace. The caller frees
 * the array.
 */
int cg_interface_list(const char *instance, struct cg_interface **list, size_t *n);

/*
 * Returns CG_DONE if the caller is in the network namespace that the instance guards, or if the
 * instance guards no interface at present. Otherwise reports the error and returns CG_FAILED.
 */
int cg_interface_check_netns(const char *instance);

/* Returns the state of the XDP program: "native", "generic", "gone" or "hidden". Static. */
const char *cg_interface_state(const struct cg_interface *interface);

/*
 * Checks that the interface exists and that its packets have an Ethernet header, before programs
 * are loaded for it. 0 or -errno, reported.
 */
int cg_interface_check(const char *name);

/*
 * Attaches the programs. An interface that is attached already gets those that it lacks.
 * Stores in *fresh whether the XDP link was created. A failure leaves the interface as it was.
 */
int cg_interface_attach(const char *instance, const char *name, enum cg_attach_mode mode,
			const struct cg_programs *programs, bool *fresh);

/* Detaches the programs and removes the pins. If the interface is gone, removes the pins only. */
int cg_interface_detach(const char *instance, const struct cg_interface *interface);

/* Removes the pins of interfaces that are gone. */
int cg_interface_remove_gone(const char *instance);

/* Replaces the programs. On failure `old` is restored. */
int cg_interface_upgrade(const char *instance, const struct cg_interface *interface,
			 const struct cg_programs *programs, const struct cg_programs *old);

#endif
