// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#define _GNU_SOURCE /* pthread_attr_setaffinity_np */
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <time.h>

#include "check.h"
#include "race.h"
#include "send.h"

#define DATAGRAMS 1000 /* a run */
#define RUNS 32 /* at most: an emulated CPU is slow */
#define SECONDS 10
#define CALL_ID "fragments@caller.example"
#define IP_AT 14
#define FIRST_ID 30000 /* above those of the cases */

/* One CPU: a half of each datagram. */
struct half {
	struct harness *harness;
	struct frame frame;
	struct half *other;
	int at; /* datagrams begun */
	int err;
	__u8 passed[DATAGRAMS];
};

static void *send_halves(void *arg)
{
	struct half *half = arg;
	__u8 *id = half->frame.bytes + IP_AT + 4;
	__u32 verdict = 0;

	for (int i = 0; i < DATAGRAMS; i++) {
		id[0] = (FIRST_ID + i) >> 8;
		id[1] = (FIRST_ID + i) & 0xff;
		__atomic_store_n(&half->at, i + 1, __ATOMIC_RELEASE);
		while (__atomic_load_n(&half->other->at, __ATOMIC_ACQUIRE) < i + 1)
			;
		if (!half->err)
			half->err = harness_run(half->harness, 1, half->frame.bytes,
						half->frame.len, 1, &verdict, NULL);
		half->passed[i] = verdict == XDP_PASS;
	}
	return NULL;
}

static int start_half(struct half *half, int cpu, pthread_t *thread)
{
	pthread_attr_t attr;
	cpu_set_t cpus;
	int err;

	half->at = 0;
	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	pthread_attr_init(&attr);
	pthread_attr_setaffinity_np(&attr, sizeof(cpus), &cpus);
	err = -pthread_create(thread, &attr, send_halves, half);
	pthread_attr_destroy(&attr);
	return err;
}

static int meet_halves(struct half *one, struct half *two)
{
	pthread_t threads[2];
	int err = start_half(one, 0, &threads[0]);

	if (err)
		return err;
	err = start_half(two, 1, &threads[1]);
	if (err) /* otherwise the first would wait for ever */
		__atomic_store_n(&two->at, DATAGRAMS, __ATOMIC_RELEASE);
	else
		pthread_join(threads[1], NULL);
	pthread_join(threads[0], NULL);
	return err ? err : one->err ? one->err : two->err;
}

static int make_halves(struct harness *harness, struct half *one, struct half *two)
{
	static struct packet_to_send packet;
	struct half *const halves[] = { one, two };
	int err = 0;

	for (int i = 0; i < 2 && !err; i++) {
		err = send_make_framed(&packet, "caller>host", "BYE 10 a>b via=c8", CALL_ID,
				       i ? "later=64" : "first=64");
		halves[i]->frame = packet.frame;
		halves[i]->harness = harness;
		halves[i]->other = halves[!i];
	}
	return err;
}

bool race_fragments(struct harness *harness)
{
	static struct half one, two;
	struct harness_counters before, after;
	long long judged, both = 0, sent = 0;
	time_t begin = time(NULL);
	int err = harness_reset(harness, NULL);

	err = err ? err : send_ringing(harness, CALL_ID);
	err = err ? err : send_answered(harness, CALL_ID);
	err = err ? err : make_halves(harness, &one, &two);
	err = err ? err : harness_counters(harness, &before);
	for (int run = 0; run < RUNS && !err && time(NULL) - begin < SECONDS; run++) {
		err = meet_halves(&one, &two);
		sent += DATAGRAMS;
		for (int i = 0; i < DATAGRAMS; i++)
			both += one.passed[i] && two.passed[i];
		err = err ? err : harness_age_fragments(harness, 120000000000ULL);
	}
	err = err ? err : harness_counters(harness, &after);
	if (err)
		return wrong("it cannot be run: %s", strerror(-err));
	judged = after.in[CG_R_OUT_OF_ORDER] - before.in[CG_R_OUT_OF_ORDER];
	if (both)
		wrong("of %lld low BYEs both halves passed", both);
	if (judged < sent / 2)
		wrong("%lld of %lld were judged: too few had room", judged, sent);
	return !both && judged >= sent / 2;
}
