// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#define _GNU_SOURCE
#include "util/netns.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
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

int cg_netns_get_cookie(__u64 *cookie)
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

int cg_netns_find_name(__u64 cookie, char *name, size_t size)
{
	struct dirent *entry;
	int original, err = -ENOENT;
	__u64 there;
	DIR *dir;

	dir = opendir("/run/netns");
	if (!dir)
		return -errno;
	original = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	if (original < 0)
		err = -errno;
	while (original >= 0 && err == -ENOENT && (entry = readdir(dir))) {
		if (*entry->d_name == '.' || strlen(entry->d_name) >= size ||
		    cg_netns_enter(entry->d_name))
			continue;
		if (cg_netns_get_cookie(&there) || there != cookie)
			continue;
		strcpy(name, entry->d_name);
		err = 0;
	}
	closedir(dir);
	if (original >= 0) {
		if (setns(original, CLONE_NEWNET))
			err = -errno;
		close(original);
	}
	return err;
}

/* `ip netns exec NAME` mounts a new sysfs on /sys and uses NAME as the source of the mount. */
static bool sysfs_is_from_ip_netns(void)
{
	FILE *mounts = setmntent("/proc/self/mounts", "r");
	struct mntent *entry;
	char path[300] = "";

	while (mounts && (entry = getmntent(mounts)))
		if (!strcmp(entry->mnt_dir, "/sys") && strlen(entry->mnt_fsname) < 256)
			snprintf(path, sizeof(path), "/run/netns/%.255s", entry->mnt_fsname);
	if (mounts)
		endmntent(mounts);
	return *path && !access(path, F_OK);
}

bool cg_mounts_are_private(void)
{
	struct stat here, first;

	if (!stat("/proc/self/ns/mnt", &here) && !stat("/proc/1/ns/mnt", &first))
		return here.st_ino != first.st_ino || here.st_dev != first.st_dev;
	return sysfs_is_from_ip_netns(); /* a container may not be allowed to stat /proc/1 */
}
