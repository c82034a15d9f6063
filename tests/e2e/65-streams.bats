#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# One side of the call speaks TLS, or TCP with tcp=off, which the guard does not read: a caller, or the
# carrier. The proxies are Kamailio.

# shellcheck disable=SC2153 # LAB_TOP is of lib.bash
load lib
load tcp
load topology
load tls
LAB_TCP=yes
STRANGER=10.77.3.2
SECURE=10.77.0.2 # a proxy on TLS as well

setup_file() {
	tls_needs
	proxy_lab --tcp off
	lab_address_add third "$STRANGER" eth0
	lab_address_add proxy "$SECURE" lo
	tls_proxy -A "BACK=\"$LAB_CALLER\""
}

unseen() { # the caller of the call's one row
	eventually "unseen $LAB_CALLER" cdr "concat_ws(' ', caller_side, host(caller_addr))"
}

# --- F28 -----------------------------------------------------------------------------------------

as_host() { # his Contact is a name of the host
	sed "s/^Contact: .*/Contact: <sip:[caller]@$SECURE:5060>/"
}

@test "F28 near miss: a caller over TLS hangs up: its BYE, which the gateway accepts, ends the call" {
	gateway < <(uas_call; sip_serve BYE 200 OK)
	tls_caller < <(uac_call 13; sip_pause 500; bye 14)
	call_ends
	cdr_true bye caller gateway
	unseen
	unblocked
}

@test "F28 a caller over TLS writes the host's name into his Contact, and sends a BYE into a black hole: the call is open" {
	gateway < <(uas_call; sip_serve BYE 200 OK)
	tls_caller < <(
		{
			uac_call 13
			sip_pause 200
			uac_request BYE 14 "uri=sip:me@${LAB_THIRD%.*}.99:5060"
			sip_pause 8000
			bye 15
		} | as_host
	)
	lab_wait 5 grep -q 'CSeq: 14 BYE' "$LAB_DIR/caller.msg"
	unseen
	cdr_open
	call_ends
	cdr_true bye caller gateway
}

@test "F28 a caller over TLS, with the host's name in his Contact, sends a BYE to his own host, which answers 200: the call is open" {
	gateway < <(uas_call; sip_serve BYE 200 OK)
	sip_callee third third < <(sip_serve BYE 200 OK)
	tls_caller < <({ uac_call 13; sip_pause 200; bye 14 "uri=sip:me@$LAB_THIRD:5060"; sip_pause 8000; bye 15; } | as_host)
	sip_ended third
	still_open wrong_target
	call_ends
	cdr_true bye caller gateway
}

# --- F21 -----------------------------------------------------------------------------------------

@test "F21 the caller is on TCP, the callee a customer: a stranger's BYE that the caller accepts closes nothing" {
	stranger_bye
	eventually foreign_source violations reason
	cdr_open
	sip_ended third callee
	cdr_true bye callee callee
}

@test "F21 the caller is on TCP, the callee a customer: a BYE to the caller's own host, answered 200 there, closes nothing" {
	customer < <(uas_call; sip_serve BYE 200 OK)
	sip_callee gateway own < <(sip_serve BYE 200 OK)
	third_caller < <(uac_call 13; sip_pause 200; bye 14 "uri=sip:me@$LAB_GATEWAY:5060"; sip_pause 8000; bye 15)
	sip_ended own
	still_open wrong_target
	sip_ended third callee
	cdr_true bye caller callee
}

# --- F22, F29 ------------------------------------------------------------------------------------

@test "F22 an INVITE refused over UDP names a victim and a cheap number, the dear one follows over TCP under its branch" {
	printf '%s\r\n' "INVITE sip:cheap@$LAB_PROXY SIP/2.0" "Via: SIP/2.0/UDP $LAB_CALLER:5060;branch=z9hG4bK-f22" \
		'From: <sip:victim@example.org>;tag=f-caller' "To: <sip:cheap@$LAB_PROXY>" "Call-ID: $call" \
		'CSeq: 13 INVITE' 'Contact: <sip:victim@example.org>' 'Max-Forwards: 0' 'Content-Length: 0' '' >"$LAB_DIR/first"
	lab_in caller bash -c "cat '$LAB_DIR/first' >/dev/udp/$LAB_PROXY/5060"
	gateway < <(uas_call; sip_serve BYE 200 OK)
	SIP_CALLS=dear sip_caller caller caller "$call" -t t1 < <(
		uac_call 13 | sed 's|^Via: SIP/2.0/UDP \(.*\)branch=\[branch]|Via: SIP/2.0/TCP \1branch=z9hG4bK-f22|'
		sip_pause 500
		bye 14
	)
	call_ends
	cdr_true bye caller gateway
	assert_equal "sip:bob@$LAB_CALLER sip:dear@$LAB_GATEWAY" cdr "concat_ws(' ', caller, request_uri)"
	unseen
}

# A calls our customer B, whose phone rings. B sends an INVITE with the ids and the branch of A's to a dear number.
ringing() {
	sip_callee caller callee < <(uas_invite; uas_answer 180 Ringing; sip_pause 3000; uas_answer 200 OK; sip_recv ACK; sip_serve BYE 200 OK)
	SIP_REMOTE=$SECURE SIP_CALLS=back sip_caller third third "$call" < <(
		uac_call 13 | sed "s/branch=\[branch]/branch=z9hG4bK-$call/"
		sip_pause 300
		bye 14
	)
	lab_wait 5 grep -q ' 180' "$LAB_DIR/third.short"
}

replayed() { # SENT-BY: A's ids and branch
	{
		uac_call 13 | sed "s/\[local_ip]:\[local_port];branch=\[branch]/$1;branch=z9hG4bK-$call/"
		sip_pause 300
		bye 14 | sed "s/\[local_ip]:\[local_port]/$1/"
	} | sed 's/\[from_tag]/f-third/'
}

billed_to() { # TAG ADDRESS: the caller of that row
	eventually t cdr "bool_or(to_tag = '$1' AND from_tag = 'f-third' AND host(caller_addr) = '$2' AND end_reason = 'bye')"
}

@test "F29 a callee replays the ids and the branch of a ringing call, over UDP, to a dear number: he is billed, not the caller" {
	gateway < <(uas_call; sip_serve BYE 200 OK)
	ringing
	SIP_REMOTE=$SECURE sip_caller caller caller "$call" -p 5070 < <(replayed "$LAB_CALLER:5070")
	sip_ended caller gateway third callee
	billed_to t-gateway "$LAB_CALLER"
	billed_to t-callee "$LAB_THIRD"
	assert_equal 2 cdr 'count(*)'
}

@test "F29 a callee replays the ids and the branch of a ringing call, over TLS, to a dear number: he is billed, not the caller" {
	gateway < <(uas_call; sip_serve BYE 200 OK)
	ringing
	SIP_REMOTE=127.0.0.1 sip_caller caller caller "$call" -t t1 -p 5070 < <(
		replayed "$LAB_THIRD:5060" | sed 's|SIP/2.0/UDP|SIP/2.0/TLS|'
	)
	sip_ended caller gateway third callee
	billed_to t-gateway "$LAB_CALLER"
	billed_to t-callee "$LAB_THIRD"
	assert_equal 2 cdr 'count(*)'
}

# --- H20 -----------------------------------------------------------------------------------------

relayed() { # LEG: no witness was read: suspect, at the true end
	eventually "relayed_bye $1 t unseen 0" cdr \
		"concat_ws(' ', end_reason, ended_by, suspect, callee_side, witness)"
	eventually t cdr "abs(extract(epoch FROM duration) - $(ladder_length "$LAB_DIR/gateway.short")) < 0.15"
}

@test "H20 a carrier on TLS hangs up: the call ends there, suspect" {
	tls_gateway < <(uas_call; sip_pause 500; uas_request BYE 1; uac_expect 200)
	SIP_REMOTE=$SECURE SIP_CALLS=trunk caller < <(uac_call 13; sip_serve BYE 200 OK)
	call_ends
	relayed callee
	unblocked
}

@test "H20 a carrier on TLS: the caller hangs up: the call ends there, suspect; a low BYE is dropped" {
	tls_gateway < <(uas_call; sip_serve BYE 200 OK)
	SIP_REMOTE=$SECURE SIP_CALLS=trunk caller < <(uac_call 13; sip_pause 300; uac_request BYE 10; sip_pause 700; bye 14)
	call_ends
	relayed caller
	blocked out_of_order 10 14
}
