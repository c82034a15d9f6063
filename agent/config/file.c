// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Reads the configuration file. All of it is read before any value is applied, so that every error
 * is reported, and because the file itself may name the instance. inih reports no line numbers, and
 * takes the rest of a line that is too long for another line. So each line is classified here
 * before inih gets it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/options_internal.h"
#include "maps/pins.h"
#include "postgres/conninfo.h"
#include "util/suggest.h"

#define FILE_MAX 65536 /* bytes: a reload reads it in the event loop */
#define COMMON_SECTION "cseqguardd"
#define INSTANCE_SECTION "instance " /* and the instance's name */
#define SECTION_MAX 80

struct entry {
	struct entry *next;
	unsigned int line;
	char section[SECTION_MAX];
	char *name, *value;
};

struct file {
	struct options_parser *parser;
	FILE *stream;
	char *text; /* buffer of getline() */
	size_t size;
	unsigned int line;
	char section[SECTION_MAX];
	bool key_expected; /* inih has not reported this line as a key yet, and should */
	bool has_key; /* a key was read in this section */
	bool is_continuation; /* this line is indented and continues that key's value */
	struct entry *first, *last;
};

/* Reports the last line if inih found no key in it. */
static void check_last_line(struct file *file)
{
	if (file->key_expected)
		cg_parser_error(file->parser, file->line, "expected [section] or key = value");
	file->key_expected = false;
}

/* Classifies a line in the way in which inih will. */
static void classify_line(struct file *file, const char *text)
{
	const char *start = text + strspn(text, " \t\r\n\v\f"), *end = strchr(start, ']');
	int len = end ? end - start - 1 : 0;

	file->is_continuation = false;
	if (!*start || strchr(";#", *start))
		return;
	if (start > text && file->has_key) {
		file->is_continuation = file->key_expected = true;
	} else if (*start == '[' && end && len < SECTION_MAX) {
		file->has_key = false;
		snprintf(file->section, sizeof(file->section), "%.*s", len, start + 1);
	} else {
		file->key_expected = true;
	}
}

/* inih's reader. */
static char *read_line(char *out, int size, void *ctx)
{
	struct file *file = ctx;
	ssize_t len;

	check_last_line(file);
	len = getline(&file->text, &file->size, file->stream);
	if (len < 0)
		return NULL;
	file->line++;
	if (len >= size || strlen(file->text) != (size_t)len) {
		cg_parser_error(file->parser, file->line,
				len >= size ? "longer than %d bytes; continue a long value in "
					      "indented lines"
					    : "contains a NUL byte",
				size - 2);
		return strcpy(out, "\n");
	}
	classify_line(file, file->text);
	return strcpy(out, file->text);
}

/* Appends to the last value. Returns 1, or 0 without memory, as inih expects. */
static int append_value(struct file *file, const char *value)
{
	char *text;

	if (asprintf(&text, "%s%s%s", file->last->value, *file->last->value ? " " : "", value) < 0)
		return 0;
	free(file->last->value);
	file->last->value = text;
	return 1;
}

static void report_duplicate(struct file *file, const char *name)
{
	for (const struct entry *e = file->first; e; e = e->next)
		if (!strcmp(e->name, name) && !strcmp(e->section, file->section)) {
			cg_parser_error(file->parser, file->line, "%s is already set in line %u",
					name, e->line);
			return;
		}
}

/* inih's handler: stores one key. Returns 1, or 0 without memory. */
static int store_entry(void *ctx, const char *section, const char *name, const char *value)
{
	struct file *file = ctx;
	struct entry *entry;

	(void)section; /* inih truncates it */
	file->key_expected = false;
	if (file->is_continuation)
		return append_value(file, value);
	file->has_key = true;
	report_duplicate(file, name);
	entry = calloc(1, sizeof(*entry));
	if (!entry)
		return 0;
	entry->line = file->line;
	strcpy(entry->section, file->section);
	entry->name = strdup(name);
	entry->value = strdup(value);
	if (file->last)
		file->last->next = entry;
	else
		file->first = entry;
	file->last = entry;
	return entry->name && entry->value;
}

static void free_entries(struct file *file)
{
	for (struct entry *e = file->first, *next; e; e = next) {
		next = e->next;
		free(e->name);
		free(e->value);
		free(e);
	}
}

static bool is_in_common_section(const struct entry *entry)
{
	return !*entry->section || !strcmp(entry->section, COMMON_SECTION);
}

/* Returns the source of the entry; FROM_DEFAULT: of another instance. -EINVAL: unknown section. */
static int get_source(const struct options_parser *parser, const struct entry *entry)
{
	const char *name = entry->section + strlen(INSTANCE_SECTION);

	if (is_in_common_section(entry))
		return FROM_FILE;
	if (strncmp(entry->section, INSTANCE_SECTION, strlen(INSTANCE_SECTION)) ||
	    cg_instance_check_name(name))
		return -EINVAL;
	return strcmp(name, parser->options->instance) ? FROM_DEFAULT : FROM_INSTANCE_SECTION;
}

static void report_section(struct options_parser *parser, const struct entry *entry)
{
	struct cg_suggestion nearest = { .word = entry->section };
	char hint[CG_SUGGEST_TEXT];

	cg_suggest_compare(&nearest, COMMON_SECTION);
	cg_parser_error(parser, entry->line,
			"unknown section [%s]%s; expected [" COMMON_SECTION
			"] or [" INSTANCE_SECTION "NAME]",
			entry->section, cg_suggest_text(&nearest, "", hint));
}

static void report_setting(struct options_parser *parser, const struct entry *entry)
{
	struct cg_suggestion nearest = { .word = entry->name };
	char hint[CG_SUGGEST_TEXT];

	for (size_t i = 0; i < cg_daemon_table_rows; i++)
		if (cg_daemon_table[i].place)
			cg_suggest_compare(&nearest, cg_daemon_table[i].name);
	cg_parser_error(parser, entry->line, "unknown setting '%.48s'%s", entry->name,
			cg_suggest_text(&nearest, "", hint));
}

/* Reports a conninfo that libpq cannot parse. True: there is one. */
static bool report_conninfo(struct options_parser *parser, const struct entry *entry)
{
	char why[200];

	if (strcmp(entry->name, "db") || !*entry->value ||
	    !cg_conninfo_check(entry->value, why, sizeof(why)))
		return false;
	cg_parser_error(parser, entry->line, "db: %s", why);
	return true;
}

/* Checks one entry, and applies it unless a higher source set the option. */
static void apply_entry(struct options_parser *parser, const struct entry *entry,
			const struct entry *above, struct cg_daemon_options *scratch)
{
	int i = cg_daemon_option_find(entry->name), source = get_source(parser, entry);

	if (source < 0) {
		if (!above || strcmp(above->section, entry->section))
			report_section(parser, entry);
	} else if (i < 0 || !cg_daemon_table[i].place) {
		report_setting(parser, entry);
	} else if (cg_daemon_option_set(scratch, i, entry->value)) {
		cg_parser_error(parser, entry->line, "invalid value '%.80s' for %s: expected %s",
				entry->value, entry->name, cg_daemon_option_expected(i));
	} else if (!strcmp(entry->name, "instance")) {
		if (!is_in_common_section(entry))
			cg_parser_error(parser, entry->line,
					"instance is only allowed in [" COMMON_SECTION "]");
	} else if (!report_conninfo(parser, entry) && source && source >= (int)parser->source[i]) {
		cg_daemon_option_set(parser->options, i, entry->value);
		parser->source[i] = source;
		parser->options->lines[i] = entry->line;
	}
}

/* Comes first, because the instance selects the sections. */
static void choose_instance(struct options_parser *parser, const struct file *file)
{
	int i = cg_daemon_option_find("instance");

	for (const struct entry *e = file->first; e; e = e->next)
		if (is_in_common_section(e) && !strcmp(e->name, "instance") &&
		    parser->source[i] != FROM_CALLER) {
			cg_daemon_option_set(parser->options, i, e->value);
			parser->options->lines[i] = e->line;
		}
	if (!parser->options->instance)
		cg_daemon_option_set(parser->options, i, cg_instance_default_name());
}

/* Returns the path of the file to read; NULL: none. */
static const char *find_path(const struct cg_daemon_options *options)
{
	const char *path = getenv("CSEQGUARD_CONFIG");

	if (options->config)
		return options->config;
	if (!path)
		path = CG_CONFIG;
	return !*path || (access(path, F_OK) && errno == ENOENT) ? NULL : path;
}

/* Opens a regular file of at most FILE_MAX bytes. NULL: failed, with the error in the parser. */
static FILE *open_file(struct options_parser *parser, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	FILE *stream = fd < 0 ? NULL : fdopen(fd, "r");
	struct stat info = {};
	const char *why = NULL;

	if (!stream || fstat(fd, &info))
		why = strerror(errno);
	else if (!S_ISREG(info.st_mode))
		why = "not a regular file";
	else if (info.st_size > FILE_MAX)
		why = strerror(EFBIG);
	if (!why)
		return stream;
	cg_parser_error(parser, 0, "%s: cannot read: %s", path, why);
	if (stream)
		fclose(stream);
	else if (fd >= 0)
		close(fd);
	return NULL;
}

void cg_parser_read_file(struct options_parser *parser)
{
	const char *path = find_path(parser->options);
	struct cg_daemon_options scratch = {};
	struct file file = { .parser = parser };

	if (path)
		file.stream = open_file(parser, path);
	if (!file.stream)
		return;
	parser->options->file = strdup(path);
	if (ini_parse_stream(read_line, &file, store_entry, &file) < 0 || ferror(file.stream))
		cg_parser_error(parser, 0, "%s: cannot read: %s", path, strerror(errno));
	check_last_line(&file);
	choose_instance(parser, &file);
	for (const struct entry *e = file.first, *above = NULL; e; above = e, e = e->next)
		apply_entry(parser, e, above, &scratch);
	cg_daemon_options_free(&scratch);
	free_entries(&file);
	free(file.text);
	fclose(file.stream);
}
