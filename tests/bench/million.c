// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "million.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bench.skel.h"
#include "guard.skel.h"
#include "report.h"

#define CHUNK 10000 /* INVITEs that wait for their answers */
#define BATCH 1024
#define STRIDE 1000003 /* a prime: comes by each dialog once, in no order of theirs */

static const struct size {
	__u32 dialogs;
	const char *key, *text;
	struct report_budget budget; /* of a BYE out of order */
} sizes[] = {
	{ 1000, "1k", "1 thousand", { .floor = 3 } },
	{ 100000, "100k", "100 thousand", NO_BUDGET },
	{ MILLION, "1m", "1 million", { .floor = 1.7 } },
};
#define SIZES (sizeof(sizes) / sizeof(*sizes))

enum { PASSES, LEAST, REFUSED, IN_ORDER, FOUND, SUBJECTS };

static struct {
	struct bench_packet invite, answer, low, rising;
} packets;

static int make_packets(void)
{
	int err =
		bench_packet_make(&packets.invite, "caller>host", "INVITE 13 a> via=c1", NULL, 630);

	err = err ? err
		  : bench_packet_make(&packets.answer, "host>caller", "200 INVITE 13 a>b via=c1",
				      NULL, 630);
	err = err ? err
		  : bench_packet_make(&packets.low, "caller>host", "BYE 10 a>b via=c8", NULL, 630);
	return err ? err
		   : bench_packet_make(&packets.rising, "caller>host",
				       "BYE " BENCH_RISING " a>b via=c9", NULL, 630);
}

/* An LRU map that is full forgets new ones, too. */
static int forget_invites(struct bench *bench)
{
	static struct cg_txn_key keys[BATCH];
	static struct cg_invite values[BATCH];
	int fd = bpf_map__fd(bench->harness.skel->maps.invites), err = 0;
	__u32 token, n;

	for (int i = 0; !err; i++) {
		n = BATCH;
		err = bpf_map_lookup_and_delete_batch(fd, i ? &token : NULL, &token, keys, values,
						      &n, NULL);
	}
	return err == -ENOENT ? 0 : err;
}

/* INVITE in and 200 out, as an endpoint on the host has them; adds to *ns. */
static int open_chunk(struct bench *bench, const struct bench_range *range, double *ns)
{
	double invite, answer;
	__u32 verdict;
	int err;

	err = forget_invites(bench);
	bench_aim(bench, &packets.invite, range);
	err = err ? err
		  : bench_run(bench, RANDOM, &packets.invite, range->count, &verdict, &invite);
	bench_aim(bench, &packets.answer, range);
	err = err ? err
		  : bench_run(bench, ANSWER, &packets.answer, range->count, &verdict, &answer);
	*ns += err ? 0 : (invite + answer) * range->count;
	return err ? err : harness_events(&bench->harness);
}

/* Dialogs from to up to less one; *ns: of each. */
static int open_dialogs(struct bench *bench, __u32 from, __u32 to, double *ns)
{
	struct harness_counters before, after;
	double sum = 0;
	int err = harness_counters(&bench->harness, &before);

	for (__u32 n = from; !err && n < to; n += CHUNK) {
		struct bench_range range = { n, to - n < CHUNK ? to - n : CHUNK, 1, 0 };

		err = open_chunk(bench, &range, &sum);
	}
	err = err ? err : harness_counters(&bench->harness, &after);
	if (!err && after.out[CG_R_OPENED] - before.out[CG_R_OPENED] != to - from) {
		fprintf(stderr, "bench: of %u calls %llu were opened\n", to - from,
			after.out[CG_R_OPENED] - before.out[CG_R_OPENED]);
		err = -EPROTO;
	}
	*ns = sum / (to - from);
	return err;
}

/* The first BYE of each, which is told in an event: those that follow are not. *ns: of each. */
static int first_byes(struct bench *bench, __u32 from, __u32 to, double *ns)
{
	struct bench_range range = { from, to - from, STRIDE, 0 };
	double one, only, sum = 0;
	__u32 verdict;
	int err = 0;

	for (__u32 left = range.count, n; !err && left; left -= n) {
		n = left < REPEAT ? left : REPEAT;
		bench_aim(bench, &packets.rising, &range);
		err = bench_run(bench, RANDOM_ONLY, &packets.rising, n, &verdict, &only);
		bench_aim(bench, &packets.rising, &range);
		err = err ? err : bench_run(bench, RANDOM, &packets.rising, n, &verdict, &one);
		range.at = bench_at(bench);
		sum += (one - only) * n;
		err = err ? err : harness_events(&bench->harness);
		if (!err && bench->harness.n_type[CG_EV_BYE] != n)
			err = -EPROTO;
	}
	*ns = sum / range.count;
	return err;
}

/* The tags' half of all keys. */
static int learn_tags(struct bench *bench)
{
	struct cg_dialog_key key;
	int err = bpf_map_get_next_key(bpf_map__fd(bench->harness.skel->maps.dialogs), NULL, &key);

	bench->skel->bss->tags = key.tags;
	return err;
}

static void describe(struct subject subjects[SUBJECTS], __u32 dialogs)
{
	struct bench_range range = { 0, dialogs, 0, 0 };

	subjects[PASSES] = (struct subject){ .text = "PASS",
					     .entry = PASS,
					     .repeat = REPEAT_LIGHT,
					     .packet = &packets.low,
					     .verdict = XDP_PASS };
	subjects[LEAST] = subjects[PASSES];
	subjects[LEAST].key = "floor";
	subjects[LEAST].text = "the floor";
	subjects[LEAST].entry = FLOOR;
	subjects[LEAST].repeat = REPEAT;
	subjects[REFUSED] = (struct subject){ .key = "bye",
					      .text = "BYE out of order",
					      .entry = RANDOM,
					      .less = RANDOM_ONLY,
					      .repeat = REPEAT,
					      .packet = &packets.low,
					      .range = range,
					      .reason = CG_R_OUT_OF_ORDER,
					      .verdict = XDP_DROP };
	subjects[IN_ORDER] = subjects[REFUSED];
	subjects[IN_ORDER].key = "bye_in_order";
	subjects[IN_ORDER].text = "BYE in order, another one pending";
	subjects[IN_ORDER].packet = &packets.rising;
	subjects[IN_ORDER].reason = CG_R_BYE;
	subjects[IN_ORDER].verdict = XDP_PASS;
	subjects[FOUND] = subjects[REFUSED];
	subjects[FOUND].key = "lookup";
	subjects[FOUND].text = "bare random lookup";
	subjects[FOUND].entry = LOOKUP;
	subjects[FOUND].less = KEY;
	subjects[FOUND].verdict = XDP_PASS;
}

static void report_size(const struct size *size, const struct subject subjects[SUBJECTS],
			double first)
{
	const struct report_unit unit = { .pass = bench_median(&subjects[PASSES]),
					  .floor = bench_median(&subjects[LEAST]) };
	const struct report_budget none = NO_BUDGET;
	char key[32], text[64];

	snprintf(text, sizeof(text), "a random one of %s dialogs, 630 bytes", size->text);
	report_heading(text);
	for (int i = LEAST; i < SUBJECTS; i++) {
		snprintf(key, sizeof(key), "%s_%s", subjects[i].key, size->key);
		report_ns(key, subjects[i].text, bench_median(&subjects[i]), &unit,
			  i == REFUSED ? &size->budget : &none);
	}
	snprintf(key, sizeof(key), "bye_less_lookup_%s", size->key);
	report_ns(key, "BYE out of order, less the lookup",
		  bench_median(&subjects[REFUSED]) - bench_median(&subjects[FOUND]), &unit, &none);
	if (size->dialogs < MILLION)
		return; /* too few to be told from what a run takes beside them */
	snprintf(key, sizeof(key), "bye_first_%s", size->key);
	report_ns(key, "BYE in order, its call's first, with its event", first, &unit, &none);
}

static int measure_size(struct bench *bench, const struct size *size, __u32 before, double *opening)
{
	static struct subject subjects[SUBJECTS];
	double first = 0;
	int err = open_dialogs(bench, before, size->dialogs, opening);

	err = err ? err : learn_tags(bench);
	err = err ? err : first_byes(bench, before, size->dialogs, &first);
	describe(subjects, size->dialogs);
	err = err ? err : bench_measure(bench, subjects, SUBJECTS);
	if (!err && bench->skel->bss->misses) {
		fprintf(stderr, "bench: %llu look-ups found nothing\n",
			(unsigned long long)bench->skel->bss->misses);
		err = -EPROTO;
	}
	if (!err)
		report_size(size, subjects, first);
	return err;
}

int million_run(struct bench *bench)
{
	double opening = 0;
	int err = make_packets();

	for (size_t i = 0; !err && i < SIZES; i++)
		err = measure_size(bench, &sizes[i], i ? sizes[i - 1].dialogs : 0, &opening);
	if (err)
		return err;
	printf("\n");
	report_figure("opened_per_second", "dialogs opened by INVITE and 200", "/s", 1e9 / opening,
		      0);
	return 0;
}
