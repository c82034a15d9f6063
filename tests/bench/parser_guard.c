// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "parsers.h"

#include <string.h>

#include "sip_parser.h"

static struct sip_parser parser;

bool parse_guard(const char *text, size_t len)
{
	if (len > sizeof(parser.buf))
		return false;
	memcpy(parser.buf, text, len);
	return !sip_parse(&parser, len, 1) && !sip_parse_routing(&parser);
}
