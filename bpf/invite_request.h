/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * INVITEs. An ingress INVITE is stored in `invites`, under the caller's branch. When the host
 * forwards it, a copy goes to `pending` under the host's branch; when the host answers it, under
 * the caller's branch. Owner of both maps.
 *
 * API: invite_in(), invite_out(), txn_key(), and for responses invite_find(), invite_copy_note(),
 * invite_pend().
 */
#ifndef CG_INVITE_REQUEST_H
#define CG_INVITE_REQUEST_H

#include <linux/errno.h>

#include "addr.h"
#include "maps.h"
#include "scratch.h"
#include "text.h"

bpf_inline struct cg_txn_key txn_key(const struct msg_info *info, __u64 branch)
{
	return (struct cg_txn_key){ .call = info->key.call,
				    .from = info->from_hash,
				    .branch = branch };
}

/*
 * Finds an INVITE by the branch under which it came in. An entry without final response comes
 * first.
 */
bpf_inline struct cg_invite *invite_find(const struct msg_info *info, __u64 branch)
{
	struct cg_txn_key key = txn_key(info, branch);
	struct cg_invite *invite = bpf_map_lookup_elem(&pending, &key), *noted;

	if (invite && !invite->done)
		return invite;
	noted = bpf_map_lookup_elem(&invites, &key);
	return noted ? noted : invite;
}

/* Builds the entry of this INVITE in scratch. */
BPF_SUBPROG int invite_build(struct pkt_ctx *ctx)
{
	struct scratch *s = ctx->scratch;
	const struct sip_parser *p = &s->parser;
	struct cg_invite *invite = &s->invite;
	__u16 flags = p->msg.to_tag.len ? CG_I_HAS_TO_TAG : 0;

	__builtin_memset(invite, 0, sizeof(*invite));
	invite->setup = s->info.now;
	invite->cseq = s->info.cseq;
	__builtin_memcpy(invite->caller_addr, s->packet.source, 16);
	invite->caller_port = s->packet.source_port;
	invite->caller_if = cg_ifindex_hash8(s->packet.ifindex);
	invite->clock = ctx->config->clock;
	invite->target_in = s->info.contact_hash;
	if (s->info.cseq_valid)
		flags |= CG_I_CSEQ_VALID;
	if (text_copy(invite->call.call_id, sizeof(invite->call.call_id), p, &p->msg.call_id))
		flags |= CG_I_CALL_ID_CUT;
	if (text_copy(invite->call.from_tag, sizeof(invite->call.from_tag), p, &p->msg.from_tag))
		flags |= CG_I_TAG_CUT;
	if (text_copy(invite->call.from_uri, sizeof(invite->call.from_uri), p, &p->msg.from_uri) |
	    text_copy(invite->call.to_uri, sizeof(invite->call.to_uri), p, &p->msg.to_uri) |
	    text_copy(invite->call.request_uri, sizeof(invite->call.request_uri), p,
		      &p->msg.request_uri))
		flags |= CG_I_URI_CUT;
	invite->flags = flags;
	return 0;
}

/* Copies an entry to scratch, without what belongs to its own transaction. */
bpf_inline void invite_copy_note(struct scratch *s, const struct cg_invite *from)
{
	__builtin_memcpy(&s->invite, from, sizeof(*from));
	s->invite.renewed = 0;
	s->invite.done = 0;
	s->invite.flags &= ~(CG_I_FORWARDED | CG_I_SPIRALED);
	s->invite.forks = 0;
}

/*
 * Spiral: takes caller and setup time from the first arrival. The destination is that of the last
 * arrival, because the party that loops the call back may have dialled a cheaper number first.
 */
bpf_inline void invite_keep_outer_caller(struct cg_invite *invite, const struct cg_invite *first)
{
	invite->setup = first->setup;
	invite->clock = first->clock;
	invite->cseq = first->cseq;
	invite->flags = (invite->flags & ~(CG_I_CSEQ_VALID | CG_I_LOCAL_CALLER)) |
			(first->flags & (CG_I_CSEQ_VALID | CG_I_LOCAL_CALLER));
	invite->target_in = first->target_in;
	__builtin_memcpy(invite->caller_addr, first->caller_addr, 16);
	invite->caller_port = first->caller_port;
	invite->caller_if = first->caller_if;
}

/* Returns whether both have the same CSeq and Request-URI, as far as a CDR records them. */
bpf_inline int invite_is_retransmission(const struct cg_invite *invite,
					const struct cg_invite *first)
{
	const __u64 *a = (const void *)invite->call.request_uri;
	const __u64 *b = (const void *)first->call.request_uri;
	__u64 differ = invite->cseq ^ first->cseq;

	for (__u32 n = 0; n < CG_URI_MAX / 8; n++)
		differ |= a[n] ^ b[n];
	return !differ;
}

/*
 * Returns whether the INVITE in scratch uses the branch of another INVITE. `first` is the one that
 * is stored under this branch, or NULL.
 *
 * The caller chooses the branch. A proxy that also compares sent-by (RFC 3261 17.2.3) treats two
 * INVITEs with one branch as two calls. Without this check the second call would pass as a
 * retransmission of the first. The same holds for an INVITE that reuses the branch of one that the
 * host forwarded, except when the host sent that one to itself.
 */
bpf_inline int invite_branch_reused(const struct pkt_ctx *ctx, const struct cg_txn_key *key,
				    const struct cg_invite *first)
{
	const struct cg_invite *forwarded = bpf_map_lookup_elem(&pending, key);

	if (ctx->scratch->info.remote_is_gateway)
		return 0;
	if (forwarded && !(forwarded->flags & CG_I_LOCAL_UAS))
		return !addr_equal(forwarded->sent_to, ctx->scratch->packet.dest) &&
		       !invite_is_retransmission(&ctx->scratch->invite, forwarded);
	return first && !first->done && !invite_is_retransmission(&ctx->scratch->invite, first);
}

/* Returns whether the INVITE comes back from where it was sent, or from another gateway. */
bpf_inline int invite_is_spiral(const struct pkt_ctx *ctx, const struct cg_invite *first)
{
	const struct msg_info *info = &ctx->scratch->info;

	return addr_equal(first->sent_to, info->remote) ||
	       (info->remote_is_gateway && addr_is_gateway(ctx->config, first->sent_to));
}

bpf_inline __u8 invite_in(struct pkt_ctx *ctx)
{
	struct msg_info *info = &ctx->scratch->info;
	struct cg_txn_key key = txn_key(info, info->branch_hash), before;
	struct cg_invite *first = invite_find(info, info->branch_hash);

	invite_build(ctx);
	if (invite_branch_reused(ctx, &key, first))
		return CG_R_AMBIGUOUS;
	if (first && !first->done)
		return CG_R_INVITE; /* a retransmission: the first one counts */
	first = NULL;
	if (info->branch2_hash) { /* the host may have forwarded it: a spiral */
		before = txn_key(info, info->branch2_hash);
		first = bpf_map_lookup_elem(&pending, &before);
	}
	if (first && invite_is_spiral(ctx, first)) {
		first->flags |= CG_I_SPIRALED;
		invite_keep_outer_caller(&ctx->scratch->invite, first);
	}
	return bpf_map_update_elem(&invites, &key, &ctx->scratch->invite, BPF_ANY) ? CG_R_INTERNAL
										   : CG_R_INVITE;
}

/*
 * Puts the entry in scratch into `pending`. On 6.1 the helper returns an int in 64 bits that are
 * not sign-extended, hence the cast.
 */
bpf_inline __u8 invite_pend(struct pkt_ctx *ctx, const struct cg_txn_key *key, __u64 how)
{
	ctx->scratch->invite.renewed = ctx->scratch->info.now;
	switch ((int)bpf_map_update_elem(&pending, key, &ctx->scratch->invite, how)) {
	case 0:
	case -EEXIST:
		return CG_R_INVITE;
	case -E2BIG:
		return CG_R_PENDING_FULL;
	}
	return CG_R_INTERNAL;
}

bpf_inline __u8 invite_out(struct pkt_ctx *ctx)
{
	struct scratch *s = ctx->scratch;
	struct msg_info *info = &s->info;
	struct cg_txn_key key = txn_key(info, info->branch_hash);
	struct cg_invite *note = bpf_map_lookup_elem(&pending, &key);

	if (note && !(note->flags & CG_I_LOCAL_UAS))
		return CG_R_INVITE; /* a retransmission */
	note = NULL;
	if (info->branch2_hash)
		note = invite_find(info, info->branch2_hash);
	if (note) {
		note->flags |= CG_I_FORWARDED;
		invite_copy_note(s, note);
	} else {
		/*
		 * The host's own INVITE, or one that came over an unseen transport. If the host
		 * forwards it, the CSeq may be the proxy's.
		 */
		invite_build(ctx);
		s->invite.flags |= CG_I_LOCAL_CALLER;
		if (info->relayed)
			s->invite.flags &= ~CG_I_CSEQ_VALID;
	}
	__builtin_memcpy(s->invite.sent_to, info->remote, 16);
	s->invite.sent_port = info->remote_port;
	s->invite.sent_if = cg_ifindex_hash8(s->packet.ifindex);
	s->invite.target_out = info->contact_hash;
	/* BPF_ANY: the branch is the host's, even if somebody has guessed it before. */
	return invite_pend(ctx, &key, BPF_ANY);
}

#endif
