/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Messages as files, and what must be read from each (expectation.h): the project's own in tests/vectors,
 * NAME.sip and NAME.expect; and, where somebody has laid them beside the project, the torture
 * messages of RFC 4475 and RFC 5118 with their INDEX.tsv.
 */
#ifndef VECTORS_H
#define VECTORS_H

#include <stddef.h>

#include "sip_parser.h"

#define VECTORS_MAX 512
#define VECTORS_OWN "tests/vectors"
#define VECTORS_SHARED "../shared/sip-vectors"

struct vector {
	char name[64];
	__u8 text[SIP_MAX];
	size_t len;
	char expected[2048];
	const char *skip; /* why it does not apply; NULL: it does */
};

/* In the order of their names. Up to VECTORS_MAX; how many, or -errno, told on stdout as a comment. */
int vectors_own(struct vector *vectors);

/* 0 where there are none. */
int vectors_shared(struct vector *vectors);

#endif
