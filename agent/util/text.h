/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Conversion of SIP text, addresses, times and numbers to and from printable text. */
#ifndef CG_UTIL_TEXT_H
#define CG_UTIL_TEXT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "cseqguard.h"

/* Returns whether an address in network byte order is ::ffff:a.b.c.d, an IPv4 address. */
static inline bool cg_addr_is_ipv4(const __u8 addr[16])
{
	static const __u8 mapped[12] = { [10] = 0xff, [11] = 0xff };

	return !memcmp(addr, mapped, sizeof(mapped));
}

/*
 * Formats an address in network byte order. ::ffff:a.b.c.d is an IPv4 address, printed as a.b.c.d.
 */
void cg_addr_format(const __u8 addr[16], char out[INET6_ADDRSTRLEN]);

/*
 * Copies up to `max` bytes of `in`, or up to its NUL, as printable valid UTF-8. Control characters,
 * backslashes, characters without a glyph and bytes outside a valid sequence become \xHH. If `size`
 * is too small, the text is cut between characters. `out` always ends with a NUL (size > 0).
 * Returns its length in bytes.
 */
#define CG_ESCAPED_SIZE(max) (4 * (max) + 1) /* always large enough: \xHH for each byte */
size_t cg_text_escape(char *out, size_t size, const char *in, size_t max);

/*
 * Copies a message as cg_text_escape() does, but keeps its backslashes: some parts of it have been
 * escaped before.
 */
void cg_text_make_printable(char *out, size_t size, const char *in);

/*
 * Parses a time into microseconds since 1970: 2026-01-31T12:00:00Z, with a blank in place of T, an
 * offset (+01:00) in place of Z, and with or without a fraction or the seconds; 2026-01-31
 * (midnight); or an age before `now` such as 90s, 15m, 12h or 7d. Without Z and offset the time is
 * local. Returns 0, or with *us untouched -EINVAL, also for a date that does not exist, or
 * -ENOTUNIQ for a local time that a clock change skips or repeats.
 */
int cg_time_parse(const char *text, __s64 now, __s64 *us);

__s64 cg_now_us(void); /* CLOCK_REALTIME: microseconds since 1970, UTC */

#define CG_TIME_TEXT 32
/* Formats microseconds since 1970 as 2026-01-31T12:00:00.123456Z. A negative time gives "". */
void cg_utc_format(__s64 us, char out[CG_TIME_TEXT]);

/*
 * Formats `at` (CLOCK_BOOTTIME, ns) like cg_utc_format(), after it has added the offset (ns) with
 * the number `clock`. 0 gives "".
 */
void cg_boottime_format(const __s64 clock_offset[CG_CLOCKS], __u8 clock, __u64 at,
			char out[CG_TIME_TEXT]);
void cg_time_format(const struct cg_config *config, __u8 clock, __u64 at, char out[CG_TIME_TEXT]);

/* Shortens a formatted time in place for a table column: 01-31 12:00:00. */
void cg_time_shorten(char text[CG_TIME_TEXT]);

/* Parses a decimal number from `min` to `max`. Returns 0, or -EINVAL with *number untouched. */
int cg_number_parse(const char *text, __u64 min, __u64 max, __u64 *number);

/*
 * True if a Call-ID of the contract (NUL-ended, cut to CG_CALL_ID_MAX) is the one that the user
 * wants. The user gives its bytes, or its escaped form (cg_text_escape()).
 */
bool cg_call_id_matches(const char *call_id, const char *wanted);

#endif
