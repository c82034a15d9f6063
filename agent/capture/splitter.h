/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Splits a stream of bytes into messages. Those of SIP end by Content-Length (RFC 3261 18.3), the
 * records of HEPv3 by their length. A stream that begins within a message, or has lost bytes,
 * continues at the next start line, or record.
 *
 * A capture shows what was sent, and has to be read as far as it goes. So each form is taken that
 * some peer takes: lines that end in LF, blanks before the colon of Content-Length, and its first
 * value. include/sip_frame.h, by which the guard judges, takes the one form that all peers read
 * alike.
 */
#ifndef CG_CAPTURE_SPLITTER_H
#define CG_CAPTURE_SPLITTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CG_SIP_MESSAGE_MAX 65000 /* bytes; longer messages are lost */

/* Gets each message, whole. Its bytes are valid during the call. */
typedef void (*cg_splitter_handler)(void *ctx, const uint8_t *text, size_t len);

struct cg_splitter { /* zeros: an empty one */
	uint8_t *bytes; /* those of [at, len) belong to no message yet */
	size_t at, len, room;
	bool is_synced; /* a message begins or continues at `at` */
	bool is_hep; /* a record was found: there is no SIP message outside of one */
};

void cg_splitter_clear(struct cg_splitter *splitter); /* frees what it holds */

/*
 * Appends bytes, and hands out each message that they complete. Returns false if bytes were lost:
 * no memory, or a message that is too long.
 */
bool cg_splitter_append(struct cg_splitter *splitter, const uint8_t *bytes, size_t len,
			cg_splitter_handler handle, void *ctx);

/* True if these bytes begin with a complete start line. */
bool cg_sip_begins(const uint8_t *bytes, size_t len);

/* Bytes are missing from here on. */
void cg_splitter_lose(struct cg_splitter *splitter);

#endif
