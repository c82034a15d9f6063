/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * One guarded interface: an XDP link, pinned as link_IFINDEX_NAME, and a tc filter. A clsact qdisc
 * that we made is remembered by the pin clsact_IFINDEX_NAME (of our program: it outlives every
 * process). What fails is reported here; -errno is returned.
 */
#ifndef CG_ATTACH_INTERFACE_H
#define CG_ATTACH_INTERFACE_H

#include <linux/types.h>
#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>

enum cg_attach_mode { CG_ATTACH_AUTO, CG_ATTACH_NATIVE, CG_ATTACH_SKB };

struct cg_interface {
	__u32 ifindex; /* of when it was attached */
	bool alive; /* the link still sits on it */
	bool hidden; /* no right to look at the link: alive is taken for granted, the rest unknown */
	bool native;
	bool made_clsact;
	__u32 program_in; /* ids; 0: none */
	__u32 program_out;
	char name[IF_NAMESIZE]; /* now; where it is gone, as it was called */
	char pin[IF_NAMESIZE + 16]; /* IFINDEX_NAME: bpffs wants no dots in it, they are colons */
};

/* All of an instance, seen from this network namespace; the caller frees the array. */
int cg_interface_list(const char *instance, struct cg_interface **list, size_t *n);

/*
 * Returns CG_DONE if the caller is in the network namespace that the instance guards, or if the
 * instance guards no interface at present. Otherwise CG_FAILED, reported.
 */
int cg_interface_check_netns(const char *instance);

/* What its XDP program is: "native", "generic", "gone" or "hidden". Static. */
const char *cg_interface_state(const struct cg_interface *interface);

/*
 * *fresh: the XDP link was not there before. An interface that is attached already gets what it
 * lacks. On failure nothing is left behind that was not there before.
 */
int cg_interface_attach(const char *instance, const char *name, enum cg_attach_mode mode,
			int prog_in, int prog_out, bool *fresh);

/* Also of an interface that is gone: its pins are cleared. */
int cg_interface_detach(const char *instance, const struct cg_interface *interface);

/* Clears the pins of interfaces that are gone. */
int cg_interface_remove_gone(const char *instance);

/* Swaps both programs; old_in is what the link has now. On failure it has that again. */
int cg_interface_upgrade(const char *instance, const struct cg_interface *interface, int prog_in,
			 int prog_out, int old_in);

#endif
