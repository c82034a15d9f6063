// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * The file is read to its end first, so that every error is told, and so that it may say itself
 * which instance it is for. inih knows no line numbers, and takes the rest of a line that is too
 * long for another one: the lines that it gets are looked at here before.
 */
#define _GNU_SOURCE
#include <ctype.h>
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

#define FILE_MAX 65536 /* bytes: SIGHUP has it read within the loop */
#define FOR_ALL "cseqguardd"
#define FOR_ONE "instance " /* and its name */
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
	char *text; /* getline's */
	size_t size;
	unsigned int line;
	char section[SECTION_MAX];
	bool expected; /* inih has not told of this line, and should */
	bool keyed; /* a key stands above, in this section */
	bool goes_on; /* it is indented: that key's value goes on */
	struct entry *first, *last;
};

static void heard_of_last(struct file *file)
{
	if (file->expected)
		cg_parser_error(file->parser, file->line, "neither [section] nor key = value");
	file->expected = false;
}

/* As inih will take it. */
static void look_at(struct file *file, const char *text)
{
	const char *start = text + strspn(text, " \t\r\n\v\f"), *end = strchr(start, ']');
	int len = end ? end - start - 1 : 0;

	file->goes_on = false;
	if (!*start || strchr(";#", *start))
		return;
	if (start > text && file->keyed) {
		file->goes_on = file->expected = true;
	} else if (*start == '[' && end && len < SECTION_MAX) {
		file->keyed = false;
		snprintf(file->section, sizeof(file->section), "%.*s", len, start + 1);
	} else {
		file->expected = true;
	}
}

static char *next_line(char *out, int size, void *ctx)
{
	struct file *file = ctx;
	ssize_t len;

	heard_of_last(file);
	len = getline(&file->text, &file->size, file->stream);
	if (len < 0)
		return NULL;
	file->line++;
	if (len >= size || strlen(file->text) != (size_t)len) {
		cg_parser_error(file->parser, file->line,
				len >= size ? "longer than %d bytes; a long value goes on in "
					      "indented lines"
					    : "a NUL among its bytes",
				size - 2);
		return strcpy(out, "\n");
	}
	look_at(file, file->text);
	return strcpy(out, file->text);
}

static int go_on(struct file *file, const char *value)
{
	char *text;

	if (asprintf(&text, "%s%s%s", file->last->value, *file->last->value ? " " : "", value) < 0)
		return 0;
	free(file->last->value);
	file->last->value = text;
	return 1;
}

static void tell_twice(struct file *file, const char *name)
{
	for (const struct entry *e = file->first; e; e = e->next)
		if (!strcmp(e->name, name) && !strcmp(e->section, file->section)) {
			cg_parser_error(file->parser, file->line, "%s stands in line %u already",
					name, e->line);
			return;
		}
}

static int take(void *ctx, const char *section, const char *name, const char *value)
{
	struct file *file = ctx;
	struct entry *entry;

	(void)section; /* inih cuts it */
	file->expected = false;
	if (file->goes_on)
		return go_on(file, value);
	file->keyed = true;
	tell_twice(file, name);
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

static bool for_all(const struct entry *entry)
{
	return !*entry->section || !strcmp(entry->section, FOR_ALL);
}

/* DEFAULT: another instance's. -EINVAL: no section of ours. */
static int rank_of(const struct options_parser *parser, const struct entry *entry)
{
	const char *name = entry->section + strlen(FOR_ONE);

	if (for_all(entry))
		return FILE_FOR_ALL;
	if (strncmp(entry->section, FOR_ONE, strlen(FOR_ONE)) || cg_instance_check_name(name))
		return -EINVAL;
	return strcmp(name, parser->options->instance) ? DEFAULT : FILE_FOR_ONE;
}

/* Told once, however many keys stand in it. */
static void no_section(struct options_parser *parser, const struct entry *entry)
{
	struct cg_suggestion nearest = { .word = entry->section };
	char hint[CG_SUGGEST_TEXT];

	cg_suggest_compare(&nearest, FOR_ALL);
	cg_parser_error(parser, entry->line,
			"it stands in [%s], which is neither [" FOR_ALL "] nor [" FOR_ONE "NAME]%s",
			entry->section, cg_suggest_text(&nearest, "", hint));
}

static void no_setting(struct options_parser *parser, const struct entry *entry)
{
	struct cg_suggestion nearest = { .word = entry->name };
	char hint[CG_SUGGEST_TEXT];

	for (size_t i = 0; i < cg_daemon_table_rows; i++)
		if (cg_daemon_table[i].in_file)
			cg_suggest_compare(&nearest, cg_daemon_table[i].name);
	cg_parser_error(parser, entry->line, "no setting is named %.48s%s", entry->name,
			cg_suggest_text(&nearest, "", hint));
}

/* True: it is libpq's, and libpq cannot read it. */
static bool bad_conninfo(struct options_parser *parser, const struct entry *entry)
{
	char why[200];

	if (strcmp(entry->name, "db") || !*entry->value ||
	    !cg_conninfo_check(entry->value, why, sizeof(why)))
		return false;
	cg_parser_error(parser, entry->line, "db: %s", why);
	return true;
}

/* What is of another instance must be legal, too. */
static void apply(struct options_parser *parser, const struct entry *entry,
		  const struct entry *above, struct cg_daemon_options *scratch)
{
	int i = cg_daemon_option_find(entry->name), rank = rank_of(parser, entry);

	if (rank < 0) {
		if (!above || strcmp(above->section, entry->section))
			no_section(parser, entry);
	} else if (i < 0 || !cg_daemon_table[i].in_file) {
		no_setting(parser, entry);
	} else if (cg_daemon_option_set(scratch, i, entry->value)) {
		cg_parser_error(parser, entry->line, "%s = %.80s: not %s", entry->name,
				entry->value, cg_daemon_option_expected(i));
	} else if (!strcmp(entry->name, "instance")) {
		if (!for_all(entry))
			cg_parser_error(parser, entry->line, "instance belongs into [" FOR_ALL "]");
	} else if (!bad_conninfo(parser, entry) && rank && rank >= (int)parser->rank[i]) {
		cg_daemon_option_set(parser->options, i, entry->value);
		parser->rank[i] = rank;
		parser->options->lines[i] = entry->line;
	}
}

/* Before anything else: sections are chosen by it. */
static void choose_instance(struct options_parser *parser, const struct file *file)
{
	int i = cg_daemon_option_find("instance");

	for (const struct entry *e = file->first; e; e = e->next)
		if (for_all(e) && !strcmp(e->name, "instance") && parser->rank[i] != GIVEN) {
			cg_daemon_option_set(parser->options, i, e->value);
			parser->options->lines[i] = e->line;
		}
	if (!parser->options->instance)
		cg_daemon_option_set(parser->options, i, cg_instance_default_name());
}

/* NULL: none is to be read. */
static const char *path_of(const struct cg_daemon_options *options)
{
	const char *path = getenv("CSEQGUARD_CONFIG");

	if (options->config)
		return options->config;
	if (!path)
		path = CG_CONFIG;
	return !*path || (access(path, F_OK) && errno == ENOENT) ? NULL : path;
}

/* A regular file of bearable size; NULL with the error in parser. */
static FILE *open_file(struct options_parser *parser, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	FILE *stream = fd < 0 ? NULL : fdopen(fd, "r");
	struct stat info = {};
	const char *why = NULL;

	if (!stream || fstat(fd, &info))
		why = strerror(errno);
	else if (!S_ISREG(info.st_mode))
		why = "no regular file";
	else if (info.st_size > FILE_MAX)
		why = strerror(EFBIG);
	if (!why)
		return stream;
	cg_parser_error(parser, 0, "cannot read %s: %s", path, why);
	if (stream)
		fclose(stream);
	else if (fd >= 0)
		close(fd);
	return NULL;
}

void cg_parser_read_file(struct options_parser *parser)
{
	const char *path = path_of(parser->options);
	struct cg_daemon_options scratch = {};
	struct file file = { .parser = parser };

	if (path)
		file.stream = open_file(parser, path);
	if (!file.stream)
		return;
	parser->options->file = strdup(path);
	if (ini_parse_stream(next_line, &file, take, &file) < 0 || ferror(file.stream))
		cg_parser_error(parser, 0, "cannot read %s: %s", path, strerror(errno));
	heard_of_last(&file);
	choose_instance(parser, &file);
	for (const struct entry *e = file.first, *above = NULL; e; above = e, e = e->next)
		apply(parser, e, above, &scratch);
	cg_daemon_options_free(&scratch);
	free_entries(&file);
	free(file.text);
	fclose(file.stream);
}
