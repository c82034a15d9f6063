/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * SIP messages out of a stream of bytes: cut by Content-Length (RFC 3261 18.3). A stream that begins
 * within a message, or has lost bytes, continues at the next start line.
 */
#ifndef CG_CAPTURE_SIP_FRAME_H
#define CG_CAPTURE_SIP_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CG_SIP_MESSAGE_MAX 65000 /* bytes; longer messages are lost */

/* Gets each message, whole. Its bytes are valid during the call. */
typedef void (*cg_sip_message)(void *ctx, const uint8_t *text, size_t len);

struct cg_sip_frame { /* zeros: an empty one */
	uint8_t *bytes; /* those of [at, len) belong to no message yet */
	size_t at, len, room;
	bool is_synced; /* a message begins or continues at `at` */
};

void cg_sip_frame_clear(struct cg_sip_frame *frame); /* frees what it holds */

/*
 * Appends bytes, and hands out each message that they complete. Returns false if bytes were lost:
 * no memory, or a message that is too long.
 */
bool cg_sip_frame_append(struct cg_sip_frame *frame, const uint8_t *bytes, size_t len,
			 cg_sip_message handle, void *ctx);

/* True if these bytes begin with a complete start line. */
bool cg_sip_begins(const uint8_t *bytes, size_t len);

/* Bytes are missing from here on. */
void cg_sip_frame_lose(struct cg_sip_frame *frame);

#endif
