/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Responses to an INVITE. A 2xx opens a dialog if it answers a branch under which the host sent the
 * INVITE, and comes from where that was sent or from a gateway. A 2xx of the host itself opens one
 * as well. A better 2xx replaces a dialog of the same tags.
 *
 * API: invite_response_in(), invite_response_out(), invite_takes_over(), dialog_replace(),
 * invite_note_final().
 */
#ifndef CG_INVITE_RESPONSE_H
#define CG_INVITE_RESPONSE_H

#include "dialog_create.h"

/* An INVITE and the branch of it that a response answers. */
struct answered {
	struct cg_invite *invite;
	struct cg_branch *branch; /* NULL: the host answers, or its INVITE was not seen to go out */
	__u64 note; /* third word of the invite's key */
};

bpf_inline int branch_is_on_interface(const struct msg_info *info, const struct cg_branch *branch)
{
	return !info->ifindex || info->ifindex == branch->sent_ifindex;
}

/*
 * Finds an INVITE that went out in fragments, with headers that were not read, by Call-ID and From
 * tag. It becomes suspect.
 */
bpf_inline void answered_unforwarded(const struct pkt_ctx *ctx, struct answered *a)
{
	const struct msg_info *info = &ctx->scratch->info;
	struct cg_invite *invite;
	struct cg_txn_key key;
	int doubt;

	if (from_hep() || !info->relayed || (ctx->config->has_gateways && !info->remote_is_gateway))
		return;
	invite = note_join(info, &key, &doubt);
	if (!invite || (invite->flags & CG_I_FORWARDED))
		return;
	invite->flags |= CG_I_SUSPECT;
	a->invite = invite;
	a->note = key.branch;
}

/* For a response that comes in: by the branch on top. */
bpf_inline struct answered answered_in(const struct pkt_ctx *ctx)
{
	const struct msg_info *info = &ctx->scratch->info;
	struct answered a = { .branch = branch_find(info, info->branch_hash) };
	struct cg_txn_key key;

	if (!a.branch) {
		answered_unforwarded(ctx, &a);
		return a;
	}
	if (!branch_is_on_interface(info, a.branch) || !hep_may_touch_branch(a.branch)) {
		a.branch = NULL;
		return a;
	}
	a.note = a.branch->note;
	key = branch_key(info, a.note);
	a.invite = note_find(&key);
	if (!a.invite)
		a.branch = NULL;
	else if (cg_time_is_after(a.invite->setup, a.branch->renewed))
		a.invite->flags |= CG_I_SUSPECT; /* came under the same branch after this one */
	return a;
}

/* Of a response that goes out: by the caller's branch and address, else by Call-ID and From tag. */
bpf_inline struct cg_invite *answered_out(const struct msg_info *info)
{
	struct cg_txn_key key = note_key(info, info->branch_hash, info->remote);
	struct cg_invite *invite = note_find(&key);
	int doubt;

	if (!invite)
		invite = note_join(info, &key, &doubt);
	return invite && hep_may_touch_note(invite) ? invite : NULL;
}

/* --- a dialog is replaced --------------------------------------------------------------------- */

/* A report opened the dialog, and the kernel reads the 2xx to an INVITE that it has seen leave. */
bpf_inline int response_is_read(const struct cg_dialog *d, const struct answered *a)
{
	return d->callee_flags & CG_LEG_HEP && a->branch && !(a->branch->flags & CG_B_HEP);
}

/*
 * Returns whether the 2xx replaces the dialog that has its tags:
 * - the dialog has ended, and the INVITE came after that: a new call under the old tags;
 * - an ACK alone opened it, and the 2xx is from where its branch was sent, or from a gateway: the
 *   copy of one from elsewhere, which the ACK was for, does not clear the row;
 * - a customer's host opened it, and may have ended it. It learned the gateway's To tag from an 18x
 *   and answered another INVITE of the same caller with it. Now the gateway's own 2xx is here. Not
 *   if the INVITE has spiralled: that 2xx belongs to the inner call;
 * - a report opened it: see response_is_read().
 */
bpf_inline int response_is_better(const struct msg_info *info, const struct cg_dialog *d,
				  const struct answered *a)
{
	int in = info->direction == CG_IN, known = addr_equal(d->callee.addr, info->remote);
	int sent_there = a->branch && addr_equal(a->branch->sent_to, info->remote);

	int is_new = cg_time_is_after(a->invite->setup, d->end) &&
		     (!a->branch || cg_time_is_after(a->branch->renewed, d->end));

	if (d->state == CG_S_ENDED && info->status < 300 && is_new &&
	    !(a->invite->flags & CG_I_HAS_TO_TAG))
		return !in || info->remote_is_gateway || sent_there;
	if (a->branch && (a->branch->flags & CG_B_SPIRALED))
		return 0;
	if (in && response_is_read(d, a))
		return info->status < 300 && (info->remote_is_gateway || sent_there);
	if (!d->sip_code && d->state != CG_S_ENDED)
		return !in || info->remote_is_gateway ||
		       ((known || !(d->callee_flags & CG_LEG_GATEWAY)) && sent_there);
	return in && info->status < 300 && info->remote_is_gateway && !known &&
	       !(d->callee_flags & (CG_LEG_GATEWAY | CG_LEG_LOCAL));
}

/* Fills *a and returns 1 if this response replaces the dialog. */
bpf_inline int invite_takes_over(const struct pkt_ctx *ctx, const struct cg_dialog *d,
				 struct answered *a)
{
	const struct msg_info *info = &ctx->scratch->info;

	if (info->method != CG_M_INVITE || info->status < 200)
		return 0;
	if (from_hep() &&
	    !((info->direction == CG_IN ? d->callee_flags : d->caller_flags) & CG_LEG_HEP))
		return 0;
	if (d->state != CG_S_ENDED && d->sip_code &&
	    (info->direction == CG_OUT ||
	     !(info->remote_is_gateway || d->callee_flags & CG_LEG_HEP)))
		return 0;
	if (info->direction == CG_IN) {
		*a = answered_in(ctx);
		if (!a->branch)
			return 0;
	} else {
		*a = (struct answered){ .invite = answered_out(info) };
	}
	return a->invite && response_is_better(info, d, a);
}

/*
 * Copies the dialog that is replaced to scratch, and ends it now, unless it has ended. Returns 0 if
 * the element is another call's by now, or if the other CPU is replacing it.
 */
bpf_inline int dialog_copy_replaced(struct cg_dialog *old, struct cg_dialog *d,
				    const struct msg_info *info)
{
	struct verdict none;
	int ours;

	bpf_spin_lock(&old->lock);
	ours = dialog_is_of(old, info) && !(old->flags & CG_D_REPLACED);
	old->flags |= ours ? CG_D_REPLACED : 0;
	d->who = old->who;
	d->state = old->state;
	d->clock = old->clock;
	d->caller_flags = old->caller_flags;
	d->callee_flags = old->callee_flags;
	/* all behind the lock, whose word takes no access */
	__builtin_memcpy(&d->caller, &old->caller, sizeof(*d) - 16);
	bpf_spin_unlock(&old->lock);
	if (d->state != CG_S_ENDED)
		dialog_close(d, CG_E_MAPS_LOST, CG_LEG_NONE, info->now, &none);
	return ours;
}

/*
 * Stores the replaced dialog under another key. The daemon closes it like any other. The rows of
 * both dialogs have the same call_uid and different setup times.
 */
BPF_SUBPROG int dialog_store_replaced(struct pkt_ctx *ctx)
{
	struct cg_dialog *d = (void *)ctx->scratch->dialog;
	struct cg_dialog_key aside = ctx->scratch->info.key;

	aside.tags += d->setup;
	if (dialog_insert(ctx, &aside)) /* no room in either: stays open */
		bpf_map_update_elem(&overflow, &aside, d, BPF_ANY);
	return 0;
}

BPF_SUBPROG int dialog_replace(struct pkt_ctx *ctx, struct cg_dialog *old, struct answered *a,
			       struct verdict *v)
{
	struct msg_info *info = &ctx->scratch->info;
	struct cg_dialog *d = (void *)ctx->scratch->dialog;
	__u64 setup;

	if (info->status >= 300) { /* an ACK had opened it: there was no call */
		bpf_spin_lock(&old->lock);
		if (dialog_is_of(old, info) && old->state != CG_S_ENDED)
			dialog_close(old, CG_E_MAPS_LOST, CG_LEG_NONE, info->now, v);
		bpf_spin_unlock(&old->lock);
		v->clock = old->clock;
		return CG_R_REJECTED;
	}
	if (!dialog_copy_replaced(old, d, info))
		return CG_R_IN_DIALOG;
	setup = d->setup;
	dialog_store_replaced(ctx);
	dialog_build(ctx, a->invite, a->branch, bpf_map_lookup_elem(&early, &info->key));
	early_remove(info);
	if (d->setup / 1000 == setup / 1000) /* the store counts microseconds */
		d->setup = setup + 1000;
	/* in place, under the lock: another CPU may have the old one in hand */
	if (bpf_map_update_elem(&dialogs, &info->key, d, BPF_EXIST | BPF_F_LOCK))
		return CG_R_INTERNAL;
	return dialog_report_start(d, v);
}

/*
 * Returns whether this 2xx to an initial INVITE may have opened another call than the dialog: its
 * tags differ in letter case alone, or a gateway sends it for another Request-URI. The far end
 * chooses its tag, and both calls have one row.
 */
bpf_inline int answer_is_of_another(const struct msg_info *info, const struct cg_dialog *d)
{
	const struct cg_branch *branch;

	if (info->method != CG_M_INVITE || info->direction != CG_IN || info->status < 200 ||
	    info->status >= 300)
		return 0;
	branch = branch_find(info, info->branch_hash);
	if (!branch || (branch->flags & CG_B_SPIRALED))
		return 0;
	if (d->tag_case_hash && d->tag_case_hash != info->tag_case_hash)
		return info->remote_is_gateway || addr_equal(branch->sent_to, info->remote);
	return info->remote_is_gateway && d->target.invite_uri != CG_URIS_NONE &&
	       d->target.invite_uri != branch->invite_uri;
}

/* --- responses to an INVITE of no known dialog ------------------------------------------------ */

/* Handles a 2xx from elsewhere than the INVITE went: it opens nothing by itself. */
bpf_inline __u8 invite_forged_2xx(struct pkt_ctx *ctx, const struct answered *a, struct cg_early *e,
				  struct verdict *v)
{
	const struct msg_info *info = &ctx->scratch->info;

	v->unexpected_uas = 1;
	if (hep_may_touch_note(a->invite))
		a->invite->flags |= CG_I_FORGED_2XX;
	if (!e)
		early_insert(ctx, a->invite, a->note, CG_EARLY_ELSEWHERE);
	else if (addr_equal(e->callee_addr, info->remote))
		e->flags |= CG_EARLY_ELSEWHERE;
	return CG_R_FORGED_2XX;
}

/*
 * Handles a 2xx that answers no branch. A proxy may forward it by its Vias all the same. The note
 * remembers it, so that it opens nothing without an ACK, and then a suspect row.
 */
bpf_inline __u8 invite_stray_2xx(const struct msg_info *info)
{
	struct cg_txn_key key;
	struct cg_invite *invite;
	int doubt;

	invite = note_join(info, &key, &doubt);
	if (invite)
		invite->flags |= CG_I_FORGED_2XX;
	return CG_R_FORGED_2XX;
}

bpf_inline __u8 invite_2xx_in(struct pkt_ctx *ctx, struct answered *a, int elsewhere,
			      struct verdict *v)
{
	const struct msg_info *info = &ctx->scratch->info;
	struct cg_early *e = bpf_map_lookup_elem(&early, &info->key);
	int others_tag;

	if (elsewhere)
		return invite_forged_2xx(ctx, a, e, v);
	if (from_hep() && e && !(e->flags & CG_EARLY_CALLEE_HEP))
		return CG_R_HEP_OF_WIRE; /* the guard itself has seen whose To tag it is */
	/*
	 * With a preloaded Route a caller can make the proxy relay an INVITE with an invented To
	 * tag, and a gateway may accept it as a new call. The price: a call that began before the
	 * guard was attached gets one suspect row at its next re-INVITE to a gateway. Without
	 * `--gateway`, any host may be a gateway.
	 */
	if ((a->invite->flags & CG_I_HAS_TO_TAG) && !info->remote_is_gateway &&
	    ctx->config->has_gateways)
		return CG_R_UNKNOWN_DIALOG;
	others_tag = e && !(e->flags & CG_EARLY_ELSEWHERE) && !info->remote_is_gateway &&
		     !addr_equal(info->remote, e->callee_addr);
	if (others_tag)
		return CG_R_FORGED_2XX; /* under another's To tag, learned from its 18x */
	if (a->branch)
		a->branch->done = info->now;
	if (a->invite->flags & (CG_I_LOCAL | CG_I_UNSEEN) && hep_may_touch_note(a->invite))
		a->invite->done = info->now;
	return dialog_open(ctx, a->invite, a->branch, v);
}

bpf_inline __u8 invite_response_in(struct pkt_ctx *ctx, struct verdict *v)
{
	const struct msg_info *info = &ctx->scratch->info;
	struct answered a = answered_in(ctx);
	int elsewhere = a.branch && !info->remote_is_gateway &&
			!addr_equal(info->remote, a.branch->sent_to);

	if (info->status >= 300) {
		if (a.branch && !elsewhere)
			a.branch->done = info->now;
		return CG_R_REJECTED;
	}
	if (info->status == 100 || (!a.invite && info->status < 200))
		return CG_R_EARLY;
	if (!a.invite)
		return from_hep() ? CG_R_OUT_OF_DIALOG : invite_stray_2xx(info);
	if (info->status >= 200)
		return invite_2xx_in(ctx, &a, elsewhere, v);
	early_insert(ctx, a.invite, a.note, elsewhere ? CG_EARLY_ELSEWHERE : 0);
	/* a copy each minute keeps it ringing (RFC 3261 13.3.1.1); others could fill the map so */
	if (info->remote_is_gateway) {
		a.invite->renewed = info->now;
		if (a.branch)
			a.branch->renewed = info->now;
	}
	return CG_R_EARLY;
}

/* A final response of the host to this INVITE: nothing joins its note any more. */
bpf_inline void invite_note_final(const struct msg_info *info)
{
	struct cg_txn_key key = note_key(info, info->branch_hash, info->remote);
	struct cg_invite *invite = bpf_map_lookup_elem(&pending, &key);

	if (invite && !invite->done && hep_may_touch_note(invite))
		invite->done = info->now;
	invite = bpf_map_lookup_elem(&invites, &key);
	if (invite && !invite->done && hep_may_touch_note(invite))
		invite->done = info->now;
}

/*
 * The host itself rings, perhaps for minutes: an INVITE flood must not evict the note from
 * `invites`.
 */
bpf_inline __u8 invite_rings_here(struct pkt_ctx *ctx, const struct cg_txn_key *key,
				  struct cg_invite *invite)
{
	const struct cg_early *e = bpf_map_lookup_elem(&early, &ctx->scratch->info.key);

	invite->renewed = ctx->scratch->info.now;
	if ((invite->flags & CG_I_TAKEN) || !e || e->first_seen != CG_OUT)
		return CG_R_EARLY;
	__builtin_memcpy(&ctx->scratch->invite, invite, sizeof(*invite));
	return note_take(ctx, key) == CG_R_PENDING_FULL ? CG_R_PENDING_FULL : CG_R_EARLY;
}

bpf_inline __u8 invite_response_out(struct pkt_ctx *ctx, struct verdict *v)
{
	const struct msg_info *info = &ctx->scratch->info;
	struct cg_txn_key key = note_key(info, info->branch_hash, info->remote);
	struct cg_invite *invite = note_find(&key);
	struct cg_early *e;
	int doubt;

	if (info->status >= 300) {
		invite_note_final(info);
		return CG_R_REJECTED;
	}
	if (!invite)
		invite = note_join(info, &key, &doubt);
	if (invite && !hep_may_touch_note(invite))
		return CG_R_HEP_OF_WIRE;
	if (info->status == 100 || !invite)
		return info->status < 200 ? CG_R_EARLY : CG_R_OUT_OF_DIALOG;
	if (info->status < 200) {
		early_insert(ctx, invite, key.branch, 0);
		return invite_rings_here(ctx, &key, invite);
	}
	e = bpf_map_lookup_elem(&early, &info->key);
	if (e && e->first_seen == CG_IN)
		return CG_R_OUT_OF_DIALOG; /* it came in before, and opened nothing */
	if (invite->flags & CG_I_FORGED_2XX) {
		if (e)
			e->flags |= CG_EARLY_HOST_2XX;
		else
			early_insert(ctx, invite, key.branch, CG_EARLY_HOST_2XX);
		return CG_R_EARLY; /* its ACK opens, suspect */
	}
	return dialog_open(ctx, invite, NULL, v);
}

#endif
