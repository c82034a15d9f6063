/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Packets and messages on their way to the judge, in the order of their times: a capture of several
 * interfaces, or a proxy with several processes, may swap a BYE and its answer.
 */
#ifndef CG_REPLAY_JUDGE_ORDER_H
#define CG_REPLAY_JUDGE_ORDER_H

#include "capture/reader.h"
#include "replay/judge.h"

#define CG_JUDGE_ORDER_NS 200000000ULL /* an item that comes later than this is judged at once */

struct cg_judge_order;

/* set_time: called before each packet. judge: must outlive it. NULL: no memory. */
struct cg_judge_order *cg_judge_order_new(struct cg_judge *judge,
					  void (*set_time)(void *ctx, __u64 at), void *ctx);
void cg_judge_order_free(struct cg_judge_order *order);

/* at: ns. Return 0 or -ENOMEM. */
int cg_judge_order_packet(struct cg_judge_order *order, __u64 at,
			  const struct cg_ip_packet *packet);
int cg_judge_order_message(struct cg_judge_order *order, __u64 at,
			   const struct cg_reader_message *message);

/* Returns the messages that were left out, as they came as a packet and by HEP. */
__u64 cg_judge_order_doubles(const struct cg_judge_order *order);

void cg_judge_order_flush(struct cg_judge_order *order); /* at the end of the capture */

#endif
