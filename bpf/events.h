/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The one exit of a packet: its reason is counted, turned into an action, and reported if it is a
 * violation or changes a dialog. Owner of `events`, `alerts`, `event_seq` and `unexpected_uas`. A
 * full ring changes no verdict.
 *
 * API: report_verdict().
 */
#ifndef CG_EVENTS_H
#define CG_EVENTS_H

#include "maps.h"
#include "peer.h"
#include "refusal.h"
#include "scratch.h"
#include "text.h"
#include "verdict.h"

enum loss { EVENT_LOST, ALERT_LOST, ALERT_LIMITED };

bpf_inline void count_loss(enum loss loss)
{
	__u32 zero = 0;
	struct cg_counters *c = bpf_map_lookup_elem(&counters, &zero);

	if (!c)
		return;
	if (loss == EVENT_LOST)
		count_add(&c->events_lost);
	else if (loss == ALERT_LOST)
		count_add(&c->alerts_lost);
	else
		count_add(&c->alerts_limited);
}

/* Returns a number that no other event of these maps has: each CPU counts its own. */
bpf_inline __u64 event_seq_next(void)
{
	__u32 zero = 0;
	__u64 *next = bpf_map_lookup_elem(&event_seq, &zero);
	__u64 cpu = (__u64)bpf_get_smp_processor_id() << 48;

	if (from_hep())
		return cpu | CG_SEQ_HEP | (next ? __sync_fetch_and_add(next, 1) : 0);
	return cpu | (next ? (*next)++ : 0);
}

bpf_inline void event_fill(struct cg_event *e, struct pkt_ctx *ctx, __u8 type, __u8 action,
			   const struct verdict *v)
{
	struct scratch *s = ctx->scratch;
	const struct sip_parser *p = &s->parser;

	if (!s->info.now)
		s->info.now = packet_time(&s->packet);
	e->layout = CG_LAYOUT;
	e->size = sizeof(*e);
	e->type = type;
	e->reason = v->reason;
	e->action = action;
	e->leg = v->leg;
	e->at = s->info.now;
	e->seq = event_seq_next();
	e->key = s->info.key;
	e->cseq = s->info.cseq;
	e->expected_cseq = v->expected_cseq;
	__builtin_memcpy(e->source, s->packet.source, 16);
	e->source_port = s->packet.source_port;
	e->status = s->info.status;
	e->ifindex = s->packet.ifindex;
	e->method = s->info.method;
	e->direction = s->packet.direction;
	e->clock = v->clock;
	e->cseq_valid = s->info.cseq_valid;
	__builtin_memset(e->pad, 0, sizeof(e->pad));
	text_copy(e->call_id, sizeof(e->call_id), p, &p->msg.call_id);
	text_copy(e->from_tag, sizeof(e->from_tag), p, &p->msg.from_tag);
	text_copy(e->to_tag, sizeof(e->to_tag), p, &p->msg.to_tag);
}

bpf_inline void count_unexpected_uas(const struct msg_info *info)
{
	struct cg_unexpected_uas first = { .count = 1, .last = info->now };
	struct cg_unexpected_uas *a = bpf_map_lookup_elem(&unexpected_uas, info->remote);

	if (!a) {
		bpf_map_update_elem(&unexpected_uas, info->remote, &first, BPF_NOEXIST);
		return;
	}
	a->count++; /* not atomic: a race loses one count, and no rule depends on it */
	a->last = info->now;
}

BPF_SUBPROG int report_event(struct pkt_ctx *ctx, const struct verdict *v)
{
	struct cg_event *e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);

	if (!e) {
		count_loss(EVENT_LOST);
		return 0;
	}
	event_fill(e, ctx, v->event, v->would_drop ? CG_WOULD_DROP : CG_PASS, v);
	bpf_ringbuf_submit(e, 0);
	return 0;
}

/* Limits violations per second and CPU, so that a flood of bad BYEs cannot fill the ring. */
bpf_inline int alert_over_limit(struct scratch *s)
{
	scratch_begin_second(s);
	return s->alerts++ >= CG_ALERTS_PER_SECOND;
}

/*
 * A wakeup costs ten times as much as the verdict. The reader polls every CG_ALERTS_POLL_NS;
 * returns true only when the ring is more than a quarter full.
 */
bpf_inline int alert_needs_wakeup(void)
{
	return bpf_ringbuf_query(&alerts, BPF_RB_AVAIL_DATA) >
	       bpf_ringbuf_query(&alerts, BPF_RB_RING_SIZE) / 4;
}

BPF_SUBPROG int report_alert(struct pkt_ctx *ctx, const struct verdict *v, __u8 action)
{
	struct cg_event *e;

	if (alert_over_limit(ctx->scratch)) {
		count_loss(ALERT_LIMITED);
		return 0;
	}
	e = bpf_ringbuf_reserve(&alerts, sizeof(*e), 0);
	if (!e) {
		count_loss(ALERT_LOST);
		return 0;
	}
	event_fill(e, ctx, CG_EV_VIOLATION, action, v);
	bpf_ringbuf_submit(e, alert_needs_wakeup() ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP);
	return 0;
}

/* For the ladder of a call only. Dropped silently if the ring is needed for violations. */
BPF_SUBPROG int report_request(struct pkt_ctx *ctx, const struct verdict *v)
{
	struct cg_event *e;

	scratch_begin_second(ctx->scratch);
	if (ctx->scratch->requests++ >= CG_REQUESTS_PER_SECOND || alert_needs_wakeup())
		return 0;
	e = bpf_ringbuf_reserve(&alerts, sizeof(*e), 0);
	if (!e)
		return 0;
	event_fill(e, ctx, CG_EV_REQUEST, CG_PASS, v);
	bpf_ringbuf_submit(e, BPF_RB_NO_WAKEUP);
	return 0;
}

/*
 * Counts and reports a packet, and answers it if it is a BYE that may have an answer. action: enum
 * cg_action. xdp: NULL at tc. Returns the action that was taken.
 */
bpf_inline __u8 report_verdict(struct pkt_ctx *ctx, const struct verdict *v, __u8 action,
			       __u8 came_in, struct xdp_md *xdp)
{
	count_packet(came_in ? CG_IN : CG_OUT, v->reason, action);
	if (v->would_drop)
		count_would_drop(v->would_drop);
	if (v->unexpected_uas)
		count_unexpected_uas(&ctx->scratch->info);
	if (v->peer)
		peer_note_speaks(action);
	if (v->event == CG_EV_REQUEST)
		report_request(ctx, v);
	else if (v->event < CG_EVENTS)
		report_event(ctx, v);
	/* Egress: observe mode has already reported this packet on ingress. */
	if (!reason_in(reasons_noted, v->reason) &&
	    !(came_in && reason_in(reasons_dropped | reasons_by_policy, v->reason)))
		return action;
	if (xdp && action == CG_DROP && ctx->config->refuse == CG_REFUSE_ANSWER) {
		ctx->scratch->reason = v->reason;
		action = refusal_answer(xdp);
	}
	report_alert(ctx, v, action);
	return action;
}

#endif
