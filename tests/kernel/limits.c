// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "limits.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "send.h"
#include "util/enum_names.h"

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

/* A flood of requests that raise the CSeq takes no violation's place in ring or limit. */
static bool requests_give_way(struct rig *rig)
{
	struct rig_counters before, after;
	char message[64];
	int err = rig_reset(rig, NULL);

	err = err ? err : send_ringing(rig, CALL_ID);
	err = err ? err : send_answered(rig, CALL_ID);
	err = err ? err : rig_events(rig);
	err = err ? err : rig_counters(rig, &before);
	for (int i = 0; !err && i < FLOOD; i++) {
		snprintf(message, sizeof(message), "INFO %d a>b via=c%d", 100 + i, i);
		err = send_times(rig, "caller>host", message, CALL_ID, 1);
	}
	err = err ? err : send_times(rig, "caller>host", "BYE 10 a>b via=c8", CALL_ID, 1);
	err = err ? err : rig_events(rig);
	err = err ? err : rig_counters(rig, &after);
	if (err)
		return wrong("it cannot be run: %s", strerror(-err));
	return is("violations told", rig->n_type[CG_EV_VIOLATION], 1) &
	       is("counted as not told", after.alerts_limited - before.alerts_limited, 0) &
	       is("counted as lost", after.alerts_lost - before.alerts_lost, 0) &
	       (rig->n_type[CG_EV_REQUEST] >= CG_REQUESTS_PER_SECOND / 2 ||
		wrong("only %zu requests were told", rig->n_type[CG_EV_REQUEST])) &
	       (rig->n_type[CG_EV_REQUEST] <= 3 * CG_REQUESTS_PER_SECOND ||
		wrong("%zu requests were told", rig->n_type[CG_EV_REQUEST]));
}

/* What the packets were counted as instead. */
static bool counted_once(const struct rig_counters *before, const struct rig_counters *after,
			 int reason)
{
	if (after->in[reason] + after->out[reason] - before->in[reason] - before->out[reason] == 1)
		return true;
	for (int i = 0; i < CG_REASONS; i++)
		if (after->in[i] != before->in[i] || after->out[i] != before->out[i])
			wrong("counted as %s, must be %s", cg_reason_name(i),
			      cg_reason_name(reason));
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
	if (reason == CG_R_OVERFLOW_FULL && rig_fill(rig, "overflow") <= 0)
		return wrong("overflow cannot be filled");
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

static bool told_start(const struct rig *rig, int reason)
{
	return is("events", rig->n_got, 1) &&
	       is("type", rig->got[0].type, CG_EV_START) & is("reason", rig->got[0].reason, reason);
}

/* What the daemon writes the row from. */
static bool kept_suspect(struct rig *rig)
{
	struct cg_dialog d = { 0 };

	if (rig_first(rig, "overflow", &d))
		return wrong("overflow has none");
	return is("suspect", !!(d.flags & CG_D_SUSPECT), 1) &
	       is("end_reason", d.end_reason, CG_E_UNGUARDED) & is("end", d.end, 0) &
	       is("state", d.state, CG_S_CONFIRMED) &
	       (!strcmp(d.call.call_id, CALL_ID) || wrong("Call-ID %s", d.call.call_id));
}

/* One call more than `dialogs` takes: it stands in overflow, once, whatever else is sent of it. */
static bool unguarded(struct rig *rig)
{
	struct rig_counters before, after;
	int err = rig_reset(rig, NULL);
	bool good;

	err = err ? err : send_ringing(rig, CALL_ID);
	err = err ? err
	      : rig_fill(rig, "dialogs") < 0
		      ? -EINVAL
		      : send_times(rig, "gateway>host", "180 INVITE 13 a>b via=p1,c1", CALL_ID, 1);
	err = err ? err : send_answered(rig, CALL_ID);
	err = err ? err : rig_events(rig);
	good = !err && told_start(rig, CG_R_DIALOGS_FULL) & kept_suspect(rig);
	err = err ? err : send_answered(rig, CALL_ID);
	err = err ? err : rig_counters(rig, &before);
	err = err ? err : send_times(rig, "caller>host", "ACK 13 a>b via=c2", CALL_ID, 1);
	err = err ? err : send_times(rig, "caller>host", "BYE 14 a>b via=c3", CALL_ID, 1);
	err = err ? err : rig_events(rig);
	err = err ? err : rig_counters(rig, &after);
	if (err)
		return wrong("it cannot be run: %s", strerror(-err));
	return good & is("events", rig->n_got, 0) & is("overflow", rig_count(rig, "overflow"), 1) &
	       is("dialogs_full", after.in[CG_R_DIALOGS_FULL], before.in[CG_R_DIALOGS_FULL]);
}

/* The near miss: one has left since, and the next call is one like any. */
static bool room_again(struct rig *rig)
{
	struct rig_counters before, after;
	int err = rig_reset(rig, NULL);

	err = err ? err : send_ringing(rig, CALL_ID);
	err = err ? err : rig_fill(rig, "dialogs") < 0 ? -EINVAL : rig_drop_one(rig, "dialogs");
	err = err ? err : rig_counters(rig, &before);
	err = err ? err : send_answered(rig, CALL_ID);
	err = err ? err : rig_counters(rig, &after);
	err = err ? err : rig_events(rig);
	if (err)
		return wrong("it cannot be run: %s", strerror(-err));
	return counted_once(&before, &after, CG_R_OPENED) & told_start(rig, CG_R_OPENED) &
	       is("overflow", rig_count(rig, "overflow"), 0);
}

/*
 * So many messages of one form, each with a Call-ID or To tag of its own, and sent twice: what is
 * looked up again counts as used. 0 or -errno.
 */
static int flood(struct rig *rig, const char *path, const char *format)
{
	char form[128], call_id[64];
	int err = 0;

	for (int i = 0; i < FLOOD && !err; i++) {
		snprintf(form, sizeof(form), format, i);
		snprintf(call_id, sizeof(call_id), "%d-flood@caller.example", i);
		for (int copy = 0; copy < 2 && !err;
		     copy++) /* test_run's own repeat waits for RCU */
			err = send_times(rig, path, form, strstr(format, "a>") ? CALL_ID : call_id,
					 1);
	}
	return err;
}

/* A call that rings, a flood that washes every LRU map, and then its answer. */
static bool outlives(struct rig *rig, const char *path, const char *format, int reason)
{
	struct rig_counters before, after;
	int err = rig_reset(rig, NULL);

	err = err ? err : send_ringing(rig, CALL_ID);
	err = err ? err
		  : send_times(rig, "gateway>host", "180 INVITE 13 a>b via=p1,c1", CALL_ID, 1);
	err = err ? err : rig_counters(rig, &before);
	err = err ? err : flood(rig, path, format);
	err = err ? err : rig_counters(rig, &after);
	err = err ? err : send_answered(rig, CALL_ID);
	if (err)
		return wrong("it cannot be run: %s", strerror(-err));
	return is(cg_reason_name(reason), after.in[reason] - before.in[reason], 2 * FLOOD) &
	       is("dropped", after.dropped - before.dropped, 0) &
	       is("dialogs", rig_count(rig, "dialogs"), 1) &
	       is("pending", rig_count(rig, "pending"), 1);
}

/* The same on an endpoint of the host: what rings here need not live in `invites`. */
static bool outlives_here(struct rig *rig)
{
	int err = rig_reset(rig, NULL);

	err = err ? err : send_times(rig, "caller>host", "INVITE 13 a> via=c1", CALL_ID, 1);
	err = err ? err : send_times(rig, "host>caller", "180 INVITE 13 a>b via=c1", CALL_ID, 1);
	err = err ? err : flood(rig, "stranger>host", "INVITE %d x> via=x1");
	err = err ? err : send_times(rig, "host>caller", "200 INVITE 13 a>b via=c1", CALL_ID, 1);
	if (err)
		return wrong("it cannot be run: %s", strerror(-err));
	return is("dialogs", rig_count(rig, "dialogs"), 1);
}

/* A BYE of no known dialog costs nothing, and no known one its BYE. */
static bool outlives_unknown_byes(struct rig *rig)
{
	struct rig_counters before, after;
	int err = rig_reset(rig, NULL);

	err = err ? err : send_ringing(rig, CALL_ID);
	err = err ? err : send_answered(rig, CALL_ID);
	err = err ? err : rig_counters(rig, &before);
	err = err ? err : flood(rig, "stranger>host", "BYE %d x>y via=x1");
	err = err ? err : send_times(rig, "caller>host", "BYE 10 a>b via=c8", CALL_ID, 1);
	err = err ? err : send_times(rig, "caller>host", "BYE 14 a>b via=c9", CALL_ID, 1);
	err = err ? err : rig_counters(rig, &after);
	if (err)
		return wrong("it cannot be run: %s", strerror(-err));
	return is("unknown_dialog", after.in[CG_R_UNKNOWN_DIALOG] - before.in[CG_R_UNKNOWN_DIALOG],
		  2 * FLOOD) &
	       is("out_of_order", after.in[CG_R_OUT_OF_ORDER] - before.in[CG_R_OUT_OF_ORDER], 1) &
	       is("bye", after.in[CG_R_BYE] - before.in[CG_R_BYE], 1) &
	       is("dialogs", rig_count(rig, "dialogs"), 1);
}

void limits_run(struct rig *rig, void (*result)(bool good, const char *suite, const char *name))
{
	result(requests_give_way(rig), "limits",
	       "requests told for a ladder's sake have a limit of their own, and are no loss");
	result(flood_is_counted(rig), "limits",
	       "F14: a flood of bad BYEs is counted to the last, and told up to the limit");
	result(outlives(rig, "stranger>host", "INVITE %d x> via=x1", CG_R_INVITE), "limits",
	       "F14: a call that rings outlives a flood of INVITEs");
	result(outlives(rig, "stranger>host", "200 INVITE 13 a>z%d via=p1,c1", CG_R_FORGED_2XX),
	       "limits", "F14: ... and a flood of forged 2xx to it, a To tag each");
	result(outlives_here(rig), "limits",
	       "F14: a call that rings on the host outlives a flood of INVITEs");
	result(outlives_unknown_byes(rig), "limits",
	       "F14: a flood of BYEs of no dialog is counted, and no call minds");
	result(full(rig, "dialogs", CG_R_DIALOGS_FULL), "limits",
	       "dialogs full: the 2xx passes, is counted, and nothing is evicted");
	result(full(rig, "dialogs", CG_R_OVERFLOW_FULL), "limits",
	       "dialogs and overflow full: ... and is counted as a call without a CDR");
	result(unguarded(rig), "limits",
	       "dialogs full: the call stands in overflow, suspect, and is told once");
	result(room_again(rig), "limits",
	       "dialogs full, then one leaves: the next call is guarded, overflow has nothing");
	result(full(rig, "pending", CG_R_PENDING_FULL), "limits",
	       "pending full: the INVITE passes, is counted, and nothing is evicted");
	rig_reset(rig, NULL);
}
