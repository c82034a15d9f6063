/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Initial INVITEs. An INVITE that comes in is noted. The one that goes out is the call. The Via
 * that the host stamped in it shows whose INVITE it was. Owner of `branches`.
 *
 * API: invite_in(), invite_out(), branch_find().
 */
#ifndef CG_INVITE_REQUEST_H
#define CG_INVITE_REQUEST_H

#include "invite_note.h"

bpf_inline struct cg_branch *branch_find(const struct msg_info *info, __u64 branch)
{
	struct cg_txn_key key = branch_key(info, branch);

	return bpf_map_lookup_elem(&branches, &key);
}

/* --- INVITEs that come in --------------------------------------------------------------------- */

/* Returns whether two INVITEs are equal in everything that a CDR shows. */
bpf_inline int invite_is_copy(const struct cg_invite *a, const struct cg_invite *b)
{
	const __u64 *x = (const void *)&a->call, *y = (const void *)&b->call;
	__u64 differ = a->cseq ^ b->cseq;

	for (__u32 i = 0; i < sizeof(a->call) / 8; i++)
		differ |= x[i] ^ y[i];
	return !differ;
}

/* Spiral: the caller is the outermost one, and the call began with his INVITE. */
bpf_inline void invite_keep_outer_caller(struct cg_invite *invite, const struct cg_invite *first)
{
	invite->setup = first->setup;
	invite->clock = first->clock;
	invite->cseq = first->cseq;
	invite->contact = first->contact;
	invite->contact_user = first->contact_user;
	invite->record_routes = first->record_routes;
	invite->flags &= ~(CG_I_CSEQ_VALID | CG_I_LOCAL | CG_I_UNSEEN | CG_I_TCP);
	invite->flags |= first->flags &
			 (CG_I_CSEQ_VALID | CG_I_LOCAL | CG_I_UNSEEN | CG_I_TCP | CG_I_SUSPECT);
	__builtin_memcpy(invite->caller_addr, first->caller_addr, 16);
	invite->caller_port = first->caller_port;
	invite->caller_ifindex = first->caller_ifindex;
}

/*
 * Handles a spiral: the INVITE comes back from the host itself, a gateway or a relay. From others
 * it is none, because they could use a branch of the host that they have seen.
 */
bpf_inline void invite_spiral(struct pkt_ctx *ctx)
{
	const struct msg_info *info = &ctx->scratch->info;
	struct cg_branch *branch;
	struct cg_txn_key key;
	struct cg_invite *first;

	if (!ctx->scratch->route.came_back)
		return;
	branch = branch_find(info, ctx->scratch->route.own_branch);
	if (!branch || !hep_may_touch_branch(branch))
		return;
	branch->flags |= CG_B_SPIRALED;
	key = branch_key(info, branch->note);
	first = bpf_map_lookup_elem(&pending, &key);
	if (first)
		invite_keep_outer_caller(&ctx->scratch->invite, first);
}

/*
 * Completes a note whose INVITE the host forwarded over UDP before the caller's was reported. The note
 * keeps the address that the host stamped and the texts that went out; the report gives the rest.
 */
bpf_inline __u8 hep_adopt_note(struct pkt_ctx *ctx, struct cg_invite *note)
{
	const struct cg_invite *told = &ctx->scratch->invite;

	if (!(note->flags & CG_I_UNSEEN))
		return CG_R_HEP_OF_WIRE;
	if (note->done)
		return CG_R_INVITE; /* answered: see hep_adopt_caller() */
	if (cg_time_is_after(note->setup, told->setup))
		note->setup = told->setup;
	note->cseq = told->cseq;
	note->contact = told->contact;
	note->contact_user = told->contact_user;
	note->record_routes = told->record_routes;
	note->caller_port = told->caller_port;
	note->flags = (note->flags & ~CG_I_UNSEEN) | CG_I_HEP | (told->flags & CG_I_CSEQ_VALID);
	return CG_R_INVITE;
}

/* An INVITE that the kernel has read is worth more than one that was reported. */
bpf_inline int note_is_first(const struct cg_invite *first)
{
	return note_is_live(first) && (from_hep() || !(first->flags & CG_I_HEP));
}

bpf_inline __u8 invite_in(struct pkt_ctx *ctx)
{
	const struct msg_info *info = &ctx->scratch->info;
	struct cg_txn_key key = note_key(info, info->branch_hash, info->remote);
	struct cg_invite *first = note_find(&key);

	if (!info->cseq_valid && !info->remote_is_gateway)
		return CG_R_BAD_CSEQ; /* RFC 3261 8.1.1.5: its BYEs would have no order */
	note_build(ctx);
	if (first && !hep_may_touch_note(first))
		return hep_adopt_note(ctx, first);
	if (note_is_first(first)) {
		/* the host may have taken either: the first stays, and the row is suspect */
		if (!invite_is_copy(&ctx->scratch->invite, first) &&
		    !(first->flags & CG_I_FORWARDED))
			first->flags |= CG_I_SUSPECT;
		if ((first->flags & CG_I_OUTSIDE) && first->caller_port != info->remote_port)
			first->flags |= CG_I_OTHER_PORT;
		first->renewed = info->now;
		return CG_R_INVITE;
	}
	if (first && (first->flags & CG_I_TAKEN))
		bpf_map_delete_elem(&pending, &key); /* answered: this is a new one */
	invite_spiral(ctx);
	if (bpf_map_update_elem(&invites, &key, &ctx->scratch->invite, BPF_ANY))
		return CG_R_INTERNAL;
	join_insert(info, key.branch);
	return CG_R_INVITE;
}

/* --- INVITEs that go out ---------------------------------------------------------------------- */

/*
 * (a) The topmost Via that is not the host's is the caller's, stamped by the host with his address.
 */
bpf_inline struct cg_invite *invite_by_stamp(const struct pkt_ctx *ctx, struct cg_txn_key *key)
{
	const struct msg_route *route = &ctx->scratch->route;

	if (!route->has_stamp || !route->peer_has_cookie)
		return NULL;
	*key = note_key(&ctx->scratch->info, route->peer_branch, route->stamp);
	return note_find(key);
}

bpf_inline int host_hides_topology(const struct cg_config *config)
{
	struct cg_host_state *state;

	if (config->hides != CG_HIDES_AUTO)
		return config->hides == CG_HIDES_ON;
	state = host_state_get();
	return state && state->hides_topology;
}

/*
 * (b) The host removed the caller's Vias: it hides topology, or is a B2BUA that keeps ids. If the
 * caller's Via is left, its branch has no z9hG4bK (RFC 2543) and is not unique. That says nothing
 * about the host.
 */
bpf_inline struct cg_invite *invite_by_join(struct pkt_ctx *ctx, struct cg_txn_key *key)
{
	const struct msg_info *info = &ctx->scratch->info;
	struct cg_invite *note;
	struct cg_host_state *state;
	int doubt;

	note = note_join(info, key, &doubt);
	if (!note)
		return NULL;
	if (doubt)
		note->flags |= CG_I_SUSPECT;
	if (!ctx->scratch->route.has_peer_via &&
	    addr_class(ctx->config, note->caller_addr) != CG_ADDR_HOST) {
		state = from_hep() ? NULL : host_state_get();
		if (state)
			state->hides_topology = 1;
	}
	return note;
}

/*
 * (c) No INVITE came in for it. The host itself calls, if there is no Via but its own and its
 * Contact is its own name. Else the caller is not read: his address is the one that the host
 * stamped.
 */
bpf_inline void invite_of_nobody(struct pkt_ctx *ctx)
{
	struct cg_invite *invite = &ctx->scratch->invite;
	const struct msg_route *route = &ctx->scratch->route;

	note_build(ctx);
	if (!route->has_peer_via && route->contact_is_own && !host_hides_topology(ctx->config)) {
		invite->flags |= CG_I_LOCAL;
		join_insert(&ctx->scratch->info, CG_JOIN_OWN);
		return;
	}
	invite->flags |= CG_I_UNSEEN;
	invite->flags &= ~(CG_I_CSEQ_VALID | CG_I_TCP); /* not the caller's own */
	invite->caller_port = 0;
	invite->caller_ifindex = 0;
	__builtin_memcpy(invite->caller_addr, route->stamp, 16);
	if (route->has_peer_via && !route->has_stamp)
		invite->flags |= CG_I_SUSPECT;
}

/*
 * Builds the note of an INVITE that goes out. The texts are those that went out. Address, port,
 * interface, time and counter are those of the note. Returns 0 if a flood evicted the note
 * meanwhile: its element may be another call's.
 */
bpf_inline int invite_of_note(struct pkt_ctx *ctx, const struct cg_invite *note,
			      const struct cg_txn_key *key)
{
	__builtin_memcpy(&ctx->scratch->invite, note, sizeof(*note));
	if (note_find(key) != note)
		return 0;
	if (!hep_may_touch_note(note))
		return 1; /* what the kernel sees leave says more */
	ctx->scratch->invite.flags &= ~CG_I_HAS_TO_TAG;
	if (ctx->scratch->parser.msg.to_tag.len)
		ctx->scratch->invite.flags |= CG_I_HAS_TO_TAG;
	note_copy_texts(ctx);
	ctx->scratch->invite.flags |= CG_I_FORWARDED;
	return 1;
}

/* Builds the branch in scratch, where msg_route_parse() has left its request_uri. */
bpf_inline void branch_build(struct pkt_ctx *ctx, __u64 note)
{
	struct scratch *s = ctx->scratch;
	struct cg_branch *branch = &s->branch;

	branch->done = 0;
	branch->flags = from_hep() ? CG_B_HEP : 0;
	branch->pad = 0;
	branch->note = note;
	branch->renewed = s->info.now;
	__builtin_memcpy(branch->sent_to, s->info.remote, 16);
	branch->sent_port = s->info.remote_port;
	branch->sent_ifindex = s->packet.ifindex;
	branch->record_routes = s->route.record_routes;
	branch->invite_uri = s->route.request_uri;
}

BPF_SUBPROG int branch_insert(struct pkt_ctx *ctx, const struct cg_txn_key *key)
{
	int refused = share_add_branch(ctx);

	if (refused)
		return refused;
	switch ((int)bpf_map_update_elem(&branches, key, &ctx->scratch->branch, BPF_ANY)) {
	case 0:
		return CG_R_INVITE;
	case -E2BIG:
		return CG_R_PENDING_FULL;
	}
	return CG_R_INTERNAL;
}

/* Returns whether an expensive call may continue under the number of this one: Replaces or Join. */
bpf_inline int invite_takes_a_call(const struct pkt_ctx *ctx)
{
	return (ctx->scratch->parser.msg.flags & SIP_REPLACES) &&
	       ctx->scratch->info.remote_is_gateway;
}

/*
 * On a host that hides topology, INVITEs are joined by Call-ID and From tag alone. While the first
 * INVITE rings, its caller may send a second one under the same ids, to an expensive number: the
 * bill must not name the first number. A callee behind the caller's NAT may do the same with a copy
 * of the INVITE, from another port.
 */
bpf_inline void invite_check_sent(struct pkt_ctx *ctx, struct cg_invite *note, int joined)
{
	__u32 user = ctx->scratch->route.request_user;

	if (invite_takes_a_call(ctx) || (note->flags & CG_I_OTHER_PORT))
		note->flags |= CG_I_SUSPECT;
	if (!note->request_user)
		note->request_user = user;
	else if (joined && note->request_user != user && ctx->scratch->info.remote_is_gateway)
		note->flags |= CG_I_SUSPECT;
}

/*
 * Handles an INVITE under a known branch. A stateless proxy derives its branch from the caller's,
 * so an INVITE to another number may go out under the branch of the first. The row cannot say which
 * one was answered, and is suspect.
 */
bpf_inline int branch_sent_again(struct pkt_ctx *ctx, const struct cg_branch *branch)
{
	const struct msg_info *info = &ctx->scratch->info;
	struct cg_txn_key key = branch_key(info, branch->note);
	struct cg_invite *note;

	if (!hep_may_touch_branch(branch))
		return CG_R_HEP_OF_WIRE;
	if (branch->invite_uri == ctx->scratch->route.request_uri &&
	    addr_equal(branch->sent_to, info->remote))
		return CG_R_INVITE;
	note = bpf_map_lookup_elem(&pending, &key);
	if (note)
		note->flags |= CG_I_SUSPECT;
	return CG_R_INVITE;
}

/* Returns whether a note has the texts that went out. A report changes no texts of the kernel's note. */
bpf_inline int note_is_sent(const struct cg_invite *note)
{
	return note->flags & CG_I_FORWARDED ||
	       (!hep_may_touch_note(note) && note->flags & CG_I_TAKEN);
}

/* An INVITE that was sent leaves under one more branch. */
bpf_inline int invite_fork(struct pkt_ctx *ctx, struct cg_invite *note,
			   const struct cg_txn_key *out)
{
	int refused = share_refuse_fork(ctx, note);

	if (refused)
		return refused;
	if (note->branches < 255)
		note->branches++;
	return branch_insert(ctx, out);
}

BPF_SUBPROG int invite_out(struct pkt_ctx *ctx)
{
	struct scratch *s = ctx->scratch;
	struct msg_info *info = &s->info;
	struct cg_txn_key key = branch_key(info, info->branch_hash), out = key;
	struct cg_invite *note = NULL;
	struct cg_branch *branch = bpf_map_lookup_elem(&branches, &out);
	int joined = !s->route.has_peer_via || !s->route.peer_has_cookie;
	__u8 reason = 0;

	if (branch)
		return branch_sent_again(ctx, branch);
	note = joined ? invite_by_join(ctx, &key) : invite_by_stamp(ctx, &key);
	if (note_is_live(note) && note_is_sent(note)) {
		branch_build(ctx, key.branch);
		invite_check_sent(ctx, note, joined);
		return invite_fork(ctx, note, &out);
	}
	if (!note_is_live(note) || !invite_of_note(ctx, note, &key)) {
		note = NULL;
		if (joined || !s->route.has_stamp)
			key = out; /* else the caller's INVITE may be reported yet */
		invite_of_nobody(ctx);
		s->invite.flags |= CG_I_FORWARDED;
	}
	branch_build(ctx, key.branch);
	if (invite_takes_a_call(ctx))
		s->invite.flags |= CG_I_SUSPECT;
	s->invite.request_user = s->route.request_user;
	s->invite.branches = 1;
	reason = note_take(ctx, &key);
	if (reason)
		return reason;
	/* else it was replaced just now */
	if (note && !(note->flags & CG_I_TAKEN) && hep_may_touch_note(note))
		note->flags |= CG_I_FORWARDED;
	return branch_insert(ctx, &out);
}

#endif
