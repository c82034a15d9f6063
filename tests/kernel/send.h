/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Packets in the short form of the tables, for floods and races. */
#ifndef SEND_H
#define SEND_H

#include "frame.h"
#include "harness.h"

struct packet_to_send {
	struct frame frame;
	int in;
};

/* Builds a packet. path, form: as in case.h. Returns 0 or -errno. */
int send_make(struct packet_to_send *packet, const char *path, const char *form,
	      const char *call_id);

/* wrap: see frame.h */
int send_make_framed(struct packet_to_send *packet, const char *path, const char *form,
		     const char *call_id, const char *wrap);

/* Builds a packet and runs it `times` times. Returns 0 or -errno. */
int send_times(struct harness *harness, const char *path, const char *form, const char *call_id,
	       int times);

/* A ringing call through the proxy to `gateway`: tags a and b, INVITE 13 via c1 and p1. */
int send_ringing(struct harness *harness, const char *call_id);
int send_answered(struct harness *harness, const char *call_id); /* the 2xx to it */

#endif
