/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The keys of `cseqguard set`, and their values as text: for the file of settings, and for
 * comparisons.
 */
#ifndef CG_MAPS_SETTINGS_TABLE_H
#define CG_MAPS_SETTINGS_TABLE_H

#include <stddef.h>
#include <stdio.h>

#include "maps/settings.h"

struct cg_setting {
	const char *key;
	__u32 bit; /* of cg_settings.given */
	int (*parse)(struct cg_settings *settings, const char *value);
	void (*print)(const struct cg_settings *settings, FILE *out); /* lists are sorted */
	size_t at, bytes; /* its fields in struct cg_settings */
};

extern const struct cg_setting cg_setting_table[];
extern const size_t cg_setting_count;

/* Copies the settings that are given in `from`. */
void cg_settings_merge(struct cg_settings *into, const struct cg_settings *from);

/*
 * Returns the value as text, which the caller frees, or NULL: out of memory. Equal values give
 * equal texts: lists are sorted.
 */
char *cg_setting_format(const struct cg_setting *setting, const struct cg_settings *settings);

#endif
