// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "capture/sip_facts.h"

#include <string.h>

#include "sip_parser.h"
#include "util/hash.h"

static struct sip_parser parser;

static __u64 hash_slice_bytes(const struct sip_slice *slice)
{
	__u64 hash;

	if (!slice->len)
		return 0;
	hash = cg_hash_add(CG_HASH_START, parser.buf + slice->off, slice->len);
	return hash ? hash : 1;
}

bool cg_sip_facts_read(const void *text, size_t len, struct cg_sip_facts *facts)
{
	size_t n = len < SIP_MAX ? len : SIP_MAX;

	memcpy(parser.buf, text, n);
	memset(parser.buf + n, 0, SIP_SLACK);
	if (sip_parse(&parser, n, n == len))
		return false;
	sip_parse_routing(&parser);
	*facts = (struct cg_sip_facts){
		.method = parser.msg.method,
		.status = parser.msg.status,
		.cseq = parser.msg.cseq,
		.has_to_tag = parser.msg.to_tag.len != 0,
		.call_id = hash_slice_bytes(&parser.msg.call_id),
		.from_tag = hash_slice_bytes(&parser.msg.from_tag),
		.to_tag = hash_slice_bytes(&parser.msg.to_tag),
		.branch = hash_slice_bytes(&parser.msg.branch),
		.branch2 = hash_slice_bytes(&parser.msg.branch2),
	};
	return true;
}
