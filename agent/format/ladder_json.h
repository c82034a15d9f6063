/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* A ladder as JSON: of `ladder -j` and of the daemon's page. */
#ifndef CG_FORMAT_LADDER_JSON_H
#define CG_FORMAT_LADDER_JSON_H

#include <jansson.h>

#include "calls/ladder.h"

/* clock_offset: as in struct cg_config, ns. A new reference; NULL: no memory. */
json_t *cg_ladder_json(const struct cg_ladder *ladder, const __s64 clock_offset[CG_CLOCKS]);

#endif
