/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * From the packets of a capture to what the rules read: UDP packets and fragments as they are, and
 * the messages that have no packet of their own, out of TCP streams and HEPv3 records. HEP is known
 * by its first bytes, on any port.
 */
#ifndef CG_CAPTURE_READER_H
#define CG_CAPTURE_READER_H

#include "cseqguard.h"
#include "capture/capture_file.h"
#include "capture/decap.h"
#include "capture/tcp_stream.h"

/* A message without a packet of its own. Valid during the call that hands it out. */
struct cg_reader_message {
	struct cg_flow flow;
	__u64 at; /* ns since 1970, as a HEP record says; 0: at this packet */
	bool by_hep;
	bool unread; /* its transport is none that the guard reads: a proxy's word alone */
	const __u8 *text;
	size_t len;
};

struct cg_reader_user {
	void (*packet)(void *ctx, const struct cg_ip_packet *packet);
	void (*message)(void *ctx, const struct cg_reader_message *message);
	void *ctx;
};

struct cg_reader_counters {
	__u64 packets;
	__u64 not_ip; /* or not read: an unknown link type, a damaged header */
	__u64 cut; /* SIP packets that the capture's snap length has cut: not judged */
	__u64 tcp; /* SIP messages in TCP */
	__u64 hep; /* records with a SIP message */
	__u64 hep_damaged;
	__u64 other_ports; /* SIP messages in UDP that are on none of the ports */
	__u16 other_port; /* one of these */
};

struct cg_reader;

/* config: its ports; it must outlive the reader. NULL: no memory. */
struct cg_reader *cg_reader_new(const struct cg_config *config, const struct cg_reader_user *user);
void cg_reader_free(struct cg_reader *reader);

void cg_reader_handle(struct cg_reader *reader, const struct cg_capture_packet *packet);
void cg_reader_flush(struct cg_reader *reader); /* at the end of the capture */

const struct cg_reader_counters *cg_reader_get_counters(const struct cg_reader *reader);
const struct cg_tcp_counters *cg_reader_get_tcp(const struct cg_reader *reader);

#endif
