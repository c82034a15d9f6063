// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "hep/time_order.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct item {
	struct item *older, *newer;
	uint64_t at;
	size_t len;
	uint8_t bytes[]; /* the head, then its bytes */
};

struct cg_time_order {
	uint64_t window;
	size_t head_size;
	cg_time_order_handler handle;
	void *ctx;
	unsigned int count;
	struct item *oldest, *newest;
};

struct cg_time_order *cg_time_order_new(uint64_t window, size_t head_size,
					cg_time_order_handler handle, void *ctx)
{
	struct cg_time_order *order = calloc(1, sizeof(*order));

	if (order)
		*order = (struct cg_time_order){ window, head_size, handle, ctx, 0, NULL, NULL };
	return order;
}

/* Takes the oldest item from the list. */
static struct item *take_oldest(struct cg_time_order *order)
{
	struct item *item = order->oldest;

	order->oldest = item->newer;
	*(item->newer ? &item->newer->older : &order->newest) = NULL;
	order->count--;
	return item;
}

static void give_oldest(struct cg_time_order *order)
{
	struct item *item = take_oldest(order);

	order->handle(order->ctx, item->at, item->bytes, item->bytes + order->head_size, item->len);
	free(item);
}

void cg_time_order_free(struct cg_time_order *order)
{
	if (!order)
		return;
	while (order->oldest)
		free(take_oldest(order));
	free(order);
}

/* Nearly all items come in order: the search begins at the newest. */
static void insert(struct cg_time_order *order, struct item *item)
{
	struct item *older = order->newest;

	while (older && older->at > item->at)
		older = older->older;
	item->older = older;
	item->newer = older ? older->newer : order->oldest;
	*(older ? &older->newer : &order->oldest) = item;
	*(item->newer ? &item->newer->older : &order->newest) = item;
	order->count++;
}

int cg_time_order_add(struct cg_time_order *order, uint64_t at, const void *head,
		      const uint8_t *bytes, size_t len)
{
	struct item *item = malloc(sizeof(*item) + order->head_size + len);

	if (!item)
		return -ENOMEM;
	item->at = at;
	item->len = len;
	memcpy(item->bytes, head, order->head_size);
	memcpy(item->bytes + order->head_size, bytes, len);
	insert(order, item);
	while (order->count > CG_TIME_ORDER_ITEMS ||
	       order->newest->at - order->oldest->at >= order->window) {
		give_oldest(order);
		if (!order->oldest)
			break;
	}
	return 0;
}

void cg_time_order_flush(struct cg_time_order *order)
{
	while (order->oldest)
		give_oldest(order);
}

unsigned int cg_time_order_give(struct cg_time_order *order, uint64_t until, unsigned int max)
{
	unsigned int n = 0;

	for (; n < max && order->oldest && order->oldest->at <= until; n++)
		give_oldest(order);
	return n;
}

unsigned int cg_time_order_count(const struct cg_time_order *order, uint64_t *oldest)
{
	if (order->oldest)
		*oldest = order->oldest->at;
	return order->count;
}
