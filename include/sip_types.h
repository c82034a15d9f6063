/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The data of the SIP parser: struct sip_msg is its result, struct sip_parser its state. The contract
 * is in sip_parser.h.
 */
#ifndef SIP_TYPES_H
#define SIP_TYPES_H

#ifdef __bpf__
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>
#endif
#include <linux/types.h>

#include "bpf_attr.h"
#include "cseqguard.h"

#define SIP_MAX 4096 /* bytes of a datagram that are looked at; a power of two */
#define SIP_SLACK 64

#define SIP_HAS_CALL_ID 0x01
#define SIP_HAS_FROM 0x02
#define SIP_HAS_TO 0x04
#define SIP_HAS_CSEQ 0x08
#define SIP_HAS_VIA 0x10
#define SIP_HAS_ALL 0x1f
#define SIP_HEADERS_END 0x20 /* the empty line was found */
#define SIP_AMBIGUOUS 0x40
#define SIP_BAD_CSEQ 0x80
#define SIP_LAX_MATCH 0x100 /* of a BYE: some peers find no dialog in it */
#define SIP_REPEATED 0x200 /* a Call-ID, From, To, CSeq or branch twice, with two values */
#define SIP_AMBIGUOUS_ID                                                                           \
	0x400 /* Call-ID or From tag are ambiguous by themselves: `a b`, "a", %61 */

enum sip_header {
	SIP_H_OTHER,
	SIP_H_VIA,
	SIP_H_VIA2, /* the second line of Via */
	SIP_H_FROM,
	SIP_H_TO,
	SIP_H_CALL_ID,
	SIP_H_CSEQ,
	SIP_H_CONTACT,
	SIP_HEADERS
};

struct sip_slice {
	__u16 off;
	__u16 len;
};

struct sip_msg {
	__u16 status; /* of a response, 100 to 699; 0: a request */
	__u8 method; /* enum cg_method; of a response: its CSeq's */
	__u8 cseq_method;
	__u32 cseq;
	__u32 flags; /* SIP_... */
	struct sip_slice request_uri;
	struct sip_slice call_id;
	struct sip_slice from_uri;
	struct sip_slice from_tag;
	struct sip_slice to_uri;
	struct sip_slice to_tag;
	struct sip_slice contact; /* URI of the first Contact */
	struct sip_slice branch; /* of the top Via */
	struct sip_slice branch2; /* of the one below it */
};

struct sip_parser {
	struct sip_msg msg;
	struct sip_slice
		values[SIP_HEADERS]; /* of the first header of each kind, behind its colon */
	__u64 bits; /* control bytes that are still ahead, of the 64 bytes before `next` */
	__u32 len;
	__u32 next; /* where the next 64 bytes begin */
	__u32 line; /* where the current line began */
	__u8 seen; /* a bit for each enum sip_header that was there */
	__u8 seen_twice; /* ... more than once */
	__u8 started; /* the start line is behind us */
	__u8 failed;
	__u8 vias; /* Via values seen: 0, 1 or 2 */
	__u8 complete;
	/*
	 * What a loop carries from step to step lies here: of memory the verifier assumes nothing.
	 * Of what lies on the stack a young one walks every value; 6.1's walks a step once, believes
	 * the first value to be the only one, and removes the branches that others would take.
	 */
	__u32 at; /* in parameters, or before an address */
	__u8 quoted; /* within a quoted string */
	__u8 found; /* the parameter looked for */
	__u8 conflict; /* ... under two values */
	__u8 ambiguous; /* ... or another part of the header that peers read in several ways */
	__u8 folded; /* the start line may be */
	__u8 ampersand; /* there may be one somewhere */
	__u8 quoted_tag_risk; /* of an address: a ';' may stand before the tag's */
	__u8 second_pass; /* the lines are walked once more */
	__u32 start; /* where the header's value begins; behind an address: its end */
	__u64 number;
	__u8 buf[SIP_MAX + SIP_SLACK];
};

#define sip_barrier(var) asm volatile("" : "+r"(var))

#ifdef __bpf__
#define sip_loop(n, step, ctx) bpf_loop(n, step, ctx, 0)
#define SIP_LOAD64(at) (*(const __u64 *)(at)) /* of a char array clang would load eight bytes */
#else
#define SIP_LOAD64(at)                                                                             \
	({                                                                                         \
		__u64 sip_word_;                                                                   \
		__builtin_memcpy(&sip_word_, at, sizeof(sip_word_));                               \
		sip_word_;                                                                         \
	})
static inline void sip_loop(__u32 n, long (*step)(__u32, void *), void *ctx)
{
	for (__u32 i = 0; i < n && !step(i, ctx); i++)
		;
}
#endif

#endif
