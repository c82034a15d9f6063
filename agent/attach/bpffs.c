// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "attach/bpffs.h"

#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <linux/magic.h>
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

#define PATH_SIZE 512
#define MOUNT "/sys/fs/bpf"

static int failed(const char *what, const char *object)
{
	int err = -errno;

	if (err == -EPERM || err == -EACCES)
		cg_fail("%s: no permission to %s it; run as root", object, what);
	else
		cg_fail("%s: cannot %s it: %s", object, what, strerror(-err));
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

/* Our group shares; others see nothing. */
static int share(const char *path, mode_t alone, mode_t shared)
{
	struct group *group = getgrnam("cseqguard");

	if (group && chown(path, -1, group->gr_gid))
		return -errno;
	return chmod(path, group ? shared : alone) ? -errno : 0;
}

static int make_folder(const char *path)
{
	if (mkdir(path, 0700))
		return -errno;
	return share(path, 0700, 0750);
}

int cg_bpffs_prepare(void)
{
	const char *root = cg_pin_root();
	struct stat st;
	int err;

	if (!strcmp(root, CG_PIN_ROOT) && !is_bpffs(MOUNT)) {
		if (cg_mounts_are_private()) {
			cg_fail(MOUNT
				": no bpffs in this mount namespace, and pins made here would "
				"be lost with it (`ip netns exec` makes one such); run "
				"outside of it, with: cseqguard -n NETNS");
			return -EXDEV;
		}
		if (mount("bpf", MOUNT, "bpf", 0, "mode=0711"))
			return failed("mount a bpffs on", MOUNT);
	}
	err = make_folder(root);
	if (!err)
		return 0;
	if (err == -EEXIST && (!is_bpffs(root) || stat(root, &st) || st.st_uid != 0)) {
		cg_fail("%s: not a folder of root's in a bpffs; remove it", root);
		return -EPERM;
	}
	if (err == -EEXIST) /* the group may be younger than the folder */
		err = share(root, 0700, 0750);
	if (err) {
		errno = -err;
		return failed("make", root);
	}
	return 0;
}

int cg_bpffs_lock(void)
{
	int fd = cg_pins_lock();

	if (fd < 0 && fd != -ENOENT) {
		errno = -fd;
		return failed("lock", cg_pin_root());
	}
	return fd;
}

int cg_bpffs_make_dir(const char *instance)
{
	char path[PATH_SIZE];
	int err;

	err = cg_pin_path(path, sizeof(path), instance, NULL);
	if (!err)
		err = make_folder(path);
	if (err && err != -EEXIST) {
		errno = -err;
		return failed("make", path);
	}
	return err;
}

int cg_bpffs_share(const char *instance, const char *name)
{
	char path[PATH_SIZE];
	int err;

	err = cg_pin_path(path, sizeof(path), instance, name);
	if (!err)
		err = name ? share(path, 0600, 0660) : share(path, 0700, 0750);
	if (err) {
		errno = -err;
		failed("share", path);
	}
	return err;
}

int cg_bpffs_pin(int fd, const char *instance, const char *name, enum cg_pin_mode mode)
{
	char path[PATH_SIZE];
	int err;

	err = cg_pin_path(path, sizeof(path), instance, name);
	if (!err && bpf_obj_pin(fd, path))
		err = -errno;
	if (!err)
		err = share(path, 0600, mode == CG_PIN_GROUP ? 0660 : 0600);
	if (err) {
		errno = -err;
		failed("pin", path);
	}
	return err;
}

int cg_bpffs_repin(int fd, const char *instance, const char *name)
{
	char from[PATH_SIZE], to[PATH_SIZE], fresh[64];
	int err;

	snprintf(fresh, sizeof(fresh), "%s_new", name);
	err = cg_bpffs_unpin(instance, fresh);
	if (!err)
		err = cg_bpffs_pin(fd, instance, fresh, CG_PIN_ROOT_ONLY);
	if (err)
		return err;
	err = cg_pin_path(from, sizeof(from), instance, fresh);
	if (!err)
		err = cg_pin_path(to, sizeof(to), instance, name);
	if (!err && rename(from, to))
		return failed("replace", to);
	return err;
}

int cg_bpffs_unpin(const char *instance, const char *name)
{
	char path[PATH_SIZE];
	int err;

	err = cg_pin_path(path, sizeof(path), instance, name);
	if (!err && unlink(path) && errno != ENOENT)
		err = failed("unlink", path);
	return err;
}

bool cg_bpffs_has_pin(const char *instance, const char *name)
{
	char path[PATH_SIZE];

	return !cg_pin_path(path, sizeof(path), instance, name) && !access(path, F_OK);
}

static int by_name(const void *a, const void *b)
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
		return failed("read", path);
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
		qsort(list, count, sizeof(*list), by_name);
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
	char path[PATH_SIZE], **names;
	int err, rest = 0;
	size_t n;

	err = cg_bpffs_list_pins(instance, "", &names, &n);
	if (err)
		return err;
	for (size_t i = 0; i < n; i++) {
		err = cg_bpffs_unpin(instance, names[i]);
		rest = rest ? rest : err;
	}
	cg_bpffs_free_pins(names, n);
	err = cg_pin_path(path, sizeof(path), instance, NULL);
	if (!err && !rest && rmdir(path) && errno != ENOENT)
		return failed("remove", path);
	rmdir(cg_pin_root()); /* stays while another instance is there */
	return err ? err : rest;
}
