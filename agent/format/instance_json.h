/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Settings and interfaces of an instance, as JSON and as text, for the commands that show or change
 * them.
 */
#ifndef CG_FORMAT_INSTANCE_JSON_H
#define CG_FORMAT_INSTANCE_JSON_H

#include <jansson.h>

#include "attach/interface.h"
#include "maps/settings.h"

/* They return a new reference, or NULL without memory. */
json_t *cg_settings_json(const struct cg_settings *settings, const struct cg_config *config);
json_t *cg_interfaces_json(const struct cg_interface *interfaces, size_t n);

/* Prints the object of cg_settings_json() to stdout, a line for each key. */
void cg_settings_print(json_t *settings);

#endif
