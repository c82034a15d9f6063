// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "maps/pins.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

const char *cg_instance_default_name(void)
{
	const char *name = getenv("CSEQGUARD_INSTANCE");

	return name && *name ? name : CG_INSTANCE_DEFAULT;
}

int cg_instance_check_name(const char *instance)
{
	static const char legal[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
	size_t len = strlen(instance);

	if (!len || len > CG_INSTANCE_MAX || strspn(instance, legal) != len)
		return -EINVAL;
	return 0;
}

const char *cg_pin_root(void)
{
	const char *root = getenv("CSEQGUARD_PIN_ROOT");

	return root && *root ? root : CG_PIN_ROOT;
}

int cg_pin_path(char *buf, size_t size, const char *instance, const char *name)
{
	char path[512];
	int len;

	if (cg_instance_check_name(instance))
		return -EINVAL;
	len = snprintf(path, sizeof(path), "%s/%s%s%s", cg_pin_root(), instance, name ? "/" : "",
		       name ? name : "");
	if (len < 0 || (size_t)len >= sizeof(path) || (size_t)len >= size)
		return -ENAMETOOLONG;
	memcpy(buf, path, len + 1);
	return 0;
}

/* flags: 0, or BPF_F_RDONLY, which no program and no link allows. */
static int open_pin(const char *instance, const char *name, __u32 flags)
{
	LIBBPF_OPTS(bpf_obj_get_opts, opts, .file_flags = flags);
	char path[512];
	int err, fd;

	err = cg_pin_path(path, sizeof(path), instance, name);
	if (err)
		return err;
	fd = bpf_obj_get_opts(path, &opts);
	return fd < 0 ? -errno : fd;
}

int cg_pin_open(const char *instance, const char *name)
{
	return open_pin(instance, name, 0);
}

static int open_map(const char *instance, const char *name, size_t key_size, size_t value_size,
		    __u32 flags)
{
	struct bpf_map_info info = {};
	__u32 size = sizeof(info);
	int err = 0, fd;

	fd = open_pin(instance, name, flags);
	if (fd < 0)
		return fd == -EINVAL ? -EPROTO : fd;
	if (bpf_obj_get_info_by_fd(fd, &info, &size))
		err = errno == EINVAL ? -EPROTO : -errno; /* EINVAL: the pin is a program or link */
	else if (info.key_size != key_size || info.value_size != value_size)
		err = -EPROTO;
	if (!err)
		return fd;
	close(fd);
	return err;
}

int cg_map_open(const char *instance, const char *name, size_t key_size, size_t value_size)
{
	return open_map(instance, name, key_size, value_size, BPF_F_RDONLY);
}

int cg_map_open_writable(const char *instance, const char *name, size_t key_size, size_t value_size)
{
	return open_map(instance, name, key_size, value_size, 0);
}

__u32 cg_map_get_id(int fd)
{
	struct bpf_map_info info = {};
	__u32 size = sizeof(info);

	return bpf_obj_get_info_by_fd(fd, &info, &size) ? 0 : info.id;
}

int cg_ring_read_size(const char *instance, const char *name, __u32 *bytes)
{
	int err = 0, fd = cg_map_open(instance, name, 0, 0);
	struct bpf_map_info info = {};
	__u32 size = sizeof(info);

	if (fd < 0)
		return fd;
	if (bpf_obj_get_info_by_fd(fd, &info, &size))
		err = -errno;
	else
		*bytes = info.max_entries;
	close(fd);
	return err;
}

int cg_config_read(int config_fd, struct cg_config *config)
{
	struct cg_config copy;
	__u32 zero = 0;

	if (bpf_map_lookup_elem(config_fd, &zero, &copy))
		return -errno;
	*config = copy;
	return 0;
}

static int open_config(const char *instance, struct cg_config *config, __u32 flags)
{
	struct cg_config copy;
	int err, fd;

	fd = open_map(instance, "config", sizeof(__u32), sizeof(copy), flags);
	if (fd < 0)
		return fd;
	err = cg_config_read(fd, &copy);
	if (!err && copy.layout != CG_LAYOUT)
		err = -EPROTO;
	if (err) {
		close(fd);
		return err;
	}
	*config = copy;
	return fd;
}

int cg_config_open(const char *instance, struct cg_config *config)
{
	return open_config(instance, config, BPF_F_RDONLY);
}

int cg_config_open_writable(const char *instance, struct cg_config *config)
{
	return open_config(instance, config, 0);
}

int cg_secret_read(const char *instance, struct cg_secret *secret)
{
	struct cg_secret copy;
	__u32 zero = 0;
	int err = 0, fd = cg_map_open(instance, "secret", sizeof(zero), sizeof(copy));

	if (fd < 0)
		return fd;
	if (bpf_map_lookup_elem(fd, &zero, &copy))
		err = -errno;
	else
		*secret = copy;
	close(fd);
	return err;
}

int cg_config_update(int config_fd, cg_config_change change, void *ctx, struct cg_config *config)
{
	struct cg_config copy;
	__u32 zero = 0;
	int err;

	err = cg_config_read(config_fd, &copy);
	if (err)
		return err;
	err = change(ctx, &copy);
	if (err)
		return err;
	if (bpf_map_update_elem(config_fd, &zero, &copy, BPF_EXIST))
		return -errno;
	if (config)
		*config = copy;
	return 0;
}
