// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "hep/hep_read.h"

#include <errno.h>
#include <string.h>

#include "hep/hep_internal.h"

static __u32 read_number(const __u8 *at, size_t bytes)
{
	__u32 number = 0;

	while (bytes--)
		number = number << 8 | *at++;
	return number;
}

static void set_address(__u8 out[16], const __u8 *value, size_t bytes)
{
	memset(out, 0, 16);
	if (bytes == 4)
		out[10] = out[11] = 0xff;
	memcpy(out + 16 - bytes, value, bytes);
}

/* Returns the bytes that a chunk of this type has, 0: any number. */
static size_t chunk_size(enum hep_chunk type)
{
	switch (type) {
	case HEP_PROTOCOL:
	case HEP_TYPE:
		return 1;
	case HEP_SOURCE_PORT:
	case HEP_DESTINATION_PORT:
		return 2;
	case HEP_SOURCE4:
	case HEP_DESTINATION4:
	case HEP_SECONDS:
	case HEP_MICROSECONDS:
		return 4;
	case HEP_SOURCE6:
	case HEP_DESTINATION6:
		return 16;
	default:
		return 0;
	}
}

static void read_chunk(struct cg_hep_record *r, enum hep_chunk type, const __u8 *value, size_t len)
{
	switch (type) {
	case HEP_PROTOCOL:
		r->protocol = *value;
		break;
	case HEP_TYPE:
		r->type = *value;
		break;
	case HEP_SOURCE4:
	case HEP_SOURCE6:
		set_address(r->source, value, len);
		break;
	case HEP_DESTINATION4:
	case HEP_DESTINATION6:
		set_address(r->destination, value, len);
		break;
	case HEP_SOURCE_PORT:
		r->source_port = read_number(value, 2);
		break;
	case HEP_DESTINATION_PORT:
		r->destination_port = read_number(value, 2);
		break;
	case HEP_SECONDS:
		r->at += read_number(value, 4) * 1000000000ULL;
		break;
	case HEP_MICROSECONDS:
		r->at += read_number(value, 4) * 1000ULL;
		break;
	case HEP_KEY:
		r->key = value;
		r->key_len = len;
		break;
	case HEP_PAYLOAD:
		r->payload = value;
		r->len = len;
		break;
	default:
		break;
	}
}

bool cg_hep_is_record(const void *bytes, size_t len)
{
	return len >= CG_HEP_HEADER && !memcmp(bytes, CG_HEP_MAGIC, 4);
}

size_t cg_hep_record_length(const void *bytes)
{
	size_t len = read_number((const __u8 *)bytes + 4, 2);

	return len < CG_HEP_HEADER ? 0 : len;
}

int cg_hep_read(const void *bytes, size_t len, struct cg_hep_record *record)
{
	struct cg_hep_record r = {};
	const __u8 *in = bytes;
	size_t total, n;

	if (!cg_hep_is_record(bytes, len))
		return -EINVAL;
	total = cg_hep_record_length(bytes);
	if (!total || total > len)
		return -EINVAL;
	for (size_t at = HEP_HEADER; at < total; at += n) {
		enum hep_chunk type;

		if (total - at < HEP_HEADER)
			return -EINVAL;
		type = read_number(in + at + 2, 2);
		n = read_number(in + at + 4, 2);
		if (n < HEP_HEADER || n > total - at)
			return -EINVAL;
		if (read_number(in + at, 2)) /* a vendor's own */
			continue;
		if (chunk_size(type) && n - HEP_HEADER != chunk_size(type))
			return -EINVAL;
		read_chunk(&r, type, in + at + HEP_HEADER, n - HEP_HEADER);
	}
	*record = r;
	return 0;
}
