// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* What the guard has learned of the host, in the maps `hosts` and `host_state`. */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "maps/host_names.h"
#include "maps/pins.h"
#include "maps/settings_file.h"

static int compare_names(const void *a, const void *b)
{
	return strcmp(a, b);
}

static int read_state(const char *instance, struct cg_learned *learned)
{
	struct cg_host_state state = {};
	int fd = cg_map_open(instance, "host_state", sizeof(__u32), sizeof(state));
	__u32 zero = 0;

	if (fd < 0)
		return fd;
	bpf_map_lookup_elem(fd, &zero, &state);
	learned->hides_topology = state.hides_topology;
	close(fd);
	return 0;
}

int cg_learned_read(const char *instance, struct cg_learned *learned)
{
	struct cg_learned found = {};
	int fd, err = read_state(instance, &found);

	if (err)
		return err;
	fd = cg_map_open(instance, "hosts", sizeof(__u64), sizeof(struct cg_host_name));
	if (fd < 0)
		return fd;
	found.n_names = cg_host_names_read(fd, CG_NAME_LEARNED, found.names, CG_HOSTS_MAX);
	close(fd);
	qsort(found.names, found.n_names, sizeof(*found.names), compare_names);
	*learned = found;
	return 0;
}

static int write_state(const char *instance)
{
	struct cg_host_state state = { .hides_topology = 1 };
	int err, fd = cg_map_open_writable(instance, "host_state", sizeof(__u32), sizeof(state));
	__u32 zero = 0;

	if (fd < 0)
		return fd;
	err = bpf_map_update_elem(fd, &zero, &state, BPF_ANY) ? -errno : 0;
	close(fd);
	return err;
}

int cg_learned_write(const char *instance, const struct cg_learned *learned)
{
	struct cg_secret secret;
	struct cg_host_names_maps maps = { .secret = &secret, .gateways_fd = -1 };
	int err = cg_secret_read(instance, &secret);

	if (err)
		return err;
	maps.hosts_fd =
		cg_map_open_writable(instance, "hosts", sizeof(__u64), sizeof(struct cg_host_name));
	if (maps.hosts_fd < 0)
		return maps.hosts_fd;
	err = cg_host_names_add_learned(&maps, learned->names, learned->n_names);
	close(maps.hosts_fd);
	if (!err && learned->hides_topology)
		err = write_state(instance);
	return err;
}
