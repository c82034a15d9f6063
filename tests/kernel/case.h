/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The parts of a table of cases. A case is a call seen from the guarded host. It begins with empty
 * maps and consists of steps. A step is a packet, with the verdict, the events and the dialog that
 * are expected after it.
 *
 * path      "caller>host": source and destination, names of endpoints.c, ":port" if not 5060, and
 *           "/outside" or "/inside" if not on loopback. A packet to the host is ingress (XDP), one
 *           from the host is egress (tc).
 *           "later": no packet; the message is the number of seconds that pass. No verdict.
 *           "retired": no packet; the daemon deletes all dialogs, and corrects how many each address has
 *           "failover": no packet; the dialogs become those of another host, and all else of their
 *           calls is forgotten, as where this host takes over
 * message   "BYE 10 a>b via=c3": method, CSeq, From tag > To tag, branches of the Vias, top first;
 *           "200 BYE 10 a>b via=p3,c3" the response. More words: message.h.
 * verdict   "drop out_of_order": the action, and the one counter that is raised
 * events    "violation:out_of_order:drop:10<14": all events in order, separated by blanks, those of
 *           the ring `events` before those of `alerts`. "none": no event. NULL: no event, except
 *           perhaps a `request`. Words: check.h.
 * then      "confirmed caller=13 blocked=1": the dialog after the step. NULL: not checked.
 * frame     "vlan options": headers around the message. NULL: Ethernet, IP, UDP. Words: frame.h.
 *           "hep": no packet; a proxy reports the message
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
