// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#define _GNU_SOURCE
#include "cli/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options_internal.h"
#include "util/cli_output.h"
#include "util/suggest.h"

#define VERB_ROW(NAME, verb, args, text) { #verb, args, text, cg_cmd_##verb },
const struct cg_verb cg_verbs[CG_VERBS] = { CG_VERB_LIST(VERB_ROW) };

#define LONG_BASE 256 /* getopt's value of cg_option_table[i] is LONG_BASE + i */

static void getopt_tables(struct option *longs, char *shorts)
{
	*shorts++ = ':';
	for (size_t i = 0; i < cg_option_count; i++) {
		longs[i] = (struct option){ cg_option_table[i].name,
					    cg_option_table[i].arg ? required_argument : 0, NULL,
					    LONG_BASE + i };
		if (!cg_option_table[i].letter)
			continue;
		*shorts++ = cg_option_table[i].letter;
		if (cg_option_table[i].arg)
			*shorts++ = ':';
	}
	*shorts = '\0';
}

static const struct cg_option *row_of(int found)
{
	if (found >= LONG_BASE)
		return &cg_option_table[found - LONG_BASE];
	for (size_t i = 0; i < cg_option_count; i++)
		if (cg_option_table[i].letter && cg_option_table[i].letter == found)
			return &cg_option_table[i];
	return NULL;
}

static int bad_value(const struct cg_option *row, const char *value)
{
	return cg_fail_usage("%s '%s' is not legal; it takes %s", row->name, value, row->legal);
}

static int apply(struct cg_options *options, const struct cg_option *row, const char *value)
{
	int err = row->parse ? row->parse(options, value) : row->setting(&options->settings, value);

	return err < 0 ? bad_value(row, value) : err;
}

static const struct cg_verb *verb_of(const char *name)
{
	for (size_t i = 0; i < CG_VERBS; i++)
		if (!strcmp(cg_verbs[i].name, name))
			return &cg_verbs[i];
	return NULL;
}

static int no_verb(const char *name)
{
	struct cg_suggestion nearest = { .word = name };
	char hint[CG_SUGGEST_TEXT];

	for (size_t i = 0; i < CG_VERBS; i++)
		cg_suggest_compare(&nearest, cg_verbs[i].name);
	return cg_fail_usage("'%s' is no command%s; see: cseqguard --help", name,
			     cg_suggest_text(&nearest, "", hint));
}

static int no_option(const char *option)
{
	char name[CG_SUGGEST_WORD_MAX + 1] = "", hint[CG_SUGGEST_TEXT];
	struct cg_suggestion nearest = { .word = name };
	size_t len = strcspn(option, "=");

	if (!strncmp(option, "--", 2) && len - 2 <= CG_SUGGEST_WORD_MAX)
		strncat(name, option + 2, len - 2);
	for (size_t i = 0; i < cg_option_count; i++)
		cg_suggest_compare(&nearest, cg_option_table[i].name);
	return cg_fail_usage("%s is no option%s; see: cseqguard --help", option,
			     cg_suggest_text(&nearest, "--", hint));
}

static int no_setting(const char *assignment, size_t len)
{
	char name[CG_SUGGEST_WORD_MAX + 1] = "", hint[CG_SUGGEST_TEXT];
	struct cg_suggestion nearest = { .word = name };

	strncat(name, assignment, len <= CG_SUGGEST_WORD_MAX ? len : 0);
	for (size_t i = 0; i < cg_option_count; i++)
		if (cg_option_table[i].setting)
			cg_suggest_compare(&nearest, cg_option_table[i].name);
	return cg_fail_usage("'%.*s' is no setting%s; see: cseqguard set --help", (int)len,
			     assignment, cg_suggest_text(&nearest, "", hint));
}

static int not_for_verb(__u64 seen, const struct cg_verb *verb)
{
	unsigned int bit = 1u << (verb - cg_verbs);

	for (size_t i = 0; i < cg_option_count; i++)
		if (seen & (1ull << i) && !(cg_option_table[i].verbs & bit))
			return cg_fail_usage("%s has no option --%s; see: cseqguard %s --help",
					     verb->name, cg_option_table[i].name, verb->name);
	return CG_DONE;
}

/* One name may be another option elsewhere: that of this verb, if it has one. */
static const struct cg_option *row_for(const struct cg_option *row, const struct cg_verb *verb)
{
	unsigned int bit = verb ? 1u << (verb - cg_verbs) : 0;

	for (size_t i = 0; i < cg_option_count; i++)
		if (cg_option_table[i].verbs & bit && !strcmp(cg_option_table[i].name, row->name))
			return &cg_option_table[i];
	return row;
}

/* The verb alone; the rest is judged afterwards. getopt permutes a copy of argv. */
static const struct cg_verb *verb_ahead(int argc, char **argv, const char *shorts,
					const struct option *longs)
{
	const struct cg_verb *verb = NULL;
	char **copy = calloc(argc + 1, sizeof(*copy));

	if (!copy)
		return NULL;
	memcpy(copy, argv, argc * sizeof(*copy));
	while (getopt_long(argc, copy, shorts, longs, NULL) != -1)
		;
	if (optind < argc)
		verb = verb_of(copy[optind]);
	free(copy);
	optind = 0; /* glibc: from the start again */
	return verb;
}

/* So that errors before the -j are JSON, too. */
static bool wants_json(char **argv)
{
	for (; *argv && strcmp(*argv, "--"); argv++)
		if (!strcmp(*argv, "-j") || !strcmp(*argv, "--json"))
			return true;
	return false;
}

int cg_options_parse(int argc, char **argv, struct cg_options *options, const struct cg_verb **verb)
{
	struct option longs[CG_OPTIONS_MAX + 1] = {};
	char shorts[2 * CG_OPTIONS_MAX + 2];
	const struct cg_option *row;
	__u64 seen = 0;
	int found, err;

	cg_output_set_json(wants_json(argv));
	getopt_tables(longs, shorts);
	opterr = 0;
	*verb = verb_ahead(argc, argv, shorts, longs);
	while ((found = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		if (found == '?')
			return no_option(argv[optind - 1]);
		if (found == ':')
			return cg_fail_usage("%s needs a value; see: cseqguard --help",
					     argv[optind - 1]);
		row = row_for(row_of(found), *verb);
		err = apply(options, row, optarg);
		if (err)
			return err;
		seen |= 1ull << (row - cg_option_table);
	}
	if (optind == argc)
		return CG_DONE;
	if (!*verb)
		return no_verb(argv[optind]);
	options->args = argv + optind + 1;
	options->n_args = argc - optind - 1;
	if (options->n_args && !*(*verb)->args)
		return cg_fail_usage("%s takes no '%s'; see: cseqguard %s --help", (*verb)->name,
				     *options->args, (*verb)->name);
	return not_for_verb(seen, *verb);
}

int cg_options_set(struct cg_settings *settings, const char *assignment)
{
	const char *equals = strchr(assignment, '=');
	size_t len = equals ? (size_t)(equals - assignment) : 0;

	if (!equals)
		return cg_fail_usage("'%s' is no KEY=VALUE; see: cseqguard set --help", assignment);
	for (size_t i = 0; i < cg_option_count; i++) {
		if (!cg_option_table[i].setting || strlen(cg_option_table[i].name) != len ||
		    memcmp(cg_option_table[i].name, assignment, len))
			continue;
		return cg_option_table[i].setting(settings, equals + 1)
			       ? bad_value(&cg_option_table[i], equals + 1)
			       : CG_DONE;
	}
	return no_setting(assignment, len);
}

static void help_row(const struct cg_option *row)
{
	char left[64];

	snprintf(left, sizeof(left), "%c%c%s--%s%s%s", row->letter ? '-' : ' ',
		 row->letter ? row->letter : ' ', row->letter ? ", " : "  ", row->name,
		 row->arg ? " " : "", row->arg ? row->arg : "");
	printf("  %-34s %s\n", left, row->text);
}

void cg_options_help(const struct cg_verb *verb)
{
	unsigned int bit = verb ? 1u << (verb - cg_verbs) : 0;

	printf("usage: cseqguard [OPTIONS] %s%s%s\n", verb ? verb->name : "COMMAND",
	       verb && *verb->args ? " " : "", verb ? verb->args : "");
	if (verb)
		printf("%s\n", verb->text);
	else
		for (size_t i = 0; i < CG_VERBS; i++)
			printf("  %-10s %-16s %s\n", cg_verbs[i].name, cg_verbs[i].args,
			       cg_verbs[i].text);
	if (bit & CG_V(SET)) {
		puts("keys:");
		for (size_t i = 0; i < cg_option_count; i++)
			if (cg_option_table[i].setting)
				printf("  %-18s %s: %s\n", cg_option_table[i].name,
				       cg_option_table[i].text, cg_option_table[i].legal);
	}
	puts(verb ? "options:" : "options of every command:");
	for (size_t i = 0; i < cg_option_count; i++)
		if (bit ? cg_option_table[i].verbs & bit : cg_option_table[i].verbs == CG_VERBS_ALL)
			help_row(&cg_option_table[i]);
}
