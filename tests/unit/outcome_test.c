// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// link: agent/calls/outcome.c
#include <string.h>

#include "calls/outcome.h"
#include "tap.h"

#define S 1000000000ULL
#define TIMEOUT (32 * S)

static struct cg_dialog dialog; /* the one in the map, if `known` */
static bool known, full;
static char said[256]; /* "CSEQ OUTCOME;" of each row that was told */

static bool find(void *ctx, const struct cg_dialog_key *key, struct cg_dialog *out)
{
	(void)ctx;
	(void)key;
	*out = dialog;
	return known;
}

static bool told(void *ctx, const struct cg_event *violation, enum cg_outcome outcome)
{
	size_t len = strlen(said);

	(void)ctx;
	if (full)
		return false;
	snprintf(said + len, sizeof(said) - len, "%u %s;", violation->cseq,
		 cg_outcome_name(outcome));
	return true;
}

static struct cg_outcomes *fresh(void)
{
	const struct cg_outcomes_user user = { find, told, NULL };

	said[0] = '\0';
	known = full = false;
	memset(&dialog, 0, sizeof(dialog));
	return cg_outcomes_new(TIMEOUT, &user);
}

static struct cg_event bye(__u64 call, __u32 cseq, __u64 at)
{
	return (struct cg_event){ .type = CG_EV_VIOLATION,
				  .reason = CG_R_OUT_OF_ORDER,
				  .action = CG_WOULD_DROP,
				  .method = CG_M_BYE,
				  .leg = CG_LEG_CALLER,
				  .key = { call, 1 },
				  .cseq = cseq,
				  .cseq_valid = 1,
				  .at = at };
}

static struct cg_event answered(__u64 call, enum cg_event_type type, __u64 at)
{
	return (struct cg_event){ .type = type,
				  .action = CG_WOULD_DROP,
				  .method = CG_M_BYE,
				  .key = { call, 1 },
				  .cseq = 77, /* renumbered by a proxy */
				  .cseq_valid = 1,
				  .at = at };
}

static void take(struct cg_outcomes *outcomes, struct cg_event event)
{
	cg_outcomes_handle(outcomes, &event);
}

static int says(struct cg_outcomes *outcomes, __u64 now, const char *expected)
{
	cg_outcomes_run(outcomes, now);
	if (!strcmp(said, expected))
		return 1;
	printf("# '%s', must be '%s'\n", said, expected);
	return 0;
}

static void answers(void)
{
	struct cg_outcomes *o = fresh();
	struct cg_event event;

	take(o, bye(1, 10, S));
	ok(says(o, 2 * S, ""), "outcome: it is not known before the answer");
	take(o, answered(1, CG_EV_RESUME, 2 * S));
	ok(says(o, 3 * S, "10 refused;"), "outcome: a BYE is refused by an answer with any CSeq");
	ok(says(o, 99 * S, "10 refused;"), "outcome: a refused BYE is reported once");
	cg_outcomes_free(o);

	o = fresh();
	take(o, answered(1, CG_EV_END, S + 1));
	take(o, bye(1, 10, S));
	ok(says(o, S + 2, ""), "outcome: an answer that is read first waits for its violation");
	ok(says(o, 2 * S, "10 accepted;"), "outcome: accepted, the answer out of its ring first");
	cg_outcomes_free(o);

	o = fresh();
	take(o, bye(1, 10, S));
	take(o, bye(2, 20, S));
	take(o, bye(1, 10, S + 5));
	take(o, answered(1, CG_EV_RESUME, S + 6));
	take(o, bye(1, 10, S + 7));
	ok(says(o, 3 * S, "10 refused;10 refused;"),
	   "outcome: copies up to the answer share it, other dialogs and later BYEs do not");
	cg_outcomes_free(o);

	o = fresh();
	take(o, bye(1, 10, S));
	take(o, bye(1, 11, S + 1));
	take(o, answered(1, CG_EV_RESUME, S + 2));
	ok(says(o, 99 * S, "11 refused;"),
	   "outcome: of several, the last is meant, where a proxy renumbers");
	cg_outcomes_free(o);

	o = fresh();
	event = answered(1, CG_EV_RESUME, S + 3);
	event.cseq = 10;
	take(o, bye(1, 10, S));
	take(o, bye(1, 11, S + 1));
	take(o, bye(1, 10, S + 2));
	take(o, event);
	ok(says(o, 99 * S, "10 refused;10 refused;"),
	   "outcome: of several, the BYE with the CSeq of the answer is meant");
	cg_outcomes_free(o);

	o = fresh();
	take(o, bye(1, 10, S));
	take(o, answered(1, CG_EV_RESUME, 2 * S));
	full = true;
	ok(says(o, 3 * S, ""), "outcome: without room no row is written");
	full = false;
	ok(says(o, 4 * S, "10 refused;"), "outcome: a row without room is written later");
	cg_outcomes_free(o);
}

static void silence(void)
{
	struct cg_outcomes *o = fresh();

	known = true;
	dialog.state = CG_S_ENDING;
	dialog.flags = CG_D_BYE_WOULD_DROP;
	dialog.bye_at = 3 * S;
	take(o, bye(1, 10, S));
	take(o, bye(1, 10, 3 * S));
	ok(says(o, 32 * S, ""), "outcome: after 31 s an answer may still come");
	ok(says(o, 40 * S, "10 silent;10 silent;"),
	   "outcome: after 32 s each copy of the BYE is silent");
	cg_outcomes_free(o);

	o = fresh();
	known = true;
	dialog.state = CG_S_ENDING;
	dialog.flags = CG_D_BYE_WOULD_DROP;
	dialog.bye_at = S;
	take(o, bye(1, 10, S));
	take(o, bye(1, 11, 2 * S));
	ok(says(o, 40 * S, "10 silent;"),
	   "outcome: nobody watched for the answer to the one beside it");
	cg_outcomes_free(o);

	o = fresh();
	known = true;
	dialog.state = CG_S_ENDED;
	dialog.flags = CG_D_BYE_WOULD_DROP;
	dialog.end = S;
	take(o, bye(1, 10, S));
	ok(says(o, 40 * S, "10 accepted;"), "outcome: the answer's event was lost, the map knows");
	cg_outcomes_free(o);

	o = fresh();
	known = true;
	dialog.state = CG_S_CONFIRMED;
	take(o, bye(1, 10, S));
	dialog.bye_at = S;
	ok(says(o, 40 * S, ""), "outcome: a call that runs on, its answer lost, says nothing");
	cg_outcomes_free(o);
}

static void others(void)
{
	struct cg_outcomes *o = fresh();
	struct cg_event event = bye(1, 10, S);

	event.action = CG_DROP;
	take(o, event);
	event = bye(1, 11, S);
	event.method = CG_M_ACK;
	take(o, event);
	event = bye(1, 12, S);
	event.key = (struct cg_dialog_key){};
	take(o, event);
	event = answered(1, CG_EV_RESUME, 2 * S);
	event.action = CG_PASS;
	take(o, bye(1, 13, S));
	take(o, event);
	ok(says(o, 3 * S, ""),
	   "outcome: dropped BYEs, other methods, calls not known and other answers have none");
	cg_outcomes_free(o);

	o = fresh();
	for (__u32 i = 0; i < CG_OUTCOMES_WAITING + 10; i++)
		take(o, bye(i, i, S));
	take(o, answered(10, CG_EV_RESUME, 2 * S));
	take(o, answered(CG_OUTCOMES_WAITING + 9, CG_EV_RESUME, 2 * S));
	ok(says(o, 3 * S, "4105 refused;"), "outcome: a flood replaces the oldest ones only");
	cg_outcomes_free(o);
}

int main(void)
{
	answers();
	silence();
	others();
	return tap_done();
}
