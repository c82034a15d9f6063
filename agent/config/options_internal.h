/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The table of the daemon's options, their values (option_value.c), and the parser that reads them from the command line
 * (arguments.c) and the configuration file (file.c), and checks them (options.c, check.c).
 */
#ifndef CG_CONFIG_OPTIONS_INTERNAL_H
#define CG_CONFIG_OPTIONS_INTERNAL_H

#include <stddef.h>

#include "config/options.h"

enum kind {
	TEXT,
	DURATION,
	AGE,
	FLAG,
	PERCENT,
	NUMBER,
	ID,
	CHOICE,
	ADDRESS,
	LISTENER,
	REDIS,
	NAME
};

static inline bool cg_daemon_option_is_text(enum kind kind)
{
	return kind == TEXT || kind == ADDRESS || kind == LISTENER || kind == REDIS || kind == NAME;
}

/* Where an option may be given. A reload applies RELOAD; RESTART waits for the next start. */
enum place { COMMAND_LINE, RESTART, RELOAD };

struct daemon_option {
	const char *name;
	char letter; /* 0: none */
	enum kind kind;
	enum place place;
	size_t offset; /* in struct cg_daemon_options */
	const char *arg; /* NULL: no value. A CHOICE: its words, as WORD|WORD */
	const char *help; /* noun phrase, without the default */
	const char *def; /* default, as a user would write it; NULL: unset, 0 or no */
	const char *def_text; /* a default that depends on something, in words */
};

extern const struct daemon_option cg_daemon_table[];
extern const size_t cg_daemon_table_rows;

/* The source of an option's value. A higher source overrides a lower one. */
enum source { FROM_DEFAULT, FROM_FILE, FROM_INSTANCE_SECTION, FROM_CALLER };

#define ERRORS_MAX 64

struct options_parser {
	struct cg_daemon_options *options;
	enum source source[CG_DAEMON_OPTIONS_MAX];
	struct parser_error {
		unsigned int line; /* of the file; 0: none */
		char text[256];
	} errors[ERRORS_MAX];
	unsigned int n_errors;
};

/* Adds an error of a line of the file. line 0: none. */
__attribute__((format(printf, 3, 4))) void cg_parser_error(struct options_parser *parser,
							   unsigned int line, const char *format,
							   ...);

/* Adds an error of option i. Its name, and its line if the file set it, come before the text. */
__attribute__((format(printf, 3, 4))) void cg_parser_option_error(struct options_parser *parser,
								  size_t i, const char *format,
								  ...);

/* Sets option i. value NULL: a flag on the command line. 0, or -errno with options untouched. */
int cg_daemon_option_set(struct cg_daemon_options *options, size_t i, const char *value);

/* Describes the values of option i, for an error message: "a time such as ...". */
const char *cg_daemon_option_expected(size_t i);

/* Returns the index of the option of that name, or -ENOENT. */
int cg_daemon_option_find(const char *name);

/* Each reads or checks one source, and adds its errors to the parser. */
void cg_parser_read_arguments(struct options_parser *parser, int argc, char **argv);
void cg_parser_read_file(struct options_parser *parser);
void cg_parser_check_paths(struct options_parser *parser);

#endif
