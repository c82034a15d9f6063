/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* XDP features of an interface, which Linux 6.3 reports without an attached program. */
#ifndef CG_DOCTOR_NETDEV_H
#define CG_DOCTOR_NETDEV_H

#include <linux/types.h>

/* From linux/netdev.h, which Debian 12 does not have. */
#define CG_XDP_BASIC 0x01 /* native XDP: pass, drop, tx */
#define CG_XDP_RX_SG 0x20 /* ... also of frames in several buffers */

/* Reads CG_XDP_ flags. Returns 0, -ENOENT before Linux 6.3, or -errno; features untouched. */
int cg_netdev_read_xdp_features(__u32 ifindex, __u64 *features);

#endif
