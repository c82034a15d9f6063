// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "vector_cases.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "probe.h"
#include "expectation.h"
#include "vectors.h"

/* Returns whether the kernel matches the native build, and both match the expectation. */
static bool holds(struct probe *probe, const struct vector *v)
{
	static struct sip_parser parser;

	memcpy(parser.buf, v->text, v->len);
	return probe_matches(probe, (const char *)v->text, v->len, 1) == 1 &&
	       expectation_holds(&parser,
				 sip_parse(&parser, v->len, 1) || sip_parse_routing(&parser) ? -1
											     : 0,
				 v->expected);
}

static void run(struct probe *probe, const struct vector *vectors, int count,
		void (*result)(bool good, const char *suite, const char *name))
{
	for (int i = 0; i < count; i++)
		result(holds(probe, &vectors[i]), "vectors", vectors[i].name);
}

void vector_cases_run(void (*result)(bool good, const char *suite, const char *name))
{
	struct vector *vectors = calloc(VECTORS_MAX, sizeof(*vectors));
	struct probe probe = { 0 };
	int err = probe_open(&probe), count = vectors ? vectors_own(vectors) : 0;

	result(!err && count > 0, "vectors", "the parser is loaded, messages are there");
	if (!err) {
		run(&probe, vectors, count, result);
		count = vectors_shared(vectors);
		run(&probe, vectors, count, result);
		if (count) /* not part of the repository; tests/vectors/torture-* are */
			result(count > 0, "vectors", "RFC 4475 and RFC 5118");
	}
	probe_close(&probe);
	free(vectors);
}
