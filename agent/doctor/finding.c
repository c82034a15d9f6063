// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "doctor/finding.h"

#include <stdarg.h>
#include <stdio.h>

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
	char text[1024];
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
	printf("%-8s %-14s %s%s%s\n", names[severity], object, text, remedy ? "; " : "",
	       remedy ? remedy : "");
	fflush(stdout);
}
