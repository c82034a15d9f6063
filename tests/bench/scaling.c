// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#define _GNU_SOURCE /* pthread_attr_setaffinity_np */
#include "scaling.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

#include "report.h"

#define CPUS 2
#define TURNS 5
#define PACKETS 200000 /* a CPU */

struct worker {
	struct bench *bench;
	const struct bench_packet *packet;
	pthread_barrier_t *start;
	double ns;
	int err;
};

static void *work(void *arg)
{
	struct worker *w = arg;
	__u32 verdict;

	pthread_barrier_wait(w->start);
	w->err = bench_run(w->bench, RANDOM, w->packet, PACKETS, &verdict, &w->ns);
	return NULL;
}

static int start_on(int cpu, pthread_t *thread, struct worker *w)
{
	pthread_attr_t attr;
	cpu_set_t set;
	int err;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	pthread_attr_init(&attr);
	pthread_attr_setaffinity_np(&attr, sizeof(set), &set);
	err = -pthread_create(thread, &attr, work, w);
	pthread_attr_destroy(&attr);
	return err;
}

/* Packets a second of so many CPUs together. 0 or -errno. */
static int measure(struct bench *bench, const struct bench_packet *packet, int cpus, __u32 dialogs,
		   double *rate)
{
	struct worker workers[CPUS];
	pthread_t threads[CPUS];
	pthread_barrier_t start;
	int err = 0, n;

	pthread_barrier_init(&start, NULL, cpus);
	for (n = 0; !err && n < cpus; n++) {
		__u32 part = dialogs / cpus;

		workers[n] = (struct worker){ bench, packet, &start, 0, 0 };
		bench_aim_cpu(bench, n, &(struct bench_range){ n * part, part, 0, 0 });
		err = start_on(n, &threads[n], &workers[n]);
	}
	if (err)
		return err; /* those that wait for the others wait until the end */
	*rate = 0;
	for (int i = 0; i < cpus; i++) {
		pthread_join(threads[i], NULL);
		err = err ? err : workers[i].err;
		*rate += 1e9 / workers[i].ns;
	}
	pthread_barrier_destroy(&start);
	return err ? err : harness_events(&bench->harness);
}

static double median(double *values)
{
	for (int i = 1; i < TURNS; i++)
		for (int j = i; j && values[j] < values[j - 1]; j--) {
			double value = values[j];

			values[j] = values[j - 1];
			values[j - 1] = value;
		}
	return values[TURNS / 2];
}

int scaling_run(struct bench *bench, __u32 dialogs)
{
	static struct bench_packet packet;
	double one[TURNS], two[TURNS];
	int err = bench_packet_make(&packet, "caller>host", "BYE 10 a>b via=c8", NULL, 630);

	if (err || sysconf(_SC_NPROCESSORS_ONLN) < CPUS)
		return err;
	bench_aim(bench, &packet, &(struct bench_range){ 0, dialogs, 0, 0 });
	for (int i = 0; !err && i < TURNS; i++) {
		err = measure(bench, &packet, 1, dialogs, &one[i]);
		err = err ? err : measure(bench, &packet, CPUS, dialogs, &two[i]);
	}
	if (err)
		return err;
	report_figure("one_cpu_per_second", "BYEs out of order refused by one CPU", "/s",
		      median(one), 0);
	report_figure("two_cpus_per_second", "... by two", "/s", median(two), 0);
	report_figure("scaling", "... by two to by one", "times", median(two) / median(one), 0);
	return 0;
}
