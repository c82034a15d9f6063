// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#define _GNU_SOURCE
#include "util/ifname.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "util/netns.h"

int cg_ifname_open(const char *netns)
{
	int original = -1, fd = -1, err = 0;

	if (netns) {
		original = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
		err = original < 0 ? -errno : cg_netns_enter(netns);
	}
	if (!err) {
		fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		err = fd < 0 ? -errno : 0;
	}
	if (original >= 0) {
		if (setns(original, CLONE_NEWNET) && !err)
			err = -errno;
		close(original);
	}
	if (err && fd >= 0)
		close(fd);
	return err ? err : fd;
}

void cg_ifname_get(int socket, unsigned int ifindex, char name[IF_NAMESIZE])
{
	struct ifreq request = { .ifr_ifindex = ifindex };

	name[0] = '\0';
	if (ifindex && !ioctl(socket, SIOCGIFNAME, &request)) {
		memcpy(name, request.ifr_name, IF_NAMESIZE - 1);
		name[IF_NAMESIZE - 1] = '\0';
	}
}
