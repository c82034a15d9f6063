// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * What a packet costs: BPF_PROG_TEST_RUN of each class of packet beside a program that only passes,
 * in one process, medians over rounds. A packet is repeated as it is, so its dialog is hot in the
 * cache, and alerts are over their limit, as in a flood.
 *
 *	bench [JSON-FILE]
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "bench.skel.h"
#include "frame.h"
#include "guard.skel.h"
#include "message.h"
#include "rig.h"

#define ROUNDS 21
#define REPEAT 50000
#define DIALOGS 131072
#define BYE_BYTES 630
#define CALL_ID "0a1b2c3d4e5f-60718293@caller.example"

struct packet_class {
	const char *key; /* in JSON, with _ns */
	const char *text;
	const char *path;
	const char *message;
	const char *frame;
	int bytes; /* of the payload, by padding; 0: as it is */
	int guarded;
	__u32 verdict;
};

/* The first is what all others are compared with. */
static const struct packet_class classes[] = {
	{ "pass", "a program that returns PASS", "caller>host", "=x", NULL, 0, 0, XDP_PASS },
	{ "not_udp", "TCP, another port", "caller:80>host:443", "=xxxxxxxxxxxxxxxx", "tcp", 0, 1,
	  XDP_PASS },
	{ "other_port", "UDP to another port", "caller:4000>host:4002", "=x", NULL, 172, 1,
	  XDP_PASS },
	{ "keepalive", "keep-alive", "caller>host", "=\r\n\r\n", NULL, 0, 1, XDP_PASS },
	{ "register", "REGISTER, 630 bytes", "caller>host", "REGISTER 1 r> via=r1", NULL, BYE_BYTES,
	  1, XDP_PASS },
	{ "bye_unknown", "BYE of an unknown dialog, 630 bytes", "caller>host", "BYE 10 z>b via=c8",
	  NULL, BYE_BYTES, 1, XDP_PASS },
	{ "bye", "BYE out of order, 630 bytes", "caller>host", "BYE 10 a>b via=c8", NULL, BYE_BYTES,
	  1, XDP_DROP },
};
#define CLASSES (sizeof(classes) / sizeof(*classes))

struct bench {
	struct rig rig;
	struct bench_bpf *skel;
	struct frame frames[CLASSES];
	__u32 ns[CLASSES][ROUNDS];
};

static int make_frame(struct frame *frame, const char *path, const char *form, const char *wrap,
		      int bytes)
{
	static struct message message;
	struct endpoint from, to;
	char padded[512];
	int in, err = message_make(&message, form, CALL_ID);

	err = err ? err : host_path(path, &from, &to, &in);
	if (!err && *form == '=' && bytes > (int)message.len)
		message.len = bytes; /* zeros: what another port carries is not looked at */
	if (!err && *form != '=' && bytes > (int)message.len + 3) {
		snprintf(padded, sizeof(padded), "%s pad=%d", form, bytes - (int)message.len - 3);
		err = message_make(&message, padded, CALL_ID);
	}
	return err ? err : frame_make(frame, &from, &to, message.text, message.len, wrap);
}

/* One call, opened as a proxy opens it. */
static int open_call(struct bench *bench)
{
	static const char *const steps[][2] = {
		{ "caller>host", "INVITE 13 a> via=c1" },
		{ "host>gateway", "INVITE 13 a> via=p1,c1" },
		{ "gateway>host", "200 INVITE 13 a>b via=p1,c1" },
	};
	struct frame frame;
	__u32 verdict;
	int err = rig_reset(&bench->rig, NULL);

	for (int i = 0; !err && i < 3; i++) {
		err = make_frame(&frame, steps[i][0], steps[i][1], NULL, 0);
		err = err ? err
			  : rig_run(&bench->rig, i != 1, frame.bytes, frame.len, 1, &verdict, NULL);
	}
	return err ? err : rig_count(&bench->rig, "dialogs") == 1 ? 0 : -ENOENT;
}

static int measure_one(struct bench *bench, size_t i, __u32 *ns)
{
	const struct packet_class *class = &classes[i];
	int fd = bpf_program__fd(class->guarded ? bench->rig.skel->progs.cseqguard_in
						: bench->skel->progs.bench_pass);
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = bench->frames[i].bytes,
		    .data_size_in = bench->frames[i].len, .repeat = REPEAT);
	int err = bpf_prog_test_run_opts(fd, &opts);

	if (err)
		return err;
	if (opts.retval != class->verdict) {
		fprintf(stderr, "bench: %s: verdict %u, must be %u: see tests/run kernel\n",
			class->text, opts.retval, class->verdict);
		return -EPROTO;
	}
	*ns = opts.duration;
	rig_events(&bench->rig); /* rings that are full cost less */
	return 0;
}

static int by_value(const void *a, const void *b)
{
	const __u32 *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Classes take turns, so that whatever slows the machine slows all. */
static int measure(struct bench *bench)
{
	int err = open_call(bench);

	for (size_t i = 0; !err && i < CLASSES; i++)
		err = make_frame(&bench->frames[i], classes[i].path, classes[i].message,
				 classes[i].frame, classes[i].bytes);
	for (int round = -1; !err && round < ROUNDS; round++) /* one to warm up */
		for (size_t i = 0; !err && i < CLASSES; i++)
			err = measure_one(bench, i, &bench->ns[i][round < 0 ? 0 : round]);
	for (size_t i = 0; i < CLASSES; i++)
		qsort(bench->ns[i], ROUNDS, sizeof(__u32), by_value);
	return err;
}

static __u32 median(const struct bench *bench, size_t i)
{
	return bench->ns[i][ROUNDS / 2];
}

static void print_table(struct bench *bench)
{
	struct utsname system = { 0 };

	uname(&system);
	printf("Linux %s, medians of %d rounds of %d\n\n", system.release, ROUNDS, REPEAT);
	printf("%-40s %8s %8s\n", "packet", "ns", "x PASS");
	for (size_t i = 0; i < CLASSES; i++)
		printf("%-40s %8u %8.1f\n", classes[i].text, median(bench, i),
		       (double)median(bench, i) / (median(bench, 0) ? median(bench, 0) : 1));
	printf("\nverifier's walk: %d instructions in, %d out\n", rig_insns(&bench->rig, 1),
	       rig_insns(&bench->rig, 0));
}

static int write_json(struct bench *bench, const char *path)
{
	FILE *file = fopen(path, "w");
	int err;

	if (!file)
		return -errno;
	fprintf(file, "{");
	for (size_t i = 0; i < CLASSES; i++)
		fprintf(file, "\"%s_ns\": %u, ", classes[i].key, median(bench, i));
	fprintf(file, "\"verifier_insns\": %d, \"verifier_insns_out\": %d}\n",
		rig_insns(&bench->rig, 1), rig_insns(&bench->rig, 0));
	err = ferror(file) ? -EIO : 0;
	return fclose(file) ? -errno : err;
}

int main(int argc, char **argv)
{
	static struct bench bench;
	int err;

	if (geteuid()) {
		fprintf(stderr, "bench: BPF programs cannot be loaded: not root; use sudo\n");
		return 1;
	}
	setrlimit(RLIMIT_MEMLOCK, &(struct rlimit){ RLIM_INFINITY, RLIM_INFINITY });
	err = rig_open(&bench.rig, DIALOGS);
	bench.skel = err ? NULL : bench_bpf__open_and_load();
	err = err ? err : bench.skel ? measure(&bench) : -errno;
	if (err) {
		fprintf(stderr, "bench: it cannot be measured: %s\n", strerror(-err));
		goto out;
	}
	print_table(&bench);
	if (argc > 1 && (err = write_json(&bench, argv[1])))
		fprintf(stderr, "bench: %s cannot be written: %s\n", argv[1], strerror(-err));
out:
	bench_bpf__destroy(bench.skel);
	rig_close(&bench.rig);
	return !!err;
}
