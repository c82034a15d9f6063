/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The parts of a table of TCP cases. A case opens a dialog over UDP (INVITE 13, tags a and b), then
 * a connection of the caller to the host, and consists of steps:
 *
 * write     a message (message.h) is appended to the text that the caller sends
 * send      "FROM-TO word...": a segment with those bytes of the text. Without FROM: from where the
 *           last one ended; without TO: up to the end; TO may be +N. Words:
 *           unlike=N   byte N of the segment is another one
 *           syn fin rst noack urgent badsum vlan ipoptions extensions (60 of IPv6)
 *           stamps mptcp
 *           elsewhere  from another port of the caller
 * deliver   "FROM-TO": the caller's kernel sends them, past the programs, and the host's has them
 * attach    from here on, what the host sends goes through the program at tc
 * answer    the host sends a message; the verdict is that of what goes out
 * text      the host has sent text from its port
 * unlisten  the host listens no more
 * settings  the settings change
 *
 * verdict   "pass out_of_order rewritten": what becomes of the segment, and the counters that are
 *           raised, N*WORD if by N. "reset": dropped, but for an RST in its place
 * holds     texts that the segment has afterwards, separated by '|'
 * changed   bytes of the payload that were overwritten
 */
#ifndef TCP_CASE_H
#define TCP_CASE_H

#include <stdbool.h>
#include <stddef.h>

#include "check.h"
#include "harness.h"
#include "tcp_pair.h"

struct tcp_step {
	const char *what;
	const char *arg;
	const char *verdict;
	const char *holds;
	int changed;
};

struct tcp_case {
	const char *name;
	const char *settings; /* NULL: tcp=enforce */
	const char *path; /* NULL: caller>host */
	const struct tcp_step *steps; /* up to one without `what` */
};

#define TCP_TEXT_MAX 16384

/* A dialog, a connection, and what the caller writes. */
struct tcp_talk {
	struct harness *harness;
	struct tcp_pair pair;
	char call_id[32];
	char text[TCP_TEXT_MAX];
	size_t len;
	bool attached; /* what goes out is read */
	size_t sent; /* where the last segment of a table ended */
	size_t delivered; /* bytes that the host's socket has */
	struct tcp_result result; /* of the last segment */
};

/* Returns 0 or -errno. Call tcp_talk_end() in both cases. */
int tcp_talk_begin(struct tcp_talk *talk, struct harness *harness, const char *settings,
		   const char *path);
void tcp_talk_end(struct tcp_talk *talk);

int tcp_talk_write(struct tcp_talk *talk, const char *form);

/* Attaches the program of what goes out to loopback. -ENOENT: this kernel has no clsact. */
int tcp_talk_attach(struct tcp_talk *talk);

/* The host really sends a message, and the caller has it as it is. */
int tcp_talk_answer(struct tcp_talk *talk, const char *form);

/* Runs [from, to) of the text as a segment. */
int tcp_talk_send(struct tcp_talk *talk, size_t from, size_t to);

/* Returns how many bytes of the last segment, sent from `from`, are other than in the text. */
int tcp_talk_changed(const struct tcp_talk *talk, size_t from);

bool tcp_passed(const struct tcp_talk *talk);

/* Runs all cases with `pattern`; list: prints their names. */
void tcp_cases_run(struct harness *harness, const char *pattern, bool list,
		   void (*result)(bool good, const char *suite, const char *name));

/* The streams that no table holds. Each returns whether it is good. */
bool tcp_stream_cuts(struct harness *harness);
bool tcp_stream_bytes(struct harness *harness);
bool tcp_stream_many(struct harness *harness);
bool tcp_stream_too_many(struct harness *harness);
bool tcp_stream_body(struct harness *harness);
bool tcp_race(struct harness *harness);

#endif
