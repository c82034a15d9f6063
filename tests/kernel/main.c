// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * The kernel tests: tables of packets through BPF_PROG_TEST_RUN, results as TAP.
 *
 *	kernel_test [-l] [PATTERN]	all cases, or those with PATTERN in "suite: name"; -l lists
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "capture_replay.h"
#include "case.h"
#include "check.h"
#include "frame.h"
#include "interfaces.h"
#include "limits.h"
#include "race.h"
#include "tcp_case.h"
#include "report.h"
#include "reuse.h"
#include "native_match.h"
#include "peer.h"
#include "vector_cases.h"

#define DIALOGS 4096
#define CASE_NS 1000000000ULL /* a case that takes longer has other times than its table */
#define CASE_TRIES 20

extern const struct suite share, order, opening, evidence, evidence_rules, legs, addr_change,
	after_end, answer, interface, observe, parser, packet, fragment, attack, stale_bye,
	unseen_start, field, chosen, hep, peer;
static const struct suite *const suites[] = {
	&share,	    &order,	&opening,      &evidence, &evidence_rules, &legs,   &addr_change,
	&after_end, &interface, &observe,      &parser,	  &packet,	   &answer, &fragment,
	&attack,    &stale_bye, &unseen_start, &field,	  &chosen,	   &hep,    &peer,
};

static int number, failed;
static struct utsname machine;

static void result(bool good, const char *suite, const char *name)
{
	int release = strspn(machine.release, "0123456789.");

	failed += !good;
	printf("%sok %d - kernel %.*s/%s: %s\n", good ? "" : "not ", ++number, release,
	       machine.release, suite, name);
	fflush(stdout);
}

static __u64 boottime(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

/* Ages all dialogs, and the labels of the case, by this number of seconds. */
static bool let_pass(struct run *run, struct message *message, unsigned long seconds)
{
	__u64 ns = seconds * 1000000000ULL;

	*message = (struct message){ 0 };
	for (int i = 0; i < run->n_labels; i++) {
		run->labels[i].before -= ns;
		run->labels[i].after -= ns;
	}
	if (harness_age(run->harness, ns))
		return wrong("the dialogs do not age");
	if (frame_case_has_fragments() && harness_age_fragments(run->harness, ns))
		return wrong("the fragments do not age");
	return true;
}

static int run_message(struct run *run, const struct frame *frame)
{
	if (run->reported)
		return report_run(run->harness, &run->from, &run->to, run->in, run->message->text,
				  run->message->len, &run->retval);
	return harness_run(run->harness, run->in, frame->bytes, frame->len, 1, &run->retval, NULL);
}

/* Runs one step. A mistake in the table is a failure. */
static bool run_step(struct run *run, struct message *message, const struct step *step,
		     const char *call_id)
{
	static struct frame frame;
	char sent_by[HOST_SENT_BY];
	int err;

	if (!strcmp(step->path, "later"))
		return let_pass(run, message, strtoul(step->message, NULL, 10));
	if (!strcmp(step->path, "retired")) {
		*message = (struct message){ 0 };
		return !harness_retire(run->harness) || wrong("the dialogs stay");
	}
	if (!strcmp(step->path, "failover")) {
		*message = (struct message){ 0 };
		return !peer_take_over(run->harness) || wrong("no other host has the dialogs");
	}
	err = endpoint_path(step->path, &run->from, &run->to, &run->in);
	if (!err)
		host_sent_by(&run->from, sent_by);
	err = err ? err : message_make(message, step->message, call_id, sent_by);
	run->reported = step->frame && !strcmp(step->frame, "hep");
	err = err ? err
		  : frame_make(&frame, &run->from, &run->to, message->text, message->len,
			       run->reported ? NULL : step->frame);
	if (err)
		return wrong("the table's step is not understood");
	run->frame = &frame;
	run->wrap = step->frame;
	run->harness->ifindex = run->in ? run->from.ifindex : run->to.ifindex;
	err = harness_counters(run->harness, &run->before);
	run->now.before = boottime();
	err = err ? err : run_message(run, &frame);
	run->now.after = boottime();
	err = err ? err : harness_counters(run->harness, &run->after);
	err = err ? err : harness_events(run->harness);
	if (err)
		return wrong("it cannot be run: %s", strerror(-err));
	if (*message->label && run->n_labels < LABELS_MAX) {
		snprintf(run->now.label, sizeof(run->now.label), "%s", message->label);
		run->labels[run->n_labels++] = run->now;
	}
	return true;
}

static bool wrong_step(const struct step *step, int n)
{
	return wrong("in step %d: %s \"%.*s\" %s", n, step->path,
		     (int)strcspn(step->message, "\r\n"), step->message,
		     step->frame ? step->frame : "");
}

static bool run_case(struct harness *harness, const struct test_case *test)
{
	static struct message message;
	struct run run = { .harness = harness, .message = &message };
	int err = harness_reset(harness, test->settings);
	char call_id[32];
	int n = 0;

	message_forget();
	frame_begin_case();
	err = err ? err : harness_counters(harness, &run.start);
	snprintf(call_id, sizeof(call_id), "call-%d@caller.example", number + 1);
	if (err || !test->steps->path)
		return wrong("settings '%s': %s", test->settings, strerror(-err));
	for (const struct step *step = test->steps; step->path; step++) {
		bool good = run_step(&run, &message, step, call_id);

		n++;
		if (good && !step->verdict)
			continue;
		good = good && check_verdict(&run, step->verdict) &
				       check_events(&run, step->events) &
				       check_dialog(&run, step->then);
		if (!good)
			return wrong_step(step, n);
	}
	return true;
}

/* A busy machine can hold a case up between two steps. Then a failure says nothing: the case runs again. */
static bool run_in_time(struct harness *harness, const struct test_case *test)
{
	for (int tries = 1;; tries++) {
		__u64 begin = boottime();

		if (run_case(harness, test))
			return true;
		if (boottime() - begin < CASE_NS || tries == CASE_TRIES)
			return false;
		printf("#   the case took more than a second: it runs again\n");
	}
}

static void run_suites(struct harness *harness, const char *pattern, bool list)
{
	char full[256];

	for (size_t i = 0; i < sizeof(suites) / sizeof(*suites); i++)
		for (const struct test_case *test = suites[i]->cases; test->name; test++) {
			snprintf(full, sizeof(full), "%s: %s", suites[i]->name, test->name);
			if (pattern && !strstr(full, pattern))
				continue;
			if (list)
				puts(full);
			else
				result(run_in_time(harness, test), suites[i]->name, test->name);
		}
}

static void load(struct harness *harness)
{
	struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };
	int err;

	setrlimit(RLIMIT_MEMLOCK, &all);
	uname(&machine);
	printf("# Linux %s\n", machine.release);
	err = harness_open(harness, DIALOGS);
	result(!err || wrong("%s", strerror(-err)), "load", "the verifier takes both programs");
	if (err) {
		printf("1..%d\n", number);
		exit(1);
	}
	printf("# verifier: cseqguard_in %d instructions, cseqguard_out %d, cseqguard_tcp_message "
	       "%d\n",
	       harness_insns(harness, "cseqguard_in"), harness_insns(harness, "cseqguard_out"),
	       harness_insns(harness, "cseqguard_tcp_message"));
	result(!harness->without_btf, "load", "every map keeps its types (BTF)");
}

int main(int argc, char **argv)
{
	bool list = argc > 1 && !strcmp(argv[1], "-l");
	const char *pattern = argc > 1 + list ? argv[1 + list] : NULL;
	struct harness harness;
	int err;

	if (list) {
		run_suites(NULL, pattern, true);
		tcp_cases_run(NULL, pattern, true, result);
		return 0;
	}
	if (geteuid()) {
		fprintf(stderr, "kernel_test: BPF programs cannot be loaded: not root; use sudo\n");
		return 1;
	}
	load(&harness);
	err = interfaces_make();
	err = err ? err : harness_attach(&harness, "outside");
	result(!err || wrong("a pair of veth: %s", strerror(-err)), "load",
	       "the interfaces outside and inside exist");
	run_suites(&harness, pattern, false);
	harness.ifindex = 0;
	if (!pattern) {
		limits_run(&harness, result);
		race_run(&harness, result);
		reuse_run(&harness, result);
		peer_run(&harness, result);
		native_match_run(result);
		vector_cases_run(result);
		report_checks(&harness, result);
		capture_replay_run(&harness, result);
	}
	tcp_cases_run(&harness, pattern, false,
		      result); /* last: their race uses up a second's alerts */
	report_close();
	harness_close(&harness);
	printf("1..%d\n", number);
	return failed || number < 3;
}
