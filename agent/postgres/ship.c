// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "postgres/ship.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "postgres/db_maintenance.h"
#include "postgres/pg.h"
#include "postgres/pg_array.h"
#include "postgres/pg_error.h"
#include "postgres/pg_insert.h"
#include "postgres/schema.h"
#include "util/log.h"
#include "util/text.h"

#define ROWS_A_BATCH 1000
#define TRIES_AT_ONCE 5 /* of what met another transaction */

enum phase { OFFLINE, PROBING, MAKING, READY };

struct batch {
	int rows; /* 0: there is none */
	enum cg_db_table_id table;
	__s64 last; /* step of its last row */
};

struct cg_ship {
	struct cg_pg *pg;
	struct cg_writer *writer;
	const char *spool_path;
	struct cg_spool *spool; /* a reader */
	unsigned int opened, anew; /* of the writer's file that it reads */
	enum phase phase;
	bool made; /* the schema was made: a second time would be in vain */
	int version; /* that was found; 0: none */
	int tries; /* of the statement under way, each in vain */
	char trouble[512]; /* told already */
	char *insert[CG_TABLES];
	__s64 cursor[CG_TABLES]; /* rows up to this step are in PostgreSQL */
	struct cg_pg_arrays arrays; /* of the next batch: libpq has a copy of the one under way */
	int limit; /* rows in a batch: fewer while a bad row is looked for */
	struct batch sent; /* the one under way */
	struct batch next; /* read while that is under way */
	__s64 committed_at; /* microseconds since 1970; 0: nothing yet */
	struct cg_db_maintenance maintenance;
	bool more; /* there may be rows that were not read yet */
};

/* One line for each new trouble, not for each try. */
static void say(struct cg_ship *ship, const char *what)
{
	if (strcmp(ship->trouble, what))
		cg_log_warning("database: %s; rows wait in %s", what, ship->spool_path);
	snprintf(ship->trouble, sizeof(ship->trouble), "%s", what);
}

static int take_row(void *ctx, __s64 step, const char *const *values)
{
	struct cg_ship *ship = ctx;

	ship->next.last = step;
	return cg_pg_arrays_add_row(&ship->arrays, values);
}

static int open_spool(struct cg_ship *ship)
{
	struct cg_writer_status status;
	int err = 0;

	cg_writer_get_status(ship->writer, &status);
	if (ship->anew != status.generation) /* that file is gone, and so are its steps */
		memset(ship->cursor, 0, sizeof(ship->cursor));
	ship->anew = status.generation;
	if (ship->spool && ship->opened != status.open_count) {
		cg_spool_close(ship->spool);
		ship->spool = NULL;
	}
	if (!ship->spool)
		err = cg_spool_open(ship->spool_path, 0, &ship->spool);
	ship->opened = status.open_count;
	return err;
}

/* The rows behind those that are under way. */
static int read_table(struct cg_ship *ship, enum cg_db_table_id id)
{
	bool behind = ship->sent.rows && ship->sent.table == id;
	__s64 after = behind ? ship->sent.last : ship->cursor[id];
	int n;

	cg_pg_arrays_reset(&ship->arrays, cg_db_tables[id].n_columns);
	n = cg_spool_read_steps(ship->spool, id, after, ship->limit, take_row, ship);
	return n > 0 && cg_pg_arrays_finish(&ship->arrays) ? -ENOMEM : n;
}

/* Open rows first and violations after, so that a violation finds its call. 0 or -errno. */
static int read_next(struct cg_ship *ship)
{
	int n = open_spool(ship);

	ship->next.rows = 0;
	for (int id = 0; n >= 0 && !ship->next.rows && id < CG_TABLES; id++) {
		n = read_table(ship, id);
		ship->next.table = id;
		ship->next.rows = n > 0 ? n : 0;
	}
	if (n == -EUCLEAN)
		cg_writer_mark_damaged(ship->writer);
	if (n < 0) { /* the writer meets the same, or is told; it says so, and opens anew */
		cg_spool_close(ship->spool);
		ship->spool = NULL;
		return n;
	}
	return 0;
}

static void send_batch(struct cg_ship *ship)
{
	const char *values[CG_COLUMNS_MAX];
	enum cg_db_table_id id = ship->next.table;
	unsigned int n = cg_db_tables[id].n_columns;

	for (unsigned int i = 0; i < n; i++)
		values[i] = ship->arrays.columns[i].text;
	ship->sent = ship->next;
	ship->next.rows = 0;
	cg_pg_send(ship->pg, ship->insert[id], n, values);
}

static void send_next(struct cg_ship *ship)
{
	if (ship->phase != READY || (ship->next.rows < ship->limit && read_next(ship)) ||
	    !cg_pg_is_idle(ship->pg))
		return;
	if (cg_db_maintenance_send(&ship->maintenance, ship->pg, !ship->next.rows))
		return;
	if (ship->next.rows)
		send_batch(ship);
	else
		ship->more = false;
}

void cg_ship_notify(struct cg_ship *ship)
{
	ship->more = true;
	send_next(ship);
}

static void probe(struct cg_ship *ship)
{
	ship->phase = PROBING;
	cg_pg_send(ship->pg, cg_schema_version_sql, 0, NULL);
}

static void give_up(struct cg_ship *ship, const char *why)
{
	ship->phase = OFFLINE;
	cg_pg_disconnect(ship->pg, why);
}

static void give_up_on(struct cg_ship *ship, const PGresult *result)
{
	char why[400];

	cg_pg_error_text(result, cg_pg_role(ship->pg), why, sizeof(why));
	give_up(ship, why);
}

static void ready(struct cg_ship *ship)
{
	const char *what = ship->version ? ", schema migrated" : ", schema made";

	cg_log_notice("database: connected%s", ship->made ? what : "");
	ship->trouble[0] = '\0';
	ship->made = false;
	ship->phase = READY;
	ship->limit = ROWS_A_BATCH;
	cg_pg_reset_backoff(ship->pg);
	cg_db_maintenance_restart(&ship->maintenance);
	cg_ship_notify(ship);
}

static void probed(struct cg_ship *ship, const PGresult *result)
{
	char why[160];

	switch (cg_schema_read_state(result)) {
	case CG_SCHEMA_READY:
		ready(ship);
		break;
	case CG_SCHEMA_MISSING:
	case CG_SCHEMA_OLDER:
		if (ship->made) {
			give_up(ship, "schema cseqguard was made, but is not seen");
			break;
		}
		ship->version = PQntuples(result) ? atoi(PQgetvalue(result, 0, 0)) : 0;
		ship->phase = MAKING;
		cg_pg_send(ship->pg, cg_schema_sql, 0, NULL);
		break;
	case CG_SCHEMA_NEWER:
		cg_schema_newer_text(result, why, sizeof(why));
		give_up(ship, why);
		break;
	case CG_SCHEMA_ERROR:
		give_up_on(ship, result);
		break;
	}
}

static void made(struct cg_ship *ship, const PGresult *result)
{
	char why[400];

	if (cg_pg_classify_error(result) == CG_PG_ERROR_NONE) {
		ship->made = true;
		probe(ship);
		return;
	}
	cg_schema_failure_text(result, ship->version, why, sizeof(why));
	give_up(ship, why);
}

static void refused(struct cg_ship *ship, const PGresult *result)
{
	const char *primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	struct batch batch = ship->sent;

	ship->sent.rows = 0;
	if (cg_pg_classify_error(result) != CG_PG_ERROR_ROW) {
		give_up_on(ship, result);
		return;
	}
	if (batch.rows > 1) { /* halve until the one bad row is alone */
		ship->limit = batch.rows / 2;
	} else if (!cg_writer_reject(ship->writer, batch.table, batch.last, primary)) {
		cg_log_err("database: refused one row of %s: %s; it stands in `rejected` of %s",
			   cg_db_tables[batch.table].name, primary, ship->spool_path);
		ship->cursor[batch.table] = batch.last;
	}
	ship->next.rows = 0; /* it was read behind the refused one */
	send_next(ship);
}

static void shipped(struct cg_ship *ship, const PGresult *result)
{
	if (PQresultStatus(result) != PGRES_COMMAND_OK) {
		refused(ship, result);
		return;
	}
	ship->committed_at = cg_now_us();
	ship->cursor[ship->sent.table] = ship->sent.last;
	cg_writer_delete(ship->writer, ship->sent.table, ship->sent.last);
	ship->sent.rows = 0;
	ship->limit = ship->limit * 2 < ROWS_A_BATCH ? ship->limit * 2 : ROWS_A_BATCH;
	send_next(ship);
}

static void pg_up(void *ctx)
{
	probe(ctx);
}

/* Whatever was asked: true if the fault is not of what was asked, and dealt with. */
static bool passing(struct cg_ship *ship, const PGresult *result)
{
	enum cg_pg_error fault = cg_pg_classify_error(result);

	if (fault == CG_PG_ERROR_READ_ONLY) {
		give_up_on(ship, result);
		return true;
	}
	if (fault != CG_PG_ERROR_RETRY || ++ship->tries >= TRIES_AT_ONCE) {
		ship->tries = 0;
		return false;
	}
	ship->sent.rows = ship->next.rows = 0; /* its rows are read once more */
	if (ship->phase == READY)
		send_next(ship);
	else
		probe(ship);
	return true;
}

static void pg_result(void *ctx, const PGresult *result)
{
	struct cg_ship *ship = ctx;

	if (passing(ship, result))
		return;
	if (ship->phase == PROBING)
		probed(ship, result);
	else if (ship->phase == MAKING)
		made(ship, result);
	else if (!ship->maintenance.sent)
		shipped(ship, result);
	else if (cg_db_maintenance_handle(&ship->maintenance, result))
		send_next(ship);
	else
		give_up_on(ship, result);
}

static void pg_down(void *ctx, const char *why)
{
	struct cg_ship *ship = ctx;

	ship->phase = OFFLINE;
	ship->more = true;
	ship->sent.rows = ship->next.rows = 0;
	say(ship, why);
}

int cg_ship_new(int loop, const char *conninfo, __u64 timeout, const char *spool_path,
		struct cg_writer *writer, const struct cg_origin *origin, struct cg_ship **out)
{
	struct cg_ship *ship = calloc(1, sizeof(*ship));
	struct cg_pg_callbacks user = { pg_up, pg_result, pg_down, ship };
	int err = 0;

	if (!ship)
		return -ENOMEM;
	ship->writer = writer;
	ship->spool_path = spool_path;
	ship->more = true;
	cg_db_maintenance_init(&ship->maintenance, origin);
	for (int id = 0; id < CG_TABLES; id++) {
		ship->insert[id] = cg_pg_insert_sql(&cg_db_tables[id]);
		if (!ship->insert[id])
			err = -ENOMEM;
	}
	if (!err)
		err = cg_pg_new(loop, conninfo, timeout, &user, &ship->pg);
	if (err)
		cg_ship_free(ship);
	else
		*out = ship;
	return err;
}

void cg_ship_set_timeout(struct cg_ship *ship, __u64 timeout)
{
	cg_pg_set_timeout(ship->pg, timeout);
}

void cg_ship_free(struct cg_ship *ship)
{
	if (!ship)
		return;
	cg_pg_free(ship->pg);
	cg_spool_close(ship->spool);
	cg_pg_arrays_free(&ship->arrays);
	for (int id = 0; id < CG_TABLES; id++)
		free(ship->insert[id]);
	free(ship);
}

int cg_ship_is_idle(const struct cg_ship *ship)
{
	return ship->phase != READY || (!ship->more && cg_pg_is_idle(ship->pg));
}

void cg_ship_get_status(const struct cg_ship *ship, struct cg_ship_status *status)
{
	*status = (struct cg_ship_status){ .up = ship->phase == READY,
					   .committed_at = ship->committed_at,
					   .trouble = ship->trouble };
}
