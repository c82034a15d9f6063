/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* A conninfo of libpq, judged and shown without its secrets. */
#ifndef CG_POSTGRES_CONNINFO_H
#define CG_POSTGRES_CONNINFO_H

#include <stddef.h>

/* 0, or -EINVAL: libpq cannot read the conninfo; then `why` says where, and shows nothing of it. */
int cg_conninfo_check(const char *conninfo, char *why, size_t why_size);

/* The conninfo as keys and values for a log: what is secret in it as ***. */
void cg_conninfo_redact(const char *conninfo, char *text, size_t size);

#endif
