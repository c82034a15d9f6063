/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Finds the daemon's store, PostgreSQL or the spool, for commands that read it. */
#ifndef CG_CONFIG_STORE_SELECT_H
#define CG_CONFIG_STORE_SELECT_H

struct cg_store {
	char *db; /* conninfo; NULL: the spool is the store */
	char *spool;
};

/*
 * Reads where the daemon of `instance` stores its rows. config: its configuration file, NULL: the
 * default. db, spool: override the file, NULL: as the file has it. Returns CG_DONE, or an exit
 * code, reported. The caller frees the strings with cg_store_free().
 */
int cg_store_select(const char *instance, const char *config, const char *db, const char *spool,
		    struct cg_store *store);
void cg_store_free(struct cg_store *store);

#endif
