// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "postgres/pg_array.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BYTE_MAX 5 /* of an escaped byte, \\xHH with its second backslash */

/* Makes room for `more` bytes. 0 or -ENOMEM. */
static int reserve_bytes(struct cg_pg_array *array, size_t more)
{
	size_t size = array->size ? array->size : 4096;
	char *text;

	while (size - array->len < more)
		size *= 2;
	if (size == array->size)
		return 0;
	text = realloc(array->text, size);
	if (!text)
		return -ENOMEM;
	array->text = text;
	array->size = size;
	return 0;
}

void cg_pg_arrays_reset(struct cg_pg_arrays *arrays, unsigned int n_columns)
{
	arrays->n_columns = n_columns;
	for (unsigned int i = 0; i < n_columns; i++)
		arrays->columns[i].len = 0;
}

/* Appends the bytes of a value as the text between quotes. Returns the end. */
static char *append_bytes(char *p, const char *value, bool ascii)
{
	for (; *value; value++) {
		if (ascii && *value & 0x80) {
			p += sprintf(p, "\\\\x%02x", (unsigned char)*value);
			continue;
		}
		if (*value == '"' || *value == '\\')
			*p++ = '\\';
		*p++ = *value;
	}
	return p;
}

/* Appends a value, always quoted: PostgreSQL would read a bare NULL or brace as syntax. */
static int append_value(struct cg_pg_array *array, const char *value, bool ascii)
{
	char *p;

	if (reserve_bytes(array, BYTE_MAX * (value ? strlen(value) : 4) + 8))
		return -ENOMEM;
	p = array->text + array->len;
	*p++ = array->len ? ',' : '{';
	if (!value) {
		memcpy(p, "NULL", 4);
		p += 4;
	} else {
		*p++ = '"';
		p = append_bytes(p, value, ascii);
		*p++ = '"';
	}
	array->len = p - array->text;
	return 0;
}

int cg_pg_arrays_add_row(struct cg_pg_arrays *arrays, const char *const *values)
{
	int err = 0;

	for (unsigned int i = 0; i < arrays->n_columns && !err; i++)
		err = append_value(&arrays->columns[i], values[i], arrays->ascii);
	return err;
}

int cg_pg_arrays_finish(struct cg_pg_arrays *arrays)
{
	for (unsigned int i = 0; i < arrays->n_columns; i++) {
		struct cg_pg_array *array = &arrays->columns[i];

		if (reserve_bytes(array, 3))
			return -ENOMEM;
		memcpy(array->text + array->len, array->len ? "}" : "{}", array->len ? 2 : 3);
	}
	return 0;
}

void cg_pg_arrays_free(struct cg_pg_arrays *arrays)
{
	for (unsigned int i = 0; i < CG_COLUMNS_MAX; i++)
		free(arrays->columns[i].text);
}
