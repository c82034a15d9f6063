// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "hep/hep.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include "hep/hep_internal.h"
#include "util/text.h"

struct record {
	__u8 *out;
	size_t size, used;
	bool cut;
};

static void put_bytes(struct record *record, enum hep_chunk chunk, const void *data, size_t len)
{
	const size_t total = HEP_HEADER + len;
	__u8 head[HEP_HEADER] = { 0, 0, chunk >> 8, chunk & 0xff, total >> 8, total & 0xff };

	if (total > UINT16_MAX || record->used + total > record->size) {
		record->cut = true;
		return;
	}
	memcpy(record->out + record->used, head, sizeof(head));
	memcpy(record->out + record->used + sizeof(head), data, len);
	record->used += total;
}

static void put_number(struct record *record, enum hep_chunk chunk, __u32 number, size_t bytes)
{
	__u32 ordered = htonl(number);

	put_bytes(record, chunk, (__u8 *)&ordered + sizeof(ordered) - bytes, bytes);
}

static void put_addresses(struct record *record, const struct cg_hep *hep)
{
	bool four = cg_addr_is_ipv4(hep->source) && cg_addr_is_ipv4(hep->destination);
	size_t skip = four ? 12 : 0;

	put_number(record, HEP_FAMILY, four ? AF_INET : AF_INET6, 1);
	put_number(record, HEP_PROTOCOL, IPPROTO_UDP, 1);
	put_bytes(record, four ? HEP_SOURCE4 : HEP_SOURCE6, hep->source + skip, 16 - skip);
	put_bytes(record, four ? HEP_DESTINATION4 : HEP_DESTINATION6, hep->destination + skip,
		  16 - skip);
	put_number(record, HEP_SOURCE_PORT, hep->source_port, 2);
	put_number(record, HEP_DESTINATION_PORT, hep->destination_port, 2);
}

int cg_hep_encode(const struct cg_hep *hep, void *out, size_t size)
{
	struct record record = { .out = out, .size = size, .used = HEP_HEADER };

	if (size < HEP_HEADER)
		return -EMSGSIZE;
	put_addresses(&record, hep);
	put_number(&record, HEP_SECONDS, hep->at / 1000000, 4);
	put_number(&record, HEP_MICROSECONDS, hep->at % 1000000, 4);
	put_number(&record, HEP_TYPE, hep->type, 1);
	put_number(&record, HEP_AGENT, hep->agent, 4);
	if (*hep->correlation)
		put_bytes(&record, HEP_CORRELATION, hep->correlation, strlen(hep->correlation));
	put_bytes(&record, HEP_PAYLOAD, hep->payload, strlen(hep->payload));
	if (record.cut || record.used > UINT16_MAX)
		return -EMSGSIZE;
	memcpy(out, "HEP3", 4);
	((__u8 *)out)[4] = record.used >> 8;
	((__u8 *)out)[5] = record.used & 0xff;
	return record.used;
}
