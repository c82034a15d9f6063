/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What came from the wire, made fit for terminals, JSON and databases. */
#ifndef CG_TEXT_H
#define CG_TEXT_H

#include <netinet/in.h>
#include <stddef.h>

#include "cseqguard.h"

/* addr: network order, IPv4 as ::ffff:a.b.c.d, which is printed as a dotted quad. */
void cg_addr_text(const __u8 addr[16], char out[INET6_ADDRSTRLEN]);

/*
 * Up to max bytes of `in`, or up to its NUL, as printable valid UTF-8: each byte that is not part of
 * a valid sequence, each control character and each backslash becomes \xHH. At most 4 bytes come out
 * for one that goes in: size = 4 * max + 1 always suffices; less cuts between characters. `out` is
 * always NUL-ended (size > 0). Returns its length.
 */
size_t cg_text_utf8(char *out, size_t size, const char *in, size_t max);

/*
 * 2026-01-31T12:00:00Z, with a fraction or without, 2026-01-31 (its midnight), or an age such as 90s,
 * 15m, 12h or 7d before `now`; UTC, microseconds since 1970. 0, or -EINVAL with *us untouched.
 */
int cg_time_read(const char *text, __s64 now, __s64 *us);

#define CG_TIME_TEXT 32
/* `at` (ns of CLOCK_BOOTTIME) as 2026-01-31T12:00:00.123456Z by the numbered offset; 0 is "". */
void cg_time_text(const struct cg_config *config, __u8 clock, __u64 at, char out[CG_TIME_TEXT]);
/* `at` (ns of CLOCK_BOOTTIME) as 2026-01-31T12:00:00.123456Z by the numbered offset (ns); 0 is "". */
void cg_boot_text(const __s64 clock_offset[CG_CLOCKS], __u8 clock, __u64 at,
		  char out[CG_TIME_TEXT]);

/* Of such a text, in place, what fits beside others: 01-31 12:00:00. */
void cg_time_short(char text[CG_TIME_TEXT]);

#endif
