/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What `top` shows, as JSON. */
#ifndef CG_TOP_JSON_H
#define CG_TOP_JSON_H

#include <jansson.h>

#include "top/top.h"

/* A new reference, or NULL: no memory. */
json_t *cg_top_json(const struct cg_top *top);

#endif
