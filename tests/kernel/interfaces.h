/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef INTERFACES_H
#define INTERFACES_H

/*
 * Moves this process into a network namespace of its own, with a pair of veth in it: `outside` and
 * `inside`. Both go away with the process. 0 or -errno; -EOPNOTSUPP: this kernel has no veth.
 */
int interfaces_make(void);

#endif
