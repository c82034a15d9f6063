/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The one list of reasons. Every packet that the guard sees leaves with exactly one of them; BPF,
 * bpftool, CLI, JSON, SQL, tests and README use the same word.
 *
 * X(NAME, word, kind, text)
 *   kind PASS    the packet passes, it is counted
 *        NOTE    the packet passes, it is counted and recorded as a violation
 *        DROP    dropped in enforce mode, recorded and passed in observe mode
 *        POLICY  NOTE or DROP, as a setting says
 */
#ifndef CSEQGUARD_REASONS_H
#define CSEQGUARD_REASONS_H

#define CG_REASON_LIST(X)                                                                          \
	/* not for us */                                                                           \
	X(NOT_UDP, not_udp, PASS, "neither IPv4 nor IPv6, or not UDP")                             \
	X(OTHER_PORT, other_port, PASS, "UDP, but none of the SIP ports")                          \
	X(TCP, tcp, PASS, "TCP on a SIP port: counted, never touched")                             \
	X(MALFORMED, malformed, PASS, "headers or lengths that contradict each other")             \
	X(LATER_FRAGMENT, later_fragment, PASS, "a fragment other than the first")                 \
	X(KEEPALIVE, keepalive, PASS, "no message: CRLF, NUL or STUN keep-alive")                  \
	X(NOT_SIP, not_sip, PASS, "no SIP/2.0 start line")                                         \
	X(UNPARSABLE, unparsable, PASS, "SIP without the headers that make a dialog")              \
	/* the life of a dialog */                                                                 \
	X(OUT_OF_DIALOG, out_of_dialog, PASS, "request or response outside any call")              \
	X(UNKNOWN_DIALOG, unknown_dialog, PASS, "in-dialog request of a dialog not known")         \
	X(INVITE, invite, PASS, "initial INVITE")                                                  \
	X(EARLY, early, PASS, "request or provisional response of an early dialog")                \
	X(REJECTED, rejected, PASS, "final response to an initial INVITE, 300 and up")             \
	X(OPENED, opened, PASS, "2xx that opened a dialog")                                        \
	X(IN_DIALOG, in_dialog, PASS, "in-dialog request or response, in order")                   \
	X(LATE_REQUEST, late_request, PASS, "in-dialog request, not BYE, below the counter")       \
	X(BYE, bye, PASS, "BYE in order")                                                          \
	X(BYE_REPEAT, bye_repeat, PASS, "BYE repeated under the same CSeq")                        \
	X(CLOSED, closed, PASS, "response that closed a call on evidence")                         \
	/* tried against the bill: the packet passes, the call runs on */                          \
	X(FORGED_2XX, forged_2xx, NOTE, "2xx from elsewhere than the INVITE was sent to")          \
	X(UNSEEN_START, unseen_start, NOTE, "call told by its ACK or a re-INVITE alone: suspect")  \
	X(WRONG_TARGET, wrong_target, NOTE, "BYE sent on to another target than the witness'")     \
	X(WRONG_ANSWERER, wrong_answerer, NOTE, "BYE answered by another than the witness")        \
	X(REFUSED, refused, NOTE, "BYE refused: the call runs on")                                 \
	X(UNANSWERED, unanswered, NOTE, "BYE not answered within 32 s: the call runs on")          \
	X(ALIVE_AFTER_END, alive_after_end, NOTE, "both legs speak after the end")                 \
	/* refused before the proxy sees it */                                                     \
	X(OUT_OF_ORDER, out_of_order, DROP, "BYE below the leg's CSeq")                            \
	X(EQUAL_CSEQ, equal_cseq, POLICY, "BYE under the CSeq of another request")                 \
	X(BAD_CSEQ, bad_cseq, DROP, "BYE whose CSeq is missing, not a number, or 2^31 and up")     \
	X(AMBIGUOUS, ambiguous, DROP, "BYE, INVITE or ACK that can be read in two ways")           \
	X(WRONG_LEG, wrong_leg, DROP, "BYE of one leg from the other leg's address")               \
	X(FOREIGN_SOURCE, foreign_source, POLICY, "BYE from an address of neither leg")            \
	X(FOREIGN_ACK, foreign_ack, DROP, "ACK that jumps the counter, from a foreign address")    \
	X(FRAGMENTED, fragmented, POLICY, "BYE, INVITE, ACK or answer, headers not all in sight")  \
	/* the guard's own limits: the packet passes */                                            \
	X(DIALOGS_FULL, dialogs_full, PASS, "no room in dialogs: a call runs unguarded, suspect")  \
	X(OVERFLOW_FULL, overflow_full, PASS, "... and none in overflow: it has no CDR")           \
	X(PENDING_FULL, pending_full, PASS, "no room in pending: a call may open unseen")          \
	X(FORKS_FULL, forks_full, PASS, "one INVITE answered by more forks than are kept")         \
	X(INTERNAL, internal, PASS, "a map or helper failed")

#define CG_REASON_ENUM(NAME, word, kind, text) CG_R_##NAME,
enum cg_reason { CG_REASON_LIST(CG_REASON_ENUM) CG_REASONS };
#undef CG_REASON_ENUM

#endif
