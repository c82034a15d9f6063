// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "merge_orders.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "calls/db_tables.h"

/* A version of the row, by a letter. Two nodes' clocks are 20 us apart where `differs`. */
static const struct version {
	char letter;
	const char *reason, *by;
	int end, candidate;
	bool suspect, differs;
} versions[] = {
	{ 'o', "none", "none", 0, 0, false, false },
	{ 'c', "none", "none", 0, 500, false, false }, /* a BYE that proves nothing */
	{ 'u', "unproven_bye", "none", 500, 500, true, false },
	{ 'b', "bye", "caller", 900, 0, false, false },
	{ 'B', "bye", "callee", 910, 0, false, true },
	{ 'g', "gone", "callee", 880, 0, false, true },
	{ 'y', "relayed_bye", "caller", 890, 0, false, true },
	{ 't', "timeout", "none", 5000, 0, true, false },
	{ 'r', "reboot", "none", 450, 500, true, true },
	{ 'l', "maps_lost", "none", 460, 0, true, true },
	{ 'd', "detached", "none", 470, 0, true, true },
	{ 'p', "operator", "none", 700, 0, false, false },
};

/* The versions that a node writes, in its order. */
static const char *const orders[] = { "o",   "oc", "ob",  "ocb", "oB",	"og",	"oy",
				      "ocu", "ou", "oub", "ouo", "oug", "ouob", "ot",
				      "or",  "ol", "od",  "orb", "oly", "op",	"olp" };
#define ORDERS (sizeof(orders) / sizeof(*orders))

static struct result {
	const char *first, *second; /* orders of the two nodes */
	unsigned int turns; /* bit i: the i-th version is the second node's */
	char text[160]; /* of the row */
} * results;
static unsigned int count, seen;

static const struct version *find_version(char letter)
{
	const struct version *version = versions;

	while (version->letter != letter)
		version++;
	return version;
}

static void fill_row(unsigned int number, char letter, bool is_second, struct cg_cdr_row *row)
{
	const struct version *version = find_version(letter);
	int skew = is_second && version->differs ? 20 : 0;

	*row = (struct cg_cdr_row){
		.setup_time = 100,
		.node = "n1",
		.caller_addr = "192.0.2.1",
		.callee_addr = "192.0.2.2",
		.answer_time = 200,
		.candidate_end = version->candidate ? version->candidate : CG_NULL,
		.end_time = version->end ? version->end + skew : CG_NULL,
		.bye_confirmed = !strcmp(version->reason, "bye"),
		.suspect = version->suspect,
		.blocked_byes = is_second ? 3 : 1,
		.first_blocked_at = is_second ? 400 : 300,
		.caller_cseq = is_second ? 14 : 13,
		.callee_cseq = CG_NULL,
		.sip_code = 200,
	};
	snprintf(row->call_uid, sizeof(row->call_uid), "00000000-0000-4000-8000-%012x", number);
	snprintf(row->call_id, sizeof(row->call_id), "%u", number);
	snprintf(row->end_reason, sizeof(row->end_reason), "%s", version->reason);
	snprintf(row->ended_by, sizeof(row->ended_by), "%s", version->by);
}

static size_t length(const struct result *result)
{
	return strlen(result->first) + strlen(result->second);
}

/* Fills the version that is stored at this step, if there is one. */
static bool fill_step(unsigned int number, size_t step, struct cg_cdr_row *row)
{
	const struct result *result = &results[number];
	unsigned int of_second = __builtin_popcount(result->turns & ((1u << step) - 1));
	bool is_second = result->turns >> step & 1;

	if (step >= length(result))
		return false;
	fill_row(number, is_second ? result->second[of_second] : result->first[step - of_second],
		 is_second, row);
	return true;
}

static void add_turns(const char *first, const char *second)
{
	size_t versions_of_both = strlen(first) + strlen(second);

	for (unsigned int turns = 0; turns < 1u << versions_of_both; turns++)
		if (__builtin_popcount(turns) == (int)strlen(second))
			results[count++] = (struct result){ first, second, turns, "" };
}

static void see_row(const char *const *values)
{
	static const char *const names[] = { "end_reason",    "end_time",    "ended_by",
					     "bye_confirmed", "suspect",     "candidate_end",
					     "blocked_byes",  "caller_cseq", "first_blocked_at" };
	const struct cg_db_table *table = &cg_db_tables[CG_TABLE_CDR];
	struct result *result = &results[atoi(values[cg_db_column_find(table, "call_id")])];
	size_t at = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const char *value = values[cg_db_column_find(table, names[i])];

		at += snprintf(result->text + at, sizeof(result->text) - at, "%s%s", i ? " " : "",
			       value ? value : "-");
	}
	seen++;
}

static bool either_has(const struct result *result, const char *letters)
{
	return strpbrk(result->first, letters) || strpbrk(result->second, letters);
}

/*
 * `unproven_bye` is a guess, and an open version that comes after it opens the row again. So its
 * order matters where no message ends the call, or where the row that is open again is given up: it
 * does not show then that it was doubted. No such row is billable on less than evidence.
 */
static bool order_may_matter(const struct result *result)
{
	return either_has(result, "u") && !either_has(result, "p") &&
	       (!either_has(result, "bBgy") || either_has(result, "trld"));
}

/* Both are open to the end, with a candidate end or not: the last version counts. */
static bool stays_open(const struct result *result)
{
	return !either_has(result, "ubBgytrldp");
}

static bool has_same_end(const char *text, const char *other)
{
	char reason[24], time[24], other_reason[24], other_time[24];

	return sscanf(text, "%23s %23s", reason, time) == 2 &&
	       sscanf(other, "%23s %23s", other_reason, other_time) == 2 &&
	       !strcmp(reason, other_reason) && !strcmp(time, other_time);
}

static bool is_billable(const char *text)
{
	char time[24];
	int suspect;

	return sscanf(text, "%*s %23s %*s %*s %d", time, &suspect) != 2 ||
	       (strcmp(time, "-") && !suspect);
}

static bool row_is_right(const struct result *result, const struct result *first)
{
	bool same = !strcmp(result->text, first->text);

	if (!*result->text)
		return false;
	if (same || stays_open(result))
		return true;
	if (!order_may_matter(result))
		return false;
	if (either_has(result, "bBgy"))
		return has_same_end(result->text, first->text);
	return !is_billable(result->text);
}

static bool compare(void)
{
	unsigned int wrong = 0;
	const struct result *first = results;

	for (const struct result *result = results; result < results + count; result++) {
		if (result->first != first->first || result->second != first->second)
			first = result;
		if (row_is_right(result, first))
			continue;
		if (wrong++ < 10)
			printf("# %s, %s, turns %x: '%s', but '%s'\n", result->first,
			       result->second, result->turns, result->text, first->text);
	}
	printf("# %u rows, %u wrong\n", count, wrong);
	return !wrong && count > 2000 && seen == count;
}

static bool store_all(const struct merge_store *store)
{
	struct cg_cdr_row row;
	bool any = true;

	for (size_t step = 0; any; step++) {
		any = false;
		for (unsigned int number = 0; number < count; number++) {
			if (!fill_step(number, step, &row))
				continue;
			any = true;
			if (!store->put(&row))
				return false;
		}
		if (!store->commit())
			return false;
	}
	return true;
}

bool merge_orders_check(const struct merge_store *store)
{
	bool right;

	results = calloc(ORDERS * ORDERS * 70, sizeof(*results)); /* 8 over 4 */
	if (!results)
		return false;
	for (size_t i = 0; i < ORDERS; i++)
		for (size_t j = 0; j < ORDERS; j++)
			add_turns(orders[i], orders[j]);
	right = store_all(store) && store->read(see_row) && compare();
	free(results);
	return right;
}
