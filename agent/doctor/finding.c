// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "doctor/finding.h"

#include <stdarg.h>
#include <stdio.h>

void cg_find(struct cg_findings *findings, enum cg_verdict verdict, const char *object,
	     const char *remedy, const char *format, ...)
{
	static const char *const words[] = {
		[CG_OK] = "ok", [CG_WARNING] = "warning", [CG_FAILURE] = "failed"
	};
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	findings->failed |= verdict == CG_FAILURE;
	if (findings->list) {
		json_array_append_new(findings->list, json_pack("{ss ss ss ss*}", "verdict",
								words[verdict], "object", object,
								"finding", text, "remedy", remedy));
		return;
	}
	printf("%-8s %-14s %s%s%s\n", words[verdict], object, text, remedy ? "; " : "",
	       remedy ? remedy : "");
	fflush(stdout);
}
