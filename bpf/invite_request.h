/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * INVITEs. One that comes in is noted in `invites`; when the host sends it on, or answers it, the note
 * moves to `pending` under the branch concerned. Owner of both maps.
 *
 * API: invite_in(), invite_out(), and for answers invite_noted(), invite_again(), invite_pend().
 */
#ifndef CG_INVITE_REQUEST_H
#define CG_INVITE_REQUEST_H

#include <linux/errno.h>

#include "events.h"
#include "scratch.h"

bpf_inline struct cg_txn_key txn_key(const struct facts *f, __u64 branch)
{
	return (struct cg_txn_key){ .call = f->key.call, .from = f->from, .branch = branch };
}

bpf_inline struct cg_invite *invite_noted(const struct facts *f, __u64 branch)
{
	struct cg_txn_key key = txn_key(f, branch);
	struct cg_invite *i = bpf_map_lookup_elem(&pending, &key), *noted;

	if (i && !i->done)
		return i;
	noted = bpf_map_lookup_elem(&invites, &key);
	return noted ? noted : i;
}

BPF_SUBPROG int invite_build(struct guard *g)
{
	struct scratch *s = g->s;
	const struct sip_parser *p = &s->parser;
	struct cg_invite *i = &s->invite;
	__u16 flags = p->msg.to_tag.len ? CG_I_HAS_TO_TAG : 0;

	__builtin_memset(i, 0, sizeof(*i));
	i->setup = s->facts.now;
	i->cseq = s->facts.cseq;
	__builtin_memcpy(i->caller_addr, s->packet.source, 16);
	i->caller_port = s->packet.source_port;
	i->caller_if = cg_ifindex_hash8(s->packet.ifindex);
	i->clock = g->config->clock;
	i->target_in = s->facts.contact;
	if (s->facts.cseq_valid)
		flags |= CG_I_CSEQ_VALID;
	if (copy_text(i->call.call_id, sizeof(i->call.call_id), p, &p->msg.call_id))
		flags |= CG_I_CALL_ID_CUT;
	if (copy_text(i->call.from_tag, sizeof(i->call.from_tag), p, &p->msg.from_tag))
		flags |= CG_I_TAG_CUT;
	if (copy_text(i->call.from_uri, sizeof(i->call.from_uri), p, &p->msg.from_uri) |
	    copy_text(i->call.to_uri, sizeof(i->call.to_uri), p, &p->msg.to_uri) |
	    copy_text(i->call.request_uri, sizeof(i->call.request_uri), p, &p->msg.request_uri))
		flags |= CG_I_URI_CUT;
	i->flags = flags;
	return 0;
}

bpf_inline void invite_again(struct scratch *s, const struct cg_invite *from)
{
	__builtin_memcpy(&s->invite, from, sizeof(*from));
	s->invite.renewed = 0;
	s->invite.done = 0;
	s->invite.flags &= ~(CG_I_FORWARDED | CG_I_SPIRALED);
	s->invite.forks = 0;
}

/*
 * The caller is the outermost one, and the call began then. Where it goes is what comes in last: who
 * sends it back may have asked for something cheaper first.
 */
bpf_inline void invite_spiral(struct cg_invite *i, const struct cg_invite *first)
{
	i->setup = first->setup;
	i->clock = first->clock;
	i->cseq = first->cseq;
	i->flags = (i->flags & ~(CG_I_CSEQ_VALID | CG_I_LOCAL_CALLER)) |
		   (first->flags & (CG_I_CSEQ_VALID | CG_I_LOCAL_CALLER));
	i->target_in = first->target_in;
	__builtin_memcpy(i->caller_addr, first->caller_addr, 16);
	i->caller_port = first->caller_port;
	i->caller_if = first->caller_if;
}

/* A copy has the number and the Request-URI of the first: as much of it as a CDR says. */
bpf_inline int invite_is_copy(const struct cg_invite *i, const struct cg_invite *first)
{
	const __u64 *a = (const void *)i->call.request_uri;
	const __u64 *b = (const void *)first->call.request_uri;
	__u64 differ = i->cseq ^ first->cseq;

	for (__u32 n = 0; n < CG_URI_MAX / 8; n++)
		differ |= a[n] ^ b[n];
	return !differ;
}

/*
 * A transaction is told by its branch, which is the caller's to choose. Two INVITEs under one are two
 * calls to a proxy that looks at Via's sent-by too (RFC 3261 17.2.3), and the second would be told as
 * the first; likewise one under the branch that the host sent another on under, unless the host has
 * sent it to itself. `first`: what is noted; the new one stands in scratch.
 */
bpf_inline int invite_borrows(const struct guard *g, const struct cg_txn_key *key,
			      const struct cg_invite *first)
{
	const struct cg_invite *own = bpf_map_lookup_elem(&pending, key);

	if (g->s->facts.peer_gateway)
		return 0;
	if (own && !(own->flags & CG_I_LOCAL_UAS))
		return !addr_equal(own->sent_to, g->s->packet.dest) &&
		       !invite_is_copy(&g->s->invite, own);
	return first && !first->done && !invite_is_copy(&g->s->invite, first);
}

/* From where the host sent it, or from one gateway where it was sent to another. */
bpf_inline int invite_comes_back(const struct guard *g, const struct cg_invite *first)
{
	const struct facts *f = &g->s->facts;

	return addr_equal(first->sent_to, f->peer) ||
	       (f->peer_gateway && addr_is_gateway(g->config, first->sent_to));
}

bpf_inline __u8 invite_in(struct guard *g)
{
	struct facts *f = &g->s->facts;
	struct cg_txn_key key = txn_key(f, f->branch), before;
	struct cg_invite *first = invite_noted(f, f->branch);

	invite_build(g);
	if (invite_borrows(g, &key, first))
		return CG_R_AMBIGUOUS;
	if (first && !first->done)
		return CG_R_INVITE; /* sent again: the first counts */
	first = NULL;
	if (f->branch2) { /* a spiral: the host sent it out, and here it comes once more */
		before = txn_key(f, f->branch2);
		first = bpf_map_lookup_elem(&pending, &before);
	}
	if (first && invite_comes_back(g, first)) {
		first->flags |= CG_I_SPIRALED;
		invite_spiral(&g->s->invite, first);
	}
	return bpf_map_update_elem(&invites, &key, &g->s->invite, BPF_ANY) ? CG_R_INTERNAL
									   : CG_R_INVITE;
}

/* 6.1 returns an int in 64 bits that are not sign-extended: hence the casts. */
bpf_inline __u8 invite_pend(struct guard *g, const struct cg_txn_key *key, __u64 how)
{
	g->s->invite.renewed = g->s->facts.now;
	switch ((int)bpf_map_update_elem(&pending, key, &g->s->invite, how)) {
	case 0:
	case -EEXIST:
		return CG_R_INVITE;
	case -E2BIG:
		return CG_R_PENDING_FULL;
	}
	return CG_R_INTERNAL;
}

bpf_inline __u8 invite_out(struct guard *g)
{
	struct scratch *s = g->s;
	struct facts *f = &s->facts;
	struct cg_txn_key key = txn_key(f, f->branch);
	struct cg_invite *note = bpf_map_lookup_elem(&pending, &key);

	if (note && !(note->flags & CG_I_LOCAL_UAS))
		return CG_R_INVITE; /* sent again */
	note = NULL;
	if (f->branch2)
		note = invite_noted(f, f->branch2);
	if (note) {
		note->flags |= CG_I_FORWARDED;
		invite_again(s, note);
	} else {
		/* the host's own, or one from a transport that is not seen: numbered by whom? */
		invite_build(g);
		s->invite.flags |= CG_I_LOCAL_CALLER;
		if (f->relayed)
			s->invite.flags &= ~CG_I_CSEQ_VALID;
	}
	__builtin_memcpy(s->invite.sent_to, f->peer, 16);
	s->invite.sent_port = f->peer_port;
	s->invite.sent_if = cg_ifindex_hash8(s->packet.ifindex);
	s->invite.target_out = f->contact;
	return invite_pend(g, &key, BPF_ANY); /* the branch is the host's, whoever had guessed it */
}

#endif
