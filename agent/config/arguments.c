// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* The daemon's command line. */
#include <getopt.h>
#include <string.h>

#include "config/options_internal.h"
#include "util/suggest.h"

#define LONG_BASE 256 /* getopt's value of row i is LONG_BASE + i */

static void getopt_tables(struct option *longs, char *letters)
{
	*letters++ = ':';
	for (size_t i = 0; i < cg_daemon_table_rows; i++) {
		const struct daemon_option *row = &cg_daemon_table[i];

		longs[i] = (struct option){ row->name, row->kind != FLAG, NULL, LONG_BASE + i };
		if (!row->letter)
			continue;
		*letters++ = row->letter;
		if (row->kind != FLAG)
			*letters++ = ':';
	}
	*letters = '\0';
}

static size_t row_of(int found)
{
	size_t i = 0;

	if (found >= LONG_BASE)
		return found - LONG_BASE;
	while (i < cg_daemon_table_rows && cg_daemon_table[i].letter != found)
		i++;
	return i;
}

static void no_option(struct options_parser *parser, const char *word)
{
	char name[CG_SUGGEST_WORD_MAX + 1] = "", hint[CG_SUGGEST_TEXT];
	struct cg_suggestion nearest = { .word = name };

	strncat(name, word, strcspn(word, "=") < CG_SUGGEST_WORD_MAX ? strcspn(word, "=") : 0);
	for (size_t i = 0; *name == '-' && i < cg_daemon_table_rows; i++) {
		nearest.word = name + strspn(name, "-");
		cg_suggest_compare(&nearest, cg_daemon_table[i].name);
	}
	cg_parser_error(parser, 0, "%.40s is no option%s; see --help", word,
			cg_suggest_text(&nearest, "--", hint));
}

void cg_parser_read_arguments(struct options_parser *parser, int argc, char **argv)
{
	struct option longs[CG_DAEMON_OPTIONS_MAX + 1] = {};
	char letters[2 * CG_DAEMON_OPTIONS_MAX + 2];
	int found;

	getopt_tables(longs, letters);
	opterr = 0;
	optind = 0; /* a reload reads them once more */
	while ((found = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		size_t i = row_of(found);

		if (found == ':') {
			cg_parser_error(parser, 0, "%s needs a value; see --help",
					argv[optind - 1]);
		} else if (i >= cg_daemon_table_rows) {
			no_option(parser, argv[optind - 1]);
		} else if (cg_daemon_option_set(parser->options, i, optarg)) {
			cg_parser_error(parser, 0, "--%s %.80s: not %s", cg_daemon_table[i].name,
					optarg, cg_daemon_option_expected(i));
		} else {
			parser->rank[i] = GIVEN;
		}
	}
	if (optind < argc)
		cg_parser_error(parser, 0, "%.80s: no argument was expected; see --help",
				argv[optind]);
}
