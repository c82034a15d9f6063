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

#define CHECK_DIR "check" /* in the runtime directory */

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

static bool is_of_check(const char *suffix)
{
	return !strncmp(suffix, CG_RUNTIME_CHECK, strlen(CG_RUNTIME_CHECK));
}

int cg_runtime_path(char *buf, size_t size, const char *instance, const char *suffix)
{
	char path[512];
	int len;

	if (cg_instance_check_name(instance))
		return -EINVAL;
	len = snprintf(path, sizeof(path), "%s/%s%s.%s", runtime_dir(),
		       is_of_check(suffix) ? CHECK_DIR "/" : "", instance, suffix);
	if (len < 0 || (size_t)len >= sizeof(path) || (size_t)len >= size)
		return -ENAMETOOLONG;
	memcpy(buf, path, len + 1);
	return 0;
}

/* Gives a directory that root has made to the daemon's user; its group may read. 0 or -errno. */
static int share_runtime_dir(void)
{
	const struct group *group = getgrnam("cseqguard");
	const struct passwd *user = getpwnam("cseqguard");
	struct stat st;

	if (geteuid() || !group || stat(runtime_dir(), &st) || st.st_uid)
		return 0;
	if (chmod(runtime_dir(), 0750) ||
	    chown(runtime_dir(), user ? user->pw_uid : 0, group->gr_gid))
		return -errno;
	return 0;
}

/* Each member of the group may write there, and replace nobody else's file. */
static int make_check_dir(void)
{
	char path[512];
	int err;

	snprintf(path, sizeof(path), "%s/" CHECK_DIR, runtime_dir());
	if (mkdir(path, 0750))
		return errno == EEXIST ? 0 : -errno;
	err = chmod(path, 01770) ? -errno : 0;
	return err ? err : cg_give_to_dir_owner(path);
}

int cg_runtime_mkdir(void)
{
	int err = mkdir(runtime_dir(), 0750) && errno != EEXIST ? -errno : share_runtime_dir();

	return err ? err : make_check_dir();
}

int cg_runtime_lock_rings(const char *instance)
{
	char path[512];
	int err, fd;

	err = cg_runtime_mkdir();
	if (!err)
		err = cg_runtime_path(path, sizeof(path), instance, "lock");
	if (err)
		return err;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	err = cg_give_to_dir_owner(path);
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
	if (is_of_check(suffix))
		make_check_dir(); /* root may check before any daemon has run */
	/* O_NONBLOCK: a member of the group could put a FIFO in place of root's note of a check */
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0640);
	if (fd < 0)
		return -errno;
	written = write(fd, note, sizeof(note)); /* replaces the old note with one write() */
	if (written != sizeof(note))
		err = written < 0 ? -errno : -ENOSPC;
	close(fd);
	return err || is_of_check(suffix) ? err : cg_give_to_dir_owner(path);
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
