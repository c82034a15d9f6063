/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Fragments (RFC 791 3.2, RFC 8200 4.5). Each fragment passes when it arrives. The one that
 * completes the datagram gets the verdict on the whole.
 *
 * Each position of a datagram passes with one content only. These fragments are dropped:
 * - one whose bytes differ from those that passed at its position;
 * - one of which a part has passed and a part is new;
 * - one that ends the datagram at another position, or where one that passed did not end it;
 * - a first one that names another protocol than the first one before it: Linux drops an IPv6 first
 *   fragment that does not hold all headers;
 * - any of a datagram that is being judged, or was refused.
 * An equal copy passes. So the host can reassemble only what was judged here, even if it discards
 * some of the fragments, for example for a wrong checksum.
 *
 * The policy --fragments decides about a datagram whose UDP header is not found: it is behind 4 kB
 * of IPv6 extension headers, which Linux reads, or behind a second fragment header.
 *
 * A datagram for another port is not gathered, and passes: fragment_is_foreign(). A later fragment
 * does not show its ports. If one passes without being gathered, its time is stored in
 * `fragment_loose`. As long as the host may hold it, no first fragment for a SIP port is gathered
 * under that hash.
 *
 * Owner of `fragment_bytes` and `fragment_loose`.
 * API: fragment_gather(), after which the caller must call fragment_judged().
 */
#ifndef CG_FRAGMENT_H
#define CG_FRAGMENT_H

#include "addr.h"
#include "bytes.h"
#include "fragment_set.h"
#include "maps.h"
#include "packet.h"
#include "scratch.h"
#include "verdict.h"

/*
 * Seconds for which later fragments pass after one that was not gathered. For CG_FRAGMENT_HOLD4_S
 * or CG_FRAGMENT_HOLD6_S no first fragment for a SIP port is gathered after them. That is longer
 * than the host remembers a fragment, and longer than this time, so that no race of two CPUs lets
 * both pass. With forged addresses, 8,000 foreign datagrams in fragments a second (IPv6: 4,000)
 * fill all of `fragment_loose`. Then the policy decides about fragmented SIP.
 */
#define FRAGMENT_LOOSE_PASS_S 10
#define FRAGMENT_LOOSE_NEVER 0x7fffffff

/* --- the bytes -------------------------------------------------------------------------------- */

bpf_inline __u8 *fragment_bytes_of(const struct packet *p)
{
	__u32 index = p->gather.bucket * CG_FRAGMENT_SETS + p->gather.set;

	return bpf_map_lookup_elem(&fragment_bytes, &index);
}

/* Returns how many bytes of a fragment are gathered: those below CG_FRAGMENT_BYTES. */
bpf_inline __u32 fragment_length(const struct packet_fragment *f)
{
	__u32 room = CG_FRAGMENT_BYTES - f->offset;

	return f->length < room ? f->length : room;
}

/* Copies 1 to CG_FRAGMENT_LOAD bytes of the frame. */
bpf_inline long fragment_load(void *ctx, __u8 direction, __u32 at, void *to, __u32 length)
{
	return packet_load(ctx, direction, at, to, copy_length(length, CG_FRAGMENT_LOAD));
}

/*
 * Copies the bytes of a fragment: the first CG_FRAGMENT_LOAD to `to`, the rest to `behind`. Both
 * have room for CG_FRAGMENT_LOAD. Returns 0 or an error.
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

/* Returns whether the bytes of a fragment are those that have passed. */
bpf_inline int fragment_is_equal(void *ctx, __u8 direction, struct scratch *s, const __u8 *bytes)
{
	const struct packet_fragment *f = &s->packet.fragment;

	if (fragment_copy(ctx, direction, f, s->parser.buf, s->parser.buf + CG_FRAGMENT_LOAD))
		return 0;
	return bytes_equal(s->parser.buf, bytes, f->offset, fragment_length(f));
}

/* --- the datagram ----------------------------------------------------------------------------- */

struct fragment_chain {
	const __u8 *bytes;
	__u32 at;
	__u8 next;
};

/*
 * Skips an IPv6 extension header behind the fragment header: RFC 8200 4.5, the fragmentable part.
 */
static long fragment_chain_step(__u32 i, void *arg)
{
	struct fragment_chain *c = arg;
	const struct extension *x = (const void *)(c->bytes + (c->at & (CG_FRAGMENT_BYTES - 1)));

	(void)i;
	if (!packet_is_extension(c->next) || c->next == IPPROTO_FRAGMENT ||
	    c->at >= CG_FRAGMENT_BYTES)
		return 1;
	c->at += packet_extension_length(c->next, x);
	c->next = x->next;
	return 0;
}

/*
 * Finds the payload of a complete datagram and copies it to the parser's buffer. Returns as
 * packet_read() does.
 */
bpf_inline int fragment_read(struct pkt_ctx *ctx, const __u8 *bytes, __u8 protocol, __u32 end)
{
	struct fragment_chain chain = { .bytes = bytes, .next = protocol };
	struct packet *p = &ctx->scratch->packet;
	const struct udphdr *udp;
	__u32 length, room;

	if (protocol != IPPROTO_UDP)
		bpf_loop(FRAGMENT_UNITS, fragment_chain_step, &chain, 0);
	if (packet_is_extension(chain.next) ||
	    (!end && chain.at + sizeof(*udp) > CG_FRAGMENT_BYTES))
		return CG_R_FRAGMENTED;
	if (chain.next != IPPROTO_UDP && chain.next != IPPROTO_TCP)
		return CG_R_NOT_UDP;
	if (!end)
		end = CG_FRAGMENT_BYTES;
	if (chain.at + sizeof(*udp) > end)
		return CG_R_MALFORMED;
	udp = (const void *)(bytes + (chain.at & (CG_FRAGMENT_BYTES - 1)));
	p->source_port = bpf_ntohs(udp->source);
	p->dest_port = bpf_ntohs(udp->dest);
	if (!packet_is_for_sip(ctx->config, p->source_port, p->dest_port))
		return CG_R_OTHER_PORT;
	if (chain.next == IPPROTO_TCP) { /* see packet_tcp_fragment() */
		p->tcp = 1;
		p->enforced = config_enforces_tcp(ctx->config);
		return p->direction == CG_IN && ctx->config->tcp ? CG_R_TCP_UNFRAMED : CG_R_NOT_UDP;
	}
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

/* Returns whether this first fragment shows that its datagram is not for a SIP port. */
bpf_inline int fragment_is_foreign(void *ctx, __u8 direction, const struct cg_config *config,
				   const struct packet *p)
{
	__be16 ports[4];
	long err;

	if (packet_is_extension(p->fragment.protocol) || p->fragment.length < sizeof(ports))
		return 0;
	if (p->fragment.protocol != IPPROTO_UDP)
		return 1;
	err = packet_load(ctx, direction, p->fragment.at, ports, sizeof(ports));
	return !err && !packet_is_for_sip(config, bpf_ntohs(ports[0]), bpf_ntohs(ports[1]));
}

/* Notes a fragment that is not gathered. Returns its reason. */
bpf_inline int fragment_not_gathered(const struct pkt_ctx *ctx, int class, __u32 *loose,
				     __u32 seconds, int by_policy)
{
	const struct packet *p = &ctx->scratch->packet;

	if (p->fragment.offset || !by_policy)
		*loose = seconds;
	if (by_policy && !(class == CG_ADDR_GATEWAY && p->direction == CG_IN))
		return CG_R_FRAGMENTED;
	return CG_R_FRAGMENT;
}

/*
 * Copies a fragment whose positions are claimed, and reads the datagram if it is complete. Returns
 * as packet_read() does.
 */
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
		fragment_judged(p, reason_action(ctx->config, reason, p->enforced));
	return reason;
}

/* Sets the key, time and bucket of the fragment's datagram. class: of the remote address. */
bpf_inline void fragment_locate(const struct pkt_ctx *ctx, struct packet *p, __u8 direction,
				int *class)
{
	const __u8 *peer = direction == CG_IN ? p->source : p->dest;
	const __u64 *hash_key = ctx->scratch->parser.hash_key;
	struct packet_gather *g = &p->gather;

	g->key = fragment_key(hash_key, p);
	g->now = bpf_ktime_get_ns();
	g->hold_s = CG_FRAGMENT_GATHER_S +
		    (p->fragment.version == 4 ? CG_FRAGMENT_HOLD4_S : CG_FRAGMENT_HOLD6_S);
	*class = addr_class(ctx->config, peer);
	g->bucket =
		fragment_bucket(hash_key, g->key, ((const __u64 *)peer)[p->fragment.version == 4],
				*class == CG_ADDR_OTHER ? ctx->config->share : 0);
}

/*
 * Gathers a fragment. raw: the context of XDP or tc. Returns PACKET_SIP if the datagram is
 * complete: its payload is in the parser's buffer, and the caller must call fragment_judged().
 * Otherwise returns the reason of the fragment.
 */
bpf_inline int fragment_gather(struct pkt_ctx *ctx, void *raw, __u8 direction)
{
	struct packet *p = &ctx->scratch->packet;
	struct packet_gather *g = &p->gather;
	struct cg_fragment_bucket *bucket;
	__u32 *loose, slot, seconds;
	__s32 age;
	int first = !p->fragment.offset, foreign, claim, class;
	__u8 *bytes;

	p->source_port = 0;
	p->dest_port = 0;
	if (p->fragment.offset >= CG_FRAGMENT_BYTES)
		return CG_R_FRAGMENT;
	fragment_locate(ctx, p, direction, &class);
	slot = (g->key >> 32) & (CG_FRAGMENT_LOOSE - 1);
	seconds = g->now / 1000000000;
	loose = bpf_map_lookup_elem(&fragment_loose, &slot);
	bucket = bpf_map_lookup_elem(&fragments, &g->bucket);
	if (!loose || !bucket)
		return CG_R_INTERNAL;
	age = *loose ? (__s32)(seconds - *loose) : FRAGMENT_LOOSE_NEVER;
	foreign = first && fragment_is_foreign(raw, direction, ctx->config, p);
	if (first && !foreign && age <= g->hold_s - CG_FRAGMENT_GATHER_S + 1)
		return fragment_not_gathered(ctx, class, loose, seconds, 1);
	g->may_begin = first || age > FRAGMENT_LOOSE_PASS_S;
	bpf_loop(FRAGMENT_WORDS, fragment_map_step, &p, 0);
	claim = foreign ? fragment_claim_foreign(bucket, p) : fragment_claim(bucket, p);
	if (claim == FRAGMENT_NONE || claim == FRAGMENT_FULL)
		return fragment_not_gathered(ctx, class, loose, seconds, claim == FRAGMENT_FULL);
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
