/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What answers an INVITE. A 2xx opens a dialog for a branch under which the host sent the INVITE, from
 * where it was sent to; or when the host itself answers. A gateway's takes over a dialog that somebody
 * else has opened under its tag.
 *
 * API: invite_answered_in(), invite_answered_out(), invite_outranks(), dialog_take_over().
 */
#ifndef CG_INVITE_RESPONSE_H
#define CG_INVITE_RESPONSE_H

#include "dialog_create.h"

/*
 * A dialog gives way to what is known better: the INVITE that says so, or NULL.
 *
 * A gateway answers 2xx under tags that a customer's host has opened a dialog with: it learned the
 * gateway's To tag from its 18x, and answered another INVITE of the same caller with it. The gateway
 * is believed. Not where the INVITE has come back since: then it tells of the inner call.
 *
 * And an ACK alone opened it: the callee's final response says when, and if at all.
 */
bpf_inline struct cg_invite *invite_outranks(const struct guard *g, const struct cg_dialog *d)
{
	const struct facts *f = &g->s->facts;
	struct cg_txn_key key = txn_key(f, f->branch);
	int in = f->direction == CG_IN;
	struct cg_invite *i;

	if (f->method != CG_M_INVITE || f->status < 200)
		return NULL;
	if (d->sip_code && (!in || f->status >= 300 || !f->peer_gateway ||
			    (d->callee_flags & (CG_LEG_GATEWAY | CG_LEG_LOCAL)) ||
			    addr_equal(d->callee.addr, f->peer))) /* named a gateway since */
		return NULL;
	if (!d->sip_code && in && !f->peer_gateway && !addr_equal(d->callee.addr, f->peer))
		return NULL;
	i = bpf_map_lookup_elem(&pending, &key);
	if (!i || (i->flags & CG_I_SPIRALED))
		return NULL;
	if (!in)
		return i->flags & CG_I_LOCAL_UAS ? i : NULL;
	return !(i->flags & CG_I_LOCAL_UAS) && (!f->interface || f->interface == i->sent_if) ? i
											     : NULL;
}

/* The dialog that gives way, into scratch: ended now as lost, unless it has ended. */
bpf_inline void dialog_put_aside(struct cg_dialog *old, struct cg_dialog *d, __u64 now)
{
	struct outcome none;

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
BPF_SUBPROG int dialog_keep_aside(struct guard *g)
{
	struct cg_dialog *d = (void *)g->s->dialog;
	struct cg_dialog_key aside = g->s->facts.key;

	aside.tags += d->setup;
	if (bpf_map_update_elem(&dialogs, &aside, d, BPF_ANY)) /* no room in either: stays open */
		bpf_map_update_elem(&overflow, &aside, d, BPF_ANY);
	return 0;
}

bpf_inline __u8 dialog_take_over(struct guard *g, struct cg_dialog *old, struct cg_invite *i,
				 struct outcome *o)
{
	struct facts *f = &g->s->facts;
	struct cg_dialog *d = (void *)g->s->dialog;
	__u64 setup;

	i->done = f->now;
	if (f->status >= 300) {
		bpf_spin_lock(&old->lock);
		if (old->state != CG_S_ENDED)
			dialog_close(old, CG_E_LOST, CG_LEG_NONE, f->now, o);
		bpf_spin_unlock(&old->lock);
		o->clock = old->clock;
		return CG_R_REJECTED;
	}
	dialog_put_aside(old, d, f->now);
	setup = d->setup;
	dialog_keep_aside(g);
	dialog_build(g, i, bpf_map_lookup_elem(&early, &f->key));
	if (setup - d->setup < 3000) /* the store counts microseconds */
		d->setup = setup + 1000;
	/* in place, under the lock: another CPU may have the old one in hand */
	if (bpf_map_update_elem(&dialogs, &f->key, d, BPF_EXIST | BPF_F_LOCK))
		return CG_R_INTERNAL;
	return dialog_started(d, o);
}

bpf_inline struct cg_invite *invite_unseen(const struct facts *f)
{
	struct cg_txn_key key = txn_key(f, f->branch2);
	struct cg_invite *i = bpf_map_lookup_elem(&invites, &key);

	return i && !(i->flags & CG_I_FORWARDED) ? i : NULL;
}

/* A response to an INVITE comes in; no dialog has its tags. */
bpf_inline __u8 invite_answered_in(struct guard *g, struct outcome *o)
{
	struct facts *f = &g->s->facts;
	struct cg_txn_key key = txn_key(f, f->branch);
	struct cg_invite *i = bpf_map_lookup_elem(&pending, &key);
	__u64 branch = f->branch;
	struct cg_early *e;
	int elsewhere;

	if (i && (i->flags & CG_I_LOCAL_UAS))
		i = NULL; /* the host sent it nowhere */
	if (!i && f->peer_gateway && f->relayed) {
		i = invite_unseen(f); /* it went out in fragments, its headers out of sight */
		branch = f->branch2;
	} else if (i && f->interface && f->interface != i->sent_if) {
		i = NULL;
	}
	if (f->status >= 300) {
		if (i && (f->peer_gateway || addr_equal(f->peer, i->sent_to)))
			i->done = f->now;
		return CG_R_REJECTED;
	}
	if (f->status == 100)
		return CG_R_EARLY;
	elsewhere = i && !f->peer_gateway && !addr_equal(f->peer, i->sent_to);
	e = bpf_map_lookup_elem(&early, &f->key);
	if (!e)
		early_note(g, elsewhere ? NULL : i, branch);
	if (f->status < 200) {
		/* it rings on, each minute anew (RFC 3261 13.3.1.1); others could fill the map so */
		if (i && i->renewed && f->peer_gateway)
			i->renewed = f->now;
		return CG_R_EARLY;
	}
	o->answerer = elsewhere;
	if (!i || elsewhere)
		return CG_R_FORGED_2XX;
	/*
	 * By a Route that the caller made a proxy relays an INVITE with a To tag invented, and a gateway
	 * may take it. The price: a call of before the attach whose caller sends a re-INVITE to a gateway
	 * (session timers) gets one suspect row, from there on; who knows its true start is the operator.
	 */
	if ((i->flags & CG_I_HAS_TO_TAG) && !f->peer_gateway)
		return CG_R_UNKNOWN_DIALOG;
	if (e && e->callee_if && !f->peer_gateway && !addr_equal(f->peer, e->callee_addr))
		return CG_R_FORGED_2XX; /* under another's To tag, learned from its 18x */
	i->done = f->now;
	if (__sync_fetch_and_add(&i->forks, 1) >= CG_FORKS_MAX)
		return CG_R_FORKS_FULL;
	return dialog_open(g, i, o);
}

/* A response to an INVITE goes out; no dialog has its tags. */
bpf_inline __u8 invite_answered_out(struct guard *g, struct outcome *o)
{
	struct facts *f = &g->s->facts;
	struct cg_txn_key key = txn_key(f, f->branch);
	struct cg_invite *i = invite_noted(f, f->branch), *note;
	struct cg_early *e;

	if (f->status >= 300) {
		note = bpf_map_lookup_elem(&invites, &key);
		if (i)
			i->done = f->now;
		if (note)
			note->done = f->now;
		return CG_R_REJECTED;
	}
	if (f->status == 100)
		return CG_R_EARLY;
	if (f->status < 200)
		early_note(g, i, f->branch);
	e = bpf_map_lookup_elem(&early, &f->key);
	if (f->status < 200) {
		/* It rings here, for minutes: an INVITE flood must not wash it out of `invites`. */
		if (i && !i->renewed && e && e->first_seen == CG_OUT) {
			invite_again(g->s, i);
			g->s->invite.flags |= CG_I_LOCAL_UAS;
			return invite_pend(g, &key, BPF_NOEXIST) == CG_R_PENDING_FULL
				       ? CG_R_PENDING_FULL
				       : CG_R_EARLY;
		}
		if (i && (i->flags & CG_I_LOCAL_UAS))
			i->renewed = f->now;
		return CG_R_EARLY;
	}
	/* One that came in before, and opened nothing, is not the host's own. */
	if (!i || (e && e->first_seen == CG_IN))
		return CG_R_OUT_OF_DIALOG;
	return dialog_open(g, i, o);
}

#endif
