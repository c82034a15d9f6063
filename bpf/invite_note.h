/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Notes of INVITEs: how they are kept and found. One that comes in is noted in `invites`; when the
 * host first sends it on or answers it, the note is copied to `pending`, which no flood evicts.
 * `joins` finds it by Call-ID and From tag where the host hides the Via of its sender. Owner of
 * these maps.
 *
 * API: note_key(), note_find(), note_take(), note_build(), note_join(), join_insert().
 */
#ifndef CG_INVITE_NOTE_H
#define CG_INVITE_NOTE_H

#include <linux/errno.h>

#include "addr.h"
#include "hep.h"
#include "scratch.h"
#include "share.h"
#include "text.h"

/*
 * The key of a note. The caller chooses his branch, so his address is part of it: another host
 * cannot use the branch that it has seen or guessed. The address is mixed with the branch's hash,
 * which is keyed: with IPv6 a host could choose one of 2^64 addresses to match a sum.
 */
bpf_inline struct cg_txn_key note_key(const struct msg_info *info, __u64 branch,
				      const __u8 addr[16])
{
	const __u64 *x = (const void *)addr;
	__u64 mix = (x[0] ^ branch) * (branch | 1);

	mix = ((mix ^ mix >> 29) + x[1]) * (branch | 1);
	return (struct cg_txn_key){ .call = info->key.call,
				    .from = info->from_hash,
				    .branch = mix ^ mix >> 32 };
}

/* The key of a branch under which the host sent an INVITE, or of a note that has that name. */
bpf_inline struct cg_txn_key branch_key(const struct msg_info *info, __u64 branch)
{
	return (struct cg_txn_key){ .call = info->key.call,
				    .from = info->from_hash,
				    .branch = branch };
}

/* Looks in `pending` first: it has the note that the host has acted on. */
bpf_inline struct cg_invite *note_find(const struct cg_txn_key *key)
{
	struct cg_invite *invite = bpf_map_lookup_elem(&pending, key);

	return invite ? invite : bpf_map_lookup_elem(&invites, key);
}

bpf_inline int note_is_live(const struct cg_invite *invite)
{
	return invite && !invite->done;
}

/*
 * Copies the note in scratch to `pending`. Returns 0, or a reason. 6.1 returns an int in 64 bits
 * that are not sign-extended: hence the cast.
 */
bpf_inline __u8 note_take(struct pkt_ctx *ctx, const struct cg_txn_key *key)
{
	__u8 refused = share_refuse_note(ctx);

	if (refused)
		return refused;
	ctx->scratch->invite.flags |= CG_I_TAKEN;
	ctx->scratch->invite.renewed = ctx->scratch->info.now;
	switch ((int)bpf_map_update_elem(&pending, key, &ctx->scratch->invite, BPF_ANY)) {
	case 0:
		share_add_note(ctx);
		return 0;
	case -E2BIG:
		return CG_R_PENDING_FULL;
	}
	return CG_R_INTERNAL;
}

bpf_inline void note_copy_texts(struct pkt_ctx *ctx)
{
	struct cg_invite *invite = &ctx->scratch->invite;
	const struct sip_parser *p = &ctx->scratch->parser;
	__u16 flags = invite->flags & ~(CG_I_CALL_ID_CUT | CG_I_TAG_CUT | CG_I_URI_CUT);

	if (text_copy(invite->call.call_id, sizeof(invite->call.call_id), p, &p->msg.call_id))
		flags |= CG_I_CALL_ID_CUT;
	if (text_copy(invite->call.from_tag, sizeof(invite->call.from_tag), p, &p->msg.from_tag))
		flags |= CG_I_TAG_CUT;
	if (text_copy(invite->call.from_uri, sizeof(invite->call.from_uri), p, &p->msg.from_uri) |
	    text_copy(invite->call.to_uri, sizeof(invite->call.to_uri), p, &p->msg.to_uri) |
	    -ctx->scratch->route.request_uri_cut)
		flags |= CG_I_URI_CUT;
	__builtin_memcpy(invite->call.request_uri, ctx->scratch->branch.request_uri,
			 sizeof(invite->call.request_uri));
	invite->flags = flags;
}

/* Builds the note of the message at hand in scratch. */
BPF_SUBPROG int note_build(struct pkt_ctx *ctx)
{
	struct scratch *s = ctx->scratch;
	struct cg_invite *invite = &s->invite;

	__builtin_memset(invite, 0, sizeof(*invite));
	invite->setup = invite->renewed = s->info.now;
	invite->cseq = s->info.cseq;
	__builtin_memcpy(invite->caller_addr, s->packet.source, 16);
	invite->caller_port = s->packet.source_port;
	invite->caller_ifindex = s->packet.ifindex;
	invite->clock = ctx->config->clock;
	invite->contact = s->route.contact;
	invite->contact_user = s->route.contact_name;
	invite->record_routes = s->route.record_routes;
	if (s->info.cseq_valid)
		invite->flags |= CG_I_CSEQ_VALID;
	if (s->parser.msg.to_tag.len)
		invite->flags |= CG_I_HAS_TO_TAG;
	invite->flags |= s->packet.tcp * CG_I_TCP;
	if (s->info.direction == CG_IN && s->info.remote_class == CG_ADDR_OTHER)
		invite->flags |= CG_I_OUTSIDE;
	if (from_hep())
		invite->flags |= CG_I_HEP;
	note_copy_texts(ctx);
	return 0;
}

/* --- joins ------------------------------------------------------------------------------------ */

bpf_inline __u64 join_print(const struct msg_info *info)
{
	return (info->key.call ^ info->from_hash * 0x9e3779b97f4a7c15ULL) | 1;
}

bpf_inline struct cg_join *join_bucket(__u64 print)
{
	__u32 index = (print >> 32) & (CG_JOINS_MAX - 1);

	return bpf_map_lookup_elem(&joins, &index);
}

/*
 * Notes an INVITE for note_join(). Two CPUs may write one bucket at once: a slot is a hint. An INVITE
 * under the ids of the host's own call is not noted. The host's callee could send one, and refuse the
 * host's, which then leaves under another branch: the host would seem to hide topology for good.
 */
bpf_inline void join_insert(const struct msg_info *info, __u64 note)
{
	__u64 print = join_print(info);
	struct cg_join *bucket = join_bucket(print);

	if (!bucket)
		return;
	for (__u32 i = 0; i < CG_JOIN_SLOTS && info->remote_class != CG_ADDR_HOST; i++)
		if (bucket->slot[i].print == print && bucket->slot[i].note == CG_JOIN_OWN)
			return;
	for (__u32 i = CG_JOIN_SLOTS - 1; i > 0; i--)
		bucket->slot[i] = bucket->slot[i - 1];
	bucket->slot[0].note = note;
	bucket->slot[0].print = print;
}

/* Returns whether both came from outside, from two hosts: one of them may be made up. */
bpf_inline int notes_differ(const struct cg_invite *a, const struct cg_invite *b)
{
	return (a->flags & b->flags & CG_I_OUTSIDE) && !addr_equal(a->caller_addr, b->caller_addr);
}

#define JOIN_DOUBT CG_JOIN_SLOTS /* a flag beside the number of a slot */

/*
 * Returns -1, or the number of the slot that note_join() uses, with JOIN_DOUBT if there is doubt.
 * Global: the verifier walks it once, not once for each caller.
 */
BPF_GLOBAL int join_find(const struct msg_info *info)
{
	int found = -1, others = 0, same = 0, doubt = 0;
	struct cg_invite *invite, *best = NULL;
	struct cg_join *bucket;
	struct cg_txn_key key;
	__u64 print;

	if (!info)
		return -1;
	print = join_print(info);
	bucket = join_bucket(print);
	for (int i = 0; bucket && i < CG_JOIN_SLOTS; i++) {
		if (bucket->slot[i].print != print)
			continue;
		key = branch_key(info, bucket->slot[i].note);
		invite = note_find(&key);
		if (!note_is_live(invite))
			continue;
		if (same) {
			doubt |= invite->cseq == info->cseq && notes_differ(invite, best);
			continue;
		}
		same = invite->cseq == info->cseq;
		if (same || !others++) {
			best = invite;
			found = i;
		}
	}
	doubt |= !same && others > 1;
	return doubt ? found | JOIN_DOUBT : found;
}

/*
 * Finds the live INVITE of this Call-ID and From tag that came in: the one with the same CSeq, else
 * the newest. *key is its key. *doubt: there are several, and none has this CSeq, or two hosts sent
 * one that has.
 */
bpf_inline struct cg_invite *note_join(const struct msg_info *info, struct cg_txn_key *key,
				       int *doubt)
{
	struct cg_join *bucket = join_bucket(join_print(info));
	int found = join_find(info);

	*doubt = 0;
	if (!bucket || found < 0)
		return NULL;
	*doubt = found & JOIN_DOUBT;
	*key = branch_key(info, bucket->slot[found & (CG_JOIN_SLOTS - 1)].note);
	return note_find(key);
}

#endif
