// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "cli/plugin.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LINE 8192

static const char *const state_words[] = { [CG_PLUGIN_OK] = "OK",
					   [CG_PLUGIN_WARNING] = "WARNING",
					   [CG_PLUGIN_CRITICAL] = "CRITICAL",
					   [CG_PLUGIN_UNKNOWN] = "UNKNOWN" };

/* The worst first. An unknown state is worse than OK, and better than one known to be wrong. */
static const enum cg_plugin_state worst_first[] = { CG_PLUGIN_CRITICAL, CG_PLUGIN_WARNING,
						    CG_PLUGIN_UNKNOWN, CG_PLUGIN_OK };
#define STATES (sizeof(worst_first) / sizeof(*worst_first))

static bool state_is_worse(enum cg_plugin_state a, enum cg_plugin_state b)
{
	for (size_t i = 0; i < STATES; i++)
		if (worst_first[i] == a || worst_first[i] == b)
			return a != b && worst_first[i] == a;
	return false;
}

void cg_plugin_say(struct cg_plugin *plugin, enum cg_plugin_state state, const char *format, ...)
{
	char *text = plugin->texts[state];
	size_t at = strlen(text), size = sizeof(plugin->texts[state]);
	va_list args;

	if (at + 2 < size)
		at += snprintf(text + at, size - at, "%s", at ? ", " : "");
	va_start(args, format);
	vsnprintf(text + at, size - at, format, args);
	va_end(args);
	if (state_is_worse(state, plugin->state))
		plugin->state = state;
}

void cg_plugin_measure(struct cg_plugin *plugin, struct cg_perfdata data)
{
	if (plugin->n < CG_PERFDATA_MAX)
		plugin->perfdata[plugin->n++] = data;
}

static void join_texts(const struct cg_plugin *plugin, char *out, unsigned int size)
{
	unsigned int at = 0;

	*out = '\0';
	for (size_t i = 0; i < STATES && at < size; i++)
		if (*plugin->texts[worst_first[i]])
			at += snprintf(out + at, size - at, "%s%s", at ? ", " : "",
				       plugin->texts[worst_first[i]]);
	for (char *c = out; *c; c++) /* `|` begins the performance data */
		if (*c == '|' || (unsigned char)*c < ' ')
			*c = '/';
}

static const char *text_or_empty(const char *text)
{
	return text ? text : "";
}

void cg_plugin_line(const struct cg_plugin *plugin, char *out, unsigned int size)
{
	char text[LINE];
	unsigned int at;

	join_texts(plugin, text, sizeof(text));
	at = snprintf(out, size, "CSEQGUARD %s - %s", state_words[plugin->state], text);
	for (unsigned int i = 0; i < plugin->n && at < size; i++) {
		const struct cg_perfdata *d = &plugin->perfdata[i];

		at += snprintf(out + at, size - at, "%s%s=%.10g%s;%s;%s;%s;%s", i ? " " : " | ",
			       d->label, d->value, d->uom, text_or_empty(d->warning),
			       text_or_empty(d->critical), text_or_empty(d->min),
			       text_or_empty(d->max));
		while (at && at < size && out[at - 1] == ';')
			out[--at] = '\0';
	}
}

static json_t *make_perfdata(const struct cg_plugin *plugin)
{
	json_t *object = json_object();

	for (unsigned int i = 0; i < plugin->n; i++) {
		const struct cg_perfdata *d = &plugin->perfdata[i];

		json_object_set_new(object, d->label,
				    json_pack("{sf ss ss* ss*}", "value", d->value, "uom", d->uom,
					      "warning", d->warning, "critical", d->critical));
	}
	return object;
}

int cg_plugin_end(const struct cg_plugin *plugin, bool json)
{
	char line[LINE];
	json_t *object;

	if (json) {
		join_texts(plugin, line, sizeof(line));
		object = json_pack("{ss si ss so}", "state", state_words[plugin->state], "exit",
				   plugin->state, "text", line, "perfdata", make_perfdata(plugin));
		json_dumpf(object, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER);
		json_decref(object);
		putchar('\n');
	} else {
		cg_plugin_line(plugin, line, sizeof(line));
		puts(line);
	}
	return fflush(stdout) ? CG_PLUGIN_UNKNOWN : plugin->state;
}

int cg_plugin_unknown(const char *text)
{
	struct cg_plugin plugin = {};

	cg_plugin_say(&plugin, CG_PLUGIN_UNKNOWN, "%s", text);
	return cg_plugin_end(&plugin, false);
}
