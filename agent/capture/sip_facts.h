/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The fields of a SIP message by which the replay decides before the rules judge it. */
#ifndef CG_CAPTURE_SIP_FACTS_H
#define CG_CAPTURE_SIP_FACTS_H

#include <stdbool.h>
#include <stddef.h>

#include "cseqguard.h"

struct cg_sip_facts { /* hashes of the bytes as received, 0: absent */
	__u8 method; /* enum cg_method; of a response that of its CSeq */
	__u16 status; /* 0: a request */
	__u32 cseq;
	bool has_to_tag;
	__u64 call_id, from_tag, to_tag;
	__u64 branch, branch2; /* of the top Via, and of the one below it */
};

/* Returns false if it is no SIP message. Call it from one thread. */
bool cg_sip_facts_read(const void *text, size_t len, struct cg_sip_facts *facts);

#endif
