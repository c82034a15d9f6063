/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* JSON of a ladder, for `ladder -j` and for the daemon's web page. */
#ifndef CG_FORMAT_LADDER_JSON_H
#define CG_FORMAT_LADDER_JSON_H

#include <jansson.h>

#include "calls/ladder.h"

/* Returns a new reference, or NULL without memory. clock_offset: as in struct cg_config, ns. */
json_t *cg_ladder_json(const struct cg_ladder *ladder, const __s64 clock_offset[CG_CLOCKS]);

#endif
