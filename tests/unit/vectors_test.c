// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// link: tests/unit/vectors.c tests/unit/expectation.c tests/unit/guard_page.c agent/util/enum_names.c
/*
 * The native parser with the messages of vectors.h. Each is parsed twice, with different bytes
 * behind it and the buffer's end at a guard page.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guard_page.h"
#include "expectation.h"
#include "tap.h"
#include "vectors.h"

static struct sip_parser *parser;

static int read_twice(const struct vector *v, int *ret)
{
	struct sip_msg first;

	*ret = guard_page_parse(parser, v->text, v->len, 1, "\r\nCSeq: 1 BYE\r\nt:x;tag=z\r\n");
	first = parser->msg;
	if (guard_page_parse(parser, v->text, v->len, 1, "=\"\\> \t9") == *ret &&
	    (*ret || !memcmp(&first, &parser->msg, sizeof(first))))
		return *ret || slices_are_within(&parser->msg, v->len);
	printf("# what lies behind it has a bearing\n");
	return 0;
}

static void run(const struct vector *vectors, int count, const char *what)
{
	if (count < 0)
		ok(0, "vectors: %s can be read", what);
	for (int i = 0; i < count; i++) {
		int ret, same = read_twice(&vectors[i], &ret);

		ok(same && expectation_holds(parser, ret, vectors[i].expected), "vectors: %s",
		   vectors[i].name);
	}
}

int main(void)
{
	struct vector *vectors = calloc(VECTORS_MAX, sizeof(*vectors));
	int count;

	parser = guard_page_parser();
	if (!vectors || !parser) {
		fprintf(stderr, "vectors_test: out of memory\n");
		return 1;
	}
	count = vectors_own(vectors);
	ok(count > 0, "vectors: there are some in " VECTORS_OWN);
	run(vectors, count, VECTORS_OWN);
	/* not part of the repository; tests/vectors/torture-* are */
	run(vectors, vectors_shared(vectors), VECTORS_SHARED);
	free(vectors);
	return tap_done();
}
