// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * The guard's parser, natively, beside libosip2 and Sofia-SIP on the same messages.
 *
 *	parsers [JSON]		prints a table; JSON: writes the figures to that file
 *
 * The guard's parser finds what the rules need, and allocates nothing. The others parse each header
 * and make a message of it, which is what their users need. So the figures say what each job costs,
 * not which program is better. Each copies the text itself. All take turns, for ROUNDS rounds, and
 * the medians count.
 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "parser_messages.h"
#include "parsers.h"

#define ROUNDS 11
#define ROUND_NS 10000000 /* of a parser and a class in a round, about */

static const struct subject {
	const char *key, *name;
	bool (*parse)(const char *text, size_t len);
} subjects[] = {
	{ "guard", "guard", parse_guard },
	{ "libosip2", "libosip2", parse_osip },
	{ "sofia_sip", "Sofia-SIP", parse_sofia },
};
#define SUBJECTS (sizeof(subjects) / sizeof(*subjects))

static double read_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return now.tv_sec * 1e9 + now.tv_nsec;
}

/* Returns the ns of CPU for a message of the class, on average. */
static double run(const struct subject *subject, const struct message_class *class, int repeat)
{
	const double start = read_ns();

	for (int i = 0; i < repeat; i++)
		for (size_t m = 0; m < class->count; m++)
			subject->parse(class->messages[m].text, class->messages[m].len);
	return (read_ns() - start) / repeat / class->count;
}

static int compare_ns(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Fills the medians. */
static void measure(const struct message_class *class, double ns[SUBJECTS])
{
	double rounds[SUBJECTS][ROUNDS];
	int repeat[SUBJECTS];

	for (size_t s = 0; s < SUBJECTS; s++) {
		run(&subjects[s], class, 10); /* warms up */
		repeat[s] = ROUND_NS / (run(&subjects[s], class, 10) * class->count) + 1;
	}
	for (int round = 0; round < ROUNDS; round++)
		for (size_t s = 0; s < SUBJECTS; s++)
			rounds[s][round] = run(&subjects[s], class, repeat[s]);
	for (size_t s = 0; s < SUBJECTS; s++) {
		qsort(rounds[s], ROUNDS, sizeof(**rounds), compare_ns);
		ns[s] = rounds[s][ROUNDS / 2];
	}
}

static void keep_figure(json_t *json, const char *class, const char *subject, const char *unit,
			double value)
{
	char key[64];

	snprintf(key, sizeof(key), "%s_%s%s", class, subject, unit);
	json_object_set_new(json, key, json_real(value));
}

static void report(const struct message_class *class, const double ns[SUBJECTS], json_t *json)
{
	double bytes = 0;

	for (size_t m = 0; m < class->count; m++)
		bytes += (double)class->messages[m].len / class->count;
	printf("%-34s %5.0f", class->name, bytes);
	keep_figure(json, class->key, "bytes", "", bytes);
	for (size_t s = 0; s < SUBJECTS; s++) {
		printf("  %7.0f %6.0f", ns[s], bytes * 1000 / ns[s]);
		keep_figure(json, class->key, subjects[s].key, "_ns", ns[s]);
		keep_figure(json, class->key, subjects[s].key, "_mb_s", bytes * 1000 / ns[s]);
	}
	putchar('\n');
}

/* Removes the messages that one of the parsers refuses: refusing early is no parsing. */
static void keep_taken(struct message_class *class)
{
	size_t kept = 0;

	for (size_t m = 0; m < class->count; m++) {
		bool taken = true;

		for (size_t s = 0; s < SUBJECTS; s++)
			taken &= subjects[s].parse(class->messages[m].text, class->messages[m].len);
		if (taken)
			class->messages[kept++] = class->messages[m];
	}
	if (kept < class->count)
		printf("%s: %zu of %zu are measured, which all three take\n", class->name, kept,
		       class->count);
	class->count = kept;
}

static void print_heading(void)
{
	printf("\n%-34s %5s", "", "");
	for (size_t s = 0; s < SUBJECTS; s++)
		printf("  %14s", subjects[s].name);
	printf("\n%-34s %5s", "message", "bytes");
	for (size_t s = 0; s < SUBJECTS; s++)
		printf("  %7s %6s", "ns", "MB/s");
	putchar('\n');
}

int main(int argc, char **argv)
{
	struct message_class *classes;
	json_t *json = json_object();
	int count = messages_read(&classes);

	if (count < 0 || !json || !parsers_init()) {
		fprintf(stderr, "parsers: cannot read the messages: %s\n", strerror(-count));
		return 1;
	}
	for (int c = 0; c < count; c++)
		keep_taken(&classes[c]);
	print_heading();
	for (int c = 0; c < count; c++) {
		double ns[SUBJECTS];

		if (!classes[c].count) {
			fprintf(stderr, "parsers: %s: not all take it\n", classes[c].name);
			return 1;
		}
		measure(&classes[c], ns);
		report(&classes[c], ns, json);
	}
	if (argc > 1 && json_dump_file(json, argv[1], JSON_INDENT(1))) {
		fprintf(stderr, "parsers: %s: cannot write: %s\n", argv[1], strerror(errno));
		return 1;
	}
	json_decref(json);
	messages_free(classes, count);
	return 0;
}
