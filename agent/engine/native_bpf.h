/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The BPF helpers and maps that bpf/ uses, in plain C: one CPU, and a clock that the caller sets.
 * Include it before guard.bpf.c, instead of libbpf's bpf_helpers.h. Owner of struct native.
 *
 * The address of a map identifies it. Keys and values have the sizes of the definitions in bpf/.
 */
#ifndef CG_ENGINE_NATIVE_BPF_H
#define CG_ENGINE_NATIVE_BPF_H

#define __BPF_HELPERS__ /* keeps libbpf's bpf_helpers.h out */

#include "engine/native_maps.h"

#define SEC(name)
#define __uint(name, value) int(*name)[value]
#define __type(name, value) typeof(value) *name
#define barrier_var(variable) __asm__ volatile("" : "+r"(variable))

#define NATIVE_MAPS 32

static struct {
	struct native_map maps[NATIVE_MAPS];
	__u8 *frame;
	__u32 frame_len;
	__u64 now; /* CLOCK_BOOTTIME */
	int locked;
	int ring_full;
	void (*before_lock)(void *lock); /* NULL, or called once, as another CPU */
	__u8 record[1024]; /* the reserved record */
	void (*submitted)(const void *ring, const void *record);
	const void *ring;
} native;

static inline struct native_map *native_map(const void *map, __u32 type, __u32 entries,
					    __u32 key_size, __u32 value_size)
{
	struct native_map *m = native.maps;

	if (native.locked)
		native_refuse("a helper is called under a lock");
	while (m < native.maps + NATIVE_MAPS && m->map && m->map != map)
		m++;
	if (m == native.maps + NATIVE_MAPS)
		native_refuse("more maps than NATIVE_MAPS");
	if (m->map)
		return m;
	m->map = map;
	m->type = type;
	m->entries = entries < NATIVE_ENTRIES ? entries : NATIVE_ENTRIES;
	m->key_size = key_size;
	m->value_size = (value_size + 7) & ~7U; /* keeps values aligned */
	native_map_alloc(m);
	return m;
}

/* The map, which the first use makes with this number of entries. */
#define NATIVE_MAP_OF(m, entries)                                                                  \
	native_map(m, sizeof(*(m)->type) / sizeof(int), entries, sizeof(*(m)->key),                \
		   sizeof(*(m)->value))
#define NATIVE_MAP(m) NATIVE_MAP_OF(m, sizeof(*(m)->max_entries) / sizeof(int))

#define bpf_map_delete_elem(m, k) native_delete(NATIVE_MAP(m), k)
#define bpf_map_lookup_elem(m, k) native_lookup(NATIVE_MAP(m), k)
#define bpf_map_update_elem(m, k, v, flags)                                                        \
	native_update(NATIVE_MAP(m), k, v, sizeof(*(m)->value), flags)

/* --- the rest --------------------------------------------------------------------------------- */

#define bpf_spin_lock(lock) native_lock(lock, 1)
#define bpf_spin_unlock(lock) native_lock(lock, 0)
static inline void native_lock(void *lock, int take)
{
	void (*before)(void *lock) = native.before_lock;

	if (native.locked == take)
		native_refuse(take ? "a lock is taken twice" : "a lock is left twice");
	if (take && before) {
		native.before_lock = NULL;
		before(lock);
	}
	native.locked = take;
}

static inline void native_helper(void)
{
	if (native.locked)
		native_refuse("a helper is called under a lock");
}

static inline __u64 bpf_ktime_get_boot_ns(void)
{
	native_helper();
	return native.now;
}

static inline __u64 bpf_ktime_get_ns(void)
{
	native_helper();
	return native.now;
}

static inline __u64 bpf_ktime_get_coarse_ns(void)
{
	native_helper();
	return native.now;
}

static inline __u32 bpf_get_smp_processor_id(void)
{
	native_helper();
	return 0;
}

static inline __u64 bpf_xdp_get_buff_len(const void *ctx)
{
	(void)ctx;
	return native.frame_len;
}

static inline long native_load(__u32 offset, void *to, __u32 len)
{
	native_helper();
	if (!len || offset > native.frame_len || len > native.frame_len - offset)
		return -EINVAL;
	memcpy(to, native.frame + offset, len);
	return 0;
}

static inline long bpf_xdp_load_bytes(void *ctx, __u32 offset, void *to, __u32 len)
{
	(void)ctx;
	return native_load(offset, to, len);
}

static inline long bpf_xdp_store_bytes(void *ctx, __u32 offset, const void *from, __u32 len)
{
	(void)ctx;
	native_helper();
	if (!len || offset > native.frame_len || len > native.frame_len - offset)
		return -EINVAL;
	memcpy(native.frame + offset, from, len);
	return 0;
}

static inline long bpf_skb_load_bytes(const void *ctx, __u32 offset, void *to, __u32 len)
{
	(void)ctx;
	return native_load(offset, to, len);
}

/* Each frame begins with its Ethernet header, and an IP header is asked for alone. */
static inline long bpf_skb_load_bytes_relative(const void *ctx, __u32 offset, void *to, __u32 len,
					       __u32 start)
{
	return bpf_skb_load_bytes(ctx, offset + (start == BPF_HDR_START_NET ? 14 : 0), to, len);
}

static inline long bpf_probe_read_kernel(void *to, __u32 size, const void *from)
{
	native_helper();
	memcpy(to, from, size);
	return 0;
}

/* Copies up to a NUL or size - 1 bytes, and a NUL. Returns the bytes with the NUL. */
static inline long bpf_probe_read_kernel_str(void *to, __u32 size, const void *from)
{
	size_t len = size ? strnlen(from, size - 1) : 0;

	native_helper();
	if (!size)
		return 0;
	memcpy(to, from, len);
	((char *)to)[len] = '\0';
	return len + 1;
}

static inline long bpf_loop(__u32 n, void *step, void *ctx, __u64 flags)
{
	long (*call)(__u32, void *) = step;
	__u32 i;

	(void)flags;
	for (i = 0; i < n && !call(i, ctx); i++)
		;
	return i;
}

static inline void *bpf_ringbuf_reserve(const void *ring, __u64 size, __u64 flags)
{
	(void)flags;
	native_helper();
	if (native.ring_full || size > sizeof(native.record))
		return NULL;
	if (native.ring)
		native_refuse("a record is reserved while another is");
	native.ring = ring;
	memset(native.record, 0xa5, size); /* makes unwritten fields visible */
	return native.record;
}

static inline __u64 bpf_ringbuf_query(void *ring, __u64 flags)
{
	(void)ring;
	native_helper();
	return flags == BPF_RB_RING_SIZE ? 4096 : 0;
}

static inline void bpf_ringbuf_submit(void *record, __u64 flags)
{
	const void *ring = native.ring;

	(void)flags;
	native.ring = NULL;
	native.submitted(ring, record);
}

#endif
