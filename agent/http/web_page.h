/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The page to look at: one text with its script and style in it, which alone may run. */
#ifndef CG_HTTP_WEB_PAGE_H
#define CG_HTTP_WEB_PAGE_H

/*
 * malloc()ed, under a nonce of its own; NULL: no memory. csp: the Content-Security-Policy to send
 * with it, valid until the next call.
 */
char *cg_web_page_create(const char **csp);

#endif
