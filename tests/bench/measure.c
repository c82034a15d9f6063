// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "measure.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench.skel.h"
#include "floor.skel.h"
#include "guard.skel.h"

#define PATIENCE 120 /* seconds */

/* The maps are the shipped object's. */
static int share_maps(struct bench *bench)
{
	struct bpf_map *map, *own;
	int err = 0;

	bpf_object__for_each_map (map, bench->harness.skel->obj) {
		own = bpf_object__find_map_by_name(bench->skel->obj, bpf_map__name(map));
		if (!err && own && !bpf_map__is_internal(map))
			err = bpf_map__reuse_fd(own, bpf_map__fd(map));
	}
	return err;
}

static int load_floor(struct bench *bench)
{
	int err;

	bench->floor = floor_bpf__open();
	if (!bench->floor)
		return -errno;
	err = bpf_map__reuse_fd(bench->floor->maps.dialogs,
				bpf_map__fd(bench->harness.skel->maps.dialogs));
	return err ? err : floor_bpf__load(bench->floor);
}

static int load(struct bench *bench)
{
	int out = bpf_program__fd(bench->harness.skel->progs.cseqguard_out), err;

	bench->skel = bench_bpf__open();
	if (!bench->skel)
		return -errno;
	err = share_maps(bench);
	err = err ? err : bpf_program__set_autoload(bench->skel->progs.cseqguard_in, false);
	err = err ? err : bpf_program__set_autoload(bench->skel->progs.cseqguard_out, false);
	err = err ? err : bench_bpf__load(bench->skel);
	return err ? err
		   : bpf_map_update_elem(bpf_map__fd(bench->skel->maps.production_out),
					 &(__u32){ 0 }, &out, BPF_ANY);
}

static int by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* What entering the kernel and the dispatcher of XDP costs a run, whatever it repeats. */
static int measure_idle(struct bench *bench)
{
	static struct bench_packet packet;
	double ns[ROUNDS];
	__u32 verdict;
	int err = bench_packet_make(&packet, "caller>host", "=x", NULL, 0);

	for (int i = 0; !err && i < ROUNDS; i++)
		err = bench_run(bench, PASS, &packet, 2, &verdict, &ns[i]);
	qsort(ns, ROUNDS, sizeof(*ns), by_value);
	bench->idle = 2 * ns[ROUNDS / 2];
	return err;
}

int bench_open(struct bench *bench, __u32 max_dialogs)
{
	int err = harness_open(&bench->harness, max_dialogs);

	err = err ? err : load(bench);
	err = err ? err : load_floor(bench);
	err = err ? err : harness_reset(&bench->harness, "max=4000000"); /* no quarter is kept */
	return err ? err : measure_idle(bench);
}

void bench_close(struct bench *bench)
{
	floor_bpf__destroy(bench->floor);
	bench_bpf__destroy(bench->skel);
	harness_close(&bench->harness);
}

static int entry_fd(const struct bench *bench, enum entry entry)
{
	const struct bpf_program *const programs[] = {
		[PASS] = bench->skel->progs.bench_pass,
		[FLOOR] = bench->floor->progs.floor_in,
		[GUARD] = bench->harness.skel->progs.cseqguard_in,
		[RANDOM] = bench->skel->progs.bench_random,
		[RANDOM_ONLY] = bench->skel->progs.bench_random_only,
		[KEY] = bench->skel->progs.bench_key,
		[LOOKUP] = bench->skel->progs.bench_lookup,
		[ANSWER] = bench->skel->progs.bench_answer,
	};

	return bpf_program__fd(programs[entry]);
}

void bench_aim(struct bench *bench, const struct bench_packet *packet,
	       const struct bench_range *range)
{
	struct bench_bpf__bss *to = bench->skel->bss;

	for (size_t i = 0; i < sizeof(to->ranges) / sizeof(*to->ranges); i++)
		to->ranges[i] = *range;
	to->call_id_at = packet->call_id_at;
	to->call_id_len = strlen(BENCH_CALL_ID);
	to->cseq_at = packet->cseq_at;
}

void bench_aim_cpu(struct bench *bench, int cpu, const struct bench_range *range)
{
	bench->skel->bss->ranges[cpu] = *range;
}

__u32 bench_at(const struct bench *bench)
{
	return bench->skel->bss->ranges[0].at;
}

double bench_thread_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return now.tv_sec * 1e9 + now.tv_nsec;
}

int bench_run(struct bench *bench, enum entry entry, const struct bench_packet *packet, int repeat,
	      __u32 *verdict, double *ns)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = packet->frame.bytes,
		    .data_size_in = packet->frame.len, .repeat = repeat);
	double start = bench_thread_ns();
	int err = bpf_prog_test_run_opts(entry_fd(bench, entry), &opts);

	if (err)
		return err;
	*verdict = opts.retval;
	if (ns)
		*ns = (bench_thread_ns() - start - bench->idle) / repeat;
	return 0;
}

static int went_another_way(const struct subject *s, __u32 verdict, long long counted)
{
	fprintf(stderr,
		"bench: %s: verdict %u, must be %u; reason %d counted %lld of %d: see tests/run "
		"kernel\n",
		s->text, verdict, s->verdict, s->reason, counted, s->repeat);
	return -EPROTO;
}

static int measure_one(struct bench *bench, const struct subject *s, double *ns)
{
	bool guarded = s->entry == GUARD || s->entry == RANDOM;
	struct harness_counters before, after;
	double less = 0;
	__u32 verdict;
	int err = harness_counters(&bench->harness, &before);

	bench_aim(bench, s->packet, &s->range);
	if (!err && s->less != NONE)
		err = bench_run(bench, s->less, s->packet, s->repeat, &verdict, &less);
	err = err ? err : bench_run(bench, s->entry, s->packet, s->repeat, &verdict, ns);
	err = err ? err : harness_counters(&bench->harness, &after);
	err = err ? err : harness_events(&bench->harness); /* rings that are full cost less */
	if (err)
		return err;
	*ns -= less;
	if (verdict != s->verdict ||
	    (guarded && after.in[s->reason] - before.in[s->reason] != (__u64)s->repeat))
		return went_another_way(s, verdict, after.in[s->reason] - before.in[s->reason]);
	return 0;
}

int bench_check(struct bench *bench, const struct subject *subject)
{
	struct subject few = *subject;
	double ns;

	few.repeat =
		100; /* the entry that only writes has raised BENCH_RISING above the INVITE by then */
	return measure_one(bench, &few, &ns);
}

/* Packets that the kernel's own statistics have timed, at some 40 ns each. */
static __u64 timed_by_kernel(const struct bench *bench)
{
	struct bpf_prog_info info;
	__u64 sum = 0;

	for (enum entry entry = PASS; entry <= ANSWER; entry++) {
		__u32 size = sizeof(info);

		memset(&info, 0, sizeof(info));
		if (!bpf_obj_get_info_by_fd(entry_fd(bench, entry), &info, &size))
			sum += info.run_cnt;
	}
	return sum;
}

#define FORGOTTEN_NS 100000000000 /* after that, a datagram in fragments may begin again */

/*
 * In turns, so that what slows the machine slows all. A fragment passes again for a few seconds
 * only, so those of the round before are made old.
 */
static int measure_round(struct bench *bench, struct subject *subjects, int count, int round)
{
	__u64 timed = timed_by_kernel(bench);
	int err = harness_age_fragments(&bench->harness, FORGOTTEN_NS);

	for (int i = 0; !err && i < count; i++)
		err = measure_one(bench, &subjects[i], &subjects[i].ns[round]);
	return err ? err : timed_by_kernel(bench) != timed ? -EAGAIN : 0;
}

int bench_measure(struct bench *bench, struct subject *subjects, int count)
{
	int waited = 0, err = measure_round(bench, subjects, count, 0); /* warms up */

	for (int round = 0; (!err || err == -EAGAIN) && round < ROUNDS; round += !err) {
		err = measure_round(bench, subjects, count, round);
		if (err != -EAGAIN)
			continue;
		if (!waited)
			fprintf(stderr, "bench: waits while BPF statistics are on: sysctl "
					"kernel.bpf_stats_enabled, bpftool prog profile\n");
		if (waited++ == PATIENCE)
			return -EBUSY;
		sleep(1);
	}
	for (int i = 0; i < count; i++)
		qsort(subjects[i].ns, ROUNDS, sizeof(double), by_value);
	return err;
}
