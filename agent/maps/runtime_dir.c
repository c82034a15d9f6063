// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "maps/runtime_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "maps/pins.h"
#include "util/text.h"

static const char *runtime_dir(void)
{
	const char *dir = getenv("CSEQGUARD_RUN_DIR");

	return dir && *dir ? dir : "/run/cseqguard";
}

const char *cg_state_dir(void)
{
	const char *dir = getenv("CSEQGUARD_STATE_DIR");

	return dir && *dir ? dir : "/var/lib/cseqguard";
}

bool cg_state_dir_has(const char *path)
{
	size_t len = strlen(cg_state_dir());

	return !strncmp(path, cg_state_dir(), len) && path[len] == '/';
}

int cg_give_to_dir_owner(const char *path)
{
	struct stat st;
	char dir[512];

	snprintf(dir, sizeof(dir), "%s", path);
	if (strrchr(dir, '/'))
		*strrchr(dir, '/') = '\0';
	if (geteuid() || stat(dir, &st))
		return 0;
	return lchown(path, st.st_uid, st.st_gid) && errno != ENOENT ? -errno : 0;
}

int cg_state_mkdir(void)
{
	struct passwd *user;

	if (mkdir(cg_state_dir(), 0750))
		return errno == EEXIST ? 0 : -errno;
	user = geteuid() ? NULL : getpwnam("cseqguard");
	if (user && chown(cg_state_dir(), user->pw_uid, user->pw_gid))
		return -errno;
	return 0;
}

int cg_runtime_path(char *buf, size_t size, const char *instance, const char *suffix)
{
	char path[512];
	int len;

	if (cg_instance_check_name(instance))
		return -EINVAL;
	len = snprintf(path, sizeof(path), "%s/%s.%s", runtime_dir(), instance, suffix);
	if (len < 0 || (size_t)len >= sizeof(path) || (size_t)len >= size)
		return -ENAMETOOLONG;
	memcpy(buf, path, len + 1);
	return 0;
}

int cg_runtime_mkdir(void)
{
	struct group *group = getgrnam("cseqguard");

	if (mkdir(runtime_dir(), 0750))
		return errno == EEXIST ? 0 : -errno;
	if (group && (chown(runtime_dir(), -1, group->gr_gid) || chmod(runtime_dir(), 0770)))
		return -errno;
	return 0;
}

int cg_runtime_lock_rings(const char *instance)
{
	struct group *group = getgrnam("cseqguard");
	char path[512];
	int err, fd;

	err = cg_runtime_mkdir();
	if (!err)
		err = cg_runtime_path(path, sizeof(path), instance, "lock");
	if (err)
		return err;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0660);
	if (fd < 0)
		return -errno;
	if (group && (fchown(fd, -1, group->gr_gid) || fchmod(fd, 0660)) && errno != EPERM)
		err = -errno;
	if (!err && flock(fd, LOCK_EX | LOCK_NB))
		err = -errno;
	if (err) {
		close(fd);
		return err;
	}
	return fd;
}

int cg_runtime_connect(const char *instance)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int err, fd;

	err = cg_runtime_path(address.sun_path, sizeof(address.sun_path), instance, "sock");
	if (err)
		return err;
	/* Non-blocking, so that a hung daemon with a full backlog does not block the caller. */
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (!connect(fd, (struct sockaddr *)&address, sizeof(address)) && !fcntl(fd, F_SETFL, 0))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

int cg_runtime_note_write(const char *instance, const char *suffix, const char *text)
{
	char path[512], note[CG_RUNTIME_NOTE_MAX] = "";
	ssize_t written;
	int err, fd;

	err = cg_runtime_path(path, sizeof(path), instance, suffix);
	if (err)
		return err;
	snprintf(note, sizeof(note), "%s", text);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0660);
	if (fd < 0)
		return -errno;
	written = write(fd, note, sizeof(note)); /* replaces the old note with one write() */
	if (written != sizeof(note))
		err = written < 0 ? -errno : -ENOSPC;
	close(fd);
	return err;
}

int cg_runtime_note_read(const char *instance, const char *suffix, char text[CG_RUNTIME_NOTE_MAX])
{
	char path[512], raw[CG_RUNTIME_NOTE_MAX] = "";
	int err, fd;

	err = cg_runtime_path(path, sizeof(path), instance, suffix);
	if (err)
		return err;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	if (read(fd, raw, sizeof(raw) - 1) < 0)
		err = -errno;
	close(fd);
	if (!err)
		cg_text_escape(text, CG_RUNTIME_NOTE_MAX, raw, sizeof(raw));
	return err;
}

void cg_runtime_note_remove(const char *instance, const char *suffix)
{
	char path[512];

	if (!cg_runtime_path(path, sizeof(path), instance, suffix))
		unlink(path);
}
