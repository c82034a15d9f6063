/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Parses a message with libosip2, for comparison with the guard's parser. */
#ifndef ORACLE_H
#define ORACLE_H

#include <stddef.h>

struct opinion {
	int status; /* 0: a request */
	const char *method; /* of a response: that of its CSeq */
	const char *call_id,
		*call_id_host; /* before and behind the '@'; host is NULL without '@' */
	const char *from_tag, *to_tag; /* "" if there is none */
	const char *cseq, *cseq_method;
};

/* Call it once. Returns 0 or -errno. */
int oracle_open(void);

/*
 * Returns 0, or -EBADMSG if libosip2 refuses the message. The texts are valid until the next call.
 */
int oracle_read(const char *text, size_t len, struct opinion *opinion);

#endif
