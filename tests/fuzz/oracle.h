/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What libosip2 reads in a message: the other opinion that the parser is held against. */
#ifndef ORACLE_H
#define ORACLE_H

#include <stddef.h>

struct opinion {
	int status; /* 0: a request */
	const char *method; /* of a request; of a response its CSeq's */
	const char *call_id, *call_id_host; /* before and behind an '@'; host NULL: there is none */
	const char *from_tag, *to_tag; /* "" where there is none */
	const char *cseq, *cseq_method;
};

/* Once. 0 or -errno. */
int oracle_open(void);

/* 0, or -EBADMSG: libosip2 refuses the message. Text lives until the next call. */
int oracle_read(const char *text, size_t len, struct opinion *opinion);

#endif
