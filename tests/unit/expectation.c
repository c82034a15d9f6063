// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "expectation.h"

#include <ctype.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/enum_names.h"

static const struct {
	const char *name;
	__u32 flag;
} flags[] = {
	{ "ambiguous", SIP_AMBIGUOUS }, { "bad_cseq", SIP_BAD_CSEQ },
	{ "end", SIP_HEADERS_END },	{ "has_call_id", SIP_HAS_CALL_ID },
	{ "has_from", SIP_HAS_FROM },	{ "has_to", SIP_HAS_TO },
	{ "has_cseq", SIP_HAS_CSEQ },	{ "has_via", SIP_HAS_VIA },
	{ "loose", SIP_LAX_MATCH },
};

#define SLICE(field)                                                                               \
	{                                                                                          \
#field, offsetof(struct sip_msg, field)                                            \
	}
static const struct {
	const char *name;
	size_t offset;
} slices[] = {
	SLICE(request_uri), SLICE(call_id), SLICE(from_uri), SLICE(from_tag), SLICE(to_uri),
	SLICE(to_tag),	    SLICE(contact), SLICE(branch),   SLICE(branch2),
};

static const struct sip_slice *slice_at(const struct sip_msg *msg, size_t i)
{
	return (const void *)((const char *)msg + slices[i].offset);
}

int slices_are_within(const struct sip_msg *msg, __u32 len)
{
	for (size_t i = 0; i < sizeof(slices) / sizeof(*slices); i++) {
		const struct sip_slice *slice = slice_at(msg, i);

		if (slice->len && (__u32)slice->off + slice->len > len)
			return 0;
	}
	return 1;
}

/* Returns the next byte of a value. `\xHH` is one byte. */
static __u8 value_byte(const char **at)
{
	char hex[3] = { 0 };
	const char *s = *at;

	if (s[0] == '\\' && s[1] == 'x' && isxdigit(s[2]) && isxdigit(s[3])) {
		memcpy(hex, s + 2, 2);
		*at = s + 4;
		return strtoul(hex, NULL, 16);
	}
	*at = s + 1;
	return *s;
}

static int slice_is(const struct sip_parser *p, const struct sip_slice *slice, const char *value)
{
	__u32 i;

	for (i = 0; *value && i < slice->len; i++)
		if (p->buf[slice->off + i] != value_byte(&value))
			break;
	if (!*value && i == slice->len)
		return 1;
	printf("# read '%.*s'\n", slice->len, p->buf + slice->off);
	return 0;
}

static int field_is(const struct sip_parser *p, const char *name, const char *value)
{
	const struct sip_msg *m = &p->msg;

	if (!strcmp(name, "method"))
		return !strcmp(value, cg_method_name(m->method));
	if (!strcmp(name, "status"))
		return m->status == atoi(value);
	if (!strcmp(name, "cseq"))
		return m->cseq == strtoul(value, NULL, 10) && m->flags & SIP_HAS_CSEQ &&
		       !(m->flags & SIP_BAD_CSEQ);
	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++)
		if (!strcmp(name, flags[i].name))
			return !(m->flags & flags[i].flag) == !atoi(value);
	for (size_t i = 0; i < sizeof(slices) / sizeof(*slices); i++)
		if (!strcmp(name, slices[i].name))
			return slice_is(p, slice_at(m, i), value);
	printf("# '%s' is no field\n", name);
	return 0;
}

int expectation_holds(const struct sip_parser *p, int ret, const char *expected)
{
	char line[2 * SIP_MAX];
	int good = 1, lines = 0;

	while (*expected) {
		size_t len = strcspn(expected, "\n");
		char *value;

		snprintf(line, sizeof(line), "%.*s", (int)len, expected);
		expected += len + (expected[len] == '\n');
		if (!*line || *line == '#')
			continue;
		lines++;
		if (!strcmp(line, "not_sip"))
			return ret == -1;
		value = strchr(line, '=');
		if (ret || !value) {
			printf("# %s '%s'\n", ret ? "no SIP; must be" : "not understood:", line);
			return 0;
		}
		*value++ = '\0';
		if (!field_is(p, line, value)) {
			printf("# not %s=%s\n", line, value);
			good = 0;
		}
	}
	return good && lines;
}
