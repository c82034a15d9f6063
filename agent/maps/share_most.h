/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The address that holds most of map `dialogs`, of those that are bound by a share. */
#ifndef CG_MAPS_SHARE_MOST_H
#define CG_MAPS_SHARE_MOST_H

#include <jansson.h>
#include <stdbool.h>

#include "cseqguard.h"

struct cg_share_most {
	__u8 addr[16]; /* of IPv6: its /64 */
	__u32 dialogs; /* 0: no address holds any */
};

/* Reads it from map `shares`. Returns 0, or -errno with *most untouched. Prints nothing. */
int cg_share_most_read(const char *instance, struct cg_share_most *most);

#define CG_SHARE_ADDR_TEXT 52
/* Formats the address; of IPv6 with its /64. All callers that are not seen count as one. */
void cg_share_most_format_addr(const struct cg_share_most *most, char out[CG_SHARE_ADDR_TEXT]);

#define CG_SHARE_TEXT 128
/* Returns whether this address has used up its share, and then says in `out` how much it has. */
bool cg_share_most_is_full(const struct cg_share_most *most, const struct cg_config *config,
			   char out[CG_SHARE_TEXT]);

/* Returns address, dialogs and percent of map `dialogs`, or null. The caller owns the reference. */
json_t *cg_share_most_json(const struct cg_share_most *most, __u32 max_dialogs);

#endif
