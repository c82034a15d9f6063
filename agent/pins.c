// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "pins.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *cg_instance_default(void)
{
	const char *name = getenv("CSEQGUARD_INSTANCE");

	return name && *name ? name : "default";
}

int cg_instance_check(const char *instance)
{
	static const char legal[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	size_t len = strlen(instance);

	if (!len || len > CG_INSTANCE_MAX || *instance == '.' || strspn(instance, legal) != len)
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

	if (cg_instance_check(instance))
		return -EINVAL;
	len = snprintf(path, sizeof(path), "%s/%s%s%s", cg_pin_root(), instance, name ? "/" : "",
		       name ? name : "");
	if (len < 0 || (size_t)len >= sizeof(path) || (size_t)len >= size)
		return -ENAMETOOLONG;
	memcpy(buf, path, len + 1);
	return 0;
}

int cg_map_open(const char *instance, const char *name)
{
	char path[512];
	int err, fd;

	err = cg_pin_path(path, sizeof(path), instance, name);
	if (err)
		return err;
	fd = bpf_obj_get(path);
	return fd < 0 ? -errno : fd;
}

int cg_config_open(const char *instance, struct cg_config *config)
{
	struct bpf_map_info info = {};
	struct cg_config copy = {};
	__u32 size = sizeof(info), zero = 0;
	int err, fd;

	fd = cg_map_open(instance, "config");
	if (fd < 0)
		return fd;
	err = bpf_obj_get_info_by_fd(fd, &info, &size) ? -errno : 0;
	if (err == -EINVAL)
		err = -EPROTO; /* a program or link sits under that name */
	if (err)
		goto out;
	/* The kernel would write as many bytes as that map's values have. */
	err = -EPROTO;
	if (info.type != BPF_MAP_TYPE_ARRAY || info.value_size != sizeof(copy))
		goto out;
	err = bpf_map_lookup_elem(fd, &zero, &copy) ? -errno : 0;
	if (!err && copy.layout != CG_LAYOUT)
		err = -EPROTO;
out:
	if (err) {
		close(fd);
		return err;
	}
	*config = copy;
	return fd;
}
