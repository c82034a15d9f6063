// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// link: agent/cli/plugin.c agent/stats/range.c -ljansson -lm
#include "cli/plugin.h"

#include <string.h>

#include "tap.h"

/* Alerts at the values in `at`, and nowhere else of 0, 10, 15, 20, 21 and -1. */
static void ranges(const char *text, const char *at)
{
	static const struct {
		double value;
		char name;
	} values[] = {
		{ 0, 'z' }, { 10, 'a' }, { 15, 'b' }, { 20, 'c' }, { 21, 'd' }, { -1, 'm' }
	};
	struct cg_range range;
	char alerts[8] = "";

	if (!ok(!cg_range_parse(&range, text), "range: %s is legal", text))
		return;
	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++)
		if (cg_range_alerts(&range, values[i].value))
			strncat(alerts, &values[i].name, 1);
	ok(!strcmp(alerts, at), "range: %s alerts at '%s': '%s'", text, at, alerts);
}

static void refused(const char *text)
{
	struct cg_range range = { .text = "untouched" };

	ok(cg_range_parse(&range, text) && !strcmp(range.text, "untouched"),
	   "range: '%s' is refused", text);
}

static void range(void)
{
	static char endless[400];
	struct cg_range none = {};

	ranges("10", "bcdm"); /* outside 0 to 10 */
	ranges("10:", "zm");
	ranges("~:10", "bcd");
	ranges("10:20", "zdm");
	ranges("@10:20", "abc");
	ranges("@20", "zabc");
	ranges("-1:10.5", "bcd");
	ok(!cg_range_alerts(&none, 1), "range: without a range nothing alerts");
	refused("");
	refused("x");
	refused("10:x");
	refused("x:10");
	refused("20:10");
	refused("1e3");
	refused("nan");
	refused(":10");
	refused("~");
	refused("@");
	refused(" 10");
	memset(endless, '9', sizeof(endless) - 1);
	refused(endless);
}

static bool prints(const struct cg_plugin *plugin, const char *line)
{
	char out[4096];

	cg_plugin_line(plugin, out, sizeof(out));
	return !strcmp(out, line);
}

static void lines(void)
{
	static struct cg_plugin plugin;

	cg_plugin_say(&plugin, CG_PLUGIN_OK, "mode %s", "enforce");
	ok(prints(&plugin, "CSEQGUARD OK - mode enforce"), "plugin: a good state is OK");
	cg_plugin_say(&plugin, CG_PLUGIN_UNKNOWN, "u");
	ok(plugin.state == CG_PLUGIN_UNKNOWN, "plugin: UNKNOWN is worse than OK");
	cg_plugin_say(&plugin, CG_PLUGIN_WARNING, "w");
	ok(plugin.state == CG_PLUGIN_WARNING, "plugin: WARNING is worse than UNKNOWN");
	cg_plugin_say(&plugin, CG_PLUGIN_CRITICAL, "c|d\n");
	cg_plugin_say(&plugin, CG_PLUGIN_OK, "fine");
	ok(prints(&plugin, "CSEQGUARD CRITICAL - c/d/, w, u, mode enforce, fine"),
	   "plugin: the worst state decides, and a | in a text is replaced");
	cg_plugin_measure(&plugin,
			  (struct cg_perfdata){ "fill", "%", 12.5, "80", "95", "0", "100" });
	cg_plugin_measure(&plugin,
			  (struct cg_perfdata){ "lost", "c", 1e9, NULL, NULL, NULL, NULL });
	cg_plugin_measure(&plugin, (struct cg_perfdata){ "rows", "", 3, NULL, NULL, "0", NULL });
	ok(prints(&plugin, "CSEQGUARD CRITICAL - c/d/, w, u, mode enforce, fine | "
			   "fill=12.5%;80;95;0;100 lost=1000000000c rows=3;;;0"),
	   "plugin: performance data follow the text");
}

int main(void)
{
	range();
	lines();
	return tap_done();
}
