/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What a table of cases is made of. A case is a call seen from the guarded host: steps one after
 * another on empty maps, each a packet with the verdict, the events and the dialog that must
 * follow.
 *
 * path      "caller>host": source and destination, hosts of endpoints.c, ":port" if not 5060, and
 *           "/outside" or "/inside" if not by loopback. To the host is the way in (XDP), from the
 *           host the way out (tc).
 *           "later": no packet; the message says how many seconds go by, and no verdict follows
 *           "retired": no packet; the agent has deleted all dialogs
 * message   "BYE 10 a>b via=c3": method, CSeq, From tag > To tag, branches of the Vias from the top;
 *           "200 BYE 10 a>b via=p3,c3" the response. More words: message.h.
 * verdict   "drop out_of_order": the action and the one counter that moves
 * events    "violation:out_of_order:drop:10<14": all that come, in order, separated by spaces, the
 *           ring `events` before `alerts`; "none"; NULL: none but perhaps a `request`. Words:
 *           check.h.
 * then      "confirmed caller=13 blocked=1": of the dialog afterwards. NULL: not looked at.
 * frame     "vlan options": how the packet is wrapped; NULL: plainly. Words: frame.h.
 */
#ifndef CASE_H
#define CASE_H

#include <stddef.h>

/* A row leaves off what it does not look at. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

struct step {
	const char *path;
	const char *message;
	const char *verdict;
	const char *events;
	const char *then;
	const char *frame;
};

struct test_case {
	const char *name; /* the behaviour */
	const char *settings; /* "equal=pass mode=observe", see harness.h; NULL: the defaults */
	const struct step *steps; /* up to one without path */
};

struct suite {
	const char *name;
	const struct test_case *cases; /* up to one without name */
};

#define CASE(name, settings, ...)                                                                  \
	{                                                                                          \
		name, settings, (const struct step[])                                              \
		{                                                                                  \
			__VA_ARGS__,                                                               \
			{                                                                          \
				0                                                                  \
			}                                                                          \
		}                                                                                  \
	}
#define SUITE(table, ...)                                                                          \
	static const struct test_case cases[] = { __VA_ARGS__, { 0 } };                            \
	const struct suite table = { #table, cases }

#endif
