// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#define _GNU_SOURCE
#include "config/options_internal.h"
#include "util/getopt_table.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "maps/pins.h"
#include "maps/runtime_dir.h"
#include "postgres/conninfo.h"
#include "util/clock.h"
#include "util/log.h"

static int compare_lines(const void *a, const void *b)
{
	const struct parser_error *one = a, *other = b;

	return (one->line > other->line) - (one->line < other->line);
}

/* Logs the errors in the order of the file's lines. */
static void log_errors(struct options_parser *parser)
{
	const char *file = parser->options->file;

	qsort(parser->errors, parser->n_errors, sizeof(*parser->errors), compare_lines);
	for (unsigned int i = 0; i < parser->n_errors; i++) {
		const struct parser_error *error = &parser->errors[i];

		if (error->line)
			cg_log_err("%s: line %u: %s", file, error->line, error->text);
		else
			cg_log_err("%s", error->text);
	}
	if (parser->n_errors == ERRORS_MAX)
		cg_log_err("only the first %d errors are shown", ERRORS_MAX);
}

char *cg_daemon_default_spool(const char *instance)
{
	char *path;

	return asprintf(&path, "%s/%s.db", cg_state_dir(), instance) < 0 ? NULL : path;
}

/* Rows of two instances of a host must not have one node: returns HOST, or HOST/INSTANCE. */
static char *make_default_node(const char *instance)
{
	char host[CG_NODE_MAX] = "", *node;

	if (gethostname(host, sizeof(host) - 1))
		return NULL;
	if (!strcmp(instance, CG_INSTANCE_DEFAULT))
		return strdup(host);
	return asprintf(&node, "%s/%s", host, instance) < 0 ? NULL : node;
}

/* Needs the instance. */
static void check_node(struct options_parser *parser)
{
	struct cg_daemon_options *options = parser->options;

	if (!options->node && options->instance)
		options->node = make_default_node(options->instance);
	if (!options->node || !*options->node || strlen(options->node) >= CG_NODE_MAX)
		cg_parser_option_error(parser, cg_daemon_option_find("node"),
				       ": expected a name of 1 to %d bytes", CG_NODE_MAX - 1);
}

static void check_instance(struct options_parser *parser)
{
	struct cg_daemon_options *options = parser->options;

	if (!options->instance)
		options->instance = strdup(cg_instance_default_name());
	if (!options->instance || cg_instance_check_name(options->instance)) {
		cg_parser_option_error(parser, cg_daemon_option_find("instance"),
				       " %.80s: expected letters, digits, '_' and '-', at most %d",
				       options->instance ? options->instance : "", CG_INSTANCE_MAX);
		return;
	}
	if (!options->spool)
		options->spool = cg_daemon_default_spool(options->instance);
	if (!options->spool)
		cg_parser_error(parser, 0, "%s", strerror(ENOMEM));
}

/* A conninfo of the file was checked with its line: cg_parser_read_file(). */
static void check_db(struct options_parser *parser)
{
	int i = cg_daemon_option_find("db");
	char why[200];

	if (parser->options->db && parser->source[i] == FROM_CALLER &&
	    cg_conninfo_check(parser->options->db, why, sizeof(why)))
		cg_parser_option_error(parser, i, ": %s", why);
}

static void check_pair(struct options_parser *parser)
{
	const struct cg_daemon_options *options = parser->options;

	if (options->pair && !options->redis)
		cg_parser_option_error(parser, cg_daemon_option_find("pair"),
				       ": its Redis is missing; set redis");
	if (options->redis && !options->pair)
		cg_parser_option_error(parser, cg_daemon_option_find("redis"),
				       ": the name of the pair is missing; set pair");
	if (options->redis_user && !options->redis_password_file)
		cg_parser_option_error(parser, cg_daemon_option_find("redis-user"),
				       ": its password is missing; set redis-password-file");
}

static int apply_defaults(struct cg_daemon_options *options)
{
	int err = 0;

	*options = (struct cg_daemon_options){};
	for (size_t i = 0; i < cg_daemon_table_rows && !err; i++)
		if (cg_daemon_table[i].def)
			err = cg_daemon_option_set(options, i, cg_daemon_table[i].def);
	return err;
}

/* Sets the defaults and returns a parser, which finish_parser() frees; NULL: no memory. */
static struct options_parser *start_parser(struct cg_daemon_options *options)
{
	struct options_parser *parser = calloc(1, sizeof(*parser));

	if (apply_defaults(options) || !parser) {
		free(parser);
		return NULL;
	}
	parser->options = options;
	return parser;
}

/* Reads the file and checks the result, unless the caller's options need neither. */
static void read_file_and_check(struct options_parser *parser)
{
	if (parser->n_errors || parser->options->help || parser->options->version ||
	    parser->options->print_schema)
		return;
	cg_parser_read_file(parser);
	check_instance(parser);
	check_node(parser);
	check_db(parser);
	check_pair(parser);
	if (parser->options->check_config)
		cg_parser_check_paths(parser);
}

/* Logs the errors and frees the parser. 0, or -EINVAL if there was one. */
static int finish_parser(struct options_parser *parser)
{
	int err = parser->n_errors ? -EINVAL : 0;

	log_errors(parser);
	free(parser);
	return err;
}

int cg_daemon_options_parse(struct cg_daemon_options *options, int argc, char **argv, bool start)
{
	struct options_parser *parser = start_parser(options);

	if (!parser)
		return -ENOMEM;
	cg_parser_read_arguments(parser, argc, argv);
	read_file_and_check(parser);
	if (start)
		cg_log_configure(
			&(struct cg_log_options){ .json = options->log_format == CG_LOG_JSON,
						  .instance = options->instance,
						  .node = options->node });
	return finish_parser(parser);
}

/* Sets an option as the command line would. value NULL: not given. */
static void set_from_caller(struct options_parser *parser, const char *name, const char *value)
{
	int i = cg_daemon_option_find(name);

	if (!value)
		return;
	if (cg_daemon_option_set(parser->options, i, value))
		cg_parser_error(parser, 0, "%s", strerror(ENOMEM));
	parser->source[i] = FROM_CALLER;
}

int cg_daemon_options_load(struct cg_daemon_options *options, const char *instance,
			   const char *config)
{
	struct options_parser *parser = start_parser(options);

	if (!parser)
		return -ENOMEM;
	set_from_caller(parser, "instance", instance);
	set_from_caller(parser, "config", config);
	read_file_and_check(parser);
	return finish_parser(parser);
}

void cg_daemon_options_free(struct cg_daemon_options *options)
{
	for (size_t i = 0; i < cg_daemon_table_rows; i++)
		if (cg_daemon_option_is_text(cg_daemon_table[i].kind))
			cg_daemon_option_set(options, i, "");
	free(options->file);
	options->file = NULL;
}

void cg_daemon_options_help(void)
{
	printf("usage: cseqguardd [OPTION]...\n"
	       "Writes the CDRs of a guarded instance. Runs in the foreground and logs to "
	       "stderr.\n\n");
	for (size_t i = 0; i < cg_daemon_table_rows; i++) {
		const struct daemon_option *option = &cg_daemon_table[i];
		const char *def = option->def ? option->def : option->def_text;
		char left[40];

		snprintf(left, sizeof(left), "  %s%c%s --%s %s", option->letter ? "-" : " ",
			 option->letter ? option->letter : ' ', option->letter ? "," : " ",
			 option->name, option->arg ? option->arg : "");
		cg_help_print(left, 32, option->help, def);
	}
}
