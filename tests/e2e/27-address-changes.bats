#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# Honest calls that change in the middle: a leg that moves to another address, a proxy that ends the call
# itself, a leg over TCP that is not read.

load lib
LAB_TCP=yes
MOVED=10.77.1.2
NEIGHBOUR=10.77.2.2

setup_file() {
	proxy_lab --tcp off
	ip -n "$(lab_ns caller)" addr add "$MOVED/24" dev eth0
	ip -n "$(lab_ns gateway)" addr add "$NEIGHBOUR/24" dev eth0
}

speaks_from() { # HOST ADDRESS: whoever is bound to no address there, from now on
	local net=${2%.*}

	ip -n "$(lab_ns "$1")" route replace default via "$net.254" src "$2"
}

teardown() {
	speaks_from caller "$LAB_CALLER"
	speaks_from gateway "$LAB_GATEWAY"
	sip_over
	[[ -n ${BATS_TEST_COMPLETED:-} ]] || evidence >&2
}

roaming_gateway() {
	sip_callee gateway gateway -i 0.0.0.0 < <(sed "s/\[local_ip]/$LAB_GATEWAY/g")
}

roaming_caller() {
	sip_caller caller caller "$call" -i 0.0.0.0 < <(sed "s/\[local_ip]/$LAB_CALLER/g")
}

up() { # the call is
	lab_wait 5 grep -q '^ACK' "$LAB_DIR/gateway.msg"
}

# --- H9 ------------------------------------------------------------------------------------------

moved_invite() { # CSEQ: re-INVITE that says where the caller is now
	sip_send 500 < <(
		uac_message INVITE "$1" | sed "s/^Contact: .*/Contact: <sip:[caller]@$MOVED:5060>/"
		sip_sdp
	)
	uac_answered "$1"
}

# The row and the counter stay with the address and port of the opening.
@test "H9 the caller moves to another address by re-INVITE: its BYE from there ends the call" {
	gateway < <(
		uas_call
		sip_serve INVITE 200 OK 'Contact: <sip:gw@[local_ip]:[local_port]>'
		sip_recv ACK
		sip_serve BYE 200 OK
	)
	roaming_caller < <(uac_call 13; sip_hold; moved_invite 14; sip_pause 500; bye 15)
	up
	speaks_from caller "$MOVED"
	sip_go caller
	call_ends
	cdr_true bye caller gateway
	unblocked
	assert_equal "$LAB_CALLER 13" cdr "host(caller_addr) || ' ' || caller_cseq"
}

@test "H9 near miss: after the caller has moved by re-INVITE its low BYE is dropped" {
	gateway < <(
		uas_call
		sip_serve INVITE 200 OK 'Contact: <sip:gw@[local_ip]:[local_port]>'
		sip_recv ACK
		sip_serve BYE 200 OK
	)
	roaming_caller < <(uac_call 13; sip_hold; moved_invite 14; uac_request BYE 10; sip_pause 1000; bye 15)
	up
	speaks_from caller "$MOVED"
	sip_go caller
	call_ends
	cdr_true bye caller gateway
	eventually "out_of_order drop 10 14 caller $MOVED" violations \
		"concat_ws(' ', reason, action, cseq, expected_cseq, leg, host(source))"
}

@test "H9 near miss: BYE from another address without a re-INVITE is recorded, and ends on evidence" {
	gateway < <(uas_call; sip_serve BYE 200 OK)
	roaming_caller < <(uac_call 13; sip_hold; bye 14)
	up
	speaks_from caller "$MOVED"
	sip_go caller
	call_ends
	cdr_true bye caller gateway
	eventually "foreign_source pass caller $MOVED" violations \
		"concat_ws(' ', reason, action, leg, host(source))"
}

@test "H9 NAT gives the caller another port in mid-call: its BYE ends the call" {
	gateway < <(uas_call; sip_serve BYE 200 OK)
	caller < <(uac_call 13)
	sip_ended caller
	sip_caller caller later "$call" -p 5070 < <(
		sip_pause 500
		bye 14 "uri=sip:gw@$LAB_GATEWAY:5060" "routes=Route: <sip:$LAB_PROXY;lr>" \
			"from=<sip:bob@$LAB_CALLER>;tag=f-caller" "to=<sip:gw@$LAB_PROXY>;tag=t-gateway"
	)
	sip_ended later gateway
	cdr_true bye caller gateway
	unblocked
}

# --- H10 -----------------------------------------------------------------------------------------

cluster() { # the gateway answers a BYE from its neighbour's address
	roaming_gateway < <(uas_call; sip_serve BYE 200 OK)
	caller < <(uac_call 13; sip_hold; bye 14)
	up
	speaks_from gateway "$NEIGHBOUR"
	sip_go caller
	call_ends
}

@test "H10 a gateway answers the BYE from its neighbour's address, both are under --gateway: the call ends" {
	guard set "gateway=${LAB_GATEWAY%.*}.0/25"
	cluster
	guard set "gateway=$LAB_GATEWAY/32"
	cdr_true bye caller gateway
	unblocked
}

@test "H10 a gateway answers the INVITE from its neighbour's address, both are under --gateway: the call is known" {
	guard set "gateway=${LAB_GATEWAY%.*}.0/25"
	speaks_from gateway "$NEIGHBOUR"
	roaming_gateway < <(uas_call; sip_serve BYE 200 OK)
	caller < <(uac_call 13; sip_pause 500; bye 14)
	call_ends
	guard set "gateway=$LAB_GATEWAY/32"
	cdr_true bye caller gateway
	unblocked
	assert_equal "$NEIGHBOUR" cdr 'host(callee_addr)'
}

@test "H10 near miss: a BYE answered by a neighbour not under --gateway leaves the call open, and status names the neighbour" {
	guard_daemon_end TERM
	guard_daemon "$CDRS" --max-call 3s --sweep 500ms
	cluster
	eventually 'wrong_answerer' violations reason
	eventually 'timeout none f t' cdr "concat_ws(' ', end_reason, ended_by, bye_confirmed, suspect)"
	guard_daemon_end TERM
	guard_daemon "$CDRS"
	guard status | grep -q "$NEIGHBOUR"
}

# --- H13 -----------------------------------------------------------------------------------------

# Kamailio 5.6 sends the BYE of the second side only if the first has not been answered meanwhile.
takes_bye() {
	sip_recv BYE
	sip_pause 300
	sip_reply 200 OK
}

@test "H13 the proxy ends a call at its dialog timeout, by a BYE to both sides" {
	gateway < <(uas_call; sip_serve BYE 200 OK)
	SIP_CALLS=timed caller < <(uac_call 13; takes_bye)
	call_ends
	cdr_true bye caller gateway
	unblocked
}

@test "H13 near miss: before the proxy's dialog timeout a low BYE is dropped, and the proxy's own BYE ends the call" {
	gateway < <(uas_call; sip_serve BYE 200 OK)
	SIP_CALLS=timed caller < <(uac_call 13; uac_request BYE 10; takes_bye)
	call_ends
	cdr_true bye caller gateway
	blocked out_of_order 10 14
}

@test "H13 the caller is on TCP: its BYE, which the gateway accepts, ends the call" {
	gateway < <(uas_call; sip_serve BYE 200 OK)
	sip_caller caller caller "$call" -t t1 < <(uac_call 13; sip_pause 500; bye 14)
	call_ends
	cdr_true bye caller gateway
	unblocked
}

@test "H13 near miss: the caller is on TCP: its low BYE, which the gateway refuses, ends nothing" {
	gateway < <(uas_call; uas_ordered_bye)
	sip_caller caller caller "$call" -t t1 < <(
		uac_call 13
		sip_pause 200
		uac_request BYE 10
		uac_expect 500
		sip_pause 8000
		bye 14
	)
	eventually refused violations reason
	cdr_open
	call_ends
	cdr_true bye caller gateway
}

tcp_gateway() { # steps on stdin
	sip_play gateway gateway -t t1 < <(sed 's/^\(Contact: <[^>]*\)/\1;transport=tcp/')
	lab_wait 5 tcp_listens
}

tcp_listens() {
	lab_in gateway ss -Hltn 'sport = :5060' | grep -q .
}

# The call has one CDR: no witness was read, so its end is suspect. Its duration is right.
relayed() {
	eventually "relayed_bye caller f t unseen 0" cdr \
		"concat_ws(' ', end_reason, ended_by, bye_confirmed, suspect, callee_side, witness)"
	eventually t cdr "abs(extract(epoch FROM duration) - $(ladder_length "$LAB_DIR/gateway.short")) < 0.15"
}

@test "H13 the gateway is on TCP: the caller's BYE ends the call, suspect, at its true end" {
	tcp_gateway < <(uas_call; sip_serve BYE 200 OK)
	SIP_CALLS=stream caller < <(uac_call 13; sip_pause 500; bye 14)
	call_ends
	relayed
	unblocked
}

@test "H13 the gateway is on TCP, and unseen=believe: the caller's BYE ends the call, confirmed" {
	guard set unseen=believe
	tcp_gateway < <(uas_call; sip_serve BYE 200 OK)
	SIP_CALLS=stream caller < <(uac_call 13; sip_pause 500; bye 14)
	call_ends
	guard set unseen=suspect
	eventually 'relayed_bye caller t f unseen 0' cdr \
		"concat_ws(' ', end_reason, ended_by, bye_confirmed, suspect, callee_side, witness)"
	unblocked
}

@test "H13 near miss: the gateway is on TCP: the caller's low BYE is dropped" {
	tcp_gateway < <(uas_call; sip_serve BYE 200 OK)
	SIP_CALLS=stream caller < <(uac_call 13; uac_request BYE 10; sip_pause 1000; bye 14)
	call_ends
	relayed
	blocked out_of_order 10 14
}

# The third host is the caller's own: it says yes to whatever comes.
@test "F21 the gateway is on TCP: the caller's BYE to its own host, answered 200 there, is a candidate end" {
	tcp_gateway < <(uas_call; sip_serve BYE 200 OK)
	sip_callee third third < <(sip_serve BYE 200 OK)
	SIP_CALLS=stream caller < <(
		uac_call 13
		sip_pause 200
		bye 14 "uri=sip:me@$LAB_THIRD:5060"
		sip_hold
		bye 15
	)
	sip_ended third
	eventually 'wrong_target pass BYE caller' violations "concat_ws(' ', reason, action, method, leg)"
	cdr_open
	eventually t cdr 'candidate_end > answer_time'
	assert_equal t cdr 'end_time IS NULL'
	sip_go caller
	call_ends
	relayed
}

@test "F21 the gateway is on TCP: a third host's BYE with the callee's tags, which the caller accepts, closes nothing" {
	tcp_gateway < <(uas_call; sip_serve BYE 200 OK)
	SIP_CALLS=stream caller < <(uac_call 13; sip_serve BYE 200 OK; sip_hold; bye 14)
	up
	sip_caller third third "$call" < <(
		uac_request BYE 1 "routes=Route: <sip:$LAB_PROXY;lr>" "uri=sip:bob@$LAB_CALLER:5060" \
			"from=<sip:stream@$LAB_PROXY>;tag=t-gateway" "to=<sip:bob@$LAB_CALLER>;tag=f-caller"
		uac_expect 200
	)
	sip_ended third
	eventually t cdr 'candidate_end > answer_time'
	assert_equal t cdr 'end_time IS NULL'
	sip_go caller
	call_ends
	relayed
}
