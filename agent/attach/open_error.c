// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "attach/open_error.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "attach/bpffs.h"
#include "cseqguard.h"
#include "maps/pins.h"
#include "util/cli_output.h"

static int fail_permission(const char *instance)
{
	struct cg_config config;
	int fd;

	if (access(cg_pin_root(), F_OK) && errno == EACCES)
		return cg_fail("instance %s: cannot open its maps: no permission to enter %s: "
			       "systemd mounts bpffs for root only; run as root, or let the "
			       "members of group cseqguard pass: chmod 711 /sys/fs/bpf",
			       instance, cg_pin_root());
	fd = cg_config_open(instance, &config);
	if (fd < 0)
		return cg_fail("instance %s: cannot open its maps: no permission; run as root, or "
			       "as a member of group cseqguard",
			       instance);
	close(fd);
	return cg_fail("instance %s: cannot open its maps for writing: no permission, members of "
		       "group cseqguard may only read them; run as root",
		       instance);
}

int cg_fail_open(const char *instance, int err)
{
	switch (err) {
	case -ENOENT:
		if (cg_bpffs_is_hidden())
			return cg_fail("/sys/fs/bpf: cannot find the pins: this mount namespace is "
				       "private and has no bpffs (`ip netns exec` creates such a "
				       "one); run outside of it: cseqguard -n NETNS");
		return cg_fail("instance %s is not attached; start with: cseqguard attach --mode "
			       "observe IFACE",
			       instance);
	case -EPROTO:
		return cg_fail("instance %s: cannot use its maps: they are of another layout than "
			       "%d; use the version that made them, or remove them with: cseqguard "
			       "detach -a",
			       instance, CG_LAYOUT);
	case -EPERM:
	case -EACCES:
		return fail_permission(instance);
	default:
		return cg_fail("instance %s: cannot open its maps: %s", instance, strerror(-err));
	}
}
