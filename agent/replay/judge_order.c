// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "replay/judge_order.h"

#include <errno.h>
#include <stdlib.h>

#include "hep/time_order.h"
#include "replay/doubles.h"

/* What an item is besides its bytes. */
struct head {
	bool is_message;
	/* one of these; its pointers are those of the capture */
	struct cg_reader_message message;
	struct cg_ip_packet packet;
};

struct cg_judge_order {
	struct cg_judge *judge;
	void (*set_time)(void *ctx, __u64 at);
	void *ctx;
	struct cg_time_order *items;
	struct cg_doubles *doubles; /* NULL: no HEP record has come */
	__u64 n_doubles;
};

/* A fragment has no message of its own. */
static bool is_double(struct cg_judge_order *order, uint64_t at, const struct head *head,
		      const struct cg_ip_packet *packet, const uint8_t *bytes, size_t len)
{
	const size_t header = 8; /* UDP */

	if (!order->doubles)
		return false;
	if (head->is_message)
		return cg_doubles_note(order->doubles, at, head->message.by_hep,
				       &head->message.flow, bytes, len);
	if (packet->is_fragment || packet->payload_len <= header)
		return false;
	return cg_doubles_note(order->doubles, at, false, &packet->flow, packet->payload + header,
			       packet->payload_len - header);
}

static void judge_item(void *ctx, uint64_t at, const void *item, const uint8_t *bytes, size_t len)
{
	struct cg_judge_order *order = ctx;
	const struct head *head = item;
	struct cg_reader_message message = head->message;
	struct cg_ip_packet packet = head->packet;

	message.text = bytes;
	if (!head->is_message) {
		packet.payload = bytes + (packet.payload - packet.bytes);
		packet.bytes = bytes;
	}
	if (is_double(order, at, head, &packet, bytes, len)) {
		order->n_doubles++;
		return;
	}
	order->set_time(order->ctx, at);
	if (head->is_message)
		cg_judge_message(order->judge, &message);
	else
		cg_judge_packet(order->judge, &packet);
}

struct cg_judge_order *cg_judge_order_new(struct cg_judge *judge,
					  void (*set_time)(void *ctx, __u64 at), void *ctx)
{
	struct cg_judge_order *order = calloc(1, sizeof(*order));

	if (!order)
		return NULL;
	order->judge = judge;
	order->set_time = set_time;
	order->ctx = ctx;
	order->items = cg_time_order_new(CG_JUDGE_ORDER_NS, sizeof(struct head), judge_item, order);
	if (order->items)
		return order;
	free(order);
	return NULL;
}

void cg_judge_order_free(struct cg_judge_order *order)
{
	if (!order)
		return;
	cg_time_order_free(order->items);
	cg_doubles_free(order->doubles);
	free(order);
}

int cg_judge_order_packet(struct cg_judge_order *order, __u64 at, const struct cg_ip_packet *packet)
{
	const struct head head = { .packet = *packet };

	return cg_time_order_add(order->items, at, &head, packet->bytes, packet->len);
}

int cg_judge_order_message(struct cg_judge_order *order, __u64 at,
			   const struct cg_reader_message *message)
{
	const struct head head = { .is_message = true, .message = *message };

	if (message->by_hep && !order->doubles) {
		order->doubles = cg_doubles_new();
		if (!order->doubles)
			return -ENOMEM;
	}
	return cg_time_order_add(order->items, at, &head, message->text, message->len);
}

__u64 cg_judge_order_doubles(const struct cg_judge_order *order)
{
	return order->n_doubles;
}

void cg_judge_order_flush(struct cg_judge_order *order)
{
	cg_time_order_flush(order->items);
}
