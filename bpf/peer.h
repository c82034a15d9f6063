/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Dialogs of the other hosts of a pair. The daemon runs cseqguard_peer (BPF_PROG_RUN) for each update
 * that another host has published. The guard treats such a dialog like one of its own.
 *
 * The merge gives the same dialog in whatever order the versions of the hosts come, and however often.
 * Counters and a few flags only rise, each for itself. All the rest is the version of one host, because
 * its fields belong together: an ended one wins, since no end is taken back; then the higher epoch.
 *
 * API: peer_update(), peer_note_speaks().
 */
#ifndef CG_PEER_H
#define CG_PEER_H

#include <linux/errno.h>

#include "leg.h"
#include "maps.h"
#include "scratch.h"
#include "share.h"

/* --- whether a dialog speaks here ------------------------------------------------------------- */

bpf_inline int peer_leg_speaks(struct cg_dialog *d, const struct msg_info *info)
{
	struct leg_view view;

	if (info->status)
		leg_view_init_uas(d, info, &view);
	else
		leg_view_init(d, msg_is_from_caller(d, info), &view);
	return leg_match_source(info, &view) == SRC_SELF && remote_is_self_port(info, &view);
}

/*
 * Marks the dialog of the message in scratch, if that came in from the leg's own address. This host
 * then closes the call should the other one fail. A BYE that is refused marks nothing: only its sender
 * could gain from that.
 */
BPF_GLOBAL int peer_note_speaks(__u8 action)
{
	struct scratch *s = scratch_get();
	struct cg_dialog *d;

	if (!s || s->info.direction == CG_OUT || s->info.came_back ||
	    (action != CG_PASS && action != CG_WOULD_DROP))
		return 0;
	d = bpf_map_lookup_elem(&dialogs, &s->info.key);
	if (!d)
		return 0;
	bpf_spin_lock(&d->lock);
	if (d->peer && dialog_is_of(d, &s->info) && peer_leg_speaks(d, &s->info))
		d->flags |= CG_D_SPEAKS_HERE;
	bpf_spin_unlock(&d->lock);
	return 0;
}

/* --- counters --------------------------------------------------------------------------------- */

/* Raises *ours to theirs. Returns whether that changes it. */
bpf_inline int peer_raise(__u32 *ours, __u32 theirs)
{
	if (*ours >= theirs)
		return 0;
	*ours = theirs;
	return 1;
}

/* ... of numbers that count only with their flag */
bpf_inline int peer_raise_valid(__u32 *ours, __u8 *our_flags, __u32 theirs, __u8 their_flags,
				__u8 valid)
{
	if (!(their_flags & valid) || ((*our_flags & valid) && *ours >= theirs))
		return 0;
	*ours = theirs;
	*our_flags |= valid;
	return 1;
}

bpf_inline int peer_merge_counters(struct cg_dialog *d, const struct cg_dialog *theirs)
{
	return peer_raise_valid(&d->caller.cseq, &d->caller_flags, theirs->caller.cseq,
				theirs->caller_flags, CG_LEG_CSEQ_VALID) |
	       peer_raise_valid(&d->callee.cseq, &d->callee_flags, theirs->callee.cseq,
				theirs->callee_flags, CG_LEG_CSEQ_VALID) |
	       peer_raise(&d->caller_passed, theirs->caller_passed) |
	       peer_raise(&d->callee_passed, theirs->callee_passed) |
	       peer_raise(&d->blocked_elsewhere, theirs->blocked_elsewhere);
}

/* --- what else only rises --------------------------------------------------------------------- */

#define PEER_LEG_FLAGS (CG_LEG_CSEQ_VALID | CG_LEG_BYE_CSEQ_VALID | CG_LEG_SEEN_AFTER_END)
#define PEER_FLAGS (CG_D_SUSPECT | CG_D_ALIVE_AFTER_END | CG_D_REPLACED)

bpf_inline int peer_merge_first_blocked(struct cg_dialog *d, const struct cg_dialog *theirs)
{
	if (!theirs->first_blocked_ms ||
	    (d->first_blocked_ms && d->first_blocked_ms <= theirs->first_blocked_ms))
		return 0;
	d->first_blocked_ms = theirs->first_blocked_ms;
	return 1;
}

bpf_inline int peer_merge_rising(struct cg_dialog *d, const struct cg_dialog *theirs)
{
	__u32 flags = theirs->flags & PEER_FLAGS & ~d->flags;
	__u8 caller = theirs->caller_flags & CG_LEG_SEEN_AFTER_END & ~d->caller_flags;
	__u8 callee = theirs->callee_flags & CG_LEG_SEEN_AFTER_END & ~d->callee_flags;

	d->flags |= flags;
	d->caller_flags |= caller;
	d->callee_flags |= callee;
	return (flags || caller || callee) |
	       peer_raise_valid(&d->caller.bye_cseq, &d->caller_flags, theirs->caller.bye_cseq,
				theirs->caller_flags, CG_LEG_BYE_CSEQ_VALID) |
	       peer_raise_valid(&d->callee.bye_cseq, &d->callee_flags, theirs->callee.bye_cseq,
				theirs->callee_flags, CG_LEG_BYE_CSEQ_VALID) |
	       peer_merge_first_blocked(d, theirs);
}

/* --- the version ------------------------------------------------------------------------------ */

/* The middle of a dialog that is of one version: target to seen_ms, in words of 8 bytes. */
#define PEER_MIDDLE __builtin_offsetof(struct cg_dialog, target)
#define PEER_MIDDLE_WORDS ((__builtin_offsetof(struct cg_dialog, setup) - PEER_MIDDLE) / 8)
#define PEER_VERSION_FLAGS (~(PEER_FLAGS | CG_D_SPEAKS_HERE))

/*
 * Returns a number over, below or equal to 0 as one version wins over, loses to or is the other one.
 * It must order any two, or hosts that change a dialog at once stay different.
 */
bpf_inline int peer_compare(const struct cg_dialog *a, const struct cg_dialog *b)
{
	const __u64 *x = (const void *)a + PEER_MIDDLE, *y = (const void *)b + PEER_MIDDLE;
	const __u32 flags = PEER_VERSION_FLAGS;
	int ended = (a->state == CG_S_ENDED) - (b->state == CG_S_ENDED);
	int proved = !!(a->flags & CG_D_CONFIRMED_END) - !!(b->flags & CG_D_CONFIRMED_END);

	if (ended || proved)
		return ended ? ended : proved;
	if (a->end != b->end) /* both have ended: the earlier one */
		return cg_time_is_after(b->end, a->end) ? 1 : -1;
	if (a->epoch != b->epoch)
		return a->epoch - b->epoch;
	if (a->state != b->state)
		return a->state - b->state;
	if (a->bye_at != b->bye_at)
		return cg_time_is_after(a->bye_at, b->bye_at) ? 1 : -1;
	if ((a->flags & flags) != (b->flags & flags))
		return (a->flags & flags) > (b->flags & flags) ? 1 : -1;
	for (unsigned int i = 0; i < PEER_MIDDLE_WORDS; i++)
		if (x[i] != y[i])
			return x[i] > y[i] ? 1 : -1;
	return 0;
}

/* The sides of the legs and their addresses change where reports make a leg known. */
bpf_inline void peer_take_legs(struct cg_dialog *d, const struct cg_dialog *theirs)
{
	d->caller_flags =
		(d->caller_flags & PEER_LEG_FLAGS) | (theirs->caller_flags & ~PEER_LEG_FLAGS);
	d->callee_flags =
		(d->callee_flags & PEER_LEG_FLAGS) | (theirs->callee_flags & ~PEER_LEG_FLAGS);
	__builtin_memcpy(d->caller.addr, theirs->caller.addr, 16);
	__builtin_memcpy(d->callee.addr, theirs->callee.addr, 16);
	d->caller_port = theirs->caller_port;
	d->callee_port = theirs->callee_port;
}

bpf_inline int peer_merge_version(struct cg_dialog *d, const struct cg_dialog *theirs)
{
	if (peer_compare(theirs, d) <= 0)
		return 0;
	peer_take_legs(d, theirs);
	__builtin_memcpy((void *)d + PEER_MIDDLE, (const void *)theirs + PEER_MIDDLE,
			 PEER_MIDDLE_WORDS * 8);
	d->state = theirs->state;
	d->flags = (d->flags & ~PEER_VERSION_FLAGS) | (theirs->flags & PEER_VERSION_FLAGS);
	d->end = theirs->end;
	d->bye_at = theirs->bye_at;
	d->epoch = theirs->epoch;
	return 1;
}

/* --- an update -------------------------------------------------------------------------------- */

bpf_inline int peer_texts_end(const struct cg_dialog *d)
{
	return !(d->call.call_id[CG_CALL_ID_MAX - 1] | d->call.from_tag[CG_TAG_MAX - 1] |
		 d->call.from_uri[CG_URI_MAX - 1] | d->call.to_uri[CG_URI_MAX - 1] |
		 d->call.request_uri[CG_URI_MAX - 1] | d->to_tag[CG_TAG_MAX - 1]);
}

bpf_inline int peer_update_is_valid(const struct cg_peer_update *update)
{
	const struct cg_dialog *d = &update->dialog;
	int ended = d->state == CG_S_ENDED;

	if (update->type > CG_PEER_COUNTERS || d->peer >= CG_PEERS_MAX || d->clock >= CG_CLOCKS ||
	    !d->who)
		return 0;
	if (update->type == CG_PEER_COUNTERS)
		return 1;
	if (d->state < CG_S_CONFIRMED || d->state > CG_S_ENDED || d->end_reason >= CG_ENDS ||
	    d->ended_by > CG_LEG_CALLEE)
		return 0;
	if (!!d->end != ended || !!d->end_reason != ended ||
	    (d->state == CG_S_ENDING && !d->bye_at))
		return 0;
	return update->type == CG_PEER_HEAD || peer_texts_end(d);
}

/* The last quarter of the map is for calls with a gateway, as for this host's own (share.h). */
bpf_inline int peer_has_room(const struct cg_dialog *d, const struct cg_usage *all,
			     const struct cg_config *config)
{
	return (d->caller_flags | d->callee_flags) & CG_LEG_GATEWAY || !config->has_gateways ||
	       all->dialogs < cg_dialogs_unreserved(config->max_dialogs);
}

/* Clears what is of this host alone. flags: of the map's update. Returns 0 or -errno. */
bpf_inline int peer_store(struct cg_peer_update *update, __u64 flags)
{
	struct cg_dialog *d = &update->dialog;
	int err;

	d->flags &= ~CG_D_SPEAKS_HERE;
	d->blocked_byes = 0;
	d->caller_ifindex = d->callee_ifindex = 0;
	err = bpf_map_update_elem(&dialogs, &update->key, d, flags);
	/* once more under the lock: see dialog_insert() */
	return err ? err
		   : (int)bpf_map_update_elem(&dialogs, &update->key, d, BPF_EXIST | BPF_F_LOCK);
}

/* Returns enum cg_peer_result, or -EEXIST: a packet has opened the dialog meanwhile. */
bpf_inline int peer_insert(struct cg_peer_update *update, const struct cg_config *config)
{
	struct cg_usage *all = usage_get();
	int err;

	if (!all || !peer_has_room(&update->dialog, all, config))
		return CG_PEER_NO_ROOM;
	err = peer_store(update, BPF_NOEXIST);
	if (err)
		return err == -EEXIST ? err : CG_PEER_NO_ROOM;
	__sync_fetch_and_add(&all->dialogs, 1);
	return CG_PEER_INSERTED;
}

/* What makes a time of the update one under the dialog's clock. */
bpf_inline __s64 peer_clock_shift(const struct cg_dialog *d, const struct cg_dialog *theirs,
				  const struct cg_config *config)
{
	return config->clock_offset[theirs->clock % CG_CLOCKS] -
	       config->clock_offset[d->clock % CG_CLOCKS];
}

/*
 * Returns whether a whole update is of a later call with the same tags. It takes the place of a dialog
 * of another host.
 */
bpf_inline int peer_is_later(const struct cg_dialog *d, const struct cg_peer_update *update,
			     const struct cg_config *config)
{
	const struct cg_dialog *theirs = &update->dialog;

	return update->type == CG_PEER_WHOLE && d->peer && d->who == theirs->who &&
	       cg_time_is_after(theirs->setup + peer_clock_shift(d, theirs, config), d->setup);
}

/*
 * Merges the update of a dialog that is no later call. No branch may depend on the result: the
 * verifier of 6.18 would walk 210,000 instructions, not 3,000.
 */
bpf_inline int peer_merge(struct cg_dialog *d, struct cg_peer_update *update,
			  const struct cg_config *config)
{
	struct cg_dialog *theirs = &update->dialog;
	__s64 shift = peer_clock_shift(d, theirs, config);

	if (theirs->who != d->who)
		return CG_PEER_UNKNOWN; /* the element is another call's by now */
	if (theirs->setup + shift != d->setup)
		return cg_time_is_after(theirs->setup + shift, d->setup) ? CG_PEER_UNKNOWN
									 : CG_PEER_UNCHANGED;
	if (update->type == CG_PEER_COUNTERS)
		return peer_merge_counters(d, theirs);
	theirs->end += theirs->end ? shift : 0;
	theirs->bye_at += theirs->bye_at ? shift : 0;
	return peer_merge_counters(d, theirs) | peer_merge_rising(d, theirs) |
	       peer_merge_version(d, theirs);
}

/* Returns enum cg_peer_result. */
bpf_inline int peer_update(struct cg_peer_update *update)
{
	const struct cg_config *config = config_get();
	struct cg_dialog *d;
	int result = -EEXIST, later;

	if (!config || !peer_update_is_valid(update))
		return CG_PEER_INVALID;
	d = bpf_map_lookup_elem(&dialogs, &update->key);
	if (!d && update->type == CG_PEER_WHOLE)
		result = peer_insert(update, config);
	if (result != -EEXIST)
		return result;
	if (!d)
		d = bpf_map_lookup_elem(&dialogs, &update->key);
	if (!d)
		return CG_PEER_UNKNOWN;
	bpf_spin_lock(&d->lock);
	later = peer_is_later(d, update, config);
	result = later ? CG_PEER_INSERTED : peer_merge(d, update, config);
	bpf_spin_unlock(&d->lock);
	if (later && peer_store(update, BPF_EXIST | BPF_F_LOCK))
		return CG_PEER_UNKNOWN; /* the daemon has removed the earlier one */
	return result;
}

#endif
