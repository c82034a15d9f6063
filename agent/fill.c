// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "fill.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "filling.h"
#include "pins.h"

#define BATCH 256 /* keys a call: larger ones stall the programs */

/* The kernel does not tell how full a hash is: count its keys. */
int cg_fill_read(const char *instance, struct cg_fill *fill)
{
	LIBBPF_OPTS(bpf_map_batch_opts, opts);
	__u32 used = 0, n, size, in, out;
	struct bpf_map_info info = {};
	char *keys, *values;
	int err = 0, fd;

	fd = cg_map_open_as(instance, fill->map, fill->key_size, fill->value_size);
	if (fd < 0)
		return fd;
	size = sizeof(info);
	keys = calloc(BATCH, fill->key_size);
	values = calloc(BATCH, fill->value_size);
	if (!keys || !values)
		err = -ENOMEM;
	else if (bpf_obj_get_info_by_fd(fd, &info, &size))
		err = -errno;
	for (void *from = NULL; !err; from = &in) {
		n = BATCH;
		err = bpf_map_lookup_batch(fd, from, &out, keys, values, &n, &opts) ? -errno : 0;
		if (err && err != -ENOENT)
			break;
		used += n;
		in = out;
	}
	free(keys);
	free(values);
	close(fd);
	if (err != -ENOENT) /* the end */
		return err;
	fill->max = info.max_entries;
	fill->used = used;
	return 0;
}

json_t *cg_fills_json(const struct cg_fill *fills, size_t n)
{
	json_t *object = json_object();

	for (size_t i = 0; i < n; i++)
		json_object_set_new(
			object, fills[i].map,
			json_pack("{si si}", "used", fills[i].used, "max", fills[i].max));
	return object;
}

static bool filling(const struct cg_fill *fill)
{
	return fill->warn && cg_percent(fill->used, fill->max) >= CG_FILLING_FROM;
}

json_t *cg_fills_filling(const struct cg_fill *fills, size_t n)
{
	json_t *names = json_array();

	for (size_t i = 0; i < n; i++)
		if (filling(&fills[i]))
			json_array_append_new(names, json_string(fills[i].map));
	return names;
}

void cg_fills_show(const struct cg_fill *fills, size_t n)
{
	for (size_t i = 0; i < n; i++)
		printf("%-17s%s: %u of %u\n", "map", fills[i].map, fills[i].used, fills[i].max);
	for (size_t i = 0; i < n; i++)
		if (filling(&fills[i]))
			printf("%-17s%s is %u %% full: " CG_FILLING_REMEDY "\n", "FILLING",
			       fills[i].map, cg_percent(fills[i].used, fills[i].max));
}
