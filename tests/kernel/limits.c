// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "limits.h"

#include <string.h>

#include "check.h"
#include "send.h"
#include "words.h"

#define CALL_ID "limits@caller.example"
#define FLOOD 5000 /* in far less than the two seconds that would let them all be told */

static bool is(const char *what, long long got, long long expected)
{
	return got == expected || wrong("%s: %lld, must be %lld", what, got, expected);
}

/* F14: every bad BYE is dropped and counted; alerts are told up to their limit, the rest counted. */
static bool flood_is_counted(struct rig *rig)
{
	struct rig_counters before, after;
	static struct cg_dialog dialogs[RIG_DIALOGS_MAX];
	__u64 told, limited;
	int err = rig_reset(rig, NULL);

	err = err ? err : send_ringing(rig, CALL_ID);
	err = err ? err : send_answered(rig, CALL_ID);
	err = err ? err : rig_events(rig);
	err = err ? err : rig_counters(rig, &before);
	err = err ? err : send_times(rig, "caller>host", "BYE 10 a>b via=c8", CALL_ID, FLOOD);
	err = err ? err : rig_events(rig);
	err = err ? err : rig_counters(rig, &after);
	if (err || rig_dialogs(rig, dialogs) != 1)
		return wrong("it cannot be run: %s", strerror(-err));
	told = rig->n_seen;
	limited = after.alerts_limited - before.alerts_limited;
	return is("dropped", after.dropped - before.dropped, FLOOD) &
	       is("blocked_byes", dialogs[0].blocked_byes, FLOOD) &
	       is("told and limited", told + limited + after.alerts_lost - before.alerts_lost,
		  FLOOD) &
	       (told <= 2 * CG_ALERTS_PER_SECOND || wrong("%llu were told", told)) &
	       (told >= CG_ALERTS_PER_SECOND / 2 || /* other tests' alerts count too */
		wrong("only %llu were told", told));
}

/* What the packets were counted as instead. */
static bool counted_once(const struct rig_counters *before, const struct rig_counters *after,
			 int reason)
{
	if (after->in[reason] + after->out[reason] - before->in[reason] - before->out[reason] == 1)
		return true;
	for (int i = 0; i < CG_REASONS; i++)
		if (after->in[i] != before->in[i] || after->out[i] != before->out[i])
			wrong("counted as %s, must be %s", cg_reason_word(i),
			      cg_reason_word(reason));
	return false;
}

/* What follows a full map: the packet passes, one counter says why, nothing is evicted. */
static bool full(struct rig *rig, const char *map, int reason)
{
	struct rig_counters before, after;
	bool dialogs = !strcmp(map, "dialogs");
	int filled, err = rig_reset(rig, NULL);

	if (dialogs)
		err = err ? err : send_ringing(rig, CALL_ID);
	filled = rig_fill(rig, map);
	err = err ? err : rig_counters(rig, &before);
	err = err ? err : dialogs ? send_answered(rig, CALL_ID) : send_ringing(rig, CALL_ID);
	err = err ? err : rig_counters(rig, &after);
	if (err || filled <= 0)
		return wrong("it cannot be run: %s", strerror(-err));
	return counted_once(&before, &after, reason) &
	       is("dropped", after.dropped - before.dropped, 0) &
	       is("entries", rig_count(rig, map), filled);
}

void limits_run(struct rig *rig, void (*result)(bool good, const char *suite, const char *name))
{
	result(flood_is_counted(rig), "limits",
	       "F14: a flood of bad BYEs is counted to the last, and told up to the limit");
	result(full(rig, "dialogs", CG_R_DIALOGS_FULL), "limits",
	       "dialogs full: the 2xx passes, is counted, and nothing is evicted");
	result(full(rig, "pending", CG_R_PENDING_FULL), "limits",
	       "pending full: the INVITE passes, is counted, and nothing is evicted");
	rig_reset(rig, NULL);
}
