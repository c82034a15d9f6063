/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What answers an INVITE. A 2xx opens a dialog for a branch under which the host sent the INVITE, from
 * where it was sent to; or when the host itself answers. A gateway's takes over a dialog that somebody
 * else has opened under its tag.
 *
 * API: invite_response_in(), invite_response_out(), invite_takes_over(), dialog_replace().
 */
#ifndef CG_INVITE_RESPONSE_H
#define CG_INVITE_RESPONSE_H

#include "addr.h"
#include "bye_pending.h"
#include "dialog_create.h"
#include "early_dialog.h"
#include "invite_request.h"
#include "maps.h"
#include "scratch.h"
#include "verdict.h"

/*
 * A dialog gives way to what is known better: the INVITE that says so, or NULL.
 *
 * A gateway answers 2xx under tags that a customer's host has opened a dialog with: it learned the
 * gateway's To tag from its 18x, and answered another INVITE of the same caller with it. The gateway
 * is believed. Not where the INVITE has come back since: then it tells of the inner call.
 *
 * And an ACK alone opened it: the callee's final response says when, and if at all.
 */
bpf_inline struct cg_invite *invite_takes_over(const struct pkt_ctx *ctx, const struct cg_dialog *d)
{
	const struct msg_info *info = &ctx->scratch->info;
	struct cg_txn_key key = txn_key(info, info->branch_hash);
	int in = info->direction == CG_IN;
	struct cg_invite *invite;

	if (info->method != CG_M_INVITE || info->status < 200)
		return NULL;
	if (d->sip_code && (!in || info->status >= 300 || !info->remote_is_gateway ||
			    (d->callee_flags & (CG_LEG_GATEWAY | CG_LEG_LOCAL)) ||
			    addr_equal(d->callee.addr, info->remote))) /* named a gateway since */
		return NULL;
	if (!d->sip_code && in && !info->remote_is_gateway &&
	    !addr_equal(d->callee.addr, info->remote))
		return NULL;
	invite = bpf_map_lookup_elem(&pending, &key);
	if (!invite || (invite->flags & CG_I_SPIRALED))
		return NULL;
	if (!in)
		return invite->flags & CG_I_LOCAL_UAS ? invite : NULL;
	return !(invite->flags & CG_I_LOCAL_UAS) &&
			       (!info->ifindex_hash || info->ifindex_hash == invite->sent_if)
		       ? invite
		       : NULL;
}

/* The dialog that gives way, into scratch: ended now as lost, unless it has ended. */
bpf_inline void dialog_copy_replaced(struct cg_dialog *old, struct cg_dialog *d, __u64 now)
{
	struct verdict none;

	bpf_spin_lock(&old->lock);
	d->caller_tag = old->caller_tag;
	d->state = old->state;
	d->clock = old->clock;
	d->caller_flags = old->caller_flags;
	d->callee_flags = old->callee_flags;
	/* all behind the lock, whose word takes no access */
	__builtin_memcpy(&d->caller, &old->caller, sizeof(*d) - 16);
	bpf_spin_unlock(&old->lock);
	if (d->state != CG_S_ENDED)
		dialog_close(d, CG_E_LOST, CG_LEG_NONE, now, &none);
}

/*
 * Its row has another key than the one that takes its place, in the map and, by setup, in the store:
 * the agent closes it as it closes any.
 */
BPF_SUBPROG int dialog_store_replaced(struct pkt_ctx *ctx)
{
	struct cg_dialog *d = (void *)ctx->scratch->dialog;
	struct cg_dialog_key aside = ctx->scratch->info.key;

	aside.tags += d->setup;
	if (bpf_map_update_elem(&dialogs, &aside, d, BPF_ANY)) /* no room in either: stays open */
		bpf_map_update_elem(&overflow, &aside, d, BPF_ANY);
	return 0;
}

bpf_inline __u8 dialog_replace(struct pkt_ctx *ctx, struct cg_dialog *old, struct cg_invite *invite,
			       struct verdict *v)
{
	struct msg_info *info = &ctx->scratch->info;
	struct cg_dialog *d = (void *)ctx->scratch->dialog;
	__u64 setup;

	invite->done = info->now;
	if (info->status >= 300) {
		bpf_spin_lock(&old->lock);
		if (old->state != CG_S_ENDED)
			dialog_close(old, CG_E_LOST, CG_LEG_NONE, info->now, v);
		bpf_spin_unlock(&old->lock);
		v->clock = old->clock;
		return CG_R_REJECTED;
	}
	dialog_copy_replaced(old, d, info->now);
	setup = d->setup;
	dialog_store_replaced(ctx);
	dialog_build(ctx, invite, bpf_map_lookup_elem(&early, &info->key));
	if (setup - d->setup < 3000) /* the store counts microseconds */
		d->setup = setup + 1000;
	/* in place, under the lock: another CPU may have the old one in hand */
	if (bpf_map_update_elem(&dialogs, &info->key, d, BPF_EXIST | BPF_F_LOCK))
		return CG_R_INTERNAL;
	return dialog_report_start(d, v);
}

bpf_inline struct cg_invite *invite_find_unforwarded(const struct msg_info *info)
{
	struct cg_txn_key key = txn_key(info, info->branch2_hash);
	struct cg_invite *invite = bpf_map_lookup_elem(&invites, &key);

	return invite && !(invite->flags & CG_I_FORWARDED) ? invite : NULL;
}

/* A response to an INVITE comes in; no dialog has its tags. */
bpf_inline __u8 invite_response_in(struct pkt_ctx *ctx, struct verdict *v)
{
	struct msg_info *info = &ctx->scratch->info;
	struct cg_txn_key key = txn_key(info, info->branch_hash);
	struct cg_invite *invite = bpf_map_lookup_elem(&pending, &key);
	__u64 branch = info->branch_hash;
	struct cg_early *e;
	int elsewhere;

	if (invite && (invite->flags & CG_I_LOCAL_UAS))
		invite = NULL; /* the host sent it nowhere */
	if (!invite && info->remote_is_gateway && info->relayed) {
		invite = invite_find_unforwarded(
			info); /* it went out in fragments, its headers out of sight */
		branch = info->branch2_hash;
	} else if (invite && info->ifindex_hash && info->ifindex_hash != invite->sent_if) {
		invite = NULL;
	}
	if (info->status >= 300) {
		if (invite &&
		    (info->remote_is_gateway || addr_equal(info->remote, invite->sent_to)))
			invite->done = info->now;
		return CG_R_REJECTED;
	}
	if (info->status == 100)
		return CG_R_EARLY;
	elsewhere =
		invite && !info->remote_is_gateway && !addr_equal(info->remote, invite->sent_to);
	e = bpf_map_lookup_elem(&early, &info->key);
	if (!e)
		early_insert(ctx, elsewhere ? NULL : invite, branch);
	if (info->status < 200) {
		/* it rings on, each minute anew (RFC 3261 13.3.1.1); others could fill the map so */
		if (invite && invite->renewed && info->remote_is_gateway)
			invite->renewed = info->now;
		return CG_R_EARLY;
	}
	v->unexpected_uas = elsewhere;
	if (!invite || elsewhere)
		return CG_R_FORGED_2XX;
	/*
	 * By a Route that the caller made a proxy relays an INVITE with a To tag invented, and a gateway
	 * may take it. The price: a call of before the attach whose caller sends a re-INVITE to a gateway
	 * (session timers) gets one suspect row, from there on; who knows its true start is the operator.
	 */
	if ((invite->flags & CG_I_HAS_TO_TAG) && !info->remote_is_gateway)
		return CG_R_UNKNOWN_DIALOG;
	if (e && e->callee_if && !info->remote_is_gateway &&
	    !addr_equal(info->remote, e->callee_addr))
		return CG_R_FORGED_2XX; /* under another's To tag, learned from its 18x */
	invite->done = info->now;
	if (__sync_fetch_and_add(&invite->forks, 1) >= CG_FORKS_MAX)
		return CG_R_FORKS_FULL;
	return dialog_open(ctx, invite, v);
}

/* A response to an INVITE goes out; no dialog has its tags. */
bpf_inline __u8 invite_response_out(struct pkt_ctx *ctx, struct verdict *v)
{
	struct msg_info *info = &ctx->scratch->info;
	struct cg_txn_key key = txn_key(info, info->branch_hash);
	struct cg_invite *invite = invite_find(info, info->branch_hash), *note;
	struct cg_early *e;

	if (info->status >= 300) {
		note = bpf_map_lookup_elem(&invites, &key);
		if (invite)
			invite->done = info->now;
		if (note)
			note->done = info->now;
		return CG_R_REJECTED;
	}
	if (info->status == 100)
		return CG_R_EARLY;
	if (info->status < 200)
		early_insert(ctx, invite, info->branch_hash);
	e = bpf_map_lookup_elem(&early, &info->key);
	if (info->status < 200) {
		/* It rings here, for minutes: an INVITE flood must not wash it out of `invites`. */
		if (invite && !invite->renewed && e && e->first_seen == CG_OUT) {
			invite_copy_note(ctx->scratch, invite);
			ctx->scratch->invite.flags |= CG_I_LOCAL_UAS;
			return invite_pend(ctx, &key, BPF_NOEXIST) == CG_R_PENDING_FULL
				       ? CG_R_PENDING_FULL
				       : CG_R_EARLY;
		}
		if (invite && (invite->flags & CG_I_LOCAL_UAS))
			invite->renewed = info->now;
		return CG_R_EARLY;
	}
	/* One that came in before, and opened nothing, is not the host's own. */
	if (!invite || (e && e->first_seen == CG_IN))
		return CG_R_OUT_OF_DIALOG;
	return dialog_open(ctx, invite, v);
}

#endif
