// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * The bench that decides: what each class of packet costs beside a program that only passes, what a
 * BYE costs among a million dialogs, and what they take. Through BPF_PROG_TEST_RUN, in one process.
 *
 *         bench [JSON-FILE]       bench --check           measures nothing: does each class still
 * go the way that it is named after?
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "classes.h"
#include "million.h"
#include "report.h"
#include "scaling.h"
#include "upkeep.h"

#define DIALOGS (1 << 20)

static void report_walk(struct bench *bench)
{
	report_figure("verifier_insns", "verifier's walk, the way in", "insns",
		      harness_insns(&bench->harness, "cseqguard_in"), 0);
	report_figure("verifier_insns_out", "... the way out", "insns",
		      harness_insns(&bench->harness, "cseqguard_out"), 0);
}

static int measure(struct bench *bench)
{
	struct utsname system = { 0 };
	int err = bench_open(bench, DIALOGS);

	if (err)
		return err;
	uname(&system);
	printf("Linux %s, medians of %d rounds of %d packets, alerts over their limit\n",
	       system.release, ROUNDS, REPEAT);
	err = classes_run(bench);
	err = err ? err : million_run(bench);
	err = err ? err : scaling_run(bench, MILLION);
	err = err ? err : upkeep_run(bench, MILLION);
	if (!err)
		report_walk(bench);
	return err;
}

static int check(struct bench *bench)
{
	int err = bench_open(bench, 1 << 10);

	err = err ? err : classes_check(bench);
	if (err < 0)
		fprintf(stderr, "bench: it cannot be checked: %s\n", strerror(-err));
	return err;
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
	if (argc > 1 && !strcmp(argv[1], "--check")) {
		err = check(&bench);
		bench_close(&bench);
		return !!err;
	}
	err = measure(&bench);
	if (err)
		fprintf(stderr, "bench: it cannot be measured: %s\n", strerror(-err));
	if (!err && argc > 1 && (err = report_write(argv[1])))
		fprintf(stderr, "bench: %s cannot be written: %s\n", argv[1], strerror(-err));
	bench_close(&bench);
	return !!err;
}
