/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The PostgreSQL schema: its version is read after each connect; it is created or migrated if needed. */
#ifndef CG_POSTGRES_SCHEMA_H
#define CG_POSTGRES_SCHEMA_H

#include <libpq-fe.h>

#define CG_SCHEMA_VERSION 3 /* that this daemon writes */

extern const char
	cg_schema_sql[]; /* creates the schema or migrates an older one; can be run again */
extern const char cg_schema_version_sql[]; /* reads its version */

enum cg_schema_state {
	CG_SCHEMA_READY,
	CG_SCHEMA_MISSING, /* send cg_schema_sql, then read the version again */
	CG_SCHEMA_OLDER, /* the same */
	CG_SCHEMA_NEWER,
	CG_SCHEMA_ERROR, /* the version cannot be read */
};

/* Returns the state by the result of cg_schema_version_sql. */
enum cg_schema_state cg_schema_read_state(const PGresult *probed);

/*
 * Each describes why rows have to wait: the schema is newer than this daemon; or it could not be
 * created (version 0) or migrated from `version`. Both take the result of the statement.
 */
void cg_schema_newer_text(const PGresult *probed, char *why, size_t size);
void cg_schema_failure_text(const PGresult *made, int version, char *why, size_t size);

#endif
