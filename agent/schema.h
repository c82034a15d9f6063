/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The PostgreSQL schema: looked at after each connect, made where it is missing. */
#ifndef CG_SCHEMA_H
#define CG_SCHEMA_H

#include <libpq-fe.h>

#define CG_SCHEMA 1 /* the version that this daemon writes */

extern const char cg_schema_sql[]; /* makes it; may be run again */
extern const char cg_schema_probe[]; /* asks for its version */

enum cg_schema_state {
	CG_SCHEMA_READY,
	CG_SCHEMA_MISSING, /* send cg_schema_sql, then probe again */
	CG_SCHEMA_FOREIGN, /* another version's. Migrations will stand here: 1 has no older one */
	CG_SCHEMA_ERROR, /* of the probe itself */
};

/* What the probe's result says. */
enum cg_schema_state cg_schema_state(const PGresult *probed);

#endif
