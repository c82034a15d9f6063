/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * A dialog is made of its INVITE's note, the branch that was answered, its early dialog, and the
 * message that opens it. Owner of inserts into `dialogs` and `overflow`. A dialog that opens in
 * doubt is suspect, and has a row.
 *
 * API: dialog_build(), dialog_open(), dialog_report_start(), early_ack().
 */
#ifndef CG_DIALOG_CREATE_H
#define CG_DIALOG_CREATE_H

#include "bye_pending.h"
#include "early_dialog.h"
#include "invite_request.h"
#include "share.h"

/* The leg with the highest rank is the witness; two gateways both are. */
bpf_inline void dialog_set_witness(struct cg_dialog *d)
{
	__u8 caller = cg_leg_rank(d->caller_flags, 0), callee = cg_leg_rank(d->callee_flags, 1);

	if (caller && caller >= callee)
		d->caller_flags |= CG_LEG_WITNESS;
	if (callee && callee >= caller)
		d->callee_flags |= CG_LEG_WITNESS;
}

bpf_inline void dialog_set_counters(struct cg_dialog *d, const struct cg_invite *invite,
				    const struct cg_early *e)
{
	d->caller.cseq = d->caller_passed = invite->cseq;
	if (invite->flags & CG_I_CSEQ_VALID)
		d->caller_flags |= CG_LEG_CSEQ_VALID;
	if (!e)
		return;
	if ((e->caller_flags & CG_LEG_CSEQ_VALID) && e->caller_cseq > d->caller.cseq)
		d->caller.cseq = d->caller_passed = e->caller_cseq;
	if ((e->callee_flags & CG_LEG_CSEQ_VALID) && !(e->flags & CG_EARLY_ELSEWHERE)) {
		d->callee.cseq = d->callee_passed = e->callee_cseq;
		d->callee_flags |= CG_LEG_CSEQ_VALID;
	}
}

_Static_assert(CG_I_TCP << 8 == CG_D_CALLER_TCP, "a shift and no branch");

bpf_inline void dialog_set_caller(struct cg_dialog *d, const struct pkt_ctx *ctx,
				  const struct cg_invite *invite)
{
	__builtin_memcpy(d->caller.addr, invite->caller_addr, 16);
	d->caller_port = invite->caller_port;
	d->caller_ifindex = invite->caller_ifindex;
	d->flags |= (__u32)(invite->flags & CG_I_TCP) << 8; /* CG_D_CALLER_TCP */
	if (invite->flags & CG_I_LOCAL)
		d->caller_flags |= CG_LEG_LOCAL;
	else if (invite->flags & CG_I_UNSEEN)
		d->caller_flags |= CG_LEG_UNSEEN;
	else if (addr_is_gateway(ctx->config, d->caller.addr))
		d->caller_flags |= CG_LEG_GATEWAY;
	if (invite->flags & CG_I_HEP && !(invite->flags & (CG_I_LOCAL | CG_I_UNSEEN)))
		d->caller_flags |= CG_LEG_HEP;
}

/*
 * Returns whether the host has added no Record-Route of its own: then it is no proxy. One that the
 * INVITE had when it came in says nothing: its caller may have written it.
 */
bpf_inline int host_is_end(const struct msg_route *route, const struct cg_invite *invite)
{
	return !route->records_own || (uri_set_is_valid(route->record_routes) &&
				       route->record_routes == invite->record_routes);
}

/*
 * Sets the side of the callee. The host itself answers if the egress 2xx has its name as Contact
 * and none of its Record-Routes. Any other 2xx that did not come in is from a side that is not
 * read.
 */
bpf_inline void dialog_set_callee(struct cg_dialog *d, const struct pkt_ctx *ctx,
				  const struct cg_invite *invite, const struct cg_early *e)
{
	const struct msg_info *info = &ctx->scratch->info;
	const struct msg_route *route = &ctx->scratch->route;
	const struct packet *packet = &ctx->scratch->packet;
	int came_in = info->status ? info->direction == CG_IN : e && e->first_seen == CG_IN;

	if (!came_in) {
		if (info->status && route->contact_is_own && host_is_end(route, invite) &&
		    !host_hides_topology(ctx->config))
			d->callee_flags |= CG_LEG_LOCAL;
		else
			d->callee_flags |= CG_LEG_UNSEEN;
	}
	if (info->status && (came_in || (d->callee_flags & CG_LEG_LOCAL))) {
		__builtin_memcpy(d->callee.addr, packet->source, 16);
		d->callee_port = packet->source_port;
		d->callee_ifindex = packet->ifindex;
		d->flags |= packet->tcp * CG_D_CALLEE_TCP;
	} else if (came_in && e) {
		__builtin_memcpy(d->callee.addr, e->callee_addr, 16);
		d->callee_port = e->callee_port;
		d->callee_ifindex = e->callee_ifindex;
	}
	if (came_in && addr_is_gateway(ctx->config, d->callee.addr))
		d->callee_flags |= CG_LEG_GATEWAY;
	if (came_in && (info->status ? from_hep() : e && e->flags & CG_EARLY_CALLEE_HEP))
		d->callee_flags |= CG_LEG_HEP;
}

/*
 * Sets the target: what the witness gave, or, if no leg is one, what the host gave the caller in
 * its 2xx.
 */
bpf_inline void dialog_set_target(struct cg_dialog *d, const struct pkt_ctx *ctx,
				  const struct cg_invite *invite, const struct cg_branch *branch)
{
	const struct msg_info *info = &ctx->scratch->info;
	const struct msg_route *route = &ctx->scratch->route;
	__u32 contact = info->status ? route->contact : CG_URIS_NONE, routes;

	d->target.invite_uri = CG_URIS_NONE;
	if ((d->caller_flags & CG_LEG_WITNESS) && !(d->callee_flags & CG_LEG_WITNESS)) {
		routes = d->caller_flags & CG_LEG_LOCAL ? URI_SET_EMPTY : invite->record_routes;
		target_init(&d->target, invite->contact, invite->contact_user, routes);
		return;
	}
	if (d->callee_flags & CG_LEG_LOCAL)
		routes = URI_SET_EMPTY;
	else if (d->callee_flags & CG_LEG_UNSEEN)
		routes = uri_set_sub(route->record_routes, invite->record_routes);
	else
		routes = branch ? uri_set_sub(route->record_routes, branch->record_routes)
				: CG_URIS_NONE;
	target_init(&d->target, contact, route->contact_name, routes);
	if (branch && !(d->callee_flags & (CG_LEG_UNSEEN | CG_LEG_LOCAL))) {
		d->target.invite_uri = branch->invite_uri;
		d->target.sent_to = addr_hash32(ctx->scratch->parser.hash_key, branch->sent_to);
	}
}

/*
 * Builds a dialog in scratch. e: its early dialog, or NULL. branch: the one that was answered, or
 * NULL.
 */
BPF_SUBPROG int dialog_build(struct pkt_ctx *ctx, const struct cg_invite *invite,
			     const struct cg_branch *branch, const struct cg_early *e)
{
	const __u16 doubt = CG_I_HAS_TO_TAG | CG_I_SUSPECT;
	struct scratch *s = ctx->scratch;
	struct msg_info *info = &s->info;
	struct cg_dialog *d = (void *)s->dialog;

	__builtin_memset(s->dialog, 0, sizeof(s->dialog));
	d->who = info->from_hash ^ info->key.call;
	d->state = CG_S_CONFIRMED;
	d->clock = invite->clock;
	dialog_set_caller(d, ctx, invite);
	dialog_set_callee(d, ctx, invite, e);
	dialog_set_witness(d);
	dialog_set_counters(d, invite, e);
	dialog_set_target(d, ctx, invite, branch);
	d->flags |= invite->flags & (CG_I_CALL_ID_CUT | CG_I_TAG_CUT | CG_I_URI_CUT);
	if (!info->status || (invite->flags & doubt))
		d->flags |= CG_D_SUSPECT;
	if (info->status) /* in an ACK the caller may have changed the letter case */
		d->tag_case_hash = info->tag_case_hash;
	d->sip_code = info->status;
	d->setup = invite->setup;
	d->answer = info->now;
	__builtin_memcpy(&d->call, &invite->call, sizeof(d->call));
	if (branch)
		__builtin_memcpy(d->call.request_uri, branch->request_uri,
				 sizeof(d->call.request_uri));
	if (text_copy(d->to_tag, sizeof(d->to_tag), &s->parser, &s->parser.msg.to_tag))
		d->flags |= CG_D_TAG_CUT;
	return 0;
}

_Static_assert(CG_I_CALL_ID_CUT == CG_D_CALL_ID_CUT && CG_I_TAG_CUT == CG_D_TAG_CUT &&
		       CG_I_URI_CUT == CG_D_URI_CUT,
	       "the cuts pass from invite to dialog as they are");

bpf_inline __u8 dialog_report_start(const struct cg_dialog *d, struct verdict *v)
{
	v->event = CG_EV_START;
	v->leg = CG_LEG_CALLER;
	v->clock = d->clock;
	return d->sip_code && !(d->flags & CG_D_SUSPECT) ? CG_R_OPENED : CG_R_UNSEEN_START;
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
		return CG_R_DIALOGS_FULL; /* its 2xx sent again */
	}
	return CG_R_OVERFLOW_FULL;
}

/*
 * Attack: the caller's second device answers one INVITE under any number of To tags, and fills
 * `dialogs`. An INVITE may open two dialogs where a customer answers, 16 where a gateway does. The
 * next one gets a suspect row, unguarded.
 */
bpf_inline __u32 *forks_of(const struct msg_info *info, struct cg_invite *invite)
{
	return info->remote_is_gateway ? &invite->forks : &invite->customer_forks;
}

bpf_inline __u32 forks_allowed(const struct msg_info *info)
{
	return info->remote_is_gateway ? CG_FORKS_MAX : CG_FORKS_CUSTOMER;
}

/* Beyond a gateway's forks the 2xx that the host forwards opens nothing either. */
bpf_inline int forks_are_full(const struct msg_info *info, struct cg_invite *invite)
{
	return !from_hep() &&
	       (invite->forks > CG_FORKS_MAX || *forks_of(info, invite) > forks_allowed(info));
}

/* Forks that are reported are counted for themselves: there is one runner of cseqguard_hep. */
bpf_inline int fork_refuse(const struct msg_info *info, struct cg_invite *invite)
{
	if (!from_hep())
		return __sync_fetch_and_add(forks_of(info, invite), 1) >= forks_allowed(info);
	if (invite->hep_forks >= forks_allowed(info))
		return 1;
	invite->hep_forks++;
	return 0;
}

/*
 * Inserts the dialog in scratch. Its element may have been another call's until now, and a packet
 * of that call on another CPU may hold its lock and write to it once more: an insert takes no lock.
 * So the value is written again under the lock. Returns 0 or -errno.
 */
BPF_SUBPROG int dialog_insert(struct pkt_ctx *ctx, const struct cg_dialog_key *key)
{
	struct cg_dialog *d = (void *)ctx->scratch->dialog;
	int err = bpf_map_update_elem(&dialogs, key, d, BPF_NOEXIST);

	return err ? err : bpf_map_update_elem(&dialogs, key, d, BPF_EXIST | BPF_F_LOCK);
}

/* Gives a call that is refused a place in `dialogs` a suspect row, unguarded. */
bpf_inline __u8 dialog_refuse(struct pkt_ctx *ctx, __u8 reason, struct verdict *v)
{
	__u8 stored;

	if (reason == CG_R_SHARE_FULL && !share_row_is_due(ctx))
		return reason;
	stored = dialog_overflow(ctx, v);
	return stored == CG_R_DIALOGS_FULL ? reason : stored;
}

bpf_inline __u8 dialog_open(struct pkt_ctx *ctx, struct cg_invite *invite,
			    const struct cg_branch *branch, struct verdict *v)
{
	struct msg_info *info = &ctx->scratch->info;
	struct cg_early *e = bpf_map_lookup_elem(&early, &info->key);
	struct cg_dialog *d = (void *)ctx->scratch->dialog;
	__u8 refused;

	if (forks_are_full(info, invite))
		return CG_R_FORKS_FULL;
	dialog_build(ctx, invite, branch, e);
	refused = share_refuse_dialog(ctx);
	if (!refused && fork_refuse(info, invite))
		refused = CG_R_FORKS_FULL;
	if (refused) {
		early_refuse(ctx, invite, e);
		return dialog_refuse(ctx, refused, v);
	}
	switch (dialog_insert(ctx, &info->key)) {
	case 0:
		early_remove(info);
		share_add_dialog(ctx);
		return dialog_report_start(d, v);
	case -EEXIST:
		return CG_R_IN_DIALOG; /* the other CPU was first */
	case -E2BIG:
		early_refuse(ctx, invite, e);
		return dialog_overflow(ctx, v);
	}
	return CG_R_INTERNAL;
}

/*
 * Returns whether this ACK says that the call was answered, though its 2xx has opened nothing:
 * - the 2xx came from elsewhere than the INVITE went, the host passed it on, and its ACK goes to
 *   the one or the other;
 * - the host answered itself, after a 2xx from elsewhere;
 * - the 2xx was not seen. The caller pads his Via until the 2xx, which carries it, has its dialog
 *   headers in a second fragment, learns the To tag from the 18x, and sends the ACK blindly. Not
 *   the ACK that a proxy makes for a rejected INVITE: it has the proxy's Via alone.
 */
bpf_inline int ack_opens(const struct msg_info *info, const struct cg_early *e,
			 const struct cg_invite *invite)
{
	const struct cg_branch *branch = e->branch ? branch_find(info, e->branch) : NULL;

	if (e->flags & CG_EARLY_ELSEWHERE)
		return info->direction == CG_OUT && info->relayed &&
		       (addr_equal(info->remote, e->callee_addr) ||
			(branch && addr_equal(info->remote, branch->sent_to)));
	if (e->flags & CG_EARLY_HOST_2XX)
		return info->direction == CG_IN;
	if (info->direction == CG_OUT && !info->relayed)
		return 0;
	return branch ? !branch->done : !invite->done || invite->forks || invite->customer_forks;
}

bpf_inline __u8 early_ack(struct pkt_ctx *ctx, struct verdict *v)
{
	const struct msg_info *info = &ctx->scratch->info;
	struct cg_early *e = bpf_map_lookup_elem(&early, &info->key);
	struct cg_txn_key key;
	struct cg_invite *invite;

	/* the gateway may read it differently, and find a dialog */
	if (!e && info->direction == CG_IN && !info->remote_is_gateway &&
	    (ctx->scratch->parser.msg.flags & SIP_AMBIGUOUS))
		return CG_R_AMBIGUOUS;
	if (!e || !e->note ||
	    (from_hep() && !hep_may_speak_early(info, e, info->from_hash == e->caller_tag)))
		return CG_R_OUT_OF_DIALOG;
	key = branch_key(info, e->note);
	invite = note_find(&key);
	if (!invite || !ack_opens(info, e, invite))
		return CG_R_OUT_OF_DIALOG;
	return dialog_open(ctx, invite, e->branch ? branch_find(info, e->branch) : NULL, v);
}

#endif
