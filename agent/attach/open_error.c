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
			return cg_fail(
				"/sys/fs/bpf: no bpffs is to be seen in this mount namespace "
				"(`ip netns exec` makes one that hides it); run it outside, "
				"with: cseqguard -n NETNS");
		return cg_fail("instance %s is not attached; start with: cseqguard attach --mode "
			       "observe IFACE",
			       instance);
	case -EPROTO:
		return cg_fail(
			"instance %s: its maps are of another layout than %d, which this "
			"program reads; use the version that made them, or remove them with: "
			"cseqguard detach -a",
			instance, CG_LAYOUT);
	case -EPERM:
	case -EACCES:
		return cg_fail("instance %s: no permission to open its maps; run as root, or as a "
			       "member of group cseqguard",
			       instance);
	default:
		return cg_fail("instance %s: %s", instance, strerror(-err));
	}
}
