// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "replay/judge.h"

#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>

#include "replay/omission.h"
#include "capture/reader.h"
#include "capture/splitter.h"
#include "util/text.h"

#define ETHERNET 14
#define ETHERTYPE_IPV4 0x0800
#define ETHERTYPE_IPV6 0x86dd
#define MADE_IFINDEX 1 /* of a datagram that is made */

struct cg_judge {
	const struct cg_config *config;
	const struct cg_replay_hosts *hosts;
	cg_judge_verdict handle;
	void *ctx;
	struct cg_judge_counters counters;
	struct cg_omissions omissions;
};

/* The frame in the engine. */
struct frame {
	size_t len;
	__u32 ifindex;
	const struct cg_flow *flow;
	const __u8 *text; /* of the message; NULL: a fragment */
	size_t text_len;
	bool is_report; /* there is no frame */
};

struct cg_judge *cg_judge_new(const struct cg_config *config, const struct cg_replay_hosts *hosts,
			      cg_judge_verdict handle, void *ctx)
{
	struct cg_judge *judge = calloc(1, sizeof(*judge));

	if (!judge)
		return NULL;
	judge->config = config;
	judge->hosts = hosts;
	judge->handle = handle;
	judge->ctx = ctx;
	return judge;
}

void cg_judge_free(struct cg_judge *judge)
{
	free(judge);
}

/* --- one direction ---------------------------------------------------------------------------- */

static void run_report(enum cg_direction direction, const struct frame *frame,
		       struct cg_engine_verdict *verdict)
{
	struct cg_hep_report report = { .source_port = frame->flow->source_port,
					.dest_port = frame->flow->dest_port,
					.direction = direction };

	memcpy(report.source, frame->flow->source, 16);
	memcpy(report.dest, frame->flow->dest, 16);
	cg_engine_run_report(&report, frame->text, frame->text_len, verdict);
}

/* Returns false if the message was left out. */
static bool run(struct cg_judge *judge, enum cg_direction direction, const struct frame *frame)
{
	bool enforces = judge->config->mode == CG_ENFORCE && frame->text;
	__u64 now = cg_engine_set_time(0);
	struct cg_engine_verdict verdict;
	struct cg_sip_facts facts;

	if (enforces)
		enforces = cg_sip_facts_read(frame->text, frame->text_len, &facts);
	if (enforces && cg_omissions_match(&judge->omissions, direction, &facts, now)) {
		judge->counters.left_out++;
		return false;
	}
	if (frame->is_report)
		run_report(direction, frame, &verdict);
	else
		cg_engine_run(direction, frame->len, frame->ifindex, true, &verdict);
	if (enforces && verdict.action == CG_DROP)
		cg_omissions_add(&judge->omissions, &facts, now);
	judge->handle(judge->ctx, direction, &verdict);
	return true;
}

static void count_of_no_host(struct cg_judge *judge, const struct frame *frame)
{
	struct cg_sip_facts facts;

	judge->counters.of_no_host++;
	if (frame->text && cg_sip_facts_read(frame->text, frame->text_len, &facts) &&
	    facts.method == CG_M_INVITE && !facts.status && !facts.has_to_tag)
		judge->counters.invites_of_no_host++;
}

/* A packet of the host to itself goes out, and then comes in. */
static void run_frame(struct cg_judge *judge, const struct frame *frame)
{
	bool is_from_host = cg_replay_hosts_has(judge->hosts, frame->flow->source);
	bool is_to_host = cg_replay_hosts_has(judge->hosts, frame->flow->dest);

	if (!is_from_host && !is_to_host)
		count_of_no_host(judge, frame);
	if (is_from_host && !run(judge, CG_OUT, frame))
		return;
	if (is_to_host)
		run(judge, CG_IN, frame);
}

/* --- loopback ----------------------------------------------------------------------------------- */

static bool is_loopback(const __u8 addr[16])
{
	static const __u8 ipv4[16] = { [10] = 0xff, 0xff, 127, 0, 0, 1 }, ipv6[16] = { [15] = 1 };

	return !memcmp(addr, ipv4, 16) || !memcmp(addr, ipv6, 16);
}

/*
 * On loopback all programs have one address. The one on a SIP port is the host. Each of the others
 * gets an address made from its port: 127.19.197.2 for 127.0.0.1:5061. Returns whether *flow was
 * changed.
 */
static bool part_loopback(const struct cg_judge *judge, struct cg_flow *flow)
{
	bool from_sip = cg_port_is_sip(judge->config, flow->source_port);
	bool to_sip = cg_port_is_sip(judge->config, flow->dest_port);
	__u16 port = from_sip ? flow->dest_port : flow->source_port;
	__u8 *other = from_sip ? flow->dest : flow->source;

	if (from_sip == to_sip || !is_loopback(flow->source) || !is_loopback(flow->dest))
		return false;
	other[13] = port >> 8;
	other[14] = port & 0xff;
	other[15] = 2;
	return true;
}

/* Writes the addresses into the IP header of the frame. */
static void set_addresses(const struct cg_flow *flow)
{
	__u8 *ip = cg_engine_frame() + ETHERNET;

	if (*ip >> 4 == 6) {
		memcpy(ip + offsetof(struct ip6_hdr, ip6_src), flow->source, 16);
		memcpy(ip + offsetof(struct ip6_hdr, ip6_dst), flow->dest, 16);
	} else {
		memcpy(ip + offsetof(struct iphdr, saddr), flow->source + 12, 4);
		memcpy(ip + offsetof(struct iphdr, daddr), flow->dest + 12, 4);
	}
}

/* --- a packet ----------------------------------------------------------------------------------- */

static void put_ethernet(int version)
{
	__u16 type = version == 6 ? ETHERTYPE_IPV6 : ETHERTYPE_IPV4;
	__u8 *frame = cg_engine_frame();

	memset(frame, 0, ETHERNET);
	frame[12] = type >> 8;
	frame[13] = type & 0xff;
}

void cg_judge_packet(struct cg_judge *judge, const struct cg_ip_packet *packet)
{
	bool has_text = !packet->is_fragment && packet->payload_len >= sizeof(struct udphdr);
	struct cg_flow flow = packet->flow;
	struct frame frame = {
		.len = ETHERNET + packet->len,
		.ifindex = packet->ifindex,
		.flow = &flow,
		.text = has_text ? packet->payload + sizeof(struct udphdr) : NULL,
		.text_len = has_text ? packet->payload_len - sizeof(struct udphdr) : 0,
	};

	if (frame.len > CG_ENGINE_FRAME_MAX)
		return;
	put_ethernet(*packet->bytes >> 4);
	memcpy(cg_engine_frame() + ETHERNET, packet->bytes, packet->len);
	if (part_loopback(judge, &flow))
		set_addresses(&flow);
	run_frame(judge, &frame);
}

/* --- a message without a packet --------------------------------------------------------------- */

static size_t put_ipv4(__u8 *at, const struct cg_flow *flow, size_t len)
{
	struct iphdr ip = { .version = 4,
			    .ihl = 5,
			    .ttl = 64,
			    .protocol = IPPROTO_UDP,
			    .tot_len = htons(sizeof(ip) + len) };

	memcpy(&ip.saddr, flow->source + 12, 4);
	memcpy(&ip.daddr, flow->dest + 12, 4);
	memcpy(at, &ip, sizeof(ip));
	return sizeof(ip);
}

static size_t put_ipv6(__u8 *at, const struct cg_flow *flow, size_t len)
{
	struct ip6_hdr ip = { .ip6_nxt = IPPROTO_UDP, .ip6_plen = htons(len) };

	ip.ip6_vfc = 6 << 4; /* shares a union with ip6_nxt */
	memcpy(&ip.ip6_src, flow->source, 16);
	memcpy(&ip.ip6_dst, flow->dest, 16);
	memcpy(at, &ip, sizeof(ip));
	return sizeof(ip);
}

/* Puts the message into the engine's frame, as a datagram. */
static void make_datagram(struct frame *frame)
{
	struct udphdr udp = { .source = htons(frame->flow->source_port),
			      .dest = htons(frame->flow->dest_port),
			      .len = htons(sizeof(udp) + frame->text_len) };
	bool is_ipv4 = cg_addr_is_ipv4(frame->flow->source);
	__u8 *at = cg_engine_frame() + ETHERNET;

	put_ethernet(is_ipv4 ? 4 : 6);
	at += is_ipv4 ? put_ipv4(at, frame->flow, sizeof(udp) + frame->text_len)
		      : put_ipv6(at, frame->flow, sizeof(udp) + frame->text_len);
	memcpy(at, &udp, sizeof(udp));
	at += sizeof(udp);
	memcpy(at, frame->text, frame->text_len);
	frame->text = at;
	frame->len = at + frame->text_len - cg_engine_frame();
}

void cg_judge_message(struct cg_judge *judge, const struct cg_reader_message *message)
{
	struct cg_flow flow = message->flow;
	struct frame frame = { .ifindex = MADE_IFINDEX,
			       .flow = &flow,
			       .text = message->text,
			       .text_len = message->len,
			       .is_report = message->unread };

	if (cg_addr_is_ipv4(flow.source) != cg_addr_is_ipv4(flow.dest) ||
	    message->len > CG_SIP_MESSAGE_MAX) {
		judge->counters.unjudged++;
		return;
	}
	part_loopback(judge, &flow);
	if (!frame.is_report)
		make_datagram(&frame);
	run_frame(judge, &frame);
}

const struct cg_judge_counters *cg_judge_get_counters(const struct cg_judge *judge)
{
	return &judge->counters;
}
