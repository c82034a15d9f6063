/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Properties of an interface of this network namespace, as in ethtool(8). Nothing prints. */
#ifndef CG_DOCTOR_ETHTOOL_H
#define CG_DOCTOR_ETHTOOL_H

#include <stdbool.h>
#include <stddef.h>

/* Return 0 or -errno, outputs untouched; -EOPNOTSUPP: the driver does not support the query. */
int cg_ethtool_read_driver(const char *interface, char *driver, size_t size);
int cg_ethtool_read_queues(const char *interface, unsigned int *rx, unsigned int *rx_max);

/* Sets on[i] if feature names[i], by its kernel name such as rx-lro, is on; unknown is off. */
int cg_ethtool_read_features(const char *interface, const char *const *names, bool *on, size_t n);

int cg_ethtool_read_mtu(const char *interface, unsigned int *mtu);

/* True if the interface is up, and not the loopback interface. */
bool cg_ethtool_is_up(const char *interface);

#endif
