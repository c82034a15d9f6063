// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "postgres/ship.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "postgres/batch.h"
#include "postgres/db_maintenance.h"
#include "postgres/node_lock.h"
#include "postgres/pg.h"
#include "postgres/pg_error.h"
#include "postgres/pg_insert.h"
#include "postgres/schema.h"
#include "util/log.h"
#include "util/text.h"

#define RETRIES 5 /* of a statement that conflicts with another transaction */

enum phase { OFFLINE, CHECKING_SCHEMA, CREATING_SCHEMA, LOCKING_NODE, READY };

struct cg_ship {
	struct cg_pg *pg;
	struct cg_writer *writer;
	const char *spool_path;
	const struct cg_origin *origin;
	enum phase phase;
	bool schema_created; /* in this connection: creating it again would not help */
	int schema_version; /* that was found; 0: none */
	int tries; /* failed ones of the statement in flight */
	char trouble[512]; /* the last one that was logged; "": none */
	char *insert[CG_TABLES]; /* SQL */
	struct cg_batch_reader reader; /* its batch is read while another one is in flight */
	struct cg_batch in_flight; /* rows 0: none */
	__s64 committed_at; /* last batch, microseconds since 1970; 0: none yet */
	struct cg_db_maintenance maintenance;
	int lock_holder; /* process id of the session that has the node's lock for us; 0: none */
	bool may_have_rows; /* the spool may have rows that were not read yet */
	unsigned int rejected; /* rows */
	bool reject_waits; /* the writer has an earlier one: send nothing before its commit */
};

/* Logs a trouble unless it is the last one again: one line a trouble, not one a try. */
static void report_trouble(struct cg_ship *ship, const char *trouble)
{
	if (strcmp(ship->trouble, trouble))
		cg_log_warning("database: %s; rows wait in %s", trouble, ship->spool_path);
	snprintf(ship->trouble, sizeof(ship->trouble), "%s", trouble);
}

/* Forgets both batches: their rows are still in the spool and are read again. */
static void drop_batches(struct cg_ship *ship)
{
	ship->in_flight.rows = 0;
	ship->reader.batch.rows = 0;
}

static void send_batch(struct cg_ship *ship)
{
	struct cg_batch_reader *reader = &ship->reader;
	const char *values[CG_COLUMNS_MAX];
	enum cg_db_table_id id = reader->batch.table;
	unsigned int n = cg_db_tables[id].n_columns;

	for (unsigned int i = 0; i < n; i++)
		values[i] = reader->arrays.columns[i].text;
	ship->in_flight = reader->batch;
	reader->batch.rows = 0;
	reader->last_sent = id;
	cg_pg_send(ship->pg, ship->insert[id], n, values);
}

/* Reads ahead; if the connection is idle, sends maintenance that is due, else the batch. */
static void send_next(struct cg_ship *ship)
{
	struct cg_batch_reader *reader = &ship->reader;

	if (ship->phase != READY || ship->reject_waits)
		return;
	if (reader->batch.rows < reader->limit[reader->batch.table] &&
	    cg_batch_reader_next(reader, &ship->in_flight))
		return;
	if (!cg_pg_is_idle(ship->pg))
		return;
	if (cg_db_maintenance_send(&ship->maintenance, ship->pg, !reader->batch.rows))
		return;
	if (reader->batch.rows)
		send_batch(ship);
	else
		ship->may_have_rows = false;
}

void cg_ship_notify(struct cg_ship *ship)
{
	ship->may_have_rows = true;
	ship->reject_waits = false;
	send_next(ship);
}

static void check_schema(struct cg_ship *ship)
{
	ship->phase = CHECKING_SCHEMA;
	cg_pg_send(ship->pg, cg_schema_version_sql, 0, NULL);
}

static void drop_connection(struct cg_ship *ship, const char *why)
{
	ship->phase = OFFLINE;
	cg_pg_disconnect(ship->pg, why);
}

static void disconnect_for_error(struct cg_ship *ship, const PGresult *result)
{
	char why[400];

	cg_pg_error_text(result, cg_pg_role(ship->pg), why, sizeof(why));
	drop_connection(ship, why);
}

static void lock_node(struct cg_ship *ship)
{
	char holder[16];
	const char *values[] = { ship->origin->node, holder };

	snprintf(holder, sizeof(holder), "%d", ship->lock_holder);
	ship->phase = LOCKING_NODE;
	cg_pg_send(ship->pg, cg_node_lock_sql, 2, values);
}

static void start_shipping(struct cg_ship *ship)
{
	const char *change = ship->schema_version ? ", schema migrated" : ", schema created";

	cg_log_notice("database: connected%s", ship->schema_created ? change : "");
	ship->trouble[0] = '\0';
	ship->schema_created = false;
	ship->reader.arrays.ascii = !cg_pg_stores_utf8(ship->pg);
	ship->phase = READY;
	cg_pg_reset_backoff(ship->pg);
	cg_db_maintenance_restart(&ship->maintenance);
	cg_ship_notify(ship);
}

static void handle_node_lock(struct cg_ship *ship, const PGresult *result)
{
	char why[400];

	if (cg_pg_classify_error(result) != CG_PG_ERROR_NONE)
		disconnect_for_error(ship, result);
	else if (!cg_node_lock_is_held(result, ship->origin->node, cg_pg_session(ship->pg),
				       &ship->lock_holder, why, sizeof(why)))
		drop_connection(ship, why);
	else
		start_shipping(ship);
}

static void handle_schema_version(struct cg_ship *ship, const PGresult *result)
{
	char why[160];

	switch (cg_schema_read_state(result)) {
	case CG_SCHEMA_READY:
		lock_node(ship);
		break;
	case CG_SCHEMA_MISSING:
	case CG_SCHEMA_OLDER:
		if (ship->schema_created) {
			drop_connection(ship, "schema cseqguard was created, but cannot be found");
			break;
		}
		ship->schema_version = PQntuples(result) ? atoi(PQgetvalue(result, 0, 0)) : 0;
		ship->phase = CREATING_SCHEMA;
		cg_pg_send(ship->pg, cg_schema_sql, 0, NULL);
		break;
	case CG_SCHEMA_NEWER:
		cg_schema_newer_text(result, why, sizeof(why));
		drop_connection(ship, why);
		break;
	case CG_SCHEMA_ERROR:
		disconnect_for_error(ship, result);
		break;
	}
}

static void handle_schema_created(struct cg_ship *ship, const PGresult *result)
{
	char why[400];

	if (cg_pg_classify_error(result) == CG_PG_ERROR_NONE) {
		ship->schema_created = true;
		check_schema(ship);
		return;
	}
	cg_schema_failure_text(result, ship->schema_version, why, sizeof(why));
	drop_connection(ship, why);
}

/*
 * Handles a batch that failed. If a row is at fault, halves the batches of its table until it is
 * alone, and moves it to `rejected`. Halves them as well if the server's time was too short.
 */
static void handle_refused_batch(struct cg_ship *ship, const PGresult *result)
{
	const char *primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	enum cg_pg_error error = cg_pg_classify_error(result);
	struct cg_batch batch = ship->in_flight;

	ship->in_flight.rows = 0;
	if (error != CG_PG_ERROR_ROW && (error != CG_PG_ERROR_CANCELED || batch.rows == 1)) {
		disconnect_for_error(ship, result);
		return;
	}
	if (batch.rows > 1) {
		ship->reader.limit[batch.table] = batch.rows / 2;
	} else if (!cg_writer_reject(ship->writer, batch.table, batch.last_step, primary)) {
		cg_log_err(
			"database: one row of %s was refused: %s; it is in table `rejected` of %s",
			cg_db_tables[batch.table].name, primary, ship->spool_path);
		ship->reader.cursor[batch.table] = batch.last_step;
		ship->rejected++;
	} else {
		ship->reject_waits = true;
	}
	ship->reader.batch.rows = 0; /* was read behind the refused rows */
	send_next(ship);
}

static void handle_batch(struct cg_ship *ship, const PGresult *result)
{
	int *limit = &ship->reader.limit[ship->in_flight.table];

	if (PQresultStatus(result) != PGRES_COMMAND_OK) {
		handle_refused_batch(ship, result);
		return;
	}
	ship->committed_at = cg_now_us();
	ship->reader.cursor[ship->in_flight.table] = ship->in_flight.last_step;
	cg_writer_delete(ship->writer, ship->in_flight.table, ship->in_flight.last_step);
	ship->in_flight.rows = 0;
	*limit = *limit * 2 < CG_BATCH_ROWS ? *limit * 2 : CG_BATCH_ROWS;
	send_next(ship);
}

static void handle_connected(void *ctx)
{
	check_schema(ctx);
}

/*
 * Handles errors that the statement did not cause: a read-only server, and a conflict with another
 * transaction, whose statement is sent again. True: handled.
 */
static bool handle_passing_error(struct cg_ship *ship, const PGresult *result)
{
	enum cg_pg_error error = cg_pg_classify_error(result);

	if (error == CG_PG_ERROR_READ_ONLY) {
		disconnect_for_error(ship, result);
		return true;
	}
	if (error != CG_PG_ERROR_RETRY || ++ship->tries >= RETRIES) {
		ship->tries = 0;
		return false;
	}
	drop_batches(ship);
	ship->maintenance.sent = CG_DB_TASK_NONE; /* is still due; a batch may come first */
	if (ship->phase == READY)
		send_next(ship);
	else
		check_schema(ship);
	return true;
}

static void handle_result(void *ctx, const PGresult *result)
{
	struct cg_ship *ship = ctx;

	if (handle_passing_error(ship, result))
		return;
	if (ship->phase == CHECKING_SCHEMA)
		handle_schema_version(ship, result);
	else if (ship->phase == CREATING_SCHEMA)
		handle_schema_created(ship, result);
	else if (ship->phase == LOCKING_NODE)
		handle_node_lock(ship, result);
	else if (!ship->maintenance.sent)
		handle_batch(ship, result);
	else if (cg_db_maintenance_handle(&ship->maintenance, result))
		send_next(ship);
	else
		disconnect_for_error(ship, result);
}

static void handle_disconnected(void *ctx, const char *why)
{
	struct cg_ship *ship = ctx;

	ship->phase = OFFLINE;
	ship->may_have_rows = true;
	if (ship->in_flight.rows > 1) /* the batch may have been too large for the timeout */
		ship->reader.limit[ship->in_flight.table] = ship->in_flight.rows / 2;
	drop_batches(ship);
	report_trouble(ship, why);
}

int cg_ship_new(sd_event *loop, const char *conninfo, __u64 timeout, const char *spool_path,
		struct cg_writer *writer, struct cg_stale_calls *stale, struct cg_ship **out)
{
	struct cg_ship *ship = calloc(1, sizeof(*ship));
	struct cg_pg_callbacks callbacks = {
		.connected = handle_connected,
		.result = handle_result,
		.disconnected = handle_disconnected,
		.ctx = ship,
	};
	int err = 0;

	if (!ship)
		return -ENOMEM;
	ship->writer = writer;
	ship->spool_path = spool_path;
	ship->origin = stale->origin;
	ship->may_have_rows = true;
	cg_batch_reader_init(&ship->reader, spool_path, writer);
	cg_db_maintenance_init(&ship->maintenance, stale);
	for (int id = 0; id < CG_TABLES; id++) {
		ship->insert[id] = cg_pg_insert_sql(&cg_db_tables[id]);
		if (!ship->insert[id])
			err = -ENOMEM;
	}
	if (!err)
		err = cg_pg_new(loop, conninfo, timeout, &callbacks, &ship->pg);
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
	cg_batch_reader_free(&ship->reader);
	cg_db_maintenance_finish(&ship->maintenance);
	for (int id = 0; id < CG_TABLES; id++)
		free(ship->insert[id]);
	free(ship);
}

int cg_ship_is_idle(const struct cg_ship *ship)
{
	return ship->phase != READY || (!ship->may_have_rows && cg_pg_is_idle(ship->pg));
}

void cg_ship_get_status(const struct cg_ship *ship, struct cg_ship_status *status)
{
	*status = (struct cg_ship_status){ .connected = ship->phase == READY,
					   .committed_at = ship->committed_at,
					   .rejected = ship->rejected,
					   .trouble = ship->trouble };
}
