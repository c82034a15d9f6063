// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "ingest/violations.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <uuid.h>

#include "util/clock.h"
#include "util/log.h"

/* Must never change: 5e9d1a3c-70b4-4f0e-9c55-1f6b0a8d2e47. */
static const uuid_t ring_namespace = { 0x5e, 0x9d, 0x1a, 0x3c, 0x70, 0xb4, 0x4f, 0x0e,
				       0x9c, 0x55, 0x1f, 0x6b, 0x0a, 0x8d, 0x2e, 0x47 };

void cg_violations_name_ring(struct cg_ring_position *counted, const char *node,
			     const struct cg_config *config)
{
	uuid_t name;

	uuid_generate_sha1(name, ring_namespace, (const char *)config->id, sizeof(config->id));
	uuid_unparse_lower(name, counted->ring);
	snprintf(counted->node, sizeof(counted->node), "%s", node);
	counted->position = 0;
}

/* A daemon that was killed between a commit and the release leaves records that its rows count. */
static void skip_counted(struct cg_violations *violations, const char *path)
{
	struct cg_spool *spool;
	int err = cg_spool_open(path, 0, &spool);

	if (!err)
		err = cg_spool_get_ring_position(spool, &violations->counted);
	if (!err)
		cg_ring_reader_skip(violations->alerts, violations->counted.position);
	else if (err != -ENOENT)
		cg_log_warning("spool %s: cannot read how many violations its rows count: %s; "
			       "those of the last moment before this start may be counted twice",
			       path, cg_spool_strerror(spool));
	cg_spool_close(spool);
}

int cg_violations_start(struct cg_violations *violations, const struct cg_guard_maps *maps,
			struct cg_writer *writer, const char *spool, const char *node)
{
	int err = cg_ring_reader_open(maps->alerts_fd, false, &violations->alerts);

	if (err) {
		cg_log_err("cannot read ring alerts: %s", strerror(-err));
		return err;
	}
	violations->writer = writer;
	violations->fold = cg_fold_new();
	if (!violations->fold)
		return -ENOMEM;
	cg_violations_name_ring(&violations->counted, node, &maps->config);
	skip_counted(violations, spool);
	cg_violations_flush(violations); /* the first minute begins */
	return 0;
}

void cg_violations_stop(struct cg_violations *violations)
{
	cg_ring_reader_close(violations->alerts);
	cg_fold_free(violations->fold);
}

enum cg_violation_result cg_violations_put(struct cg_violations *violations,
					   const struct cg_violation_row *row)
{
	if (!cg_writer_queue_space(violations->writer))
		return CG_VIOLATION_NO_SPACE;
	violations->changed = true;
	if (!cg_fold_admit(violations->fold, row))
		return CG_VIOLATION_FOLDED;
	cg_writer_put(violations->writer, CG_TABLE_VIOLATION, row);
	return CG_VIOLATION_STORED;
}

static bool put_sum(void *ctx, const struct cg_violation_row *row)
{
	struct cg_violations *violations = ctx;

	return cg_writer_put_joined(violations->writer, CG_TABLE_VIOLATION, row) != 0;
}

void cg_violations_flush(struct cg_violations *violations)
{
	__u64 position = cg_ring_reader_position(violations->alerts);

	if (violations->ticket)
		return;
	if (cg_writer_queue_space(violations->writer) <= CG_FOLD_SUMS)
		return;
	cg_fold_flush(violations->fold, cg_boottime(), put_sum, violations);
	if (!violations->changed) { /* at most requests were read, which have no rows */
		cg_ring_reader_release(violations->alerts, position);
		return;
	}
	violations->counted.position = position;
	violations->ticket = cg_writer_put_ring_position(violations->writer, &violations->counted);
	violations->changed = false;
}

void cg_violations_set_durable(struct cg_violations *violations, __u64 ticket)
{
	if (!violations->ticket || violations->ticket > ticket)
		return;
	cg_ring_reader_release(violations->alerts, violations->counted.position);
	violations->ticket = 0;
	cg_violations_flush(violations);
}

bool cg_violations_are_durable(const struct cg_violations *violations)
{
	return !violations->changed && !violations->ticket;
}
