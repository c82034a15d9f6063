/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The open connections of the HTTP listener: their age, their number by address, and which one has
 * to go.
 */
#ifndef CG_HTTP_CONNECTIONS_H
#define CG_HTTP_CONNECTIONS_H

#include <linux/types.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdbool.h>

#define CG_CONNECTIONS_MAX 32

struct cg_connections {
	struct cg_connection {
		int fd; /* owned by libmicrohttpd; -1: the slot is free */
		bool closing; /* shut down; libmicrohttpd closes it in its next turn */
		struct in6_addr address; /* of the client */
		__u64 since; /* CLOCK_BOOTTIME, ns: connect, or end of the last response */
	} slots[CG_CONNECTIONS_MAX];
};

void cg_connections_init(struct cg_connections *table);

/* Closes the connections that have not sent a whole request for 15 s. */
void cg_connections_close_slow(struct cg_connections *table);

/*
 * For MHD_OPTION_NOTIFY_CONNECTION and MHD_OPTION_NOTIFY_COMPLETED. table: struct cg_connections.
 */
void cg_connections_changed(void *table, struct MHD_Connection *connection, void **of_connection,
			    enum MHD_ConnectionNotificationCode code);
void cg_connections_request_completed(void *table, struct MHD_Connection *connection,
				      void **of_request, enum MHD_RequestTerminationCode code);

#endif
