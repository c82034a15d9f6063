// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <stdio.h>
#include <unistd.h>

#include "counters.h"
#include "options.h"
#include "pins.h"
#include "report.h"
#include "words.h"

#define TOTAL_WORD(word, text) #word,
static const char *const totals[] = { CG_TOTAL_LIST(TOTAL_WORD) };
#undef TOTAL_WORD
#define TOTALS (sizeof(totals) / sizeof(*totals))
_Static_assert(CG_NUMBERS == 2 * CG_REASONS + TOTALS, "each counter has its word");

static json_t *side(const __u64 *numbers, bool all)
{
	json_t *object = json_object();

	for (unsigned int i = 0; i < CG_REASONS; i++)
		if (all || numbers[i])
			json_object_set_new(object, cg_reason_word(i), json_integer(numbers[i]));
	return object;
}

static int show_json(const union cg_counters_sum *sum, bool all)
{
	json_t *object = json_pack("{so so}", "in", side(sum->numbers, all), "out",
				   side(sum->numbers + CG_REASONS, all));

	for (size_t i = 0; object && i < TOTALS; i++)
		json_object_set_new(object, totals[i],
				    json_integer(sum->numbers[2 * CG_REASONS + i]));
	return cg_json_out(object);
}

static int show(const union cg_counters_sum *sum, bool all)
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
	union cg_counters_sum sum;

	config_fd = cg_config_open(options->instance, &config);
	if (config_fd < 0)
		return cg_fail_open(options->instance, config_fd);
	close(config_fd);
	fd = cg_map_open_as(options->instance, "counters", sizeof(__u32),
			    sizeof(struct cg_counters));
	if (fd < 0)
		return cg_fail_open(options->instance, fd);
	err = cg_counters_read(fd, &sum);
	close(fd);
	if (err)
		return cg_fail_open(options->instance, err);
	return options->json ? show_json(&sum, options->all) : show(&sum, options->all);
}
