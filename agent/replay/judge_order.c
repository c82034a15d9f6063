// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "replay/judge_order.h"

#include <stdlib.h>

#include "capture/time_order.h"

/* What an item is besides its bytes. */
struct head {
	bool is_message;
	struct cg_flow flow; /* of a message */
	struct cg_ip_packet packet; /* its pointers are those of the capture */
};

struct cg_judge_order {
	struct cg_judge *judge;
	void (*set_time)(void *ctx, __u64 at);
	void *ctx;
	struct cg_time_order *items;
};

static void judge_item(void *ctx, uint64_t at, const void *item, const uint8_t *bytes, size_t len)
{
	struct cg_judge_order *order = ctx;
	const struct head *head = item;
	struct cg_ip_packet packet = head->packet;

	order->set_time(order->ctx, at);
	if (head->is_message) {
		cg_judge_message(order->judge, &head->flow, bytes, len);
		return;
	}
	packet.payload = bytes + (packet.payload - packet.bytes);
	packet.bytes = bytes;
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
	free(order);
}

int cg_judge_order_packet(struct cg_judge_order *order, __u64 at, const struct cg_ip_packet *packet)
{
	const struct head head = { .packet = *packet };

	return cg_time_order_add(order->items, at, &head, packet->bytes, packet->len);
}

int cg_judge_order_message(struct cg_judge_order *order, __u64 at, const struct cg_flow *flow,
			   const __u8 *text, size_t len)
{
	const struct head head = { .is_message = true, .flow = *flow };

	return cg_time_order_add(order->items, at, &head, text, len);
}

void cg_judge_order_flush(struct cg_judge_order *order)
{
	cg_time_order_flush(order->items);
}
