// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "hep/hep_read.h"

#include <errno.h>
#include <string.h>

#define HEADER 6 /* "HEP3" and the total length, or the head of a chunk; network order */

enum chunk { /* vendor 0 */
	     PROTOCOL = 0x0002,
	     SOURCE4 = 0x0003,
	     DESTINATION4 = 0x0004,
	     SOURCE6 = 0x0005,
	     DESTINATION6 = 0x0006,
	     SOURCE_PORT = 0x0007,
	     DESTINATION_PORT = 0x0008,
	     SECONDS = 0x0009,
	     MICROSECONDS = 0x000a,
	     TYPE = 0x000b,
	     PAYLOAD = 0x000f,
};

static __u32 read_number(const __u8 *at, size_t bytes)
{
	__u32 number = 0;

	while (bytes--)
		number = number << 8 | *at++;
	return number;
}

static void set_address(__u8 out[16], const __u8 *value, size_t bytes)
{
	if (bytes == 4)
		out[10] = out[11] = 0xff;
	memcpy(out + 16 - bytes, value, bytes);
}

/* Returns the bytes that a chunk of this type has, 0: any number. */
static size_t chunk_size(enum chunk type)
{
	switch (type) {
	case PROTOCOL:
	case TYPE:
		return 1;
	case SOURCE_PORT:
	case DESTINATION_PORT:
		return 2;
	case SOURCE4:
	case DESTINATION4:
	case SECONDS:
	case MICROSECONDS:
		return 4;
	case SOURCE6:
	case DESTINATION6:
		return 16;
	default:
		return 0;
	}
}

static void read_chunk(struct cg_hep_record *r, enum chunk type, const __u8 *value, size_t len)
{
	switch (type) {
	case PROTOCOL:
		r->protocol = *value;
		break;
	case TYPE:
		r->type = *value;
		break;
	case SOURCE4:
	case SOURCE6:
		set_address(r->source, value, len);
		break;
	case DESTINATION4:
	case DESTINATION6:
		set_address(r->destination, value, len);
		break;
	case SOURCE_PORT:
		r->source_port = read_number(value, 2);
		break;
	case DESTINATION_PORT:
		r->destination_port = read_number(value, 2);
		break;
	case SECONDS:
		r->at += read_number(value, 4) * 1000000000ULL;
		break;
	case MICROSECONDS:
		r->at += read_number(value, 4) * 1000ULL;
		break;
	case PAYLOAD:
		r->payload = value;
		r->len = len;
		break;
	}
}

bool cg_hep_is_record(const void *bytes, size_t len)
{
	return len >= HEADER && !memcmp(bytes, "HEP3", 4);
}

int cg_hep_read(const void *bytes, size_t len, struct cg_hep_record *record)
{
	struct cg_hep_record r = {};
	const __u8 *in = bytes;
	size_t total, n;

	if (!cg_hep_is_record(bytes, len))
		return -EINVAL;
	total = read_number(in + 4, 2);
	if (total > len)
		return -EINVAL;
	for (size_t at = HEADER; at < total; at += n) {
		enum chunk type;

		if (total - at < HEADER)
			return -EINVAL;
		type = read_number(in + at + 2, 2);
		n = read_number(in + at + 4, 2);
		if (n < HEADER || n > total - at)
			return -EINVAL;
		if (read_number(in + at, 2)) /* a vendor's own */
			continue;
		if (chunk_size(type) && n - HEADER != chunk_size(type))
			return -EINVAL;
		read_chunk(&r, type, in + at + HEADER, n - HEADER);
	}
	*record = r;
	return 0;
}
