/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The output line and exit code of a monitoring plug-in, as the Monitoring Plugins development
 * guidelines define them. The worst state decides, and its texts come first. Pure, except
 * cg_plugin_end() and cg_plugin_unknown().
 */
#ifndef CG_CLI_PLUGIN_H
#define CG_CLI_PLUGIN_H

#include <stdbool.h>

#include "stats/range.h"

/* The values are the exit codes. */
enum cg_plugin_state { CG_PLUGIN_OK, CG_PLUGIN_WARNING, CG_PLUGIN_CRITICAL, CG_PLUGIN_UNKNOWN };

#define CG_PERFDATA_MAX 24

struct cg_perfdata {
	const char *label, *uom; /* uom: "", %, s, B or c */
	double value;
	const char *warning, *critical; /* ranges; NULL: none */
	const char *min, *max; /* NULL: none */
};

struct cg_plugin {
	char texts[4][1024]; /* by state; joined by ", " */
	enum cg_plugin_state state;
	struct cg_perfdata perfdata[CG_PERFDATA_MAX];
	unsigned int n;
};

/* Adds a text to its state, and takes over the state if it is the worst so far. */
void cg_plugin_say(struct cg_plugin *plugin, enum cg_plugin_state state, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Adds a value to the performance data. Its strings must live as long as `plugin`. */
void cg_plugin_measure(struct cg_plugin *plugin, struct cg_perfdata data);

/*
 * Writes the line to `out`, without a line feed. Control characters and `|` in a text become '/':
 * the only `|` is the one before the performance data.
 */
void cg_plugin_line(const struct cg_plugin *plugin, char *out, unsigned int size);

/* Prints the line, or JSON. Returns the exit code. */
int cg_plugin_end(const struct cg_plugin *plugin, bool json);

/* Prints a line of state UNKNOWN with this text. Returns its exit code. */
int cg_plugin_unknown(const char *text);

#endif
