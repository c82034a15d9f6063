/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* A parser whose buffer ends where its page does: the next one cannot be touched. */
#ifndef GUARD_PAGE_H
#define GUARD_PAGE_H

#include <stddef.h>

#include "sip_parser.h"

/* NULL: out of memory. Lives as long as the program. */
struct sip_parser *guard_page_parser(void);

/* sip_parse() of a text, with `behind` repeated to the end of the buffer; "" is zeroes. */
int guard_page_parse(struct sip_parser *p, const void *text, size_t len, int complete,
		     const char *behind);

#endif
