// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "capture/reader.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "hep/hep_read.h"
#include "capture/splitter.h"

#define UDP_HEADER 8

struct cg_reader {
	const struct cg_config *config;
	struct cg_reader_user user;
	struct cg_reader_counters counters;
	struct cg_tcp *tcp;
	bool has_hep_tcp; /* in a stream on other ports */
};

static bool flow_is_sip(const struct cg_reader *reader, const struct cg_flow *flow)
{
	return cg_port_is_sip(reader->config, flow->source_port) ||
	       cg_port_is_sip(reader->config, flow->dest_port);
}

static void handle_hep(struct cg_reader *reader, const uint8_t *bytes, size_t len)
{
	struct cg_reader_message message = { .by_hep = true, .unread = true };
	struct cg_hep_record record;

	if (cg_hep_read(bytes, len, &record)) {
		reader->counters.hep_damaged++;
		return;
	}
	if (!record.payload || (record.type && record.type != CG_HEP_SIP))
		return;
	memcpy(message.flow.source, record.source, 16);
	memcpy(message.flow.dest, record.destination, 16);
	message.flow.source_port = record.source_port;
	message.flow.dest_port = record.destination_port;
	message.at = record.at;
	if (record.protocol == IPPROTO_UDP || record.protocol == IPPROTO_TCP)
		message.unread = !flow_is_sip(reader, &message.flow);
	message.text = record.payload;
	message.len = record.len;
	reader->counters.hep++;
	reader->user.message(reader->user.ctx, &message);
}

static void handle_tcp_message(void *ctx, const struct cg_flow *flow, const uint8_t *text,
			       size_t len)
{
	const struct cg_reader_message message = { .flow = *flow, .text = text, .len = len };
	struct cg_reader *reader = ctx;

	if (cg_hep_is_record(text, len)) {
		handle_hep(reader, text, len);
		return;
	}
	reader->counters.tcp++;
	reader->user.message(reader->user.ctx, &message);
}

struct cg_reader *cg_reader_new(const struct cg_config *config, const struct cg_reader_user *user)
{
	struct cg_reader *reader = calloc(1, sizeof(*reader));

	if (!reader)
		return NULL;
	reader->config = config;
	reader->user = *user;
	reader->tcp = cg_tcp_new(handle_tcp_message, reader);
	if (!reader->tcp) {
		free(reader);
		return NULL;
	}
	return reader;
}

void cg_reader_free(struct cg_reader *reader)
{
	if (!reader)
		return;
	cg_tcp_free(reader->tcp);
	free(reader);
}

static void handle_udp(struct cg_reader *reader, const struct cg_ip_packet *packet)
{
	const uint8_t *bytes;
	size_t len;

	if (packet->is_fragment) {
		reader->user.packet(reader->user.ctx, packet);
		return;
	}
	if (packet->payload_len < UDP_HEADER)
		return;
	bytes = packet->payload + UDP_HEADER;
	len = packet->payload_len - UDP_HEADER;
	if (cg_hep_is_record(bytes, len)) {
		handle_hep(reader, bytes, len);
	} else if (!flow_is_sip(reader, &packet->flow)) {
		if (!cg_sip_begins(bytes, len))
			return;
		reader->counters.other_ports++;
		reader->counters.other_port = packet->flow.dest_port;
	} else {
		reader->counters.cut += packet->is_cut;
		reader->user.packet(reader->user.ctx, packet);
	}
}

/* A stream on another port is one of HEP from its first record on. */
static bool is_hep_stream(struct cg_reader *reader, const struct cg_ip_packet *packet)
{
	const uint8_t *data;
	size_t len;

	if (reader->has_hep_tcp && cg_tcp_knows(reader->tcp, &packet->flow))
		return true;
	data = cg_tcp_data(packet, &len);
	if (!data || !cg_hep_is_record(data, len))
		return false;
	reader->has_hep_tcp = true;
	return true;
}

static void handle_tcp(struct cg_reader *reader, const struct cg_ip_packet *packet)
{
	if (packet->is_fragment)
		return;
	if (flow_is_sip(reader, &packet->flow) || is_hep_stream(reader, packet))
		cg_tcp_handle(reader->tcp, packet);
}

void cg_reader_handle(struct cg_reader *reader, const struct cg_capture_packet *packet)
{
	struct cg_ip_packet ip;

	reader->counters.packets++;
	if (cg_decap(packet->link, packet->bytes, packet->len, &ip))
		reader->counters.not_ip++;
	else if (ip.protocol == IPPROTO_UDP)
		handle_udp(reader, &ip);
	else if (ip.protocol == IPPROTO_TCP)
		handle_tcp(reader, &ip);
}

void cg_reader_flush(struct cg_reader *reader)
{
	cg_tcp_flush(reader->tcp);
}

const struct cg_reader_counters *cg_reader_get_counters(const struct cg_reader *reader)
{
	return &reader->counters;
}

const struct cg_tcp_counters *cg_reader_get_tcp(const struct cg_reader *reader)
{
	return cg_tcp_get_counters(reader->tcp);
}
