#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# The gateway is a carrier's proxy: it record-routes, and sends on whatever has a Route beyond it. The true
# callee stands behind it, and so does the caller's own host, which says yes to everything. The guard sees the
# carrier alone.

load lib
load topology
CALLEE=10.77.2.2
ACCOMPLICE=10.77.2.3
INNER=10.9.9.9 # in a Contact of a phone behind NAT

setup_file() {
	proxy_lab
	lab_address_add gateway "$CALLEE" eth0
	lab_address_add gateway "$ACCOMPLICE" eth0
	proxy_at gateway "$LAB_GATEWAY" "$CALLEE" -A ALIAS -A "BACK=\"$LAB_PROXY\""
}

behind() { # NAME ADDRESS: SIPp there, with the steps on stdin
	sip_play gateway "$1" -i "$2"
	lab_wait 5 listens_at gateway "$2"
}

gateway() {
	behind gateway "$CALLEE"
}

accomplice() {
	behind accomplice "$ACCOMPLICE"
}

by_carrier() { # ADDRESS: in the call whose routes are known
	printf 'routes=Route: <sip:%s;lr>, <sip:%s;lr>, <sip:%s;lr>' "$LAB_PROXY" "$LAB_GATEWAY" "$1"
}

candidate() { # a yes that proves nothing is noted, and the call is open
	eventually wrong_target violations reason
	eventually t cdr 'candidate_end > answer_time AND end_time IS NULL'
}

true_end() { # the caller's next BYE goes the right way, and is the end
	sip_go caller
	call_ends
	cdr_true bye caller gateway
	from "$LAB_CALLER"
}

# --- honest --------------------------------------------------------------------------------------

@test "F18 near miss: a BYE by the Routes that the carrier gave ends the call, a low one is dropped" {
	gateway < <(uas_call; sip_serve BYE 200 OK)
	caller < <(uac_call 13; sip_pause 300; uac_request BYE 10; sip_pause 700; bye 14)
	call_ends
	cdr_true bye caller gateway
	blocked out_of_order 10 14
}

@test "F18 near miss: the callee behind the carrier moves its target by its 2xx to a re-INVITE: the next BYE ends the call" {
	gateway < <(
		uas_call
		sip_serve INVITE 200 OK 'Contact: <sip:moved@[local_ip]:[local_port]>'
		sip_recv ACK
		sip_serve BYE 200 OK
	)
	caller < <(uac_call 13; uac_reinvite 14; sip_pause 500; bye 15)
	call_ends
	grep -q 'BYE sip:moved@' "$LAB_DIR/gateway.msg"
	cdr_true bye caller gateway
	unblocked
}

@test "the callee behind a carrier that loose-routes hangs up: the CDR ends there" {
	gateway < <(uas_call; sip_pause 500; uas_request BYE 1; uac_expect 200)
	caller < <(uac_call 13; sip_serve BYE 200 OK)
	call_ends
	cdr_true bye callee gateway
	unblocked
}

# --- F18, F31, F32 -------------------------------------------------------------------------------

@test "F18 a Route beyond the carrier leads the BYE to the caller's own host: its 200 is a candidate end" {
	gateway < <(uas_call; sip_serve BYE 200 OK)
	accomplice < <(sip_serve BYE 200 OK)
	caller < <(uac_call 13; sip_pause 200; bye 14 "$(by_carrier "$ACCOMPLICE")"; sip_hold; bye 15)
	sip_ended accomplice
	candidate
	true_end
}

reinvite_to() { # CSEQ ADDRESS: a re-INVITE for somebody there, and the ACK of its 2xx
	sip_send 500 < <(
		uac_message INVITE "$1" "uri=sip:me@$2:5060"
		sip_sdp
	)
	sip_provisional
	printf '<recv response="200"/>\n'
	uac_request ACK "$1" "uri=sip:me@$2:5060"
}

@test "F18 a re-INVITE that the carrier takes to the caller's own host moves no target: the BYE there is a candidate end" {
	gateway < <(uas_call; sip_serve BYE 200 OK)
	accomplice < <(
		sip_serve INVITE 200 OK 'Contact: <sip:me@[local_ip]:[local_port]>'
		sip_recv ACK
		sip_serve BYE 200 OK
	)
	caller < <(
		uac_call 13
		reinvite_to 14 "$ACCOMPLICE"
		sip_pause 200
		bye 15 "uri=sip:me@$ACCOMPLICE:5060"
		sip_hold
		bye 16
	)
	sip_ended accomplice
	candidate
	true_end
}

@test "F18 a BYE with a Route beyond the carrier that leaves the host in fragments is a candidate end" {
	local mtu=800

	ip -n "$(lab_ns proxy)" link set gateway0 mtu "$mtu"
	gateway < <(uas_call; sip_serve BYE 200 OK)
	accomplice < <(sip_serve BYE 200 OK)
	caller < <(
		uac_call 13
		sip_pause 200
		bye 14 "routes=X-Padding: $(printf '%0700d' 0)
		$(by_carrier "$ACCOMPLICE" | sed 's/^routes=//')"
		sip_hold
		bye 15
	)
	sip_ended accomplice
	ip -n "$(lab_ns proxy)" link set gateway0 mtu 1500
	eventually t cdr 'candidate_end > answer_time AND end_time IS NULL'
	true_end
}

phone_behind_nat() { # its Contact is the inner address; the carrier adds where it is
	gateway < <({ uas_call; sip_serve BYE 200 OK; } | sed "s/^Contact: .*/Contact: <sip:gw@$INNER:5060>/")
}

@test "F31 near miss: a BYE under the alias that the carrier gave ends the call" {
	phone_behind_nat
	caller < <(uac_call 13; sip_pause 500; bye 14)
	call_ends
	grep -q "BYE sip:gw@$INNER:5060;alias=$CALLEE" "$LAB_DIR/caller.msg"
	cdr_true bye caller gateway
	unblocked
}

@test "F31 another alias in the Request-URI leads the BYE to the caller's own host: its 200 is a candidate end" {
	phone_behind_nat
	accomplice < <(sip_serve BYE 200 OK)
	caller < <(
		uac_call 13
		sip_pause 200
		bye 14 "uri=sip:gw@$INNER:5060;alias=$ACCOMPLICE~5060~1"
		sip_hold
		bye 15
	)
	sip_ended accomplice
	candidate
	true_end
}

@test "F32 a re-INVITE that an accomplice behind the carrier answers 481 ends nothing: the call runs on" {
	gateway < <(uas_call; sip_serve INFO 200 OK; sip_serve BYE 200 OK)
	accomplice < <(sip_serve INVITE 481 Gone; sip_recv ACK)
	caller < <(
		uac_call 13
		sip_send 500 < <(
			uac_message INVITE 14 "uri=sip:me@$ACCOMPLICE:5060" branch=z9hG4bK-f32
			sip_sdp
		)
		uac_expect 481
		uac_request ACK 14 "uri=sip:me@$ACCOMPLICE:5060" branch=z9hG4bK-f32
		sip_pause 200
		uac_request INFO 15
		uac_expect 200
		sip_hold
		bye 16
	)
	sip_ended accomplice
	lab_wait 5 grep -q 'CSeq:15 INFO.*200' "$LAB_DIR/caller.short"
	cdr_open
	true_end
}

# --- F24 -----------------------------------------------------------------------------------------

# The caller writes a number in the callee's name, and lets the carrier send it back to the host.
bounced() { # METHOD CSEQ
	uac_request "$1" "$2" "uri=sip:bob@$LAB_CALLER:5060" "$(by_carrier "$LAB_PROXY")" \
		'from=[$remote]' 'to=<sip:[caller]@[local_ip]>;tag=[from_tag]'
}

@test "F24 an INFO in the callee's name, bounced off the carrier, does not lock the callee out: its BYE ends the call" {
	gateway < <(uas_call; sip_pause 1000; uas_request BYE 1; uac_expect 200)
	caller < <(
		uac_call 13
		bounced INFO 2147483000
		sip_serve INFO 200 OK
		uac_expect 200
		sip_serve BYE 200 OK
	)
	call_ends
	cdr_true bye callee gateway
	assert_equal 0 cdr blocked_byes
}

@test "F24 near miss: the callee's own INFO raises its counter: its BYE below is dropped" {
	gateway < <(uas_call; uas_bye_lower)
	caller < <(uac_call 13; sip_serve INFO 200 OK; sip_serve BYE 200 OK)
	call_ends
	cdr_true bye callee gateway
	# the carrier sends it until the call is over
	eventually 'out_of_order drop callee 10 21' violations \
		"concat_ws(' ', reason, action, leg, cseq, min(expected_cseq))" 'true GROUP BY reason, action, leg, cseq'
}

# --- H19 -----------------------------------------------------------------------------------------

# From the third host by way of the proxy to the carrier, which sends the call back to our own customer.
sent_back() { # steps of the customer behind the call, then of the caller
	sip_callee caller callee < <(uas_call; eval "$1")
	SIP_CALLS=back sip_caller third third "$call" < <(uac_call 13; eval "$2")
	sip_ended third callee
	assert_equal 1 cdr 'count(*)'
	assert_equal "$LAB_THIRD $LAB_CALLER" cdr "host(caller_addr) || ' ' || host(callee_addr)"
}

@test "H19 a carrier sends a call back to our customer: the customer is the callee, and the caller's BYE ends the call" {
	sent_back 'sip_serve BYE 200 OK' 'sip_pause 500; bye 14'
	cdr_true bye caller callee
	unblocked
}

@test "H19 a carrier sends a call back to our customer: the customer's BYE ends the call" {
	sent_back 'sip_pause 500; uas_request BYE 1; uac_expect 200' 'sip_serve BYE 200 OK'
	cdr_true bye callee callee
	unblocked
}
