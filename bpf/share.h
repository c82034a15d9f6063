/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Shares: how much of `dialogs`, `pending` and `branches` one address may have, so that one account cannot fill
 * them. A call with a gateway leg has no limit; where gateways are named, the last quarter of
 * `dialogs` is theirs. Reports (hep.h) fill half of a map at most. Owner of `usage` and `shares`.
 *
 * API: share_refuse_dialog(), share_add_dialog(), share_row_is_due(), share_refuse_note(),
 * share_add_note(), share_refuse_fork(), share_add_branch().
 */
#ifndef CG_SHARE_H
#define CG_SHARE_H

#include "addr.h"
#include "maps.h"
#include "reads_hep.h"
#include "scratch.h"

bpf_inline struct cg_usage *usage_get(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&usage, &zero);
}

BPF_SUBPROG struct cg_share *share_get(const __u8 addr[16])
{
	struct cg_share none = {}, *share;
	__u8 key[16];

	cg_share_addr(addr, key);
	share = bpf_map_lookup_elem(&shares, key);
	if (share)
		return share;
	bpf_map_update_elem(&shares, key, &none, BPF_NOEXIST);
	return bpf_map_lookup_elem(&shares, key);
}

/* Returns the entry of a caller whom a share limits, else NULL. */
bpf_inline struct cg_share *share_of_caller(const struct pkt_ctx *ctx, const __u8 addr[16])
{
	int class = addr_class(ctx->config, addr);

	if (!ctx->config->share || class != CG_ADDR_OTHER)
		return NULL;
	return share_get(addr);
}

/* --- dialogs: the one that dialog_build() left in scratch ------------------------------------- */

bpf_inline struct cg_share *share_of_dialog(const struct pkt_ctx *ctx)
{
	const struct cg_dialog *d = (const void *)ctx->scratch->dialog;

	if (!cg_caller_has_share(d->caller_flags, d->callee_flags))
		return NULL;
	return share_of_caller(ctx, d->caller.addr);
}

/* Returns 0, or the reason why the call may have no place in `dialogs`. */
BPF_SUBPROG int share_refuse_dialog(struct pkt_ctx *ctx)
{
	const struct cg_dialog *d = (const void *)ctx->scratch->dialog;
	__u32 max = ctx->config->max_dialogs;
	const struct cg_usage *all = usage_get();
	const struct cg_share *share;

	if (!all || (!from_hep() && (d->caller_flags | d->callee_flags) & CG_LEG_GATEWAY))
		return 0;
	if (ctx->config->has_gateways && all->dialogs >= cg_dialogs_unreserved(max))
		return CG_R_DIALOGS_FULL;
	if (all->dialogs <= max / 2)
		return 0;
	if (from_hep())
		return CG_R_SHARE_FULL;
	share = share_of_dialog(ctx);
	return share && share->dialogs >= max / ctx->config->share ? CG_R_SHARE_FULL : 0;
}

BPF_SUBPROG int share_add_dialog(struct pkt_ctx *ctx)
{
	struct cg_usage *all = usage_get();
	struct cg_share *share = share_of_dialog(ctx);

	if (all)
		__sync_fetch_and_add(&all->dialogs, 1);
	if (share)
		__sync_fetch_and_add(&share->dialogs, 1);
	return 0;
}

/*
 * Beyond its share an address has one suspect row a minute; the others are counted. All reports are
 * of one address: the sender of a report may name any.
 */
BPF_SUBPROG int share_row_is_due(struct pkt_ctx *ctx)
{
	const __u8 nobody[16] = {};
	struct cg_share *share = from_hep() ? share_get(nobody) : share_of_dialog(ctx);
	__u64 now = ctx->scratch->info.now;

	if (share && share->row_at && now - share->row_at < CG_SHARE_ROW_NS)
		return 0;
	if (share)
		share->row_at = now;
	return 1;
}

/* --- pending: the note in scratch ------------------------------------------------------------- */

/* An INVITE that the host sends to a gateway has no limit. */
bpf_inline struct cg_share *share_of_note(const struct pkt_ctx *ctx)
{
	const struct msg_info *info = &ctx->scratch->info;
	const struct cg_invite *invite = &ctx->scratch->invite;

	if ((!info->status && info->remote_is_gateway) || invite->flags & CG_I_LOCAL)
		return NULL;
	return share_of_caller(ctx, invite->caller_addr);
}

/* Returns 0, or the reason why the INVITE may have no place in `pending`. */
BPF_SUBPROG int share_refuse_note(struct pkt_ctx *ctx)
{
	__u32 max = cg_pending_max(ctx->config->max_dialogs);
	const struct cg_usage *all = usage_get();
	const struct cg_share *share;

	if (!all || all->pending <= max / 2)
		return 0;
	if (from_hep())
		return CG_R_SHARE_FULL;
	share = share_of_note(ctx);
	return share && share->pending >= max / ctx->config->share ? CG_R_SHARE_FULL : 0;
}

BPF_SUBPROG int share_add_note(struct pkt_ctx *ctx)
{
	struct cg_usage *all = usage_get();
	struct cg_share *share = share_of_note(ctx);

	if (all)
		__sync_fetch_and_add(&all->pending, 1);
	if (share)
		__sync_fetch_and_add(&share->pending, 1);
	return 0;
}

/* --- branches --------------------------------------------------------------------------------- */

/*
 * Returns 0, or the reason why an INVITE that has branches may have no further one in `branches`. The
 * account that it calls chooses how many contacts it has. With two branches a note, the share of
 * `pending` is one of `branches` as well.
 */
bpf_inline int share_refuse_fork(const struct pkt_ctx *ctx, const struct cg_invite *note)
{
	__u32 max = cg_branches_max(ctx->config->max_dialogs);
	const struct cg_usage *all = usage_get();

	if (!ctx->config->share || !all || all->branches <= max / 2 ||
	    ctx->scratch->info.remote_is_gateway)
		return 0;
	return note->branches < CG_BRANCHES_PER_NOTE ? 0 : CG_R_SHARE_FULL;
}

/*
 * Returns 0, or the reason why a branch that is reported may have no place in `branches`. It adds one that
 * may.
 */
bpf_inline int share_add_branch(struct pkt_ctx *ctx)
{
	struct cg_usage *all = usage_get();

	if (!all)
		return 0;
	if (from_hep() && all->hep_branches > cg_branches_max(ctx->config->max_dialogs) / 4)
		return CG_R_SHARE_FULL;
	if (from_hep())
		__sync_fetch_and_add(&all->hep_branches, 1);
	__sync_fetch_and_add(&all->branches, 1);
	return 0;
}

#endif
