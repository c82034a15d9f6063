/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Invariants of evidence: what may open a dialog or move a target, and which BYE is proved. A part
 * of invariants.h, which includes it behind its helpers.
 *
 * API: check_opening(), check_proof(), check_witness_bye(), check_low_bye(), check_target(),
 * check_late_repeat().
 */
#ifndef EVIDENCE_INVARIANTS_H
#define EVIDENCE_INVARIANTS_H

static const struct cg_branch *branch_before(const struct msg_info *info)
{
	struct cg_txn_key key = branch_key(info, info->branch_hash);

	for (int i = 0; i < NATIVE_ENTRIES; i++)
		if (before.held.branches.used[i] &&
		    !memcmp(&before.held.branches.keys[i], &key, sizeof(key)))
			return &before.held.branches.values[i];
	return NULL;
}

static int has_invite(const struct native_map *notes, __u32 record_routes)
{
	const struct cg_invite *invites = (const void *)notes->values;

	for (__u32 i = 0; i < notes->entries; i++)
		if (notes->used[i] && invites[i].record_routes == record_routes)
			return 1;
	return 0;
}

/* A caller can write a Record-Route in the host's name: the 2xx of the host has it as the INVITE had. */
static int came_with_an_invite(__u32 record_routes)
{
	return record_routes != CG_URIS_NONE && (has_invite(NATIVE_MAP(&pending), record_routes) ||
						 has_invite(NATIVE_MAP(&invites), record_routes));
}

/*
 * A 2xx that comes in opens if it is from where its branch was sent, or from a gateway. The host is
 * the callee if its 2xx has its name as Contact, and in no Record-Route of its own. A caller on the
 * wire is no witness.
 */
static void check_opening(const struct cg_dialog *d, const struct passage *p)
{
	const struct cg_branch *branch = branch_before(p->info);

	if (p->in && p->info->status && branch)
		HOLD(p->info->remote_is_gateway || !memcmp(branch->sent_to, p->info->remote, 16));
	if (d->callee_flags & CG_LEG_LOCAL)
		HOLD(!p->in && p->route->contact_is_own &&
		     (!p->route->records_own || came_with_an_invite(p->route->record_routes)));
	HOLD(!(d->caller_flags & CG_LEG_WITNESS) ||
	     d->caller_flags & (CG_LEG_GATEWAY | CG_LEG_LOCAL));
}

static int way_is(const struct msg_route *route, __u32 uri, __u32 routes)
{
	__u32 all = uri_set_add(route->request_uri, route->routes);

	return all != CG_URIS_NONE && uri != CG_URIS_NONE &&
	       (all == uri || all == uri_set_add(uri, routes));
}

/*
 * A BYE is proved if it goes to the witness, by a URI that the witness gave, or by its own address.
 * peer: the leg that the BYE is for. It is the witness, unless the BYE is of the host itself.
 */
static void check_proof(const struct cg_dialog *is, const struct leg_copy *peer,
			const struct passage *p)
{
	const struct cg_target *t = &is->target;
	const struct msg_route *route = p->route;
	int there = is_from_leg(peer, p->info);

	if (is->flags & CG_D_BYE_LOCAL) {
		HOLD(there);
		return;
	}
	HOLD(way_is(route, t->contact, t->routes) || way_is(route, t->contact_latest, t->routes) ||
	     way_is(route, t->invite_uri, t->routes) ||
	     (addr_equal(route->request_addr, peer->leg->addr) && t->contact_user &&
	      (route->request_user == t->contact_user || route->request_name == t->contact_user)));
	if (!p->in)
		HOLD(there || p->info->remote_hash == t->sent_to ||
		     addr_equal(p->info->remote, route->next_addr));
}

/* The witness' BYE is evidence if it is in order, and from its own address. */
static void check_witness_bye(const struct leg_copy *sender, const struct passage *p)
{
	HOLD(p->in && p->reason == CG_R_BYE && is_from_leg(sender, p->info));
}

/* A BYE that comes in is a candidate end if it is the witness' own, from its own address. */
static void check_low_bye(const struct cg_dialog *d, const struct passage *p)
{
	struct leg_copy sender = caller_of(d);

	if (p->info->from_hash == p->info->to_hash)
		return;
	if ((p->info->from_hash ^ p->info->key.call) != d->who)
		sender = callee_of(d);
	HOLD(sender.flags & CG_LEG_WITNESS && is_from_leg(&sender, p->info));
}

/* The latest Contact is that of a 2xx to the re-INVITE or UPDATE that was on its way. */
static void check_target(const struct cg_dialog *was, const struct cg_dialog *is,
			 const struct passage *p)
{
	HOLD(was->target.contact == is->target.contact && was->target.routes == is->target.routes);
	HOLD(was->target.invite_uri == is->target.invite_uri);
	HOLD(was->target.sent_to == is->target.sent_to);
	if (was->target.contact_latest == is->target.contact_latest)
		return;
	HOLD(p->info->status / 100 == 2 && was->refresh_branch);
	HOLD(was->refresh_branch == branch_hash32(p->info->branch_hash));
}

/* Behind a later request of its leg a BYE is a repeat under its branch, until it is refused. */
static void check_late_repeat(const struct cg_dialog *d, const struct leg_copy *self,
			      const struct passage *p)
{
	if (p->reason != CG_R_BYE_REPEAT || !(self->flags & CG_LEG_CSEQ_VALID) ||
	    p->info->cseq >= self->leg->cseq)
		return;
	HOLD(d->seen_branch == branch_hash32(p->info->branch_hash));
	HOLD(!(d->flags & CG_D_SEEN_REFUSED));
}

#endif
