/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Encodes HEP version 3, the encapsulation that Homer collects (sipcapture/HEP): a header, then
 * chunks of vendor, type and length. No I/O.
 */
#ifndef CG_HEP_HEP_H
#define CG_HEP_HEP_H

#include <linux/types.h>
#include <stddef.h>

#define CG_HEP_LOG 100 /* protocol type of a log line, text or JSON */
#define CG_HEP_MAX 4096 /* bytes of an encoded record */

struct cg_hep {
	__u8 source[16], destination[16]; /* network order, IPv4 as ::ffff:a.b.c.d */
	__u16 source_port, destination_port; /* host order, of UDP */
	__s64 at; /* microseconds since 1970 */
	__u8 type; /* CG_HEP_... */
	__u32 agent; /* capture ID */
	const char *correlation; /* Call-ID; "": none */
	const char *payload;
};

/* Returns the length of the record, or -EMSGSIZE if it exceeds `size` or 65535 bytes. */
int cg_hep_encode(const struct cg_hep *hep, void *out, size_t size);

#endif
