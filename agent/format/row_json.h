/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* JSON of the row of a table: its keys are the names of the columns. */
#ifndef CG_FORMAT_ROW_JSON_H
#define CG_FORMAT_ROW_JSON_H

#include <jansson.h>

#include "calls/db_tables.h"

/* Returns a new reference, or NULL without memory. An empty text and CG_NULL are null. */
json_t *cg_row_json(enum cg_db_table_id table, const void *row);

#endif
