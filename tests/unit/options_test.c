// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// link: agent/cli/option_table.c agent/cli/option_parse.c agent/cli/event_filter.c agent/maps/settings.c agent/maps/settings_config.c agent/maps/runtime_dir.c agent/maps/pins.c agent/util/enum_names.c agent/stats/range.c agent/util/cli_output.c agent/util/log.c agent/util/progress.c agent/util/suggest.c agent/util/text.c -lbpf -ljansson -lm
#include "cli/options_internal.h"

#include <string.h>

#include "tap.h"

static const struct cg_option *find_option(const char *name)
{
	for (size_t i = 0; i < cg_option_count; i++)
		if (!strcmp(cg_option_table[i].name, name))
			return &cg_option_table[i];
	return NULL;
}

static void test_setting_defaults(void)
{
	struct cg_config of_instance, of_table;
	struct cg_settings settings = {};
	bool valid = true;

	ok(!cg_settings_init_config(&of_instance), "options: a new instance has settings");
	for (size_t i = 0; i < cg_option_count; i++)
		if (cg_option_table[i].setting && cg_option_table[i].def)
			valid &= !cg_option_table[i].setting(&settings, cg_option_table[i].def);
	valid &= !cg_settings_parse_max_dialogs(&settings, find_option("max-dialogs")->def_text);
	ok(valid, "options: each default of a setting is valid");
	of_table = of_instance;
	of_table.mode = of_table.equal = of_table.source = of_table.fragments = 0xff;
	of_table.tcp = 0xff;
	of_table.strict_interface = of_table.masks_call_id = of_table.refuse = 0xff;
	of_table.ports[0] = of_table.max_dialogs = of_table.share = 0;
	cg_settings_apply(&settings, &of_table);
	ok(!memcmp(&of_table, &of_instance, sizeof(of_table)),
	   "options: --help shows the settings that a new instance has");
}

static void test_rows(void)
{
	for (size_t i = 0; i < cg_option_count; i++) {
		const struct cg_option *option = &cg_option_table[i];
		int effects = !!option->flag + !!option->text + !!option->parse + !!option->setting;

		ok(effects == 1, "options: --%s has one effect", option->name);
		ok(!option->arg == !(option->text || option->parse || option->setting) ||
			   !strcmp(option->name, "strict-interface") ||
			   !strcmp(option->name, "masks-call-id"),
		   "options: --%s has a value, or is a flag", option->name);
		if (!option->help) /* an older spelling */
			continue;
		ok(!strchr(option->help, '(') && option->help[strlen(option->help) - 1] != '.',
		   "options: the help of --%s leaves its default to the table", option->name);
	}
}

int main(void)
{
	test_setting_defaults();
	test_rows();
	return tap_done();
}
