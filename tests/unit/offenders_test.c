// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// link: agent/stats/offenders.c
#include "stats/offenders.h"

#include <stdbool.h>
#include <string.h>

#include "tap.h"

#define TOP 3

static struct cg_offenders table;
static struct cg_offender top[TOP];
static __u64 now;

static void send(unsigned int who, int times)
{
	__u8 addr[16] = { [10] = 0xff, [11] = 0xff, [12] = 10 };

	addr[13] = who >> 16;
	addr[14] = who >> 8;
	addr[15] = who;
	while (times--)
		cg_offenders_add(&table, addr, who % 5, ++now);
}

static bool is(const struct cg_offender *offender, unsigned int who, __u64 least, __u64 most)
{
	return offender->addr[13] == who >> 16 && offender->addr[14] == (who >> 8 & 0xff) &&
	       offender->addr[15] == (who & 0xff) && offender->count == most &&
	       offender->count - offender->over == least;
}

static void exact(void)
{
	memset(&table, 0, sizeof(table));
	ok(cg_offenders_top(&table, top, TOP) == 0, "offenders: the list is empty at first");
	send(1, 2);
	send(2, 5);
	send(3, 1);
	send(4, 3);
	send(1, 2);
	ok(cg_offenders_top(&table, top, TOP) == TOP && is(&top[0], 2, 5, 5) &&
		   is(&top[1], 1, 4, 4) && is(&top[2], 4, 3, 3),
	   "offenders: a few sources are counted exactly, the most first");
	ok(top[1].last == now && top[1].reason == 1,
	   "offenders: time and reason are those of the last BYE");
	ok(cg_offenders_top(&table, top, 1) == 1 && is(&top[0], 2, 5, 5),
	   "offenders: the list is cut to the number that is asked for");
	ok(cg_offenders_top(&table, top, 0) == 0, "offenders: a list of 0 is empty");
	send(3, 3);
	cg_offenders_top(&table, top, TOP);
	ok(is(&top[1], 3, 4, 4), "offenders: of two who sent the same, the later stands first");
}

/* A flood of forged sources, a packet each, does not hide who sends one in a hundred. */
static void flood(void)
{
	memset(&table, 0, sizeof(table));
	for (unsigned int i = 0; i < 100000; i++) {
		send(1000 + i, 1);
		if (i % 50 == 0)
			send(7, 1);
	}
	ok(table.n == CG_OFFENDERS_MAX, "offenders: the table is full");
	ok(table.total == 102000, "offenders: the total counts all BYEs");
	cg_offenders_top(&table, top, TOP);
	ok(top[0].addr[15] == 7 && !top[0].addr[14] && top[0].count >= 2000,
	   "offenders: in a flood of forged sources he is first");
	ok(top[0].count - top[0].over <= 2000,
	   "offenders: the lower bound is never above the true count");
	ok(top[1].count - top[1].over <= 1, "offenders: the forged ones sent one each at least");
}

static void replaced(void)
{
	memset(&table, 0, sizeof(table));
	for (unsigned int i = 0; i < CG_OFFENDERS_MAX; i++)
		send(100 + i, 10);
	send(5000, 1);
	ok(table.n == CG_OFFENDERS_MAX, "offenders: a further source replaces one of a full table");
	cg_offenders_top(&table, top, TOP);
	ok(top[0].count == 10 && top[0].over == 0,
	   "offenders: a new source is listed after those with a sure count");
	send(5000, 10);
	cg_offenders_top(&table, top, TOP);
	ok(is(&top[0], 5000, 11, 21),
	   "offenders: a new source with more BYEs is listed first, with its possible error");
}

int main(void)
{
	exact();
	flood();
	replaced();
	return tap_done();
}
