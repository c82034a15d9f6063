/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Finds a gateway that covers an address of the guarded host. The host's own messages would then
 * count as a carrier's evidence.
 */
#ifndef CG_ATTACH_GATEWAY_CHECK_H
#define CG_ATTACH_GATEWAY_CHECK_H

#include <stdbool.h>

#include "maps/settings.h"

#define CG_GATEWAY_REMEDY "list the carriers' own addresses: cseqguard set gateway=CIDR,..."

#define CG_GATEWAY_WHY 160
/*
 * Returns true if a gateway of the instance covers an address of this network namespace, or of
 * --host. `why` then says which: "192.0.2.0/24 covers 192.0.2.7, an address of this host". False if
 * the maps cannot be read.
 */
bool cg_gateway_covers_host(const char *instance, char why[CG_GATEWAY_WHY]);

/* Refuses settings with such a gateway. Returns CG_DONE or CG_FAILED, reported. */
int cg_gateway_check(const struct cg_settings *settings);

#endif
