/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Which positions of a fragmented datagram have passed, and the verdict on it. A bucket holds the
 * sets of four datagrams under one lock.
 *
 * Fragments of a datagram pass for CG_FRAGMENT_GATHER_S, and so do equal copies. Linux may start
 * its timer with any of them. The set is kept until Linux has discarded the last of them.
 *
 * If no set is free for a new datagram, another datagram is closed: one that was judged, or that
 * has been incomplete for FRAGMENT_CLOSE_S. Its key moves to `closed`, and its bytes are forgotten.
 * None of its fragments passes until Linux has discarded it, and until then its key stays in
 * `closed`.
 *
 * Attack: a sender chooses source and identification, and fills the buckets. The datagrams of one
 * address (IPv6: /64) use only 1/share of them, picked by a keyed hash. If these are full, a
 * datagram of another address meets a full bucket with a chance of 1/share, and SIP sends it again
 * under another identification. With forged addresses, 4,000 incomplete datagrams a second fill all
 * sets, or 3,000 complete ones fill `closed`. Under the address of one victim, 1/share of that
 * shuts out the victim. Linux itself refuses new datagrams earlier, at 150 incomplete ones a second
 * (ipfrag_high_thresh).
 *
 * Owner of `fragments`. API: fragment_key(), fragment_bucket(), fragment_map_step(),
 * fragment_claim(), fragment_claim_foreign(), fragment_copied(), fragment_judged().
 */
#ifndef CG_FRAGMENT_SET_H
#define CG_FRAGMENT_SET_H

#include "maps.h"
#include "packet.h"

#define FRAGMENT_UNITS (CG_FRAGMENT_BYTES / 8)
#define FRAGMENT_WORDS (FRAGMENT_UNITS / 64)
#define FRAGMENT_CLOSE_S 2

/* What a fragment is to the set of its datagram. */
enum fragment_claim {
	FRAGMENT_NONE, /* the datagram has no set, and this fragment may not begin one */
	FRAGMENT_FULL, /* the datagram has no set, and none is free */
	FRAGMENT_NEW, /* all of it is new, and its bits are set */
	FRAGMENT_THERE, /* all of it has passed: the bytes decide */
	FRAGMENT_UNLIKE /* it contradicts what has passed, or the datagram is closed */
};

/* Returns the bits below unit n that are in a word of the bitmap. */
bpf_inline __u64 fragment_bits_below(__u32 n, __u32 word)
{
	__u32 low = word * 64;

	if (n <= low)
		return 0;
	return n >= low + 64 ? ~0ULL : (1ULL << (n - low)) - 1;
}

/* A loop, so that the verifier walks it once and not once a word. */
static long fragment_map_step(__u32 i, void *arg)
{
	struct packet *p =
		*(struct packet **)arg; /* bpf_loop() passes a pointer to the stack only */
	const struct packet_fragment *f = &p->fragment;
	__u32 from = f->offset / 8, to = (f->offset + f->length + 7) / 8, word = i;
	__u64 below_to = fragment_bits_below(to, word);

	word &= FRAGMENT_WORDS - 1;
	p->gather.units[word] = below_to & ~fragment_bits_below(from, word);
	p->gather.beyond[word] = f->more ? 0 : ~below_to;
	return 0;
}

/*
 * Returns a keyed hash of the fields by which a host reassembles fragments, and of the direction.
 * Never 0.
 */
bpf_inline __u64 fragment_key(const __u64 key[2], const struct packet *p)
{
	const __u64 *words = (const void *)p->source; /* and dest */
	__u64 k0 = key[0] | 1, k1 = key[1] | 1;
	__u64 mix = (((__u64)p->fragment.id << 8 | p->direction) ^ key[1]) * k0;

	mix ^= mix >> 32;
	for (int i = 0; i < 4; i++) {
		mix = (mix ^ words[i]) * (i & 1 ? k1 : k0);
		mix ^= mix >> 32;
	}
	mix *= k0;
	return (mix ^ mix >> 29) | 1;
}
_Static_assert(__builtin_offsetof(struct packet, dest) ==
		       __builtin_offsetof(struct packet, source) + 16,
	       "one array of four words");

/*
 * Returns the index of the datagram's bucket. peer: the remote address (IPv6: its /64). share: the
 * peer may use 1/share of the buckets; 0: all.
 */
bpf_inline __u32 fragment_bucket(const __u64 key[2], __u64 datagram, __u64 peer, __u16 share)
{
	__u32 spread = CG_FRAGMENT_BUCKETS, n = (datagram >> 8) & 0xffff;
	__u64 mix = (peer ^ key[0]) * (key[1] | 1);

	if (share)
		spread /= share;
	mix = (mix ^ mix >> 32) + (spread ? n % spread : 0);
	mix *= key[0] | 1;
	return mix >> 40 & (CG_FRAGMENT_BUCKETS - 1);
}

/* Returns set i of the bucket, with bounds that the verifier knows. */
bpf_inline struct cg_fragment_set *fragment_set_at(struct cg_fragment_bucket *bucket, __u32 i)
{
	i &= CG_FRAGMENT_SETS - 1;
	barrier_var(i);
	return &bucket->sets[i];
}

/* --- under the lock of the bucket ------------------------------------------------------------- */

/*
 * Returns the age in nanoseconds. It is negative if another CPU began the set after this one had
 * read the clock.
 */
bpf_inline __s64 fragment_set_age(const struct cg_fragment_set *set, __u64 now)
{
	return now - set->born;
}

bpf_inline int fragment_set_is_free(const struct cg_fragment_set *set, __u64 now)
{
	return !set->key ||
	       (fragment_set_age(set, now) >= set->hold_s * 1000000000LL && !set->copying);
}

/* Returns whether the datagram may be closed, so that another one can use its set. */
bpf_inline int fragment_set_may_close(const struct cg_fragment_set *set, __u64 now)
{
	if (set->copying || set->state == CG_FRAGMENTS_JUDGING)
		return 0;
	return set->state != CG_FRAGMENTS_GATHERING ||
	       fragment_set_age(set, now) > FRAGMENT_CLOSE_S * 1000000000LL;
}

/* Where a datagram has its set. */
enum fragment_place { FRAGMENT_ITS_OWN, FRAGMENT_FREE, FRAGMENT_CLOSABLE, FRAGMENT_NOWHERE };

/* Sets *index to the datagram's set, or to one that it may have. */
bpf_inline enum fragment_place fragment_set_find(const struct cg_fragment_bucket *bucket, __u64 key,
						 __u64 now, __u8 *index)
{
	enum fragment_place place = FRAGMENT_NOWHERE, is;

	for (__u32 i = 0; i < CG_FRAGMENT_SETS; i++) {
		if (fragment_set_is_free(&bucket->sets[i], now))
			is = FRAGMENT_FREE;
		else if (bucket->sets[i].key == key)
			is = FRAGMENT_ITS_OWN;
		else if (fragment_set_may_close(&bucket->sets[i], now))
			is = FRAGMENT_CLOSABLE;
		else
			continue;
		if (is < place) {
			place = is;
			*index = i;
		}
	}
	return place;
}

/* Returns the first of the places that a closed datagram of this key may have. */
bpf_inline struct cg_fragment_closed *fragment_closed_group(struct cg_fragment_bucket *bucket,
							    __u64 key)
{
	__u64 group = key >> 24 & (CG_FRAGMENT_CLOSED / CG_FRAGMENT_GROUP - 1);

	barrier_var(group);
	return bucket->closed + group * CG_FRAGMENT_GROUP;
}

bpf_inline int fragment_is_closed(struct cg_fragment_bucket *bucket, __u64 key, __u64 now)
{
	const struct cg_fragment_closed *group = fragment_closed_group(bucket, key);
	__u64 seconds = now / 1000000000, found = 0;

	for (__u32 i = 0; i < CG_FRAGMENT_GROUP; i++) {
		__u64 differ = group[i].key ^ (__u32)(key >> 32);

		/*
		 * A match sets bit 63 of both. With branches the verifier would walk each of 2^16
		 * paths.
		 */
		found |= (differ - 1) & (seconds - group[i].until);
	}
	return found >> 63;
}

/* Closes the datagram of a set. Returns 0 if there is no place for it. */
bpf_inline int fragment_close(struct cg_fragment_bucket *bucket, const struct cg_fragment_set *set,
			      __u64 now)
{
	struct cg_fragment_closed *group = fragment_closed_group(bucket, set->key);
	__u64 seconds = now / 1000000000, place = CG_FRAGMENT_GROUP;

	for (__u32 i = 0; i < CG_FRAGMENT_GROUP; i++) {
		__u64 taken = (__s64)(seconds - group[i].until) >> 63;

		place = (place & taken) | (i & ~taken);
	}
	if (place >= CG_FRAGMENT_GROUP)
		return 0;
	barrier_var(place);
	group += place & (CG_FRAGMENT_GROUP - 1);
	group->key = set->key >> 32;
	group->until = set->born / 1000000000 + set->hold_s + 1;
	return 1;
}

/* Claims the positions of a fragment, if none of them has passed. */
bpf_inline enum fragment_claim fragment_set_claim(struct cg_fragment_set *set,
						  const struct packet *p)
{
	const struct packet_gather *g = &p->gather;
	__u32 stop = p->fragment.offset + p->fragment.length;
	__u32 end = !p->fragment.more && stop <= CG_FRAGMENT_BYTES ? stop : 0;
	__u64 there = 0, missing = 0, beyond = 0;

	for (__u32 i = 0; i < FRAGMENT_WORDS; i++) {
		there |= g->units[i] & set->have[i];
		missing |= g->units[i] & ~set->have[i];
		beyond |= g->beyond[i] & set->have[i];
	}
	if (set->state == CG_FRAGMENTS_JUDGING || set->state == CG_FRAGMENTS_REFUSED ||
	    fragment_set_age(set, g->now) > CG_FRAGMENT_GATHER_S * 1000000000LL)
		return FRAGMENT_UNLIKE;
	if (set->end ? stop > set->end || (end && end != set->end) : beyond != 0)
		return FRAGMENT_UNLIKE;
	if (!p->fragment.offset && set->have[0] & 1 && p->fragment.protocol != set->protocol)
		return FRAGMENT_UNLIKE;
	if (!missing) /* equal bytes, but the first of them did not end the datagram */
		return end > set->end ? FRAGMENT_UNLIKE : FRAGMENT_THERE;
	if (there || set->state == CG_FRAGMENTS_PASSED)
		return FRAGMENT_UNLIKE;
	for (__u32 i = 0; i < FRAGMENT_WORDS; i++)
		set->have[i] |= g->units[i] | g->beyond[i];
	if (end)
		set->end = end;
	if (!p->fragment.offset)
		set->protocol = p->fragment.protocol;
	set->copying++;
	return FRAGMENT_NEW;
}

/*
 * Ends the copying of a fragment. Returns 1 if the datagram is complete and no other CPU copies: it
 * is to be judged now.
 */
bpf_inline int fragment_set_copied(struct cg_fragment_set *set, int err)
{
	__u64 have = ~0ULL;

	set->copying--;
	if (err)
		set->state = CG_FRAGMENTS_REFUSED;
	for (__u32 i = 0; i < FRAGMENT_WORDS; i++)
		have &= set->have[i];
	if (~have || set->copying || set->state != CG_FRAGMENTS_GATHERING)
		return 0;
	set->state = CG_FRAGMENTS_JUDGING;
	return 1;
}

/* --- with the lock ---------------------------------------------------------------------------- */

/* Claims the positions of the fragment. Sets gather.set. Returns enum fragment_claim. */
BPF_SUBPROG int fragment_claim(struct cg_fragment_bucket *bucket, struct packet *p)
{
	struct packet_gather *g = &p->gather;
	int claim = g->may_begin ? FRAGMENT_FULL : FRAGMENT_NONE;
	enum fragment_place place;
	struct cg_fragment_set *set;

	bpf_spin_lock(&bucket->lock);
	if (fragment_is_closed(bucket, g->key, g->now)) {
		claim = FRAGMENT_UNLIKE;
		goto out;
	}
	place = fragment_set_find(bucket, g->key, g->now, &g->set);
	set = fragment_set_at(bucket, g->set);
	if (place != FRAGMENT_ITS_OWN) {
		if (!g->may_begin || place == FRAGMENT_NOWHERE ||
		    (place == FRAGMENT_CLOSABLE && !fragment_close(bucket, set, g->now)))
			goto out;
		__builtin_memset(set, 0, sizeof(*set));
		set->key = g->key;
		set->born = g->now;
		set->hold_s = g->hold_s;
	}
	claim = fragment_set_claim(set, p);
out:
	bpf_spin_unlock(&bucket->lock);
	return claim;
}

/*
 * Handles a first fragment that is not for a SIP port. Returns FRAGMENT_UNLIKE if another first
 * fragment has passed. Otherwise frees the set; the caller stores the time in `fragment_loose`.
 */
BPF_SUBPROG int fragment_claim_foreign(struct cg_fragment_bucket *bucket, const struct packet *p)
{
	int claim = FRAGMENT_NONE;

	bpf_spin_lock(&bucket->lock);
	for (__u32 i = 0; i < CG_FRAGMENT_SETS; i++) {
		struct cg_fragment_set *set = &bucket->sets[i];

		if (set->key != p->gather.key || fragment_set_is_free(set, p->gather.now))
			continue;
		if (set->have[0] & 1)
			claim = FRAGMENT_UNLIKE;
		else if (!set->copying)
			set->key = 0;
	}
	bpf_spin_unlock(&bucket->lock);
	return claim;
}

/*
 * Ends the copying of a fragment; err: it failed. Returns 1 if the datagram is complete. Sets
 * *protocol and *end.
 */
BPF_SUBPROG int fragment_copied(struct cg_fragment_bucket *bucket, const struct packet *p, long err,
				__u32 *protocol, __u32 *end)
{
	struct cg_fragment_set *set = fragment_set_at(bucket, p->gather.set);
	int whole;

	bpf_spin_lock(&bucket->lock);
	whole = fragment_set_copied(set, err != 0);
	*protocol = set->protocol;
	*end = set->end;
	bpf_spin_unlock(&bucket->lock);
	return whole;
}

/* Stores the verdict on a datagram: from now on equal copies pass, or nothing passes. */
BPF_SUBPROG int fragment_judged(const struct packet *p, __u8 action)
{
	struct cg_fragment_bucket *bucket = bpf_map_lookup_elem(&fragments, &p->gather.bucket);
	struct cg_fragment_set *set;

	if (!bucket)
		return 0;
	set = fragment_set_at(bucket, p->gather.set);
	bpf_spin_lock(&bucket->lock);
	set->state = action == CG_DROP ? CG_FRAGMENTS_REFUSED : CG_FRAGMENTS_PASSED;
	bpf_spin_unlock(&bucket->lock);
	return 0;
}

#endif
