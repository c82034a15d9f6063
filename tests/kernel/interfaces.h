/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef INTERFACES_H
#define INTERFACES_H

/*
 * Moves this process into a new network namespace with a veth pair, `outside` and `inside`. Both
 * are removed when the process exits. Returns 0 or -errno; -EOPNOTSUPP: this kernel has no veth.
 */
int interfaces_make(void);

#endif
