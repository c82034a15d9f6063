// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "util/host_name.h"

#include <string.h>

#include "sip_hash.h"

__u64 cg_host_name_hash(const struct cg_secret *secret, const char *name)
{
	static _Thread_local struct sip_parser parser;
	size_t len = strnlen(name, SIP_MAX);

	memset(parser.buf, 0, sizeof(parser.buf));
	memcpy(parser.buf, name, len);
	memcpy(parser.hash_key, secret->hash_key, sizeof(parser.hash_key));
	return hash_folded(&parser, 0, len);
}
