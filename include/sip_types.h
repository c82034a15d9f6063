/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The data of the SIP parser: struct sip_msg is its result, struct sip_parser its state. The
 * contract is in sip_parser.h.
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

#define SIP_MAX 4096 /* bytes of a datagram that are parsed; a power of two */
#define SIP_SLACK 64 /* bytes behind them that may be read */

/* sip_msg.flags */
#define SIP_HAS_CALL_ID 0x01
#define SIP_HAS_FROM 0x02
#define SIP_HAS_TO 0x04
#define SIP_HAS_CSEQ 0x08
#define SIP_HAS_VIA 0x10
#define SIP_HAS_ALL 0x1f
#define SIP_HEADERS_END 0x20 /* the empty line was found */
#define SIP_AMBIGUOUS 0x40 /* two peers would read the headers in different ways */
#define SIP_BAD_CSEQ 0x80 /* msg.cseq is void */
#define SIP_LAX_MATCH 0x100 /* BYE only: some peers would not find the dialog of these ids */
#define SIP_REPEATED 0x200 /* two different values of Call-ID, From, To, CSeq or a branch */
#define SIP_AMBIGUOUS_ID 0x400 /* a Call-ID or From tag such as `a b`, "a" or %61 */

#define SIP_AMBIGUOUS_SENDER 0x800 /* ambiguous in what only the sender writes */
#define SIP_REPLACES 0x1000 /* it has a Replaces (RFC 3891) or Join (RFC 3911) */

enum sip_header {
	SIP_H_OTHER,
	SIP_H_VIA,
	SIP_H_VIA2, /* the second line of Via */
	SIP_H_FROM,
	SIP_H_TO,
	SIP_H_CALL_ID,
	SIP_H_CSEQ,
	SIP_H_CONTACT,
	SIP_HEADERS, /* of those above the first value is kept, of those below the lines */
	SIP_H_ROUTE = SIP_HEADERS,
	SIP_H_RECORD_ROUTE
};

/* A part of sip_parser.buf. */
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

#define SIP_LIST_LINES 8 /* of Via, Route, Record-Route: more are counted, and not read */

enum sip_list { SIP_VIA_LINES, SIP_ROUTE_LINES, SIP_RECORD_ROUTE_LINES, SIP_LISTS = 4 };

/* The lines of a header that may stand more than once, behind their colons. */
struct sip_lines {
	__u32 n;
	struct sip_slice line[SIP_LIST_LINES + 1]; /* the last one takes what is not read */
};

struct sip_via {
	struct sip_slice host; /* sent-by without its port */
	struct sip_slice branch;
	struct sip_slice received; /* the first */
	__u8 n_received;
	__u8 has_branch;
	__u8 pad[2];
};

struct sip_uri {
	__u64 user_hash; /* 0: no user */
	__u64 name_hash; /* of all but host and port; 0: no user, or it never matches */
	__u64 host_hash;
	__u64 params_sum; /* of the hashes of the parameters */
	struct sip_slice host;
	__u16 port; /* 5060 where none is written */
	__u8 params; /* their number */
	__u8 plain; /* nothing but a host, a port and `lr` */
};

#define SIP_IP_TEXT_MAX 48

struct sip_ip {
	__u8 addr[16]; /* the result */
	/* state of sip_ip_parse() */
	__u16 group[8];
	__u32 hex, decimal, quad;
	__u8 groups, gap; /* gap: groups in front of "::", plus one; 0: there is none */
	__u8 digits, dots, colons, error;
	__u8 pad[2];
};

/* State of a hash: sip_hash.h. */
struct sip_hash {
	__u64 v0, v1, v2, v3;
	__u64 letter_case; /* bit n: byte n of the first 64 is an upper-case letter */
	__u32 pos;
	__u32 len;
	__u32 fold; /* hash ASCII letters as lower case */
	__u32 pad;
};

struct sip_parser {
	struct sip_msg msg;
	struct sip_slice values[SIP_HEADERS]; /* first header of each kind, from its colon on */
	struct sip_lines lines[SIP_LISTS]; /* by enum sip_list; the last is nobody's */
	struct sip_via via; /* of sip_via_next() */
	struct sip_ip ip; /* of sip_ip_parse() */
	struct sip_uri uri; /* of uri_hash() */
	__u64 hash_key[2]; /* of all hashes: a copy of map `secret`, whose owner sets it */
	struct sip_hash hash; /* of a text that is longer than a few words */
	__u64 bits; /* control bytes not handled yet, among the 64 bytes before `next` */
	__u32 len;
	__u32 next; /* start of the next 64 bytes */
	__u32 line; /* start of the current line */
	__u8 seen; /* bitmask of enum sip_header: present */
	__u8 seen_twice; /* bitmask of enum sip_header: present more than once */
	__u8 started; /* the start line was read */
	__u8 failed; /* it was not SIP */
	__u8 vias; /* Via values seen: 0, 1 or 2 */
	__u8 complete; /* argument of sip_parse() */
	/*
	 * Loop state is kept here, in map memory, whose content the verifier treats as unknown. For
	 * state on the stack, newer verifiers explore every value, and the 6.1 verifier runs the
	 * callback once, assumes its first value, and prunes the other branches.
	 */
	__u32 via_idx, via_pos; /* the Via value that comes next */
	__u32 at; /* current position within a header's value */
	__u8 quoted; /* `at` is within a quoted string */
	__u8 found; /* the parameter was found */
	__u8 conflict; /* it was found again, with another value */
	__u8 ambiguous; /* peers read a part of this header in several ways */
	__u8 folded; /* the start line may be folded, or contain a bare CR */
	__u8 ampersand; /* there may be an '&' in the headers */
	__u8 quoted_tag_risk; /* a `;tag=` may come before the one that counts */
	__u8 second_pass; /* the lines are walked again, for repeated headers */
	__u32 start; /* start of the header's value; for its parameters: end of the value */
	__u64 number; /* result of sip_number(), and of hash_text() in bpf/ */
	__u8 buf[SIP_MAX + SIP_SLACK];
};

/* Hides the value from the compiler. */
#define sip_barrier(var) asm volatile("" : "+r"(var))

#ifdef __bpf__
#define sip_loop(n, step, ctx) bpf_loop(n, step, ctx, 0)
/* `at` is a void pointer: from a char array clang would load eight single bytes. */
#define SIP_LOAD64(at) (*(const __u64 *)(at))
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
