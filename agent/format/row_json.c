// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "format/row_json.h"

#include <string.h>

#include "util/text.h"

static json_t *make_number(const struct cg_db_column *column, __s64 number)
{
	char at[CG_TIME_TEXT];

	if (number == CG_NULL)
		return json_null();
	if (!strcmp(column->type, "bool"))
		return json_boolean(number);
	if (strcmp(column->type, "time"))
		return json_integer(number);
	cg_utc_format(number, at);
	return json_string(at);
}

static json_t *make_value(const struct cg_db_column *column, const void *at)
{
	const char *text = at;
	__s64 number;

	if (column->size)
		return *text ? json_string(text) : json_null();
	memcpy(&number, at, sizeof(number));
	return make_number(column, number);
}

json_t *cg_row_json(enum cg_db_table_id table, const void *row)
{
	const struct cg_db_table *t = &cg_db_tables[table];
	json_t *object = json_object();

	for (unsigned int i = 0; i < t->n_columns && object; i++) {
		const struct cg_db_column *column = &t->columns[i];
		json_t *value = make_value(column, (const char *)row + column->offset);

		if (json_object_set_new(object, column->name, value)) {
			json_decref(object);
			object = NULL;
		}
	}
	return object;
}
