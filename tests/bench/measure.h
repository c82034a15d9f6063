/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What a packet costs: medians over rounds in which all subjects take turns. */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include <stdbool.h>

#include "digits.h"
#include "packet.h"
#include "harness.h"

#define ROUNDS 11
#define REPEAT 50000 /* events of so many packets fit into the ring */
#define REPEAT_LIGHT 1000000 /* of what takes nanoseconds */

struct bench_bpf;
struct floor_bpf;

struct bench {
	struct harness harness; /* the guard as shipped, which owns the maps */
	struct bench_bpf *skel;
	struct floor_bpf *floor;
	double idle; /* ns that a run takes beside its packets */
};

/* Programs; bench.bpf.c and floor.bpf.c say what each does. */
enum entry { NONE, PASS, FLOOR, GUARD, RANDOM, RANDOM_ONLY, KEY, LOOKUP, ANSWER };

struct subject {
	const char *key; /* in JSON, with _ns */
	const char *text;
	enum entry entry;
	enum entry less; /* whose cost is taken off */
	int repeat;
	const struct bench_packet *packet;
	struct bench_range range; /* of RANDOM and those below it */
	int reason; /* that the guard must count each packet under; unused where it does not run */
	__u32 verdict;
	double ns[ROUNDS]; /* result */
};

int bench_open(struct bench *bench, __u32 max_dialogs); /* 0 or -errno; then closed in any case */
void bench_close(struct bench *bench);

/* Which numbers are written, where: the same on all CPUs. */
void bench_aim(struct bench *bench, const struct bench_packet *packet,
	       const struct bench_range *range);

void bench_aim_cpu(struct bench *bench, int cpu,
		   const struct bench_range *range); /* ... and on one */
__u32 bench_at(const struct bench *bench); /* where a range with a step has come to */

/* A packet so many times, through one entry; *ns: of the CPU, each, may be NULL. 0 or -errno. */
int bench_run(struct bench *bench, enum entry entry, const struct bench_packet *packet, int repeat,
	      __u32 *verdict, double *ns);

/* Fills ns, sorted. -EPROTO: a packet went another way than the subject says. */
int bench_measure(struct bench *bench, struct subject *subjects, int count);

/* Runs a few packets of the subject. 0, or -errno as bench_measure(), which says so on stderr. */
int bench_check(struct bench *bench, const struct subject *subject);

/* The thread's own time: the kernel's mean is whole nanoseconds, of which PASS takes few. */
double bench_thread_ns(void);

static inline double bench_median(const struct subject *subject)
{
	return subject->ns[ROUNDS / 2];
}

#endif
