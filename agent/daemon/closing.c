// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "daemon/closing.h"

#include <stdio.h>

#include "maps/runtime_dir.h"
#include "util/clock.h"
#include "util/log.h"

bool cg_closing_is_asked(const struct cg_closing *closing)
{
	if (cg_guard_maps_are_detached(closing->guard))
		return true;
	return !cg_guard_maps_read_config(closing->guard) && closing->guard->config.was_detached;
}

void cg_closing_begin(struct cg_closing *closing)
{
	struct cg_guard_maps *guard = closing->guard;

	cg_guard_maps_read_config(guard);
	closing->limits->was_detached = guard->config.was_detached;
	closing->limits->lost_at = cg_boottime();
	closing->begun = true;
	cg_log_err("instance %s: %s; closes the rows of active calls as suspect; exiting",
		   guard->instance, guard->config.was_detached ? "detached" : "its maps are gone");
	cg_map_scan_start(closing->scan);
}

static void write_note(const struct cg_closing *closing, const char *progress)
{
	char note[CG_RUNTIME_NOTE_MAX];

	snprintf(note, sizeof(note), "%u %s", closing->guard->config_id, progress);
	cg_runtime_note_write(closing->guard->instance, CG_RUNTIME_CLOSED, note);
}

bool cg_closing_poll(struct cg_closing *closing)
{
	struct cg_writer_status status;

	if (!closing->begun || closing->done || cg_map_scan_is_running(closing->scan) ||
	    !cg_rings_drain(closing->rings) || !cg_violations_are_durable(closing->violations))
		return false;
	cg_writer_get_status(closing->writer, &status);
	if (status.queued != status.durable)
		return false;
	closing->done = true;
	write_note(closing, "done");
	return true;
}

static __s64 count_rows(const struct cg_writer_status *status)
{
	__s64 rows = 0;

	for (int i = 0; i < CG_TABLES; i++)
		rows += status->content.rows[i];
	return rows;
}

bool cg_closing_beat(struct cg_closing *closing)
{
	struct cg_writer_status status;
	char progress[24];
	__s64 rows;
	bool moves;

	cg_writer_get_status(closing->writer, &status);
	rows = count_rows(&status);
	moves = closing->done && rows < closing->rows_left;
	closing->rows_left = rows;
	if (!closing->done) {
		snprintf(progress, sizeof(progress), "%llu", (unsigned long long)status.durable);
		write_note(closing, progress);
	}
	return moves;
}
