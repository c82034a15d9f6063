/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Responses to INVITE. A 2xx opens a dialog if it comes from where the host sent the INVITE, for
 * the branch of that INVITE, or if the host itself answers. A gateway's 2xx also replaces a dialog
 * that another party opened under the gateway's tag.
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
 * Returns the INVITE whose final response replaces the known dialog, or NULL.
 *
 * A customer's host can learn the gateway's To tag from an 18x. It answers a second INVITE of the
 * same caller with that tag, and so opens the dialog first, with itself as the callee. When the
 * gateway's own 2xx arrives, it wins. Exception: an INVITE that spiralled, because its 2xx belongs
 * to the inner call.
 *
 * A dialog that an ACK alone opened is replaced as well: the callee's final response says when the
 * call began, and whether it did.
 */
bpf_inline struct cg_invite *invite_takes_over(const struct pkt_ctx *ctx, const struct cg_dialog *d)
{
	const struct msg_info *info = &ctx->scratch->info;
	struct cg_txn_key key = txn_key(info, info->branch_hash);
	int in = info->direction == CG_IN, opened_by_2xx = d->sip_code != 0;
	int from_callee = addr_equal(d->callee.addr, info->remote);
	int gateway_accepts = in && info->status < 300 && info->remote_is_gateway;
	struct cg_invite *invite;

	if (info->method != CG_M_INVITE || info->status < 200)
		return NULL;
	/* from_callee: the callee's address was added to --gateway after the call began. */
	if (opened_by_2xx &&
	    (!gateway_accepts || from_callee || d->callee_flags & (CG_LEG_GATEWAY | CG_LEG_LOCAL)))
		return NULL;
	if (!opened_by_2xx && in && !info->remote_is_gateway && !from_callee)
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

/* Copies the replaced dialog to scratch. Unless it has ended, the copy ends now as lost. */
bpf_inline void dialog_copy_replaced(struct cg_dialog *old, struct cg_dialog *d, __u64 now)
{
	struct verdict none;

	bpf_spin_lock(&old->lock);
	d->caller_tag = old->caller_tag;
	d->state = old->state;
	d->clock = old->clock;
	d->caller_flags = old->caller_flags;
	d->callee_flags = old->callee_flags;
	/* Everything behind the lock: the lock itself cannot be read. */
	__builtin_memcpy(&d->caller, &old->caller, sizeof(*d) - 16);
	bpf_spin_unlock(&old->lock);
	if (d->state != CG_S_ENDED)
		dialog_close(d, CG_E_LOST, CG_LEG_NONE, now, &none);
}

/*
 * Stores the replaced dialog under a modified key. In the database its setup time distinguishes the
 * two rows. The daemon closes it like any other.
 */
BPF_SUBPROG int dialog_store_replaced(struct pkt_ctx *ctx)
{
	struct cg_dialog *d = (void *)ctx->scratch->dialog;
	struct cg_dialog_key aside = ctx->scratch->info.key;

	aside.tags += d->setup;
	/* If neither map has room, the row of the replaced dialog stays open. */
	if (bpf_map_update_elem(&dialogs, &aside, d, BPF_ANY))
		bpf_map_update_elem(&overflow, &aside, d, BPF_ANY);
	return 0;
}

/*
 * The final response to `invite` replaces the dialog `old`: a 2xx by a dialog with the sender of
 * the 2xx as the callee, any other response by nothing. Returns the reason.
 */
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
	if (setup - d->setup < 3000) /* ns; the store keeps microseconds and needs two values */
		d->setup = setup + 1000;
	/* BPF_F_LOCK overwrites the value in place: another CPU may hold a pointer to it. */
	if (bpf_map_update_elem(&dialogs, &info->key, d, BPF_EXIST | BPF_F_LOCK))
		return CG_R_INTERNAL;
	return dialog_report_start(d, v);
}

/* Finds the INVITE that came in under the second Via, if it was not seen being forwarded. */
bpf_inline struct cg_invite *invite_find_unforwarded(const struct msg_info *info)
{
	struct cg_txn_key key = txn_key(info, info->branch2_hash);
	struct cg_invite *invite = bpf_map_lookup_elem(&invites, &key);

	return invite && !(invite->flags & CG_I_FORWARDED) ? invite : NULL;
}

/* A response to an INVITE comes in, and no dialog with its tags is known. */
bpf_inline __u8 invite_response_in(struct pkt_ctx *ctx, struct verdict *v)
{
	struct msg_info *info = &ctx->scratch->info;
	struct cg_txn_key key = txn_key(info, info->branch_hash);
	struct cg_invite *invite = bpf_map_lookup_elem(&pending, &key);
	__u64 branch = info->branch_hash;
	struct cg_early *e;
	int elsewhere;

	if (invite && (invite->flags & CG_I_LOCAL_UAS))
		invite = NULL; /* the host did not forward it */
	if (!invite && info->remote_is_gateway && info->relayed) {
		/* The INVITE left in fragments that hid its dialog headers. */
		invite = invite_find_unforwarded(info);
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
		/*
		 * Ringing is repeated each minute (RFC 3261 13.3.1.1). Only a gateway may renew the
		 * entry: any other sender could keep `pending` full in this way.
		 */
		if (invite && invite->renewed && info->remote_is_gateway)
			invite->renewed = info->now;
		return CG_R_EARLY;
	}
	v->unexpected_uas = elsewhere;
	if (!invite || elsewhere)
		return CG_R_FORGED_2XX;
	/*
	 * With a preloaded Route a caller can make the proxy relay an INVITE with an invented To
	 * tag, and a gateway may accept it as a new call. It therefore opens a suspect dialog. Cost
	 * of this rule: a call that began before the guard was attached gets one suspect row at its
	 * next re-INVITE to a gateway.
	 */
	if ((invite->flags & CG_I_HAS_TO_TAG) && !info->remote_is_gateway)
		return CG_R_UNKNOWN_DIALOG;
	if (e && e->callee_if && !info->remote_is_gateway &&
	    !addr_equal(info->remote, e->callee_addr))
		return CG_R_FORGED_2XX; /* another party's To tag, learned from its 18x */
	invite->done = info->now;
	if (__sync_fetch_and_add(&invite->forks, 1) >= CG_FORKS_MAX)
		return CG_R_FORKS_FULL;
	return dialog_open(ctx, invite, v);
}

/* A response to an INVITE goes out, and no dialog with its tags is known. */
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
		/*
		 * The host itself rings, for minutes: a flood must not evict the INVITE from
		 * `invites`.
		 */
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
	/* A response that came in before and opened nothing is not the host's own. */
	if (!invite || (e && e->first_seen == CG_IN))
		return CG_R_OUT_OF_DIALOG;
	return dialog_open(ctx, invite, v);
}

#endif
