/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What ethtool(8) tells of an interface of this network namespace. Nothing prints. */
#ifndef CG_DOCTOR_ETHTOOL_H
#define CG_DOCTOR_ETHTOOL_H

#include <stdbool.h>
#include <stddef.h>

/* 0 or -errno: -EOPNOTSUPP: the driver does not tell. */
int cg_ethtool_driver(const char *interface, char *driver, size_t size);
int cg_ethtool_queues(const char *interface, unsigned int *rx, unsigned int *rx_max);

/* Whether `n` features, by their names in the kernel (as rx-lro), are on. Unknown ones are off. */
int cg_ethtool_features(const char *interface, const char *const *names, bool *on, size_t n);

/* By SIOCGIFMTU and SIOCGIFFLAGS. */
int cg_ethtool_mtu(const char *interface, unsigned int *mtu);
bool cg_ethtool_up(const char *interface); /* and no loopback */

#endif
