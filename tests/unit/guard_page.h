/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* A parser whose buffer ends at a guard page, so that a read beyond it faults. */
#ifndef GUARD_PAGE_H
#define GUARD_PAGE_H

#include <stddef.h>

#include "sip_parser.h"

/* Returns NULL if out of memory. Never freed. */
struct sip_parser *guard_page_parser(void);

/* Calls sip_parse() for a text. Repeats `behind` up to the end of the buffer; "" is zeroes. */
int guard_page_parse(struct sip_parser *p, const void *text, size_t len, int complete,
		     const char *behind);

#endif
