// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* The packet counters by reason and direction. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "attach/open_error.h"
#include "cli/options.h"
#include "format/table_print.h"
#include "maps/counters.h"
#include "maps/pins.h"
#include "util/cli_output.h"
#include "util/enum_names.h"

#define TOTAL_WORD(word, text) #word,
static const char *const total_names[] = { CG_TOTAL_LIST(TOTAL_WORD) };
#undef TOTAL_WORD
#define TOTAL_TEXT(word, text) text,
static const char *const total_texts[] = { CG_TOTAL_LIST(TOTAL_TEXT) };
#undef TOTAL_TEXT
#define TOTALS (sizeof(total_names) / sizeof(*total_names))
_Static_assert(CG_NUMBERS == 2 * CG_REASONS + TOTALS, "each counter has a name");

static json_t *make_direction(const __u64 *numbers, bool all)
{
	json_t *object = json_object();

	for (unsigned int i = 0; i < CG_REASONS; i++)
		if (all || numbers[i])
			json_object_set_new(object, cg_reason_name(i), json_integer(numbers[i]));
	return object;
}

static int print_json(const union cg_counters_sum *sum, bool all)
{
	json_t *object = json_pack("{so so}", "in", make_direction(sum->numbers, all), "out",
				   make_direction(sum->numbers + CG_REASONS, all));

	for (size_t i = 0; object && i < TOTALS; i++)
		json_object_set_new(object, total_names[i],
				    json_integer(sum->numbers[2 * CG_REASONS + i]));
	return cg_stdout_write_json(object);
}

static int add_row(struct cg_table_print *list, const char *word, __u64 in, const __u64 *out,
		   const char *text)
{
	char ins[24], outs[24] = "";
	const char *cells[] = { word, ins, outs, text };

	snprintf(ins, sizeof(ins), "%llu", in);
	if (out)
		snprintf(outs, sizeof(outs), "%llu", *out);
	return cg_table_print_row(list, cells, CG_PLAIN);
}

static int print_table(const union cg_counters_sum *sum, bool all)
{
	static const struct cg_table_print_column columns[] = {
		{ .name = "REASON", .width = 16 },
		{ .name = "IN", .width = 12, .flags = CG_PRINT_RIGHT },
		{ .name = "OUT", .width = 12, .flags = CG_PRINT_RIGHT },
		{ .name = "MEANING", .flags = CG_PRINT_CUT },
	};
	const __u64 *in = sum->numbers, *out = in + CG_REASONS, *total = out + CG_REASONS;
	struct cg_table_print *list = cg_table_print_new(columns, 4);
	int err = list ? 0 : -ENOMEM;

	for (unsigned int i = 0; i < CG_REASONS && !err; i++)
		if (all || in[i] || out[i])
			err = add_row(list, cg_reason_name(i), in[i], &out[i], cg_reason_text(i));
	for (size_t i = 0; i < TOTALS && !err; i++)
		if (all || total[i])
			err = add_row(list, total_names[i], total[i], NULL, total_texts[i]);
	if (!err)
		err = cg_table_print_end(list);
	else
		cg_table_print_free(list);
	return err && !ferror(stdout) ? cg_fail("stats: cannot print: %s", strerror(-err))
				      : cg_stdout_flush();
}

int cg_cmd_stats(const struct cg_options *options)
{
	struct cg_config config;
	int err, config_fd;
	union cg_counters_sum sum;

	config_fd = cg_config_open(options->instance, &config);
	if (config_fd < 0)
		return cg_fail_open(options->instance, config_fd);
	close(config_fd);
	err = cg_counters_read_pinned(options->instance, &sum);
	if (err)
		return cg_fail_open(options->instance, err);
	return options->json ? print_json(&sum, options->all) : print_table(&sum, options->all);
}
