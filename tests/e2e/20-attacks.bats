#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# Fraud against a proxy: SIPp as caller, Kamailio on the guarded host, SIPp as gateway. Each call begins with
# INVITE 13 and ends when the gateway accepts a BYE. The CDR is compared with that.

load lib

setup_file() {
	proxy_lab
}

@test "F1 BYE with a lower CSeq is dropped, the CDR stays open until the true end" {
	bye_lower
	blocked out_of_order 10 14
	eventually 1 sql "$ACC" "SELECT count(*) FROM acc WHERE callid = '$call' AND method = 'BYE'"
	assert_equal 14 sql "$ACC" "SELECT cseq FROM acc WHERE callid = '$call' AND method = 'BYE'"
}

@test "F1 near miss: BYE with the next CSeq, and with one far above, closes the CDR" {
	local cseq
	for cseq in 14 90000; do
		call=$cseq-$BATS_TEST_NUMBER@lab-$LAB_ID
		gateway < <(uas_call; sip_serve BYE 200 OK)
		caller < <(uac_call 13; sip_pause 500; bye "$cseq")
		call_ends
		cdr_true bye caller gateway
		unblocked
	done
}

@test "F2 BYE with the INVITE's CSeq and no BYE before is dropped" {
	gateway < <(uas_call; sip_serve BYE 200 OK)
	caller < <(uac_call 13; sip_pause 200; uac_request BYE 13; sip_pause 1500; bye 14)
	call_ends
	cdr_true bye caller gateway
	blocked equal_cseq 13 14
}

@test "F2 near miss: with equal=pass such a BYE passes and closes the CDR" {
	guard set equal=pass
	gateway < <(uas_call; sip_serve BYE 200 OK)
	caller < <(uac_call 13; sip_pause 500; bye 13)
	call_ends
	guard set equal=drop
	cdr_true bye caller gateway
	assert_equal 0 cdr blocked_byes
}

@test "F3 BYE is dropped if its CSeq is 2^31 or more, wraps, is no number, is missing or names another method" {
	byes_malformed
	cdr_true bye caller gateway
	eventually 6 cdr blocked_byes
	eventually 'bad_cseq drop 6' violations \
		"concat_ws(' ', string_agg(DISTINCT reason, ','), string_agg(DISTINCT action, ','), count(*))"
}

@test "F3 near miss: BYE with CSeq 2^31 - 1 passes and closes the CDR" {
	gateway < <(uas_call; sip_serve BYE 200 OK)
	caller < <(uac_call 13; sip_pause 500; bye 2147483647)
	call_ends
	cdr_true bye caller gateway
	unblocked
}

# The attacker's own host accepts any BYE.
third() {
	sip_callee third third < <(sip_serve BYE 200 OK)
}

@test "F6 BYE to the attacker's own host by Request-URI, answered 200 there, closes nothing" {
	gateway < <(uas_call; sip_serve BYE 200 OK)
	third
	caller < <(uac_call 13; sip_pause 200; bye 14 "uri=sip:me@$LAB_THIRD:5060"; sip_hold; bye 15)
	eventually wrong_target violations reason
	cdr_open
	sip_go caller
	call_ends
	sip_ended third
	cdr_true bye caller gateway
}

@test "F6 BYE to the attacker's own host by Route, answered 200 there, closes nothing" {
	gateway < <(uas_call; sip_serve BYE 200 OK)
	third
	caller < <(
		uac_call 13
		sip_pause 200
		bye 14 "routes=Route: <sip:$LAB_PROXY;lr>, <sip:$LAB_THIRD:5060;lr>"
		sip_hold
		bye 15
	)
	eventually wrong_target violations reason
	cdr_open
	sip_go caller
	call_ends
	sip_ended third
	cdr_true bye caller gateway
}

@test "F6 BYE to another user of the gateway, who answers 481, closes nothing" {
	gateway < <(uas_call; sip_serve BYE 481 'Call Does Not Exist'; sip_serve BYE 200 OK)
	caller < <(
		uac_call 13
		sip_pause 200
		uac_request BYE 14 "uri=sip:nobody@$LAB_GATEWAY:5060"
		uac_expect 481
		sip_hold
		bye 15
	)
	eventually refused violations reason
	cdr_open
	sip_go caller
	call_ends
	cdr_true bye caller gateway
}

@test "F6 BYE to another port of the gateway by Route, answered 481 there, closes nothing" {
	gateway < <(uas_call; sip_serve BYE 200 OK)
	sip_play gateway other -p 5070 < <(sip_serve BYE 481 'Call Does Not Exist')
	lab_wait 5 lab_listens gateway 5070
	caller < <(
		uac_call 13
		sip_pause 200
		uac_request BYE 14 "routes=Route: <sip:$LAB_PROXY;lr>, <sip:$LAB_GATEWAY:5070;lr>"
		uac_expect 481
		sip_hold
		bye 15
	)
	eventually refused violations reason
	cdr_open
	sip_go caller
	call_ends
	sip_ended other
	cdr_true bye caller gateway
}

@test "F6 near miss: 481 of the gateway to a BYE on its own target closes the CDR" {
	gateway < <(uas_call; sip_serve BYE 481 'Call Does Not Exist')
	caller < <(uac_call 13; sip_pause 500; uac_request BYE 14; uac_expect 481)
	call_ends
	eventually 'gone caller f' cdr "concat_ws(' ', end_reason, ended_by, suspect)"
	eventually t cdr 'extract(epoch FROM duration) BETWEEN 0.4 AND 1'
}

@test "F7 BYE challenged by the proxy and never repeated closes nothing" {
	local byes
	byes=$(counted bye)
	gateway < <(uas_call; sip_serve BYE 200 OK)
	SIP_USER=carol caller < <(
		uac_call 13
		sip_pause 200
		uac_request BYE 14
		uac_expect 407
		sip_hold
		uac_request BYE 15
		uac_expect 407 'auth="true"'
		uac_request BYE 16 $'routes=[routes]\n[authentication username=carol password=secret]'
		uac_expect 200
	)
	eventually $((byes + 1)) counted bye # it passed, and the proxy has challenged it
	cdr_open
	sip_go caller
	call_ends
	cdr_true bye caller gateway
	assert_equal 0 cdr blocked_byes
}

@test "F8 BYE refused by the gateway closes nothing" {
	local status
	for status in 403 500; do
		call=$status-$BATS_TEST_NUMBER@lab-$LAB_ID
		bye_refused $status
	done
}

@test "F10 BYE of the caller with both tags swapped is dropped" {
	bye_swapped "$LAB_CALLER"
}

@test "F15 2xx forged by a second host, with the gateway's To tag and with another, opens nothing" {
	local before
	before=$(counted forged_2xx)
	slow_gateway
	caller < <(
		uac_invite 13
		uac_expect 200
		uac_expect 200
		uac_answered 13
		sip_pause 1000
		bye 14
	)
	lab_wait 5 grep -q '^SIP/2.0 180' "$LAB_DIR/gateway.msg"
	forged_2xx t-gateway
	forged_2xx "t-other-$LAB_ID"
	eventually 2 violations 'count(*)' "reason = 'forged_2xx' AND source = '$LAB_THIRD'"
	assert_equal 0 cdr 'count(*)'
	call_ends
	cdr_true bye caller gateway
	assert_equal "t-gateway $LAB_GATEWAY" cdr "to_tag || ' ' || host(callee_addr)"
	assert_equal $((before + 2)) counted forged_2xx
}
