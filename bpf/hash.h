/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Keyed hashes of what the wire says: SipHash-1-3 (the variant that Linux keeps for its own hash
 * tables), 64 bits. Without config.secret nobody can make two Call-IDs or tags meet, but by one
 * chance in 2^64 a pair.
 *
 * API: hash_slice(), hash_tag().
 */
#ifndef CG_HASH_H
#define CG_HASH_H

#include "sip_bytes.h"

struct hash_state {
	struct sip_parser *p;
	__u64 v0, v1, v2, v3;
	__u64 letter_case; /* a bit for each of the first 64 bytes: an upper case letter */
	__u32 pos;
	__u32 len;
	__u32 fold; /* ASCII letters to lower case first */
	__u32 pad;
};

#define HASH_INLINE 8 /* words: of most Call-IDs all */
#define HASH_ROTATE(x, b) ((x) << (b) | (x) >> (64 - (b)))

bpf_inline void hash_round(struct hash_state *h)
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

/* 0x80 in each byte that is 'A' to 'Z'. */
bpf_inline __u64 hash_upper(__u64 word)
{
	__u64 seven = word & SIP_EACH(0x7f);
	__u64 from_a = seven + SIP_EACH(0x80 - 'A');
	__u64 past_z = seven + SIP_EACH(0x7f - 'Z');

	return (from_a ^ past_z) & ~word & SIP_EACH(0x80);
}

/* One word; 1: it was the last, which carries what is left of the text, 0 to 7 bytes, and its length. */
bpf_inline int hash_word(struct hash_state *h, __u32 i)
{
	__u32 done = 8 * i, left = h->len > done ? h->len - done : 0;
	__u64 word = sip_word(h->p, h->pos + done), upper;

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
	return hash_word(arg, HASH_INLINE + i);
}

/* A function of its own: what a loop is given lies in memory, and here it need not. */
BPF_SUBPROG int hash_long(struct hash_state *h)
{
	bpf_loop(SIP_MAX / 8, hash_step, h, 0);
	return 0;
}

bpf_inline __u64 hash_text(struct sip_parser *p, const struct cg_config *config, __u32 pos,
			   __u32 len, __u32 fold)
{
	__u64 k0 = config->secret[0], k1 = config->secret[1];
	struct hash_state h = {
		.p = p,
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
		last = hash_word(&h, i);
	if (!last) {
		struct hash_state more = h;

		hash_long(&more);
		h = more;
	}
	h.v2 ^= 0xff;
	hash_round(&h);
	hash_round(&h);
	hash_round(&h);
	p->number = h.letter_case;
	return h.v0 ^ h.v1 ^ h.v2 ^ h.v3;
}

/* Both are global functions, verified once, whatever the number of texts. */
BPF_GLOBAL __u64 hash_exact(struct sip_parser *p, const struct cg_config *config, __u32 pos,
			    __u32 len)
{
	return p && config ? hash_text(p, config, pos, len, 0) : 0;
}

BPF_GLOBAL __u64 hash_folded(struct sip_parser *p, const struct cg_config *config, __u32 pos,
			     __u32 len)
{
	return p && config ? hash_text(p, config, pos, len, 1) : 0;
}

bpf_inline __u64 hash_slice(const struct cg_config *config, struct sip_parser *p,
			    const struct sip_slice *slice)
{
	return hash_exact(p, config, slice->off, slice->len);
}

/*
 * A tag without regard to letter case (PJSIP and Sofia compare tags so). *letter_case tells the
 * cases apart, exactly for tags of up to 64 bytes; a longer one gets ~0, which is never believed.
 */
bpf_inline __u64 hash_tag(const struct cg_config *config, struct sip_parser *p,
			  const struct sip_slice *tag, __u64 *letter_case)
{
	__u64 hash = hash_folded(p, config, tag->off, tag->len);

	*letter_case = tag->len > 64 ? ~0ULL : p->number;
	return hash;
}

#endif
