// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "replay/doubles.h"

#include <stdlib.h>

#include "util/clock.h"

#define ENTRIES 65536 /* a power of two; another message with the same slot replaces the entry */
#define LIFETIME (64 * CG_SECOND)

struct entry {
	__u64 hash; /* of addresses and text; 0: free */
	__u64 at; /* of the last one */
	__u32 seen[2]; /* as packets, by HEP */
};

struct cg_doubles {
	struct entry entries[ENTRIES];
};

struct cg_doubles *cg_doubles_new(void)
{
	return calloc(1, sizeof(struct cg_doubles));
}

void cg_doubles_free(struct cg_doubles *doubles)
{
	free(doubles);
}

static __u64 hash_bytes(__u64 hash, const void *bytes, size_t len)
{
	const __u8 *b = bytes;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ b[i]) * 1099511628211ULL;
	return hash;
}

bool cg_doubles_note(struct cg_doubles *doubles, __u64 at, bool by_hep, const struct cg_flow *flow,
		     const __u8 *text, size_t len)
{
	__u64 hash = hash_bytes(14695981039346656037ULL, flow->source, sizeof(flow->source));
	struct entry *e;

	hash = hash_bytes(hash, flow->dest, sizeof(flow->dest));
	hash = hash_bytes(hash, text, len);
	hash = hash ? hash : 1;
	e = &doubles->entries[(hash ^ hash >> 32) & (ENTRIES - 1)];
	if (e->hash != hash || at > e->at + LIFETIME)
		*e = (struct entry){ .hash = hash };
	e->at = at;
	e->seen[by_hep]++;
	return e->seen[by_hep] <= e->seen[!by_hep];
}
