/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Sorts items by time, because captures of several interfaces, and proxies with several processes,
 * are not quite in order. An item is handed out when one has come that is younger by a window.
 * Items of one time keep their order. Bounded: beyond CG_TIME_ORDER_ITEMS the oldest is handed out
 * early. An item that is older than one that was handed out is handed out at once.
 */
#ifndef CG_HEP_TIME_ORDER_H
#define CG_HEP_TIME_ORDER_H

#include <stddef.h>
#include <stdint.h>

#define CG_TIME_ORDER_ITEMS 4096

/* Gets each item: its head as it was added, and its bytes. Valid during the call. */
typedef void (*cg_time_order_handler)(void *ctx, uint64_t at, const void *head,
				      const uint8_t *bytes, size_t len);

struct cg_time_order;

/* window: ns. NULL: no memory. */
struct cg_time_order *cg_time_order_new(uint64_t window, size_t head_size,
					cg_time_order_handler handle, void *ctx);
void cg_time_order_free(struct cg_time_order *order); /* hands out nothing; NULL is ignored */

/* Adds a copy of the item, and hands out those whose time has come. Returns 0 or -ENOMEM. */
int cg_time_order_add(struct cg_time_order *order, uint64_t at, const void *head,
		      const uint8_t *bytes, size_t len);

void cg_time_order_flush(struct cg_time_order *order); /* hands out all */

/*
 * For a stream that may pause: hands out those that are not younger than `until`, at most `max`.
 * Returns their number.
 */
unsigned int cg_time_order_give(struct cg_time_order *order, uint64_t until, unsigned int max);

/* Returns the number of items that wait. *oldest: the time of the oldest. */
unsigned int cg_time_order_count(const struct cg_time_order *order, uint64_t *oldest);

#endif
