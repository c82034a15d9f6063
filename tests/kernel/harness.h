/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The guard under test: the shipped BPF object, loaded, and its maps. */
#ifndef HARNESS_H
#define HARNESS_H

#include <bpf/libbpf.h>
#include <stddef.h>

#include "cseqguard.h"

#define HARNESS_EVENTS_MAX 64
#define HARNESS_DIALOGS_MAX 64

struct guard;

struct harness {
	struct guard *skel;
	struct ring_buffer *events;
	struct ring_buffer *alerts;
	struct cg_event got[HARNESS_EVENTS_MAX]; /* of harness_events() */
	size_t n_got;
	size_t n_seen; /* with those that found no room in `got` */
	size_t n_type[CG_EVENTS]; /* ... by type */
	__u32 ifindex; /* that packets come in or go out through; 0: loopback */
	int without_btf; /* libbpf gave a map up to the kernel without its types */
};

struct harness_counters { /* as cg_counters, over all CPUs, told apart by number */
	__u64 in[CG_REASONS];
	__u64 out[CG_REASONS];
	__u64 dropped, would_drop, would_drop_accepted, would_drop_refused;
	__u64 events_lost, alerts_lost, alerts_limited;
};

/*
 * 0 or -errno, with libbpf's words on stderr. Closed by harness_close() in either case. Of more than
 * 4,096 dialogs the other maps have the sizes that ship.
 */
int harness_open(struct harness *harness, __u32 max_dialogs);
void harness_close(struct harness *harness);

/*
 * Empties maps and rings, and sets the policies from words: equal=drop|pass, source=observe|strict,
 * mode=enforce|observe, fragments=strict|pass, strict_interface=off|on, ports=5060,5062,
 * gateways=NAME,NAME|none. Without words: equal=drop source=observe and else the first of each,
 * port 5060, 198.51.100.0/24 and 2001:db8:51::/48. 0 or -errno.
 */
int harness_reset(struct harness *harness, const char *settings);

/*
 * Attaches the program of the way in to an interface that carries nothing: what is attached nowhere
 * enters and leaves the kernel's dispatcher at each run, which waits for RCU twice. 0 or -errno.
 */
int harness_attach(struct harness *harness, const char *interface);

/* One frame on the way in or out, `repeat` times; *ns: mean time, may be NULL. 0 or -errno. */
int harness_run(struct harness *harness, int in, const void *frame, size_t len, int repeat,
		__u32 *retval, __u32 *ns);

int harness_counters(struct harness *harness, struct harness_counters *sum);
int harness_zero_counters(struct harness *harness);

/* What came over the rings since the last time, `events` before `alerts`, into harness->got. */
int harness_events(struct harness *harness);

/* Up to HARNESS_DIALOGS_MAX values; returns how many, or -errno. */
int harness_dialogs(struct harness *harness, struct cg_dialog *dialogs);

/* How often this address answered in another's place (map `unexpected_uas`), or -errno. */
long long harness_answers(struct harness *harness, const __u8 addr[16]);

/* Entries of a map by its name in maps.h, or -errno. */
int harness_count(struct harness *harness, const char *map);

/* INVITEs in `pending` that are noted as done, which userspace may sweep; or -errno. */
int harness_done(struct harness *harness);

/* When an INVITE in `pending` was last put there, or rang; 0: none. */
__u64 harness_rang(struct harness *harness);

/* Moves all times of all dialogs back by so many nanoseconds. 0 or -errno. */
int harness_age(struct harness *harness, __u64 ns);

/* Deletes all dialogs, as the agent does. */
int harness_retire(struct harness *harness);

/* Fills a map with entries of no meaning until it takes no more; returns how many, or -errno. */
int harness_fill(struct harness *harness, const char *map);

/* Deletes the first entry of a map, or has its value. 0 or -errno. */
int harness_drop_one(struct harness *harness, const char *map);
int harness_first(struct harness *harness, const char *map, void *value);

/* How many instructions the verifier walked, or -errno. in: of the way in. */
int harness_insns(struct harness *harness, int in);

#endif
