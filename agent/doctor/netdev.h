/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* An interface's XDP support as the kernel tells it, no program attached: from Linux 6.3 on. */
#ifndef CG_DOCTOR_NETDEV_H
#define CG_DOCTOR_NETDEV_H

#include <linux/types.h>

/* As linux/netdev.h has them, which Debian 12 has not. */
#define CG_XDP_BASIC 0x01 /* native XDP: pass, drop, tx */
#define CG_XDP_RX_SG 0x20 /* ... of frames that lie in more than one buffer */

/* 0, or -errno: -ENOENT: this kernel does not tell. features untouched on failure. */
int cg_netdev_xdp(__u32 ifindex, __u64 *features);

#endif
