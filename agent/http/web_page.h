/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The web page: one document with its script and style inline. The policy allows no others. */
#ifndef CG_HTTP_WEB_PAGE_H
#define CG_HTTP_WEB_PAGE_H

/*
 * Returns the page with a new nonce. The caller frees it; NULL: no memory, or no random numbers.
 * *csp: the Content-Security-Policy to send with it, valid until the next call.
 */
char *cg_web_page_create(const char **csp);

#endif
