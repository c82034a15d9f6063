/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Private to calls/cdr.c and calls/violation_row.c: texts and times of a row. */
#ifndef CG_CALLS_CDR_INTERNAL_H
#define CG_CALLS_CDR_INTERNAL_H

#include <stdio.h>

#include "calls/cdr.h"
#include "util/text.h"

/*
 * Texts from the wire are escaped, words of the contract are copied. `field` is an array of char.
 */
#define SET_ESCAPED(field, from) cg_text_escape(field, sizeof(field), from, sizeof(from))
#define SET_TEXT(field, word) snprintf(field, sizeof(field), "%s", word)

/* Returns microseconds since 1970, never negative. ns: CLOCK_BOOTTIME. */
static inline __s64 boottime_to_utc_us(const struct cg_origin *origin, __u8 clock, __u64 ns)
{
	__s64 wall = (__s64)(ns + (__u64)origin->clock_offset[clock % CG_CLOCKS]);

	return wall > 0 ? wall / 1000 : 0;
}

#endif
