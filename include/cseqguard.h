/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The contract between the kernel programs and userspace: names of maps, their keys and values, and
 * the events of the two rings. A change of any layout or map name raises CG_LAYOUT. A loader or
 * daemon that finds another number in a pinned `config` refuses to run.
 *
 * Conventions
 *   times      u64 nanoseconds of CLOCK_BOOTTIME; wall clock = time + config.clock_offset[clock].
 *              Those of another host's call may lie before the boot: cg_time_is_after() compares
 *   addresses  16 bytes in network order; IPv4 as ::ffff:a.b.c.d
 *   ports      host order
 *   text       bytes as received, NUL-terminated, cut to the array's size less one. A flag says if
 *              the text was cut, or contains a NUL. It may be invalid UTF-8: escape it for output.
 *   hashes     keyed with map `secret`: without meaning outside this instance
 *   ..._if     cg_ifindex_hash8() of an ifindex; 0: unknown
 */
#ifndef CSEQGUARD_H
#define CSEQGUARD_H

#include <linux/bpf.h>
#include <linux/types.h>

#include "reasons.h"

#define CG_LAYOUT 5 /* of every struct in this file */

#define CG_PIN_ROOT "/sys/fs/bpf/cseqguard" /* + "/" + instance + "/" + map name */

#define CG_CALL_ID_MAX 128
#define CG_TAG_MAX 48
#define CG_URI_MAX 64

#define CG_PORTS_MAX 8
#define CG_CLOCKS 8
#define CG_GATEWAYS_MAX 2048 /* prefixes: gateways, relays, addresses of the host */
#define CG_FORKS_MAX 16 /* dialogs that one INVITE may open where a gateway answers */
#define CG_FORKS_CUSTOMER 2 /* ... where anybody else does: a user agent has one To tag */
#define CG_HOSTS_MAX 64
#define CG_PEERS_MAX 16 /* the index 0 is this host */
#define CG_PEER_NODE_MAX 65 /* bytes of a node's name, with its NUL */

#define CG_DIALOGS_DEFAULT 131072
#define CG_OVERFLOW_MAX 8192 /* calls that the daemon has not collected yet */
#define CG_PENDING_MAX 65536 /* minimum; see cg_pending_max() */
#define CG_INVITES_MAX 65536
#define CG_JOINS_MAX 65536
#define CG_EARLY_MAX 65536
#define CG_ADDR_CHANGES_MAX 16384
#define CG_UNEXPECTED_UAS_MAX 1024
#define CG_SHARES_MAX 16384
#define CG_SHARE_DEFAULT 8
#define CG_SHARE_ROW_NS 60000000000ULL /* a suspect row a minute of an address beyond its share */
#ifndef CG_FRAGMENT_BUCKETS
#define CG_FRAGMENT_BUCKETS 2048 /* a power of two */
#endif
#define CG_FRAGMENT_SETS 4 /* datagrams a bucket */
#define CG_FRAGMENT_CLOSED 64 /* ... of which nothing passes any more */
#define CG_FRAGMENT_GROUP 16 /* places that one of them may have */
#define CG_FRAGMENT_BYTES 4096 /* of a datagram that are gathered */
#define CG_FRAGMENT_LOAD 2048 /* bytes that are copied at once */
#define CG_FRAGMENT_LOOSE 262144 /* a power of two */
#define CG_FRAGMENT_GATHER_S 5 /* seconds in which the fragments of a datagram may come */
/*
 * Seconds after that for which the datagram is remembered. Linux reassembles fragments that come
 * within 30 s of the first one that it took, over IPv6 within 60 s (ipfrag_time, ip6frag_time). Its
 * timer may be late by 2 s at 250 ticks a second, and over IPv6 by 5 s at 100.
 */
#define CG_FRAGMENT_HOLD4_S 33
#define CG_FRAGMENT_HOLD6_S 66
#define CG_EVENTS_BYTES (16 << 20)
#define CG_ALERTS_BYTES (4 << 20)
#define CG_ALERTS_POLL_NS 200000000ULL /* interval at which the reader polls `alerts` */
#define CG_ALERTS_PER_SECOND 1000 /* for each CPU; blocked_byes and counters stay exact */
#define CG_REQUESTS_PER_SECOND 250 /* CG_EV_REQUEST, for each CPU; the excess is not counted */
#define CG_ANSWERS_PER_SECOND 100 /* BYEs that are answered, for each CPU; the excess is dropped */

#define CG_BYE_TIMEOUT_NS 32000000000ULL /* 64*T1, RFC 3261 17.1.2.2 Timer F */

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
/*
 * CG_REWRITTEN: bytes of a message over TCP were overwritten, so that no peer reads it as what it
 * was.
 */
enum cg_action { CG_PASS, CG_DROP, CG_WOULD_DROP, CG_REWRITTEN, CG_ANSWERED };

/* Policies: 0 is the lax value of each. */
enum cg_policy_equal { CG_EQUAL_PASS, CG_EQUAL_DROP };
enum cg_policy_source { CG_SOURCE_OBSERVE, CG_SOURCE_STRICT };
enum cg_policy_hides { CG_HIDES_OFF, CG_HIDES_ON, CG_HIDES_AUTO };
enum cg_policy_unseen { CG_UNSEEN_SUSPECT, CG_UNSEEN_BELIEVE };
enum cg_policy_tcp { CG_TCP_OFF, CG_TCP_OBSERVE, CG_TCP_ENFORCE };
enum cg_policy_fragments { CG_FRAGMENTS_PASS, CG_FRAGMENTS_STRICT };
enum cg_policy_refuse { CG_REFUSE_DROP, CG_REFUSE_ANSWER };

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
	X(BYE, bye) /* the witness' BYE, or its 2xx to the other leg's */                          \
	X(GONE, gone) /* the witness' 481: it knows no such call any more */                       \
	X(RELAYED_BYE, relayed_bye) /* no leg has a rank: the host relayed the answer: suspect */  \
	X(UNPROVEN_BYE, unproven_bye) /* a candidate end, and no sign of life since: suspect */    \
	X(TIMEOUT, timeout) /* max_call: suspect */                                                \
	X(REBOOT, reboot) /* the host was started again: suspect */                                \
	X(MAPS_LOST, maps_lost) /* the maps are gone, or another answer replaced it: suspect */    \
	X(DETACHED, detached) /* detach -a while the call ran: suspect */                          \
	X(OPERATOR, operator) /* settled by hand */                                                \
	X(UNGUARDED, unguarded) /* open; the end was not seen, dialogs was full: suspect */

#define CG_END_ENUM(NAME, word) CG_E_##NAME,
enum cg_end { CG_END_LIST(CG_END_ENUM) CG_ENDS };
#undef CG_END_ENUM

/* Returns whether time a is after b. Both are modulo 2^64. */
static inline int cg_time_is_after(__u64 a, __u64 b)
{
	return (__s64)(a - b) > 0;
}

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
#define CG_LEG_LOCAL 0x08 /* the guarded host itself, by Via and Contact */
#define CG_LEG_WITNESS 0x10 /* its messages end the call */
#define CG_LEG_SEEN_AFTER_END 0x20 /* it has sent a request since the end */
#define CG_LEG_UNSEEN 0x40 /* it reaches the host by a transport that is not read */
#define CG_LEG_HEP 0x80 /* a proxy reports its messages */

/* X(NAME, word): where a leg is, the words of cdr.caller_side and cdr.callee_side */
#define CG_SIDE_LIST(X)                                                                            \
	X(UNSEEN, unseen)                                                                          \
	X(WIRE, wire)                                                                              \
	X(HEP, hep)                                                                                \
	X(LOCAL, local)                                                                            \
	X(GATEWAY, gateway)

#define CG_SIDE_ENUM(NAME, word) CG_SIDE_##NAME,
enum cg_side { CG_SIDE_LIST(CG_SIDE_ENUM) CG_SIDES };
#undef CG_SIDE_ENUM

/* flags: caller_flags or callee_flags. */
static inline enum cg_side cg_leg_side(__u8 flags)
{
	if (flags & CG_LEG_LOCAL)
		return CG_SIDE_LOCAL;
	if (flags & CG_LEG_GATEWAY)
		return CG_SIDE_GATEWAY;
	if (flags & CG_LEG_HEP)
		return CG_SIDE_HEP;
	return flags & CG_LEG_UNSEEN ? CG_SIDE_UNSEEN : CG_SIDE_WIRE;
}

/* The leg with the higher rank is the witness; 0: it is none. */
static inline __u8 cg_leg_rank(__u8 flags, int is_callee)
{
	switch (cg_leg_side(flags)) {
	case CG_SIDE_GATEWAY:
		return 3;
	case CG_SIDE_LOCAL:
		return 2;
	case CG_SIDE_UNSEEN:
		return 0;
	default:
		return is_callee;
	}
}

/* flags of a dialog */
#define CG_D_SUSPECT 0x0001
#define CG_D_ALIVE_AFTER_END 0x0002
#define CG_D_CALL_ID_CUT 0x0004
#define CG_D_TAG_CUT 0x0008
#define CG_D_URI_CUT 0x0010
#define CG_D_CONFIRMED_END 0x0020 /* cdr.bye_confirmed */
#define CG_D_CANDIDATE 0x0040 /* candidate_ms is valid */
#define CG_D_REPLACED 0x0080 /* a later call has the same tags */
/* ... and of its pending BYE */
#define CG_D_BYE_PROVED 0x0100 /* it is on its way to the witness */
#define CG_D_BYE_TO_CONTACT 0x0200 /* ... by the Contact that the witness gave */
#define CG_D_BYE_OF_WITNESS 0x0400 /* the witness sent it: it closes once the host has taken it */
#define CG_D_BYE_LOCAL 0x0800 /* the host sent it itself */
#define CG_D_BYE_SAME_TAGS 0x1000 /* tags byte-identical to the dialog's */
#define CG_D_BYE_CALLEE 0x2000 /* it is the callee's */
#define CG_D_BYE_WOULD_DROP 0x4000 /* observe mode let it pass */
#define CG_D_BYE_RELAYED 0x8000 /* no leg has a rank: the answer ends the call as relayed_bye */
/* ... and of the last BYE that came in */
#define CG_D_SEEN_REFUSED 0x10000 /* the host has refused it */
#define CG_D_SEEN_WOULD_DROP 0x20000 /* observe mode let it pass */
#define CG_D_SEEN_OF_WITNESS 0x80000 /* the witness sent it, in order */
/* ... and of the request at refresh_branch */
#define CG_D_REFRESH_OWN 0x40000 /* the witness sent it: its own Contact counts */
/* ... and of the opening */
#define CG_D_CALLER_TCP 0x100000 /* the caller's INVITE came over TCP */
#define CG_D_CALLEE_TCP 0x200000 /* the 2xx came over TCP */
/* ... and of a dialog that another host of the pair has opened */
#define CG_D_SPEAKS_HERE 0x400000 /* a leg has sent a message to this host */

/*
 * A set of URIs as a number: the sum of their keyed hashes in the low 28 bits, how many there are
 * in the high 4. A set of more than 14 proves nothing: CG_URIS_NONE.
 */
#define CG_URIS_NONE 0xffffffffU

/* What the witness gave: a request is on its way to it if it names this. */
struct cg_target {
	__u32 contact; /* of the opening; CG_URIS_NONE: none, or one that never matches */
	__u32 contact_latest;
	__u32 contact_user; /* hash of the latest one without host and port; 0: no user */
	__u32 routes; /* Record-Routes between the witness and the host */
	__u32 invite_uri; /* the callee's: Request-URI under which the host sent the INVITE */
	__u32 sent_to; /* hash of the address that the INVITE was sent to; 0: none */
	__u16 latest_port; /* that contact_latest came from; 0: from the opening's */
	__u16 refresh_port; /* ... of the re-INVITE or UPDATE that waits for its answer */
};

struct cg_dialog {
	/* what a verdict reads: one cache line */
	__u64 who; /* the caller's folded tag's hash, mixed with the Call-ID's */
	struct bpf_spin_lock lock; /* over all below; read with BPF_F_LOCK */
	__u8 state; /* enum cg_state */
	__u8 clock; /* index in config.clock_offset, when the INVITE came */
	__u8 caller_flags;
	__u8 callee_flags;
	struct cg_leg caller;
	struct cg_leg callee;
	/* what evidence reads */
	__u16 caller_port; /* that it spoke from at the opening */
	__u16 callee_port;
	__u32 flags; /* CG_D_... */
	__u32 blocked_byes; /* dropped, or in observe mode would have been */
	__u32 first_blocked_ms; /* after answer, plus one; 0: none yet */
	__u32 caller_passed; /* highest CSeq that passed under the caller's tags, from anywhere */
	__u32 callee_passed;
	__u32 caller_ifindex; /* 0: not known */
	__u32 callee_ifindex;
	struct cg_target target; /* of the witness' leg */
	__u32 refresh_branch; /* of the re-INVITE or UPDATE whose 2xx moves the target; 0: none */
	__u32 refresh_contact;
	__u32 refresh_user;
	__u32 tag_case_hash; /* of the tags' letter case, and of their lengths */
	__u32 bye_branch_in; /* of the pending BYE as it came in; 0: it did not */
	__u32 bye_branch_out; /* ... and as the host sent it; 0: it has not */
	__u32 bye_sent_to; /* hash of the address that it was sent to */
	__u32 candidate_ms; /* candidate end, after answer, plus one */
	__u16 sip_code; /* of the 2xx; 0: it was not seen, the ACK opened it: suspect */
	__u8 end_reason; /* enum cg_end */
	__u8 ended_by; /* enum cg_leg_id */
	__u32 seen_branch; /* of the last BYE that came in and passed */
	__u32 seen_ms; /* its arrival, milliseconds after answer */
	__u64 setup; /* arrival of the INVITE; 1 us later if a row has that time */
	__u64 answer; /* of the 2xx, or of the ACK */
	__u64 end; /* 0: open */
	__u64 bye_at; /* of the pending BYE */
	__u16 epoch; /* raised where what does not only rise changes: the peers' newest version wins */
	__u16 peer; /* index in `peers` of the host that opened it; 0: this one */
	__u32 blocked_elsewhere; /* blocked_byes of the other hosts of the pair */
	/* what only a CDR reads; never changes */
	struct cg_call call; /* call.from_tag is the caller's tag */
	char to_tag[CG_TAG_MAX]; /* the callee's tag */
};

#define CG_DIALOG_HEAD __builtin_offsetof(struct cg_dialog, call) /* bytes that may change */

/*
 * --- invites (LRU) and pending (hash): INVITEs. One that comes in is noted in `invites`; when the
 * host first sends it on or answers it, the note moves to `pending`. `branches` (hash) has an entry
 * for each branch that went out, and names the note.
 */

/* Size of `pending`: an entry is kept for about 30 s after the answer. */
static inline __u32 cg_pending_max(__u32 max_dialogs)
{
	return max_dialogs / 4 > CG_PENDING_MAX ? max_dialogs / 4 : CG_PENDING_MAX;
}

#define CG_BRANCHES_PER_NOTE 2 /* an INVITE may fork */

/* Size of `branches` */
static inline __u32 cg_branches_max(__u32 max_dialogs)
{
	return CG_BRANCHES_PER_NOTE * cg_pending_max(max_dialogs);
}

struct cg_txn_key {
	__u64 call;
	__u64 from; /* of the folded From tag */
	__u64 branch; /* notes: the caller's, mixed with his address; branches: the host's */
};

#define CG_I_CSEQ_VALID 0x02 /* cseq is valid */
#define CG_I_CALL_ID_CUT 0x04
#define CG_I_TAG_CUT 0x08
#define CG_I_URI_CUT 0x10
#define CG_I_FORWARDED 0x20 /* the host sent it on: the texts are those that went out */
#define CG_I_LOCAL 0x40 /* the host is the caller */
#define CG_I_UNSEEN 0x80 /* the caller is not read */
#define CG_I_HAS_TO_TAG 0x100 /* it had a To tag, of no dialog that is known */
#define CG_I_SUSPECT 0x200 /* what it opens is suspect */
#define CG_I_FORGED_2XX 0x400 /* a 2xx came from elsewhere than it was sent to */
#define CG_I_TAKEN 0x800 /* copied from `invites` to `pending` */
#define CG_I_TCP 0x1000 /* it came over TCP */
#define CG_I_OUTSIDE 0x2000 /* it came from no gateway, no relay and not from the host */
#define CG_I_OTHER_PORT 0x4000 /* ... and again from another port */
#define CG_I_HEP 0x8000 /* a proxy reported it */

struct cg_invite {
	__u64 setup; /* arrival */
	__u64 renewed; /* its last copy, or the last provisional response */
	__u64 done; /* the host's final response, or a final one to its only branch; 0: none */
	__u32 cseq;
	__u32 forks; /* dialogs opened by it where a gateway answered */
	__u32 contact; /* URI set of the caller's Contact, as it came in */
	__u32 contact_user;
	__u32 record_routes; /* as it came in */
	__u32 request_user; /* hash of the user part that it went out with first */
	__u8 caller_addr[16];
	__u16 caller_port;
	__u16 flags; /* CG_I_... */
	__u32 caller_ifindex;
	__u32 customer_forks; /* ... where anybody else did */
	__u8 clock;
	__u8 hep_forks; /* dialogs opened by it through reports */
	__u8 branches; /* that it has; 255: or more */
	__u8 pad;
	struct cg_call call;
};

#define CG_B_SPIRALED 0x01 /* the INVITE came back to the host: a 2xx may be the inner call's */
#define CG_B_HEP 0x02 /* a proxy reported it */

struct cg_branch {
	__u64 note; /* third word of its note's key */
	__u64 renewed;
	__u64 done; /* time of the final response; 0: none. Swept by the daemon */
	__u8 sent_to[16];
	__u16 sent_port;
	__u8 flags; /* CG_B_... */
	__u8 pad;
	__u32 sent_ifindex;
	__u32 invite_uri; /* URI set of its Request-URI */
	__u32 record_routes; /* as it went out */
	char request_uri[CG_URI_MAX];
};

/*
 * --- joins: array of buckets. For a Call-ID and From tag the INVITEs that came in last. A hint:
 * the note's full key decides.
 */
#define CG_JOIN_SLOTS 4
#define CG_JOIN_OWN 0 /* the ids are those of a call of the host itself */

struct cg_join {
	struct {
		__u64 print; /* of Call-ID and From tag; 0: free */
		__u64 note; /* third word of the note's key, or CG_JOIN_OWN */
	} slot[CG_JOIN_SLOTS]; /* the newest first */
};

/*
 * --- hosts: hash, names of the guarded host. Key: keyed hash of the folded text without port ---
 */

#define CG_NAME_GIVEN 0x01 /* --host */
#define CG_NAME_LEARNED 0x02 /* sent-by of a request that left from a socket of the host */
#define CG_NAME_ADDRESS 0x04 /* an address of the host's interfaces, or localhost */

struct cg_host_name {
	__u8 origin; /* CG_NAME_..., ORed */
	char text[63]; /* NUL-ended; empty if longer */
};

/* --- host_state: array of one; what the guard has learned of the host ------------------------- */

struct cg_host_state {
	__u8 hides_topology; /* an INVITE left without the Via of an address not the host's */
	__u8 pad[7];
	__u16 text_ports[CG_PORTS_MAX]; /* those that the host sends text from over TCP: no TLS */
};

/* --- early (LRU): a To tag before its 2xx, key struct cg_dialog_key --------------------------- */

#define CG_EARLY_ELSEWHERE 0x01 /* a 2xx from elsewhere: only an ACK to its sender opens */
#define CG_EARLY_HOST_2XX 0x02 /* the host's own 2xx, after a 2xx from elsewhere: its ACK opens */
#define CG_EARLY_CALLER_HEP 0x04 /* the caller's INVITE was reported */
#define CG_EARLY_CALLEE_HEP 0x08 /* the first message with the To tag was reported */

struct cg_early {
	__u64 caller_tag;
	__u64 note; /* third word of its INVITE's key; 0: the call found no room */
	__u64 branch; /* under which the host sent that; 0: the host answers, or it was not seen */
	__u32 caller_cseq;
	__u32 callee_cseq;
	__u32 caller_ifindex;
	__u32 callee_ifindex;
	__u8 caller_flags; /* CG_LEG_CSEQ_VALID */
	__u8 callee_flags;
	__u8 first_seen; /* enum cg_direction: CG_OUT: the tag is the host's own */
	__u8 flags; /* CG_EARLY_... */
	__u16 caller_port;
	__u16 callee_port;
	__u8 caller_addr[16];
	__u8 callee_addr[16]; /* the sender of the first message with this To tag */
};

/*
 * --- addr_changes (LRU), key cg_dialog_key: another address of a leg that is no witness. It counts
 * once the re-INVITE or UPDATE that came from there is answered 2xx. The address of the opening
 * counts as well.
 */

struct cg_addr_change {
	__u8 addr[16]; /* in force; 0: none */
	__u8 next_addr[16]; /* of the request that waits for its answer */
	__u32 branch_in; /* that request's branch; 0: none */
	__u32 branch_out; /* as the host sent it on; 0: it has not */
	__u32 ifindex; /* of the address in force, and of the next one */
	__u32 next_ifindex;
	__u8 leg; /* enum cg_leg_id */
	__u8 pad[7];
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

/*
 * --- usage: array of one; how many entries `dialogs` and `pending` have, and how many of `branches`
 * were reported by HEP.
 * --- shares (LRU), key: 16 bytes of address, an IPv6 one cut to its /64: how many of them this
 * caller has. Calls with a gateway leg, of relays and of the host itself count in `usage` alone.
 * The kernel adds at opening; the daemon sets both to what it counts in the maps.
 */

/* The last quarter of `dialogs` is for calls with a gateway; candidates give way in it. */
static inline __u32 cg_dialogs_unreserved(__u32 max_dialogs)
{
	return max_dialogs - max_dialogs / 4;
}

/* Stores the key of `shares` under which an address counts. An IPv4 address begins with 8 zeros. */
static inline void cg_share_addr(const __u8 addr[16], __u8 out[16])
{
	__u64 net, host;

	__builtin_memcpy(&net, addr, 8);
	__builtin_memcpy(&host, addr + 8, 8);
	if (net)
		host = 0;
	__builtin_memcpy(out, &net, 8);
	__builtin_memcpy(out + 8, &host, 8);
}

/* Returns whether a share limits the calls of this caller, unless his address is exempt. */
static inline int cg_caller_has_share(__u8 caller_flags, __u8 callee_flags)
{
	return !((caller_flags | callee_flags) & CG_LEG_GATEWAY) && !(caller_flags & CG_LEG_LOCAL);
}

struct cg_usage {
	__u32 dialogs;
	__u32 pending;
	__u32 branches;
	__u32 hep_branches;
};

struct cg_share {
	__u32 dialogs;
	__u32 pending;
	__u64 row_at; /* time of the last suspect row beyond the share; 0: none yet */
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
	X(answered, "... BYEs that were answered with a 500")                                      \
	X(would_drop, "packets that observe mode let pass")                                        \
	X(would_drop_accepted, "... BYEs that the other leg accepted: a drop would be wrong")      \
	X(would_drop_refused, "... BYEs that the other leg refused")                               \
	X(events_lost, "ring full: the daemon scans all dialogs again")                            \
	X(rewritten, "messages over TCP")                                                          \
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
	__u8 has_gateways; /* an address is under --gateway */
	__u16 ports[CG_PORTS_MAX];
	__u64 port_bits; /* cg_port_bits() of them: a filter for most other packets */
	__u8 hides; /* enum cg_policy_hides */
	__u8 unseen; /* enum cg_policy_unseen */
	__u8 has_prefixes; /* `gateways` is not empty */
	__u8 was_detached; /* `detach -a` removes the maps: the daemon still reads this one */
	__u16 share; /* an address may have 1/share of a map that is more than half full; 0: all */
	__u8 masks_call_id; /* the host replaces the Call-ID: two dialogs a call */
	__u8 refuse; /* enum cg_policy_refuse */
	__u8 tcp; /* enum cg_policy_tcp; enforce needs mode enforce as well */
	__u8 pad[7];
	__u64 id[2]; /* random, drawn when the maps are made: a later attach has another */
	__s64 clock_offset[CG_CLOCKS]; /* CLOCK_REALTIME - CLOCK_BOOTTIME, ns */
	__u64 birth; /* when the maps were made; not read by the kernel */
};

/*
 * --- secret: array of one; drawn when the maps are made, never changed after. Anyone who knows it
 * can choose texts whose hashes collide, so only root and the daemon's user may read it.
 */

struct cg_secret {
	__u64 hash_key[2];
};

/*
 * X(NAME, port): UDP to these ports carries packets in packets. Linux gives a VXLAN device
 * VXLAN_LINUX where no port is named.
 */
#define CG_TUNNEL_PORT_LIST(X)                                                                     \
	X(VXLAN, 4789)                                                                             \
	X(VXLAN_LINUX, 8472)                                                                       \
	X(GTP_U, 2152)

#define CG_PORT_BIT(port) (1ULL << (__builtin_bswap16(port) & 63))
#define CG_TUNNEL_PORT_BIT(NAME, port) | CG_PORT_BIT(port)

/*
 * Returns the filter of packet_is_other(): a bit for the low six bits of each port on the wire.
 * Those of tunnels are in it as well, so that packet_read() counts them.
 */
static inline __u64 cg_port_bits(const __u16 *ports, unsigned int n)
{
	__u64 bits = 0 CG_TUNNEL_PORT_LIST(CG_TUNNEL_PORT_BIT);

	for (unsigned int i = 0; i < n; i++)
		bits |= CG_PORT_BIT(ports[i]);
	return bits;
}

/* For programs in userspace. The kernel's look at the filter first: packet_is_sip_port(). */
static inline int cg_port_is_sip(const struct cg_config *config, __u16 port)
{
	for (int i = 0; i < config->n_ports && i < CG_PORTS_MAX; i++)
		if (config->ports[i] == port)
			return 1;
	return 0;
}

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "addresses, ports and words of text are read in little-endian order"
#endif

/*
 * --- fragments: array of buckets. fragment_bytes: array, CG_FRAGMENT_SETS a bucket.
 * fragment_loose: array of __u32, seconds of CLOCK_MONOTONIC.
 */

enum cg_fragment_state {
	CG_FRAGMENTS_GATHERING,
	CG_FRAGMENTS_JUDGING,
	CG_FRAGMENTS_PASSED,
	CG_FRAGMENTS_REFUSED
};

/* A datagram. */
struct cg_fragment_set {
	__u64 key; /* keyed hash of addresses, identification and direction; 0: free */
	__u64 born; /* CLOCK_MONOTONIC: like a timer of Linux, it stops while the host is suspended */
	__u64 have[CG_FRAGMENT_BYTES / 8 /
		   64]; /* a bit for each 8 bytes that have passed, or lie behind the end */
	__u16 end; /* bytes of the datagram; 0: not known, or beyond what is gathered */
	__u8 state; /* enum cg_fragment_state */
	__u8 copying; /* CPUs that copy bytes of it */
	__u8 protocol; /* of its first header */
	__u8 hold_s; /* seconds from `born` for which it is remembered */
	__u8 pad[2];
};

/* A datagram whose set another one uses now: none of its fragments passes. */
struct cg_fragment_closed {
	__u32 key; /* the upper half of the set's */
	__u32 until; /* seconds of CLOCK_MONOTONIC; past: the place is free */
};

struct cg_fragment_bucket {
	struct bpf_spin_lock lock;
	__u32 pad;
	struct cg_fragment_set sets[CG_FRAGMENT_SETS];
	struct cg_fragment_closed closed[CG_FRAGMENT_CLOSED];
};

/*
 * --- tcp_streams: storage of sockets. What was read of a connection, either way.
 * --- tcp_programs: program array. The programs that a TCP segment goes through (CG_TCP_PROG_...).
 */

#define CG_STREAM_BYTES                                                                            \
	4096 /* the last bytes that passed; what is behind them in a header block is skipped */
#define CG_STREAM_SPOILS 64
#define CG_STREAM_TRIES 4 /* unlike segments for the byte that the socket waits for */
#define CG_TCP_ROUNDS 8 /* times that the programs are attached to a hook, see bpf/README.md */

enum cg_tcp_program { CG_TCP_PROG_MESSAGE, CG_TCP_PROGS };

enum cg_stream_state {
	CG_STREAM_NEW, /* nothing was read yet */
	CG_STREAM_READ, /* every byte was read */
	CG_STREAM_LOST, /* out of step: waits for a start line */
	CG_STREAM_OPAQUE, /* no plain SIP: not read any more */
	CG_STREAM_STALLED /* enforce: nothing passes any more */
};

/* A byte that was overwritten. */
struct cg_spoil {
	__u32 seq;
	__u8 byte; /* its new value */
	__u8 pad[3];
};

/* One direction of a connection. Sequence numbers in host order. */
struct cg_stream {
	__u32 claim; /* 1: a CPU reads a segment of it */
	__u32 next; /* sequence number of the byte that comes next */
	__u32 body; /* bytes of a body that are still to come */
	__u32 unfinished; /* bytes of a header block without its end: the last ones of `bytes` */
	__u32 have; /* bytes that are valid */
	__u32 n_spoils; /* so far; the last CG_STREAM_SPOILS of them are kept */
	__u8 state; /* enum cg_stream_state */
	__u8 rest; /* the first lines of a header block without its end were read, and the rest is skipped */
	__u8 has_length; /* ... they have a Content-Length, */
	__u8 after_length; /* ... it is the last of them, */
	__u32 length; /* ... with this value */
	__u32 stuck_at; /* rcv_nxt of the socket at the last unlike segment that had this byte, */
	__u32 stuck; /* ... and how many such segments there were */
	struct cg_spoil spoils[CG_STREAM_SPOILS];
	__u8 bytes[CG_STREAM_BYTES]; /* the last bytes of the stream, as received */
};

struct cg_connection {
	struct cg_stream in;
	struct cg_stream out;
};

/*
 * --- gateways: LPM trie, value __u32 enum cg_addr_class ----------------------------------------
 */

enum cg_addr_class {
	CG_ADDR_OTHER, /* not in the trie */
	CG_ADDR_GATEWAY, /* --gateway */
	CG_ADDR_RELAY, /* --relay */
	CG_ADDR_HOST /* an address of the host */
};

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

#define CG_SEQ_HEP (1ULL << 47) /* of a message that a proxy reported */

struct cg_event {
	__u16 layout; /* CG_LAYOUT */
	__u16 size; /* of the record */
	__u8 type; /* enum cg_event_type */
	__u8 reason; /* enum cg_reason */
	__u8 action; /* enum cg_action; resume, end: would_drop if observe mode let the BYE pass */
	__u8 leg; /* enum cg_leg_id whose tag is in From */
	__u64 at;
	__u64 seq; /* CPU in the top 16 bits, then CG_SEQ_HEP and a count: unique as long as the maps exist */
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

/*
 * --- the input of cseqguard_hep (BPF_PROG_RUN): this head, then the message. It answers XDP_PASS, or
 * XDP_ABORTED: it has not read it.
 */
struct cg_hep_report {
	__u64 at; /* when the message came, or was sent */
	__u8 source[16];
	__u8 dest[16];
	__u16 source_port;
	__u16 dest_port;
	__u8 direction; /* enum cg_direction, as the guarded host sees it */
	__u8 cut; /* the message is longer than what is here */
	__u8 pad[2];
};

/*
 * --- peers: array, names of the other hosts of the pair. Userspace writes; the kernel reads only the
 * index in cg_dialog.peer.
 */

struct cg_peer {
	char node[CG_PEER_NODE_MAX]; /* NUL-ended; empty: free */
	__u8 pad[3];
};

/*
 * --- the input of cseqguard_peer (BPF_PROG_RUN), which answers enum cg_peer_result: a dialog of the
 * pair, as another host has it. Its times are this host's under dialog.clock. `who` and `setup` say
 * which call it is: a later one may have the same tags. Counters may leave both 0, and change
 * whatever call has the key.
 */

enum cg_peer_update_type {
	CG_PEER_WHOLE, /* inserts a dialog that is unknown here */
	CG_PEER_HEAD, /* the texts may be missing */
	CG_PEER_COUNTERS, /* who, setup, cseq and passed of the legs, CG_LEG_CSEQ_VALID, blocked_elsewhere */
	CG_PEER_GONE /* only between the daemons: userspace deletes */
};

struct cg_peer_update {
	__u8 type; /* enum cg_peer_update_type */
	__u8 pad[7];
	struct cg_dialog_key key;
	struct cg_dialog dialog; /* blocked_elsewhere: of all hosts but this one */
};

enum cg_peer_result {
	CG_PEER_UNCHANGED,
	CG_PEER_CHANGED,
	CG_PEER_INSERTED,
	CG_PEER_NO_ROOM,
	CG_PEER_UNKNOWN, /* no such dialog, and the update is not whole */
	CG_PEER_INVALID
};

#define CG_SIZE(type, bytes) _Static_assert(sizeof(type) == (bytes), #type)
#define CG_AT(type, field, bytes)                                                                  \
	_Static_assert(__builtin_offsetof(type, field) == (bytes), #type "." #field)
CG_SIZE(struct cg_dialog_key, 16);
CG_SIZE(struct cg_txn_key, 24);
CG_SIZE(struct cg_call, 368);
CG_SIZE(struct cg_leg, 24);
CG_SIZE(struct cg_target, 28);
CG_SIZE(struct cg_dialog, 624);
CG_AT(struct cg_dialog, lock, 8);
CG_AT(struct cg_dialog, caller, 16);
CG_AT(struct cg_dialog, caller_port, 64);
CG_AT(struct cg_dialog, epoch, 200);
CG_AT(struct cg_dialog, call, 208);
CG_SIZE(struct cg_fragment_set, 88);
CG_SIZE(struct cg_fragment_closed, 8);
CG_SIZE(struct cg_fragment_bucket, 872);
CG_SIZE(struct cg_invite, 448);
CG_SIZE(struct cg_branch, 120);
CG_SIZE(struct cg_join, 64);
CG_SIZE(struct cg_host_name, 64);
CG_SIZE(struct cg_early, 80);
CG_SIZE(struct cg_addr_change, 56);
CG_SIZE(struct cg_usage, 16);
CG_SIZE(struct cg_share, 16);
CG_SIZE(struct cg_config, 144);
CG_SIZE(struct cg_prefix, 20);
CG_SIZE(struct cg_event, 304);
CG_SIZE(struct cg_hep_report, 48);
CG_SIZE(struct cg_peer, 68);
CG_SIZE(struct cg_peer_update, 648);
CG_AT(struct cg_peer_update, dialog, 24);

#endif
