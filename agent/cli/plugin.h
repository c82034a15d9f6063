/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The one line that a monitoring plug-in prints, and its exit code: Monitoring Plugins development
 * guidelines. The worst state wins; what is worse stands first. Pure, but for plugin_end.
 */
#ifndef CG_CLI_PLUGIN_H
#define CG_CLI_PLUGIN_H

#include <stdbool.h>

#include "util/range.h"

/* The exit codes. */
enum cg_plugin_state { CG_PLUGIN_OK, CG_PLUGIN_WARNING, CG_PLUGIN_CRITICAL, CG_PLUGIN_UNKNOWN };

#define CG_PERFDATA_MAX 24

struct cg_perfdata {
	const char *label, *uom; /* uom: "", %, s, B or c */
	double value;
	const char *warning, *critical; /* ranges; NULL: none */
	const char *min, *max; /* NULL: none */
};

struct cg_plugin {
	char said[4][1024]; /* by state; parts joined by ", " */
	enum cg_plugin_state state;
	struct cg_perfdata perfdata[CG_PERFDATA_MAX];
	unsigned int n;
};

void cg_plugin_say(struct cg_plugin *plugin, enum cg_plugin_state state, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Strings must outlive it. */
void cg_plugin_measure(struct cg_plugin *plugin, struct cg_perfdata data);

/* The line, without its end: no control characters, and no `|` but the one before the figures. */
void cg_plugin_line(const struct cg_plugin *plugin, char *out, unsigned int size);

/* Prints it, or JSON. The exit code. */
int cg_plugin_end(const struct cg_plugin *plugin, bool json);

#endif
