// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "doctor/finding.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "format/colour.h"
#include "util/cli_output.h"

/* clang-format off */
static json_t *make_json(const char *severity, const char *object, const char *text,
			 const char *remedy)
{
	return json_pack("{ss ss ss ss*}",
			 "verdict", severity,
			 "object", object,
			 "finding", text,
			 "remedy", remedy);
}
/* clang-format on */

void cg_finding_add(struct cg_findings *findings, enum cg_severity severity, const char *object,
		    const char *remedy, const char *format, ...)
{
	static const char *const names[] = {
		[CG_OK] = "ok", [CG_WARNING] = "warning", [CG_FAILURE] = "failed"
	};
	unsigned int column;
	char text[2048];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	findings->failed |= severity == CG_FAILURE;
	if (findings->list) {
		json_array_append_new(findings->list,
				      make_json(names[severity], object, text, remedy));
		return;
	}
	if (remedy)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "; %s", remedy);
	column = printf("%-8s %-14s ", names[severity], object);
	cg_stdout_print_wrapped(cg_stdout_columns(), column, text);
	fflush(stdout);
}
