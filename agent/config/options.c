// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#define _GNU_SOURCE
#include "config/options_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "maps/pins.h"
#include "postgres/conninfo.h"
#include "util/clock.h"
#include "util/log.h"

static int by_line(const void *a, const void *b)
{
	const struct parser_error *one = a, *other = b;

	return (one->line > other->line) - (one->line < other->line);
}

static void tell(struct options_parser *parser)
{
	const char *file = parser->options->file;

	qsort(parser->errors, parser->n_errors, sizeof(*parser->errors), by_line);
	for (unsigned int i = 0; i < parser->n_errors; i++) {
		const struct parser_error *error = &parser->errors[i];

		if (error->line)
			cg_log_err("%s: line %u: %s", file, error->line, error->text);
		else
			cg_log_err("%s", error->text);
	}
	if (parser->n_errors == ERRORS_MAX)
		cg_log_err("... and there may be more");
}

char *cg_daemon_default_spool(const char *instance)
{
	char *path;

	return asprintf(&path, CG_SPOOL_DIR "/%s.db", instance) < 0 ? NULL : path;
}

static void set_defaults(struct options_parser *parser)
{
	struct cg_daemon_options *options = parser->options;
	char host[CG_NODE_MAX] = "", why[200];

	if (!options->node && !gethostname(host, sizeof(host) - 1))
		options->node = strdup(host);
	if (!options->instance)
		options->instance = strdup(cg_instance_default_name());
	if (!options->node || !*options->node || strlen(options->node) >= CG_NODE_MAX)
		cg_parser_option_error(parser, cg_daemon_option_find("node"),
				       ": a name of 1 to %d bytes is needed", CG_NODE_MAX - 1);
	if (!options->instance || cg_instance_check_name(options->instance))
		cg_parser_option_error(parser, cg_daemon_option_find("instance"),
				       " %.80s: letters, digits, '_' and '-', at most %d of them",
				       options->instance ? options->instance : "", CG_INSTANCE_MAX);
	else if (!options->spool && !(options->spool = cg_daemon_default_spool(options->instance)))
		cg_parser_error(parser, 0, "%s", strerror(ENOMEM));
	if (options->db && parser->rank[cg_daemon_option_find("db")] == GIVEN &&
	    cg_conninfo_check(options->db, why, sizeof(why)))
		cg_parser_option_error(parser, cg_daemon_option_find("db"), ": %s", why);
}

static void set_built_in(struct cg_daemon_options *options)
{
	*options = (struct cg_daemon_options){
		.limits = { .bye_timeout = CG_BYE_TIMEOUT_NS,
			    .grace = CG_BYE_TIMEOUT_NS,
			    .max_call = 12 * 3600 * CG_SECOND,
			    /* longer than Timer C's 3 minutes (RFC 3261 16.6), which each 1xx
			       starts again */
			    .invite_timeout = 600 * CG_SECOND,
			    /* 17.2.1, Timer H: 64*T1 */
			    .invite_grace = 32 * CG_SECOND },
		.breaker = { .dialogs = 10, .window = 60 * CG_SECOND },
		.sweep = 10 * CG_SECOND,
		.db_timeout = 30 * CG_SECOND,
		.homer_id = 2001,
	};
}

static void read_rest(struct options_parser *parser)
{
	if (parser->n_errors || parser->options->help || parser->options->print_schema)
		return;
	cg_parser_read_file(parser);
	set_defaults(parser);
	if (parser->options->check_config)
		cg_parser_check_paths(parser);
}

int cg_daemon_options_parse(struct cg_daemon_options *options, int argc, char **argv, bool start)
{
	struct options_parser *parser = calloc(1, sizeof(*parser));
	int err;

	set_built_in(options);
	if (!parser)
		return -ENOMEM;
	parser->options = options;
	cg_parser_read_arguments(parser, argc, argv);
	read_rest(parser);
	if (start)
		cg_log_configure(
			&(struct cg_log_options){ .json = options->log_format == CG_LOG_JSON,
						  .instance = options->instance,
						  .node = options->node });
	tell(parser);
	err = parser->n_errors ? -EINVAL : 0;
	free(parser);
	return err;
}

static void give(struct options_parser *parser, const char *name, const char *value)
{
	int i = cg_daemon_option_find(name);

	if (!value)
		return;
	if (cg_daemon_option_set(parser->options, i, value))
		cg_parser_error(parser, 0, "%s", strerror(ENOMEM));
	parser->rank[i] = GIVEN;
}

int cg_daemon_options_load(struct cg_daemon_options *options, const char *instance,
			   const char *config)
{
	struct options_parser *parser = calloc(1, sizeof(*parser));
	int err;

	set_built_in(options);
	if (!parser)
		return -ENOMEM;
	parser->options = options;
	give(parser, "instance", instance);
	give(parser, "config", config);
	read_rest(parser);
	tell(parser);
	err = parser->n_errors ? -EINVAL : 0;
	free(parser);
	return err;
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
	       "writes the CDRs of a guarded instance; stays in the foreground, logs to "
	       "stderr\n\n");
	for (size_t i = 0; i < cg_daemon_table_rows; i++) {
		const struct daemon_option *row = &cg_daemon_table[i];
		char left[40];

		snprintf(left, sizeof(left), "%s%c%s --%s %s", row->letter ? "-" : " ",
			 row->letter ? row->letter : ' ', row->letter ? "," : " ", row->name,
			 row->argument ? row->argument : "");
		printf("  %-26s %s\n", left, row->text);
	}
}
