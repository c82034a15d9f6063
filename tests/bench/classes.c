// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "classes.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "report.h"

#define NEW_CALLS 0x80000000 /* numbers that no dialog has */
/* Tables are laid out by hand. */
/* clang-format off */
#define HOT { BENCH_NUMBER, 1, 0, 0 } /* the call of open_call() */
#define NEW { NEW_CALLS, BENCH_NUMBER - NEW_CALLS, 0, 0 }

/* What a class is, and how it is measured: guarded alike, but where a packet must be a new one. */
static const struct packet_class {
	const char *path, *message, *wrap;
	size_t bytes;
	struct report_budget budget;
	struct subject subject;
} classes[] = {
	{ "caller>host", "=x", NULL, 0, NO_BUDGET,
	  { .key = "pass", .text = "a program that returns PASS", .entry = PASS,
	    .repeat = REPEAT_LIGHT } },
	{ "caller>host", "BYE 10 a>b via=c8", NULL, 630, NO_BUDGET,
	  { .key = "floor_hot", .text = "the floor: copies 630 bytes, counts lines, looks up",
	    .entry = FLOOR, .repeat = REPEAT } },
	{ "caller:80>host:443", "=xxxxxxxxxxxxxxxx", "tcp", 0, NO_BUDGET,
	  { .key = "not_udp", .text = "not UDP: TCP, other ports", .entry = GUARD,
	    .repeat = REPEAT_LIGHT, .reason = CG_R_NOT_UDP } },
	{ "caller:4000>host:4002", "=x", NULL, 172, { .pass = 1.5 },
	  { .key = "other_port", .text = "UDP to another port: RTP, 172 bytes", .entry = GUARD,
	    .repeat = REPEAT_LIGHT, .reason = CG_R_OTHER_PORT } },
	{ "caller>host", "=\r\n\r\n", NULL, 0, NO_BUDGET,
	  { .key = "keepalive", .text = "keep-alive", .entry = GUARD, .repeat = REPEAT_LIGHT,
	    .reason = CG_R_KEEPALIVE } },
	{ "caller>host", "=x", NULL, 630, NO_BUDGET,
	  { .key = "malformed", .text = "630 bytes that are no SIP", .entry = GUARD,
	    .repeat = REPEAT, .reason = CG_R_NOT_SIP } },
	{ "caller>host", "REGISTER 1 r> via=r1", NULL, 630, NO_BUDGET,
	  { .key = "register", .text = "REGISTER, 630 bytes", .entry = GUARD, .repeat = REPEAT,
	    .reason = CG_R_OUT_OF_DIALOG } },
	{ "caller>host", "OPTIONS 1 r> via=r2", NULL, 630, NO_BUDGET,
	  { .key = "options", .text = "OPTIONS, 630 bytes", .entry = GUARD, .repeat = REPEAT,
	    .reason = CG_R_OUT_OF_DIALOG } },
	{ "caller>host", "INVITE 1 i> via=i1", NULL, 400, NO_BUDGET,
	  { .key = "invite_400", .text = "INVITE of a new call, 400 bytes", .entry = RANDOM,
	    .less = RANDOM_ONLY, .repeat = REPEAT, .range = NEW, .reason = CG_R_INVITE } },
	{ "caller>host", "INVITE 1 i> via=i1", NULL, 800, { .floor = 5 },
	  { .key = "invite_800", .text = "... 800 bytes", .entry = RANDOM, .less = RANDOM_ONLY,
	    .repeat = REPEAT, .range = NEW, .reason = CG_R_INVITE } },
	{ "caller>host", "INVITE 1 i> via=i1", NULL, 1400, NO_BUDGET,
	  { .key = "invite_1400", .text = "... 1,400 bytes", .entry = RANDOM, .less = RANDOM_ONLY,
	    .repeat = REPEAT, .range = NEW, .reason = CG_R_INVITE } },
	{ "gateway>host", "200 INVITE 13 a>b via=p1,c1", NULL, 630, NO_BUDGET,
	  { .key = "answer", .text = "2xx to INVITE of a known dialog, 630 bytes", .entry = GUARD,
	    .repeat = REPEAT, .reason = CG_R_IN_DIALOG } },
	{ "caller>host", "ACK 13 a>b via=c2", NULL, 630, NO_BUDGET,
	  { .key = "ack", .text = "ACK, 630 bytes", .entry = GUARD, .repeat = REPEAT,
	    .reason = CG_R_IN_DIALOG } },
	{ "caller>host", "BYE " BENCH_RISING " a>b via=c9", NULL, 630, NO_BUDGET,
	  { .key = "bye_in_order", .text = "BYE in order, 630 bytes", .entry = RANDOM,
	    .less = RANDOM_ONLY, .repeat = REPEAT, .range = HOT, .reason = CG_R_BYE } },
	{ "caller>host", "BYE 10 a>b via=c8", NULL, 630, { .floor = 2.5 },
	  { .key = "bye", .text = "BYE out of order, 630 bytes", .entry = GUARD, .repeat = REPEAT,
	    .reason = CG_R_OUT_OF_ORDER, .verdict = XDP_DROP } },
	{ "caller>host", "BYE 10 z>b via=c8", NULL, 630, NO_BUDGET,
	  { .key = "bye_unknown", .text = "BYE of an unknown dialog, 630 bytes", .entry = GUARD,
	    .repeat = REPEAT, .reason = CG_R_UNKNOWN_DIALOG } },
	{ "caller>host", "BYE 10 a>b via=c8", "first=480", 630, NO_BUDGET,
	  { .key = "first_fragment", .text = "first fragment of a BYE, 472 bytes, again",
	    .entry = GUARD, .repeat = REPEAT, .reason = CG_R_FRAGMENT } },
	{ "gateway>host", "BYE 10 a>b via=c8", "later=480", 630, NO_BUDGET,
	  { .key = "later_fragment", .text = "later fragment, again", .entry = GUARD,
	    .repeat = REPEAT_LIGHT, .reason = CG_R_FRAGMENT } },
};
/* clang-format on */
#define CLASSES (sizeof(classes) / sizeof(*classes))
enum { PASS_CLASS, FLOOR_CLASS }; /* the first two */

/* As a proxy opens it. */
static int open_call(struct bench *bench)
{
	static const char *const steps[][2] = {
		{ "caller>host", "INVITE 13 a> via=c1" },
		{ "host>gateway", "INVITE 13 a> via=p1,c1" },
		{ "gateway>host", "200 INVITE 13 a>b via=p1,c1" },
	};
	static struct bench_packet packet;
	__u32 verdict;
	int err = 0;

	for (size_t i = 0; !err && i < sizeof(steps) / sizeof(*steps); i++) {
		err = bench_packet_make(&packet, steps[i][0], steps[i][1], NULL, 0);
		err = err ? err
			  : harness_run(&bench->harness, packet.in, packet.frame.bytes,
					packet.frame.len, 1, &verdict, NULL);
	}
	return err ? err : harness_count(&bench->harness, "dialogs") == 1 ? 0 : -ENOENT;
}

static int make_subjects(struct subject subjects[CLASSES])
{
	static struct bench_packet packets[CLASSES];
	int err = 0;

	for (size_t i = 0; !err && i < CLASSES; i++) {
		const struct packet_class *class = &classes[i];

		err = bench_packet_make(&packets[i], class->path, class->message, class->wrap,
					class->bytes);
		subjects[i] = class->subject;
		subjects[i].packet = &packets[i];
		if (!subjects[i].verdict)
			subjects[i].verdict = XDP_PASS;
	}
	return err;
}

int classes_check(struct bench *bench)
{
	static struct subject subjects[CLASSES];
	int err = open_call(bench), wrong = 0;

	err = err ? err : make_subjects(subjects);
	for (size_t i = 0; !err && i < CLASSES; i++) {
		int missed = bench_check(bench, &subjects[i]);

		wrong += missed != 0;
		printf("%sok %zu - bench/classes: %s\n", missed ? "not " : "", i + 1,
		       subjects[i].text);
	}
	printf("1..%zu\n", CLASSES);
	return err ? err : wrong;
}

int classes_run(struct bench *bench)
{
	static struct subject subjects[CLASSES];
	struct report_unit unit;
	int err = open_call(bench);

	err = err ? err : make_subjects(subjects);
	err = err ? err : bench_measure(bench, subjects, CLASSES);
	err = err ? err : harness_retire(&bench->harness);
	if (err)
		return err;
	unit.pass = bench_median(&subjects[PASS_CLASS]);
	unit.floor = bench_median(&subjects[FLOOR_CLASS]);
	report_heading("one packet over and over");
	for (size_t i = 0; i < CLASSES; i++) {
		double ns = bench_median(&subjects[i]);

		report_ns(subjects[i].key, subjects[i].text, ns, &unit, &classes[i].budget);
		if (!strcmp(subjects[i].key, "bye"))
			report_keep_ns("bye_hot", ns);
	}
	return 0;
}
