/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The content of `top` as JSON. */
#ifndef CG_TOP_JSON_H
#define CG_TOP_JSON_H

#include <jansson.h>

#include "top/top.h"

/* Returns a new reference, or NULL: out of memory. */
json_t *cg_top_json(const struct cg_top *top);

#endif
