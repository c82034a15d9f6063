// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#define _GNU_SOURCE /* sched_getcpu, CPU_SET */
#include "limits.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "check.h"
#include "send.h"
#include "util/enum_names.h"

#define CALL_ID "limits@caller.example"
#define BYES 1000 /* beyond the answers of a few seconds */
#define FLOOD 5000 /* packets, in far less than the seconds that would report them all */

static bool is(const char *what, long long got, long long expected)
{
	return got == expected || wrong("%s: %lld, must be %lld", what, got, expected);
}

/*
 * A limit per second allows `limit` at `seconds` moments, and once more for each second since
 * `begin`.
 */
static __u64 allowed(__u64 limit, unsigned int seconds, const struct timespec *begin)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return limit * (seconds + now.tv_sec - begin->tv_sec);
}

/* F14: every bad BYE is dropped and counted. Alerts above the rate limit are only counted. */
static bool flood_is_counted(struct harness *harness)
{
	struct harness_counters before, after;
	static struct cg_dialog dialogs[HARNESS_DIALOGS_MAX];
	struct timespec begin;
	__u64 reported, limited;
	int err = harness_reset(harness, NULL);

	clock_gettime(CLOCK_MONOTONIC, &begin);
	err = err ? err : send_ringing(harness, CALL_ID);
	err = err ? err : send_answered(harness, CALL_ID);
	err = err ? err : harness_events(harness);
	err = err ? err : harness_counters(harness, &before);
	err = err ? err : send_times(harness, "caller>host", "BYE 10 a>b via=c8", CALL_ID, FLOOD);
	err = err ? err : harness_events(harness);
	err = err ? err : harness_counters(harness, &after);
	if (err || harness_dialogs(harness, dialogs) != 1)
		return wrong("it cannot be run: %s", strerror(-err));
	reported = harness->n_seen;
	limited = after.alerts_limited - before.alerts_limited;
	return is("dropped", after.dropped - before.dropped, FLOOD) &
	       is("blocked_byes", dialogs[0].blocked_byes, FLOOD) &
	       is("reported and limited",
		  reported + limited + after.alerts_lost - before.alerts_lost, FLOOD) &
	       (reported <= allowed(CG_ALERTS_PER_SECOND, 2, &begin) ||
		wrong("%llu were reported", reported)) &
	       (reported >= CG_ALERTS_PER_SECOND / 4 || /* other tests' alerts count too */
		wrong("only %llu were reported", reported));
}

/* Keeps this thread on the CPU that it runs on: the limit is one for each. Returns 0 or -errno. */
static int stay_on_cpu(cpu_set_t *before)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	if (sched_getaffinity(0, sizeof(*before), before) ||
	    sched_setaffinity(0, sizeof(one), &one))
		return -errno;
	return 0;
}

/* refuse=answer: the 101st BYE of a second gets no answer. It is refused and counted all the same. */
static bool answers_are_limited(struct harness *harness)
{
	struct harness_counters before, after;
	struct timespec begin;
	__u64 answered;
	cpu_set_t cpus;
	int err = harness_reset(harness, "refuse=answer");

	clock_gettime(CLOCK_MONOTONIC, &begin);
	err = err ? err : send_ringing(harness, CALL_ID);
	err = err ? err : send_answered(harness, CALL_ID);
	err = err ? err : harness_counters(harness, &before);
	err = err ? err : stay_on_cpu(&cpus);
	for (int i = 0; !err && i < BYES; i++)
		err = send_times(harness, "caller>host", "BYE 10 a>b via=c8", CALL_ID, 1);
	sched_setaffinity(0, sizeof(cpus), &cpus);
	err = err ? err : harness_counters(harness, &after);
	if (err)
		return wrong("it cannot be run: %s", strerror(-err));
	answered = after.answered - before.answered;
	return is("refused", after.dropped - before.dropped, BYES) &
	       is("out_of_order", after.in[CG_R_OUT_OF_ORDER] - before.in[CG_R_OUT_OF_ORDER],
		  BYES) &
	       (answered >= CG_ANSWERS_PER_SECOND / 2 || /* other tests' answers count too */
		wrong("only %llu were answered", answered)) &
	       (answered <= allowed(CG_ANSWERS_PER_SECOND, 2, &begin) ||
		wrong("%llu were answered", answered));
}

/* Events of requests that raise the CSeq take no room and no rate from violations. */
static bool requests_give_way(struct harness *harness)
{
	struct harness_counters before, after;
	struct timespec begin;
	char message[64];
	int err = harness_reset(harness, NULL);

	clock_gettime(CLOCK_MONOTONIC, &begin);
	err = err ? err : send_ringing(harness, CALL_ID);
	err = err ? err : send_answered(harness, CALL_ID);
	err = err ? err : harness_events(harness);
	err = err ? err : harness_counters(harness, &before);
	for (int i = 0; !err && i < FLOOD; i++) {
		snprintf(message, sizeof(message), "INFO %d a>b via=c%d", 100 + i, i);
		err = send_times(harness, "caller>host", message, CALL_ID, 1);
	}
	err = err ? err : send_times(harness, "caller>host", "BYE 10 a>b via=c8", CALL_ID, 1);
	err = err ? err : harness_events(harness);
	err = err ? err : harness_counters(harness, &after);
	if (err)
		return wrong("it cannot be run: %s", strerror(-err));
	return is("violations reported", harness->n_type[CG_EV_VIOLATION], 1) &
	       is("counted as not reported", after.alerts_limited - before.alerts_limited, 0) &
	       is("counted as lost", after.alerts_lost - before.alerts_lost, 0) &
	       (harness->n_type[CG_EV_REQUEST] >= CG_REQUESTS_PER_SECOND / 2 ||
		wrong("only %zu requests were reported", harness->n_type[CG_EV_REQUEST])) &
	       (harness->n_type[CG_EV_REQUEST] <= allowed(CG_REQUESTS_PER_SECOND, 3, &begin) ||
		wrong("%zu requests were reported", harness->n_type[CG_EV_REQUEST]));
}

/* Prints the reasons that were counted instead. */
static bool counted_once(const struct harness_counters *before,
			 const struct harness_counters *after, int reason)
{
	if (after->in[reason] + after->out[reason] - before->in[reason] - before->out[reason] == 1)
		return true;
	for (int i = 0; i < CG_REASONS; i++)
		if (after->in[i] != before->in[i] || after->out[i] != before->out[i])
			wrong("counted as %s, must be %s", cg_reason_name(i),
			      cg_reason_name(reason));
	return false;
}

/* A full map: the packet passes, one counter says why, nothing is evicted. */
static bool full(struct harness *harness, const char *map, int reason)
{
	struct harness_counters before, after;
	bool dialogs = !strcmp(map, "dialogs");
	int filled, err = harness_reset(harness, NULL);

	if (dialogs)
		err = err ? err : send_ringing(harness, CALL_ID);
	if (reason == CG_R_OVERFLOW_FULL && harness_fill(harness, "overflow") <= 0)
		return wrong("overflow cannot be filled");
	filled = harness_fill(harness, map);
	err = err ? err : harness_counters(harness, &before);
	err = err	? err
	      : dialogs ? send_answered(harness, CALL_ID)
			: send_ringing(harness, CALL_ID);
	err = err ? err : harness_counters(harness, &after);
	if (err || filled <= 0)
		return wrong("it cannot be run: %s", strerror(-err));
	return counted_once(&before, &after, reason) &
	       is("dropped", after.dropped - before.dropped, 0) &
	       is("entries", harness_count(harness, map), filled);
}

static bool told_start(const struct harness *harness, int reason)
{
	return is("events", harness->n_got, 1) &&
	       is("type", harness->got[0].type, CG_EV_START) &
		       is("reason", harness->got[0].reason, reason);
}

/* Checks the dialog in `overflow` from which the daemon writes the row. */
static bool kept_suspect(struct harness *harness)
{
	struct cg_dialog d = { 0 };

	if (harness_first(harness, "overflow", &d))
		return wrong("overflow has none");
	return is("suspect", !!(d.flags & CG_D_SUSPECT), 1) &
	       is("end_reason", d.end_reason, CG_E_UNGUARDED) & is("end", d.end, 0) &
	       is("state", d.state, CG_S_CONFIRMED) &
	       (!strcmp(d.call.call_id, CALL_ID) || wrong("Call-ID %s", d.call.call_id));
}

/* One call more than `dialogs` holds: it is stored in overflow once, whatever follows. */
static bool unguarded(struct harness *harness)
{
	struct harness_counters before, after;
	int err = harness_reset(harness, NULL);
	bool good;

	err = err ? err : send_ringing(harness, CALL_ID);
	err = err ? err
	      : harness_fill(harness, "dialogs") < 0
		      ? -EINVAL
		      : send_times(harness, "gateway>host", "180 INVITE 13 a>b via=p1,c1", CALL_ID,
				   1);
	err = err ? err : send_answered(harness, CALL_ID);
	err = err ? err : harness_events(harness);
	good = !err && told_start(harness, CG_R_DIALOGS_FULL) & kept_suspect(harness);
	err = err ? err : send_answered(harness, CALL_ID);
	err = err ? err : harness_counters(harness, &before);
	err = err ? err : send_times(harness, "caller>host", "ACK 13 a>b via=c2", CALL_ID, 1);
	err = err ? err : send_times(harness, "caller>host", "BYE 14 a>b via=c3", CALL_ID, 1);
	err = err ? err : harness_events(harness);
	err = err ? err : harness_counters(harness, &after);
	if (err)
		return wrong("it cannot be run: %s", strerror(-err));
	return good & is("events", harness->n_got, 0) &
	       is("overflow", harness_count(harness, "overflow"), 1) &
	       is("dialogs_full", after.in[CG_R_DIALOGS_FULL], before.in[CG_R_DIALOGS_FULL]);
}

/* The near miss: a dialog was deleted, and the next call is guarded. */
static bool room_again(struct harness *harness)
{
	struct harness_counters before, after;
	int err = harness_reset(harness, NULL);

	err = err ? err : send_ringing(harness, CALL_ID);
	err = err				     ? err
	      : harness_fill(harness, "dialogs") < 0 ? -EINVAL
						     : harness_drop_one(harness, "dialogs");
	err = err ? err : harness_counters(harness, &before);
	err = err ? err : send_answered(harness, CALL_ID);
	err = err ? err : harness_counters(harness, &after);
	err = err ? err : harness_events(harness);
	if (err)
		return wrong("it cannot be run: %s", strerror(-err));
	return counted_once(&before, &after, CG_R_OPENED) & told_start(harness, CG_R_OPENED) &
	       is("overflow", harness_count(harness, "overflow"), 0);
}

/*
 * Sends a number of messages of one form, each with a different Call-ID or To tag. Each is sent
 * twice, because LRU keeps entries that were looked up again. Returns 0 or -errno.
 */
static int flood(struct harness *harness, const char *path, const char *format)
{
	char form[128], call_id[64];
	int err = 0;

	for (int i = 0; i < FLOOD && !err; i++) {
		snprintf(form, sizeof(form), format, i);
		snprintf(call_id, sizeof(call_id), "%d-flood@caller.example", i);
		for (int copy = 0; copy < 2 && !err;
		     copy++) /* test_run's own repeat waits for RCU */
			err = send_times(harness, path, form,
					 strstr(format, "a>") ? CALL_ID : call_id, 1);
	}
	return err;
}

/* A ringing call, a flood that evicts all of every LRU map, and then the answer. */
static bool outlives(struct harness *harness, const char *path, const char *format, int reason)
{
	struct harness_counters before, after;
	int err = harness_reset(harness, NULL);

	err = err ? err : send_ringing(harness, CALL_ID);
	err = err ? err
		  : send_times(harness, "gateway>host", "180 INVITE 13 a>b via=p1,c1", CALL_ID, 1);
	err = err ? err : harness_counters(harness, &before);
	err = err ? err : flood(harness, path, format);
	err = err ? err : harness_counters(harness, &after);
	err = err ? err : send_answered(harness, CALL_ID);
	if (err)
		return wrong("it cannot be run: %s", strerror(-err));
	return is(cg_reason_name(reason), after.in[reason] - before.in[reason], 2 * FLOOD) &
	       is("dropped", after.dropped - before.dropped, 0) &
	       is("dialogs", harness_count(harness, "dialogs"), 1) &
	       is("pending", harness_count(harness, "pending"), 1);
}

/* The same for an endpoint on the host: its INVITE is in `pending`. */
static bool outlives_here(struct harness *harness)
{
	int err = harness_reset(harness, NULL);

	err = err ? err : send_times(harness, "caller>host", "INVITE 13 a> via=c1", CALL_ID, 1);
	err = err ? err
		  : send_times(harness, "host>caller", "180 INVITE 13 a>b via=c1", CALL_ID, 1);
	err = err ? err : flood(harness, "stranger>host", "INVITE %d x> via=x1");
	err = err ? err
		  : send_times(harness, "host>caller", "200 INVITE 13 a>b via=c1", CALL_ID, 1);
	if (err)
		return wrong("it cannot be run: %s", strerror(-err));
	return is("dialogs", harness_count(harness, "dialogs"), 1);
}

/* BYEs of unknown dialogs are counted and do not affect a known one. */
static bool outlives_unknown_byes(struct harness *harness)
{
	struct harness_counters before, after;
	int err = harness_reset(harness, NULL);

	err = err ? err : send_ringing(harness, CALL_ID);
	err = err ? err : send_answered(harness, CALL_ID);
	err = err ? err : harness_counters(harness, &before);
	err = err ? err : flood(harness, "stranger>host", "BYE %d x>y via=x1");
	err = err ? err : send_times(harness, "caller>host", "BYE 10 a>b via=c8", CALL_ID, 1);
	err = err ? err : send_times(harness, "caller>host", "BYE 14 a>b via=c9", CALL_ID, 1);
	err = err ? err : harness_counters(harness, &after);
	if (err)
		return wrong("it cannot be run: %s", strerror(-err));
	return is("unknown_dialog", after.in[CG_R_UNKNOWN_DIALOG] - before.in[CG_R_UNKNOWN_DIALOG],
		  2 * FLOOD) &
	       is("out_of_order", after.in[CG_R_OUT_OF_ORDER] - before.in[CG_R_OUT_OF_ORDER], 1) &
	       is("bye", after.in[CG_R_BYE] - before.in[CG_R_BYE], 1) &
	       is("dialogs", harness_count(harness, "dialogs"), 1);
}

void limits_run(struct harness *harness,
		void (*result)(bool good, const char *suite, const char *name))
{
	result(requests_give_way(harness), "limits",
	       "request events have a rate limit of their own and do not count as lost");
	result(flood_is_counted(harness), "limits",
	       "F14: a flood of bad BYEs is counted exactly and reported up to the rate limit");
	result(answers_are_limited(harness), "limits",
	       "refuse=answer: the 101st refused BYE of a second on one CPU gets no answer");
	result(outlives(harness, "stranger>host", "INVITE %d x> via=x1", CG_R_INVITE), "limits",
	       "F14: a ringing call survives a flood of INVITEs");
	result(outlives(harness, "stranger>host", "200 INVITE 13 a>z%d via=p1,c1", CG_R_FORGED_2XX),
	       "limits",
	       "F14: a ringing call survives a flood of forged 2xx with different To tags");
	result(outlives_here(harness), "limits",
	       "F14: a call that rings on the host survives a flood of INVITEs");
	result(outlives_unknown_byes(harness), "limits",
	       "F14: a flood of BYEs without a dialog is counted and affects no call");
	result(full(harness, "dialogs", CG_R_DIALOGS_FULL), "limits",
	       "dialogs full: the 2xx passes and is counted, and no dialog is evicted");
	result(full(harness, "dialogs", CG_R_OVERFLOW_FULL), "limits",
	       "dialogs and overflow full: the 2xx passes and is counted as a call without CDR");
	result(unguarded(harness), "limits",
	       "dialogs full: the call is stored in overflow as suspect and reported once");
	result(room_again(harness), "limits",
	       "dialogs full, then one is deleted: the next call is guarded and not in overflow");
	result(full(harness, "pending", CG_R_PENDING_FULL), "limits",
	       "pending full: the INVITE passes and is counted, and no entry is evicted");
	harness_reset(harness, NULL);
}
