#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# Fraud that needs more than a wrong CSeq: jumps of the counter, a hop limit, third hosts that know the tags, a
# second INVITE. Each attack has the honest call that resembles it beside it.

load lib
LAB_HOSTS+=(second)
LAB_INTERFACES+=(second0)
LAB_SECOND=10.77.4.1

setup_file() {
	proxy_lab
}

# A third host that knows the tags, as one leg or the other.
routed="routes=Route: <sip:$LAB_PROXY;lr>"
as_caller=("$routed" "from=<sip:bob@$LAB_CALLER>;tag=f-caller" "to=<sip:gw@$LAB_PROXY>;tag=t-gateway"
	"uri=sip:gw@$LAB_GATEWAY:5060")
as_callee=("$routed" "from=<sip:gw@$LAB_PROXY>;tag=t-gateway" "to=<sip:bob@$LAB_CALLER>;tag=f-caller"
	"uri=sip:bob@$LAB_CALLER:5060")

stranger() { # NAME: steps on stdin, once the call is up
	lab_wait 5 grep -q '^ACK' "$LAB_DIR/gateway.msg"
	sip_caller third "$1" "$call"
	sip_ended "$1"
}

@test "F4 ACK of the caller that jumps the counter raises nothing: the next BYE ends the call" {
	gateway < <(uas_call; sip_recv ACK; sip_serve BYE 200 OK)
	caller < <(uac_call 13; sip_pause 200; uac_ack 2147483000; sip_pause 800; bye 14)
	call_ends
	cdr_true bye caller gateway
	unblocked
}

@test "F4 ACK of a third host that jumps the counter is dropped; caller and callee are not locked out" {
	gateway < <(uas_call; sip_serve BYE 200 OK)
	caller < <(uac_call 13; sip_hold; bye 14)
	stranger third < <(uac_request ACK 2147483000 "${as_caller[@]}")
	sip_go caller
	call_ends
	cdr_true bye caller gateway
	eventually "foreign_ack drop ACK 2147483000 caller $LAB_THIRD" violations \
		"concat_ws(' ', reason, action, method, cseq, leg, host(source))"
	assert_equal 0 cdr blocked_byes
}

@test "F4 INFO of a third host that jumps the counter raises nothing; the caller is not locked out" {
	gateway < <(uas_call; sip_serve INFO 200 OK; sip_serve BYE 200 OK)
	caller < <(uac_call 13; sip_hold; bye 14)
	stranger third < <(uac_request INFO 2147483000 "${as_caller[@]}"; uac_expect 200)
	sip_go caller
	call_ends
	cdr_true bye caller gateway
	unblocked
	assert_equal 14 cdr caller_cseq
}

@test "F4 INFO of a third host with the callee's tags does not lock the gateway out" {
	gateway < <(uas_call; sip_pause 1500; uas_request BYE 1; uac_expect 200)
	caller < <(uac_call 13; sip_serve INFO 200 OK; sip_serve BYE 200 OK)
	stranger third < <(uac_request INFO 900000 "${as_callee[@]}"; uac_expect 200)
	call_ends
	cdr_true bye callee gateway
	unblocked
}

@test "F4 near miss: the caller's own INFO raises its counter: a BYE below is dropped, one above ends" {
	gateway < <(uas_call; sip_serve INFO 200 OK; sip_serve BYE 200 OK)
	caller < <(
		uac_call 13
		uac_request INFO 500
		uac_expect 200
		uac_request BYE 14
		sip_pause 1000
		bye 501
	)
	call_ends
	cdr_true bye caller gateway
	blocked out_of_order 14 501
}

# The same BYE twice: with so few hops that somebody answers 483, later with enough. Commands say how the
# guard's record of the first shows.
few_hops() { # HOPS COMMAND...
	caller < <(
		uac_call 13
		sip_pause 200
		uac_request BYE 14 "hops=$1"
		uac_expect 483
		sip_hold
		bye 14
	)
	lab_wait 5 grep -q 'SIP/2.0 483' "$LAB_DIR/caller.short"
	"${@:2}"
	cdr_open
	sip_go caller
	call_ends
	cdr_true bye caller gateway
	assert_equal 0 cdr blocked_byes
}

in_map() { # JQ-EXPRESSION: of the call's dialog, which is live
	guard dialogs -j | jq -r --arg call "$call" ".[] | select(.call_id == \$call) | $1"
}

nothing_pends() { # the BYE passed, and did not go out
	assert_equal 'confirmed 14' in_map '"\(.state) \(.caller_cseq)"'
	assert_equal 0 violations 'count(*)'
}

@test "F5 BYE with Max-Forwards 0, refused by the proxy; the same BYE later ends the call" {
	gateway < <(uas_call; sip_serve BYE 200 OK)
	few_hops 0 nothing_pends
	assert_equal 0 violations 'count(*)'
}

@test "F5 BYE with Max-Forwards 1, refused behind the proxy; the same BYE later ends the call" {
	gateway < <(uas_call; sip_serve BYE 483 'Too Many Hops'; sip_serve BYE 200 OK)
	few_hops 1 eventually 'refused pass BYE 14 caller' violations \
		"concat_ws(' ', reason, action, method, cseq, leg)"
}

@test "F5 near miss: BYE with Max-Forwards 2, which is enough, ends the call" {
	gateway < <(uas_call; sip_serve BYE 200 OK)
	caller < <(uac_call 13; sip_pause 500; bye 14 hops=2)
	call_ends
	cdr_true bye caller gateway
	unblocked
}

# The caller's yes to a BYE in the gateway's name is a candidate end, no more.
foreign_bye_is_doubt() {
	eventually "foreign_source pass BYE callee $LAB_THIRD
wrong_target pass BYE callee $LAB_CALLER" violations \
		"concat_ws(' ', reason, action, method, leg, host(source))" "method = 'BYE' ORDER BY at"
	cdr_open
	eventually t cdr 'candidate_end > answer_time'
	assert_equal t cdr 'end_time IS NULL'
}

@test "F9 a third host plays the callee: its BYE, which the caller accepts, closes nothing" {
	gateway < <(uas_call; sip_serve BYE 200 OK)
	caller < <(uac_call 13; sip_serve BYE 200 OK; sip_hold; bye 14)
	stranger third < <(uac_request BYE 1 "${as_callee[@]}"; uac_expect 200)
	foreign_bye_is_doubt
	sip_go caller
	call_ends
	cdr_true bye caller gateway
}

@test "F9 a third host moves the callee's leg by a re-INVITE, then hangs up as the callee: nothing closes" {
	gateway < <(uas_call; sip_serve BYE 200 OK)
	caller < <(
		uac_call 13
		sip_serve INVITE 200 OK 'Contact: <sip:[caller]@[local_ip]:[local_port]>'
		sip_recv ACK 'optional="true"'
		sip_serve BYE 200 OK
		sip_hold
		bye 14
	)
	stranger third < <(
		uac_request INVITE 1 "${as_callee[@]}" 'hops=70
Content-Length: 0'
		uac_expect 200
		uac_request ACK 1 "${as_callee[@]}"
		uac_request BYE 2 "${as_callee[@]}"
		uac_expect 200
	)
	foreign_bye_is_doubt
	assert_equal "$LAB_GATEWAY" cdr 'host(callee_addr)'
	sip_go caller
	call_ends
	cdr_true bye caller gateway
}

@test "F9 with source=strict a third host's BYE with the callee's tags is dropped" {
	guard set source=strict
	gateway < <(uas_call; sip_serve BYE 200 OK)
	caller < <(uac_call 13; sip_hold; bye 14)
	stranger third < <(uac_request BYE 1 "${as_callee[@]}")
	sip_go caller
	call_ends
	guard set source=observe
	cdr_true bye caller gateway
	eventually "foreign_source drop BYE callee $LAB_THIRD" violations \
		"concat_ws(' ', reason, action, method, leg, host(source))"
	assert_equal 1 cdr blocked_byes
}

@test "F9 near miss: with source=strict the gateway's own BYE ends the call" {
	guard set source=strict
	gateway < <(uas_call; sip_pause 500; uas_request BYE 1; uac_expect 200)
	caller < <(uac_call 13; sip_serve BYE 200 OK)
	call_ends
	guard set source=observe
	cdr_true bye callee gateway
	unblocked
}

second_invite() { # to another callee, under the same Call-ID and From tag
	sip_send <<-END
		INVITE sip:second@[remote_ip] SIP/2.0
		Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]
		From: <sip:[caller]@[local_ip]>;tag=[from_tag]
		To: <sip:second@[remote_ip]>
		Call-ID: [call_id]
		CSeq: 14 INVITE
		Contact: <sip:[caller]@[local_ip]:[local_port]>
		Max-Forwards: 70
		Content-Length: 0
	END
}

@test "F16 a second INVITE of the same Call-ID and From tag, refused, does not change the first one's CDR" {
	slow_gateway
	sip_callee second second < <(uas_invite; uas_answer 486 Busy; sip_recv ACK)
	caller < <(
		uac_invite 13
		uac_rings
		second_invite
		uac_expect 486
		sip_send <<-END
			ACK sip:second@[remote_ip] SIP/2.0
			[last_Via:]
			[last_From:]
			[last_To:]
			Call-ID: [call_id]
			CSeq: 14 ACK
			Max-Forwards: 70
			Content-Length: 0
		END
		uac_answered 13
		sip_pause 500
		bye 15
	)
	call_ends
	sip_ended second
	cdr_true bye caller gateway
	unblocked
	assert_equal "sip:gw@$LAB_GATEWAY $LAB_GATEWAY t-gateway" cdr \
		"concat_ws(' ', request_uri, host(callee_addr), to_tag)"
}

@test "F16 near miss: two INVITEs of one Call-ID and From tag, both answered, have a CDR each, of their own callee" {
	slow_gateway
	sip_callee second second < <(uas_invite; uas_answer 200 OK; sip_recv ACK; sip_serve BYE 200 OK)
	caller < <(
		uac_invite 13
		uac_rings
		second_invite
		uac_answered 14
		bye 15
		uac_answered 13
		sip_pause 700
		bye 16
	)
	call_ends
	sip_ended second
	eventually 2 cdr 'count(end_time)'
	assert_equal "sip:gw@$LAB_GATEWAY $LAB_GATEWAY t-gateway
sip:second@$LAB_SECOND $LAB_SECOND t-second" cdr \
		"concat_ws(' ', request_uri, host(callee_addr), to_tag) FROM cseqguard.cdr
		WHERE call_id = '$call' ORDER BY to_tag --"
	eventually t cdr "bool_and(abs(extract(epoch FROM duration)
		- CASE to_tag WHEN 't-gateway' THEN $(ladder_length "$LAB_DIR/gateway.short")
		ELSE $(ladder_length "$LAB_DIR/second.short") END) < 0.15)"
	assert_equal 0 cdr 'sum(blocked_byes)'
	assert_equal 0 violations 'count(*)'
}

@test "F15 2xx of another callee to a second INVITE, under the To tag of the gateway's 180, opens nothing" {
	slow_gateway
	sip_callee second second < <(uas_invite; uas_late_answer 200 OK t-gateway)
	caller < <(
		uac_invite 13
		uac_rings
		second_invite
		uac_expect 200
		uac_answered 13
		sip_pause 500
		bye 15
	)
	sip_ended second
	eventually "forged_2xx $LAB_SECOND" violations "reason || ' ' || host(source)"
	assert_equal 0 cdr 'count(*)'
	call_ends
	cdr_true bye caller gateway
	assert_equal "t-gateway $LAB_GATEWAY" cdr "to_tag || ' ' || host(callee_addr)"
}

# --- near misses of what other files have --------------------------------------------------------

@test "F7 near miss: a challenged BYE repeated with credentials ends the call at the second BYE" {
	gateway < <(uas_call; sip_serve BYE 200 OK)
	SIP_USER=carol caller < <(
		uac_call 13
		sip_pause 200
		uac_request BYE 14
		uac_expect 407 'auth="true"'
		sip_pause 700
		uac_request BYE 15 $'routes=[routes]\n[authentication username=carol password=secret]'
		uac_expect 200
	)
	call_ends
	cdr_true bye caller gateway
	assert_equal 0 cdr blocked_byes
}

@test "F8 near miss: any 2xx of the gateway ends the call" {
	gateway < <(uas_call; sip_serve BYE 202 Accepted)
	caller < <(uac_call 13; sip_pause 500; uac_request BYE 14; uac_expect 202)
	call_ends
	cdr_closed bye caller
	eventually t cdr 'extract(epoch FROM duration) BETWEEN 0.4 AND 0.8'
	unblocked
}

@test "F10 near miss: the gateway's BYE, with swapped tags from its own address, ends the call" {
	gateway < <(uas_call; sip_pause 500; uas_request BYE 1; uac_expect 200)
	caller < <(uac_call 13; sip_serve BYE 200 OK)
	call_ends
	cdr_true bye callee gateway
	unblocked
}

@test "F15 near miss: the gateway's own 2xx under another To tag than its 180 opens the call" {
	gateway < <(
		uas_invite
		uas_late_answer 180 Ringing t-ringing
		uas_late_answer 200 OK t-gateway
		sip_recv ACK
		sip_serve BYE 200 OK
	)
	caller < <(uac_call 13; sip_pause 500; bye 14)
	call_ends
	cdr_true bye caller gateway
	unblocked
	assert_equal t-gateway cdr to_tag
}
