// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#define _GNU_SOURCE /* pthread_attr_setaffinity_np */
#include "race.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "send.h"

#define CALL_ID "race@caller.example"
#define FLOOD 10000 /* packets for each CPU */
#define ROUNDS 60 /* calls; of HARNESS_DIALOGS_MAX */
#define TURNS 12 /* of the six packets of bad_byes_beside() */
#define BURST 1000 /* runs of a packet without a pause */
#define STEPS 300 /* requests for each CPU, each with a different CSeq */

struct sender { /* the part of one CPU */
	struct harness *harness;
	const struct packet_to_send *packets;
	int n_packets;
	int times; /* runs of each packet without a pause */
	int err;
	int at; /* current packet; each CPU waits until the other is there */
	struct sender *other;
};

static void wait_for_other(struct sender *s, int at)
{
	__atomic_store_n(&s->at, at, __ATOMIC_RELEASE);
	while (__atomic_load_n(&s->other->at, __ATOMIC_ACQUIRE) < at)
		;
}

static void *send_all(void *arg)
{
	struct sender *s = arg;
	__u32 verdict;

	for (int i = 0; i < s->n_packets; i++) {
		wait_for_other(s, i + 1);
		if (!s->err)
			s->err =
				harness_run(s->harness, s->packets[i].in, s->packets[i].frame.bytes,
					    s->packets[i].frame.len, s->times, &verdict, NULL);
	}
	return NULL;
}

/* Runs the packets of both senders, each on a different CPU. Returns 0 or -errno. */
static int race(struct sender *one, struct sender *two)
{
	struct sender *const each[] = { one, two };
	pthread_t threads[2];
	pthread_attr_t attr;
	cpu_set_t cpu;
	int err = 0, n;

	one->other = two;
	two->other = one;
	pthread_attr_init(&attr);
	for (n = 0; n < 2 && !err; n++) {
		CPU_ZERO(&cpu);
		CPU_SET(n, &cpu);
		pthread_attr_setaffinity_np(&attr, sizeof(cpu), &cpu);
		err = -pthread_create(&threads[n], &attr, send_all, each[n]);
	}
	if (err) /* otherwise the first would wait for ever */
		__atomic_store_n(&two->at, one->n_packets, __ATOMIC_RELEASE);
	for (int i = 0; i < n - !!err; i++)
		pthread_join(threads[i], NULL);
	pthread_attr_destroy(&attr);
	return err ? err : one->err ? one->err : two->err;
}

static bool is(const char *what, long long got, long long expected)
{
	return got == expected || wrong("%s: %lld, must be %lld", what, got, expected);
}

/* Reads the counters into *after, and the only dialog. Returns 0 or -errno. */
static int look(struct harness *harness, struct harness_counters *after, struct cg_dialog *dialog)
{
	static struct cg_dialog dialogs[HARNESS_DIALOGS_MAX];
	int err = harness_counters(harness, after);

	err = err ? err : harness_events(harness);
	if (!err && dialog && harness_dialogs(harness, dialogs) != 1)
		return wrong("not one dialog"), -1;
	if (dialog)
		*dialog = dialogs[0];
	return err;
}

static int begin(struct harness *harness, const char *call_id)
{
	int err = harness_reset(harness, NULL);

	err = err ? err : send_ringing(harness, call_id);
	err = err ? err : send_answered(harness, call_id);
	return err ? err : harness_events(harness);
}

static bool bad_byes(struct harness *harness)
{
	static struct packet_to_send packets[2];
	struct sender one = { harness, &packets[0], 1, FLOOD, 0, 0, NULL };
	struct sender two = { harness, &packets[1], 1, FLOOD, 0, 0, NULL };
	struct harness_counters before, after;
	struct cg_dialog dialog;
	int err = begin(harness, CALL_ID);

	err = err ? err : send_make(&packets[0], "caller>host", "BYE 10 a>b via=c8", CALL_ID);
	err = err ? err : send_make(&packets[1], "caller>host", "BYE 11 a>b via=c7", CALL_ID);
	err = err ? err : harness_counters(harness, &before);
	err = err ? err : race(&one, &two);
	err = err ? err : look(harness, &after, &dialog);
	if (err)
		return wrong("it cannot be run: %s", strerror(-err));
	return is("dropped", after.dropped - before.dropped, 2 * FLOOD) &
	       is("blocked_byes", dialog.blocked_byes, 2 * FLOOD) &
	       is("out_of_order", after.in[CG_R_OUT_OF_ORDER] - before.in[CG_R_OUT_OF_ORDER],
		  2 * FLOOD) &
	       is("reported and limited",
		  harness->n_seen + after.alerts_limited - before.alerts_limited +
			  after.alerts_lost - before.alerts_lost,
		  2 * FLOOD) &
	       is("state", dialog.state, CG_S_CONFIRMED) & is("caller", dialog.caller.cseq, 13);
}

/* Packets of the CPU that takes the lock in bad_byes_beside(). %d: a rising CSeq. */
static const struct {
	const char *path, *form;
} beside[] = {
	{ "caller>host", "INFO %d a>b via=c3" }, /* raises the caller's counter */
	{ "caller>host", "BYE %d a>b via=c4" }, /* equal to it: dropped */
	{ "gateway>host", "BYE 9 a>b via=g4" }, /* from the other leg: dropped */
	{ "caller>host", "BYE %d a>b via=c9" }, /* in order, then retransmissions */
	{ "host>gateway", "BYE %d a>b via=p9,c9" },
	{ "gateway>host", "500 BYE %d a>b via=p9,c9" }, /* the call continues */
};
#define BESIDE ((int)(sizeof(beside) / sizeof(*beside)))

static int make_beside(struct packet_to_send low[], struct packet_to_send locked[])
{
	char form[64];
	int err = 0;

	for (int i = 0; i < TURNS * BESIDE && !err; i++) {
		int n = i % BESIDE, cseq = 14 + i / BESIDE * 2 + (n > 2);

		snprintf(form, sizeof(form), beside[n].form, cseq);
		err = send_make(&locked[i], beside[n].path, form, CALL_ID);
		err = err ? err : send_make(&low[i], "caller>host", "BYE 10 a>b via=c8", CALL_ID);
	}
	return err;
}

/* BYEs that are dropped without the lock, while the other CPU takes it. */
static bool bad_byes_beside(struct harness *harness)
{
	static struct packet_to_send low[TURNS * BESIDE], locked[TURNS * BESIDE];
	struct sender one = { harness, low, TURNS * BESIDE, BURST, 0, 0, NULL };
	struct sender two = { harness, locked, TURNS * BESIDE, BURST, 0, 0, NULL };
	struct harness_counters before, after;
	struct cg_dialog dialog;
	int err = begin(harness, CALL_ID);

	err = err ? err : make_beside(low, locked);
	err = err ? err : harness_counters(harness, &before);
	err = err ? err : race(&one, &two);
	err = err ? err : look(harness, &after, &dialog);
	if (err)
		return wrong("it cannot be run: %s", strerror(-err));
	for (int i = 0; i < CG_REASONS; i++)
		after.in[i] -= before.in[i];
	return is("blocked_byes", dialog.blocked_byes, (BESIDE + 2) * TURNS * BURST) &
	       is("dropped", after.dropped - before.dropped, (BESIDE + 2) * TURNS * BURST) &
	       is("out_of_order", after.in[CG_R_OUT_OF_ORDER], BESIDE * TURNS * BURST) &
	       is("equal_cseq", after.in[CG_R_EQUAL_CSEQ], TURNS * BURST) &
	       is("wrong_leg", after.in[CG_R_WRONG_LEG], TURNS * BURST) &
	       is("bye", after.in[CG_R_BYE], TURNS) &
	       is("bye_repeat", after.in[CG_R_BYE_REPEAT], TURNS * (BURST - 1)) &
	       is("refused", after.in[CG_R_REFUSED], TURNS) &
	       is("BYE events", harness->n_type[CG_EV_BYE], TURNS) &
	       is("RESUME events", harness->n_type[CG_EV_RESUME], TURNS) &
	       is("first_blocked_ms is set", !!dialog.first_blocked_ms, 1) &
	       is("state", dialog.state, CG_S_CONFIRMED) &
	       is("caller", dialog.caller.cseq, 13 + 2 * TURNS);
}

/* Runs two packets of the gateway at the same time, for each call. Returns 0 or -errno. */
static int meet(struct harness *harness, const char *form, const char *form2)
{
	static struct packet_to_send packets[2][ROUNDS];
	struct sender one = { harness, packets[0], ROUNDS, 1, 0, 0, NULL };
	struct sender two = { harness, packets[1], ROUNDS, 1, 0, 0, NULL };
	char call_id[32];
	int err = 0;

	for (int i = 0; i < ROUNDS && !err; i++) {
		snprintf(call_id, sizeof(call_id), "%d-" CALL_ID, i);
		err = send_make(&packets[0][i], "gateway>host", form, call_id);
		err = err ? err : send_make(&packets[1][i], "gateway>host", form2, call_id);
	}
	return err ? err : race(&one, &two);
}

/* Sets up ringing calls; until_bye: answered, with a pending BYE. Returns 0 or -errno. */
static int many_calls(struct harness *harness, bool until_bye)
{
	int err = harness_reset(harness, NULL);
	char id[32];

	for (int i = 0; i < ROUNDS && !err; i++) {
		snprintf(id, sizeof(id), "%d-" CALL_ID, i);
		err = send_ringing(harness, id);
		if (!until_bye)
			continue;
		err = err ? err : send_answered(harness, id);
		err = err ? err : send_times(harness, "caller>host", "BYE 14 a>b via=c9", id, 1);
		err = err ? err
			  : send_times(harness, "host>gateway", "BYE 14 a>b via=p9,c9", id, 1);
		err = err ? err : harness_events(harness);
	}
	return err;
}

static bool openings(struct harness *harness)
{
	static const char form[] = "200 INVITE 13 a>b via=p1,c1";
	struct harness_counters before, after;
	int err = many_calls(harness, false);

	err = err ? err : harness_counters(harness, &before);
	err = err ? err : meet(harness, form, form);
	err = err ? err : look(harness, &after, NULL);
	if (err)
		return wrong("it cannot be run: %s", strerror(-err));
	return is("opened", after.in[CG_R_OPENED] - before.in[CG_R_OPENED], ROUNDS) &
	       is("in_dialog", after.in[CG_R_IN_DIALOG] - before.in[CG_R_IN_DIALOG], ROUNDS) &
	       is("START events", harness->n_type[CG_EV_START], ROUNDS) &
	       is("all events", harness->n_seen, ROUNDS) &
	       is("dialogs", harness_count(harness, "dialogs"), ROUNDS);
}

/* Two packets that each are evidence. */
static bool endings(struct harness *harness, const char *form, const char *form2)
{
	static struct cg_dialog dialogs[HARNESS_DIALOGS_MAX];
	struct harness_counters after;
	int err = many_calls(harness, true);
	bool good;

	err = err ? err : meet(harness, form, form2);
	err = err ? err : look(harness, &after, NULL);
	if (err)
		return wrong("it cannot be run: %s", strerror(-err));
	good = is("END events", harness->n_type[CG_EV_END], ROUNDS) &
	       is("all events", harness->n_seen, ROUNDS) &
	       is("dialogs", harness_dialogs(harness, dialogs), ROUNDS);
	for (int i = 0; i < ROUNDS && good; i++)
		good = is("state", dialogs[i].state, CG_S_ENDED) &
		       is("end_reason", dialogs[i].end_reason, CG_E_BYE) &
		       is("suspect", dialogs[i].flags & CG_D_SUSPECT, 0);
	return good;
}

/* Both CPUs raise the counter of one leg, with interleaved CSeqs. */
static bool counters(struct harness *harness)
{
	static struct packet_to_send odd[STEPS], even[STEPS];
	struct sender one = { harness, odd, STEPS, 1, 0, 0, NULL };
	struct sender two = { harness, even, STEPS, 1, 0, 0, NULL };
	struct harness_counters before, after;
	struct cg_dialog dialog;
	char form[64];
	int err = begin(harness, CALL_ID);

	for (int i = 0; i < STEPS && !err; i++) {
		snprintf(form, sizeof(form), "INFO %d a>b via=c3", 15 + 2 * i);
		err = send_make(&odd[i], "caller>host", form, CALL_ID);
		snprintf(form, sizeof(form), "INFO %d a>b via=c3", 16 + 2 * i);
		err = err ? err : send_make(&even[i], "caller>host", form, CALL_ID);
	}
	err = err ? err : harness_counters(harness, &before);
	err = err ? err : race(&one, &two);
	err = err ? err : look(harness, &after, &dialog);
	if (err)
		return wrong("it cannot be run: %s", strerror(-err));
	return is("caller", dialog.caller.cseq, 14 + 2 * STEPS) &
	       is("counted",
		  after.in[CG_R_IN_DIALOG] + after.in[CG_R_LATE_REQUEST] -
			  before.in[CG_R_IN_DIALOG] - before.in[CG_R_LATE_REQUEST],
		  2 * STEPS);
}

void race_run(struct harness *harness,
	      void (*result)(bool good, const char *suite, const char *name))
{
	if (sysconf(_SC_NPROCESSORS_ONLN) < 2) {
		result(true, "race", "two CPUs at one dialog # SKIP this machine has one");
		return;
	}
	result(bad_byes(harness), "race", "two CPUs: bad BYEs of one dialog are counted exactly");
	result(bad_byes_beside(harness), "race",
	       "two CPUs: bad BYEs are counted exactly while the other CPU holds the lock");
	result(openings(harness), "race",
	       "two CPUs: a 2xx and its copy open one dialog and are reported once");
	result(endings(harness, "200 BYE 14 a>b via=p9,c9", "200 BYE 14 a>b via=p9,c9"), "race",
	       "two CPUs: a 2xx and its copy end a call once");
	result(endings(harness, "200 BYE 14 a>b via=p9,c9", "BYE 1 b>a via=g1"), "race",
	       "H5: two CPUs: the witness's 2xx and its own BYE end a call once");
	result(counters(harness), "race",
	       "two CPUs: a leg's counter is the CSeq of its highest request");
	result(race_fragments(harness), "race",
	       "F12: two CPUs: of a low BYE in two fragments never both pass");
	harness_reset(harness, NULL);
}
