/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The key of a name of the guarded host in map `hosts`. */
#ifndef CG_UTIL_HOST_NAME_H
#define CG_UTIL_HOST_NAME_H

#include "cseqguard.h"

/*
 * Returns the keyed hash of a host name or of an address as text (IPv6 in brackets), without port,
 * as the kernel programs compute it. Letter case does not matter.
 */
__u64 cg_host_name_hash(const struct cg_secret *secret, const char *name);

#endif
