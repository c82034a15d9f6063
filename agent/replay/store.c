// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "replay/store.h"

#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "postgres/conninfo.h"
#include "postgres/ship_all.h"
#include "spool/bulk.h"
#include "util/cli_output.h"

#define FILE_NAME "/rows.db" /* in a folder of our own */

struct cg_replay_store {
	struct cg_replay_target target;
	char spool[PATH_MAX]; /* the target's, or one of our own */
	char folder[PATH_MAX - sizeof(FILE_NAME)]; /* of one of our own; "": there is none */
	struct cg_bulk bulk;
	bool is_kept; /* the folder */
};

/* The spool of a running daemon has rows that are on their way already. */
static int check_spool(const char *path)
{
	struct cg_spool *spool;
	int err = cg_spool_open(path, 0, &spool);
	bool has_beat = !err && cg_spool_has_beat(spool);

	cg_spool_close(spool);
	if (has_beat)
		return cg_fail("spool %s: cannot send its rows: a daemon writes to it, and sends "
			       "them itself; name another file with --spool",
			       path);
	return CG_DONE; /* the writer reports what is wrong with the file */
}

static int check_target(const struct cg_replay_target *target)
{
	char why[256];

	if (cg_conninfo_check(target->db, why, sizeof(why)))
		return cg_fail_usage("invalid value for --db: %s", why);
	return target->spool ? check_spool(target->spool) : CG_DONE;
}

/* Rows that wait for PostgreSQL may be many: they belong to the disk, not into memory. */
static int make_folder(struct cg_replay_store *store)
{
	const char *parent = getenv("TMPDIR");

	snprintf(store->folder, sizeof(store->folder), "%s/cseqguard-replay-XXXXXX",
		 parent && *parent ? parent : "/var/tmp");
	if (!mkdtemp(store->folder)) {
		int code = cg_fail("%s: cannot create: %m; name a file for the rows with --spool, "
				   "or another folder with TMPDIR",
				   store->folder);

		*store->folder = '\0';
		return code;
	}
	snprintf(store->spool, sizeof(store->spool), "%s" FILE_NAME, store->folder);
	return CG_DONE;
}

/* SQLite and the spool have files of their own beside the first one. */
static void remove_folder(const char *folder)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		unlinkat(dirfd(dir), entry->d_name, 0); /* fails for . and .. */
	if (dir)
		closedir(dir);
	rmdir(folder);
}

/* Also sends what an earlier replay has left in the file. */
static int check_db(const struct cg_replay_store *store)
{
	char why[CG_SHIP_WHY];

	if (!cg_ship_all(store->target.db, store->target.node, store->spool, why))
		return CG_DONE;
	return cg_fail("%s; nothing was replayed: correct it, or leave --db out", why);
}

static int open_spool(struct cg_replay_store *store)
{
	if (!cg_bulk_open(&store->bulk, store->spool))
		return CG_DONE;
	return cg_fail("spool %s: cannot open: %s", store->spool,
		       cg_spool_strerror(store->bulk.spool));
}

int cg_replay_store_open(const struct cg_replay_target *target, struct cg_replay_store **out)
{
	struct cg_replay_store *store;
	int code = target->db ? check_target(target) : CG_DONE;

	*out = NULL;
	if (code || (!target->db && !target->spool))
		return code;
	store = calloc(1, sizeof(*store));
	if (!store)
		return cg_fail("replay: out of memory");
	store->target = *target;
	if (target->spool)
		snprintf(store->spool, sizeof(store->spool), "%s", target->spool);
	else
		code = make_folder(store);
	if (!code && target->db)
		code = check_db(store);
	if (!code)
		code = open_spool(store);
	if (code)
		cg_replay_store_free(store);
	else
		*out = store;
	return code;
}

static int fail_to_write(struct cg_replay_store *store)
{
	return cg_fail("spool %s: cannot write: %s", store->spool,
		       cg_spool_strerror(store->bulk.spool));
}

int cg_replay_store_put(struct cg_replay_store *store, enum cg_db_table_id table, const void *row)
{
	int err = store ? cg_bulk_put(&store->bulk, table, row) : 0;

	if (err)
		fail_to_write(store);
	return err;
}

static int send_rows(const struct cg_replay_target *target, const char *spool)
{
	char why[CG_SHIP_WHY];

	if (!cg_ship_all(target->db, target->node, spool, why))
		return CG_DONE;
	return cg_fail(
		"%s; the rows wait in %s: send them later by `cseqguard replay --db CONNINFO "
		"--spool %s`",
		why, spool, spool);
}

int cg_replay_store_finish(struct cg_replay_store *store)
{
	int code;

	if (!store)
		return CG_DONE;
	if (cg_bulk_commit(&store->bulk))
		return fail_to_write(store);
	cg_bulk_close(&store->bulk);
	if (!store->target.db)
		return CG_DONE;
	code = send_rows(&store->target, store->spool);
	store->is_kept = code;
	return code;
}

void cg_replay_store_free(struct cg_replay_store *store)
{
	if (!store)
		return;
	cg_bulk_close(&store->bulk);
	if (*store->folder && !store->is_kept)
		remove_folder(store->folder);
	free(store);
}

int cg_replay_store_send(const struct cg_replay_target *target)
{
	int code = check_target(target);

	if (code)
		return code;
	if (access(target->spool, R_OK | W_OK))
		return cg_fail("spool %s: cannot open: %m", target->spool);
	return send_rows(target, target->spool);
}
