/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * HEP version 3, the encapsulation that Homer collects: a header, then chunks of vendor, type and
 * length (sipcapture/HEP). Pure: a record in, bytes out.
 */
#ifndef CG_HEP_HEP_H
#define CG_HEP_HEP_H

#include <linux/types.h>
#include <stddef.h>

#define CG_HEP_LOG 100 /* protocol type: a log line, text or JSON */
#define CG_HEP_MAX 4096 /* bytes of a record of ours */

struct cg_hep {
	__u8 source[16], destination[16]; /* network order, IPv4 as ::ffff:a.b.c.d */
	__u16 source_port, destination_port; /* host order, of UDP */
	__s64 at; /* microseconds since 1970 */
	__u8 type; /* CG_HEP_... */
	__u32 agent; /* who captured it */
	const char *correlation; /* the call it belongs to; "": none */
	const char *payload;
};

/* The record's length, or -EMSGSIZE: it is longer than size, or than a length can say. */
int cg_hep_encode(const struct cg_hep *hep, void *out, size_t size);

#endif
