// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "http/connections.h"

#include <string.h>
#include <sys/socket.h>

#include "util/clock.h"

#define CONNECTIONS_PER_ADDRESS 16 /* a browser opens six */
#define REQUEST_NS (15 * CG_SECOND) /* from the connect or the last response to the next one */

void cg_connections_init(struct cg_connections *table)
{
	for (int i = 0; i < CG_CONNECTIONS_MAX; i++)
		table->slots[i].fd = -1;
}

/* Returns the client's address, an IPv4 one as mapped. */
static struct in6_addr get_address(struct MHD_Connection *connection)
{
	const struct sockaddr *client =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS)
			->client_addr;
	struct in6_addr address = { .s6_addr = { [10] = 0xff, 0xff } };

	if (client->sa_family == AF_INET6)
		return ((const struct sockaddr_in6 *)client)->sin6_addr;
	memcpy(address.s6_addr + 12, &((const struct sockaddr_in *)client)->sin_addr, 4);
	return address;
}

static unsigned int count_of_address(const struct cg_connections *table,
				     const struct in6_addr *address)
{
	unsigned int n = 0;

	for (int i = 0; i < CG_CONNECTIONS_MAX; i++)
		n += table->slots[i].fd >= 0 && !table->slots[i].closing &&
		     IN6_ARE_ADDR_EQUAL(&table->slots[i].address, address);
	return n;
}

static void close_connection(struct cg_connection *slot)
{
	slot->closing = true;
	shutdown(slot->fd, SHUT_RDWR);
}

/*
 * Clients that connect and stay silent must not shut others out, not even others of their own
 * address: all local clients have the same. A new connection therefore replaces the one that has
 * asked for nothing for the longest time, of its own address or, if all slots are taken, of the
 * address with most of them.
 */
static void make_room(struct cg_connections *table, const struct cg_connection *fresh)
{
	struct cg_connection *idle = NULL;
	unsigned int most = count_of_address(table, &fresh->address), open = 0;

	for (int i = 0; i < CG_CONNECTIONS_MAX; i++)
		open += table->slots[i].fd >= 0;
	if (most <= CONNECTIONS_PER_ADDRESS && open < CG_CONNECTIONS_MAX)
		return;
	for (int i = 0; i < CG_CONNECTIONS_MAX && most <= CONNECTIONS_PER_ADDRESS; i++) {
		unsigned int n = count_of_address(table, &table->slots[i].address);

		most = table->slots[i].fd >= 0 && n > most ? n : most;
	}
	for (int i = 0; i < CG_CONNECTIONS_MAX; i++) {
		struct cg_connection *slot = &table->slots[i];

		if (slot->fd >= 0 && !slot->closing && slot != fresh &&
		    count_of_address(table, &slot->address) == most &&
		    (!idle || slot->since < idle->since))
			idle = slot;
	}
	if (idle)
		close_connection(idle);
}

/* Records the age of a connection: a client that sends a byte now and then is never idle. */
void cg_connections_changed(void *ctx, struct MHD_Connection *connection, void **of_connection,
			    enum MHD_ConnectionNotificationCode code)
{
	struct cg_connections *table = ctx;
	struct cg_connection *slot = *of_connection;

	if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
		if (slot)
			slot->fd = -1;
		return;
	}
	for (slot = table->slots; slot->fd >= 0; slot++)
		if (slot == &table->slots[CG_CONNECTIONS_MAX - 1])
			return;
	slot->fd =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
	slot->since = cg_boottime();
	slot->closing = false;
	slot->address = get_address(connection);
	*of_connection = slot;
	make_room(table, slot);
}

void cg_connections_request_completed(void *ctx, struct MHD_Connection *connection,
				      void **of_request, enum MHD_RequestTerminationCode code)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct cg_connection *slot = info ? info->socket_context : NULL;

	(void)ctx, (void)of_request, (void)code;
	if (slot)
		slot->since = cg_boottime();
}

void cg_connections_close_slow(struct cg_connections *table)
{
	__u64 now = cg_boottime();

	for (int i = 0; i < CG_CONNECTIONS_MAX; i++)
		if (table->slots[i].fd >= 0 && now - table->slots[i].since > REQUEST_NS)
			close_connection(&table->slots[i]);
}
