// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// link: agent/calls/call_list.c
#include "calls/call_list.h"

#include <stdio.h>
#include <string.h>

#include "stats/rate.h"
#include "tap.h"

#define S 1000000000ULL

static struct cg_call_list calls;

static struct cg_dialog call(unsigned int i)
{
	struct cg_dialog d = { .state = CG_S_CONFIRMED,
			       .answer = (1000 + i) * S,
			       .blocked_byes = i % 7 };

	snprintf(d.call.call_id, sizeof(d.call.call_id), "%08u", i);
	snprintf(d.call.from_uri, sizeof(d.call.from_uri), "sip:%08u@x", 99999999 - i);
	snprintf(d.call.to_uri, sizeof(d.call.to_uri), "sip:%u@x", i % 3);
	d.caller.addr[15] = i % 5;
	return d;
}

/* N calls, in an order that is neither. */
static void fill(enum cg_order order, bool reverse, unsigned int n)
{
	cg_call_list_init(&calls, order, reverse);
	for (unsigned int i = 0; i < n; i++) {
		struct cg_dialog d = call((unsigned int)(i * 7919ULL % n));

		cg_call_list_add(&calls, &d);
	}
	cg_call_list_sort(&calls);
}

static unsigned int id(unsigned int at)
{
	unsigned int i = 0;

	sscanf(calls.list[at].call.call_id, "%u", &i);
	return i;
}

static void orders(void)
{
	fill(CG_ORDER_AGE, false, 10);
	ok(calls.n == 10 && id(0) == 0 && id(9) == 9, "calls: by age, the oldest first");
	fill(CG_ORDER_AGE, true, 10);
	ok(id(0) == 9 && id(9) == 0, "calls: by age reversed, the newest first");
	fill(CG_ORDER_BLOCKED, false, 14);
	ok(id(0) == 6 && id(1) == 13 && id(2) == 5, "calls: by blocked BYEs, then by age");
	fill(CG_ORDER_CALLER, false, 10);
	ok(id(0) == 9 && id(9) == 0, "calls: by the caller's text");
	fill(CG_ORDER_CALLEE, false, 10);
	ok(id(0) == 0 && id(1) == 3 && id(4) == 1, "calls: by the callee's text");
	fill(CG_ORDER_SOURCE, false, 10);
	ok(id(0) == 0 && id(1) == 5 && id(2) == 1, "calls: by the caller's address");
}

static void bounded(void)
{
	unsigned int n = 20000, in_order = 0;

	fill(CG_ORDER_AGE, false, n);
	for (unsigned int i = 0; i < calls.n; i++)
		in_order += id(i) == i;
	ok(calls.n == CG_CALL_LIST_MAX && calls.live == n, "calls: of 20000 the first are kept");
	ok(in_order == CG_CALL_LIST_MAX, "calls: of 20000 the first are kept in order");
	fill(CG_ORDER_AGE, true, n);
	ok(id(0) == n - 1 && id(CG_CALL_LIST_MAX - 1) == n - CG_CALL_LIST_MAX,
	   "calls: of 20000 the last are kept, reversed");
}

static void ended(void)
{
	struct cg_dialog d = call(1);

	cg_call_list_init(&calls, CG_ORDER_AGE, false);
	cg_call_list_add(&calls, &d);
	d.state = CG_S_ENDING;
	cg_call_list_add(&calls, &d);
	d.state = CG_S_ENDED;
	cg_call_list_add(&calls, &d);
	ok(calls.live == 2 && calls.ended == 1 && calls.n == 2,
	   "calls: an ended call is counted, and not listed");
}

/* Texts that are not ended by a NUL are the map's, too. */
static void whole(void)
{
	struct cg_dialog a = call(1), b = call(1);

	memset(a.call.from_uri, 'x', CG_URI_MAX);
	memset(b.call.from_uri, 'x', CG_URI_MAX);
	memset(a.call.call_id, 'y', CG_CALL_ID_MAX);
	memset(b.call.call_id, 'y', CG_CALL_ID_MAX);
	cg_call_list_init(&calls, CG_ORDER_CALLER, false);
	cg_call_list_add(&calls, &a);
	cg_call_list_add(&calls, &b);
	cg_call_list_sort(&calls);
	ok(calls.n == 2, "calls: texts that fill their fields are sorted in bounds");
}

static void rates(void)
{
	struct cg_rate rate = {};

	cg_rate_update(&rate, 100, 10 * S);
	ok(rate.per_second == CG_RATE_UNKNOWN && rate.total == 100,
	   "rate: it is not known at the first reading");
	cg_rate_update(&rate, 110, 14 * S);
	ok(rate.per_second == 2.5, "rate: ten more in four seconds are 2.5 a second");
	cg_rate_update(&rate, 110, 15 * S);
	ok(rate.per_second == 0, "rate: a total that stays is 0 a second");
	cg_rate_update(&rate, 3, 16 * S);
	ok(rate.per_second == 3 && rate.total == 3,
	   "rate: a counter that restarts at 0 counts from there");
	cg_rate_update(&rate, 4, 16 * S);
	ok(rate.per_second == 3, "rate: a reading at the same time changes nothing");
	ok(cg_rate_ended(10, 5, 12) == 3, "rate: ends are the calls that are missing");
	ok(cg_rate_ended(10, 0, 12) == 0, "rate: the number of ends is never negative");
}

int main(void)
{
	orders();
	bounded();
	ended();
	whole();
	rates();
	return tap_done();
}
