/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* JSON of a dialog and of common parts. They return a new reference, or NULL without memory. */
#ifndef CG_FORMAT_DIALOG_JSON_H
#define CG_FORMAT_DIALOG_JSON_H

#include <jansson.h>

#include "cseqguard.h"

/*
 * The call object of every command and of the web page. Its keys are the columns of table cdr, and
 * `state`. clock_offset: as in struct cg_config, ns.
 */
json_t *cg_dialog_json(const struct cg_dialog *dialog, const __s64 clock_offset[CG_CLOCKS]);

/* Returns up to `max` bytes of SIP text, escaped by cg_text_escape(). max <= CG_CALL_ID_MAX. */
json_t *cg_wire_json(const char *bytes, size_t max);

/* Returns the time as cg_boottime_format() formats it; null instead of "". */
json_t *cg_time_json(const __s64 clock_offset[CG_CLOCKS], __u8 clock, __u64 at);

#endif
