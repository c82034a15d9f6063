/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Receives records over UDP and TCP, in the event loop. What a sender does costs a bounded time a
 * turn, and bounded memory: at most CG_HEP_CONNECTIONS_MAX connections, with one record each. A new
 * one replaces the one that has sent nothing for the longest time.
 */
#ifndef CG_HEP_HEP_LISTENER_H
#define CG_HEP_HEP_LISTENER_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <systemd/sd-event.h>

#define CG_HEP_CONNECTIONS_MAX 32
#define CG_HEP_PER_TURN 64 /* records of one socket */

struct cg_hep_listener;

/*
 * Gets each record. Returns false if its sender is not to be heard any more: its connection is
 * closed.
 */
typedef bool (*cg_hep_handler)(void *ctx, const __u8 sender[16], const void *record, size_t len);

/* address: of cg_endpoint_parse(); [::] accepts IPv4 as well. 0 or -errno. */
int cg_hep_listener_new(sd_event *loop, const char *address, cg_hep_handler handle, void *ctx,
			struct cg_hep_listener **listener);
void cg_hep_listener_free(struct cg_hep_listener *listener); /* NULL is ignored */

/* Returns the datagrams that the kernel has dropped, because its buffer was full. */
__u64 cg_hep_listener_lost(const struct cg_hep_listener *listener);

unsigned int cg_hep_listener_connections(const struct cg_hep_listener *listener);

#endif
