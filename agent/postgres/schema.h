/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The PostgreSQL schema: looked at after each connect, made or migrated where it must be. */
#ifndef CG_POSTGRES_SCHEMA_H
#define CG_POSTGRES_SCHEMA_H

#include <libpq-fe.h>

#define CG_SCHEMA_VERSION 2 /* the version that this daemon writes */

extern const char cg_schema_sql[]; /* makes it, or migrates an older one; may be run again */
extern const char cg_schema_version_sql[]; /* asks for its version */

enum cg_schema_state {
	CG_SCHEMA_READY,
	CG_SCHEMA_MISSING, /* send cg_schema_sql, then probe again */
	CG_SCHEMA_OLDER, /* the same */
	CG_SCHEMA_NEWER,
	CG_SCHEMA_ERROR, /* of the probe itself */
};

/* What the probe's result says. */
enum cg_schema_state cg_schema_read_state(const PGresult *probed);

/* Why rows wait: the schema is newer; it could not be made (version 0) or migrated from `version`. */
void cg_schema_newer_text(const PGresult *probed, char *why, size_t size);
void cg_schema_failure_text(const PGresult *made, int version, char *why, size_t size);

#endif
