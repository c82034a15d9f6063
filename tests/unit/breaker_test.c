// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// link: agent/stats/breaker.c
#include "stats/breaker.h"
#include "tap.h"

#define S 1000000000ULL
#define NOW (1000 * S)

static struct cg_breaker breaker = { .percent = 30, .dialogs = 10, .window = 60 * S };

static struct cg_dialog blocked(__u64 at)
{
	return (struct cg_dialog){ .state = CG_S_CONFIRMED,
				   .answer = at - 5 * S,
				   .first_blocked_ms = 5001,
				   .blocked_byes = 1 };
}

static struct cg_dialog ended(__u64 at)
{
	return (struct cg_dialog){ .state = CG_S_ENDED, .answer = at - 5 * S, .end = at };
}

static void look(const struct cg_dialog *dialog, int times, __u64 now)
{
	while (times--)
		cg_breaker_update(&breaker, dialog, now);
}

/* So many dialogs with their first BYE dropped, and so many without, a second ago. */
static bool trips(int dropped, int passed)
{
	struct cg_dialog bad = blocked(NOW - S), good = ended(NOW - S);
	struct cg_breaker_count count;
	bool tripped;

	cg_breaker_reset(&breaker, NOW - 2 * S);
	look(&bad, dropped, NOW);
	look(&good, passed, NOW);
	tripped = cg_breaker_should_trip(&breaker, NOW, &count);
	ok(count.blocked == (__u64)dropped && count.judged == (__u64)(dropped + passed),
	   "breaker: counts %d of %d", dropped, dropped + passed);
	return tripped;
}

static void shares(void)
{
	ok(!trips(30, 70), "breaker: 30 of 100 dialogs are not more than 30 %%");
	ok(trips(31, 69), "breaker: 31 of 100 dialogs with a dropped BYE trip it at 30 %%");
	ok(!trips(9, 0), "breaker: nine dialogs trip nothing, be they all dropped");
	ok(trips(10, 0), "breaker: ten dialogs are enough to trip it");
	ok(!trips(0, 100), "breaker: honest calls do not trip it");
	breaker.percent = 0;
	ok(!trips(0, 0), "breaker: it never trips while it is off");
	breaker.percent = 30;
}

static void windows(void)
{
	struct cg_dialog bad = blocked(NOW);
	struct cg_breaker_count count;

	cg_breaker_reset(&breaker, NOW - 2 * S);
	look(&bad, 20, NOW);
	ok(cg_breaker_should_trip(&breaker, NOW + 50 * S, &count),
	   "breaker: a dropped BYE counts to the end of the window");
	ok(!cg_breaker_should_trip(&breaker, NOW + 61 * S, &count) && !count.judged,
	   "breaker: a dropped BYE does not count after the window");
	look(&bad, 20, NOW + 61 * S);
	ok(!cg_breaker_should_trip(&breaker, NOW + 61 * S, &count) && !count.judged,
	   "breaker: BYEs of before, met by a daemon that has just started, count nothing");
	look(&bad, 20, NOW - S);
	ok(!cg_breaker_should_trip(&breaker, NOW + 61 * S, &count) && !count.judged,
	   "breaker: BYEs with times in the future count nothing");
	cg_breaker_reset(&breaker, NOW + S);
	look(&bad, 20, NOW + 2 * S);
	ok(!cg_breaker_should_trip(&breaker, NOW + 2 * S, &count) && !count.judged,
	   "breaker: BYEs from before a reset do not trip it");
	for (int i = 0; i < 100; i++) { /* slots are used again */
		bad = blocked(NOW + i * 10 * S);
		look(&bad, 2, NOW + i * 10 * S);
	}
	cg_breaker_should_trip(&breaker, NOW + 990 * S, &count);
	ok(count.judged >= 10 && count.judged <= 14, "breaker: a sliding minute of two each 10 s");
}

static void dialogs(void)
{
	struct cg_dialog d = { .state = CG_S_CONFIRMED, .answer = NOW - 5 * S };
	struct cg_breaker_count count;

	cg_breaker_reset(&breaker, NOW - 2 * S);
	ok(!cg_breaker_update(&breaker, &d, NOW),
	   "breaker: a call without a BYE is not judged yet");
	d.state = CG_S_ENDING;
	d.bye_at = NOW;
	ok(cg_breaker_update(&breaker, &d, NOW), "breaker: a BYE that passed is judged");
	d = blocked(NOW);
	d.blocked_byes = 1000;
	ok(cg_breaker_update(&breaker, &d, NOW), "breaker: a BYE that was dropped is judged");
	cg_breaker_should_trip(&breaker, NOW, &count);
	ok(count.judged == 2 && count.blocked == 1,
	   "breaker: a dialog counts once, however often its BYE was repeated");
	d = blocked(NOW);
	d.state = CG_S_ENDED;
	d.end = NOW;
	cg_breaker_reset(&breaker, NOW - 2 * S);
	cg_breaker_update(&breaker, &d, NOW);
	cg_breaker_should_trip(&breaker, NOW, &count);
	ok(count.judged == 1 && count.blocked == 1,
	   "breaker: a dialog met only after its true end still had its BYE dropped");
}

int main(void)
{
	shares();
	windows();
	dialogs();
	return tap_done();
}
