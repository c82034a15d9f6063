// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "daemon/manager.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define TEXT_MAX 512
#define KEPT_MAX 8 /* four reloads */

static char kept[KEPT_MAX][TEXT_MAX]; /* changes that the manager has not read, the oldest first */
static unsigned int n_kept;

/* Reads NOTIFY_SOCKET: a path, or with '@' an abstract name. Returns its length; 0: there is none. */
static socklen_t get_address(struct sockaddr_un *address)
{
	const char *name = getenv("NOTIFY_SOCKET");
	size_t len = name ? strlen(name) : 0;

	if (!len || !strchr("/@", *name) || len >= sizeof(address->sun_path))
		return 0;
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(address->sun_path, name, len);
	if (*name == '@')
		*address->sun_path = '\0';
	return offsetof(struct sockaddr_un, sun_path) + len;
}

/* False: the manager has no room, try again. Other errors are not reported, as sd_notify() users do. */
static bool send_text(const char *text)
{
	struct sockaddr_un address;
	socklen_t size = get_address(&address);
	bool sent = true;
	int fd;

	if (!size)
		return true;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return true;
	if (sendto(fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *)&address,
		   size) < 0)
		sent = errno != EAGAIN && errno != ENOBUFS;
	close(fd);
	return sent;
}

static void send_kept(void)
{
	unsigned int sent = 0;

	while (sent < n_kept && send_text(kept[sent]))
		sent++;
	n_kept -= sent;
	memmove(kept[0], kept[sent], n_kept * sizeof(*kept));
}

/* Without room for one more, the oldest change and its successor go: a reload begins and ends. */
static void keep(const char *text)
{
	if (n_kept == KEPT_MAX) {
		n_kept -= 2;
		memmove(kept[0], kept[2], n_kept * sizeof(*kept));
	}
	snprintf(kept[n_kept++], sizeof(*kept), "%s", text);
}

/* keeps: what cannot be sent now is sent later. */
static void notify(bool keeps, const char *format, va_list args)
{
	char text[TEXT_MAX];

	vsnprintf(text, sizeof(text), format, args);
	send_kept();
	if ((n_kept || !send_text(text)) && keeps)
		keep(text);
}

void cg_manager_notify(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	notify(true, format, args);
	va_end(args);
}

void cg_manager_beat(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	notify(false, format, args);
	va_end(args);
}
