/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Keyed 64-bit hashes of text from the wire: SipHash-1-3, which Linux uses for its own hash tables.
 * A sender who does not know p->hash_key cannot choose two Call-IDs or tags that collide. Two
 * random ones collide with a probability of 2^-64.
 *
 * API: hash_slice(), hash_tag(), hash_exact(), hash_folded().
 */
#ifndef SIP_HASH_H
#define SIP_HASH_H

#include "sip_bytes.h"

#define HASH_INLINE 8 /* words hashed without a loop: most Call-IDs are not longer */
#define HASH_ROTATE(x, b) ((x) << (b) | (x) >> (64 - (b)))

bpf_inline void hash_round(struct sip_hash *h)
{
	h->v0 += h->v1;
	h->v2 += h->v3;
	h->v1 = HASH_ROTATE(h->v1, 13) ^ h->v0;
	h->v3 = HASH_ROTATE(h->v3, 16) ^ h->v2;
	h->v0 = HASH_ROTATE(h->v0, 32) + h->v3;
	h->v2 += h->v1;
	h->v3 = HASH_ROTATE(h->v3, 21) ^ h->v0;
	h->v1 = HASH_ROTATE(h->v1, 17) ^ h->v2;
	h->v2 = HASH_ROTATE(h->v2, 32);
}

/* Returns 0x80 in each byte that is 'A' to 'Z'. */
bpf_inline __u64 hash_upper(__u64 word)
{
	__u64 seven = word & SIP_EACH(0x7f);
	__u64 from_a = seven + SIP_EACH(0x80 - 'A');
	__u64 past_z = seven + SIP_EACH(0x7f - 'Z');

	return (from_a ^ past_z) & ~word & SIP_EACH(0x80);
}

/*
 * Hashes one word. Returns 1 for the last one: the remaining 0 to 7 bytes, and the length on top.
 */
bpf_inline int hash_word(struct sip_parser *p, struct sip_hash *h, __u32 i)
{
	__u32 done = 8 * i, left = h->len > done ? h->len - done : 0;
	__u64 word = sip_word(p, h->pos + done), upper;

	if (left < 8)
		word &= (1ULL << 8 * left) - 1;
	if (h->fold) {
		upper = hash_upper(word);
		word |= upper >> 2;
		if (i < 8)
			h->letter_case |= sip_pack(upper) << done;
	}
	if (left < 8)
		word |= (__u64)h->len << 56;
	h->v3 ^= word;
	hash_round(h);
	h->v0 ^= word;
	return left < 8;
}

static long hash_step(__u32 i, void *arg)
{
	struct sip_parser *p = *(struct sip_parser **)arg;
	struct sip_hash h = p->hash;
	int last = hash_word(p, &h, HASH_INLINE + i);

	p->hash = h;
	return last;
}

/* A subprogram whose state is in the parser's memory: hash_text() has little stack to spare. */
BPF_SUBPROG int hash_long(struct sip_parser *p)
{
	sip_loop(SIP_MAX / 8, hash_step, &p);
	return 0;
}

bpf_inline __u64 hash_text(struct sip_parser *p, __u32 pos, __u32 len, __u32 fold)
{
	__u64 k0 = p->hash_key[0], k1 = p->hash_key[1];
	struct sip_hash h = {
		.v0 = k0 ^ 0x736f6d6570736575ULL,
		.v1 = k1 ^ 0x646f72616e646f6dULL,
		.v2 = k0 ^ 0x6c7967656e657261ULL,
		.v3 = k1 ^ 0x7465646279746573ULL,
		.pos = pos,
		.len = len,
		.fold = fold,
	};
	int last = 0;

	for (__u32 i = 0; i < HASH_INLINE && !last; i++)
		last = hash_word(p, &h, i);
	if (!last) {
		p->hash = h;
		hash_long(p);
		h = p->hash;
	}
	h.v2 ^= 0xff;
	hash_round(&h);
	hash_round(&h);
	hash_round(&h);
	p->number = h.letter_case;
	return h.v0 ^ h.v1 ^ h.v2 ^ h.v3;
}

/* Both are global, so that the verifier does not walk them once for each text. */
BPF_GLOBAL __u64 hash_exact(struct sip_parser *p, __u32 pos, __u32 len)
{
	return p ? hash_text(p, pos, len, 0) : 0;
}

BPF_GLOBAL __u64 hash_folded(struct sip_parser *p, __u32 pos, __u32 len)
{
	return p ? hash_text(p, pos, len, 1) : 0;
}

bpf_inline __u64 hash_slice(struct sip_parser *p, const struct sip_slice *slice)
{
	return hash_exact(p, slice->off, slice->len);
}

/*
 * Hashes a tag case-insensitively, as PJSIP and Sofia-SIP compare tags. p->number receives its
 * letter case: a bitmask of the upper-case letters, for a tag of more than 64 bytes its exact hash.
 */
bpf_inline __u64 hash_tag(struct sip_parser *p, const struct sip_slice *tag)
{
	__u64 hash = hash_folded(p, tag->off, tag->len);

	if (tag->len > 64)
		p->number = hash_exact(p, tag->off, tag->len);
	return hash;
}

#endif
