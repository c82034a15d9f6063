// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "maps/counters.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "maps/pins.h"

int cg_counters_read(int fd, union cg_counters_sum *sum)
{
	int cpus = libbpf_num_possible_cpus(), err = 0;
	union cg_counters_sum total = {}, *values;
	__u32 zero = 0;

	if (cpus < 0)
		return cpus;
	values = calloc(cpus, sizeof(*values));
	if (!values)
		return -ENOMEM;
	if (bpf_map_lookup_elem(fd, &zero, values))
		err = -errno;
	for (int cpu = 0; cpu < cpus && !err; cpu++)
		for (size_t i = 0; i < CG_NUMBERS; i++)
			total.numbers[i] += values[cpu].numbers[i];
	free(values);
	if (!err)
		*sum = total;
	return err;
}

int cg_counters_read_pinned(const char *instance, union cg_counters_sum *sum)
{
	int fd = cg_map_open(instance, "counters", sizeof(__u32), sizeof(struct cg_counters));
	int err = fd < 0 ? fd : cg_counters_read(fd, sum);

	if (fd >= 0)
		close(fd);
	return err;
}
