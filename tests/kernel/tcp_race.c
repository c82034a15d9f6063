// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#define _GNU_SOURCE /* pthread_attr_setaffinity_np */
#include <linux/pkt_cls.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <time.h>

#include "tcp_case.h"

#define ROUNDS 1000 /* a run */
#define RUNS 8 /* at most: an emulated CPU is slow */
#define SECONDS 10
#define MESSAGE(number) "OPTIONS sip:h SIP/2.0\r\nX: " number " BYE\r\n\r\n"
#define PIECE (sizeof(MESSAGE("10")) - 1)

/* A CPU. Both send a segment for the same position, a message each, which differ by a byte. */
struct racer {
	struct tcp_talk *talk;
	const char *bytes;
	struct racer *other;
	size_t begin; /* position of the first */
	int at; /* segments begun */
	int err;
	bool passed[ROUNDS];
};

static void *send_pieces(void *arg)
{
	struct racer *r = arg;
	struct tcp_talk *talk = r->talk;
	struct tcp_result result;

	for (int i = 0; i < ROUNDS; i++) {
		struct tcp_form form = { .at = r->begin + i * PIECE,
					 .bytes = r->bytes,
					 .len = PIECE };

		__atomic_store_n(&r->at, i + 1, __ATOMIC_RELEASE);
		while (__atomic_load_n(&r->other->at, __ATOMIC_ACQUIRE) < i + 1)
			;
		if (!r->err)
			r->err = tcp_run(talk->harness, &talk->pair, &form, &result);
		r->passed[i] = !r->err && result.verdict == (__u32)TC_ACT_UNSPEC;
	}
	return NULL;
}

static int start_racer(struct racer *r, int cpu, pthread_t *thread)
{
	pthread_attr_t attr;
	cpu_set_t cpus;
	int err;

	r->at = 0;
	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	pthread_attr_init(&attr);
	pthread_attr_setaffinity_np(&attr, sizeof(cpus), &cpus);
	err = -pthread_create(thread, &attr, send_pieces, r);
	pthread_attr_destroy(&attr);
	return err;
}

static int run_racers(struct racer *one, struct racer *two)
{
	pthread_t threads[2];
	int err = start_racer(one, 0, &threads[0]);

	if (err)
		return err;
	err = start_racer(two, 1, &threads[1]);
	if (err) /* otherwise the first would wait for ever */
		__atomic_store_n(&two->at, ROUNDS, __ATOMIC_RELEASE);
	else
		pthread_join(threads[1], NULL);
	pthread_join(threads[0], NULL);
	return err ? err : one->err ? one->err : two->err;
}

static __u64 judged(struct harness *harness, int *err)
{
	struct harness_counters now;

	*err = *err ? *err : harness_counters(harness, &now);
	return *err ? 0 : now.in[CG_R_UNPARSABLE];
}

bool tcp_race(struct harness *harness)
{
	static struct tcp_talk talk;
	static struct racer one = { .bytes = MESSAGE("10") };
	static struct racer two = { .bytes = MESSAGE("20") };
	int err = tcp_talk_begin(&talk, harness, "tcp=enforce", "caller>host");
	time_t begin = time(NULL);
	__u64 before = judged(harness, &err), moved;
	int both = 0, none = 0, sent = 0;

	one.talk = two.talk = &talk;
	one.other = &two;
	two.other = &one;
	for (int run = 0; run < RUNS && !err && time(NULL) - begin < SECONDS; run++) {
		one.begin = two.begin = (size_t)sent * PIECE;
		err = run_racers(&one, &two);
		sent += ROUNDS;
		for (int i = 0; i < ROUNDS; i++) {
			both += one.passed[i] && two.passed[i];
			none += !one.passed[i] && !two.passed[i];
		}
	}
	moved = judged(harness, &err) - before;
	tcp_talk_end(&talk);
	if (err)
		return wrong("it cannot be run: %s", strerror(-err));
	if (both || none || moved != (__u64)sent)
		return wrong("of %d pairs both passed in %d, none in %d; %llu were judged", sent,
			     both, none, (unsigned long long)moved);
	return true;
}
