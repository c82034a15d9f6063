// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "stats/range.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Parses the decimal number from `text` to `end`. Returns 0 or -EINVAL. */
static int parse_number(const char *text, const char *end, double *value)
{
	char *rest;

	if (text == end || strspn(text, "-.0123456789") < (size_t)(end - text))
		return -EINVAL;
	*value = strtod(text, &rest);
	return rest == end && isfinite(*value) ? 0 : -EINVAL;
}

int cg_range_parse(struct cg_range *range, const char *text)
{
	struct cg_range r = { .text = text, .to = INFINITY };
	const char *at = text, *colon, *end = text + strlen(text);
	int err = 0;

	if (*at == '@') {
		r.inside = true;
		at++;
	}
	colon = strchr(at, ':');
	if (colon && colon - at == 1 && *at == '~')
		r.from = -INFINITY;
	else if (colon)
		err = parse_number(at, colon, &r.from);
	at = colon ? colon + 1 : at;
	if (!err && (*at || !colon))
		err = parse_number(at, end, &r.to);
	if (err || r.from > r.to)
		return -EINVAL;
	*range = r;
	return 0;
}

bool cg_range_alerts(const struct cg_range *range, double value)
{
	return range->text && (value >= range->from && value <= range->to) == range->inside;
}
