// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#define _GNU_SOURCE
#include "cli/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options_internal.h"
#include "maps/pins.h"
#include "util/cli_output.h"
#include "util/getopt_table.h"
#include "util/suggest.h"

#define VERB_ROW(NAME, verb, args, text) { #verb, args, text, cg_cmd_##verb },
const struct cg_verb cg_verbs[CG_VERBS] = { CG_VERB_LIST(VERB_ROW) };

/*
 * Returns the option that getopt found. Several verbs have an option of the same name: the verb's
 * own one is preferred.
 */
static const struct cg_option *find_option(const struct cg_getopt_table *table, int found,
					   const struct cg_verb *verb)
{
	const char *name = found >= CG_GETOPT_LONG ? table->longs[found - CG_GETOPT_LONG].name : "";
	const struct cg_option *any = NULL;

	for (size_t i = 0; i < cg_option_count; i++) {
		const struct cg_option *option = &cg_option_table[i];

		if (option->letter != found && strcmp(option->name, name))
			continue;
		if (cg_option_of_verb(option, verb))
			return option;
		any = any ? any : option;
	}
	return any;
}

static int fail_value(const struct cg_option *option, const char *value)
{
	return cg_fail_usage("invalid value '%s' for %s: expected %s", value, option->name,
			     option->expected);
}

static int set_text(const char **text, const char *value)
{
	*text = value;
	return *value ? 0 : -EINVAL;
}

static int apply_option(struct cg_options *options, const struct cg_option *option,
			const char *value)
{
	int err = 0;

	if (option->flag)
		*(bool *)((char *)options + option->flag) = true;
	else if (option->text)
		err = set_text((const char **)((char *)options + option->text), value);
	else if (option->parse)
		err = option->parse(options, value);
	else
		err = option->setting(&options->settings, value);
	return err < 0 ? fail_value(option, value) : err;
}

/* A default of a setting is left to the instance: `attach` changes only what is given. */
static int apply_defaults(struct cg_options *options)
{
	int err = CG_DONE;

	options->instance = cg_instance_default_name();
	for (size_t i = 0; i < cg_option_count && !err; i++)
		if (cg_option_table[i].def && cg_option_table[i].parse)
			err = apply_option(options, &cg_option_table[i], cg_option_table[i].def);
	return err;
}

static bool name_is_new(const struct cg_getopt_table *table, const char *name)
{
	for (unsigned int i = 0; i < table->n; i++)
		if (!strcmp(table->longs[i].name, name))
			return false;
	return true;
}

static const struct cg_verb *find_verb(const char *name)
{
	for (size_t i = 0; i < CG_VERBS; i++)
		if (!strcmp(cg_verbs[i].name, name))
			return &cg_verbs[i];
	return NULL;
}

static int fail_verb(const char *name)
{
	struct cg_suggestion suggestion = { .word = name };
	char hint[CG_SUGGEST_TEXT];

	for (size_t i = 0; i < CG_VERBS; i++)
		cg_suggest_compare(&suggestion, cg_verbs[i].name);
	return cg_fail_usage("unknown command '%s'%s; see: cseqguard --help", name,
			     cg_suggest_text(&suggestion, "", hint));
}

int cg_verb_find(const char *name, const struct cg_verb **verb)
{
	*verb = find_verb(name);
	return *verb ? CG_DONE : fail_verb(name);
}

/* Suggests an option that the verb has. */
static int fail_option(const struct cg_verb *verb, const char *typed)
{
	struct cg_getopt_table table = {};
	char hint[CG_SUGGEST_TEXT];

	for (size_t i = 0; i < cg_option_count; i++) {
		const struct cg_option *option = &cg_option_table[i];

		if (option->help &&
		    (cg_option_of_verb(option, verb) || option->verbs == CG_VERBS_ALL))
			cg_getopt_add(&table, option->name, option->letter, option->arg);
	}
	return cg_fail_usage("unknown option '%s'%s; see: cseqguard %s%s--help", typed,
			     cg_getopt_suggest(&table, typed, hint), verb ? verb->name : "",
			     verb ? " " : "");
}

static int fail_setting(const char *assignment, size_t len)
{
	char name[CG_SUGGEST_WORD_MAX + 1] = "", hint[CG_SUGGEST_TEXT];
	struct cg_suggestion suggestion = { .word = name };

	strncat(name, assignment, len <= CG_SUGGEST_WORD_MAX ? len : 0);
	for (size_t i = 0; i < cg_option_count; i++)
		if (cg_option_is_key(&cg_option_table[i]))
			cg_suggest_compare(&suggestion, cg_option_table[i].name);
	return cg_fail_usage("unknown setting '%.*s'%s; see: cseqguard set --help", (int)len,
			     assignment, cg_suggest_text(&suggestion, "", hint));
}

/* seen: of each row of the table, whether it was given. */
static int check_options_of_verb(const bool seen[CG_OPTIONS_MAX], const struct cg_verb *verb)
{
	for (size_t i = 0; i < cg_option_count; i++)
		if (seen[i] && !cg_option_of_verb(&cg_option_table[i], verb))
			return cg_fail_usage("%s has no option --%s; see: cseqguard %s --help",
					     verb->name, cg_option_table[i].name, verb->name);
	return CG_DONE;
}

/*
 * Finds the verb before any option is parsed: an option may depend on it. getopt permutes a copy
 * of argv, because a permuted argv would be parsed differently the second time.
 */
static const struct cg_verb *find_verb_ahead(int argc, char **argv,
					     const struct cg_getopt_table *table)
{
	const struct cg_verb *verb = NULL;
	char **copy = calloc(argc + 1, sizeof(*copy));

	if (!copy)
		return NULL;
	memcpy(copy, argv, argc * sizeof(*copy));
	while (getopt_long(argc, copy, table->shorts, table->longs, NULL) != -1)
		;
	if (optind < argc)
		verb = find_verb(copy[optind]);
	free(copy);
	optind = 0; /* glibc: start again */
	return verb;
}

/* Errors before the -j are JSON as well. */
static bool has_json_option(char **argv)
{
	for (; *argv && strcmp(*argv, "--"); argv++)
		if (!strcmp(*argv, "-j") || !strcmp(*argv, "--json"))
			return true;
	return false;
}

/* Returns CG_DONE, or an exit code with the error reported. seen: of each row, whether it was given. */
static int parse_options(int argc, char **argv, struct cg_options *options,
			 const struct cg_verb **verb, bool seen[CG_OPTIONS_MAX])
{
	struct cg_getopt_table table = {};
	int found, err;

	for (size_t i = 0; i < cg_option_count; i++)
		if (name_is_new(&table, cg_option_table[i].name))
			cg_getopt_add(&table, cg_option_table[i].name, cg_option_table[i].letter,
				      cg_option_table[i].arg);
	opterr = 0;
	*verb = find_verb_ahead(argc, argv, &table);
	while ((found = getopt_long(argc, argv, table.shorts, table.longs, NULL)) != -1) {
		const struct cg_option *option = find_option(&table, found, *verb);

		if (found == ':')
			return cg_fail_usage("option '%s' needs a value; see: cseqguard --help",
					     argv[optind - 1]);
		if (!option)
			return fail_option(*verb, argv[optind - 1]);
		err = apply_option(options, option, optarg);
		if (err)
			return err;
		seen[option - cg_option_table] = true;
	}
	return CG_DONE;
}

int cg_options_parse(int argc, char **argv, struct cg_options *options, const struct cg_verb **verb)
{
	bool seen[CG_OPTIONS_MAX] = {};
	int err;

	cg_output_set_json(has_json_option(argv));
	err = apply_defaults(options);
	if (!err)
		err = parse_options(argc, argv, options, verb, seen);
	if (err || optind == argc)
		return err;
	if (!*verb)
		return fail_verb(argv[optind]);
	options->args = argv + optind + 1;
	options->n_args = argc - optind - 1;
	if (options->n_args && !*(*verb)->args)
		return cg_fail_usage("%s: unexpected argument '%s'; see: cseqguard %s --help",
				     (*verb)->name, *options->args, (*verb)->name);
	if (!options->help && cg_instance_check_name(options->instance))
		return cg_fail_usage("invalid value '%s' for CSEQGUARD_INSTANCE: expected letters, "
				     "digits, _ and -, at most %d",
				     options->instance, CG_INSTANCE_MAX);
	return check_options_of_verb(seen, *verb);
}

int cg_options_set(struct cg_settings *settings, const char *assignment)
{
	const char *equals = strchr(assignment, '=');
	size_t len = equals ? (size_t)(equals - assignment) : 0;

	if (!equals)
		return cg_fail_usage("'%s' is not KEY=VALUE; see: cseqguard set --help",
				     assignment);
	for (size_t i = 0; i < cg_option_count; i++) {
		const struct cg_option *option = &cg_option_table[i];

		if (!cg_option_is_key(option) || strlen(option->name) != len ||
		    memcmp(option->name, assignment, len))
			continue;
		return option->setting(settings, equals + 1) ? fail_value(option, equals + 1)
							     : CG_DONE;
	}
	return fail_setting(assignment, len);
}
