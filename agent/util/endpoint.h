/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Parser for "ADDRESS:PORT" arguments. */
#ifndef CG_UTIL_ENDPOINT_H
#define CG_UTIL_ENDPOINT_H

#include <sys/socket.h>

/*
 * Parses 192.0.2.1:9060 or [2001:db8::1]:9060; host names are not resolved. Returns 0, or -EINVAL
 * with `out` and `len` untouched.
 */
int cg_endpoint_parse(const char *text, struct sockaddr_storage *out, socklen_t *len);

/* Like cg_endpoint_parse(), but accepts a port alone, which means 127.0.0.1:PORT. */
int cg_endpoint_parse_listener(const char *text, struct sockaddr_storage *out, socklen_t *len);

/*
 * Parses unix:/PATH, 192.0.2.1[:PORT], [2001:db8::1][:PORT] or localhost[:PORT], which means
 * 127.0.0.1; the port of Redis is 6379 by default. Returns as cg_endpoint_parse() does.
 */
int cg_endpoint_parse_redis(const char *text, struct sockaddr_storage *out, socklen_t *len);

#endif
