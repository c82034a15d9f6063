/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* An address and a port as one types them. */
#ifndef CG_UTIL_ENDPOINT_H
#define CG_UTIL_ENDPOINT_H

#include <sys/socket.h>

/* 192.0.2.1:9060 or [2001:db8::1]:9060, no names. 0, or -EINVAL with out untouched. */
int cg_endpoint_parse(const char *text, struct sockaddr_storage *out, socklen_t *len);

/* The same, or a port alone: of 127.0.0.1. */
int cg_endpoint_parse_listener(const char *text, struct sockaddr_storage *out, socklen_t *len);

#endif
