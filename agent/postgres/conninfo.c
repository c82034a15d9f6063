// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "postgres/conninfo.h"

#include <errno.h>
#include <libpq-fe.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "util/suggest.h"

/*
 * Replaces the text that libpq quotes by "...", and suggests a similar keyword. The quoted text may
 * be part of a password, and a quote or space in the password ends it early. So everything from the
 * first quote to the last is replaced.
 */
static void hide_quoted(char *why, size_t size)
{
	char *first = strstr(why, "\"=\" after \""), *last = strrchr(why, '"');
	PQconninfoOption *known = PQconndefaults();
	char hint[CG_SUGGEST_TEXT], end[80], quoted[256];
	struct cg_suggestion nearest = { .word = quoted };

	first = first ? first + strlen("\"=\" after ") : strchr(why, '"');
	if (first && first < last) {
		snprintf(quoted, sizeof(quoted), "%.*s", (int)(last - first - 1), first + 1);
		for (PQconninfoOption *o = known; o && o->keyword; o++)
			cg_suggest_compare(&nearest, o->keyword);
		snprintf(end, sizeof(end), "%s", last + 1);
		snprintf(first, size - (first - why), "\"...\"%s%s", end,
			 cg_suggest_text(&nearest, "", hint));
	}
	PQconninfoFree(known);
}

int cg_conninfo_check(const char *conninfo, char *why, size_t why_size)
{
	char *error = NULL;
	PQconninfoOption *options = PQconninfoParse(conninfo, &error);

	if (!options) {
		snprintf(why, why_size, "%s", error ? error : strerror(ENOMEM));
		why[strcspn(why, "\n")] = '\0';
		hide_quoted(why, why_size);
	}
	PQfreemem(error);
	PQconninfoFree(options);
	return options ? 0 : -EINVAL;
}

void cg_conninfo_redact(const char *conninfo, char *text, size_t size)
{
	PQconninfoOption *options = PQconninfoParse(conninfo, NULL);
	size_t used = 0;

	*text = '\0';
	for (PQconninfoOption *o = options; o && o->keyword && used < size; o++) {
		bool bare = o->val && *o->val && !strpbrk(o->val, " '\\\t\n");
		const char *quote = bare ? "" : "'";

		if (o->val)
			used += snprintf(text + used, size - used, "%s%s=%s%s%s", used ? " " : "",
					 o->keyword, quote, *o->dispchar == '*' ? "***" : o->val,
					 quote);
	}
	PQconninfoFree(options);
}
