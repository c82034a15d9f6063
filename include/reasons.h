/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The list of reasons. Every packet leaves the guard with exactly one of them. BPF, bpftool, CLI,
 * JSON, SQL, tests and README use the same word.
 *
 * X(NAME, word, kind, text)
 *   kind PASS    the packet passes and is counted
 *        NOTE    the packet passes, is counted, and is recorded as a violation
 *        DROP    dropped in enforce mode, passed in observe mode, recorded in both
 *        POLICY  DROP or PASS, as a setting says; recorded in both cases
 */
#ifndef CSEQGUARD_REASONS_H
#define CSEQGUARD_REASONS_H

#define CG_REASON_LIST(X)                                                                          \
	/* no call */                                                                              \
	X(NOT_UDP, not_udp, PASS, "neither IPv4 nor IPv6, or not UDP")                             \
	X(OTHER_PORT, other_port, PASS, "UDP, but none of the SIP ports")                          \
	X(TUNNEL, tunnel, PASS, "GRE, IP in IP, PPPoE, VXLAN or GTP-U: not read inside")           \
	X(TCP, tcp, PASS, "TCP segment on a SIP port: its messages are counted for themselves")    \
	X(TCP_OPAQUE, tcp_opaque, PASS, "TCP connection that holds no plain SIP: TLS, WebSocket")  \
	X(TCP_FORWARDED, tcp_forwarded, PASS, "TCP segment of no socket of this host: not read")   \
	X(TCP_UNREAD, tcp_unread, PASS, "TCP segment before the first start line that was seen")   \
	X(TCP_HOLE, tcp_hole, PASS, "TCP segment behind a gap: read from the next start line on")  \
	X(TCP_HELD, tcp_held, PASS, "TCP segment out of order: dropped, the sender repeats it")    \
	X(TCP_STALLED, tcp_stalled, PASS,                                                          \
	  "TCP segment of a stalled connection, whose socket is reset")                            \
	X(MALFORMED, malformed, PASS, "contradictory headers or lengths")                          \
	X(FRAGMENT, fragment, PASS, "a fragment of a datagram that is not whole yet, or not SIP")  \
	X(KEEPALIVE, keepalive, PASS, "no message: CRLF, NUL or STUN keep-alive")                  \
	X(NOT_SIP, not_sip, PASS, "no SIP/2.0 start line")                                         \
	X(UNPARSABLE, unparsable, PASS, "SIP without Call-ID, From or To")                         \
	/* the life of a dialog */                                                                 \
	X(OUT_OF_DIALOG, out_of_dialog, PASS, "request or response outside any call")              \
	X(UNKNOWN_DIALOG, unknown_dialog, PASS, "in-dialog request of an unknown dialog")          \
	X(INVITE, invite, PASS, "initial INVITE")                                                  \
	X(EARLY, early, PASS, "request or provisional response of an early dialog")                \
	X(REJECTED, rejected, PASS, "final response of 300 and above to INVITE")                   \
	X(OPENED, opened, PASS, "2xx that opened a dialog")                                        \
	X(IN_DIALOG, in_dialog, PASS, "in-dialog request or response, in order")                   \
	X(LATE_REQUEST, late_request, PASS, "in-dialog request, not BYE, below the counter")       \
	X(BYE, bye, PASS, "BYE in order")                                                          \
	X(BYE_REPEAT, bye_repeat, PASS, "BYE repeated under the same CSeq")                        \
	X(CLOSED, closed, PASS, "response that closed a call on evidence")                         \
	/* attempts against the bill: the packet passes */                                         \
	X(FORGED_2XX, forged_2xx, NOTE, "2xx from an address that got no such INVITE")             \
	X(UNSEEN_START, unseen_start, NOTE, "only its ACK or a re-INVITE was seen: suspect call")  \
	X(WRONG_TARGET, wrong_target, NOTE, "BYE forwarded to a URI that is not the witness'")     \
	X(WRONG_ANSWERER, wrong_answerer, NOTE, "BYE answered from another address")               \
	X(REFUSED, refused, NOTE, "BYE refused: the call continues")                               \
	X(UNANSWERED, unanswered, NOTE, "BYE not answered in 32 s: the call continues")            \
	X(ALIVE_AFTER_END, alive_after_end, NOTE, "messages of both legs after the end")           \
	X(HEP_OF_WIRE, hep_of_wire, NOTE,                                                          \
	  "message reported by HEP, of a leg that the guard reads itself: left out")               \
	/* dropped before the proxy reads it */                                                    \
	X(OUT_OF_ORDER, out_of_order, DROP, "BYE below the leg's CSeq")                            \
	X(EQUAL_CSEQ, equal_cseq, POLICY, "BYE under the CSeq of another request")                 \
	X(BAD_CSEQ, bad_cseq, DROP,                                                                \
	  "BYE whose CSeq is missing or invalid, or names another method")                         \
	X(AMBIGUOUS, ambiguous, DROP, "BYE, INVITE or ACK that peers read differently")            \
	X(WRONG_LEG, wrong_leg, DROP, "BYE of one leg from the other leg's address")               \
	X(FOREIGN_SOURCE, foreign_source, POLICY, "BYE from a third address")                      \
	X(FOREIGN_ACK, foreign_ack, DROP, "ACK from a third address, above the counter")           \
	X(FRAGMENT_UNLIKE, fragment_unlike, DROP,                                                  \
	  "fragment unlike one that passed, or of a datagram that was judged")                     \
	X(FRAGMENTED, fragmented, POLICY, "dialog headers or fragments beyond what is read")       \
	X(TCP_UNFRAMED, tcp_unframed, DROP,                                                        \
	  "SIP over TCP that cannot be read: its line ends, its length, or in IP fragments")       \
	X(TCP_UNLIKE, tcp_unlike, DROP, "TCP segment unlike the bytes that passed there")          \
	/* limits of the guard: the packet passes */                                               \
	X(DIALOGS_FULL, dialogs_full, PASS, "map dialogs is full: unguarded call, suspect row")    \
	X(OVERFLOW_FULL, overflow_full, PASS, "map overflow is full too: call without CDR")        \
	X(PENDING_FULL, pending_full, PASS, "map pending is full: a call may open unseen")         \
	X(SHARE_FULL, share_full, NOTE,                                                            \
	  "the caller's address has its share of the maps: unguarded")                             \
	X(FORKS_FULL, forks_full, PASS, "more dialogs from one INVITE than it may open")           \
	X(INTERNAL, internal, PASS, "a map or helper failed")

#define CG_REASON_ENUM(NAME, word, kind, text) CG_R_##NAME,
enum cg_reason { CG_REASON_LIST(CG_REASON_ENUM) CG_REASONS };
#undef CG_REASON_ENUM

#endif
