// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#define _GNU_SOURCE
#include "vectors.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "util/enum_names.h"

/* Returns the number of bytes, or -errno. */
static int read_file(const char *dir, const char *name, const char *suffix, void *to, size_t size)
{
	char path[512];
	FILE *file;
	int len;

	snprintf(path, sizeof(path), "%s/%s%s", dir, name, suffix);
	file = fopen(path, "rb");
	if (!file) {
		len = -errno;
	} else {
		len = fread(to, 1, size, file);
		len = fgetc(file) == EOF ? len : -EFBIG;
		fclose(file);
	}
	if (len < 0)
		printf("# %s: %s\n", path, strerror(-len));
	return len;
}

static int is_message(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return dot && !strcmp(dot, ".sip");
}

int vectors_own(struct vector *vectors)
{
	struct dirent **entries;
	int count = scandir(VECTORS_OWN, &entries, is_message, alphasort), err = 0;

	if (count < 0)
		return -errno;
	for (int i = 0; i < count; i++) {
		struct vector *v = &vectors[i];
		int len = 0;

		if (!err && i < VECTORS_MAX) {
			*v = (struct vector){ 0 };
			snprintf(v->name, sizeof(v->name), "%.*s",
				 (int)strlen(entries[i]->d_name) - 4, entries[i]->d_name);
			len = read_file(VECTORS_OWN, v->name, ".sip", v->text, sizeof(v->text));
			v->len = len;
			if (len >= 0)
				len = read_file(VECTORS_OWN, v->name, ".expect", v->expected,
						sizeof(v->expected) - 1);
		}
		err = len < 0 ? len : err;
		free(entries[i]);
	}
	free(entries);
	return err ? err : count > VECTORS_MAX ? -E2BIG : count;
}

/* --- INDEX.tsv -------------------------------------------------------------------------------- */

enum column {
	FILE_NAME,
	KIND = 5,
	METHOD,
	CALL_ID,
	FROM_TAG,
	TO_TAG,
	CSEQ,
	CSEQ_METHOD,
	RESULT = 13,
	COLUMNS
};

#define ALL 1 /* the values of the index are checked as well */

/* Translates the expected behaviour of the index into flags of this parser. */
static const struct {
	const char *result;
	int values;
	const char *more;
} results[] = {
	{ "extract", ALL, "ambiguous=0\nbad_cseq=0\n" },
	{ "invalid (values still clear to a lenient parser; no end of headers)", ALL,
	  "ambiguous=0\nend=0\n" },
	{ "invalid: not SIP/2.0", 0, "not_sip\n" },
	{ "invalid: status code", 0, "not_sip\n" },
	{ "invalid", 0, "not_sip\n" },
	{ "invalid: no Call-ID/tags", 0, "has_call_id=0\nhas_from=0\nhas_to=0\n" },
	{ "invalid: method mismatch", 0, "bad_cseq=1\n" },
	{ "invalid: ambiguous", 0, "ambiguous=1\n" },
	{ "invalid (To unparsable; no To tag either way)", 0, "ambiguous=1\nto_tag=\n" },
	{ "invalid: reject CSeq", 0, "bad_cseq=1\n" },
};

/* Messages for which the guard is stricter than the index, and why. */
static const struct {
	const char *file;
	const char *result;
	const char *why;
} stricter[] = {
	{ "rfc4475/intmeth.sip", "ambiguous=1\nbad_cseq=0\n",
	  "a NUL, quoted or not, ends the message for peers that keep C strings" },
};

/* "\\" is a backslash in the index. In an expectation a backslash is not escaped. */
static const char *unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from; from++) {
		if (from[0] == '\\' && from[1] == '\\')
			from++;
		*to++ = *from;
	}
	*to = '\0';
	return strcmp(text, "-") ? text : "";
}

static const char *known_method(const char *word)
{
	for (unsigned int i = CG_M_OTHER + 1; i < CG_METHODS; i++)
		if (!strcasecmp(word, cg_method_name(i)))
			return cg_method_name(i);
	return cg_method_name(CG_M_OTHER);
}

static void expect_values(struct vector *v, char **columns)
{
	size_t size = sizeof(v->expected), len;
	int response = !strcmp(columns[KIND], "response");

	snprintf(v->expected, size,
		 "status=%s\nmethod=%s\ncseq=%s\ncall_id=%s\nfrom_tag=%s\nto_tag=%s\n",
		 response ? columns[METHOD] : "0",
		 known_method(response ? columns[CSEQ_METHOD] : columns[METHOD]), columns[CSEQ],
		 unescape(columns[CALL_ID]), unescape(columns[FROM_TAG]),
		 unescape(columns[TO_TAG]));
	len = strlen(v->expected);
	for (size_t i = 0; i < sizeof(stricter) / sizeof(*stricter); i++)
		if (!strcmp(stricter[i].file, columns[FILE_NAME]))
			snprintf(v->expected + len, size - len, "%s", stricter[i].result);
}

static int expect(struct vector *v, char **columns)
{
	for (size_t i = 0; i < sizeof(results) / sizeof(*results); i++) {
		if (strcmp(results[i].result, columns[RESULT]))
			continue;
		snprintf(v->expected, sizeof(v->expected), "%s", results[i].more);
		if (results[i].values) {
			char more[128];

			snprintf(more, sizeof(more), "%s", results[i].more);
			expect_values(v, columns);
			if (!strstr(v->expected, "ambiguous="))
				strncat(v->expected, more,
					sizeof(v->expected) - strlen(v->expected) - 1);
		}
		return 0;
	}
	printf("# %s: no rule for '%s'\n", columns[FILE_NAME], columns[RESULT]);
	return -EINVAL;
}

static int index_row(struct vector *v, char *line)
{
	char *columns[COLUMNS], *dot;
	int count = 0, len;

	line[strcspn(line, "\r\n")] = '\0';
	while (line && count < COLUMNS)
		columns[count++] = strsep(&line, "\t");
	if (count < COLUMNS || strncmp(columns[FILE_NAME], "rfc", 3))
		return 0; /* the header line, or a capture */
	*v = (struct vector){ 0 };
	snprintf(v->name, sizeof(v->name), "%s", columns[FILE_NAME]);
	len = read_file(VECTORS_SHARED, v->name, "", v->text, sizeof(v->text));
	if (len < 0)
		return len;
	v->len = len;
	dot = strrchr(v->name, '.');
	if (dot)
		*dot = '\0';
	len = expect(v, columns);
	return len ? len : 1;
}

int vectors_shared(struct vector *vectors)
{
	char line[4096];
	int count = 0, more = 0;
	FILE *index = fopen(VECTORS_SHARED "/INDEX.tsv", "r");

	if (!index)
		return 0;
	while (more >= 0 && count < VECTORS_MAX && fgets(line, sizeof(line), index)) {
		more = index_row(&vectors[count], line);
		count += more > 0;
	}
	fclose(index);
	return more < 0 ? more : count;
}
