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

struct hash_state {
	struct sip_parser *p;
	__u64 v0, v1, v2, v3;
	__u32 pos;
	__u32 len;
	__u32 fold; /* ASCII letters to lower case first */
	__u32 pad;
	__u64 letter_case; /* a bit for each of the first 64 bytes: an upper case letter */
};

#define HASH_STRIDE 5 /* words in line, and a step: a call costs as much as one */
#define HASH_ROTATE(x, b) ((x) << (b) | (x) >> (64 - (b)))

static __always_inline void hash_round(struct hash_state *h)
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
static __always_inline __u64 hash_upper(__u64 word)
{
	__u64 seven = word & SIP_EACH(0x7f);
	__u64 from_a = seven + SIP_EACH(0x80 - 'A');
	__u64 past_z = seven + SIP_EACH(0x7f - 'Z');

	return (from_a ^ past_z) & ~word & SIP_EACH(0x80);
}

/* One word; 1: it was the last. */
static __always_inline long hash_word(struct hash_state *h, __u32 i)
{
	__u32 done = 8 * i, left = h->len > done ? h->len - done : 0;
	__u64 word = sip_word(h->p, h->pos + done) & sip_mask(left), upper;

	if (h->fold) {
		upper = hash_upper(word);
		word |= upper >> 2;
		if (i < 8)
			h->letter_case |= sip_pack(upper) << done;
	}
	/* the last word carries what is left of the text, and its length: 0 to 7 bytes of it */
	if (left < 8)
		word |= (__u64)h->len << 56;
	h->v3 ^= word;
	hash_round(h);
	h->v0 ^= word;
	return left < 8;
}

/* 1: the last word is in. */
static __always_inline long hash_words(struct hash_state *h, __u32 i)
{
	for (__u32 j = 0; j < HASH_STRIDE; j++)
		if (hash_word(h, i + j))
			return 1;
	return 0;
}

static long hash_step(__u32 i, void *arg)
{
	return hash_words(arg, HASH_STRIDE * (i + 1));
}

/* p->number is left with the letter case. */
__noinline __u64 hash_text(struct sip_parser *p, const struct cg_config *config, __u32 pos,
			   __u32 len, __u32 fold)
{
	struct hash_state h = { .p = p, .pos = pos, .len = len, .fold = fold };
	__u64 k0, k1;

	if (!p || !config)
		return 0;
	k0 = config->secret[0];
	k1 = config->secret[1];
	h.v0 = k0 ^ 0x736f6d6570736575ULL;
	h.v1 = k1 ^ 0x646f72616e646f6dULL;
	h.v2 = k0 ^ 0x6c7967656e657261ULL;
	h.v3 = k1 ^ 0x7465646279746573ULL;
	if (!hash_words(&h, 0))
		sip_loop(SIP_MAX / 8 / HASH_STRIDE, hash_step, &h);
	h.v2 ^= 0xff;
	hash_round(&h);
	hash_round(&h);
	hash_round(&h);
	p->number = h.letter_case;
	return h.v0 ^ h.v1 ^ h.v2 ^ h.v3;
}

static __always_inline __u64 hash_slice(const struct cg_config *config, struct sip_parser *p,
					const struct sip_slice *slice)
{
	return hash_text(p, config, slice->off, slice->len, 0);
}

/*
 * A tag without regard to letter case (PJSIP and Sofia compare tags so). *letter_case tells the
 * cases apart, exactly for tags of up to 64 bytes; a longer one gets ~0, which is never believed.
 */
static __always_inline __u64 hash_tag(const struct cg_config *config, struct sip_parser *p,
				      const struct sip_slice *tag, __u64 *letter_case)
{
	__u64 hash = hash_text(p, config, tag->off, tag->len, 1);

	*letter_case = tag->len > 64 ? ~0ULL : p->number;
	return hash;
}

#endif
