/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Messages as files with the expected result (expectation.h): NAME.sip and NAME.expect in
 * tests/vectors, and the torture messages of RFC 4475 and RFC 5118 with their INDEX.tsv, which are
 * not part of the repository.
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
	const char *skip; /* reason to skip it, or NULL */
};

/*
 * Reads up to VECTORS_MAX vectors in the order of their names. Returns their number, or -errno with
 * a TAP comment.
 */
int vectors_own(struct vector *vectors);

/* As vectors_own(). Returns 0 if they are not there. */
int vectors_shared(struct vector *vectors);

#endif
