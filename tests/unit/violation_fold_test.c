// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// link: agent/calls/violation_fold.c agent/calls/violation_row.c agent/calls/cdr.c agent/util/text.c agent/util/enum_names.c -luuid
#include "calls/violation_fold.h"

#include <stdio.h>
#include <string.h>

#include "calls/cdr.h"
#include "tap.h"

#define MINUTE CG_FOLD_MINUTE_NS

static struct cg_fold *fold;
static __s64 seq;
static unsigned int rows; /* admitted */

static void violate(const char *source, const char *reason, const char *action, int times)
{
	struct cg_violation_row row = { .count = 1, .node = "lab", .call_id = "call" };

	snprintf(row.source, sizeof(row.source), "%s", source);
	snprintf(row.reason, sizeof(row.reason), "%s", reason);
	snprintf(row.action, sizeof(row.action), "%s", action);
	while (times--) {
		row.seq = ++seq;
		row.at = 1000 + seq;
		rows += cg_fold_admit(fold, &row);
	}
}

struct stored {
	int puts, space;
	__s64 count; /* of all of them */
	struct cg_violation_row last;
};

static bool store(void *ctx, const struct cg_violation_row *row)
{
	struct stored *stored = ctx;

	if (!stored->space)
		return false;
	stored->space--;
	stored->puts++;
	stored->count += row->count;
	stored->last = *row;
	return true;
}

static struct stored flush(__u64 now, int space)
{
	struct stored stored = { .space = space };

	cg_fold_flush(fold, now, store, &stored);
	return stored;
}

static void begin(void)
{
	cg_fold_free(fold);
	fold = cg_fold_new();
	rows = 0;
	flush(MINUTE, 9);
}

static void one_source(void)
{
	struct stored stored;
	__s64 eleventh;

	begin();
	violate("192.0.2.1", "out_of_order", "drop", 10);
	ok(rows == 10 && !flush(MINUTE, 9).puts, "fold: ten of a source and reason have rows");
	eleventh = seq + 1;
	violate("192.0.2.1", "out_of_order", "drop", 25);
	stored = flush(MINUTE + 1, 9);
	ok(rows == 10 && stored.puts == 1 && stored.count == 25,
	   "fold: violations beyond ten are one row with a count");
	ok(stored.last.seq == eleventh && stored.last.at == 1000 + eleventh &&
		   !strcmp(stored.last.node, "lab") &&
		   !strcmp(stored.last.reason, "out_of_order") &&
		   !strcmp(stored.last.action, "drop"),
	   "fold: a sum has the key of the first violation in it");
	ok(!*stored.last.call_id && !strcmp(stored.last.source, "::"),
	   "fold: a sum has neither call nor source");
	ok(!flush(MINUTE + 2, 9).puts, "fold: a sum that did not grow is not stored again");
	violate("192.0.2.2", "out_of_order", "drop", 1);
	violate("192.0.2.1", "bad_cseq", "drop", 1);
	ok(rows == 12, "fold: another source, or another reason, has rows of its own");
	violate("192.0.2.1", "out_of_order", "drop", 1);
	violate("192.0.2.1", "out_of_order", "would_drop", 2);
	stored = flush(MINUTE + 3, 9);
	ok(stored.puts == 2 && stored.count == 28,
	   "fold: a sum grows in its row; each action has its own");
	violate("192.0.2.1", "out_of_order", "drop", 1);
	ok(!flush(2 * MINUTE, 0).puts, "fold: a sum without space is not stored");
	stored = flush(2 * MINUTE, 9);
	ok(stored.puts == 1 && stored.count == 27,
	   "fold: a sum that found no space is stored later, and loses nothing");
	violate("192.0.2.1", "out_of_order", "drop", 11);
	stored = flush(2 * MINUTE + 1, 9);
	ok(rows == 22 && stored.count == 1 && stored.last.seq == seq,
	   "fold: each minute has rows and a sum of its own");
}

static void many_sources(void)
{
	struct stored stored;
	char source[INET6_ADDRSTRLEN];

	begin();
	for (int i = 0; i < 100000; i++) {
		snprintf(source, sizeof(source), "2001:db8::%x:%x", i >> 16, i & 0xffff);
		violate(source, i & 1 ? "ambiguous" : "foreign_ack", "drop", 1);
	}
	stored = flush(MINUTE + 1, 999);
	ok(rows == 1000, "fold: any number of sources gets 1,000 rows a minute");
	ok(stored.puts == 2 && stored.count + rows == 100000,
	   "fold: the rows and sums of a flood count every violation");
	violate("192.0.2.1", "out_of_order", "drop", 1);
	ok(rows == 1000 && flush(MINUTE + 2, 9).count == 1,
	   "fold: beyond 1,000 rows a violation of another reason is in a sum as well");
	flush(2 * MINUTE, 9);
	violate("192.0.2.1", "out_of_order", "drop", 1);
	ok(rows == 1001, "fold: the next minute has rows again");
}

int main(void)
{
	one_source();
	many_sources();
	cg_fold_free(fold);
	return tap_done();
}
