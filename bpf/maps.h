/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The maps, all but `scratch` part of the contract (include/cseqguard.h). Sizes are what the loader
 * starts from: --max-dialogs changes `dialogs` and `pending`, --ring-bytes the rings.
 */
#ifndef CG_MAPS_H
#define CG_MAPS_H

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "cseqguard.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, CG_DIALOGS_DEFAULT);
	__type(key, struct cg_dialog_key);
	__type(value, struct cg_dialog);
} dialogs SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, CG_OVERFLOW_MAX);
	__type(key, struct cg_dialog_key);
	__type(value, struct cg_dialog);
} overflow SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, CG_INVITES_MAX);
	__type(key, struct cg_txn_key);
	__type(value, struct cg_invite);
} invites SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, CG_PENDING_MAX);
	__type(key, struct cg_txn_key);
	__type(value, struct cg_invite);
} pending SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, CG_EARLY_MAX);
	__type(key, struct cg_dialog_key);
	__type(value, struct cg_early);
} early SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, CG_ADDR_CHANGES_MAX);
	__type(key, struct cg_dialog_key);
	__type(value, struct cg_addr_change);
} addr_changes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, CG_UNEXPECTED_UAS_MAX);
	__type(key, __u8[16]);
	__type(value, struct cg_unexpected_uas);
} unexpected_uas SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, CG_GATEWAYS_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct cg_prefix);
	__type(value, __u32);
} gateways SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cg_config);
} config SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cg_counters);
} counters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, CG_EVENTS_BYTES);
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, CG_ALERTS_BYTES);
} alerts SEC(".maps");

#endif
