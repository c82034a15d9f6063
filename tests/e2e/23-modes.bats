#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# The attack of 2008 in native, generic and observe mode, and behind a proxy with two addresses. Each test has
# its own lab.

load lib

setup() {
	call=mode@lab-$$
}

teardown() {
	sip_over
	[[ -n ${BATS_TEST_COMPLETED:-} ]] || evidence >&2
	lab_down
}

attached() { # xdp or xdpgeneric: each interface of the guarded host is, as the kernel says
	[[ $(ip -n "$(lab_ns proxy)" -o link show type veth | grep -c " $1/\| $1 ") == 3 ]]
}

dropped_and_would() { # packets, as the guard counts them
	guard stats -j | jq -r '"\(.dropped) \(.would_drop)"'
}

dropped() {
	gateway < <(uas_call; sip_serve BYE 200 OK)
	caller < <(uac_call 13; sip_pause 200; uac_request BYE 10; sip_pause 1500; bye 14)
	call_ends
	cdr_true bye caller gateway
	blocked out_of_order 10 14
}

@test "F1 in native XDP mode a BYE with a lower CSeq is dropped" {
	proxy_lab --xdp native
	attached xdp
	dropped
}

@test "F1 in generic XDP mode a BYE with a lower CSeq is dropped" {
	proxy_lab --xdp skb
	attached xdpgeneric
	dropped
}

@test "F1 in observe mode the BYE passes, would_drop is recorded and the CDR is right all the same" {
	proxy_lab --mode observe
	gateway < <(
		uas_call
		sip_serve BYE 500 'Request Out of Order'
		sip_serve BYE 200 OK
	)
	caller < <(
		uac_call 13
		sip_pause 200
		uac_request BYE 10
		uac_expect 500
		sip_pause 1500
		bye 14
	)
	call_ends
	cdr_true bye caller gateway
	eventually 'out_of_order would_drop 10 14' violations \
		"concat_ws(' ', reason, action, cseq, expected_cseq)" "reason = 'out_of_order'"
	eventually 1 cdr blocked_byes
	assert_equal '0 1' dropped_and_would
}

@test "F1 behind a proxy with two addresses, which record-routes twice, a BYE with a lower CSeq is dropped" {
	guarded_lab --gateway "$LAB_GATEWAY/32"
	kamailio_db "$ACC"
	kamailio_up "$ACC" "$LAB_OUTSIDE" "$LAB_INSIDE"
	SIP_REMOTE=$LAB_OUTSIDE dropped
	grep -q '^Record-Route: .*;r2=on' "$LAB_DIR/caller.msg"
}
