// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "replay/doubles.h"

#include <stdlib.h>

#include "util/clock.h"
#include "util/hash.h"

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

bool cg_doubles_note(struct cg_doubles *doubles, __u64 at, bool by_hep, const struct cg_flow *flow,
		     const __u8 *text, size_t len)
{
	__u64 hash = cg_hash_add(CG_HASH_START, flow->source, sizeof(flow->source));
	struct entry *e;

	hash = cg_hash_add(hash, flow->dest, sizeof(flow->dest));
	hash = cg_hash_add(hash, text, len);
	hash = hash ? hash : 1;
	e = &doubles->entries[(hash ^ hash >> 32) & (ENTRIES - 1)];
	if (e->hash != hash || at > e->at + LIFETIME)
		*e = (struct entry){ .hash = hash };
	e->at = at;
	e->seen[by_hep]++;
	return e->seen[by_hep] <= e->seen[!by_hep];
}
