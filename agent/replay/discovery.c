// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "replay/discovery.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture/reader.h"

struct kept {
	struct kept *next;
	struct cg_capture_packet packet;
	uint8_t bytes[];
};

struct cg_discovery {
	struct cg_reader *reader;
	struct cg_host_finder *finder;
	struct kept *first, **end;
	struct kept *given; /* the last that was given out */
	size_t bytes;
};

static void note_text(struct cg_discovery *discovery, const struct cg_flow *flow, const __u8 *text,
		      size_t len)
{
	struct cg_sip_facts facts;

	if (cg_sip_facts_read(text, len, &facts))
		cg_host_finder_note(discovery->finder, flow, &facts);
}

static void note_message(void *ctx, const struct cg_reader_message *message)
{
	note_text(ctx, &message->flow, message->text, message->len);
}

static void note_packet(void *ctx, const struct cg_ip_packet *packet)
{
	const size_t header = 8; /* UDP */

	if (packet->is_first && packet->payload_len > header)
		note_text(ctx, &packet->flow, packet->payload + header,
			  packet->payload_len - header);
}

struct cg_discovery *cg_discovery_new(const struct cg_config *config)
{
	struct cg_discovery *discovery = calloc(1, sizeof(*discovery));
	const struct cg_reader_user user = { note_packet, note_message, discovery };

	if (!discovery)
		return NULL;
	discovery->end = &discovery->first;
	discovery->finder = cg_host_finder_new();
	discovery->reader = cg_reader_new(config, &user);
	if (discovery->finder && discovery->reader)
		return discovery;
	cg_discovery_free(discovery);
	return NULL;
}

void cg_discovery_free(struct cg_discovery *discovery)
{
	struct cg_capture_packet packet;

	if (!discovery)
		return;
	while (cg_discovery_next(discovery, &packet))
		;
	cg_host_finder_free(discovery->finder);
	cg_reader_free(discovery->reader);
	free(discovery);
}

int cg_discovery_add(struct cg_discovery *discovery, const struct cg_capture_packet *packet)
{
	struct kept *kept = malloc(sizeof(*kept) + packet->len);

	if (!kept)
		return -ENOMEM;
	kept->next = NULL;
	kept->packet = *packet;
	kept->packet.bytes = kept->bytes;
	memcpy(kept->bytes, packet->bytes, packet->len);
	*discovery->end = kept;
	discovery->end = &kept->next;
	discovery->bytes += sizeof(*kept) + packet->len;
	cg_reader_handle(discovery->reader, packet);
	return discovery->bytes > CG_DISCOVERY_BYTES ||
	       cg_host_finder_invites(discovery->finder) > CG_DISCOVERY_INVITES;
}

void cg_discovery_choose(struct cg_discovery *discovery, cg_host_is_gateway is_gateway,
			 struct cg_replay_hosts *hosts)
{
	cg_reader_flush(discovery->reader);
	cg_host_finder_choose(discovery->finder, is_gateway, hosts);
}

int cg_discovery_next(struct cg_discovery *discovery, struct cg_capture_packet *packet)
{
	struct kept *kept = discovery->first;

	free(discovery->given);
	discovery->given = kept;
	if (!kept) {
		discovery->end = &discovery->first;
		discovery->bytes = 0;
		return 0;
	}
	discovery->first = kept->next;
	*packet = kept->packet;
	return 1;
}
