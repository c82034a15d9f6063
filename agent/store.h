/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Where the daemon of an instance stores its rows: by its configuration, or the command line. */
#ifndef CG_STORE_H
#define CG_STORE_H

#include "options.h"

struct cg_store {
	char *db; /* conninfo; NULL: the spool is the store */
	char *spool;
};

/* CG_DONE, or an exit code, reported. Strings are the structure's own: cg_store_free(). */
int cg_store_of(const struct cg_options *options, struct cg_store *store);
void cg_store_free(struct cg_store *store);

#endif
