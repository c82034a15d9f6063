/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* A dialog as JSON, and parts that other objects have too: new references; NULL: no memory. */
#ifndef CG_FORMAT_DIALOG_JSON_H
#define CG_FORMAT_DIALOG_JSON_H

#include <jansson.h>

#include "cseqguard.h"

/* clock_offset: as in struct cg_config, ns. */
json_t *cg_dialog_json(const struct cg_dialog *dialog, const __s64 clock_offset[CG_CLOCKS]);

/* Text of the wire, up to `max` bytes (CG_CALL_ID_MAX at most), as of cg_text_escape(). */
json_t *cg_wire_json(const char *bytes, size_t max);

/* As cg_boottime_format(); null where that is "". */
json_t *cg_time_json(const __s64 clock_offset[CG_CLOCKS], __u8 clock, __u64 at);

#endif
