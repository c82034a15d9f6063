/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The guard under test: the shipped BPF object, loaded, and its maps. */
#ifndef RIG_H
#define RIG_H

#include <bpf/libbpf.h>
#include <stddef.h>

#include "cseqguard.h"

#define RIG_EVENTS_MAX 64
#define RIG_DIALOGS_MAX 64

struct guard;

struct rig {
	struct guard *skel;
	struct ring_buffer *events;
	struct ring_buffer *alerts;
	struct cg_event got[RIG_EVENTS_MAX]; /* of rig_events() */
	size_t n_got;
	size_t n_seen; /* with those that found no room in `got` */
	size_t n_type[CG_EVENTS]; /* ... by type */
	__u32 ifindex; /* that packets come in or go out through; 0: loopback */
	int without_btf; /* libbpf gave a map up to the kernel without its types */
};

struct rig_counters { /* as cg_counters, over all CPUs, told apart by number */
	__u64 in[CG_REASONS];
	__u64 out[CG_REASONS];
	__u64 dropped, would_drop, would_drop_accepted, would_drop_refused;
	__u64 events_lost, alerts_lost, alerts_limited;
};

/*
 * 0 or -errno, with libbpf's words on stderr. Closed by rig_close() in either case. Of more than
 * 4,096 dialogs the other maps have the sizes that ship.
 */
int rig_open(struct rig *rig, __u32 max_dialogs);
void rig_close(struct rig *rig);

/*
 * Empties maps and rings, and sets the policies from words: equal=drop|pass, source=observe|strict,
 * mode=enforce|observe, fragments=strict|pass, strict_interface=off|on, ports=5060,5062,
 * gateways=NAME,NAME|none. Without words: equal=drop source=observe and else the first of each,
 * port 5060, 198.51.100.0/24 and 2001:db8:51::/48. 0 or -errno.
 */
int rig_reset(struct rig *rig, const char *settings);

/*
 * Attaches the program of the way in to an interface that carries nothing: what is attached nowhere
 * enters and leaves the kernel's dispatcher at each run, which waits for RCU twice. 0 or -errno.
 */
int rig_attach(struct rig *rig, const char *interface);

/* One frame on the way in or out, `repeat` times; *ns: mean time, may be NULL. 0 or -errno. */
int rig_run(struct rig *rig, int in, const void *frame, size_t len, int repeat, __u32 *retval,
	    __u32 *ns);

int rig_counters(struct rig *rig, struct rig_counters *sum);
int rig_zero_counters(struct rig *rig);

/* What came over the rings since the last time, `events` before `alerts`, into rig->got. */
int rig_events(struct rig *rig);

/* Up to RIG_DIALOGS_MAX values; returns how many, or -errno. */
int rig_dialogs(struct rig *rig, struct cg_dialog *dialogs);

/* How often this address answered in another's place (map `unexpected_uas`), or -errno. */
long long rig_answers(struct rig *rig, const __u8 addr[16]);

/* Entries of a map by its name in maps.h, or -errno. */
int rig_count(struct rig *rig, const char *map);

/* INVITEs in `pending` that are noted as done, which userspace may sweep; or -errno. */
int rig_done(struct rig *rig);

/* When an INVITE in `pending` was last put there, or rang; 0: none. */
__u64 rig_rang(struct rig *rig);

/* Moves all times of all dialogs back by so many nanoseconds. 0 or -errno. */
int rig_age(struct rig *rig, __u64 ns);

/* Deletes all dialogs, as the agent does. */
int rig_retire(struct rig *rig);

/* Fills a map with entries of no meaning until it takes no more; returns how many, or -errno. */
int rig_fill(struct rig *rig, const char *map);

/* Deletes the first entry of a map, or has its value. 0 or -errno. */
int rig_drop_one(struct rig *rig, const char *map);
int rig_first(struct rig *rig, const char *map, void *value);

/* How many instructions the verifier walked, or -errno. in: of the way in. */
int rig_insns(struct rig *rig, int in);

#endif
