// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "maps/map_iter.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "maps/pins.h"
#include "util/progress.h"

struct cg_map_iter {
	int fd;
	size_t key_size, value_size;
	bool locked;
	bool started;
	__u32 position; /* of the kernel, for the next batch */
	__u32 count; /* of records read */
	__u32 max_entries;
	char *keys, *values;
};

int cg_map_iter_open(const char *instance, const char *map, size_t key_size, size_t value_size,
		     bool locked, struct cg_map_iter **out)
{
	struct cg_map_iter *iter = calloc(1, sizeof(*iter));
	struct bpf_map_info info = {};
	__u32 size = sizeof(info);
	int err = 0;

	if (!iter)
		return -ENOMEM;
	iter->key_size = key_size;
	iter->value_size = value_size;
	iter->locked = locked;
	iter->fd = cg_map_open(instance, map, key_size, value_size);
	if (iter->fd < 0)
		err = iter->fd;
	else if (bpf_obj_get_info_by_fd(iter->fd, &info, &size))
		err = -errno;
	iter->max_entries = info.max_entries;
	iter->keys = calloc(CG_MAP_ITER_BATCH, key_size);
	iter->values = calloc(CG_MAP_ITER_BATCH, value_size);
	if (!err && (!iter->keys || !iter->values))
		err = -ENOMEM;
	if (err)
		cg_map_iter_close(iter);
	else
		*out = iter;
	return err;
}

void cg_map_iter_close(struct cg_map_iter *iter)
{
	if (!iter)
		return;
	if (iter->fd >= 0)
		close(iter->fd);
	free(iter->keys);
	free(iter->values);
	free(iter);
}

int cg_map_iter_run(struct cg_map_iter *iter, unsigned int batches, cg_map_iter_visit visit,
		    void *ctx)
{
	LIBBPF_OPTS(bpf_map_batch_opts, opts, .elem_flags = iter->locked ? BPF_F_LOCK : 0);
	int end = 0;

	while (!end && batches--) {
		__u32 n = CG_MAP_ITER_BATCH, next;

		if (bpf_map_lookup_batch(iter->fd, iter->started ? &iter->position : NULL, &next,
					 iter->keys, iter->values, &n, &opts))
			end = errno == ENOENT ? 1 : -errno;
		if (end < 0)
			return end;
		for (__u32 i = 0; visit && i < n; i++)
			visit(ctx, iter->keys + i * iter->key_size,
			      iter->values + i * iter->value_size);
		iter->count += n;
		iter->position = next;
		iter->started = true;
	}
	return end;
}

__u32 cg_map_iter_count(const struct cg_map_iter *iter)
{
	return iter->count;
}

__u32 cg_map_iter_max_entries(const struct cg_map_iter *iter)
{
	return iter->max_entries;
}

/* --- all dialogs ------------------------------------------------------------------------------ */

struct visitor {
	int (*visit)(void *ctx, const struct cg_dialog *dialog);
	void *ctx;
	int result; /* the first that is not 0 */
};

static void visit_value(void *ctx, const void *key, const void *value)
{
	struct visitor *visitor = ctx;

	(void)key;
	if (!visitor->result)
		visitor->result = visitor->visit(visitor->ctx, value);
}

int cg_dialogs_for_each(const char *instance,
			int (*visit)(void *ctx, const struct cg_dialog *dialog), void *ctx)
{
	struct visitor visitor = { .visit = visit, .ctx = ctx };
	struct cg_map_iter *walk;
	int step = 0, err;

	err = cg_map_iter_open(instance, "dialogs", sizeof(struct cg_dialog_key),
			       sizeof(struct cg_dialog), true, &walk);
	if (err)
		return err;
	cg_progress_start("dialogs", 0);
	while (!step && !visitor.result) {
		step = cg_map_iter_run(walk, 1, visit_value, &visitor);
		cg_progress_update(cg_map_iter_count(walk));
	}
	cg_progress_end();
	cg_map_iter_close(walk);
	return step < 0 ? step : visitor.result;
}
