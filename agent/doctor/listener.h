/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Listening TCP sockets of this network namespace, and options of them that netlink does not show.
 */
#ifndef CG_DOCTOR_LISTENER_H
#define CG_DOCTOR_LISTENER_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

struct cg_listener {
	__u16 port;
	char process[16];
	int pid;
	bool defers_accept; /* TCP_DEFER_ACCEPT */
	bool mptcp;
};

/*
 * Lists the sockets on these ports that a process has open, each once. Returns how many: at most
 * `max`, 0 without the right to look into processes, which takes root.
 */
size_t cg_listeners_find(const __u16 *ports, size_t n_ports, struct cg_listener *list, size_t max);

#endif
