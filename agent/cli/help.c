// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * The version, and the help: from the tables of verbs and options, with examples and exit status.
 */
#include <stdio.h>
#include <string.h>

#include "cli/options_internal.h"
#include "util/cli_output.h"
#include "util/getopt_table.h"

#define EXITS "0 done, 1 failed, 2 usage error"

/* Examples are commands, one a line. */
static const struct {
	const char *examples;
	const char *exits; /* NULL: EXITS */
} verb_help[CG_VERBS] = {
	[CG_V_BIT_ATTACH] = { .examples = "attach --mode observe --gateway 192.0.2.0/24 eth0 eth1\n"
					  "attach --xdp native --gateway 192.0.2.0/24 "
					  "--strict-interface "
					  "eth0\n" },
	[CG_V_BIT_DETACH] = { .examples = "detach eth1\ndetach -a\n" },
	[CG_V_BIT_SET] = { .examples = "set mode=enforce\nset gateway=192.0.2.0/24,198.51.100.0/24 "
				       "equal=pass\n" },
	[CG_V_BIT_UPGRADE] = { .examples = "upgrade\nupgrade -v --instance edge2\n" },
	[CG_V_BIT_STATUS] = { .examples = "status\nstatus -j\n",
			      .exits = EXITS ", 3 not attached" },
	[CG_V_BIT_STATS] = { .examples = "stats\nstats --all -j\n" },
	[CG_V_BIT_DIALOGS] = { .examples = "dialogs\ndialogs -j\ndialogs --foreign\n" },
	[CG_V_BIT_EVENTS] = { .examples = "events -f\n"
					  "events -f --reason out_of_order,equal_cseq --source "
					  "10.77.1.0/24\n"
					  "events -f -j\n" },
	[CG_V_BIT_LADDER] = { .examples = "ladder 3848276298220188511@atlanta.example.com\n" },
	[CG_V_BIT_DOCTOR] = { .examples = "doctor\ndoctor eth0 eth1\n",
			      .exits = "0 nothing failed, 1 a check failed, 2 usage error" },
	[CG_V_BIT_CHECK] = { .examples = "check\ncheck -w 70 -c 90 --expect observe\n",
			     .exits = "0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN" },
	[CG_V_BIT_TOP] = { .examples = "top\ntop -b -j --count 1\n" },
	[CG_V_BIT_CDR] = { .examples =
				   "cdr --since 12h --blocked\ncdr --last 20 --suspect -j\n"
				   "cdr settle CALL_UID --end 2026-01-31T12:00:00Z --why 'by the "
				   "carrier'\n" },
	[CG_V_BIT_REPLAY] = { .examples =
				      "replay trunk.pcap\n"
				      "replay --gateway 192.0.2.0/24 -j monday.pcapng "
				      "tuesday.pcapng\n"
				      "replay --host 198.51.100.7 --ladder CALL-ID trunk.pcap\n",
			      .exits = EXITS
			      ", 4 a BYE that the far end accepted would have been refused" },
	[CG_V_BIT_VERSION] = { .examples = "version\n" },
	[CG_V_BIT_HELP] = { .examples = "help attach\n" },
};

int cg_cmd_version(const struct cg_options *options)
{
	if (options->json)
		return cg_stdout_write_json(
			json_pack("{ss si}", "version", CG_VERSION, "layout", CG_LAYOUT));
	printf("cseqguard %s, map layout %d\n", CG_VERSION, CG_LAYOUT);
	return cg_stdout_flush();
}

static const char *get_default(const struct cg_option *option)
{
	return option->def ? option->def : option->def_text;
}

static void print_option(const struct cg_option *option)
{
	char left[64], text[256];

	snprintf(left, sizeof(left), "  %c%c%s--%s%s%s", option->letter ? '-' : ' ',
		 option->letter ? option->letter : ' ', option->letter ? ", " : "  ", option->name,
		 option->arg ? " " : "", option->arg ? option->arg : "");
	snprintf(text, sizeof(text), "%s%s", option->help,
		 option->repeats ? "; may be repeated" : "");
	cg_help_print(left, 36, text, get_default(option));
}

static void print_key(const struct cg_option *option)
{
	char left[32], text[256];

	snprintf(left, sizeof(left), "  %s", option->name);
	snprintf(text, sizeof(text), "%s: %s%s", option->help, option->expected,
		 option->repeats ? "; replaces the list" : "");
	cg_help_print(left, 22, text, get_default(option));
}

static void print_verbs(void)
{
	char left[64];

	for (size_t i = 0; i < CG_VERBS; i++) {
		snprintf(left, sizeof(left), "  %-10s %s", cg_verbs[i].name, cg_verbs[i].args);
		cg_help_print(left, 31, cg_verbs[i].text, NULL);
	}
}

static void print_examples(const struct cg_verb *verb)
{
	const char *exits = verb_help[verb - cg_verbs].exits;
	const char *at = verb_help[verb - cg_verbs].examples;

	puts("examples:");
	for (size_t len; *at; at += len + 1) {
		len = strcspn(at, "\n");
		printf("  cseqguard %.*s\n", (int)len, at);
	}
	printf("exit status:\n  %s\n", exits ? exits : EXITS);
}

int cg_help_show(const struct cg_verb *verb)
{
	printf("usage: cseqguard [OPTIONS] %s%s%s\n", verb ? verb->name : "COMMAND [ARGUMENT]...",
	       verb && *verb->args ? " " : "", verb ? verb->args : "");
	if (verb)
		printf("%s\n", verb->text);
	else
		print_verbs();
	if (verb == &cg_verbs[CG_V_BIT_SET]) {
		puts("keys:");
		for (size_t i = 0; i < cg_option_count; i++)
			if (cg_option_is_key(&cg_option_table[i]))
				print_key(&cg_option_table[i]);
	}
	puts(verb ? "options:" : "options of every command:");
	for (size_t i = 0; i < cg_option_count; i++) {
		const struct cg_option *option = &cg_option_table[i];

		if (option->help &&
		    (verb ? cg_option_of_verb(option, verb) : option->verbs == CG_VERBS_ALL))
			print_option(option);
	}
	if (verb)
		print_examples(verb);
	else
		puts("Options, examples and exit status of a command: cseqguard COMMAND --help");
	return cg_stdout_flush();
}

int cg_cmd_help(const struct cg_options *options)
{
	const struct cg_verb *verb = NULL;
	int err = CG_DONE;

	if (options->n_args > 1)
		return cg_fail_usage("help takes one command; see: cseqguard --help");
	if (options->n_args)
		err = cg_verb_find(options->args[0], &verb);
	return err ? err : cg_help_show(verb);
}
