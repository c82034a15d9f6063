// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#define _GNU_SOURCE
#include "netns.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

int cg_netns_enter(const char *name)
{
	char path[512];
	int err, fd, len;

	len = snprintf(path, sizeof(path), "%s%s", strchr(name, '/') ? "" : "/run/netns/", name);
	if (len < 0 || (size_t)len >= sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = setns(fd, CLONE_NEWNET) ? -errno : 0;
	close(fd);
	return err;
}

int cg_netns_cookie(__u64 *cookie)
{
	socklen_t size = sizeof(*cookie);
	int err = 0, fd;
	__u64 value;

	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &value, &size))
		err = -errno;
	close(fd);
	if (!err)
		*cookie = value;
	return err;
}

int cg_mounts_are_private(void)
{
	struct stat here, first;

	return !stat("/proc/self/ns/mnt", &here) && !stat("/proc/1/ns/mnt", &first) &&
	       (here.st_ino != first.st_ino || here.st_dev != first.st_dev);
}
