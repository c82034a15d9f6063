/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * A dialog is made of its INVITE's note, its early dialog, and the message that opens it. Owner of
 * inserts into `dialogs` and `overflow`. What opens a call without a 2xx to a branch of the host's is
 * suspect: the ACK of an early dialog, a gateway's 2xx to an INVITE within a dialog not known.
 *
 * API: dialog_build(), dialog_open(), early_acked().
 */
#ifndef CG_DIALOG_CREATE_H
#define CG_DIALOG_CREATE_H

#include "bye_pending.h"
#include "early_dialog.h"
#include "invite_request.h"

bpf_inline void dialog_set_witness(struct cg_dialog *d)
{
	const __u8 believed = CG_LEG_GATEWAY | CG_LEG_LOCAL;

	if (d->caller_flags & believed)
		d->caller_flags |= CG_LEG_WITNESS;
	if (d->callee_flags & believed)
		d->callee_flags |= CG_LEG_WITNESS;
	if (!((d->caller_flags | d->callee_flags) & CG_LEG_WITNESS))
		d->callee_flags |= CG_LEG_WITNESS;
}

bpf_inline void dialog_set_counters(struct cg_dialog *d, const struct cg_invite *i,
				    const struct cg_early *e)
{
	d->caller.cseq = i->cseq;
	if (i->flags & CG_I_CSEQ_VALID)
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

bpf_inline void dialog_set_target(struct cg_dialog *d, const struct cg_invite *i,
				  const struct facts *f)
{
	if (d->callee_flags & CG_LEG_WITNESS) {
		if (f->contact)
			dialog_set_target_in(d, f);
		return;
	}
	d->target_in = i->target_in;
	d->target_out = i->target_out;
	if (d->target_in)
		d->flags |= CG_D_TARGET_KNOWN;
}

/* Who has answered; where an ACK tells of it, who has rung. */
bpf_inline void dialog_set_callee(struct cg_dialog *d, const struct guard *g,
				  const struct cg_invite *i, const struct cg_early *e)
{
	const struct facts *f = &g->s->facts;
	const struct packet *packet = &g->s->packet;
	int here, gateway;

	if (f->method == CG_M_ACK && e) {
		__builtin_memcpy(d->callee.addr, e->callee_addr, 16);
		d->callee_port = i->sent_port ? i->sent_port : 5060;
		d->callee_if = e->callee_if;
		here = e->first_seen == CG_OUT;
		gateway = addr_is_gateway(g->config, d->callee.addr);
	} else {
		__builtin_memcpy(d->callee.addr, packet->source, 16);
		d->callee_port = packet->source_port;
		d->callee_if = cg_ifindex_hash8(packet->ifindex);
		here = f->direction == CG_OUT;
		gateway = f->peer_gateway;
	}
	if (here)
		d->callee_flags |= CG_LEG_LOCAL;
	else if (gateway)
		d->callee_flags |= CG_LEG_GATEWAY;
}

/* e: its early dialog, or NULL */
BPF_SUBPROG int dialog_build(struct guard *g, const struct cg_invite *i, const struct cg_early *e)
{
	struct scratch *s = g->s;
	struct facts *f = &s->facts;
	struct cg_dialog *d = (void *)s->dialog;

	__builtin_memset(s->dialog, 0, sizeof(s->dialog));
	d->caller_tag = f->from;
	d->state = CG_S_CONFIRMED;
	d->clock = i->clock;
	__builtin_memcpy(d->caller.addr, i->caller_addr, 16);
	d->caller_port = i->caller_port;
	d->caller_if = i->caller_if;
	if (addr_is_gateway(g->config, d->caller.addr))
		d->caller_flags |= CG_LEG_GATEWAY;
	if (i->flags & CG_I_LOCAL_CALLER)
		d->caller_flags |= CG_LEG_LOCAL;
	dialog_set_callee(d, g, i, e);
	dialog_set_witness(d);
	dialog_set_counters(d, i, e);
	dialog_set_target(d, i, f);
	d->flags |= i->flags & (CG_I_CALL_ID_CUT | CG_I_TAG_CUT | CG_I_URI_CUT);
	if (f->method == CG_M_ACK || (i->flags & CG_I_HAS_TO_TAG))
		d->flags |= CG_D_SUSPECT;
	if (f->status) /* an ACK's tags may be flipped, and no gateway's */
		d->tag_case_hash = tag_case_hash(g->config, f->from_case, f->to_case);
	d->sip_code = f->status;
	d->setup = i->setup;
	d->answer = f->now;
	__builtin_memcpy(&d->call, &i->call, sizeof(d->call));
	if (copy_text(d->to_tag, sizeof(d->to_tag), &s->parser, &s->parser.msg.to_tag))
		d->flags |= CG_D_TAG_CUT;
	return 0;
}

_Static_assert(CG_I_CALL_ID_CUT == CG_D_CALL_ID_CUT && CG_I_TAG_CUT == CG_D_TAG_CUT &&
		       CG_I_URI_CUT == CG_D_URI_CUT,
	       "the cuts pass from invite to dialog as they are");

bpf_inline __u8 dialog_started(const struct cg_dialog *d, struct outcome *o)
{
	o->event = CG_EV_START;
	o->leg = CG_LEG_CALLER;
	o->clock = d->clock;
	return d->flags & CG_D_SUSPECT ? CG_R_UNSEEN_START : CG_R_OPENED;
}

/*
 * No room: the call runs unguarded, but not unbilled. Its row needs what a dialog has, and the agent
 * takes it from here. Built already, in scratch. A frame of its own: its callers have none to spare.
 */
BPF_SUBPROG int dialog_overflow(struct guard *g, struct outcome *o)
{
	struct cg_dialog *d = (void *)g->s->dialog;

	d->flags |= CG_D_SUSPECT;
	d->end_reason = CG_E_UNGUARDED;
	switch ((int)bpf_map_update_elem(&overflow, &g->s->facts.key, d, BPF_NOEXIST)) {
	case 0:
		dialog_started(d, o);
		return CG_R_DIALOGS_FULL;
	case -EEXIST:
		return CG_R_DIALOGS_FULL; /* its 2xx sent again */
	}
	return CG_R_OVERFLOW_FULL;
}

bpf_inline __u8 dialog_open(struct guard *g, const struct cg_invite *i, struct outcome *o)
{
	struct cg_early *e = bpf_map_lookup_elem(&early, &g->s->facts.key);
	struct cg_dialog *d = (void *)g->s->dialog;

	dialog_build(g, i, e);
	switch ((int)bpf_map_update_elem(&dialogs, &g->s->facts.key, d, BPF_NOEXIST)) {
	case 0:
		if (e)
			e->branch = 0;
		return dialog_started(d, o);
	case -EEXIST:
		return CG_R_IN_DIALOG; /* the other CPU was first */
	case -E2BIG:
		if (e)
			e->branch = 0; /* its ACK tells no more */
		return dialog_overflow(g, o);
	}
	return CG_R_INTERNAL;
}

/*
 * An ACK of an early dialog that no 2xx has made a dialog: the caller pads his Via until the 2xx that
 * brings it back hides its dialog headers in a second fragment, learns the To tag from the 18x, and
 * sends the ACK blindly, from wherever he likes. Not the ACK of a refused INVITE, with the 18x's tags
 * or others, which a proxy makes itself: with its own Via alone.
 */
bpf_inline __u8 early_acked(struct guard *g, struct outcome *o)
{
	const struct facts *f = &g->s->facts;
	struct cg_early *e = bpf_map_lookup_elem(&early, &f->key);
	struct cg_txn_key key;
	struct cg_invite *i;

	/* of none that is known, and perhaps of one that is, as the gateway reads it */
	if (!e && f->direction == CG_IN && !f->peer_gateway &&
	    (g->s->parser.msg.flags & SIP_AMBIGUOUS))
		return CG_R_AMBIGUOUS;
	if (!e || !e->branch || (f->direction == CG_OUT && !f->relayed))
		return CG_R_OUT_OF_DIALOG;
	key = txn_key(f, e->branch);
	i = bpf_map_lookup_elem(&pending, &key);
	if (!i)
		i = bpf_map_lookup_elem(&invites, &key);
	if (!i || (i->done && !i->forks))
		return CG_R_OUT_OF_DIALOG;
	if (__sync_fetch_and_add(&i->forks, 1) >= CG_FORKS_MAX)
		return CG_R_FORKS_FULL;
	return dialog_open(g, i, o);
}

#endif
