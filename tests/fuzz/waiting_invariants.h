/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What a packet may change at what waits for a 2xx, and at what the host is taken for. A part of
 * frame_fuzz.c, included by invariants.h.
 */
#ifndef WAITING_INVARIANTS_H
#define WAITING_INVARIANTS_H

/*
 * The first INVITE under a live branch stays, once the host has sent it on. If `branches` had no
 * room, no response finds the note, and a copy of the INVITE writes it again: the reason is
 * pending_full, or with a To tag that of an in-dialog request.
 */
static void check_note(const struct cg_invite *was, const struct cg_invite *is,
		       const struct passage *p)
{
	HOLD(is->setup == was->setup || was->done || !(was->flags & CG_I_FORWARDED) ||
	     p->reason == CG_R_PENDING_FULL || (is->flags & CG_I_HAS_TO_TAG));
	if (is->setup != was->setup)
		return;
	HOLD(is->forks - was->forks <= 1 && is->renewed >= was->renewed);
	HOLD(is->done >= was->done);
	HOLD(is->cseq == was->cseq && is->caller_port == was->caller_port);
	HOLD(!memcmp(is->caller_addr, was->caller_addr, 16));
	HOLD(is->contact == was->contact && is->record_routes == was->record_routes);
	HOLD(!(was->flags & ~is->flags & (CG_I_SUSPECT | CG_I_FORGED_2XX | CG_I_FORWARDED)));
	if (was->flags & CG_I_FORWARDED)
		HOLD(!memcmp(&is->call, &was->call, sizeof(is->call)));
}

static void check_branch(const struct cg_branch *was, const struct cg_branch *is)
{
	HOLD(is->note == was->note && is->sent_port == was->sent_port);
	HOLD(!memcmp(is->sent_to, was->sent_to, 16) && is->invite_uri == was->invite_uri);
	HOLD(is->record_routes == was->record_routes && is->renewed >= was->renewed);
	HOLD(!memcmp(is->request_uri, was->request_uri, sizeof(is->request_uri)));
	HOLD(!was->done || is->done);
}

static void check_early_leg(__u32 was, __u32 is, const __u8 addr[16], __u16 port,
			    const struct passage *p)
{
	const struct packet *packet = &scratch_get()->packet;

	HOLD(is >= was);
	if (is == was)
		return;
	HOLD(p->info->cseq_valid && is == p->info->cseq && !p->info->status && !p->dropped);
	HOLD((addr_equal(packet->source, addr) && packet->source_port == port) ||
	     (p->in && p->info->remote_is_gateway));
}

static void check_early(const struct cg_early *was, const struct cg_early *is,
			const struct passage *p)
{
	HOLD(is->caller_tag == was->caller_tag && (is->note == was->note || !is->note));
	HOLD(!memcmp(is->caller_addr, was->caller_addr, 16));
	HOLD(!memcmp(is->callee_addr, was->callee_addr, 16));
	HOLD(!(was->flags & ~is->flags) && is->first_seen == was->first_seen);
	check_early_leg(was->caller_cseq, is->caller_cseq, is->caller_addr, is->caller_port, p);
	check_early_leg(was->callee_cseq, is->callee_cseq, is->callee_addr, is->callee_port, p);
}

/* An address moves by a 2xx alone. */
static void check_addr_change(const struct cg_addr_change *was, const struct cg_addr_change *is,
			      const struct passage *p)
{
	if (!memcmp(was->addr, is->addr, 16))
		return;
	if (is->leg != was->leg && addr_is_zero(is->addr))
		return; /* of the other leg: it starts again */
	HOLD(p->info->status / 100 == 2);
	HOLD(p->info->method == CG_M_INVITE || p->info->method == CG_M_UPDATE);
	HOLD(branch_hash32(p->info->branch_hash) == (p->in ? was->branch_out : was->branch_in));
	HOLD(!memcmp(is->addr, was->next_addr, 16));
}

static void check_waiting(const struct held *is, const struct passage *p)
{
	for (int i = 0; i < NATIVE_ENTRIES; i++) {
		if (IS_KEPT(is, pending, i))
			check_note(&before.held.pending.values[i], &is->pending.values[i], p);
		if (IS_KEPT(is, branches, i))
			check_branch(&before.held.branches.values[i], &is->branches.values[i]);
		if (IS_KEPT(is, early, i))
			check_early(&before.held.early.values[i], &is->early.values[i], p);
		if (IS_KEPT(is, addr_changes, i))
			check_addr_change(&before.held.addr_changes.values[i],
					  &is->addr_changes.values[i], p);
	}
}

/* The host learns its names, and that it hides topology, from what leaves it. */
static void check_host(const struct held *is, const struct passage *p)
{
	int own_socket = !p->in && scratch_get()->packet.own_socket;

	for (int i = 0; i < NATIVE_ENTRIES; i++) {
		HOLD(!before.held.hosts.used[i] || IS_KEPT(is, hosts, i));
		if (is->hosts.used[i] && !before.held.hosts.used[i])
			HOLD(own_socket && is->hosts.values[i].origin == CG_NAME_LEARNED);
	}
	HOLD(is->host_state.hides_topology >= before.held.host_state.hides_topology);
	if (is->host_state.hides_topology != before.held.host_state.hides_topology)
		HOLD(!p->in && p->info->method == CG_M_INVITE && !p->info->status);
}

#endif
