/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Classifies the error of a statement by its SQLSTATE, and describes it. */
#ifndef CG_POSTGRES_PG_ERROR_H
#define CG_POSTGRES_PG_ERROR_H

#include <libpq-fe.h>
#include <stddef.h>

enum cg_pg_error {
	CG_PG_ERROR_NONE,
	CG_PG_ERROR_RETRY, /* conflict with another transaction: send the statement again */
	CG_PG_ERROR_ROW, /* the content of a row is not accepted */
	CG_PG_ERROR_CANCELED, /* by the server's statement_timeout: send fewer rows */
	CG_PG_ERROR_DENIED, /* the role lacks a privilege */
	CG_PG_ERROR_READ_ONLY, /* a standby: another server of the cluster may accept rows */
	CG_PG_ERROR_SERVER, /* any other error, permanent or not */
};

/* CG_PG_ERROR_NONE: the statement succeeded. */
enum cg_pg_error cg_pg_classify_error(const PGresult *result);

/* Formats the server's message, and the remedy if there is one. role: the connection's. */
void cg_pg_error_text(const PGresult *result, const char *role, char *why, size_t size);

#endif
