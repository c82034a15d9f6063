/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * From a payload in the parser's buffer to a verdict: the order of the steps. README.md follows a
 * BYE through them.
 *
 * API: handle_message(), handle_no_message(), message_action().
 */
#ifndef CG_MESSAGE_H
#define CG_MESSAGE_H

#include "addr_change.h"
#include "bye_evidence.h"
#include "dialog_request.h"
#include "early_dialog.h"
#include "hep.h"
#include "hep_callee.h"
#include "invite_note.h"
#include "invite_request.h"
#include "invite_response.h"
#include "maps.h"
#include "msg_info.h"
#include "msg_route.h"
#include "packet.h"
#include "scratch.h"
#include "screen.h"
#include "sip_parser.h"
#include "verdict.h"

/*
 * Stages 3 and 4: where the message comes from, and its way. Most BYEs of a flood do not need them.
 */
bpf_inline void parse_routing(struct pkt_ctx *ctx)
{
	struct scratch *s = ctx->scratch;

	msg_info_parse_routing(&s->info, &s->parser, ctx->config, &s->packet);
	msg_route_parse(ctx);
	s->info.came_back = s->route.came_back && s->info.remote_is_gateway;
}

/* Under the lock. gateway_stamp: of a BYE that goes out, see dialog_bye_out(). */
bpf_inline void judge_dialog_request(struct cg_dialog *d, const struct pkt_ctx *ctx,
				     const struct leg_view *view, int gateway_stamp,
				     struct verdict *v)
{
	const struct msg_route *route = &ctx->scratch->route;
	const struct msg_info *info = &ctx->scratch->info;

	if (info->direction == CG_OUT && info->method == CG_M_BYE)
		dialog_bye_out(d, info, route, view, gateway_stamp, v);
	else if (info->direction == CG_OUT)
		dialog_request_out(d, info, route, view, v);
	else if (info->method == CG_M_BYE)
		dialog_bye_in(d, info, route, view, ctx->config, v);
	else if (info->method == CG_M_ACK)
		dialog_ack_in(info, view, v);
	else if (info->method == CG_M_CANCEL)
		v->reason = CG_R_IN_DIALOG;
	else
		dialog_request_in(d, info, route, view, v);
}

/*
 * A request of a known dialog. The element may be another call's by now: a deleted one is given out
 * again at once, and the pointer is older than the lock.
 */
BPF_SUBPROG int handle_dialog_request(struct pkt_ctx *ctx, struct cg_dialog *d, struct verdict *v)
{
	const struct msg_route *route = &ctx->scratch->route;
	struct msg_info *info = &ctx->scratch->info;
	struct leg_view view;
	int gateway_stamp = 0;

	if (info->direction == CG_OUT && info->method == CG_M_BYE && route->has_stamp)
		gateway_stamp = addr_is_gateway(ctx->config, route->stamp);
	if (info->direction == CG_IN)
		info->moved_leg = addr_change_leg(d, info);
	v->reason = CG_R_UNKNOWN_DIALOG;
	bpf_spin_lock(&d->lock);
	if (!dialog_is_of(d, info))
		goto out;
	leg_view_init(d, msg_is_from_caller(d, info), &view);
	v->leg = view.leg;
	v->clock = d->clock;
	v->peer = d->peer;
	hep_adopt_caller(d, info, &view);
	if (!hep_may_speak(info, &view)) {
		v->reason = hep_left_out(info, &view);
		goto left_out;
	}
	judge_dialog_request(d, ctx, &view, gateway_stamp, v);
out:
	bpf_spin_unlock(&d->lock);
	if (v->addr_change)
		addr_change_store(ctx, v->addr_change);
	if (info->direction == CG_OUT)
		addr_change_forward(info, route->peer_branch, v->leg,
				    !route->has_peer_via && host_hides_topology(ctx->config));
	return 0;
left_out:
	bpf_spin_unlock(&d->lock);
	return 0;
}

/* A request of no known dialog. An ingress BYE does not come here. */
BPF_SUBPROG int handle_new_request(struct pkt_ctx *ctx, struct verdict *v)
{
	const struct msg_info *info = &ctx->scratch->info;
	int has_to_tag = ctx->scratch->parser.msg.to_tag.len != 0;

	if (info->method == CG_M_INVITE)
		v->reason = info->direction == CG_IN ? invite_in(ctx) : invite_out(ctx);
	if (info->method == CG_M_ACK)
		v->reason = early_ack(ctx, v);
	else if (info->method != CG_M_INVITE || has_to_tag)
		v->reason = early_request(ctx);
	return 0;
}

/*
 * Fast path: an out-of-order BYE, the usual flood, is dropped after one dialog lookup, before Via
 * and Contact are parsed. Returns 1 if the verdict is made; else *found is the dialog of the
 * request, or NULL.
 */
bpf_inline int handle_early(struct pkt_ctx *ctx, struct cg_dialog **found, struct verdict *v)
{
	struct msg_info *info = &ctx->scratch->info;
	int bye_in = info->method == CG_M_BYE && info->direction == CG_IN;
	struct cg_dialog *d = NULL;

	if (info->status || info->method != CG_M_INVITE || ctx->scratch->parser.msg.to_tag.len)
		d = bpf_map_lookup_elem(&dialogs, &info->key);
	*found = d;
	if (info->status || !bye_in)
		return 0;
	if (msg_bye_is_ambiguous(ctx, d)) {
		v->reason = CG_R_AMBIGUOUS;
		return 1;
	}
	if (!d) {
		v->reason = early_request(ctx);
		return 1;
	}
	return dialog_bye_reject_low(d, info, ctx->config, v);
}

bpf_inline void handle_request(struct pkt_ctx *ctx, struct cg_dialog *d, struct verdict *v)
{
	if (msg_branches_differ(ctx))
		v->reason = CG_R_AMBIGUOUS;
	else if (d)
		handle_dialog_request(ctx, d, v);
	else
		handle_new_request(ctx, v);
}

BPF_SUBPROG int handle_dialog_response(struct pkt_ctx *ctx, struct cg_dialog *d, struct verdict *v)
{
	const struct msg_route *route = &ctx->scratch->route;
	const struct msg_info *info = &ctx->scratch->info;
	int own_word = 0, of_another = answer_is_of_another(info, d);
	struct leg_view uas;

	v->reason = CG_R_OUT_OF_DIALOG;
	bpf_spin_lock(&d->lock);
	if (!dialog_is_of(d, info))
		goto out;
	leg_view_init_uas(d, info, &uas);
	v->leg = uas.peer_leg; /* the leg whose tag is in From */
	v->clock = d->clock;
	v->peer = d->peer;
	if (!hep_may_speak(info, &uas)) {
		v->reason = hep_left_out(info, &uas);
		goto out;
	}
	if (of_another && d->state != CG_S_ENDED)
		d->flags |= CG_D_SUSPECT;
	own_word = leg_sends_response(info, &uas);
	if (info->method != CG_M_BYE)
		dialog_response(d, info, route, &uas, v);
	else if (info->direction == CG_IN)
		bye_response_in(d, info, &uas, ctx->config, v);
	else
		bye_response_out(d, info, &uas, ctx->config, v);
out:
	bpf_spin_unlock(&d->lock);
	if (own_word)
		addr_change_apply(info, v->leg);
	return 0;
}

BPF_SUBPROG int handle_response(struct pkt_ctx *ctx, struct cg_dialog *d, struct verdict *v)
{
	const struct msg_info *info = &ctx->scratch->info;
	struct answered a = {};

	if (d && invite_takes_over(ctx, d, &a))
		v->reason = dialog_replace(ctx, d, &a, v);
	else if (d && hep_knows_callee(ctx, d, &a))
		v->reason = hep_adopt_callee(ctx, d, &a, v);
	else if (d)
		handle_dialog_response(ctx, d, v);
	else if (info->method != CG_M_INVITE)
		v->reason = CG_R_OUT_OF_DIALOG;
	else if (info->direction == CG_IN)
		v->reason = invite_response_in(ctx, v);
	else
		v->reason = invite_response_out(ctx, v);
	if (info->direction == CG_OUT && info->method == CG_M_INVITE && info->status >= 200)
		invite_note_final(info);
	return 0;
}

/* From a payload to a verdict. */
bpf_inline int handle_message(struct pkt_ctx *ctx, struct verdict *v)
{
	struct scratch *s = ctx->scratch;
	struct sip_msg *msg = &s->parser.msg;
	const __u32 identity = SIP_HAS_CALL_ID | SIP_HAS_FROM | SIP_HAS_TO;
	struct cg_dialog *d;
	int err, complete = !s->packet.cut && s->packet.length <= SIP_MAX;
	__u32 len = s->packet.length <= SIP_MAX ? s->packet.length : SIP_MAX;

	err = sip_parse(&s->parser, len, complete);
	complete = s->parser.complete; /* or the verifier walks the parser once for each value */
	msg_info_init(&s->info, &s->packet, msg, ctx->config);
	if (err) {
		v->reason = msg_not_sip_reason(ctx, complete);
		return 0;
	}
	if (!complete && msg_is_truncated(msg)) {
		v->reason = msg_truncated_reason(ctx);
	} else if (msg_is_ambiguous(ctx)) {
		v->reason = CG_R_AMBIGUOUS;
	} else if (msg_cseq_mismatch(s)) {
		v->reason = CG_R_BAD_CSEQ;
	} else if ((msg->flags & identity) != identity) {
		v->reason = CG_R_UNPARSABLE;
	} else if (msg_is_out_of_dialog(msg)) {
		v->reason = CG_R_OUT_OF_DIALOG;
	} else {
		msg_info_set_key(&s->info, &s->parser);
		if (handle_early(ctx, &d, v))
			return 0;
		parse_routing(ctx);
		if (msg->status)
			handle_response(ctx, d, v);
		else
			handle_request(ctx, d, v);
	}
	return 0;
}

/* Prepares the verdict on a fragment or segment as a whole, without a message. */
bpf_inline void handle_no_message(struct pkt_ctx *ctx, int reason, struct verdict *v)
{
	struct scratch *s = ctx->scratch;

	__builtin_memset(&s->parser.msg, 0, sizeof(s->parser.msg));
	msg_info_init(&s->info, &s->packet, &s->parser.msg, ctx->config);
	v->reason = reason;
}

/* Returns the enum cg_action of what came in. */
bpf_inline __u8 message_action(const struct pkt_ctx *ctx, __u8 reason)
{
	return reason_action(ctx->config, reason, ctx->scratch->info.enforced);
}

#endif
