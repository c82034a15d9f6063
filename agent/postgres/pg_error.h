/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What a failed statement means for whoever sent it, by its SQLSTATE. */
#ifndef CG_POSTGRES_PG_ERROR_H
#define CG_POSTGRES_PG_ERROR_H

#include <libpq-fe.h>
#include <stddef.h>

enum cg_pg_error {
	CG_PG_ERROR_NONE,
	CG_PG_ERROR_RETRY, /* met another transaction: the same statement may pass at once */
	CG_PG_ERROR_ROW, /* of a row */
	CG_PG_ERROR_DENIED, /* to this role */
	CG_PG_ERROR_READ_ONLY, /* this server takes no rows, another of its cluster may */
	CG_PG_ERROR_SERVER, /* all else: the server's trouble, or passes */
};

enum cg_pg_error cg_pg_classify_error(const PGresult *result);

/* In a line: the server's words, and the remedy where there is one. login: who was refused. */
void cg_pg_error_text(const PGresult *result, const char *login, char *why, size_t size);

#endif
