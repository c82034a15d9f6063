#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# The gateway is a carrier's proxy, as in 61-carrier.bats. It reads more than Route and Request-URI to find the
# callee: a flow token, `received`, `maddr`. A caller who swaps them leads his BYE to his own host, which says yes.
# And re-INVITEs that a callee refuses as unknown, or does not answer, though the call runs on.

load lib
load topology
CALLEE=10.77.2.2
ACCOMPLICE=10.77.2.3
DIRECT=10.77.2.4 # a gateway without a proxy in front of it
INNER=10.9.9.9   # in a Contact of a phone behind NAT
HASTY=10.77.0.2  # a proxy on the guarded host that gives up a re-INVITE after a second

setup_file() {
	local address

	proxy_lab --gateway "$DIRECT/32"
	for address in "$CALLEE" "$ACCOMPLICE" "$DIRECT"; do
		lab_address_add gateway "$address" eth0
	done
	lab_address_add proxy "$HASTY" lo
	proxy_at gateway "$LAB_GATEWAY" "$CALLEE" -A WAYS
	proxy_at proxy "$HASTY" "$DIRECT" -A GIVE_UP
}

behind() { # NAME ADDRESS: SIPp there, with the steps on stdin
	sip_play gateway "$1" -i "$2"
	lab_wait 5 listens_at gateway "$2"
}

gateway() {
	behind gateway "${at:-$CALLEE}"
}

accomplice() {
	behind accomplice "$ACCOMPLICE"
}

the_row() { # the call has one row, with these two legs; it is not suspect
	eventually 'wire gateway 3 f' cdr "concat_ws(' ', caller_side, callee_side, witness, suspect)"
}

candidate() { # the call has one row: open, with a candidate end
	eventually t cdr 'candidate_end > answer_time AND end_time IS NULL'
	the_row
}

no_candidate() { # the call has one row: open, without a candidate end
	eventually t cdr 'candidate_end IS NULL AND end_time IS NULL'
	the_row
}

true_end() { # the caller's next BYE goes the right way, and is the end
	sip_go caller
	call_ends
	cdr_true bye caller gateway
	the_row
	from "$LAB_CALLER"
}

# --- F31 -----------------------------------------------------------------------------------------

by_carrier() { # WAY: the carrier's Route in this call is that; Kamailio adds ftag
	printf 'routes=Route: <sip:%s;lr>, <sip:%s;lr;ftag=[from_tag]>' "$LAB_PROXY" "$1"
}

honest() { # BYE-OPTION [CONTACT]
	gateway < <(with_contact "${2:-}" < <(uas_call; sip_serve BYE 200 OK))
	caller < <(uac_call 13; sip_pause 500; bye 14 "$1")
	call_ends
	cdr_true bye caller gateway
	the_row
	unblocked
}

swapped() { # BYE-OPTION [CONTACT]
	gateway < <(with_contact "${2:-}" < <(uas_call; sip_serve BYE 200 OK))
	accomplice < <(sip_serve BYE 200 OK)
	caller < <(uac_call 13; sip_pause 200; bye 14 "$1"; sip_hold; bye 15)
	sip_ended accomplice
	eventually wrong_target violations reason
	candidate
	true_end
}

with_contact() { # [CONTACT]: the callee's steps on stdin say that
	sed "${1:+s/^Contact: .*/Contact: <$1>/}"
}

FLOW="@$LAB_GATEWAY:5060;ob" # behind the token
RECEIVED="$LAB_GATEWAY;received" # in the carrier's Route
MADDR="sip:gw@$INNER:5060;maddr" # of the callee's Contact

@test "F31 near miss: a BYE with the flow token that the carrier gave ends the call" {
	SIP_CALLS=flow honest "$(by_carrier "$CALLEE$FLOW")"
}

@test "F31 another flow token in the carrier's Route leads the BYE to the caller's own host: its 200 is a candidate end" {
	SIP_CALLS=flow swapped "$(by_carrier "$ACCOMPLICE$FLOW")"
}

@test "F31 near miss: a BYE with the received parameter that the carrier gave ends the call" {
	SIP_CALLS=received honest "$(by_carrier "$RECEIVED=sip:$CALLEE")"
}

@test "F31 another received parameter in the carrier's Route leads the BYE to the caller's own host: its 200 is a candidate end" {
	SIP_CALLS=received swapped "$(by_carrier "$RECEIVED=sip:$ACCOMPLICE")"
}

@test "F31 a received parameter where the carrier gave none leads the BYE to the caller's own host: its 200 is a candidate end" {
	swapped "$(by_carrier "$RECEIVED=sip:$ACCOMPLICE")"
}

@test "F31 near miss: a BYE with the maddr of the callee's Contact ends the call" {
	honest "uri=$MADDR=$CALLEE" "$MADDR=$CALLEE"
}

@test "F31 another maddr in the Request-URI leads the BYE to the caller's own host: its 200 is a candidate end" {
	swapped "uri=$MADDR=$ACCOMPLICE" "$MADDR=$CALLEE"
}

# The Contact's user at the carrier's own address and port is as good as a Contact that a proxy has corrected.
@test "F31 a maddr in a Request-URI at the carrier's own address leads the BYE to the caller's own host: its 200 is a candidate end" {
	gateway < <(uas_call; sip_serve BYE 200 OK)
	accomplice < <(sip_serve BYE 200 OK)
	caller < <(
		uac_call 13
		sip_pause 200
		bye 14 "uri=sip:gw@$LAB_GATEWAY:5060;maddr=$ACCOMPLICE" "routes=Route: <sip:$LAB_PROXY;lr>"
		sip_hold
		bye 15
	)
	sip_ended accomplice
	eventually wrong_target violations reason
	candidate
	true_end
}

# --- F32 -----------------------------------------------------------------------------------------

reinvite() { # CSEQ STATUS: a re-INVITE to the callee, and the ACK of its refusal
	sip_send 500 < <(
		uac_message INVITE "$1" "branch=z9hG4bK-$1-$call"
		sip_sdp
	)
	uac_expect "$2"
	uac_request ACK "$1" "branch=z9hG4bK-$1-$call"
}

runs_on() { # the callee hears the caller, and nobody has hung up
	lab_wait 30 grep -q "$call.*CSeq:15 INFO.*SIP/2.0 200" "$LAB_DIR/caller.short"
	"${1:-candidate}"
	assert_equal 0 violations 'count(*)'
}

refused_reinvite() { # STATUS
	caller < <(
		uac_call 13
		sip_pause 200
		reinvite 14 "$1"
		uac_request INFO 15
		uac_expect 200
		sip_hold
		bye 16
	)
}

@test "F32 the callee answers a re-INVITE 481, and the call runs on: it is open, with a candidate end" {
	gateway < <(uas_call; sip_serve INVITE 481 Gone; sip_recv ACK; sip_serve INFO 200 OK; sip_serve BYE 200 OK)
	refused_reinvite 481
	runs_on
	true_end
}

@test "F32 near miss: the callee answers a re-INVITE 488, and the call runs on: no candidate end" {
	gateway < <(uas_call; sip_serve INVITE 488 No; sip_recv ACK; sip_serve INFO 200 OK; sip_serve BYE 200 OK)
	refused_reinvite 488
	runs_on no_candidate
	true_end
}

@test "F32 near miss: the callee answers a re-INVITE 481, then sends an INFO: the candidate end is taken back" {
	gateway < <(
		uas_call
		sip_serve INVITE 481 Gone
		sip_recv ACK
		sip_serve INFO 200 OK
		sip_recv OPTIONS
		sip_reply 200 OK
		uas_request INFO 1
		uac_expect 200
		sip_serve BYE 200 OK
	)
	caller < <(
		uac_call 13
		sip_pause 200
		reinvite 14 481
		uac_request INFO 15
		uac_expect 200
		sip_hold
		uac_request OPTIONS 16
		uac_expect 200
		sip_serve INFO 200 OK
		sip_hold
		bye 17
	)
	runs_on
	sip_go caller
	no_candidate
	true_end
}

# The host itself answers 408: nobody else has.
@test "F32 the callee does not answer a re-INVITE, and the call runs on: it is open, with a candidate end" {
	at=$DIRECT gateway < <(uas_call; sip_recv INVITE; sip_serve INFO 200 OK; sip_serve BYE 200 OK)
	SIP_REMOTE=$HASTY refused_reinvite 408
	runs_on
	true_end
}
