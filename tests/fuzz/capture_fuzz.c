// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Fuzzes what reads a capture before the rules do: link layers, tunnels, TCP streams, HEP. An input
 * is a byte for the link type, then packets, each behind two bytes of its length. A packet ends at
 * the end of its memory. What is handed out must lie within it.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/reader.h"
#include "capture/sip_facts.h"
#include "capture/splitter.h"

#define HOLD(condition)                                                                            \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "capture_fuzz: does not hold: %s\n", #condition);          \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

static const struct cg_config config = { .n_ports = 1, .ports = { 5060 } };
static const struct cg_capture_packet *current;
static volatile uint8_t sum; /* of all bytes: each is read */

static void read_all(const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		sum += bytes[i];
}

static void take_packet(void *ctx, const struct cg_ip_packet *packet)
{
	const uint8_t *end = current->bytes + current->len;

	(void)ctx;
	HOLD(packet->bytes >= current->bytes && packet->bytes + packet->len <= end);
	HOLD(packet->payload >= packet->bytes &&
	     packet->payload + packet->payload_len == packet->bytes + packet->len);
	HOLD(packet->is_fragment || cg_port_is_sip(&config, packet->flow.source_port) ||
	     cg_port_is_sip(&config, packet->flow.dest_port));
}

static void take_message(void *ctx, const struct cg_reader_message *message)
{
	struct cg_sip_facts facts;

	(void)ctx;
	HOLD(message->len <= CG_SIP_MESSAGE_MAX || message->by_hep);
	read_all(message->text, message->len);
	if (cg_sip_facts_read(message->text, message->len, &facts))
		HOLD(facts.method < CG_METHODS && (!facts.status || facts.status < 700));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const struct cg_reader_user user = { take_packet, take_message, NULL };
	struct cg_reader *reader = cg_reader_new(&config, &user);
	enum cg_link link = len ? data[0] % (CG_LINK_NULL + 1) : 0;
	size_t at = 1;

	while (at + 2 < len) {
		size_t n = data[at] | data[at + 1] << 8, left = len - at - 2;
		struct cg_capture_packet packet = { .link = link, .len = n < left ? n : left };
		uint8_t *bytes = malloc(packet.len + !packet.len);

		memcpy(bytes, data + at + 2, packet.len);
		packet.bytes = bytes;
		current = &packet;
		cg_reader_handle(reader, &packet);
		free(bytes);
		at += 2 + packet.len;
	}
	cg_reader_flush(reader);
	HOLD(cg_reader_get_tcp(reader)->messages <= len);
	cg_reader_free(reader);
	return 0;
}
