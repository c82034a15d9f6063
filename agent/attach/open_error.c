// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "attach/open_error.h"

#include <errno.h>
#include <string.h>

#include "attach/bpffs.h"
#include "cseqguard.h"
#include "util/cli_output.h"

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
		return cg_fail("instance %s: cannot open its maps: no permission; run as root, or "
			       "as a member of group cseqguard",
			       instance);
	default:
		return cg_fail("instance %s: cannot open its maps: %s", instance, strerror(-err));
	}
}
