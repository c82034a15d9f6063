// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#define _GNU_SOURCE
#include "util/text.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void cg_addr_format(const __u8 addr[16], char out[INET6_ADDRSTRLEN])
{
	if (cg_addr_is_ipv4(addr))
		inet_ntop(AF_INET, addr + 12, out, INET6_ADDRSTRLEN);
	else
		inet_ntop(AF_INET6, addr, out, INET6_ADDRSTRLEN);
}

/*
 * Unicode's classes Cf, Zl, Zp and Zs (version 15), and what is Default_Ignorable: characters that
 * have no glyph. With them an attacker's Call-ID could rearrange the printed line, or look like
 * another one.
 */
static bool is_format_character(unsigned int code)
{
	static const struct {
		unsigned int first, last;
	} ranges[] = {
		{ 0xa0, 0xa0 },	      { 0xad, 0xad },	    { 0x34f, 0x34f },
		{ 0x600, 0x605 },     { 0x61c, 0x61c },	    { 0x6dd, 0x6dd },
		{ 0x70f, 0x70f },     { 0x890, 0x891 },	    { 0x8e2, 0x8e2 },
		{ 0x115f, 0x1160 },   { 0x1680, 0x1680 },   { 0x17b4, 0x17b5 },
		{ 0x180b, 0x180f },   { 0x2000, 0x200f },   { 0x2028, 0x202f },
		{ 0x205f, 0x206f },   { 0x3000, 0x3000 },   { 0x3164, 0x3164 },
		{ 0xfe00, 0xfe0f },   { 0xfeff, 0xfeff },   { 0xffa0, 0xffa0 },
		{ 0xfff0, 0xfffb },   { 0x110bd, 0x110bd }, { 0x110cd, 0x110cd },
		{ 0x13430, 0x1343f }, { 0x1bca0, 0x1bca3 }, { 0x1d173, 0x1d17a },
		{ 0xe0000, 0xe0fff },
	};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(*ranges); i++)
		if (code >= ranges[i].first && code <= ranges[i].last)
			return true;
	return false;
}

/*
 * Returns the length of the UTF-8 character at p, or 0 if it is invalid or must be escaped. Invalid
 * by RFC 3629: overlong forms, surrogates and values above U+10FFFF. Escaped: C0, DEL, C1, and
 * characters without a glyph.
 */
static size_t printable_len(const unsigned char *p, size_t left)
{
	static const unsigned int least[] = { 0, 0, 0xa0, 0x800, 0x10000 };
	unsigned int code;
	size_t len;

	if (*p < 0x80)
		return *p >= 0x20 && *p != 0x7f && *p != '\\';
	len = *p < 0xe0 ? 2 : *p < 0xf0 ? 3 : 4;
	if (*p < 0xc2 || *p > 0xf4 || len > left)
		return 0;
	code = *p & (0x7f >> len);
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (p[i] & 0x3f);
	}
	if (code < least[len] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		return 0;
	return is_format_character(code) ? 0 : len;
}

static size_t escape_text(char *out, size_t size, const char *in, size_t max, bool keep_backslash)
{
	const unsigned char *p = (const unsigned char *)in;
	size_t left = strnlen(in, max), at = 0;

	while (left) {
		size_t len = keep_backslash && *p == '\\' ? 1 : printable_len(p, left);
		size_t need = len ? len : 4;

		if (at + need >= size)
			break;
		if (len)
			memcpy(out + at, p, len);
		else
			snprintf(out + at, 5, "\\x%02x", *p);
		at += need;
		p += len ? len : 1;
		left -= len ? len : 1;
	}
	out[at] = '\0';
	return at;
}

size_t cg_text_escape(char *out, size_t size, const char *in, size_t max)
{
	return escape_text(out, size, in, max, false);
}

void cg_text_make_printable(char *out, size_t size, const char *in)
{
	escape_text(out, size, in, strlen(in), true);
}

/* Returns the seconds in a unit of time, or 0 for an unknown unit. */
static __s64 unit_seconds(const char *unit)
{
	static const struct {
		const char *unit;
		__s64 seconds;
	} units[] = { { "s", 1 }, { "m", 60 }, { "h", 3600 }, { "d", 86400 } };

	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (!strcmp(unit, units[i].unit))
			return units[i].seconds;
	return 0;
}

/* False for a date such as 2026-02-31: timegm() would make 3 March of it. */
static bool is_calendar_time(const struct tm *given)
{
	struct tm tm = *given;

	timegm(&tm);
	return tm.tm_mday == given->tm_mday && tm.tm_mon == given->tm_mon &&
	       tm.tm_hour == given->tm_hour && tm.tm_min == given->tm_min &&
	       tm.tm_sec == given->tm_sec;
}

/*
 * Reads "12:00", "12:00:30" or "12:00:30.25" into *tm and *fraction. Returns the rest; NULL: no
 * time.
 */
static const char *parse_clock(const char *text, struct tm *tm, __s64 *fraction)
{
	const char *rest = isdigit((unsigned char)*text) ? strptime(text, "%H:%M", tm) : NULL;
	__s64 unit = 100000;

	if (rest && *rest == ':')
		rest = strptime(rest, ":%S", tm);
	if (rest && *rest == '.')
		for (rest++; isdigit((unsigned char)*rest); rest++, unit /= 10)
			*fraction += (*rest - '0') * unit;
	return rest;
}

/* Converts *tm as local time, with summer time (1), without (0), or either (-1). False: none. */
static bool convert_local(const struct tm *tm, int is_dst, __s64 *seconds)
{
	struct tm shown = *tm;

	shown.tm_isdst = is_dst;
	*seconds = mktime(&shown);
	return shown.tm_hour == tm->tm_hour && shown.tm_min == tm->tm_min;
}

/*
 * Returns 0, or -ENOTUNIQ for a time that a clock change skips or repeats. Of a day it may be the
 * midnight: the day begins once all the same.
 */
static int convert_unique_local(const struct tm *tm, bool is_day, __s64 *seconds)
{
	bool exists = convert_local(tm, -1, seconds);
	__s64 winter, summer;
	bool repeats =
		convert_local(tm, 0, &winter) && convert_local(tm, 1, &summer) && winter != summer;

	if (repeats)
		*seconds = winter < summer ? winter : summer;
	return is_day || (exists && !repeats) ? 0 : -ENOTUNIQ;
}

/*
 * Stores the seconds since 1970 of *tm, which is in the zone that `zone` names: "Z", or an
 * offset such as +01:00. Returns 0 or -EINVAL.
 */
static int convert_zone(const char *zone, const struct tm *tm, __s64 *seconds)
{
	unsigned int hours, minutes;
	struct tm utc = *tm;
	int end = 0;

	*seconds = timegm(&utc);
	if (!strcmp(zone, "Z"))
		return 0;
	if ((*zone != '+' && *zone != '-') ||
	    sscanf(zone + 1, "%2u:%2u%n", &hours, &minutes, &end) != 2 || end != 5 || zone[6] ||
	    strspn(zone + 1, "0123456789:") != 5 || hours > 14 || minutes > 59)
		return -EINVAL;
	*seconds += (*zone == '+' ? -60 : 60) * (__s64)(60 * hours + minutes);
	return 0;
}

int cg_time_parse(const char *text, __s64 now, __s64 *us)
{
	size_t digits = strspn(text, "0123456789");
	__s64 fraction = 0, age, seconds;
	struct tm tm = {};
	const char *rest;
	bool is_day;
	int err;

	if (digits && digits < 9 && (age = unit_seconds(text + digits))) {
		*us = now - atoll(text) * age * 1000000;
		return 0;
	}
	rest = strptime(text, "%Y-%m-%d", &tm);
	is_day = rest && !*rest;
	if (rest && *rest)
		rest = *rest == 'T' || *rest == ' ' ? parse_clock(rest + 1, &tm, &fraction) : NULL;
	if (!rest || !is_calendar_time(&tm))
		return -EINVAL;
	err = *rest ? convert_zone(rest, &tm, &seconds)
		    : convert_unique_local(&tm, is_day, &seconds);
	if (err)
		return err;
	*us = seconds * 1000000 + fraction;
	return 0;
}

__s64 cg_now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

void cg_utc_format(__s64 us, char out[CG_TIME_TEXT])
{
	time_t seconds = us / 1000000;
	char text[CG_TIME_TEXT];
	struct tm tm;

	*out = '\0';
	if (us < 0 || !gmtime_r(&seconds, &tm))
		return;
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(out, CG_TIME_TEXT, "%.19s.%06lldZ", text, us % 1000000);
}

void cg_boottime_format(const __s64 clock_offset[CG_CLOCKS], __u8 clock, __u64 at,
			char out[CG_TIME_TEXT])
{
	__s64 wall = (__s64)(at + (__u64)clock_offset[clock % CG_CLOCKS]);

	cg_utc_format(at && wall >= 0 ? wall / 1000 : -1, out);
}

void cg_time_format(const struct cg_config *config, __u8 clock, __u64 at, char out[CG_TIME_TEXT])
{
	cg_boottime_format(config->clock_offset, clock, at, out);
}

void cg_time_shorten(char text[CG_TIME_TEXT])
{
	char copy[CG_TIME_TEXT];

	if (strlen(text) < 19)
		return;
	memcpy(copy, text, sizeof(copy));
	snprintf(text, CG_TIME_TEXT, "%.5s %.8s", copy + 5, copy + 11);
}

int cg_number_parse(const char *text, __u64 min, __u64 max, __u64 *number)
{
	__u64 value;

	if (!*text || strlen(text) > 10 || strspn(text, "0123456789") != strlen(text))
		return -EINVAL;
	value = strtoull(text, NULL, 10);
	if (value < min || value > max)
		return -EINVAL;
	*number = value;
	return 0;
}

bool cg_call_id_matches(const char *call_id, const char *wanted)
{
	char escaped[CG_ESCAPED_SIZE(CG_CALL_ID_MAX)];

	if (!strncmp(call_id, wanted, CG_CALL_ID_MAX - 1))
		return true;
	if (!strchr(wanted, '\\'))
		return false;
	cg_text_escape(escaped, sizeof(escaped), call_id, CG_CALL_ID_MAX);
	return !strcmp(escaped, wanted);
}
