/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Fragments (RFC 791 3.2, RFC 8200 4.5), gathered by content: each passes as it comes, and the one
 * that completes the datagram carries the verdict on the whole.
 *
 * A position of a datagram passes once, with one content. An equal copy passes; an unlike one, one
 * of which only a part is new, one of another end, and one that comes while or after the datagram is
 * refused are dropped. So the host judges what was judged here, whatever it takes of it: a fragment
 * may have a wrong checksum. Linux keeps a datagram 30 s from the first fragment that it took; a set
 * takes fragments for 10 s, and is remembered until Linux has forgotten the last of them.
 *
 * What is not gathered passes if it is of no SIP port: fragment_is_foreign(). A later fragment does
 * not say its ports. One that passes so leaves the time in `fragment_loose`, and for as long as the
 * host may hold it no first fragment of a SIP port is taken under that hash.
 *
 * Owner of `fragments`, `fragment_bytes` and `fragment_loose`.
 * API: fragment_gather(), fragment_judged().
 */
#ifndef CG_FRAGMENT_H
#define CG_FRAGMENT_H

#include "addr.h"
#include "maps.h"
#include "packet.h"
#include "scratch.h"

#define FRAGMENT_UNITS (CG_FRAGMENT_BYTES / 8)
#define FRAGMENT_WORDS (FRAGMENT_UNITS / 64)

/*
 * Seconds for which later fragments pass behind one that was not gathered, and for which no first
 * fragment of a SIP port is taken after them. The second is longer than the first and than what the
 * host remembers, so that no race of two CPUs lets both pass.
 */
#define FRAGMENT_LOOSE_PASS_S 10
#define FRAGMENT_LOOSE_HOLD_S 32

/* What a fragment is to the set of its datagram. */
enum fragment_claim {
	FRAGMENT_NONE, /* there is no set, and none may be made */
	FRAGMENT_FULL, /* ... and none is free */
	FRAGMENT_NEW, /* all of it is new, and its bits are set */
	FRAGMENT_THERE, /* all of it has passed: the bytes decide */
	FRAGMENT_UNLIKE
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

/* Returns a keyed hash of what a host joins fragments by, and the direction; never 0. */
bpf_inline __u64 fragment_key(const struct cg_config *config, const struct packet *p)
{
	const __u64 *words = (const void *)p->source; /* and dest */
	__u64 k0 = config->secret[0] | 1, k1 = config->secret[1] | 1;
	__u64 mix = ((__u64)p->fragment.id << 8 | p->direction) ^ config->secret[1];

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

/* Returns a set of the bucket, in a form of which the verifier knows that it is one. */
bpf_inline struct cg_fragment_set *fragment_set_at(struct cg_fragment_bucket *bucket, __u32 i)
{
	i &= CG_FRAGMENT_SETS - 1;
	barrier_var(i);
	return &bucket->sets[i];
}

/* --- under the lock of the bucket ------------------------------------------------------------- */

/* Nanoseconds. Below 0 if another CPU has begun the set after this one has read the clock. */
bpf_inline __s64 fragment_set_age(const struct cg_fragment_set *set, __u64 now)
{
	return now - set->born;
}

bpf_inline int fragment_set_is_free(const struct cg_fragment_set *set, __u64 now)
{
	return !set->key ||
	       (fragment_set_age(set, now) >= (__s64)CG_FRAGMENT_HOLD_NS && !set->copying);
}

/* Returns the index of the datagram's set, or of one that is free; CG_FRAGMENT_SETS: full. */
bpf_inline __u32 fragment_set_find(const struct cg_fragment_bucket *bucket, __u64 key, __u64 now)
{
	__u32 found = CG_FRAGMENT_SETS, room = CG_FRAGMENT_SETS;

	for (__u32 i = 0; i < CG_FRAGMENT_SETS; i++) {
		if (fragment_set_is_free(&bucket->sets[i], now))
			room = i;
		else if (bucket->sets[i].key == key)
			found = i;
	}
	return found < CG_FRAGMENT_SETS ? found : room;
}

/* Takes the positions of a fragment for it, if none of them has passed. */
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
	if (set->state == CG_FRAGMENTS_JUDGING || set->state == CG_FRAGMENTS_REFUSED)
		return FRAGMENT_UNLIKE;
	if (set->end ? stop > set->end || (end && end != set->end) : beyond != 0)
		return FRAGMENT_UNLIKE;
	if (!missing)
		return FRAGMENT_THERE;
	if (there || set->state == CG_FRAGMENTS_PASSED ||
	    fragment_set_age(set, g->now) > (__s64)CG_FRAGMENT_GATHER_NS)
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

/* Returns whether all that is to be judged is there, and nobody else copies: then it is judged. */
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

/* --- the bytes -------------------------------------------------------------------------------- */

bpf_inline __u8 *fragment_bytes_of(const struct packet *p)
{
	__u32 index = p->gather.bucket * CG_FRAGMENT_SETS + p->gather.set;

	return bpf_map_lookup_elem(&fragment_bytes, &index);
}

/* Bytes of a fragment that are gathered: not those beyond CG_FRAGMENT_BYTES. */
bpf_inline __u32 fragment_length(const struct packet_fragment *f)
{
	__u32 room = CG_FRAGMENT_BYTES - f->offset;

	return f->length < room ? f->length : room;
}

/* Copies 1 to CG_FRAGMENT_LOAD bytes of the frame. */
bpf_inline long fragment_load(void *ctx, __u8 direction, __u32 at, void *to, __u32 length)
{
	length = (length - 1) & (CG_FRAGMENT_LOAD - 1);
	barrier_var(length);
	length++;
	return direction == CG_IN ? bpf_xdp_load_bytes(ctx, at, to, length)
				  : bpf_skb_load_bytes(ctx, at, to, length);
}

/*
 * Copies the bytes of a fragment: the first CG_FRAGMENT_LOAD to `to`, what is left to `behind`.
 * Both have room for CG_FRAGMENT_LOAD. Returns 0 or an error.
 */
bpf_inline long fragment_copy(void *ctx, __u8 direction, const struct packet_fragment *f, __u8 *to,
			      __u8 *behind)
{
	__u32 length = fragment_length(f);

	if (length <= CG_FRAGMENT_LOAD)
		return fragment_load(ctx, direction, f->at, to, length);
	if (fragment_load(ctx, direction, f->at, to, CG_FRAGMENT_LOAD))
		return -1;
	return fragment_load(ctx, direction, f->at + CG_FRAGMENT_LOAD, behind,
			     length - CG_FRAGMENT_LOAD);
}

bpf_inline long fragment_keep(void *ctx, __u8 direction, const struct packet_fragment *f,
			      __u8 *bytes)
{
	__u32 offset = f->offset & (CG_FRAGMENT_BYTES - 1), behind;

	barrier_var(offset);
	behind = (offset + CG_FRAGMENT_LOAD) & (CG_FRAGMENT_BYTES - 1);
	barrier_var(behind);
	return fragment_copy(ctx, direction, f, bytes + offset, bytes + behind);
}

struct fragment_compare {
	const __u8 *a;
	const __u8 *b;
	__u32 offset; /* in b */
	__u32 length;
	__u32 differ;
};

static long fragment_compare_step(__u32 i, void *arg)
{
	struct fragment_compare *c = arg;
	__u32 at = (i * 8) & (CG_FRAGMENT_BYTES - 1), rest = c->length - i * 8;
	__u32 there = (c->offset + at) & (CG_FRAGMENT_BYTES - 1);
	__u64 unlike = *(const __u64 *)(c->a + at) ^ *(const __u64 *)(c->b + there);

	if (rest < 8)
		unlike &= (1ULL << (rest * 8)) - 1;
	c->differ = unlike != 0;
	return c->differ || rest <= 8;
}

/* Returns whether the bytes of a fragment are those that have passed. */
bpf_inline int fragment_is_equal(void *ctx, __u8 direction, struct scratch *s, const __u8 *bytes)
{
	const struct packet_fragment *f = &s->packet.fragment;
	struct fragment_compare compare = {
		.a = s->parser.buf, .b = bytes, .offset = f->offset, .length = fragment_length(f)
	};

	if (fragment_copy(ctx, direction, f, s->parser.buf, s->parser.buf + CG_FRAGMENT_LOAD))
		return 0;
	bpf_loop(FRAGMENT_UNITS, fragment_compare_step, &compare, 0);
	return !compare.differ;
}

/* --- the datagram ----------------------------------------------------------------------------- */

struct fragment_chain {
	const __u8 *bytes;
	__u32 at;
	__u8 next;
};

/* An IPv6 extension header behind the fragment header: RFC 8200 4.5, the fragmentable part. */
static long fragment_chain_step(__u32 i, void *arg)
{
	struct fragment_chain *c = arg;
	const struct extension *x = (const void *)(c->bytes + (c->at & (CG_FRAGMENT_BYTES - 1)));

	(void)i;
	if (!packet_is_extension(c->next) || c->next == IPPROTO_FRAGMENT ||
	    c->at >= CG_FRAGMENT_BYTES)
		return 1;
	c->at += c->next == IPPROTO_AH ? (x->length + 2) * 4 : (x->length + 1) * 8;
	c->next = x->next;
	return 0;
}

/* The datagram is whole: finds the payload and copies it to the parser. Returns as packet_read(). */
bpf_inline int fragment_read(struct pkt_ctx *ctx, const __u8 *bytes, __u8 protocol, __u32 end)
{
	struct fragment_chain chain = { .bytes = bytes, .next = protocol };
	struct packet *p = &ctx->scratch->packet;
	const struct udphdr *udp;
	__u32 length, room;

	if (protocol != IPPROTO_UDP)
		bpf_loop(FRAGMENT_UNITS, fragment_chain_step, &chain, 0);
	if (chain.next != IPPROTO_UDP)
		return CG_R_NOT_UDP;
	if (!end)
		end = CG_FRAGMENT_BYTES;
	if (chain.at + sizeof(*udp) > end)
		return CG_R_MALFORMED;
	udp = (const void *)(bytes + (chain.at & (CG_FRAGMENT_BYTES - 1)));
	p->source_port = bpf_ntohs(udp->source);
	p->dest_port = bpf_ntohs(udp->dest);
	if (!packet_is_sip_port(ctx->config, p->dest_port) &&
	    !packet_is_sip_port(ctx->config, p->source_port))
		return CG_R_OTHER_PORT;
	room = end - chain.at - sizeof(*udp);
	length = bpf_ntohs(udp->len);
	if (!length) /* Linux accepts it over IPv6 */
		length = room + sizeof(*udp);
	if (length < sizeof(*udp))
		return CG_R_MALFORMED;
	length -= sizeof(*udp);
	p->cut = length > room;
	p->length = p->cut ? room : length;
	p->gathered = 1;
	if (p->length > CG_FRAGMENT_BYTES ||
	    bpf_probe_read_kernel(ctx->scratch->parser.buf, p->length, udp + 1))
		return CG_R_INTERNAL;
	return PACKET_SIP;
}

/* --- the fragment ----------------------------------------------------------------------------- */

/* Returns whether this first fragment shows that its datagram is none for a SIP port. */
bpf_inline int fragment_is_foreign(void *ctx, __u8 direction, const struct cg_config *config,
				   const struct packet *p)
{
	__be16 ports[4];
	long err;

	if (packet_is_extension(p->fragment.protocol) || p->fragment.length < sizeof(ports))
		return 0;
	if (p->fragment.protocol != IPPROTO_UDP)
		return 1;
	err = direction == CG_IN ? bpf_xdp_load_bytes(ctx, p->fragment.at, ports, sizeof(ports))
				 : bpf_skb_load_bytes(ctx, p->fragment.at, ports, sizeof(ports));
	return !err && !packet_is_sip_port(config, bpf_ntohs(ports[0])) &&
	       !packet_is_sip_port(config, bpf_ntohs(ports[1]));
}

/* Takes the positions of the fragment. Sets gather.set. Returns enum fragment_claim. */
BPF_SUBPROG int fragment_claim(struct cg_fragment_bucket *bucket, struct packet *p)
{
	struct packet_gather *g = &p->gather;
	int claim = g->may_begin ? FRAGMENT_FULL : FRAGMENT_NONE;
	struct cg_fragment_set *set;
	__u32 found;

	bpf_spin_lock(&bucket->lock);
	found = fragment_set_find(bucket, g->key, g->now);
	g->set = found;
	set = fragment_set_at(bucket, found);
	if (found >= CG_FRAGMENT_SETS)
		goto out;
	if (set->key != g->key || fragment_set_is_free(set, g->now)) {
		if (!g->may_begin)
			goto out;
		__builtin_memset(set, 0, sizeof(*set));
		set->key = g->key;
		set->born = g->now;
	}
	claim = fragment_set_claim(set, p);
out:
	bpf_spin_unlock(&bucket->lock);
	return claim;
}

/*
 * This first fragment is for no SIP port. Returns FRAGMENT_UNLIKE if another first fragment has
 * passed. Else what has passed is forgotten: the caller leaves the time in `fragment_loose`.
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

/* The bytes are copied. Returns 1 if the datagram is whole, and sets *protocol and *end. */
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

/* The datagram was judged: from now on equal copies pass, or nothing. */
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

/* A fragment that is not gathered. Returns a reason. */
bpf_inline int fragment_not_gathered(const struct pkt_ctx *ctx, __u32 *loose, __u32 seconds,
				     int by_policy)
{
	const struct packet *p = &ctx->scratch->packet;

	if (p->fragment.offset || !by_policy)
		*loose = seconds;
	if (by_policy && !addr_is_gateway(ctx->config, p->source))
		return CG_R_FRAGMENTED;
	return CG_R_FRAGMENT;
}

/* Takes a fragment whose positions are claimed. Returns as packet_read(). */
bpf_inline int fragment_take(struct pkt_ctx *ctx, void *raw, __u8 direction,
			     struct cg_fragment_bucket *bucket, __u8 *bytes)
{
	struct packet *p = &ctx->scratch->packet;
	__u32 protocol = 0, end = 0;
	long err = fragment_keep(raw, direction, &p->fragment, bytes);
	int reason;

	if (!fragment_copied(bucket, p, err, &protocol, &end))
		return CG_R_FRAGMENT;
	reason = fragment_read(ctx, bytes, protocol, end);
	if (reason != PACKET_SIP)
		fragment_judged(p, CG_PASS);
	return reason;
}

/*
 * raw: the context of XDP or tc. Returns PACKET_SIP if the datagram is whole: its payload is in the
 * parser's buffer, and the caller owes fragment_judged(). Else the reason of the fragment.
 */
bpf_inline int fragment_gather(struct pkt_ctx *ctx, void *raw, __u8 direction)
{
	struct packet *p = &ctx->scratch->packet;
	struct packet_gather *g = &p->gather;
	struct cg_fragment_bucket *bucket;
	__u32 *loose, slot, seconds;
	__s32 age;
	int first = !p->fragment.offset, foreign, claim;
	__u8 *bytes;

	p->source_port = 0;
	p->dest_port = 0;
	if (p->fragment.offset >= CG_FRAGMENT_BYTES)
		return CG_R_FRAGMENT;
	g->key = fragment_key(ctx->config, p);
	g->now = bpf_ktime_get_boot_ns();
	g->bucket = (g->key >> 8) & (CG_FRAGMENT_BUCKETS - 1);
	slot = (g->key >> 32) & (CG_FRAGMENT_LOOSE - 1);
	seconds = g->now / 1000000000;
	loose = bpf_map_lookup_elem(&fragment_loose, &slot);
	bucket = bpf_map_lookup_elem(&fragments, &g->bucket);
	if (!loose || !bucket)
		return CG_R_INTERNAL;
	age = *loose ? (__s32)(seconds - *loose) : FRAGMENT_LOOSE_HOLD_S + 1;
	foreign = first && fragment_is_foreign(raw, direction, ctx->config, p);
	if (first && !foreign && age <= FRAGMENT_LOOSE_HOLD_S)
		return fragment_not_gathered(ctx, loose, seconds, 1);
	bpf_loop(FRAGMENT_WORDS, fragment_map_step, &p, 0);
	g->may_begin = first || age > FRAGMENT_LOOSE_PASS_S;
	claim = foreign ? fragment_claim_foreign(bucket, p) : fragment_claim(bucket, p);
	if (claim == FRAGMENT_NONE || claim == FRAGMENT_FULL)
		return fragment_not_gathered(ctx, loose, seconds, claim == FRAGMENT_FULL);
	bytes = fragment_bytes_of(p);
	if (!bytes)
		return CG_R_INTERNAL;
	if (claim == FRAGMENT_NEW)
		return fragment_take(ctx, raw, direction, bucket, bytes);
	if (claim == FRAGMENT_THERE && fragment_is_equal(raw, direction, ctx->scratch, bytes))
		return CG_R_FRAGMENT;
	return CG_R_FRAGMENT_UNLIKE;
}

#endif
