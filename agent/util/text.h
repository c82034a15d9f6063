/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Text of the wire, made fit for terminals, JSON and databases; times and numbers as text. */
#ifndef CG_UTIL_TEXT_H
#define CG_UTIL_TEXT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

#include "cseqguard.h"

/* addr: network order, IPv4 as ::ffff:a.b.c.d, which is printed as a dotted quad. */
void cg_addr_format(const __u8 addr[16], char out[INET6_ADDRSTRLEN]);

/*
 * Up to max bytes of `in`, or up to its NUL, as printable valid UTF-8: each byte that is not part
 * of a valid sequence, each control character and each backslash becomes \xHH. A size that is too
 * small cuts between characters. `out` is always NUL-ended (size > 0). Returns its length.
 */
#define CG_ESCAPED_SIZE(max) (4 * (max) + 1) /* always suffices: \xHH for each byte */
size_t cg_text_escape(char *out, size_t size, const char *in, size_t max);

/*
 * 2026-01-31T12:00:00Z, with a fraction or without, 2026-01-31 (its midnight), or an age such as
 * 90s, 15m, 12h or 7d before `now`; UTC, microseconds since 1970. 0, or -EINVAL with *us untouched.
 */
int cg_time_parse(const char *text, __s64 now, __s64 *us);

__s64 cg_now_us(void); /* UTC, microseconds since 1970 */

#define CG_TIME_TEXT 32
/* Microseconds since 1970 as 2026-01-31T12:00:00.123456Z; negative ones are "". */
void cg_utc_format(__s64 us, char out[CG_TIME_TEXT]);
/* `at` (ns of CLOCK_BOOTTIME) likewise, by the numbered offset (ns); 0 is "". */
void cg_boottime_format(const __s64 clock_offset[CG_CLOCKS], __u8 clock, __u64 at,
			char out[CG_TIME_TEXT]);
void cg_time_format(const struct cg_config *config, __u8 clock, __u64 at, char out[CG_TIME_TEXT]);

/* Of such a text, in place, what fits beside others: 01-31 12:00:00. */
void cg_time_shorten(char text[CG_TIME_TEXT]);

/* Nothing but a decimal number from min to max. 0, or -EINVAL with *number untouched. */
int cg_number_parse(const char *text, __u64 min, __u64 max, __u64 *number);

/*
 * Does this Call-ID of the contract (NUL-ended, cut to CG_CALL_ID_MAX) stand for what was asked
 * for: the same bytes, as far as they are kept, or as they are shown (cg_text_escape).
 */
bool cg_call_id_matches(const char *call_id, const char *asked);

#endif
