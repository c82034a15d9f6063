#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# Calls over IPv6, from SIPp through Kamailio to SIPp. 40-bytes.bats and 42-rare-messages.bats send single
# messages over IPv6.

# shellcheck disable=SC2153
load lib
load wire

setup_file() {
	wire_lab
}

setup() {
	call=$BATS_TEST_NUMBER@lab-$LAB_ID
	LAB_CALLER=[$LAB_CALLER6] LAB_GATEWAY=[$LAB_GATEWAY6] LAB_PROXY=[$LAB_PROXY6]
}

# Dropped, recorded against the caller's address, and the CDR has both legs'.
blocked6() { # REASON CSEQ EXPECTED
	LAB_CALLER=$LAB_CALLER6 blocked "$@"
	assert_equal "$LAB_CALLER6 $LAB_GATEWAY6" cdr "host(caller_addr) || ' ' || host(callee_addr)"
}

@test "F1 over IPv6: BYE with a lower CSeq is dropped, the CDR stays open until the true end" {
	bye_lower
	blocked6 out_of_order 10 14
}

@test "F1 near miss over IPv6: BYE with the next CSeq closes the CDR" {
	gateway < <(uas_call; sip_serve BYE 200 OK)
	caller < <(uac_call 13; sip_pause 500; bye 14)
	call_ends
	cdr_true bye caller gateway
	unblocked
}

@test "F6 over IPv6: BYE on another target of the gateway, who answers 200 there, closes nothing" {
	gateway < <(uas_call; sip_serve BYE 200 OK; sip_serve BYE 200 OK)
	# SIPp takes a bracket for a keyword of its own
	sip_caller caller caller "$call" -key elsewhere "sip:other@$LAB_GATEWAY:5060" < <(
		uac_call 13
		sip_pause 200
		bye 14 'uri=[elsewhere]'
		sip_hold
		bye 15
	)
	eventually wrong_target violations reason
	cdr_open
	sip_go caller
	call_ends
	cdr_closed bye caller
	assert_equal '15 t' cdr \
		"concat_ws(' ', caller_cseq, extract(epoch FROM duration) > $(ladder_length "$LAB_DIR/gateway.short"))"
}

@test "F8 over IPv6: BYE refused by the gateway closes nothing" {
	bye_refused 500
}

@test "F10 over IPv6: BYE of the caller with both tags swapped is dropped" {
	bye_swapped "$LAB_CALLER6"
}

@test "H2 over IPv6: BYE of the callee with a CSeq far from the caller's ends the call" {
	local cseq
	for cseq in 0 90000; do
		call=$cseq-$BATS_TEST_NUMBER@lab-$LAB_ID
		gateway < <(uas_call; sip_pause 500; uas_request BYE "$cseq"; uac_expect 200)
		caller < <(uac_call 13; sip_serve BYE 200 OK)
		call_ends
		cdr_closed bye callee
		unblocked
	done
}

@test "H4 over IPv6: re-INVITE and UPDATE, then a BYE between is dropped, the next CSeq ends the call" {
	gateway < <(
		uas_call
		sip_serve INVITE 200 OK 'Contact: <sip:moved@[local_ip]:[local_port]>'
		sip_recv ACK
		sip_serve UPDATE 200 OK 'Contact: <sip:moved@[local_ip]:[local_port]>'
		sip_serve BYE 200 OK
	)
	caller < <(
		uac_call 13
		uac_reinvite 14
		uac_request UPDATE 15
		uac_expect 200
		uac_request BYE 14
		sip_pause 1000
		bye 16
	)
	call_ends
	cdr_true bye caller gateway
	blocked6 out_of_order 14 16
}
