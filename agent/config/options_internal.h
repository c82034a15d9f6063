/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What daemon_options.c (the table), daemon_arguments.c (the command line), daemon_file.c (the
 * configuration file), daemon_check.c and daemon_show.c share, and nobody else sees.
 */
#ifndef CG_CONFIG_OPTIONS_INTERNAL_H
#define CG_CONFIG_OPTIONS_INTERNAL_H

#include <stddef.h>

#include "config/options.h"

enum kind { TEXT, DURATION, FLAG, PERCENT, NUMBER, ID, CHOICE, ADDRESS, LISTENER };

static inline bool cg_daemon_option_is_text(enum kind kind)
{
	return kind == TEXT || kind == ADDRESS || kind == LISTENER;
}

/* Where an option may stand. A file's are taken over by a reload, or need a restart. */
enum place { COMMAND_LINE, RESTART, RELOAD };

struct daemon_option {
	const char *name;
	char letter;
	enum kind kind;
	enum place in_file;
	size_t at;
	const char *argument, *text;
};

extern const struct daemon_option cg_daemon_table[];
extern const size_t cg_daemon_table_rows;

/* Who spoke of an option last; the higher has the word. */
enum rank { DEFAULT, FILE_FOR_ALL, FILE_FOR_ONE, GIVEN };

#define ERRORS_MAX 64

struct options_parser {
	struct cg_daemon_options *options;
	enum rank rank[CG_DAEMON_OPTIONS_MAX];
	struct parser_error {
		unsigned int line; /* of the file; 0: of none */
		char text[256];
	} errors[ERRORS_MAX];
	unsigned int n_errors;
};

/* An error more, of a line of the file or of none. */
__attribute__((format(printf, 3, 4))) void cg_parser_error(struct options_parser *parser,
							   unsigned int line, const char *format,
							   ...);

/* ... of an option's value, wherever that was given. */
__attribute__((format(printf, 3, 4))) void cg_parser_option_error(struct options_parser *parser,
								  size_t i, const char *format,
								  ...);

/* Takes a value (NULL: of a flag on the command line). 0 or -errno, options untouched. */
int cg_daemon_option_set(struct cg_daemon_options *options, size_t i, const char *value);

/* What its values are: "a time such as ...". */
const char *cg_daemon_option_expected(size_t i);

/* The row of that name; -ENOENT. */
int cg_daemon_option_find(const char *name);

/* Errors stand in parser. */
void cg_parser_read_arguments(struct options_parser *parser, int argc, char **argv);
void cg_parser_read_file(struct options_parser *parser);
void cg_parser_check_paths(struct options_parser *parser);

#endif
