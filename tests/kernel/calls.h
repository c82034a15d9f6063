/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Calls at the start of cases. Each opens one dialog with the Call-ID of the case, the caller's tag
 * a, the callee's tag b, and INVITE 13. Branches: c1.. of the caller, p1.. of the proxy, g1.. of
 * the callee, h1.. of an endpoint on the host.
 */
#ifndef CALLS_H
#define CALLS_H

#include "case.h"

/* Tables are laid out by hand. */
/* clang-format off */

/* A call through a proxy on the host to `far`, seen on both sides. */
#define RINGING(far)                                                                               \
	{"caller>host", "INVITE 13 a> via=c1 @setup", "pass invite", NULL, "none pending=0"}, \
	{"host>" far, "INVITE 13 a> via=p1,c1", "pass invite", NULL, "none pending=1"},       \
	{far ">host", "180 INVITE 13 a>b via=p1,c1", "pass early", NULL, "none"},             \
	{"host>caller", "180 INVITE 13 a>b via=c1", "pass early", NULL, "none"}

#define ANSWERED(far)                                                                              \
	{far ">host", "200 INVITE 13 a>b via=p1,c1 @answer", "pass opened", "start:opened",  \
	 "confirmed caller_at=caller callee_at=" far " code=200 setup@setup answer@answer"},  \
	{"host>caller", "200 INVITE 13 a>b via=c1", "pass in_dialog", NULL, "confirmed"},     \
	{"caller>host", "ACK 13 a>b via=c2", "pass in_dialog", NULL, "confirmed"},            \
	{"host>" far, "ACK 13 a>b via=p2,c2", "pass in_dialog", NULL, "confirmed"}

#define CALL_BY_PROXY_TO(far) RINGING(far), ANSWERED(far)

/* The call of most cases: the callee is a gateway, and therefore the witness. */
#define CALL CALL_BY_PROXY_TO("gateway")

/* INVITE and 2xx of a record-routing proxy. `gave`: Contact and Record-Routes of the gateway's 2xx. */
#define CALL_WHERE_GATEWAY_GAVE(gave)                                                              \
	{"caller>host", "INVITE 13 a> via=c1 uri=sip:0049@proxy.example", "pass invite"},           \
	{"host>gateway", "INVITE 13 a> via=p1,c1 rr=192.0.2.10", "pass invite"},                    \
	{"gateway>host", "200 INVITE 13 a>b via=p1,c1 " gave, "pass opened", "start",               \
	 "confirmed witness=callee caller_side=wire callee_side=gateway suspect=0"}

/* The caller is on TLS: only what goes on to the gateway is read. */
#define CALLER_UNSEEN                                                                              \
	{"host>gateway", "INVITE 13 a> via=p1,t1 rr=192.0.2.10", "pass invite"},                    \
	{"gateway>host", "200 INVITE 13 a>b via=p1,t1 rr=192.0.2.10", "pass opened", "start",       \
	 "confirmed caller_side=unseen caller=- witness=callee suspect=0"}

/* The host itself answers: SIPp, a B2BUA, FreeSWITCH. */
#define CALL_TO_HOST                                                                               \
	{"caller>host", "INVITE 13 a> via=c1 @setup", "pass invite", NULL, "none"},           \
	{"host>caller", "180 INVITE 13 a>b via=c1", "pass early", NULL, "none"},              \
	{"host>caller", "200 INVITE 13 a>b via=c1 contact=own @answer", "pass opened",        \
	 "start:opened", "confirmed caller=13 callee=- witness=callee setup@setup answer@answer"}, \
	{"caller>host", "ACK 13 a>b via=c2", "pass in_dialog", NULL, "confirmed"}

/* The host itself calls. */
#define CALL_FROM_HOST(far)                                                                        \
	{"host>" far, "INVITE 13 a> via=h1 contact=own @setup", "pass invite", NULL, "none"},             \
	{far ">host", "180 INVITE 13 a>b via=h1", "pass early", NULL, "none"},                \
	{far ">host", "200 INVITE 13 a>b via=h1 @answer", "pass opened", "start:opened",     \
	 "confirmed caller=13 callee=- setup@setup answer@answer"},                           \
	{"host>" far, "ACK 13 a>b via=h2", "pass in_dialog", NULL, "confirmed"}

/*
 * A BYE of the caller as it comes in, and as the proxy sends it on to `far`. What comes in decides about order
 * only; what goes out is what the bill looks at. BYE_TO_HOST: the host itself is the witness.
 */
#define BYE_IN(cseq)                                                                               \
	{"caller>host", "BYE " cseq " a>b via=c9", "pass bye", "none", "confirmed caller=" cseq}
#define BYE_ON(far, cseq)                                                                          \
	{"host>" far, "BYE " cseq " a>b via=p9,c9 @bye", "pass bye", "bye:bye:caller:" cseq,        \
	 "ending bye@bye"}
#define BYE_THROUGH(far, cseq) BYE_IN(cseq), BYE_ON(far, cseq)
#define BYE_TO_HOST(cseq)                                                                          \
	{"caller>host", "BYE " cseq " a>b via=c9 uri=sip:b@192.0.2.10:5060 @bye", "pass bye",        \
	 "bye:bye:caller:" cseq, "ending caller=" cseq " bye@bye"}

/* One step, and one that only has to pass. */
#define IN_ORDER(path, message) {path, message, "pass in_dialog"}

#endif
