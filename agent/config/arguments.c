// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Reads the daemon's command line. */
#include "config/options_internal.h"
#include "util/getopt_table.h"

/* Returns the index of the option that getopt found; cg_daemon_table_rows: none. */
static size_t find_row(int found)
{
	size_t i = 0;

	if (found >= CG_GETOPT_LONG)
		return found - CG_GETOPT_LONG;
	while (i < cg_daemon_table_rows && cg_daemon_table[i].letter != found)
		i++;
	return i;
}

void cg_parser_read_arguments(struct options_parser *parser, int argc, char **argv)
{
	struct cg_getopt_table table = {};
	char hint[CG_SUGGEST_TEXT];
	int found;

	for (size_t i = 0; i < cg_daemon_table_rows; i++)
		cg_getopt_add(&table, cg_daemon_table[i].name, cg_daemon_table[i].letter,
			      cg_daemon_table[i].kind != FLAG);
	opterr = 0;
	optind = 0; /* glibc: start again, for a reload */
	while ((found = getopt_long(argc, argv, table.shorts, table.longs, NULL)) != -1) {
		const char *typed = argv[optind - 1];
		size_t i = find_row(found);

		if (found == ':')
			cg_parser_error(parser, 0,
					"option '%.80s' needs a value; see: cseqguardd --help",
					typed);
		else if (i >= cg_daemon_table_rows)
			cg_parser_error(parser, 0,
					"unknown option '%.80s'%s; see: cseqguardd --help", typed,
					cg_getopt_suggest(&table, typed, hint));
		else if (cg_daemon_option_set(parser->options, i, optarg))
			cg_parser_error(parser, 0, "invalid value '%.80s' for --%s: expected %s",
					optarg, cg_daemon_table[i].name,
					cg_daemon_option_expected(i));
		else
			parser->source[i] = FROM_CALLER;
	}
	if (optind < argc)
		cg_parser_error(parser, 0, "unexpected argument '%.80s'; see: cseqguardd --help",
				argv[optind]);
}
