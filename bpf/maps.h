/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The maps. All of them are a part of the contract in include/cseqguard.h, pinned and visible to
 * the daemon; only `scratch` (scratch.h) is not. max_entries is the default: --max-dialogs changes
 * `dialogs` and `pending`, --ring-bytes the rings.
 */
#ifndef CG_MAPS_H
#define CG_MAPS_H

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "cseqguard.h"

/*
 * Calls that are guarded, from the 2xx on. The kernel inserts (dialog_create.h, invite_response.h)
 * and never deletes. The daemon deletes, after the row of the call is stored. If it is full, the
 * call goes to `overflow`.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, CG_DIALOGS_DEFAULT);
	__type(key, struct cg_dialog_key);
	__type(value, struct cg_dialog);
} dialogs SEC(".maps");

/*
 * Calls that found no room in `dialogs`. They are not guarded but still get a CDR. The kernel
 * inserts; the daemon stores the row and deletes. If it is full, the call has no CDR (overflow_full
 * is counted).
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, CG_OVERFLOW_MAX);
	__type(key, struct cg_dialog_key);
	__type(value, struct cg_dialog);
} overflow SEC(".maps");

/*
 * INVITEs that came in, by the caller's branch, until the host forwards or answers them. The kernel
 * inserts; LRU eviction deletes. If a flood evicts an entry, the host's INVITE counts as one
 * without a known caller.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, CG_INVITES_MAX);
	__type(key, struct cg_txn_key);
	__type(value, struct cg_invite);
} invites SEC(".maps");

/*
 * INVITEs that the host forwarded or answers itself, by the caller's branch; those of the host
 * itself, by its own. The kernel inserts; the daemon deletes some time after the final response, or
 * after the last sign of ringing. If it is full, a call may open unseen (pending_full is counted).
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, CG_PENDING_MAX);
	__type(key, struct cg_txn_key);
	__type(value, struct cg_invite);
} pending SEC(".maps");

/*
 * Branches under which the host sent an INVITE. Each names the note in `pending`. The kernel
 * inserts; the daemon deletes as in `pending`. If it is full, the 2xx of that branch opens no
 * dialog (pending_full is counted).
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, CG_BRANCHES_PER_NOTE *CG_PENDING_MAX /* cg_branches_max() */);
	__type(key, struct cg_txn_key);
	__type(value, struct cg_branch);
} branches SEC(".maps");

/*
 * The INVITEs that came in last, by Call-ID and From tag: four in a bucket. The kernel overwrites
 * the oldest. If a flood does so, a host that hides topology has an unseen caller.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, CG_JOINS_MAX);
	__type(key, __u32);
	__type(value, struct cg_join);
} joins SEC(".maps");

/*
 * Names of the host. Userspace inserts addresses and --host, the kernel what it learns. If it is
 * full, nothing more is learned.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, CG_HOSTS_MAX);
	__type(key, __u64);
	__type(value, struct cg_host_name);
} hosts SEC(".maps");

/* What the kernel has learned of the host: whether it hides topology. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cg_host_state);
} host_state SEC(".maps");

/*
 * Early dialogs: one entry for each To tag that was seen before its 2xx. The kernel inserts, and
 * deletes as the dialog opens; LRU eviction deletes, too. If a flood evicts an entry, counters that
 * were raised before the 2xx are lost.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, CG_EARLY_MAX);
	__type(key, struct cg_dialog_key);
	__type(value, struct cg_early);
} early SEC(".maps");

/*
 * Further addresses of legs that are no witness. The kernel inserts; LRU eviction deletes. If an
 * entry is evicted, the leg's new address counts as a foreign source.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, CG_ADDR_CHANGES_MAX);
	__type(key, struct cg_dialog_key);
	__type(value, struct cg_addr_change);
} addr_changes SEC(".maps");

/*
 * Addresses that answered in place of the one the host had sent to. For `status` only: no rule
 * reads it. The kernel inserts and counts; LRU eviction deletes.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, CG_UNEXPECTED_UAS_MAX);
	__type(key, __u8[16]);
	__type(value, struct cg_unexpected_uas);
} unexpected_uas SEC(".maps");

/* How full `dialogs` and `pending` are. The kernel adds; the daemon corrects. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cg_usage);
} usage SEC(".maps");

/*
 * How many of these entries each address has. The kernel inserts and adds; the daemon corrects; LRU
 * eviction deletes. If an entry is evicted, its address counts from 0 until the daemon corrects
 * that.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, CG_SHARES_MAX);
	__type(key, __u8[16]);
	__type(value, struct cg_share);
} shares SEC(".maps");

/*
 * Datagrams in fragments, by a keyed hash, and their bytes. The kernel overwrites the oldest of a
 * bucket once Linux has discarded it; nothing else is removed before. If a bucket is full, the
 * policy --fragments decides.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, CG_FRAGMENT_BUCKETS);
	__type(key, __u32);
	__type(value, struct cg_fragment_bucket);
} fragments SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, CG_FRAGMENT_BUCKETS *CG_FRAGMENT_SETS);
	__type(key, __u32);
	__type(value, __u8[CG_FRAGMENT_BYTES + CG_FRAGMENT_LOAD]);
} fragment_bytes SEC(".maps");

/*
 * When a fragment last passed that was not gathered, by a keyed hash. Two datagrams of one entry
 * make each other's first fragments subject to the policy.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, CG_FRAGMENT_LOOSE);
	__type(key, __u32);
	__type(value, __u32);
} fragment_loose SEC(".maps");

/* Prefixes of --gateway and --relay, and addresses of the host. Only userspace writes. */
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, CG_GATEWAYS_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct cg_prefix);
	__type(value, __u32);
} gateways SEC(".maps");

/* Settings. Userspace writes, the kernel reads. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cg_config);
} config SEC(".maps");

/* Names of the other hosts of the pair. Only userspace writes and reads. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, CG_PEERS_MAX);
	__type(key, __u32);
	__type(value, struct cg_peer);
} peers SEC(".maps");

/* The key of all hashes. Userspace writes once, the kernel reads. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cg_secret);
} secret SEC(".maps");

/* One counter for each reason and direction, and totals. Only the kernel writes. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cg_counters);
} counters SEC(".maps");

/*
 * Events of each CPU so far. Pinned, so that the programs of an upgrade continue to count: no two
 * rows have one `seq`.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} event_seq SEC(".maps");

/*
 * Changes of dialogs. If it is full, events_lost is counted and the daemon scans `dialogs` again.
 */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, CG_EVENTS_BYTES);
} events SEC(".maps");

/* Violations. If it is full, alerts_lost is counted. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, CG_ALERTS_BYTES);
} alerts SEC(".maps");

#endif
