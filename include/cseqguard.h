/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The contract between the kernel programs and everything in userspace: names of maps, their keys
 * and values, and the events of the two rings. A change of any layout here raises CG_LAYOUT; a
 * loader or daemon that meets another number in a pinned `config` stops with a clear word.
 *
 * Conventions
 *   times      u64 nanoseconds of CLOCK_BOOTTIME; wall clock = time + config.clock_offset[clock]
 *   addresses  16 bytes in network order; IPv4 as ::ffff:a.b.c.d
 *   ports      host order
 *   text       bytes as they came on the wire, NUL-ended, cut to the array's size less one; a cut
 *              (or a NUL within) is flagged. Not necessarily UTF-8: escape before printing.
 *   hashes     keyed with config.secret: they mean nothing outside this instance
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
#define CG_OVERFLOW_MAX 8192 /* calls, until the daemon has taken them */
#define CG_PENDING_MAX 65536 /* at least: a quarter of the dialogs, where that is more */
#define CG_INVITES_MAX 65536
#define CG_EARLY_MAX 65536
#define CG_ADDR_CHANGES_MAX 16384
#define CG_UNEXPECTED_UAS_MAX 1024
#define CG_EVENTS_BYTES (16 << 20)
#define CG_ALERTS_BYTES (4 << 20)
#define CG_ALERTS_POLL_NS                                                                          \
	200000000ULL /* who reads the ring looks so often: records seldom wake it */
#define CG_ALERTS_PER_SECOND 1000 /* and CPU; blocked_byes and counters stay exact */
#define CG_REQUESTS_PER_SECOND                                                                     \
	250 /* and CPU; for a call's ladder alone: what is over is not told */

#define CG_BYE_TIMEOUT_NS 32000000000ULL /* 64*T1, RFC 3261 17.1.2.2 Timer F */
#define CG_BYE_FRESH_NS 5000000000ULL /* a client sends its BYE again every T2 = 4 s: Timer E */

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
enum cg_direction { CG_IN, CG_OUT }; /* XDP sees what comes in, tc egress what goes out */
enum cg_mode { CG_OBSERVE, CG_ENFORCE };
enum cg_action { CG_PASS, CG_DROP, CG_WOULD_DROP };

/* Policies: 0 is the lax side of each. */
enum cg_policy_equal { CG_EQUAL_PASS, CG_EQUAL_DROP };
enum cg_policy_source { CG_SOURCE_OBSERVE, CG_SOURCE_STRICT };
enum cg_policy_fragments { CG_FRAGMENTS_PASS, CG_FRAGMENTS_STRICT };

/* X(NAME, word): a dialog is in the map from its 2xx on, so `early` is the map of that name. */
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
	X(BYE, bye) /* the witness' BYE, or its 2xx to the other leg's */                          \
	X(GONE, gone) /* the witness' 481: it knows no such call any more */                       \
	X(UNSEEN_BYE, unseen_bye) /* the witness' 2xx to a BYE that was not seen: suspect */       \
	X(RELAYED_BYE, relayed_bye) /* a BYE from TCP or TLS, answered by no witness: suspect */   \
	X(TIMEOUT, timeout) /* max_call: suspect */                                                \
	X(LOST, lost) /* reboot, the map went away, or another answer took its place: suspect */   \
	X(OPERATOR, operator) /* settled by hand */                                                \
	X(UNGUARDED, unguarded) /* open; no room in dialogs, nobody saw its end: suspect */

#define CG_END_ENUM(NAME, word) CG_E_##NAME,
enum cg_end { CG_END_LIST(CG_END_ENUM) CG_ENDS };
#undef CG_END_ENUM

/* --- dialogs: hash, preallocated; the kernel inserts, only userspace deletes ------------------ */

/*
 * --- overflow: hash of the same key and value: calls that found no room in `dialogs`. Nothing in
 * here is guarded; userspace takes each out once its row is durable.
 */

struct cg_dialog_key {
	__u64 call; /* of the Call-ID */
	__u64 tags; /* sum of the two folded tags': the same from both sides */
};

struct cg_call { /* what a CDR says of a call, from its initial INVITE */
	char call_id[CG_CALL_ID_MAX];
	char from_tag[CG_TAG_MAX];
	char from_uri[CG_URI_MAX];
	char to_uri[CG_URI_MAX];
	char request_uri[CG_URI_MAX];
};

struct cg_leg {
	__u32 cseq; /* highest accepted of this leg's own requests, if CG_LEG_CSEQ_VALID */
	__u32 bye_cseq; /* of its last accepted BYE, if CG_LEG_BYE_CSEQ_VALID */
	__u8 addr[16];
};

/* caller_flags, callee_flags */
#define CG_LEG_CSEQ_VALID 0x01 /* cseq is valid */
#define CG_LEG_BYE_CSEQ_VALID 0x02 /* bye_cseq is valid */
#define CG_LEG_GATEWAY 0x04 /* under --gateway */
#define CG_LEG_LOCAL 0x08 /* the guarded host itself; also one behind TCP or TLS */
#define CG_LEG_WITNESS 0x10 /* its word closes the call */
#define CG_LEG_SEEN_AFTER_END 0x20 /* it has spoken since the end */

/* flags of a dialog */
#define CG_D_SUSPECT 0x0001
#define CG_D_ALIVE_AFTER_END 0x0002
#define CG_D_CALL_ID_CUT 0x0004
#define CG_D_TAG_CUT 0x0008
#define CG_D_URI_CUT 0x0010
#define CG_D_TARGET_KNOWN 0x0020 /* target_in is valid */
#define CG_D_CONFIRMED_END 0x0040 /* cdr.bye_confirmed */
#define CG_D_TARGET_FWD_PENDING 0x0080 /* target_out is the branch that target_in goes out under */
#define CG_D_BYE_FORWARDED 0x0100 /* bye_branch_out is valid */
#define CG_D_BYE_TO_WITNESS 0x0200 /* ... it went to the witness' address */
#define CG_D_BYE_ON_TARGET 0x0400 /* ... with the witness' remote target as Request-URI */
#define CG_D_BYE_ANSWERED 0x0800 /* a final response to it has come in */
#define CG_D_BYE_UNSEEN 0x1000 /* it went out without one having come in */
#define CG_D_BYE_SAME_TAGS 0x2000 /* tags byte-identical to the dialog's */
#define CG_D_BYE_CALLEE 0x4000 /* it is the callee's */
#define CG_D_BYE_WOULD_DROP 0x8000 /* observe mode let it pass */

/* Never 0: an interface among the few of a host. */
static inline __u8 cg_ifindex_hash8(__u32 ifindex)
{
	return ifindex % 255 + 1;
}

struct cg_dialog {
	/* what a verdict reads: one cache line */
	__u64 caller_tag; /* of the caller's folded tag: tells whose request it is */
	struct bpf_spin_lock lock; /* over all below; read with BPF_F_LOCK */
	__u8 state; /* enum cg_state */
	__u8 clock; /* index in config.clock_offset that this dialog was born under */
	__u8 caller_flags;
	__u8 callee_flags;
	struct cg_leg caller;
	struct cg_leg callee;
	/* what evidence reads */
	__u16 caller_port;
	__u16 callee_port;
	__u16 flags; /* CG_D_... */
	__u16 sip_code; /* of the 2xx; 0: it was not seen, the ACK opened it: suspect */
	__u8 end_reason; /* enum cg_end */
	__u8 ended_by; /* enum cg_leg_id */
	__u8 caller_if; /* ifindex in short, as in cg_ifindex_hash8(): --strict-interface */
	__u8 callee_if;
	__u32 blocked_byes; /* dropped, or in observe mode would have been */
	__u32 first_blocked_ms; /* after answer, plus one; 0: none yet */
	__u32 target_in; /* of the witness' last Contact, as it came in */
	__u32 target_out; /* ... and as the host passed it on; 0: unknown */
	__u32 tag_case_hash; /* of the tags' letter case, and of their lengths */
	__u64 setup; /* arrival of the INVITE; a microsecond off where that would be an old row's */
	__u64 answer; /* of the 2xx, or of the ACK */
	__u64 end; /* 0: open */
	__u64 bye_at; /* arrival of the pending BYE's last copy */
	__u32 bye_branch_in; /* of the pending BYE as it came in; 0: none */
	__u32 bye_branch_out; /* ... and as the host sent it on */
	/* what only a CDR reads */
	struct cg_call call; /* call.from_tag is the caller's tag */
	char to_tag[CG_TAG_MAX]; /* the callee's */
};

/* --- invites (LRU) and pending (hash): INVITEs that came in, and that the host acted on ------- */

/* A note stays for half a minute after the answer, and calls last a few. */
static inline __u32 cg_pending_max(__u32 max_dialogs)
{
	return max_dialogs / 4 > CG_PENDING_MAX ? max_dialogs / 4 : CG_PENDING_MAX;
}

struct cg_txn_key {
	__u64 call;
	__u64 from; /* of the folded From tag */
	__u64 branch; /* invites: as it came in; pending: as the host sent it, or answers it */
};

#define CG_I_LOCAL_CALLER 0x01 /* the host sent it without one having come in */
#define CG_I_CSEQ_VALID 0x02 /* cseq is valid */
#define CG_I_CALL_ID_CUT 0x04
#define CG_I_TAG_CUT 0x08
#define CG_I_URI_CUT 0x10
#define CG_I_FORWARDED 0x40 /* invites: the host sent it on, under a branch that is in pending */
#define CG_I_LOCAL_UAS 0x20 /* pending under the caller's branch: the host answers it */
#define CG_I_SPIRALED 0x80 /* pending: as a spiral, whose own 2xx tells of the call */
#define CG_I_HAS_TO_TAG 0x100 /* it had a To tag, of no dialog that is known */

struct cg_invite {
	__u64 setup; /* arrival */
	__u64 renewed; /* into pending, or a gateway or the host has rung since; 0 in invites */
	__u64 done; /* final response seen; 0: none. pending is swept by the agent */
	__u32 cseq;
	__u32 forks; /* dialogs opened by it */
	__u32 target_in; /* of the caller's Contact, as it came in; 0: none */
	__u32 target_out; /* ... and as the host passed it on */
	__u8 caller_addr[16];
	__u8 sent_to[16]; /* pending: where the host sent it */
	__u16 caller_port;
	__u16 sent_port;
	__u16 flags; /* CG_I_... */
	__u8 clock;
	__u8 caller_if; /* ifindex in short */
	__u8 sent_if;
	__u8 pad[7];
	struct cg_call call;
};

/* --- early (LRU): a To tag before its 2xx, key struct cg_dialog_key --------------------------- */

struct cg_early {
	__u64 caller_tag;
	__u64 branch; /* its INVITE's in pending or invites; 0: unknown, or a dialog has opened */
	__u32 caller_cseq;
	__u32 callee_cseq;
	__u8 caller_flags; /* CG_LEG_CSEQ_VALID */
	__u8 callee_flags;
	__u8 first_seen; /* enum cg_direction: CG_OUT: the tag is the host's own */
	__u8 caller_if; /* ifindex in short; 0: unknown, and nothing raises its counter */
	__u8 callee_if;
	__u8 pad[3];
	__u8 caller_addr[16];
	__u8 callee_addr[16]; /* who sent the first message with this To tag */
};

/* --- addr_changes (LRU): a caller's new address, until its re-INVITE is answered, key cg_dialog_key --- */

struct cg_addr_change {
	__u8 addr[16];
	__u16 port;
	__u8 caller_if; /* in short */
	__u8 pad;
	__u32 cseq; /* of the re-INVITE or UPDATE */
	__u32 branch_in; /* its branch, as in struct cg_dialog */
	__u32 branch_out; /* as the host sent it on; 0: it has not */
};

/*
 * --- unexpected_uas (LRU): who answered for the right branch from another address than the one the host
 * had sent to: a caller's second host, or a gateway's neighbour that --gateway lacks. Key: 16 bytes
 * of address.
 */

struct cg_unexpected_uas {
	__u64 count;
	__u64 last;
};

/* --- counters: per-CPU array of one ----------------------------------------------------------- */

#define CG_REASON_FIELD(NAME, word, kind, text) __u64 word;
struct cg_reason_counters {
	CG_REASON_LIST(CG_REASON_FIELD)
};
#undef CG_REASON_FIELD

/* X(word, text): beside the reasons */
#define CG_TOTAL_LIST(X)                                                                           \
	X(dropped, "packets")                                                                      \
	X(would_drop, "packets that observe mode let pass")                                        \
	X(would_drop_accepted, "... BYEs that the other leg took: a drop would have been wrong")   \
	X(would_drop_refused, "... BYEs that the other leg refused")                               \
	X(events_lost, "ring full: the daemon scans dialogs again")                                \
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
	__u64 port_bits; /* cg_port_bits() of them: tells most packets to be none of ours */
	__u64 secret[2]; /* drawn when the maps are made, never changed after */
	__s64 clock_offset[CG_CLOCKS]; /* CLOCK_REALTIME - CLOCK_BOOTTIME, ns */
};

/* A bit for each port, by the low six bits of what stands in a packet. */
static inline __u64 cg_port_bits(const __u16 *ports, unsigned int n)
{
	__u64 bits = 0;

	for (unsigned int i = 0; i < n; i++)
		bits |= 1ULL << (__builtin_bswap16(ports[i]) & 63);
	return bits;
}
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "addresses, ports and words of text are read as a little-endian machine has them"
#endif

/* --- gateways: LPM trie, value __u32 1 -------------------------------------------------------- */

struct cg_prefix {
	__u32 bits; /* of the 128: an IPv4 /24 is 120 */
	__u8 addr[16];
};

/* --- events and alerts: rings of struct cg_event ---------------------------------------------- */

/* X(NAME, word): all but violation go to `events` and name a dialog that stands in a map */
#define CG_EVENT_LIST(X)                                                                           \
	X(START, start) /* a dialog opened; dialogs_full: it stands in overflow */                 \
	X(BYE, bye) /* an in-order BYE passed, evidence is awaited */                              \
	X(RESUME, resume) /* that BYE came to nothing: the call runs on */                         \
	X(END, end) /* closed on evidence */                                                       \
	X(ALIVE, alive) /* seen alive after its end */                                             \
	X(VIOLATION, violation) /* goes to `alerts` */                                             \
	X(REQUEST, request) /* raised its leg's CSeq; to `alerts`, where there is room to spare */

#define CG_EVENT_ENUM(NAME, word) CG_EV_##NAME,
enum cg_event_type { CG_EVENT_LIST(CG_EVENT_ENUM) CG_EVENTS };
#undef CG_EVENT_ENUM

struct cg_event {
	__u16 layout; /* CG_LAYOUT */
	__u16 size; /* of the record */
	__u8 type; /* enum cg_event_type */
	__u8 reason; /* enum cg_reason */
	__u8 action; /* enum cg_action; would_drop on resume and end: of a BYE let pass in observe mode */
	__u8 leg; /* enum cg_leg_id whose tag is in From */
	__u64 at;
	__u64 seq; /* CPU number in the top 16 bits, then a count: unique while the maps live */
	struct cg_dialog_key key;
	__u32 cseq; /* as the message says, if cseq_valid */
	__u32 expected_cseq; /* the lowest that would have passed; 0: none says that */
	__u8 source[16];
	__u16 source_port;
	__u16 status; /* of a response, else 0 */
	__u32 ifindex;
	__u8 method; /* enum cg_method; of a response: of its CSeq */
	__u8 direction; /* enum cg_direction */
	__u8 clock;
	__u8 cseq_valid;
	__u8 pad[4];
	char call_id[CG_CALL_ID_MAX];
	char from_tag[CG_TAG_MAX]; /* as the message has them */
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
