/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Maps of the kernel in plain C, for native_bpf.h: hashes, LRU hashes, arrays, tries of prefixes. A
 * map is allocated in full when it is first used; pages are used as entries come. LRU maps evict
 * the entry that was least recently looked up or written.
 *
 * NATIVE_ENTRIES limits the entries of each map. In a longer array, several indexes share one
 * entry.
 */
#ifndef CG_ENGINE_NATIVE_MAPS_H
#define CG_ENGINE_NATIVE_MAPS_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/bpf.h>
#include <linux/types.h>

#include "util/hash.h"

#ifndef NATIVE_ENTRIES
#define NATIVE_ENTRIES 0x7fffffff /* as many as bpf/ says */
#endif

struct native_map {
	const void *map; /* NULL: free */
	__u32 type, key_size, value_size, entries;
	__u8 *used, *keys, *values; /* of each slot */
	/* Hashes. A slot is counted from 1; 0: none. */
	__u32 *heads, mask; /* the first of each chain */
	__u32 *next; /* of the chain, or of the free slots */
	__u32 *older, *newer; /* LRU */
	__u32 oldest, newest;
	__u32 touched; /* slots that were ever used */
	__u32 free; /* the first of those that are free again */
	__u32 count;
};

static __attribute__((noreturn, unused)) void native_refuse(const char *what)
{
	fprintf(stderr, "native_bpf: %s\n", what);
	abort();
}

static inline int native_is_array(const struct native_map *m)
{
	return m->type == BPF_MAP_TYPE_ARRAY || m->type == BPF_MAP_TYPE_PERCPU_ARRAY;
}

static inline void *native_alloc(size_t n, size_t size)
{
	void *memory = calloc(n, size);

	if (!memory)
		native_refuse("out of memory");
	return memory;
}

static inline void native_map_alloc(struct native_map *m)
{
	size_t heads = 8;

	m->values = native_alloc(m->entries, m->value_size);
	if (native_is_array(m))
		return;
	while (heads < m->entries)
		heads *= 2;
	m->mask = heads - 1;
	m->keys = native_alloc(m->entries, m->key_size);
	m->used = native_alloc(m->entries, 1);
	m->heads = native_alloc(heads, sizeof(*m->heads));
	m->next = native_alloc(m->entries + 1, sizeof(*m->next));
	m->older = native_alloc(m->entries + 1, sizeof(*m->older));
	m->newer = native_alloc(m->entries + 1, sizeof(*m->newer));
}

/* Removes all entries, or writes zeros to those of an array. */
static inline void native_map_clear(struct native_map *m)
{
	if (native_is_array(m)) {
		memset(m->values, 0, (size_t)m->entries * m->value_size);
		return;
	}
	memset(m->used, 0, m->entries);
	memset(m->heads, 0, (m->mask + 1ULL) * sizeof(*m->heads));
	m->oldest = m->newest = m->touched = m->free = m->count = 0;
}

static inline void *native_value(struct native_map *m, __u32 entry)
{
	return m->values + (size_t)entry * m->value_size;
}

static inline void *native_key(struct native_map *m, __u32 entry)
{
	return m->keys + (size_t)entry * m->key_size;
}

static inline __u32 *native_head(struct native_map *m, const void *key)
{
	__u64 hash = cg_hash_add(CG_HASH_START, key, m->key_size);

	return &m->heads[(hash ^ hash >> 32) & m->mask];
}

static inline int native_prefix_holds(const __u8 *prefix, const __u8 *key)
{
	__u32 bits, i;

	memcpy(&bits, prefix, sizeof(bits));
	for (i = 0; i < bits / 8; i++)
		if (prefix[4 + i] != key[4 + i])
			return 0;
	return !(bits % 8) || !((prefix[4 + i] ^ key[4 + i]) >> (8 - bits % 8));
}

/* Returns the slot of the longest prefix that holds the key, or -1. */
static inline int native_find_prefix(struct native_map *m, const void *key)
{
	__u32 longest = 0, bits;
	int found = -1;

	for (__u32 i = 0; i < m->touched; i++) {
		if (!m->used[i] || !native_prefix_holds(native_key(m, i), key))
			continue;
		memcpy(&bits, native_key(m, i), sizeof(bits));
		if (found >= 0 && bits <= longest)
			continue;
		longest = bits;
		found = i;
	}
	return found;
}

/* Returns the slot of exactly this key, or -1. */
static inline int native_find(struct native_map *m, const void *key)
{
	__u32 slot = *native_head(m, key);

	while (slot && memcmp(native_key(m, slot - 1), key, m->key_size))
		slot = m->next[slot];
	return (int)slot - 1;
}

/* Takes a slot from the order of use. */
static inline void native_lru_remove(struct native_map *m, __u32 slot)
{
	__u32 older = m->older[slot], newer = m->newer[slot];

	if (older)
		m->newer[older] = newer;
	else
		m->oldest = newer;
	if (newer)
		m->older[newer] = older;
	else
		m->newest = older;
}

static inline void native_lru_add(struct native_map *m, __u32 slot)
{
	m->older[slot] = m->newest;
	m->newer[slot] = 0;
	if (m->newest)
		m->newer[m->newest] = slot;
	else
		m->oldest = slot;
	m->newest = slot;
}

static inline void native_remove(struct native_map *m, __u32 slot)
{
	__u32 *at = native_head(m, native_key(m, slot - 1));

	while (*at != slot)
		at = &m->next[*at];
	*at = m->next[slot];
	native_lru_remove(m, slot);
	m->used[slot - 1] = 0;
	m->next[slot] = m->free;
	m->free = slot;
	m->count--;
}

static inline void *native_lookup(struct native_map *m, const void *key)
{
	int i;

	if (native_is_array(m)) {
		__u32 index = *(const __u32 *)key % NATIVE_ENTRIES;

		return index < m->entries ? native_value(m, index) : NULL;
	}
	i = m->type == BPF_MAP_TYPE_LPM_TRIE ? native_find_prefix(m, key) : native_find(m, key);
	if (i < 0)
		return NULL;
	if (m->type == BPF_MAP_TYPE_LRU_HASH && m->newest != (__u32)i + 1) {
		native_lru_remove(m, i + 1);
		native_lru_add(m, i + 1);
	}
	return native_value(m, i);
}

/* Returns a slot for a new entry, or 0 if the map is full. */
static inline __u32 native_room(struct native_map *m)
{
	__u32 slot;

	if (m->count == m->entries && m->type == BPF_MAP_TYPE_LRU_HASH)
		native_remove(m, m->oldest);
	slot = m->free;
	if (slot)
		m->free = m->next[slot];
	else if (m->touched < m->entries)
		slot = ++m->touched;
	return slot;
}

static inline long native_update(struct native_map *m, const void *key, const void *value,
				 size_t size, __u64 flags)
{
	int i = native_find(m, key);
	__u32 slot, *head;

	if (i >= 0 && (flags & BPF_NOEXIST))
		return -EEXIST;
	if (i < 0 && (flags & BPF_EXIST))
		return -ENOENT;
	if (i < 0) {
		slot = native_room(m);
		if (!slot)
			return -E2BIG;
		i = slot - 1;
		head = native_head(m, key);
		m->next[slot] = *head;
		*head = slot;
		m->used[i] = 1;
		m->count++;
		memcpy(native_key(m, i), key, m->key_size);
	} else {
		native_lru_remove(m, i + 1);
	}
	native_lru_add(m, i + 1);
	memcpy(native_value(m, i), value, size);
	return 0;
}

static inline long native_delete(struct native_map *m, const void *key)
{
	int i = native_find(m, key);

	if (i < 0)
		return -ENOENT;
	native_remove(m, i + 1);
	return 0;
}

#endif
