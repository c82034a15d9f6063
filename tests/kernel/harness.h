/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The guard under test: loads the shipped BPF object, runs packets, reads its maps. */
#ifndef HARNESS_H
#define HARNESS_H

#include <bpf/libbpf.h>
#include <stdbool.h>
#include <stddef.h>

#include "cseqguard.h"

#define HARNESS_EVENTS_MAX 64
#define HARNESS_DIALOGS_MAX 64
#define HARNESS_FRAME_MAX 16384

struct guard;

struct harness {
	struct guard *skel;
	struct ring_buffer *events;
	struct ring_buffer *alerts;
	struct cg_event got[HARNESS_EVENTS_MAX]; /* of harness_events() */
	size_t n_got;
	size_t n_seen; /* including those that did not fit into `got` */
	size_t n_type[CG_EVENTS]; /* ... by type */
	__u32 ifindex; /* interface of the packets; 0: loopback */
	int without_btf; /* libbpf created a map without BTF */
	__u8 left[HARNESS_FRAME_MAX]; /* the frame as the program has left it */
	size_t left_len;
};

struct harness_counters { /* struct cg_counters summed over all CPUs */
	__u64 in[CG_REASONS];
	__u64 out[CG_REASONS];
	__u64 dropped, answered, would_drop, would_drop_accepted, would_drop_refused, rewritten;
	__u64 events_lost, alerts_lost, alerts_limited;
};

/*
 * Loads the object. Returns 0 or -errno, with libbpf's messages on stderr. Call harness_close() in
 * both cases. With more than 4,096 dialogs the other maps have their default sizes, else smaller
 * ones.
 */
int harness_open(struct harness *harness, __u32 max_dialogs);
void harness_close(struct harness *harness);

/*
 * Empties maps and rings, and applies settings: equal=drop|pass, source=observe|strict,
 * mode=enforce|observe, tcp=off|observe|enforce, fragments=strict|pass, strict_interface=off|on, ports=5060,5062,
 * refuse=drop|answer, gateways=NAME,NAME|none, relays=NAME,NAME, hides=on|off, max=N (max_dialogs), share=N, used=N,
 * used_pending=N and used_branches=N (what map `usage` says). Defaults: the first value of each, port 5060, gateways 198.51.100.0/24
 * and 2001:db8:51::/48. Returns 0 or -errno.
 */
int harness_reset(struct harness *harness, const char *settings);

/* Applies settings alone, as harness_reset() does. */
int harness_set(struct harness *harness, const char *settings);

/*
 * Attaches the ingress program to an idle interface. A program that is attached nowhere is added to
 * and removed from the kernel's dispatcher at each test run, which waits for RCU twice. Returns 0
 * or -errno.
 */
int harness_attach(struct harness *harness, const char *interface);

/* Runs one frame `repeat` times. *ns: mean time, may be NULL. Returns 0 or -errno. */
int harness_run(struct harness *harness, int in, const void *frame, size_t len, int repeat,
		__u32 *retval, __u32 *ns);

/*
 * Runs an ingress TCP segment through all programs of the hook, in the same memory: `frame` has the
 * rewritten bytes. The caller stays on one CPU. Returns 0 or -errno.
 */
int harness_run_tcp(struct harness *harness, void *frame, size_t *len, __u32 *verdict);

/*
 * What goes out by loopback goes through the program for TCP. Returns 0 or -errno; -ENOENT: this
 * kernel has no clsact.
 */
int harness_attach_tcp(struct harness *harness);
void harness_detach_tcp(struct harness *harness);

/* The host has sent text over TCP from this port. Returns 0 or -errno. */
int harness_note_text(struct harness *harness, __u16 port);

int harness_counters(struct harness *harness, struct harness_counters *sum);
int harness_zero_counters(struct harness *harness);

/* Reads new events into harness->got, those of `events` before those of `alerts`. */
int harness_events(struct harness *harness);

/* Reads up to HARNESS_DIALOGS_MAX dialogs. Returns their number, or -errno. */
int harness_dialogs(struct harness *harness, struct cg_dialog *dialogs);

/* Returns the count of this address in `unexpected_uas`, or -errno. */
long long harness_answers(struct harness *harness, const __u8 addr[16]);

/* Returns the number of entries of a map in maps.h, or -errno. */
int harness_count(struct harness *harness, const char *map);

/* Returns the number of INVITEs in `pending` that are done, or -errno. */
int harness_done(struct harness *harness);

/* Returns the latest `renewed` of the INVITEs in `pending`; 0: none. */
__u64 harness_rang(struct harness *harness);

/* Moves all times of all dialogs back by `ns`. Returns 0 or -errno. */
int harness_age(struct harness *harness, __u64 ns);

/* ... of the datagrams in fragments. */
int harness_age_fragments(struct harness *harness, __u64 ns);

/* Deletes all dialogs, as the daemon does. */
int harness_retire(struct harness *harness);

/* Fills a map with dummy entries. Returns their number, or -errno. */
int harness_fill(struct harness *harness, const char *map);

/* Deletes the first entry of a map, or reads its value. Returns 0 or -errno. */
int harness_drop_one(struct harness *harness, const char *map);
int harness_first(struct harness *harness, const char *map, void *value);

/* Returns the number of instructions of this program that the verifier walked, or -errno. */
int harness_insns(struct harness *harness, const char *program);

/*
 * Returns what check() returns in a child process of a user without privileges, to which `ctx` is
 * passed. No result of it comes back but this.
 */
bool harness_as_nobody(struct harness *harness,
		       bool (*check)(struct harness *harness, const void *ctx), const void *ctx);

#endif
