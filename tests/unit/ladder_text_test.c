// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// link: agent/format/ladder_text.c agent/calls/ladder.c agent/calls/recent.c agent/format/colour.c agent/util/text.c agent/util/enum_names.c
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/ladder_text.h"
#include "tap.h"

#define LARGEST 4294967295u

static const __s64 offset[CG_CLOCKS];

static char *drawn(const struct cg_ladder *ladder, unsigned int width)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	cg_ladder_draw(out, ladder, offset, width);
	fclose(out);
	return text;
}

static size_t longest(const char *text)
{
	size_t most = 0;

	for (; *text; text += strcspn(text, "\n") + 1)
		if (strcspn(text, "\n") > most)
			most = strcspn(text, "\n");
	return most;
}

static struct cg_ladder a_ladder(unsigned int n)
{
	struct cg_ladder ladder = { .has_dialog = true, .n = n, .left_out = LARGEST };
	struct cg_dialog *d = &ladder.dialog;

	strcpy(d->call.call_id, "call@host");
	memset(d->caller.addr, 0xfe, sizeof(d->caller.addr));
	memset(d->callee.addr, 0xfd, sizeof(d->callee.addr));
	d->caller_port = d->callee_port = 65535;
	d->caller_flags = d->callee_flags = CG_LEG_LOCAL;
	for (unsigned int i = 0; i < n; i++)
		ladder.steps[i] = (struct cg_ladder_step){ .at = i * 99999000000000ULL / (n + 1),
							   .last = 99999000000000ULL,
							   .count = 1,
							   .cseq = LARGEST,
							   .cseq_valid = true,
							   .method = CG_M_SUBSCRIBE,
							   .caller = { LARGEST, true },
							   .callee = { LARGEST, true } };
	return ladder;
}

/* Every mark and reason, from every place to every other, with numbers as long as they get. */
static void everything_fits(void)
{
	struct cg_ladder ladder = a_ladder(1);
	struct cg_ladder_step *step = &ladder.steps[0];
	bool fits = true;

	for (unsigned int i = 0; i < CG_MARKS * (CG_REASONS + 1) * CG_PLACES * CG_PLACES * 4; i++) {
		unsigned int rest = i;
		char *text;

		step->mark = rest % CG_MARKS;
		rest /= CG_MARKS;
		step->reason = rest % (CG_REASONS + 1);
		rest /= CG_REASONS + 1;
		step->from = rest % CG_PLACES;
		rest /= CG_PLACES;
		step->to = rest % CG_PLACES;
		rest /= CG_PLACES;
		step->status = rest % 2 * 200;
		step->count = rest / 2 ? LARGEST : 1;
		step->expected = LARGEST;
		step->expected_valid = true;
		memset(step->source, 0xfe, sizeof(step->source));
		text = drawn(&ladder, 80);
		fits &= longest(text) <= 80;
		free(text);
	}
	ok(fits, "ladder: any ladder fits 80 columns");
}

static void widths(void)
{
	static const unsigned int given[] = { 0, 20, 79, 80, 81, 100, 120, 100000 };
	struct cg_ladder ladder = a_ladder(CG_LADDER_STEPS);
	bool fits = true;

	for (unsigned int i = 0; i < sizeof(given) / sizeof(*given); i++) {
		unsigned int width = given[i] < CG_LADDER_WIDTH ? CG_LADDER_WIDTH : given[i];
		char *text = drawn(&ladder, given[i]);

		fits &= longest(text) <= width;
		free(text);
	}
	ok(fits, "ladder: within the width that is given, and 80 at least");
	ladder.n = 0;
	free(drawn(&ladder, 80));
	ladder.has_dialog = false;
	free(drawn(&ladder, 80));
	ok(true, "ladder: a ladder without steps is drawn");
}

static void refused(void)
{
	struct cg_ladder ladder = a_ladder(1);
	struct cg_ladder_step *step = &ladder.steps[0];
	char *text;

	step->method = CG_M_BYE;
	step->cseq = 10;
	step->mark = CG_MARK_REFUSED;
	step->reason = CG_R_OUT_OF_ORDER;
	step->expected = 14;
	step->expected_valid = true;
	step->to = CG_PLACE_GUARD;
	step->caller.cseq = 13;
	step->callee.known = false;
	text = drawn(&ladder, 80);
	ok(strstr(text, " BYE 10 ") && strstr(text, ">X out_of_order, expected 14 "),
	   "ladder: a BYE of the caller ends at an X, its reason beyond");
	free(text);
	step->from = CG_PLACE_CALLEE;
	step->leg = CG_LEG_CALLEE;
	text = drawn(&ladder, 80);
	ok(strstr(text, " out_of_order, expected 14 X<") != NULL,
	   "ladder: a refused BYE of the callee ends at the guard");
	free(text);
	step->from = CG_PLACE_ELSEWHERE;
	step->leg = CG_LEG_CALLER;
	memset(step->source, 0, sizeof(step->source));
	step->source[10] = step->source[11] = 0xff;
	text = drawn(&ladder, 80);
	ok(strstr(text, "out_of_order, expected 14, from 0.0.0.0:0") != NULL,
	   "ladder: a BYE from a third address shows that address");
	free(text);
	step->mark = CG_MARK_WOULD_REFUSE;
	step->expected = LARGEST;
	step->count = LARGEST;
	memset(step->source, 0xfe, sizeof(step->source));
	text = drawn(&ladder, 80);
	ok(strstr(text, "times until 99999.000,") &&
		   strstr(text, "from fefe:fefe:fefe:fefe:fefe:fefe:fefe:fefe:0"),
	   "ladder: what has no room in one line is said in more");
	free(text);
}

static bool says(const struct cg_ladder *ladder, const char *line)
{
	char *text = drawn(ladder, 80);
	bool found = strstr(text, line);

	free(text);
	return found;
}

static void sides(void)
{
	struct cg_ladder ladder = a_ladder(1);
	struct cg_dialog *d = &ladder.dialog;

	d->state = CG_S_CONFIRMED;
	d->caller_flags = CG_LEG_UNSEEN;
	d->callee_flags = CG_LEG_GATEWAY;
	ok(says(&ladder, "sides     caller_side unseen, callee_side gateway, witness 3\n") &&
		   !says(&ladder, "candidate_end"),
	   "ladder: shows where the legs are, and no candidate end if there is none");
	ok(!says(&ladder, "_transport"), "ladder: says nothing of transports if no leg is on TCP");
	d->flags = CG_D_CALLEE_TCP;
	ok(says(&ladder, "over      caller_transport -, callee_transport tcp\n"),
	   "ladder: shows a leg on TCP, and that the transport of an unseen one is not known");
	d->flags = CG_D_CANDIDATE;
	d->candidate_ms = 1501;
	ok(says(&ladder, "doubt     candidate_end after 1.500 s, unproven\n"),
	   "ladder: shows a candidate end");
	d->state = CG_S_ENDED;
	ok(!says(&ladder, "candidate_end"), "ladder: an ended call has no candidate end");
}

int main(void)
{
	sides();
	everything_fits();
	widths();
	refused();
	return tap_done();
}
