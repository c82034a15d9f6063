// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "options.h"
#include "pins.h"
#include "report.h"
#include "words.h"

/* A struct of __u64 throughout: summed and walked as an array. */
#define NUMBERS (sizeof(struct cg_counters) / sizeof(__u64))

#define TOTAL_WORD(word, text) #word,
static const char *const totals[] = { CG_TOTAL_LIST(TOTAL_WORD) };
#undef TOTAL_WORD
#define TOTALS (sizeof(totals) / sizeof(*totals))
_Static_assert(NUMBERS == 2 * CG_REASONS + TOTALS, "each counter has its word");

union sum {
	struct cg_counters counters;
	__u64 numbers[NUMBERS];
};

/* Over the CPUs. 0 or -errno. */
static int read_sum(int fd, union sum *sum)
{
	int cpus = libbpf_num_possible_cpus();
	__u32 zero = 0;
	__u64 *values;
	int err = 0;

	if (cpus < 0)
		return cpus;
	values = calloc(cpus, sizeof(*sum));
	if (!values)
		return -ENOMEM;
	if (bpf_map_lookup_elem(fd, &zero, values))
		err = -errno;
	memset(sum, 0, err ? 0 : sizeof(*sum));
	for (int cpu = 0; cpu < cpus && !err; cpu++)
		for (size_t i = 0; i < NUMBERS; i++)
			sum->numbers[i] += values[cpu * NUMBERS + i];
	free(values);
	return err;
}

static json_t *side(const __u64 *numbers, bool all)
{
	json_t *object = json_object();

	for (unsigned int i = 0; i < CG_REASONS; i++)
		if (all || numbers[i])
			json_object_set_new(object, cg_reason_word(i), json_integer(numbers[i]));
	return object;
}

static int show_json(const union sum *sum, bool all)
{
	json_t *object = json_pack("{so so}", "in", side(sum->numbers, all), "out",
				   side(sum->numbers + CG_REASONS, all));

	for (size_t i = 0; object && i < TOTALS; i++)
		json_object_set_new(object, totals[i],
				    json_integer(sum->numbers[2 * CG_REASONS + i]));
	return cg_json_out(object);
}

static int show(const union sum *sum, bool all)
{
	const __u64 *in = sum->numbers, *out = in + CG_REASONS, *total = out + CG_REASONS;

	printf("%-16s %12s %12s\n", "REASON", "IN", "OUT");
	for (unsigned int i = 0; i < CG_REASONS; i++)
		if (all || in[i] || out[i])
			printf("%-16s %12llu %12llu  %s\n", cg_reason_word(i), in[i], out[i],
			       cg_reason_text(i));
	for (size_t i = 0; i < TOTALS; i++)
		if (all || total[i])
			printf("%-16s %12llu\n", totals[i], total[i]);
	return cg_out_end();
}

int cg_cmd_stats(const struct cg_options *options)
{
	struct cg_config config;
	int err, fd, config_fd;
	union sum sum;

	config_fd = cg_config_open(options->instance, &config);
	if (config_fd < 0)
		return cg_fail_open(options->instance, config_fd);
	close(config_fd);
	fd = cg_map_open_as(options->instance, "counters", sizeof(__u32),
			    sizeof(struct cg_counters));
	if (fd < 0)
		return cg_fail_open(options->instance, fd);
	err = read_sum(fd, &sum);
	close(fd);
	if (err)
		return cg_fail_open(options->instance, err);
	return options->json ? show_json(&sum, options->all) : show(&sum, options->all);
}
