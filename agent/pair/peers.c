// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* The other hosts of a pair: their indexes in map `peers`, signs of life, clocks and lags. */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pair/pair_internal.h"
#include "util/log.h"
#include "util/text.h"

#define ALIVE_NS (5 * CG_SECOND) /* without a sign of life a host is gone */
#define ALONE_NS (15 * CG_SECOND) /* ... without Redis every host is */
#define AWAY_NS (3 * CG_SECOND) /* without a list of hosts Redis is away */
#define SKEW_SAID_US 100000
#define SKEW_REFUSED_US 1000000

/* --- indexes ---------------------------------------------------------------------------------- */

int cg_peers_load(struct cg_pair *pair)
{
	struct cg_peer value;

	for (__u32 i = 1; i < CG_PEERS_MAX; i++) {
		if (bpf_map_lookup_elem(pair->peers_fd, &i, &value))
			return -errno;
		if (memchr(value.node, 0, sizeof(value.node)))
			strcpy(pair->peers[i].node, value.node);
	}
	return 0;
}

static int add_peer(struct cg_pair *pair, const char *node)
{
	struct cg_peer value = {};
	__u32 i = 1;

	while (i < CG_PEERS_MAX && *pair->peers[i].node)
		i++;
	snprintf(value.node, sizeof(value.node), "%s", node);
	if (i == CG_PEERS_MAX) {
		if (!pair->no_slot_said)
			cg_log_err("pair %s: no room for host %s: it knows %d others; hosts whose "
				   "name was changed count, until cseqguard detach -a",
				   pair->options.name, node, CG_PEERS_MAX - 1);
		pair->no_slot_said = true;
		return -ENOSPC;
	}
	if (bpf_map_update_elem(pair->peers_fd, &i, &value, BPF_ANY))
		return -errno;
	pair->peers[i] = (struct cg_pair_peer){};
	strcpy(pair->peers[i].node, value.node);
	return i;
}

int cg_peers_find(struct cg_pair *pair, const char *node, bool add)
{
	if (!strcmp(node, pair->options.node))
		return 0;
	for (int i = 1; i < CG_PEERS_MAX; i++)
		if (!strcmp(pair->peers[i].node, node))
			return i;
	return add ? add_peer(pair, node) : -ENOENT;
}

const char *cg_pair_node(const struct cg_pair *pair, __u16 peer)
{
	return pair && peer < CG_PEERS_MAX ? pair->peers[peer].node : "";
}

/* --- signs of life ---------------------------------------------------------------------------- */

bool cg_pair_peer_is_gone(const struct cg_pair *pair, __u16 peer, __u64 now)
{
	__u64 last;

	if (!pair || !peer || peer >= CG_PEERS_MAX)
		return false;
	if (!pair->polled || now - pair->polled > AWAY_NS)
		return now - (pair->polled ? pair->polled : pair->started) > ALONE_NS;
	last = pair->peers[peer].seen;
	if (last < pair->up_at) /* it may not have come back yet */
		last = pair->up_at;
	return now > last && now - last > ALIVE_NS;
}

/* Says what is wrong with a peer, once, and reads everything again when it is right. */
static void set_trouble(struct cg_pair *pair, struct cg_pair_peer *peer,
			enum cg_peer_trouble trouble)
{
	const char *name = pair->options.name;

	if (peer->trouble == trouble)
		return;
	peer->trouble = trouble;
	if (trouble == CG_TROUBLE_CLOCK)
		cg_log_err(
			"pair %s: the clock of host %s is %+.3f s off: its records are not taken; "
			"set the clocks of both hosts (chronyc tracking)",
			name, peer->node, peer->skew_us / 1e6);
	else if (trouble == CG_TROUBLE_SECRET)
		cg_log_err(
			"pair %s: host %s has another secret: its records are not taken; on both "
			"hosts run: cseqguard detach -a; cseqguard attach --secret-file FILE ..., "
			"with the same FILE",
			name, peer->node);
	else if (trouble == CG_TROUBLE_LAYOUT)
		cg_log_err(
			"pair %s: host %s runs another release: its records are not taken; install "
			"the same release on both hosts",
			name, peer->node);
	else
		cg_log_notice("pair %s: host %s: its records are taken again", name, peer->node);
	if (trouble == CG_TROUBLE_NONE)
		cg_follow_resync(pair);
}

static void say_skew(const struct cg_pair *pair, struct cg_pair_peer *peer, __s64 beyond)
{
	bool off = beyond > SKEW_SAID_US;

	if (off && !peer->skew_said)
		cg_log_warning("pair %s: the clock of host %s is %+.3f s off; calls that end on "
			       "another host than they began are billed that much too long or too "
			       "short",
			       pair->options.name, peer->node, peer->skew_us / 1e6);
	peer->skew_said = off;
}

static enum cg_peer_trouble judge_clock(const struct cg_pair *pair, struct cg_pair_peer *peer,
					const struct cg_record_alive *alive)
{
	__s64 beyond;

	peer->has_skew = pair->clock.is_known;
	if (!peer->has_skew)
		return CG_TROUBLE_NONE;
	/* unsigned: any two values may be subtracted */
	peer->skew_us = (__u64)alive->offset_us - (__u64)pair->clock.offset_us;
	peer->skew_error_us = alive->error_us + pair->clock.error_us;
	beyond = peer->skew_us < 0 ? -(peer->skew_us + 1) : peer->skew_us;
	beyond -= peer->skew_error_us;
	if (beyond > SKEW_REFUSED_US)
		return CG_TROUBLE_CLOCK;
	say_skew(pair, peer, beyond);
	return CG_TROUBLE_NONE;
}

void cg_peers_handle_alive(struct cg_pair *pair, __u16 slot, const void *bytes, size_t len,
			   __u64 now)
{
	static struct cg_record record;
	struct cg_pair_peer *peer = &pair->peers[slot];
	int err = cg_record_decode(&pair->key, bytes, len, &record);
	char sender[CG_PEER_NODE_MAX];

	if (err == -EKEYREJECTED) {
		if (!cg_record_peek_sender(bytes, len, sender) && !strcmp(sender, peer->node))
			set_trouble(pair, peer, CG_TROUBLE_SECRET);
		return;
	}
	if (err == -EBADMSG || strcmp(record.sender, peer->node))
		return;
	if (err == -EPROTO) {
		set_trouble(pair, peer, CG_TROUBLE_LAYOUT);
		return;
	}
	if (record.type != CG_RECORD_ALIVE || record.sent_us == peer->sent_us)
		return; /* seen before */
	if (!peer->seen)
		cg_log_info("pair %s: host %s is there", pair->options.name, peer->node);
	peer->sent_us = record.sent_us;
	peer->seen = now;
	peer->dialogs = record.alive.dialogs;
	peer->max_dialogs = record.alive.max_dialogs;
	set_trouble(pair, peer, judge_clock(pair, peer, &record.alive));
}

/* --- lag -------------------------------------------------------------------------------------- */

void cg_peers_add_lag(struct cg_pair_peer *peer, __s64 sent_us)
{
	__s64 lag = cg_now_us() - (sent_us - (peer->has_skew ? peer->skew_us : 0));

	if (lag < 0)
		lag = 0;
	peer->lags[peer->n_lags++ % CG_PAIR_LAGS] = lag > 0xffffffffLL ? 0xffffffff : lag;
}

static int compare_lags(const void *a, const void *b)
{
	const __u32 *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void fill_peer(const struct cg_pair *pair, __u16 slot, struct cg_pair_peer_status *status,
		      __u64 now)
{
	const struct cg_pair_peer *peer = &pair->peers[slot];
	__u32 n = peer->n_lags < CG_PAIR_LAGS ? peer->n_lags : CG_PAIR_LAGS;
	__u32 lags[CG_PAIR_LAGS];

	*status = (struct cg_pair_peer_status){
		.alive = peer->seen && !cg_pair_peer_is_gone(pair, slot, now),
		.trouble = peer->trouble,
		.seen = peer->seen,
		.has_skew = peer->has_skew,
		.skew_us = peer->skew_us,
		.skew_error_us = peer->skew_error_us,
		.records = peer->records,
		.dialogs = peer->dialogs,
		.max_dialogs = peer->max_dialogs,
	};
	strcpy(status->node, peer->node);
	if (!n)
		return;
	memcpy(lags, peer->lags, n * sizeof(*lags));
	qsort(lags, n, sizeof(*lags), compare_lags);
	status->lag_median_us = lags[n / 2];
	status->lag_p99_us = lags[n - 1 - n / 100];
}

void cg_peers_get_status(const struct cg_pair *pair, struct cg_pair_status *status, __u64 now)
{
	for (__u16 i = 1; i < CG_PEERS_MAX; i++)
		if (*pair->peers[i].node)
			fill_peer(pair, i, &status->peers[status->n_peers++], now);
}
