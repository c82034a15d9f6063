// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "maps/map_iter.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "maps/pins.h"

struct cg_map_iter {
	int fd;
	size_t value_size;
	bool locked;
	bool begun;
	__u32 at; /* where the kernel goes on */
	__u32 seen;
	__u32 max;
	char *keys, *values;
};

int cg_map_iter_open(const char *instance, const char *map, size_t key_size, size_t value_size,
		     bool locked, struct cg_map_iter **out)
{
	struct cg_map_iter *walk = calloc(1, sizeof(*walk));
	struct bpf_map_info info = {};
	__u32 size = sizeof(info);
	int err = 0;

	if (!walk)
		return -ENOMEM;
	walk->value_size = value_size;
	walk->locked = locked;
	walk->fd = cg_map_open(instance, map, key_size, value_size);
	if (walk->fd < 0)
		err = walk->fd;
	else if (bpf_obj_get_info_by_fd(walk->fd, &info, &size))
		err = -errno;
	walk->max = info.max_entries;
	walk->keys = calloc(CG_MAP_ITER_BATCH, key_size);
	walk->values = calloc(CG_MAP_ITER_BATCH, value_size);
	if (!err && (!walk->keys || !walk->values))
		err = -ENOMEM;
	if (err)
		cg_map_iter_close(walk);
	else
		*out = walk;
	return err;
}

void cg_map_iter_close(struct cg_map_iter *walk)
{
	if (!walk)
		return;
	if (walk->fd >= 0)
		close(walk->fd);
	free(walk->keys);
	free(walk->values);
	free(walk);
}

int cg_map_iter_run(struct cg_map_iter *walk, unsigned int batches, cg_map_iter_visit take,
		    void *ctx)
{
	LIBBPF_OPTS(bpf_map_batch_opts, opts, .elem_flags = walk->locked ? BPF_F_LOCK : 0);
	int end = 0;

	while (!end && batches--) {
		__u32 n = CG_MAP_ITER_BATCH, next;

		if (bpf_map_lookup_batch(walk->fd, walk->begun ? &walk->at : NULL, &next,
					 walk->keys, walk->values, &n, &opts))
			end = errno == ENOENT ? 1 : -errno;
		if (end < 0)
			return end;
		for (__u32 i = 0; take && i < n; i++)
			take(ctx, walk->values + i * walk->value_size);
		walk->seen += n;
		walk->at = next;
		walk->begun = true;
	}
	return end;
}

__u32 cg_map_iter_count(const struct cg_map_iter *walk)
{
	return walk->seen;
}

__u32 cg_map_iter_max_entries(const struct cg_map_iter *walk)
{
	return walk->max;
}
