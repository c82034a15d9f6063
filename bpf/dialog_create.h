/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Makes a dialog from the stored INVITE, the early dialog, and the message that opens it. Owner of
 * inserts into `dialogs` and `overflow`. A dialog is suspect unless a 2xx to a branch of the host
 * opened it: the ACK of an early dialog opens one, and so does a gateway's 2xx to an INVITE with
 * the To tag of an unknown dialog.
 *
 * API: dialog_build(), dialog_open(), dialog_report_start(), early_ack().
 */
#ifndef CG_DIALOG_CREATE_H
#define CG_DIALOG_CREATE_H

#include "addr.h"
#include "bye_pending.h"
#include "early_dialog.h"
#include "invite_request.h"
#include "maps.h"
#include "remote_target.h"
#include "scratch.h"
#include "text.h"
#include "verdict.h"

/* A witness is a leg whose word ends the call: gateways and the host, else the callee. */
bpf_inline void dialog_set_witness(struct cg_dialog *d)
{
	const __u8 trusted = CG_LEG_GATEWAY | CG_LEG_LOCAL;

	if (d->caller_flags & trusted)
		d->caller_flags |= CG_LEG_WITNESS;
	if (d->callee_flags & trusted)
		d->callee_flags |= CG_LEG_WITNESS;
	if (!((d->caller_flags | d->callee_flags) & CG_LEG_WITNESS))
		d->callee_flags |= CG_LEG_WITNESS;
}

bpf_inline void dialog_set_counters(struct cg_dialog *d, const struct cg_invite *invite,
				    const struct cg_early *e)
{
	d->caller.cseq = invite->cseq;
	if (invite->flags & CG_I_CSEQ_VALID)
		d->caller_flags |= CG_LEG_CSEQ_VALID;
	if (!e)
		return;
	if ((e->caller_flags & CG_LEG_CSEQ_VALID) && e->caller_cseq > d->caller.cseq)
		d->caller.cseq = e->caller_cseq;
	if (e->callee_flags & CG_LEG_CSEQ_VALID) {
		d->callee.cseq = e->callee_cseq;
		d->callee_flags |= CG_LEG_CSEQ_VALID;
	}
}

bpf_inline void dialog_set_target(struct cg_dialog *d, const struct cg_invite *invite,
				  const struct msg_info *info)
{
	if (d->callee_flags & CG_LEG_WITNESS) {
		if (info->contact_hash)
			dialog_set_target_in(d, info);
		return;
	}
	d->target_in = invite->target_in;
	d->target_out = invite->target_out;
	if (d->target_in)
		d->flags |= CG_D_TARGET_KNOWN;
}

/* The callee is the sender of the 2xx. If only the ACK was seen, it is the sender of the 18x. */
bpf_inline void dialog_set_callee(struct cg_dialog *d, const struct pkt_ctx *ctx,
				  const struct cg_invite *invite, const struct cg_early *e)
{
	const struct msg_info *info = &ctx->scratch->info;
	const struct packet *packet = &ctx->scratch->packet;
	int is_local, is_gateway;

	if (info->method == CG_M_ACK && e) {
		__builtin_memcpy(d->callee.addr, e->callee_addr, 16);
		d->callee_port = invite->sent_port ? invite->sent_port : 5060;
		d->callee_if = e->callee_if;
		is_local = e->first_seen == CG_OUT;
		is_gateway = addr_is_gateway(ctx->config, d->callee.addr);
	} else {
		__builtin_memcpy(d->callee.addr, packet->source, 16);
		d->callee_port = packet->source_port;
		d->callee_if = cg_ifindex_hash8(packet->ifindex);
		is_local = info->direction == CG_OUT;
		is_gateway = info->remote_is_gateway;
	}
	if (is_local)
		d->callee_flags |= CG_LEG_LOCAL;
	else if (is_gateway)
		d->callee_flags |= CG_LEG_GATEWAY;
}

/* Builds the dialog in scratch. `e` is its early dialog, or NULL. */
BPF_SUBPROG int dialog_build(struct pkt_ctx *ctx, const struct cg_invite *invite,
			     const struct cg_early *e)
{
	struct scratch *s = ctx->scratch;
	struct msg_info *info = &s->info;
	struct cg_dialog *d = (void *)s->dialog;

	__builtin_memset(s->dialog, 0, sizeof(s->dialog));
	d->caller_tag = info->from_hash;
	d->state = CG_S_CONFIRMED;
	d->clock = invite->clock;
	__builtin_memcpy(d->caller.addr, invite->caller_addr, 16);
	d->caller_port = invite->caller_port;
	d->caller_if = invite->caller_if;
	if (addr_is_gateway(ctx->config, d->caller.addr))
		d->caller_flags |= CG_LEG_GATEWAY;
	if (invite->flags & CG_I_LOCAL_CALLER)
		d->caller_flags |= CG_LEG_LOCAL;
	dialog_set_callee(d, ctx, invite, e);
	dialog_set_witness(d);
	dialog_set_counters(d, invite, e);
	dialog_set_target(d, invite, info);
	d->flags |= invite->flags & (CG_I_CALL_ID_CUT | CG_I_TAG_CUT | CG_I_URI_CUT);
	if (info->method == CG_M_ACK || (invite->flags & CG_I_HAS_TO_TAG))
		d->flags |= CG_D_SUSPECT;
	if (info->status) /* the case of the tags in an ACK is the caller's choice */
		d->tag_case_hash =
			tag_case_hash(ctx->config, info->from_case_mask, info->to_case_mask);
	d->sip_code = info->status;
	d->setup = invite->setup;
	d->answer = info->now;
	__builtin_memcpy(&d->call, &invite->call, sizeof(d->call));
	if (text_copy(d->to_tag, sizeof(d->to_tag), &s->parser, &s->parser.msg.to_tag))
		d->flags |= CG_D_TAG_CUT;
	return 0;
}

_Static_assert(CG_I_CALL_ID_CUT == CG_D_CALL_ID_CUT && CG_I_TAG_CUT == CG_D_TAG_CUT &&
		       CG_I_URI_CUT == CG_D_URI_CUT,
	       "dialog_build() copies these flags from invite to dialog");

/* Returns the reason for a dialog that was inserted. */
bpf_inline __u8 dialog_report_start(const struct cg_dialog *d, struct verdict *v)
{
	v->event = CG_EV_START;
	v->leg = CG_LEG_CALLER;
	v->clock = d->clock;
	return d->flags & CG_D_SUSPECT ? CG_R_UNSEEN_START : CG_R_OPENED;
}

/*
 * `dialogs` is full: the call is not guarded but still gets a CDR. Stores the dialog that
 * dialog_build() left in scratch in `overflow`, where the daemon collects it.
 */
BPF_SUBPROG int dialog_overflow(struct pkt_ctx *ctx, struct verdict *v)
{
	struct cg_dialog *d = (void *)ctx->scratch->dialog;

	d->flags |= CG_D_SUSPECT;
	d->end_reason = CG_E_UNGUARDED;
	switch ((int)bpf_map_update_elem(&overflow, &ctx->scratch->info.key, d, BPF_NOEXIST)) {
	case 0:
		dialog_report_start(d, v);
		return CG_R_DIALOGS_FULL;
	case -EEXIST:
		return CG_R_DIALOGS_FULL; /* a retransmission of the 2xx */
	}
	return CG_R_OVERFLOW_FULL;
}

/* Builds the dialog and inserts it. Returns the reason. */
bpf_inline __u8 dialog_open(struct pkt_ctx *ctx, const struct cg_invite *invite, struct verdict *v)
{
	struct cg_early *e = bpf_map_lookup_elem(&early, &ctx->scratch->info.key);
	struct cg_dialog *d = (void *)ctx->scratch->dialog;

	dialog_build(ctx, invite, e);
	switch ((int)bpf_map_update_elem(&dialogs, &ctx->scratch->info.key, d, BPF_NOEXIST)) {
	case 0:
		if (e)
			e->branch = 0;
		return dialog_report_start(d, v);
	case -EEXIST:
		return CG_R_IN_DIALOG; /* another CPU handles a copy of the 2xx */
	case -E2BIG:
		if (e)
			e->branch = 0; /* the ACK opens nothing more */
		return dialog_overflow(ctx, v);
	}
	return CG_R_INTERNAL;
}

/*
 * ACK for an early dialog whose 2xx was not seen: opens a suspect dialog.
 *
 * A caller pads its Via, so that the 2xx returns with its dialog headers in a second fragment. It
 * takes the To tag from the 18x and sends the ACK without having received the 2xx, from any
 * address. Without this rule the call would have no row. The ACK that a proxy generates for a
 * rejected INVITE is excluded: it carries only the proxy's Via.
 */
bpf_inline __u8 early_ack(struct pkt_ctx *ctx, struct verdict *v)
{
	const struct msg_info *info = &ctx->scratch->info;
	struct cg_early *e = bpf_map_lookup_elem(&early, &info->key);
	struct cg_txn_key key;
	struct cg_invite *invite;

	/* The guard knows no such early dialog, but the gateway may read the tags differently. */
	if (!e && info->direction == CG_IN && !info->remote_is_gateway &&
	    (ctx->scratch->parser.msg.flags & SIP_AMBIGUOUS))
		return CG_R_AMBIGUOUS;
	if (!e || !e->branch || (info->direction == CG_OUT && !info->relayed))
		return CG_R_OUT_OF_DIALOG;
	key = txn_key(info, e->branch);
	invite = bpf_map_lookup_elem(&pending, &key);
	if (!invite)
		invite = bpf_map_lookup_elem(&invites, &key);
	if (!invite || (invite->done && !invite->forks))
		return CG_R_OUT_OF_DIALOG;
	if (__sync_fetch_and_add(&invite->forks, 1) >= CG_FORKS_MAX)
		return CG_R_FORKS_FULL;
	return dialog_open(ctx, invite, v);
}

#endif
