/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * From INVITE to dialog. An INVITE that comes in is noted in `invites`; when the host sends it on,
 * or answers it, the note moves to `pending` under the branch concerned. A 2xx opens a dialog for a
 * branch under which the host sent the INVITE, from where it was sent to; or when the host itself
 * answers. What opens a call without that is suspect: the ACK of an early dialog, a gateway's 2xx to an
 * INVITE within a dialog not known. Owner of `invites`, `pending`, `early`, and of inserts into
 * `dialogs` and `overflow`.
 *
 * API: invite_in(), invite_out(), invite_answered_in(), invite_answered_out(), invite_outranks(),
 * dialog_take_over(), early_request(), early_acked().
 */
#ifndef CG_OPENING_H
#define CG_OPENING_H

static __always_inline struct cg_txn_key txn_key(const struct facts *f, __u64 branch)
{
	return (struct cg_txn_key){ .call = f->key.call, .from = f->from, .branch = branch };
}

static __always_inline struct cg_invite *invite_noted(const struct facts *f, __u64 branch)
{
	struct cg_txn_key key = txn_key(f, branch);
	struct cg_invite *i = bpf_map_lookup_elem(&pending, &key), *noted;

	if (i && !i->done)
		return i;
	noted = bpf_map_lookup_elem(&invites, &key);
	return noted ? noted : i;
}

/* --- requests --------------------------------------------------------------------------------- */

static __noinline int invite_build(struct guard *g)
{
	struct scratch *s = g->s;
	const struct sip_parser *p = &s->parser;
	struct cg_invite *i = &s->invite;
	__u16 flags = p->msg.to_tag.len ? CG_I_WITHIN : 0;

	__builtin_memset(i, 0, sizeof(*i));
	i->setup = s->facts.now;
	i->cseq = s->facts.cseq;
	__builtin_memcpy(i->caller_addr, s->packet.source, 16);
	i->caller_port = s->packet.source_port;
	i->caller_if = cg_interface_short(s->packet.ifindex);
	i->clock = g->config->clock;
	i->target_in = s->facts.contact;
	if (s->facts.cseq_valid)
		flags |= CG_I_COUNTED;
	if (copy_text(i->call.call_id, sizeof(i->call.call_id), p, &p->msg.call_id))
		flags |= CG_I_CALL_ID_CUT;
	if (copy_text(i->call.from_tag, sizeof(i->call.from_tag), p, &p->msg.from_tag))
		flags |= CG_I_TAG_CUT;
	if (copy_text(i->call.from_uri, sizeof(i->call.from_uri), p, &p->msg.from_uri) |
	    copy_text(i->call.to_uri, sizeof(i->call.to_uri), p, &p->msg.to_uri) |
	    copy_text(i->call.request_uri, sizeof(i->call.request_uri), p, &p->msg.request_uri))
		flags |= CG_I_URI_CUT;
	i->flags = flags;
	return 0;
}

static __always_inline void invite_again(struct scratch *s, const struct cg_invite *from)
{
	__builtin_memcpy(&s->invite, from, sizeof(*from));
	s->invite.moved = 0;
	s->invite.done = 0;
	s->invite.flags &= ~(CG_I_SENT_ON | CG_I_CAME_BACK);
	s->invite.forks = 0;
}

/*
 * The caller is the outermost one, and the call began then. Where it goes is what comes in last: who
 * sends it back may have asked for something cheaper first.
 */
static __always_inline void invite_spiral(struct cg_invite *i, const struct cg_invite *first)
{
	i->setup = first->setup;
	i->clock = first->clock;
	i->cseq = first->cseq;
	i->flags = (i->flags & ~(CG_I_COUNTED | CG_I_CALLER_HOST)) |
		   (first->flags & (CG_I_COUNTED | CG_I_CALLER_HOST));
	i->target_in = first->target_in;
	__builtin_memcpy(i->caller_addr, first->caller_addr, 16);
	i->caller_port = first->caller_port;
	i->caller_if = first->caller_if;
}

/* A copy has the number and the Request-URI of the first: as much of it as a CDR says. */
static __always_inline int invite_is_copy(const struct cg_invite *i, const struct cg_invite *first)
{
	const __u64 *a = (const void *)i->call.request_uri;
	const __u64 *b = (const void *)first->call.request_uri;
	__u64 differ = i->cseq ^ first->cseq;

	for (__u32 n = 0; n < CG_URI_MAX / 8; n++)
		differ |= a[n] ^ b[n];
	return !differ;
}

/*
 * A transaction is told by its branch, which is the caller's to choose. Two INVITEs under one are two
 * calls to a proxy that looks at Via's sent-by too (RFC 3261 17.2.3), and the second would be told as
 * the first; likewise one under the branch that the host sent another on under, unless the host has
 * sent it to itself. `first`: what is noted; the new one stands in scratch.
 */
static __always_inline int invite_borrows(const struct guard *g, const struct cg_txn_key *key,
					  const struct cg_invite *first)
{
	const struct cg_invite *own = bpf_map_lookup_elem(&pending, key);

	if (g->s->facts.peer_gateway)
		return 0;
	if (own && !(own->flags & CG_I_ANSWERED_HERE))
		return !addr_equal(own->sent_to, g->s->packet.dest) &&
		       !invite_is_copy(&g->s->invite, own);
	return first && !first->done && !invite_is_copy(&g->s->invite, first);
}

/* From where the host sent it, or from one gateway where it was sent to another. */
static __always_inline int invite_comes_back(const struct guard *g, const struct cg_invite *first)
{
	const struct facts *f = &g->s->facts;

	return addr_equal(first->sent_to, f->peer) ||
	       (f->peer_gateway && addr_is_gateway(g->config, first->sent_to));
}

static __always_inline __u8 invite_in(struct guard *g)
{
	struct facts *f = &g->s->facts;
	struct cg_txn_key key = txn_key(f, f->branch), before;
	struct cg_invite *first = invite_noted(f, f->branch);

	invite_build(g);
	if (invite_borrows(g, &key, first))
		return CG_R_AMBIGUOUS;
	if (first && !first->done)
		return CG_R_INVITE; /* sent again: the first counts */
	first = NULL;
	if (f->branch2) { /* a spiral: the host sent it out, and here it comes once more */
		before = txn_key(f, f->branch2);
		first = bpf_map_lookup_elem(&pending, &before);
	}
	if (first && invite_comes_back(g, first)) {
		first->flags |= CG_I_CAME_BACK;
		invite_spiral(&g->s->invite, first);
	}
	return bpf_map_update_elem(&invites, &key, &g->s->invite, BPF_ANY) ? CG_R_INTERNAL
									   : CG_R_INVITE;
}

/* 6.1 returns an int in 64 bits that are not sign-extended: hence the casts. */
static __always_inline __u8 invite_pend(struct guard *g, const struct cg_txn_key *key, __u64 how)
{
	g->s->invite.moved = g->s->facts.now;
	switch ((int)bpf_map_update_elem(&pending, key, &g->s->invite, how)) {
	case 0:
	case -EEXIST:
		return CG_R_INVITE;
	case -E2BIG:
		return CG_R_PENDING_FULL;
	}
	return CG_R_INTERNAL;
}

static __always_inline __u8 invite_out(struct guard *g)
{
	struct scratch *s = g->s;
	struct facts *f = &s->facts;
	struct cg_txn_key key = txn_key(f, f->branch);
	struct cg_invite *note = bpf_map_lookup_elem(&pending, &key);

	if (note && !(note->flags & CG_I_ANSWERED_HERE))
		return CG_R_INVITE; /* sent again */
	note = NULL;
	if (f->branch2)
		note = invite_noted(f, f->branch2);
	if (note) {
		note->flags |= CG_I_SENT_ON;
		invite_again(s, note);
	} else {
		/* the host's own, or one from a transport that is not seen: numbered by whom? */
		invite_build(g);
		s->invite.flags |= CG_I_CALLER_HOST;
		if (f->relayed)
			s->invite.flags &= ~CG_I_COUNTED;
	}
	__builtin_memcpy(s->invite.sent_to, f->peer, 16);
	s->invite.sent_port = f->peer_port;
	s->invite.sent_if = cg_interface_short(s->packet.ifindex);
	s->invite.target_out = f->contact;
	return invite_pend(g, &key, BPF_ANY); /* the branch is the host's, whoever had guessed it */
}

/* --- early dialogs ---------------------------------------------------------------------------- */

/* The first message that carries a To tag says whether the host made it. */
static __always_inline void early_note(const struct guard *g, const struct cg_invite *i,
				       __u64 branch)
{
	const struct facts *f = &g->s->facts;
	struct cg_early e = { .caller_tag = f->from, .first_seen = f->direction };

	if (i) {
		e.branch = branch;
		e.caller_cseq = i->cseq;
		e.caller_flags = i->flags & CG_I_COUNTED ? CG_LEG_COUNTED : 0;
		__builtin_memcpy(e.caller_addr, i->caller_addr, 16);
		e.caller_if = i->caller_if;
		__builtin_memcpy(e.callee_addr, g->s->packet.source, 16);
		e.callee_if = cg_interface_short(g->s->packet.ifindex);
	}
	bpf_map_update_elem(&early, &f->key, &e, BPF_NOEXIST);
}

/* PRACK and UPDATE raise a counter before the 2xx does. LRU maps take no lock: a race costs a raise. */
static __always_inline __u8 early_request(const struct guard *g)
{
	const struct facts *f = &g->s->facts;
	struct cg_early *e = bpf_map_lookup_elem(&early, &f->key);
	__u8 interface;
	int caller;

	if (!e)
		return CG_R_UNKNOWN_DIALOG;
	caller = f->from == e->caller_tag;
	if (!f->cseq_valid || f->method == CG_M_ACK || f->method == CG_M_BYE)
		return CG_R_EARLY;
	interface = caller ? e->caller_if : e->callee_if;
	if (!e->caller_if || (f->interface && f->interface != interface))
		return CG_R_EARLY;
	if (!addr_equal(g->s->packet.source, caller ? e->caller_addr : e->callee_addr) &&
	    !(f->direction == CG_IN && addr_is_gateway(g->config, f->peer)))
		return CG_R_EARLY;
	if (caller && f->cseq > e->caller_cseq) {
		e->caller_cseq = f->cseq;
		e->caller_flags |= CG_LEG_COUNTED;
	} else if (!caller && (!(e->callee_flags & CG_LEG_COUNTED) || f->cseq > e->callee_cseq)) {
		e->callee_cseq = f->cseq;
		e->callee_flags |= CG_LEG_COUNTED;
	}
	return CG_R_EARLY;
}

/* --- 2xx -------------------------------------------------------------------------------------- */

static __always_inline void dialog_set_witness(struct cg_dialog *d)
{
	const __u8 believed = CG_LEG_GATEWAY | CG_LEG_HOST;

	if (d->caller_flags & believed)
		d->caller_flags |= CG_LEG_WITNESS;
	if (d->callee_flags & believed)
		d->callee_flags |= CG_LEG_WITNESS;
	if (!((d->caller_flags | d->callee_flags) & CG_LEG_WITNESS))
		d->callee_flags |= CG_LEG_WITNESS;
}

static __always_inline void dialog_set_counters(struct cg_dialog *d, const struct cg_invite *i,
						const struct cg_early *e)
{
	d->caller.cseq = i->cseq;
	if (i->flags & CG_I_COUNTED)
		d->caller_flags |= CG_LEG_COUNTED;
	if (!e)
		return;
	if ((e->caller_flags & CG_LEG_COUNTED) && e->caller_cseq > d->caller.cseq)
		d->caller.cseq = e->caller_cseq;
	if (e->callee_flags & CG_LEG_COUNTED) {
		d->callee.cseq = e->callee_cseq;
		d->callee_flags |= CG_LEG_COUNTED;
	}
}

static __always_inline void dialog_set_target(struct cg_dialog *d, const struct cg_invite *i,
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
static __always_inline void dialog_set_callee(struct cg_dialog *d, const struct guard *g,
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
		d->callee_if = cg_interface_short(packet->ifindex);
		here = f->direction == CG_OUT;
		gateway = f->peer_gateway;
	}
	if (here)
		d->callee_flags |= CG_LEG_HOST;
	else if (gateway)
		d->callee_flags |= CG_LEG_GATEWAY;
}

/* e: its early dialog, or NULL */
static __noinline int dialog_build(struct guard *g, const struct cg_invite *i,
				   const struct cg_early *e)
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
	if (i->flags & CG_I_CALLER_HOST)
		d->caller_flags |= CG_LEG_HOST;
	dialog_set_callee(d, g, i, e);
	dialog_set_witness(d);
	dialog_set_counters(d, i, e);
	dialog_set_target(d, i, f);
	d->flags |= i->flags & (CG_I_CALL_ID_CUT | CG_I_TAG_CUT | CG_I_URI_CUT);
	if (f->method == CG_M_ACK || (i->flags & CG_I_WITHIN))
		d->flags |= CG_D_SUSPECT;
	if (f->status) /* an ACK's tags may be flipped, and no gateway's */
		d->tag_case = tag_case(g->config, f->from_case, f->to_case);
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

static __always_inline __u8 dialog_started(const struct cg_dialog *d, struct outcome *o)
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
static __noinline int dialog_overflow(struct guard *g, struct outcome *o)
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

static __always_inline __u8 dialog_open(struct guard *g, const struct cg_invite *i,
					struct outcome *o)
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
static __always_inline __u8 early_acked(struct guard *g, struct outcome *o)
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

/*
 * A dialog gives way to what is known better: the INVITE that says so, or NULL.
 *
 * A gateway answers 2xx under tags that a customer's host has opened a dialog with: it learned the
 * gateway's To tag from its 18x, and answered another INVITE of the same caller with it. The gateway
 * is believed. Not where the INVITE has come back since: then it tells of the inner call.
 *
 * And an ACK alone opened it: the callee's final response says when, and if at all.
 */
static __always_inline struct cg_invite *invite_outranks(const struct guard *g,
							 const struct cg_dialog *d)
{
	const struct facts *f = &g->s->facts;
	struct cg_txn_key key = txn_key(f, f->branch);
	int in = f->direction == CG_IN;
	struct cg_invite *i;

	if (f->method != CG_M_INVITE || f->status < 200)
		return NULL;
	if (d->sip_code && (!in || f->status >= 300 || !f->peer_gateway ||
			    (d->callee_flags & (CG_LEG_GATEWAY | CG_LEG_HOST)) ||
			    addr_equal(d->callee.addr, f->peer))) /* named a gateway since */
		return NULL;
	if (!d->sip_code && in && !f->peer_gateway && !addr_equal(d->callee.addr, f->peer))
		return NULL;
	i = bpf_map_lookup_elem(&pending, &key);
	if (!i || (i->flags & CG_I_CAME_BACK))
		return NULL;
	if (!in)
		return i->flags & CG_I_ANSWERED_HERE ? i : NULL;
	return !(i->flags & CG_I_ANSWERED_HERE) && (!f->interface || f->interface == i->sent_if)
		       ? i
		       : NULL;
}

/* The dialog that gives way, into scratch: ended now as lost, unless it has ended. */
static __always_inline void dialog_put_aside(struct cg_dialog *old, struct cg_dialog *d, __u64 now)
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
static __noinline int dialog_keep_aside(struct guard *g)
{
	struct cg_dialog *d = (void *)g->s->dialog;
	struct cg_dialog_key aside = g->s->facts.key;

	aside.tags += d->setup;
	if (bpf_map_update_elem(&dialogs, &aside, d, BPF_ANY)) /* no room in either: stays open */
		bpf_map_update_elem(&overflow, &aside, d, BPF_ANY);
	return 0;
}

static __always_inline __u8 dialog_take_over(struct guard *g, struct cg_dialog *old,
					     struct cg_invite *i, struct outcome *o)
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

static __always_inline struct cg_invite *invite_unseen(const struct facts *f)
{
	struct cg_txn_key key = txn_key(f, f->branch2);
	struct cg_invite *i = bpf_map_lookup_elem(&invites, &key);

	return i && !(i->flags & CG_I_SENT_ON) ? i : NULL;
}

/* A response to an INVITE comes in; no dialog has its tags. */
static __always_inline __u8 invite_answered_in(struct guard *g, struct outcome *o)
{
	struct facts *f = &g->s->facts;
	struct cg_txn_key key = txn_key(f, f->branch);
	struct cg_invite *i = bpf_map_lookup_elem(&pending, &key);
	__u64 branch = f->branch;
	struct cg_early *e;
	int elsewhere;

	if (i && (i->flags & CG_I_ANSWERED_HERE))
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
		if (i && i->moved && f->peer_gateway)
			i->moved = f->now;
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
	if ((i->flags & CG_I_WITHIN) && !f->peer_gateway)
		return CG_R_UNKNOWN_DIALOG;
	if (e && e->callee_if && !f->peer_gateway && !addr_equal(f->peer, e->callee_addr))
		return CG_R_FORGED_2XX; /* under another's To tag, learned from its 18x */
	i->done = f->now;
	if (__sync_fetch_and_add(&i->forks, 1) >= CG_FORKS_MAX)
		return CG_R_FORKS_FULL;
	return dialog_open(g, i, o);
}

/* A response to an INVITE goes out; no dialog has its tags. */
static __always_inline __u8 invite_answered_out(struct guard *g, struct outcome *o)
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
		if (i && !i->moved && e && e->first_seen == CG_OUT) {
			invite_again(g->s, i);
			g->s->invite.flags |= CG_I_ANSWERED_HERE;
			return invite_pend(g, &key, BPF_NOEXIST) == CG_R_PENDING_FULL
				       ? CG_R_PENDING_FULL
				       : CG_R_EARLY;
		}
		if (i && (i->flags & CG_I_ANSWERED_HERE))
			i->moved = f->now;
		return CG_R_EARLY;
	}
	/* One that came in before, and opened nothing, is not the host's own. */
	if (!i || (e && e->first_seen == CG_IN))
		return CG_R_OUT_OF_DIALOG;
	return dialog_open(g, i, o);
}

#endif
