/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * SIP messages, and records of HEPv3, out of captured TCP segments. A stream is one direction of a
 * connection. Its bytes are put in order, and split into messages (splitter.h). Bytes that were put
 * in order are not replaced.
 *
 * A capture may lack segments, or begin within a stream. Such a gap is counted: the stream
 * continues at the next start line. A gap is certain once the receiver has acknowledged the missing
 * bytes. Until then the stream waits for them, and keeps the segments behind the gap. Memory is
 * bounded for each stream and for all of them: the stream that is idle for the longest time is
 * forgotten.
 */
#ifndef CG_CAPTURE_TCP_STREAM_H
#define CG_CAPTURE_TCP_STREAM_H

#include "capture/decap.h"

#define CG_TCP_AHEAD_MAX 262144 /* memory of what is behind a hole */
#define CG_TCP_STREAMS_MAX 4096
#define CG_TCP_BYTES_MAX (64 << 20) /* of all streams */

struct cg_tcp_counters {
	uint64_t messages; /* and records */
	uint64_t gaps; /* bytes that the capture lacks, once for each place */
	uint64_t forgotten; /* streams, for want of room */
};

/* Gets each message, whole. Its bytes are valid during the call. */
typedef void (*cg_tcp_message)(void *ctx, const struct cg_flow *flow, const uint8_t *text,
			       size_t len);

struct cg_tcp;

struct cg_tcp *cg_tcp_new(cg_tcp_message handle, void *ctx); /* NULL: no memory */
void cg_tcp_free(struct cg_tcp *tcp);

/* Handles a packet of protocol TCP that is no fragment. */
void cg_tcp_handle(struct cg_tcp *tcp, const struct cg_ip_packet *packet);

/* Returns the data of such a packet and its length; NULL: its header is not whole. */
const uint8_t *cg_tcp_data(const struct cg_ip_packet *packet, size_t *len);

/* True if bytes of the connection were handled, of either direction. */
bool cg_tcp_knows(const struct cg_tcp *tcp, const struct cg_flow *flow);

/* At the end of the capture: hands out what waits behind holes. */
void cg_tcp_flush(struct cg_tcp *tcp);

const struct cg_tcp_counters *cg_tcp_get_counters(const struct cg_tcp *tcp);

#endif
