// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * `detach -a` sets config.was_detached. The daemon sees it within a second, closes its rows, and
 * says how far it is in the note CG_RUNTIME_CLOSED: the id of map `config`, then a number that
 * grows, or "done".
 */
#include "cli/close_calls.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "calls/cdr.h"
#include "config/options.h"
#include "ingest/alerts_left.h"
#include "maps/map_iter.h"
#include "maps/pins.h"
#include "maps/runtime_dir.h"
#include "spool/spool.h"
#include "util/cli_output.h"
#include "util/clock.h"
#include "util/progress.h"

#define ROWS_PER_COMMIT 2048
#define STALL_NS (30 * CG_SECOND) /* give up on a daemon that makes no progress for this long */
#define POLL_NS 50000000

/* --- by the daemon ---------------------------------------------------------------------------- */

static bool daemon_runs(const char *instance)
{
	int fd = cg_runtime_connect(instance);

	if (fd >= 0)
		close(fd);
	return fd != -ENOENT && fd != -ECONNREFUSED;
}

/* Reads the daemon's note about these maps. Returns false if there is none. */
static bool read_note(const char *instance, __u32 config_id, char text[CG_RUNTIME_NOTE_MAX])
{
	char note[CG_RUNTIME_NOTE_MAX], *rest;

	if (cg_runtime_note_read(instance, CG_RUNTIME_CLOSED, note) ||
	    strtoul(note, &rest, 10) != config_id || *rest != ' ')
		return false;
	snprintf(text, CG_RUNTIME_NOTE_MAX, "%s", rest + 1);
	return true;
}

/* Returns 1: all rows are on disk, 0: no daemon does it, or -ETIMEDOUT. */
static int wait_for_daemon(const char *instance, __u32 config_id)
{
	char last[CG_RUNTIME_NOTE_MAX] = "", note[CG_RUNTIME_NOTE_MAX];
	__u64 until = cg_boottime() + STALL_NS;
	bool runs;

	do {
		runs = daemon_runs(instance); /* first: it may write its last note and exit */
		if (read_note(instance, config_id, note) && strcmp(note, last)) {
			if (!strcmp(note, "done"))
				return 1;
			strcpy(last, note);
			until = cg_boottime() + STALL_NS;
			cg_progress_show("detach: the daemon closes the rows of open calls, %s",
					 note);
		}
		if (runs)
			nanosleep(&(struct timespec){ .tv_nsec = POLL_NS }, NULL);
	} while (runs && cg_boottime() < until);
	return runs ? -ETIMEDOUT : 0;
}

/* --- by this process -------------------------------------------------------------------------- */

struct closer {
	const char *path;
	struct cg_spool *spool; /* NULL: not open yet */
	const struct cg_config *config;
	struct cg_limits limits;
	struct cg_origin origin;
	unsigned int uncommitted;
	int err;
};

/* The spool's files. */
static int set_owner(const char *path)
{
	static const char *const suffixes[] = { "", "-wal", "-shm" };
	char file[512];
	int err = 0;

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(*suffixes) && !err; i++) {
		snprintf(file, sizeof(file), "%s%s", path, suffixes[i]);
		err = cg_give_to_dir_owner(file);
	}
	return err;
}

static int open_spool(struct closer *closer)
{
	bool exists = !access(closer->path, F_OK);
	int err = 0;

	if (cg_state_dir_has(closer->path))
		err = cg_state_mkdir();
	if (!err)
		err = cg_spool_open(closer->path, 1, &closer->spool);
	return err || exists ? err : set_owner(closer->path);
}

/* Opens the spool and begins a transaction, unless that is done. True: rows can be put. */
static bool prepare_put(struct closer *closer)
{
	if (!closer->err && !closer->spool)
		closer->err = open_spool(closer);
	if (!closer->err && !closer->uncommitted)
		closer->err = cg_spool_begin(closer->spool);
	return !closer->err;
}

static void put_row(void *ctx, const void *key, const void *value)
{
	const struct cg_dialog *dialog = value;
	struct closer *closer = ctx;
	struct cg_cdr_row row;

	(void)key;
	if (!prepare_put(closer))
		return;
	cg_cdr_fill_row(dialog, &closer->limits, &closer->origin,
			cg_cdr_due(dialog, &closer->limits, closer->limits.lost_at), &row);
	closer->err = cg_spool_put(closer->spool, CG_TABLE_CDR, &row);
	if (!closer->err && ++closer->uncommitted == ROWS_PER_COMMIT) {
		closer->err = cg_spool_commit(closer->spool);
		closer->uncommitted = 0;
	}
}

/*
 * Puts a row for each dialog of a map. Returns 0 or -errno of the map; closer->err is the spool's.
 */
static int put_rows(struct closer *closer, const char *instance, const char *map)
{
	struct cg_map_iter *iter;
	int end = cg_map_iter_open(instance, map, sizeof(struct cg_dialog_key),
				   sizeof(struct cg_dialog), true, &iter);

	if (end)
		return end;
	while (!end && !closer->err) {
		end = cg_map_iter_run(iter, 1, put_row, closer);
		cg_progress_update(cg_map_iter_count(iter));
	}
	cg_map_iter_close(iter);
	return end < 0 ? end : 0;
}

/* Puts the violations that no daemon has read. Returns as put_rows(). */
static int put_alerts(struct closer *closer, const char *instance)
{
	struct cg_ring_reader *ring;
	bool has_records;
	int err = cg_alerts_left_open(instance, &ring, &has_records);

	if (err)
		return err;
	if (has_records && prepare_put(closer)) {
		closer->err =
			cg_alerts_left_put(ring, closer->config, &closer->origin, closer->spool);
		closer->uncommitted++;
	}
	cg_ring_reader_close(ring);
	return 0;
}

static int write_rows(struct closer *closer, const char *instance)
{
	const char *why;
	int map_err;

	cg_progress_start("rows of open calls", 0);
	map_err = put_rows(closer, instance, "overflow");
	if (!map_err)
		map_err = put_rows(closer, instance, "dialogs");
	if (!map_err && !closer->err)
		map_err = put_alerts(closer, instance);
	cg_progress_end();
	if (!closer->err && closer->uncommitted)
		closer->err = cg_spool_commit(closer->spool);
	if (!closer->err && !map_err)
		return CG_DONE;
	why = closer->err && closer->spool ? cg_spool_strerror(closer->spool)
					   : strerror(-(closer->err ? closer->err : map_err));
	return cg_fail("spool %s: cannot write the rows of open calls: %s; the maps stay: mend it "
		       "and run this again, or remove them without CDRs: rm -r %s/%s",
		       closer->path, why, cg_pin_root(), instance);
}

static bool has_alerts(const char *instance)
{
	struct cg_ring_reader *ring;
	bool has_records;

	if (cg_alerts_left_open(instance, &ring, &has_records))
		return true;
	cg_ring_reader_close(ring);
	return has_records;
}

/* Without a call and a violation no file is needed, and no valid configuration. */
static bool has_calls(const char *instance)
{
	static const char *const maps[] = { "dialogs", "overflow" };
	struct cg_dialog_key key;
	bool found = false;

	for (size_t i = 0; i < sizeof(maps) / sizeof(*maps) && !found; i++) {
		int fd = cg_map_open(instance, maps[i], sizeof(key), sizeof(struct cg_dialog));

		found = fd < 0 || !bpf_map_get_next_key(fd, NULL, &key);
		if (fd >= 0)
			close(fd);
	}
	return found;
}

/* Reads a note of the last daemon into *text, if there is one. */
static void read_last(const char *instance, const char *suffix, char **text)
{
	char note[CG_RUNTIME_NOTE_MAX];
	char *copy = cg_runtime_note_read(instance, suffix, note) ? NULL : strdup(note);

	if (!copy)
		return;
	free(*text);
	*text = copy;
}

/* Writes where and as whom the last daemon did. If none has run since boot, as one would now. */
static int write_as_daemon(const char *instance, const struct cg_config *config)
{
	struct cg_daemon_options daemon = {};
	struct closer closer = {};
	int err;

	if (!has_calls(instance) && !has_alerts(instance))
		return CG_DONE;
	if (cg_daemon_options_load(&daemon, instance, NULL)) {
		cg_daemon_options_free(&daemon);
		return cg_fail("instance %s: cannot close the rows of its calls: the daemon's "
			       "configuration has the errors above; correct it",
			       instance);
	}
	read_last(instance, CG_RUNTIME_SPOOL, &daemon.spool);
	read_last(instance, CG_RUNTIME_NODE, &daemon.node);
	closer.path = daemon.spool;
	closer.config = config;
	closer.limits = daemon.limits;
	closer.limits.lost_at = cg_boottime();
	closer.limits.was_detached = 1;
	snprintf(closer.origin.node, sizeof(closer.origin.node), "%s", daemon.node);
	memcpy(closer.origin.clock_offset, config->clock_offset,
	       sizeof(closer.origin.clock_offset));
	err = write_rows(&closer, instance);
	cg_spool_close(closer.spool);
	cg_daemon_options_free(&daemon);
	return err;
}

/* --- interface -------------------------------------------------------------------------------- */

static int set_was_detached(void *ctx, struct cg_config *config)
{
	(void)ctx;
	config->was_detached = 1;
	return 0;
}

int cg_close_calls(const struct cg_options *options)
{
	const char *instance = options->instance;
	struct cg_config config;
	int fd = cg_config_open_writable(instance, &config), result;
	__u32 id;

	if (fd < 0)
		return CG_DONE; /* maps of another version: its daemon sees that they are gone */
	result = cg_config_update(fd, set_was_detached, NULL, &config);
	id = cg_map_get_id(fd);
	close(fd);
	if (!result)
		result = wait_for_daemon(instance, id);
	if (result == 1)
		return CG_DONE;
	if (!result)
		return write_as_daemon(instance, &config);
	if (result != -ETIMEDOUT)
		return cg_fail("instance %s: cannot write its settings: %s", instance,
			       strerror(-result));
	return cg_fail("cseqguardd: has not written the rows of open calls for %llu s; the maps "
		       "stay: see its log, end it, and run this again",
		       STALL_NS / CG_SECOND);
}
