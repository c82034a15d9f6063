/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What a failed statement means for whoever sent it, by its SQLSTATE. */
#ifndef CG_POSTGRES_PG_ERROR_H
#define CG_POSTGRES_PG_ERROR_H

#include <libpq-fe.h>
#include <stddef.h>

enum cg_fault {
	CG_FAULT_NONE,
	CG_FAULT_AGAIN, /* met another transaction: the same statement may pass at once */
	CG_FAULT_CONTENT, /* of a row */
	CG_FAULT_DENIED, /* to this role */
	CG_FAULT_READ_ONLY, /* this server takes no rows, another of its cluster may */
	CG_FAULT_SERVER, /* all else: the server's trouble, or passes */
};

enum cg_fault cg_fault(const PGresult *result);

/* In a line: the server's words, and the remedy where there is one. login: who was refused. */
void cg_fault_say(const PGresult *result, const char *login, char *why, size_t size);

#endif
