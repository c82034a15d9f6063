// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "attach/bpffs.h"

#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <linux/magic.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "maps/pins.h"
#include "util/cli_output.h"
#include "util/netns.h"
#include "util/progress.h"

#define PATH_SIZE 512
#define MOUNT "/sys/fs/bpf"
#define LOCK_SHOW_MS 500
#define LOCK_WAIT_MS                                                                               \
	60000 /* an attach holds it while the verifier runs; detach -a as calls close */

/* Reports "PATH: cannot ACTION: CAUSE" for an -errno, which it returns. */
static int report_error(const char *path, const char *action, int err)
{
	if (err == -EPERM || err == -EACCES)
		cg_fail("%s: cannot %s: no permission; run as root", path, action);
	else
		cg_fail("%s: cannot %s: %s", path, action, strerror(-err));
	return err;
}

static bool is_bpffs(const char *path)
{
	struct statfs fs;

	return !statfs(path, &fs) && fs.f_type == BPF_FS_MAGIC;
}

bool cg_bpffs_is_hidden(void)
{
	return !strcmp(cg_pin_root(), CG_PIN_ROOT) && !is_bpffs(MOUNT) && cg_mounts_are_private();
}

/* Changes the mode first: without CAP_FOWNER root may do that to its own files only. */
static int set_access(const char *path, uid_t user, gid_t group, mode_t mode)
{
	struct stat st;

	if (stat(path, &st))
		return -errno;
	if ((st.st_mode & 0777) != mode && chmod(path, mode))
		return -errno;
	if ((st.st_uid != user || st.st_gid != group) && chown(path, user, group))
		return -errno;
	return 0;
}

/* Members of the group may list a directory; root alone pins and removes. */
static int share_dir(const char *path)
{
	const struct group *group = getgrnam("cseqguard");

	return set_access(path, 0, group ? group->gr_gid : 0, group ? 0750 : 0700);
}

/* Anyone who knows the key of the hashes can choose Call-IDs that collide. */
static bool map_is_secret(const char *name)
{
	return !strcmp(name, "secret");
}

static int share_map(const char *path, const char *name)
{
	const struct passwd *user = getpwnam("cseqguard");
	const struct group *group = getgrnam("cseqguard");

	return set_access(path, user && group ? user->pw_uid : 0, group ? group->gr_gid : 0,
			  group && !map_is_secret(name) ? 0640 : 0600);
}

static int give_to_daemon(const char *path)
{
	const struct passwd *user = getpwnam("cseqguard");

	return set_access(path, user ? user->pw_uid : 0, 0, 0600);
}

static int set_pin_access(const char *path, const char *name, enum cg_pin_mode mode)
{
	switch (mode) {
	case CG_PIN_MAP:
		return share_map(path, name);
	case CG_PIN_DAEMON:
		return give_to_daemon(path);
	case CG_PIN_ROOT_ONLY:
		break;
	}
	return set_access(path, 0, 0, 0600);
}

static int make_dir(const char *path)
{
	if (mkdir(path, 0700))
		return -errno;
	return share_dir(path);
}

int cg_bpffs_prepare(void)
{
	const char *root = cg_pin_root();
	struct stat st;
	int err;

	if (!strcmp(root, CG_PIN_ROOT) && !is_bpffs(MOUNT)) {
		if (cg_mounts_are_private()) {
			cg_fail(MOUNT ": cannot mount a bpffs: this mount namespace is private "
				      "(`ip netns exec` creates such a one), and its pins would be "
				      "lost with it; run outside of it: cseqguard -n NETNS");
			return -EXDEV;
		}
		if (mount("bpf", MOUNT, "bpf", 0, "mode=0711"))
			return report_error(MOUNT, "mount a bpffs", -errno);
	}
	err = make_dir(root);
	if (err == -EEXIST && (!is_bpffs(root) || stat(root, &st) || st.st_uid != 0)) {
		cg_fail("%s: cannot use it: it is no directory of root in a bpffs; remove it",
			root);
		return -EPERM;
	}
	if (err == -EEXIST) /* the group may have been created after the directory */
		err = share_dir(root);
	if (!err)
		err = cg_pins_make_lock();
	return err ? report_error(root, "create", err) : 0;
}

int cg_bpffs_lock(void)
{
	int fd = cg_pins_lock(LOCK_SHOW_MS);
	char holder[CG_LOCK_HOLDER];

	if (fd == -EWOULDBLOCK) {
		cg_pins_lock_holder(holder);
		cg_progress_show("waiting for the lock, held by %s", holder);
		fd = cg_pins_lock(LOCK_WAIT_MS);
		cg_progress_end();
	}
	if (fd >= 0 || fd == -ENOENT)
		return fd;
	if (fd != -EWOULDBLOCK)
		return report_error(cg_pin_root(), "lock", fd);
	cg_pins_lock_holder(holder);
	cg_fail("%s: cannot lock: %s has held the lock for more than %d s; wait for its end, or "
		"end it",
		cg_pin_root(), holder, LOCK_WAIT_MS / 1000);
	return fd;
}

int cg_bpffs_make_dir(const char *instance)
{
	char path[PATH_SIZE];
	int err;

	err = cg_pin_path(path, sizeof(path), instance, NULL);
	if (!err)
		err = make_dir(path);
	return err && err != -EEXIST ? report_error(path, "create", err) : err;
}

int cg_bpffs_share_dir(const char *instance)
{
	char path[PATH_SIZE];
	int err = cg_pin_path(path, sizeof(path), instance, NULL);

	if (!err)
		err = share_dir(path);
	return err ? report_error(path, "set its permissions", err) : 0;
}

int cg_bpffs_share(const char *instance, const char *name, enum cg_pin_mode mode)
{
	char path[PATH_SIZE];
	int err;

	err = cg_pin_path(path, sizeof(path), instance, name);
	if (!err)
		err = set_pin_access(path, name, mode);
	return err ? report_error(path, "set its permissions", err) : 0;
}

int cg_bpffs_pin(int fd, const char *instance, const char *name, enum cg_pin_mode mode)
{
	char path[PATH_SIZE];
	int err;

	err = cg_pin_path(path, sizeof(path), instance, name);
	if (!err && bpf_obj_pin(fd, path))
		err = -errno;
	if (!err)
		err = set_pin_access(path, name, mode);
	return err ? report_error(path, "pin", err) : 0;
}

int cg_bpffs_repin(int fd, const char *instance, const char *name, enum cg_pin_mode mode)
{
	char from[PATH_SIZE], to[PATH_SIZE], temporary[64];
	int err;

	snprintf(temporary, sizeof(temporary), "%s_new", name);
	err = cg_bpffs_unpin(instance, temporary);
	if (!err)
		err = cg_bpffs_pin(fd, instance, temporary, mode);
	if (err)
		return err;
	err = cg_pin_path(from, sizeof(from), instance, temporary);
	if (!err)
		err = cg_pin_path(to, sizeof(to), instance, name);
	if (!err && rename(from, to))
		return report_error(to, "replace", -errno);
	return err;
}

int cg_bpffs_unpin(const char *instance, const char *name)
{
	char path[PATH_SIZE];
	int err;

	err = cg_pin_path(path, sizeof(path), instance, name);
	if (!err && unlink(path) && errno != ENOENT)
		err = report_error(path, "remove", -errno);
	return err;
}

bool cg_bpffs_has_pin(const char *instance, const char *name)
{
	char path[PATH_SIZE];

	return !cg_pin_path(path, sizeof(path), instance, name) && !access(path, F_OK);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int cg_bpffs_list_pins(const char *instance, const char *prefix, char ***names, size_t *n)
{
	char path[PATH_SIZE], **list = NULL, **grown;
	struct dirent *entry;
	size_t count = 0;
	DIR *dir;
	int err;

	err = cg_pin_path(path, sizeof(path), instance, NULL);
	if (err)
		return err;
	dir = opendir(path);
	if (!dir && errno != ENOENT)
		return report_error(path, "read", -errno);
	while (dir && !err && (entry = readdir(dir))) {
		if (*entry->d_name == '.' || strncmp(entry->d_name, prefix, strlen(prefix)))
			continue;
		grown = reallocarray(list, count + 1, sizeof(*list));
		if (grown)
			list = grown;
		if (grown && (list[count] = strdup(entry->d_name)))
			count++;
		else
			err = -ENOMEM;
	}
	if (dir)
		closedir(dir);
	if (err) {
		cg_bpffs_free_pins(list, count);
		return err;
	}
	if (count)
		qsort(list, count, sizeof(*list), compare_names);
	*names = list;
	*n = count;
	return 0;
}

void cg_bpffs_free_pins(char **names, size_t n)
{
	while (n--)
		free(names[n]);
	free(names);
}

int cg_bpffs_remove_instance(const char *instance)
{
	int err, unpin_err = 0;
	char path[PATH_SIZE], **names;
	size_t n;

	err = cg_bpffs_list_pins(instance, "", &names, &n);
	if (err)
		return err;
	for (size_t i = 0; i < n; i++) {
		err = cg_bpffs_unpin(instance, names[i]);
		if (!unpin_err)
			unpin_err = err;
	}
	cg_bpffs_free_pins(names, n);
	err = cg_pin_path(path, sizeof(path), instance, NULL);
	if (!err && !unpin_err && rmdir(path) && errno != ENOENT)
		return report_error(path, "remove", -errno);
	cg_pins_remove_root();
	return err ? err : unpin_err;
}
