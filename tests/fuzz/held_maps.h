/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The maps as they were before a packet, and what is known about the packet: what the invariants compare.
 * A part of frame_fuzz.c, included by invariants.h.
 */
#ifndef HELD_MAPS_H
#define HELD_MAPS_H

#define HELD_MAP(type, key_type)                                                                   \
	struct {                                                                                   \
		__u8 used[NATIVE_ENTRIES];                                                         \
		key_type keys[NATIVE_ENTRIES];                                                     \
		type values[NATIVE_ENTRIES];                                                       \
	}

struct held { /* a copy of the maps */
	HELD_MAP(struct cg_dialog, struct cg_dialog_key) dialogs;
	HELD_MAP(struct cg_dialog, struct cg_dialog_key) overflow;
	HELD_MAP(struct cg_invite, struct cg_txn_key) pending;
	HELD_MAP(struct cg_branch, struct cg_txn_key) branches;
	HELD_MAP(struct cg_early, struct cg_dialog_key) early;
	HELD_MAP(struct cg_addr_change, struct cg_dialog_key) addr_changes;
	HELD_MAP(struct cg_host_name, __u64) hosts;
	struct cg_host_state host_state;
};

static struct {
	struct cg_counters counters;
	struct held held;
	int events[CG_EVENTS]; /* of this packet */
	int spiraled; /* an INVITE of this input came back to the host */
	int answered; /* this packet became an answer */
	struct cg_dialog *reused; /* another CPU has given the element out again; NULL: none */
} before;

/* One packet: what it is, and what became of it. */
struct passage {
	int in;
	int dropped;
	int reason; /* enum cg_reason */
	int action; /* enum cg_action */
	const struct msg_info *info; /* zero where there is no message */
	const struct msg_route *route;
	const struct cg_config *config;
};

static struct cg_counters *counters_now(void)
{
	return bpf_map_lookup_elem(&counters, &(__u32){ 0 });
}

static void hold_map(struct native_map *m, __u8 *used, void *keys, void *values, size_t value_size)
{
	memcpy(used, m->used, NATIVE_ENTRIES);
	for (int i = 0; i < NATIVE_ENTRIES; i++) {
		memcpy((__u8 *)keys + i * m->key_size, m->keys + i * m->key_size, m->key_size);
		memcpy((__u8 *)values + i * value_size, native_value(m, i), value_size);
	}
}

#define HOLD_MAP(held, map)                                                                        \
	hold_map(NATIVE_MAP(&map), (held)->map.used, (held)->map.keys, (held)->map.values,         \
		 sizeof(*(held)->map.values))

static void hold_maps(struct held *held)
{
	HOLD_MAP(held, dialogs);
	HOLD_MAP(held, overflow);
	HOLD_MAP(held, pending);
	HOLD_MAP(held, branches);
	HOLD_MAP(held, early);
	HOLD_MAP(held, addr_changes);
	HOLD_MAP(held, hosts);
	held->host_state = *(struct cg_host_state *)bpf_map_lookup_elem(&host_state, &(__u32){ 0 });
}

/* Returns whether entry i of a map is that of before the packet: not deleted, not evicted. */
#define IS_KEPT(is, map, i)                                                                        \
	((is)->map.used[i] && before.held.map.used[i] &&                                           \
	 !memcmp(&(is)->map.keys[i], &before.held.map.keys[i], sizeof(*(is)->map.keys)))

static void invariants_start(void)
{
	before.spiraled = 0;
}

static void invariants_before(void)
{
	struct scratch *s = scratch_get();

	memset(&s->info, 0, sizeof(s->info));
	memset(&s->route, 0, sizeof(s->route));
	before.counters = *counters_now();
	before.reused = NULL;
	before.answered = 0;
	memset(before.events, 0, sizeof(before.events));
	hold_maps(&before.held);
}

#define ANOTHER_CALL 0x5a5a5a5a5a5a5a5aULL

/* The daemon deletes the dialog, and another CPU gives its element to another call. */
static void invariants_reuse(void *lock)
{
	struct cg_dialog *d = (void *)((__u8 *)lock - __builtin_offsetof(struct cg_dialog, lock));
	struct native_map *m = NATIVE_MAP(&dialogs);

	if ((__u8 *)lock < m->values || (__u8 *)lock >= (__u8 *)native_value(m, NATIVE_ENTRIES)) {
		native.before_lock = invariants_reuse; /* the lock of a bucket */
		return;
	}
	d->who ^= ANOTHER_CALL;
	before.reused = d;
}

/* Checks a record of either ring. */
static void invariants_record(const void *ring, const void *record)
{
	const struct cg_event *e = record;

	HOLD(e->layout == CG_LAYOUT && e->size == sizeof(*e));
	HOLD(e->type < CG_EVENTS && e->reason < CG_REASONS && e->leg <= CG_LEG_CALLEE);
	HOLD((e->type == CG_EV_VIOLATION || e->type == CG_EV_REQUEST) ==
	     (ring == (const void *)&alerts));
	HOLD(memchr(e->call_id, 0, sizeof(e->call_id)) && memchr(e->from_tag, 0, CG_TAG_MAX) &&
	     memchr(e->to_tag, 0, CG_TAG_MAX));
	HOLD(e->method < CG_METHODS && e->direction <= CG_OUT && e->cseq_valid <= 1);
	HOLD(!e->cseq_valid || e->cseq < 0x80000000);
	before.events[e->type]++;
}

#endif
