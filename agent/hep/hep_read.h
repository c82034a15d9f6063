/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Decodes HEP version 3, as proxies mirror their SIP messages. No I/O. */
#ifndef CG_HEP_HEP_READ_H
#define CG_HEP_HEP_READ_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#define CG_HEP_MAGIC "HEP3"
#define CG_HEP_HEADER 6 /* bytes: magic and length */
#define CG_HEP_SIP 1 /* protocol type of a SIP message */

struct cg_hep_record {
	__u8 source[16], destination[16]; /* network order, IPv4 as ::ffff:a.b.c.d; 0: not given */
	__u16 source_port, destination_port;
	__u64 at; /* ns since 1970; 0: not given */
	__u8 protocol; /* IPPROTO_... */
	__u8 type; /* CG_HEP_SIP; 0: not given */
	const __u8 *payload; /* a part of the record; NULL: none */
	size_t len;
	const __u8 *key; /* as payload: what the sender has to know (auth key) */
	size_t key_len;
};

/* True if this may be a record: it begins as one. */
bool cg_hep_is_record(const void *bytes, size_t len);

/* Returns the bytes of such a record, with its header; 0: it is damaged. */
size_t cg_hep_record_length(const void *bytes);

/* Returns 0, or -EINVAL with *record untouched: not HEP version 3, or damaged. */
int cg_hep_read(const void *bytes, size_t len, struct cg_hep_record *record);

#endif
