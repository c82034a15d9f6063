// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * The programs. cseqguard_in (XDP) reads ingress packets and may drop them. cseqguard_out (tc
 * egress) reads egress packets and never drops. The four programs cseqguard_tcp_... (tc) read TCP.
 * All use one parser, one rule set and one set of maps. README.md follows a BYE through the files.
 *
 *   frame      packet.h: Ethernet to UDP; fragment.h: a datagram in fragments
 *   message    message.h: order of the steps; sip_parser.h, msg_info.h, msg_route.h, screen.h
 *   new call   invite_note.h, invite_request.h, early_dialog.h, dialog_create.h, invite_response.h
 *   dialog     dialog_request.h, bye_evidence.h
 *   exit       events.h: one exit, one reason, one counter; refusal.h: the 500 to a refused BYE
 *   TCP        tcp_verdict.h, tcp_segment.h, tcp_order.h, tcp_message.h, tcp_write.h
 *   HEP        hep.h: what a proxy reports, and what such a message may change
 *   pair       peer.h: what another host has published, and calls of its that speak here
 *
 * In short: a call has two legs. Each leg has a CSeq counter that only its own address and port can
 * raise. A BYE below the counter is dropped. The bill does not depend on that check. One of the
 * legs is the witness. It ends the call by its own BYE, or by its 2xx to a BYE that left the host
 * with the Request-URI and Routes which this leg had given. If the host itself is the witness, the
 * BYE must have come in with them. Any other 2xx is a candidate end: it is noted, and closes the
 * call as suspect after an hour without a sign of life. The Via that the host stamped shows whose
 * INVITE it was.
 */
#include <linux/pkt_cls.h>

#include "bytes.h"
#include "events.h"
#include "fragment.h"
#include "hep.h"
#include "maps.h"
#include "message.h"
#include "packet.h"
#include "peer.h"
#include "scratch.h"
#include "tcp_verdict.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* Returns whether a fragment with this reason is reported, and may be dropped. */
bpf_inline int reason_is_of_fragment(int reason)
{
	return reason >= CG_R_FRAGMENT_UNLIKE && reason <= CG_R_TCP_UNFRAMED;
}

/*
 * Finds the payload. Returns PACKET_SIP, a reason for handle_no_message(), or one that is already
 * counted: the packet passes.
 */
bpf_inline int locate_payload(struct pkt_ctx *ctx, struct cursor *c, __u8 direction, __u32 ifindex)
{
	struct packet *packet;
	int reason;

	ctx->scratch = scratch_get();
	if (!ctx->scratch)
		return CG_R_INTERNAL;
	packet = &ctx->scratch->packet;
	packet->direction = direction;
	packet->ifindex = ifindex;
	packet->tcp = 0;
	packet->enforced = ctx->config->mode;
	reason = packet_read(c, ctx->config, packet, direction);
	if (reason == PACKET_FRAGMENT)
		reason = fragment_gather(ctx, c->ctx, direction);
	if (reason != PACKET_SIP && !reason_is_of_fragment(reason))
		count_packet(direction, reason, CG_PASS);
	return reason;
}

/*
 * A subprogram for each direction, so that its stack frame, with the cursor, is released before
 * sip_parse() runs, and the direction is a constant: XDP and tc have different helpers.
 */
BPF_SUBPROG int locate_in(struct pkt_ctx *ctx, struct xdp_md *xdp)
{
	struct cursor c = { .ctx = xdp,
			    .data = (void *)(long)xdp->data,
			    .pos = (void *)(long)xdp->data,
			    .end = (void *)(long)xdp->data_end,
			    .frame = bpf_xdp_get_buff_len(xdp) };

	return locate_payload(ctx, &c, CG_IN, xdp->ingress_ifindex);
}

BPF_SUBPROG int locate_out(struct pkt_ctx *ctx, struct __sk_buff *skb)
{
	struct cursor c = { .ctx = skb,
			    .data = (void *)(long)skb->data,
			    .pos = (void *)(long)skb->data,
			    .end = (void *)(long)skb->data_end,
			    .frame = skb->len };

	return locate_payload(ctx, &c, CG_OUT, skb->ifindex);
}

/*
 * After locate_in() or locate_out(). frame: the context of XDP or tc. Returns the enum cg_action of
 * the packet.
 */
bpf_inline int handle_located(struct pkt_ctx *ctx, void *frame, int reason, __u8 direction)
{
	struct verdict v = { .event = CG_EVENTS };
	struct packet *p = &ctx->scratch->packet;
	__u32 length = p->length < SIP_MAX ? p->length : SIP_MAX;
	long err = 0;
	__u8 action;

	if (reason == PACKET_SIP && p->length && !p->gathered)
		err = packet_load(frame, direction, p->offset, ctx->scratch->parser.buf,
				  copy_length(length, SIP_MAX));
	if (reason != PACKET_SIP)
		handle_no_message(ctx, reason, &v);
	else if (err)
		v.reason = CG_R_INTERNAL;
	else
		handle_message(ctx, &v);
	action = direction == CG_IN ? message_action(ctx, v.reason) : CG_PASS;
	action = report_verdict(ctx, &v, action, direction == CG_IN,
				direction == CG_IN ? frame : NULL);
	if (reason == PACKET_SIP && p->gathered)
		fragment_judged(p, action);
	return action;
}

bpf_inline int action_xdp(int action)
{
	if (action == CG_ANSWERED)
		return XDP_TX;
	return action == CG_DROP ? XDP_DROP : XDP_PASS;
}

bpf_inline int handle_ingress(struct xdp_md *xdp)
{
	struct pkt_ctx ctx = { .config = config_get() };
	int reason;

	if (!ctx.config)
		return XDP_PASS;
	if (packet_is_other((void *)(long)xdp->data, (void *)(long)xdp->data_end, ctx.config)) {
		count_packet(CG_IN, CG_R_OTHER_PORT, CG_PASS);
		return XDP_PASS;
	}
	reason = locate_in(&ctx, xdp);
	if (reason != PACKET_SIP && !reason_is_of_fragment(reason))
		return XDP_PASS;
	ctx.scratch->packet.own_socket = 0;
	return action_xdp(handle_located(&ctx, xdp, reason, CG_IN));
}

SEC("xdp.frags")
int cseqguard_in(struct xdp_md *xdp)
{
	return handle_ingress(xdp);
}

SEC("tc")
int cseqguard_out(struct __sk_buff *skb)
{
	struct pkt_ctx ctx = { .config = config_get() };
	int reason;

	if (!ctx.config)
		return TC_ACT_UNSPEC;
	if (packet_is_other((void *)(long)skb->data, (void *)(long)skb->data_end, ctx.config)) {
		count_packet(CG_OUT, CG_R_OTHER_PORT, CG_PASS);
		return TC_ACT_UNSPEC;
	}
	reason = locate_out(&ctx, skb);
	if (reason != PACKET_SIP && !reason_is_of_fragment(reason))
		return TC_ACT_UNSPEC;
	ctx.scratch->packet.own_socket = skb->sk != NULL;
	handle_located(&ctx, skb, reason, CG_OUT);
	return TC_ACT_UNSPEC;
}

SEC("tc")
int cseqguard_tcp_in(struct __sk_buff *skb)
{
	return handle_tcp(skb, CG_IN);
}

SEC("tc")
int cseqguard_tcp_out(struct __sk_buff *skb)
{
	return handle_tcp(skb, CG_OUT);
}

/*
 * Attached CG_TCP_ROUNDS - 1 times after each of the two. A program can make 33 tail calls, so the
 * next one continues where it stopped.
 */
SEC("tc")
int cseqguard_tcp_more(struct __sk_buff *skb)
{
	return handle_tcp_more(skb);
}

/* Tail-called once for each message of a segment. */
SEC("tc")
int cseqguard_tcp_message(struct __sk_buff *skb)
{
	return handle_tcp_message(skb);
}

/* --- reports ---------------------------------------------------------------------------------- */

/* Reads the head of a report, and its message into the parser's buffer. Returns 0 or an error. */
BPF_SUBPROG int report_load(struct xdp_md *xdp, struct scratch *s)
{
	__u64 length = bpf_xdp_get_buff_len(xdp) - sizeof(struct cg_hep_report);
	struct packet *p = &s->packet;
	struct cg_hep_report report;

	if (bpf_xdp_load_bytes(xdp, 0, &report, sizeof(report)) || !length || length > SIP_MAX)
		return -EINVAL;
	p->at = report.at;
	__builtin_memcpy(p->source, report.source, 16);
	__builtin_memcpy(p->dest, report.dest, 16);
	p->source_port = report.source_port;
	p->dest_port = report.dest_port;
	p->direction = report.direction ? CG_OUT : CG_IN;
	p->cut = report.cut;
	p->length = length;
	p->ifindex = p->own_socket = p->tcp = p->enforced = p->gathered = 0;
	return bpf_xdp_load_bytes(xdp, sizeof(report), s->parser.buf, copy_length(length, SIP_MAX));
}

/*
 * Is not attached. The daemon runs it for each message that a proxy reports. A task may be preempted in
 * it on 6.1: who finds the scratch of this CPU in use reads nothing.
 */
SEC("?xdp.frags")
int cseqguard_hep(struct xdp_md *xdp)
{
	struct pkt_ctx ctx = { .config = config_get(), .scratch = scratch_get() };
	struct verdict v = { .event = CG_EVENTS };
	__u8 came_in;

	if (!ctx.config || !ctx.scratch || __sync_val_compare_and_swap(&ctx.scratch->busy, 0, 1))
		return XDP_ABORTED;
	if (report_load(xdp, ctx.scratch)) {
		ctx.scratch->busy = 0;
		return XDP_ABORTED;
	}
	came_in = ctx.scratch->packet.direction == CG_IN;
	handle_message(&ctx, &v);
	report_verdict(&ctx, &v, came_in ? message_action(&ctx, v.reason) : CG_PASS, came_in, NULL);
	ctx.scratch->busy = 0;
	return XDP_PASS;
}

/* --- the pair --------------------------------------------------------------------------------- */

/* Is not attached. The daemon runs it for each update of a dialog that another host has published. */
SEC("tc")
int cseqguard_peer(struct __sk_buff *skb)
{
	struct cg_peer_update *update = (void *)(long)skb->data;

	if ((void *)(update + 1) > (void *)(long)skb->data_end || skb->len != sizeof(*update))
		return CG_PEER_INVALID;
	return peer_update(update);
}
