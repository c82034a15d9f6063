/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The way to the witness. A request is on its way to it if it is addressed to what the witness
 * gave, and goes to where the witness is. bpf/README.md has the rule. Runs under the dialog's lock.
 *
 * API: target_init(), target_match(), target_is_reached(), dialog_refresh_target(),
 * dialog_note_refresh(), branch_hash32().
 */
#ifndef CG_TARGET_H
#define CG_TARGET_H

#include "leg.h"
#include "scratch.h"
#include "uri_set.h"

/* How a request is addressed to the witness. */
enum target_match {
	TARGET_OTHER, /* to something else */
	TARGET_KNOWN, /* by a name that is as good for a BYE's 2xx */
	TARGET_CONTACT /* by the Contact that the witness gave */
};

bpf_inline __u32 branch_hash32(__u64 branch)
{
	return branch ? (__u32)(branch >> 32) | 1 : 0;
}

bpf_inline int method_refreshes_target(__u8 method)
{
	return method == CG_M_INVITE || method == CG_M_UPDATE;
}

bpf_inline void target_init(struct cg_target *target, __u32 contact, __u32 user, __u32 routes)
{
	target->contact = target->contact_latest = contact;
	target->contact_user = user;
	target->routes = routes;
}

/*
 * Returns whether Request-URI and Routes are this URI and the witness' route set, in any order, or
 * this URI alone.
 */
bpf_inline int route_names(const struct msg_route *route, __u32 uri, __u32 routes)
{
	__u32 all = uri_set_add(route->request_uri, route->routes);

	if (!uri_set_is_valid(uri) || !uri_set_is_valid(all))
		return 0;
	return all == uri_set_add(uri, routes) || all == uri;
}

/*
 * Compares Request-URI and Routes with what the witness gave. They are compared as one set, because
 * a strict router moves its own URI into the Request-URI (RFC 3261 16.6). Many clients send no
 * Route at all.
 *
 * TARGET_KNOWN: the Request-URI under which the host sent the INVITE (registrars, GRUU, SIPp), or
 * the Contact with the witness' own address and port (Contacts that a proxy has corrected). The
 * user must be the Contact's. If the witness is a gateway, the parameters must be, too: with
 * another alias or maddr a carrier would send the request elsewhere. A customer's may differ: what
 * goes to his own address reaches him.
 */
bpf_inline enum target_match target_match(const struct cg_target *target,
					  const struct msg_route *route, const struct cg_leg *leg,
					  __u16 leg_port)
{
	int is_port = route->request_port == leg_port ||
		      (target->latest_port && route->request_port == target->latest_port);
	int is_name = target->contact_user && (route->request_user == target->contact_user ||
					       route->request_name == target->contact_user);
	int at_leg = is_name && addr_equal(route->request_addr, leg->addr) && is_port;

	if (route_names(route, target->contact, target->routes) ||
	    route_names(route, target->contact_latest, target->routes))
		return TARGET_CONTACT;
	if (route_names(route, target->invite_uri, target->routes))
		return TARGET_KNOWN;
	if (at_leg && uri_set_is_valid(route->routes) &&
	    (!route->routes || route->routes == target->routes))
		return TARGET_KNOWN;
	return TARGET_OTHER;
}

/*
 * Returns whether the packet goes to the literal address in its topmost Route or, without a Route,
 * in its Request-URI.
 */
bpf_inline int target_is_spelled(const struct msg_route *route, const struct msg_info *info)
{
	return !addr_is_zero(route->next_addr) && addr_equal(info->remote, route->next_addr);
}

/*
 * Returns whether the packet goes to the leg, to where the INVITE went, or to the literal address
 * in its topmost Route, else in its Request-URI. That address does not count for a request without
 * the Routes that the witness gave: it could go past a carrier, which would not see the call end.
 */
bpf_inline int target_is_reached(const struct cg_target *target, const struct msg_route *route,
				 const struct msg_info *info, const struct leg_view *view)
{
	int is_whole = !uri_set_size(target->routes) || route->routes == target->routes;

	if (!interface_is(info, view->peer_ifindex))
		return 0;
	return remote_is_peer(info, view) || info->remote_hash == target->sent_to ||
	       (is_whole && target_is_spelled(route, info));
}

/* Notes a request that moves the target when it is answered 2xx. own: the witness sent it. */
bpf_inline void dialog_note_refresh(struct cg_dialog *d, const struct msg_info *info,
				    const struct msg_route *route, int own)
{
	d->refresh_branch = branch_hash32(info->branch_hash);
	d->target.refresh_port = info->direction == CG_IN ? info->remote_port : 0;
	d->refresh_contact = route->contact;
	d->refresh_user = route->contact_name;
	d->flags = own ? d->flags | CG_D_REFRESH_OWN : d->flags & ~CG_D_REFRESH_OWN;
	dialog_raise_epoch(d, 1);
}

/* port: that the witness spoke from; a NAT may have changed it since the opening. */
bpf_inline void dialog_move_target(struct cg_dialog *d, __u32 contact, __u32 user, __u16 port)
{
	if (!uri_set_is_valid(contact))
		return;
	d->target.contact_latest = contact;
	d->target.contact_user = user;
	d->target.latest_port = port;
	dialog_raise_epoch(d, 1);
}

/* Moves the target: the request at refresh_branch is answered 2xx. */
bpf_inline void dialog_refresh_target(struct cg_dialog *d, const struct msg_info *info,
				      const struct msg_route *route)
{
	if (d->flags & CG_D_REFRESH_OWN)
		dialog_move_target(d, d->refresh_contact, d->refresh_user, d->target.refresh_port);
	else
		dialog_move_target(d, route->contact, route->contact_name,
				   info->direction == CG_IN ? info->remote_port : 0);
	d->refresh_branch = 0;
}

#endif
