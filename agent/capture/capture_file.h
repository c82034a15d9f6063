/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Captures, read by libpcap: pcap and pcapng, of any size. This header does not include the
 * contract: libpcap and linux/bpf.h both define struct bpf_insn.
 */
#ifndef CG_CAPTURE_CAPTURE_FILE_H
#define CG_CAPTURE_CAPTURE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum cg_link { /* what the bytes of a packet begin with */
	       CG_LINK_OTHER, /* not read */
	       CG_LINK_ETHERNET,
	       CG_LINK_SLL, /* Linux' cooked header of `-i any` */
	       CG_LINK_SLL2,
	       CG_LINK_IP,
	       CG_LINK_NULL, /* four bytes of address family: BSD's loopback */
};

struct cg_capture_packet {
	uint64_t at; /* ns since 1970 */
	enum cg_link link;
	const uint8_t *bytes; /* valid until the next packet of this capture */
	size_t len;
	size_t missing; /* bytes that the capture's snap length has cut off */
};

struct cg_capture;

/*
 * Opens a file, "-": standard input. Returns 0, or with the cause in `why` -errno of opening it, or
 * -EBADMSG: it is no capture.
 */
int cg_capture_open(const char *path, struct cg_capture **capture, char *why, size_t size);
void cg_capture_close(struct cg_capture *capture); /* NULL is ignored */

/*
 * Returns 1 and the next packet; 0: no more; -1: the rest cannot be read, for cg_capture_fault().
 */
int cg_capture_next(struct cg_capture *capture, struct cg_capture_packet *packet);

const char *cg_capture_fault(struct cg_capture *capture); /* "" if there is none */
bool cg_capture_link_is_read(const struct cg_capture *capture);
const char *cg_capture_link_name(const struct cg_capture *capture);

uint64_t cg_capture_size(const struct cg_capture *capture); /* bytes; 0: not known */
uint64_t cg_capture_position(const struct cg_capture *capture); /* bytes that were read */

#endif
