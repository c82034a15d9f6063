/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The contract between the kernel programs and userspace: names of maps, their keys and values, and
 * the events of the two rings. A change of any layout or map name raises CG_LAYOUT. A loader or
 * daemon that finds another number in a pinned `config` refuses to run.
 *
 * Conventions
 *   times      u64 nanoseconds of CLOCK_BOOTTIME; wall clock = time + config.clock_offset[clock]
 *   addresses  16 bytes in network order; IPv4 as ::ffff:a.b.c.d
 *   ports      host order
 *   text       bytes as received, NUL-terminated, cut to the array's size less one. A flag says if
 *              the text was cut, or contains a NUL. It may be invalid UTF-8: escape it for output.
 *   hashes     keyed with config.secret: without meaning outside this instance
 *   ..._if     cg_ifindex_hash8() of an ifindex; 0: unknown
 */
#ifndef CSEQGUARD_H
#define CSEQGUARD_H

#include <linux/bpf.h>
#include <linux/types.h>

#include "reasons.h"

#define CG_LAYOUT 4 /* of every struct in this file */

#define CG_PIN_ROOT "/sys/fs/bpf/cseqguard" /* + "/" + instance + "/" + map name */

#define CG_CALL_ID_MAX 128
#define CG_TAG_MAX 48
#define CG_URI_MAX 64

#define CG_PORTS_MAX 8
#define CG_CLOCKS 8
#define CG_GATEWAYS_MAX 1024
#define CG_FORKS_MAX 16

#define CG_DIALOGS_DEFAULT 131072
#define CG_OVERFLOW_MAX 8192 /* calls that the daemon has not collected yet */
#define CG_PENDING_MAX 65536 /* minimum; see cg_pending_max() */
#define CG_INVITES_MAX 65536
#define CG_EARLY_MAX 65536
#define CG_ADDR_CHANGES_MAX 16384
#define CG_UNEXPECTED_UAS_MAX 1024
#define CG_EVENTS_BYTES (16 << 20)
#define CG_ALERTS_BYTES (4 << 20)
#define CG_ALERTS_POLL_NS 200000000ULL /* interval at which the reader polls `alerts` */
#define CG_ALERTS_PER_SECOND 1000 /* for each CPU; blocked_byes and counters stay exact */
#define CG_REQUESTS_PER_SECOND 250 /* CG_EV_REQUEST, for each CPU; the excess is not counted */

#define CG_BYE_TIMEOUT_NS 32000000000ULL /* 64*T1, RFC 3261 17.1.2.2 Timer F */
#define CG_BYE_FRESH_NS 5000000000ULL /* a BYE is retransmitted every T2 = 4 s (Timer E) */

/* X(NAME, word) */
#define CG_METHOD_LIST(X)                                                                          \
	X(OTHER, OTHER)                                                                            \
	X(INVITE, INVITE)                                                                          \
	X(ACK, ACK)                                                                                \
	X(BYE, BYE)                                                                                \
	X(CANCEL, CANCEL)                                                                          \
	X(PRACK, PRACK)                                                                            \
	X(UPDATE, UPDATE)                                                                          \
	X(INFO, INFO)                                                                              \
	X(OPTIONS, OPTIONS)                                                                        \
	X(REGISTER, REGISTER)                                                                      \
	X(REFER, REFER)                                                                            \
	X(NOTIFY, NOTIFY)                                                                          \
	X(SUBSCRIBE, SUBSCRIBE)                                                                    \
	X(MESSAGE, MESSAGE)                                                                        \
	X(PUBLISH, PUBLISH)

#define CG_METHOD_ENUM(NAME, word) CG_M_##NAME,
enum cg_method { CG_METHOD_LIST(CG_METHOD_ENUM) CG_METHODS };
#undef CG_METHOD_ENUM

enum cg_leg_id { CG_LEG_NONE, CG_LEG_CALLER, CG_LEG_CALLEE };
enum cg_direction { CG_IN, CG_OUT }; /* XDP ingress, tc egress */
enum cg_mode { CG_OBSERVE, CG_ENFORCE };
enum cg_action { CG_PASS, CG_DROP, CG_WOULD_DROP };

/* Policies: 0 is the lax value of each. */
enum cg_policy_equal { CG_EQUAL_PASS, CG_EQUAL_DROP };
enum cg_policy_source { CG_SOURCE_OBSERVE, CG_SOURCE_STRICT };
enum cg_policy_fragments { CG_FRAGMENTS_PASS, CG_FRAGMENTS_STRICT };

/* X(NAME, word): a dialog is in `dialogs` from its 2xx on. Early dialogs are in the map `early`. */
#define CG_STATE_LIST(X)                                                                           \
	X(EARLY, early)                                                                            \
	X(CONFIRMED, confirmed)                                                                    \
	X(ENDING, ending)                                                                          \
	X(ENDED, ended)

#define CG_STATE_ENUM(NAME, word) CG_S_##NAME,
enum cg_state { CG_STATE_LIST(CG_STATE_ENUM) CG_STATES };
#undef CG_STATE_ENUM

/* X(NAME, word): the words of cdr.end_reason */
#define CG_END_LIST(X)                                                                             \
	X(NONE, none) /* open */                                                                   \
	X(BYE, bye) /* the witness' BYE, or its 2xx to the BYE of the other leg */                 \
	X(GONE, gone) /* the witness' 481 */                                                       \
	X(UNSEEN_BYE, unseen_bye) /* the witness' 2xx to a BYE that was not seen: suspect */       \
	X(RELAYED_BYE, relayed_bye) /* a 2xx to a BYE, but not from a witness: suspect */          \
	X(TIMEOUT, timeout) /* max_call: suspect */                                                \
	X(LOST, lost) /* reboot, map removed, or replaced by another dialog: suspect */            \
	X(OPERATOR, operator) /* settled by hand */                                                \
	X(UNGUARDED, unguarded) /* open; the end was not seen, dialogs was full: suspect */

#define CG_END_ENUM(NAME, word) CG_E_##NAME,
enum cg_end { CG_END_LIST(CG_END_ENUM) CG_ENDS };
#undef CG_END_ENUM

/*
 * --- dialogs: hash, preallocated. The kernel inserts, only userspace deletes.
 * --- overflow: hash of the same key and value. Calls that found no room in `dialogs` and are not
 * guarded. Userspace deletes an entry once its row is durable.
 */

struct cg_dialog_key {
	__u64 call; /* of the Call-ID */
	__u64 tags; /* sum of the hashes of both case-folded tags: the same from both legs */
};

struct cg_call { /* texts for the CDR, from the initial INVITE */
	char call_id[CG_CALL_ID_MAX];
	char from_tag[CG_TAG_MAX];
	char from_uri[CG_URI_MAX];
	char to_uri[CG_URI_MAX];
	char request_uri[CG_URI_MAX];
};

struct cg_leg {
	__u32 cseq; /* the counter: highest accepted of this leg's requests, if CG_LEG_CSEQ_VALID */
	__u32 bye_cseq; /* of its last accepted BYE, if CG_LEG_BYE_CSEQ_VALID */
	__u8 addr[16];
};

/* caller_flags, callee_flags */
#define CG_LEG_CSEQ_VALID 0x01 /* cseq is valid */
#define CG_LEG_BYE_CSEQ_VALID 0x02 /* bye_cseq is valid */
#define CG_LEG_GATEWAY 0x04 /* under --gateway */
#define CG_LEG_LOCAL 0x08 /* the guarded host itself, or a party behind it on TCP or TLS */
#define CG_LEG_WITNESS 0x10 /* its word ends the call */
#define CG_LEG_SEEN_AFTER_END 0x20 /* it sent a request, or a 2xx to one, after the end */

/* flags of a dialog */
#define CG_D_SUSPECT 0x0001
#define CG_D_ALIVE_AFTER_END 0x0002
#define CG_D_CALL_ID_CUT 0x0004
#define CG_D_TAG_CUT 0x0008
#define CG_D_URI_CUT 0x0010
#define CG_D_TARGET_KNOWN 0x0020 /* target_in is valid */
#define CG_D_CONFIRMED_END 0x0040 /* cdr.bye_confirmed */
#define CG_D_TARGET_FWD_PENDING 0x0080 /* target_out is a branch: target_in is not forwarded yet */
#define CG_D_BYE_FORWARDED 0x0100 /* bye_branch_out is valid */
#define CG_D_BYE_TO_WITNESS 0x0200 /* ... the host sent it to the other leg's address */
#define CG_D_BYE_ON_TARGET 0x0400 /* ... with the witness' remote target as Request-URI */
#define CG_D_BYE_ANSWERED 0x0800 /* a final response to it came in */
#define CG_D_BYE_UNSEEN 0x1000 /* it went out, but none came in */
#define CG_D_BYE_SAME_TAGS 0x2000 /* its tags have the letter case of the dialog's */
#define CG_D_BYE_CALLEE 0x4000 /* the callee sent it */
#define CG_D_BYE_WOULD_DROP 0x8000 /* observe mode let it pass */

/* Returns 1 to 255, never 0. Distinguishes the few interfaces of a host. */
static inline __u8 cg_ifindex_hash8(__u32 ifindex)
{
	return ifindex % 255 + 1;
}

struct cg_dialog {
	/* Read for a verdict: one cache line. */
	__u64 caller_tag; /* hash of the caller's case-folded tag */
	struct bpf_spin_lock lock; /* for everything below; read with BPF_F_LOCK */
	__u8 state; /* enum cg_state */
	__u8 clock; /* index in config.clock_offset, when the INVITE came */
	__u8 caller_flags;
	__u8 callee_flags;
	struct cg_leg caller;
	struct cg_leg callee;
	/* Read for evidence. */
	__u16 caller_port;
	__u16 callee_port;
	__u16 flags; /* CG_D_... */
	__u16 sip_code; /* of the 2xx; 0: not seen, the ACK opened the dialog: suspect */
	__u8 end_reason; /* enum cg_end */
	__u8 ended_by; /* enum cg_leg_id */
	__u8 caller_if; /* for --strict-interface */
	__u8 callee_if;
	__u32 blocked_byes; /* dropped, or passed by observe mode only */
	__u32 first_blocked_ms; /* milliseconds after `answer`, plus one; 0: none yet */
	__u32 target_in; /* hash of the witness' last Contact, as it came in */
	__u32 target_out; /* ... and as the host forwarded it; 0: unknown */
	__u32 tag_case_hash; /* of the letter case of both tags; 0: unknown */
	__u64 setup; /* arrival of the INVITE; moved by 1 us if a replaced row has the same time */
	__u64 answer; /* arrival of the 2xx, or of the ACK */
	__u64 end; /* 0: open */
	__u64 bye_at; /* arrival of the last copy of the pending BYE */
	__u32 bye_branch_in; /* hash of the branch of the pending BYE as it came in; 0: none */
	__u32 bye_branch_out; /* ... and as the host forwarded it */
	/* Read for the CDR only. */
	struct cg_call call; /* call.from_tag is the caller's tag */
	char to_tag[CG_TAG_MAX]; /* the callee's tag */
};

/* --- invites (LRU) and pending (hash): INVITEs received, and INVITEs forwarded or answered ---- */

/* An entry is kept for about 30 s after the answer, while calls last several minutes. */
static inline __u32 cg_pending_max(__u32 max_dialogs)
{
	return max_dialogs / 4 > CG_PENDING_MAX ? max_dialogs / 4 : CG_PENDING_MAX;
}

struct cg_txn_key {
	__u64 call;
	__u64 from; /* hash of the case-folded From tag */
	__u64 branch; /* invites: the caller's. pending: the host's, or that which it answers. */
};

#define CG_I_LOCAL_CALLER 0x01 /* the host sent it, but none came in */
#define CG_I_CSEQ_VALID 0x02 /* cseq is valid */
#define CG_I_CALL_ID_CUT 0x04
#define CG_I_TAG_CUT 0x08
#define CG_I_URI_CUT 0x10
#define CG_I_LOCAL_UAS 0x20 /* pending, by the caller's branch: the host itself answers */
#define CG_I_FORWARDED 0x40 /* invites: forwarded; the copy is in pending */
#define CG_I_SPIRALED 0x80 /* pending: it came back; the 2xx to the inner INVITE opens the call */
#define CG_I_HAS_TO_TAG 0x100 /* it had a To tag, and no dialog with its tags was known */

struct cg_invite {
	__u64 setup; /* arrival */
	__u64 renewed; /* time when it was put into pending, or of the last 18x; 0 in invites */
	__u64 done; /* time of the final response; 0: none. The daemon deletes it later. */
	__u32 cseq;
	__u32 forks; /* number of dialogs that it opened */
	__u32 target_in; /* hash of the caller's Contact, as it came in; 0: none */
	__u32 target_out; /* ... and as the host forwarded it */
	__u8 caller_addr[16];
	__u8 sent_to[16]; /* pending: the address to which the host sent it */
	__u16 caller_port;
	__u16 sent_port;
	__u16 flags; /* CG_I_... */
	__u8 clock;
	__u8 caller_if;
	__u8 sent_if;
	__u8 pad[7];
	struct cg_call call;
};

/* --- early (LRU): To tags before their 2xx, key struct cg_dialog_key -------------------------- */

struct cg_early {
	__u64 caller_tag;
	__u64 branch; /* of its INVITE in pending or invites; 0: unknown, or the dialog is open */
	__u32 caller_cseq;
	__u32 callee_cseq;
	__u8 caller_flags; /* CG_LEG_CSEQ_VALID */
	__u8 callee_flags;
	__u8 first_seen; /* enum cg_direction; CG_OUT: the host made the tag */
	__u8 caller_if; /* 0: the INVITE is unknown, and nothing raises a counter */
	__u8 callee_if;
	__u8 pad[3];
	__u8 caller_addr[16];
	__u8 callee_addr[16]; /* source of the first message with this To tag */
};

/* --- addr_changes (LRU): new addresses of callers, key struct cg_dialog_key ------------------- */

struct cg_addr_change {
	__u8 addr[16];
	__u16 port;
	__u8 caller_if;
	__u8 pad;
	__u32 cseq; /* of the re-INVITE or UPDATE */
	__u32 branch_in; /* hash of its branch, as in struct cg_dialog */
	__u32 branch_out; /* ... as the host forwarded it; 0: not forwarded yet */
};

/*
 * --- unexpected_uas (LRU), key: 16 bytes of address. Hosts that answered for the right branch, but
 * are not the one to which the host had sent the request: a second host of the caller, or a gateway
 * that is missing in --gateway.
 */

struct cg_unexpected_uas {
	__u64 count; /* approximate */
	__u64 last; /* time */
};

/* --- counters: per-CPU array of one ----------------------------------------------------------- */

#define CG_REASON_FIELD(NAME, word, kind, text) __u64 word;
struct cg_reason_counters {
	CG_REASON_LIST(CG_REASON_FIELD)
};
#undef CG_REASON_FIELD

/* X(word, text): totals next to the counters of reasons */
#define CG_TOTAL_LIST(X)                                                                           \
	X(dropped, "packets")                                                                      \
	X(would_drop, "packets that observe mode let pass")                                        \
	X(would_drop_accepted, "... BYEs that the other leg accepted: a drop would be wrong")      \
	X(would_drop_refused, "... BYEs that the other leg refused")                               \
	X(events_lost, "ring full: the daemon scans all dialogs again")                            \
	X(alerts_lost, "ring full")                                                                \
	X(alerts_limited, "over CG_ALERTS_PER_SECOND")

#define CG_TOTAL_FIELD(word, text) __u64 word;
struct cg_counters {
	struct cg_reason_counters in;
	struct cg_reason_counters out;
	CG_TOTAL_LIST(CG_TOTAL_FIELD)
};
#undef CG_TOTAL_FIELD

/* --- config: array of one; userspace writes, the kernel reads --------------------------------- */

struct cg_config {
	__u32 layout; /* CG_LAYOUT */
	__u32 max_dialogs;
	__u8 mode; /* enum cg_mode */
	__u8 equal; /* enum cg_policy_equal */
	__u8 source;
	__u8 fragments;
	__u8 strict_interface;
	__u8 n_ports;
	__u8 clock; /* current index in clock_offset */
	__u8 has_gateways; /* gateways is not empty */
	__u16 ports[CG_PORTS_MAX];
	__u64 port_bits; /* cg_port_bits() of them, for packet_is_other() */
	__u64 secret[2]; /* drawn when the maps are created, never changed */
	__s64 clock_offset[CG_CLOCKS]; /* CLOCK_REALTIME - CLOCK_BOOTTIME, ns */
};

/* Returns the filter of packet_is_other(): a bit for the low six bits of each port on the wire. */
static inline __u64 cg_port_bits(const __u16 *ports, unsigned int n)
{
	__u64 bits = 0;

	for (unsigned int i = 0; i < n; i++)
		bits |= 1ULL << (__builtin_bswap16(ports[i]) & 63);
	return bits;
}
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "addresses, ports and words of text are read in little-endian order"
#endif

/* --- gateways: LPM trie, value __u32 1 -------------------------------------------------------- */

struct cg_prefix {
	__u32 bits; /* prefix length of 128: an IPv4 /24 is 120 */
	__u8 addr[16];
};

/* --- events and alerts: rings of struct cg_event ---------------------------------------------- */

/* X(NAME, word): all but violation and request go to `events` and name a dialog in a map */
#define CG_EVENT_LIST(X)                                                                           \
	X(START, start) /* a dialog opened; reason dialogs_full: it is in overflow */              \
	X(BYE, bye) /* a BYE passed and is pending */                                              \
	X(RESUME, resume) /* the pending BYE was refused or proved nothing: the call continues */  \
	X(END, end) /* closed on evidence */                                                       \
	X(ALIVE, alive) /* both legs sent messages after the end */                                \
	X(VIOLATION, violation) /* goes to `alerts` */                                             \
	X(REQUEST, request) /* raised its leg's counter; goes to `alerts` if there is room */

#define CG_EVENT_ENUM(NAME, word) CG_EV_##NAME,
enum cg_event_type { CG_EVENT_LIST(CG_EVENT_ENUM) CG_EVENTS };
#undef CG_EVENT_ENUM

struct cg_event {
	__u16 layout; /* CG_LAYOUT */
	__u16 size; /* of the record */
	__u8 type; /* enum cg_event_type */
	__u8 reason; /* enum cg_reason */
	__u8 action; /* enum cg_action; resume, end: would_drop if observe mode let the BYE pass */
	__u8 leg; /* enum cg_leg_id whose tag is in From */
	__u64 at;
	__u64 seq; /* CPU in the top 16 bits, then a count: unique as long as the maps exist */
	struct cg_dialog_key key;
	__u32 cseq; /* of the message, if cseq_valid */
	__u32 expected_cseq; /* the lowest that would have passed; 0: not applicable */
	__u8 source[16];
	__u16 source_port;
	__u16 status; /* of a response, else 0 */
	__u32 ifindex;
	__u8 method; /* enum cg_method; of a response: that of its CSeq */
	__u8 direction; /* enum cg_direction */
	__u8 clock;
	__u8 cseq_valid;
	__u8 pad[4];
	char call_id[CG_CALL_ID_MAX];
	char from_tag[CG_TAG_MAX]; /* of the message, in any direction */
	char to_tag[CG_TAG_MAX];
};

#define CG_SIZE(type, bytes) _Static_assert(sizeof(type) == (bytes), #type)
#define CG_AT(type, field, bytes)                                                                  \
	_Static_assert(__builtin_offsetof(type, field) == (bytes), #type "." #field)
CG_SIZE(struct cg_dialog_key, 16);
CG_SIZE(struct cg_txn_key, 24);
CG_SIZE(struct cg_call, 368);
CG_SIZE(struct cg_leg, 24);
CG_SIZE(struct cg_dialog, 552);
CG_AT(struct cg_dialog, lock, 8);
CG_AT(struct cg_dialog, caller, 16);
CG_AT(struct cg_dialog, caller_port, 64);
CG_AT(struct cg_dialog, call, 136);
CG_SIZE(struct cg_invite, 456);
CG_SIZE(struct cg_early, 64);
CG_SIZE(struct cg_addr_change, 32);
CG_SIZE(struct cg_config, 120);
CG_SIZE(struct cg_prefix, 20);
CG_SIZE(struct cg_event, 304);

#endif
