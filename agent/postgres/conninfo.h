/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Checks a connection string of libpq, and prints it without passwords. */
#ifndef CG_POSTGRES_CONNINFO_H
#define CG_POSTGRES_CONNINFO_H

#include <stddef.h>

/*
 * Returns 0, or -EINVAL if libpq cannot parse the conninfo. Then `why` says where, without any part
 * of it that may be a password.
 */
int cg_conninfo_check(const char *conninfo, char *why, size_t why_size);

/* Formats the conninfo as keys and values for a log, with passwords as ***. */
void cg_conninfo_redact(const char *conninfo, char *text, size_t size);

#endif
