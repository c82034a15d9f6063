/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The bench's packets: as long as asked for, and with places for a number. */
#ifndef BENCH_PACKET_H
#define BENCH_PACKET_H

#include "frame.h"

/* Its first 8 bytes are the number. */
#define BENCH_CALL_ID "ffffffff-93f0-4c1b-8d5e@caller.example"
#define BENCH_NUMBER 0xffffffff
#define BENCH_RISING "00000000" /* a CSeq in whose place numbers rise */

struct bench_packet {
	struct frame frame;
	int in;
	size_t call_id_at; /* in the frame; 0: it has none */
	size_t cseq_at; /* of BENCH_RISING; 0: its CSeq is another */
};

/*
 * path, form, wrap as in case.h and frame.h; bytes: of the payload, 0: as it is. A message is made
 * longer by header lines such as phones and proxies send, before all others. 0 or -errno.
 */
int bench_packet_make(struct bench_packet *packet, const char *path, const char *form,
		      const char *wrap, size_t bytes);

#endif
