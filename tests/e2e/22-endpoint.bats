#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# H12: no proxy. SIPp is the endpoint on the guarded host, which has one guarded interface.

load lib

setup_file() {
	LAB_INTERFACES=(caller0)
	guarded_lab
}

@test "H12 callee on the guarded host: the caller's BYE closes the CDR" {
	sip_callee proxy callee < <(uas_call; sip_serve BYE 200 OK)
	caller < <(uac_call 13; sip_pause 500; bye 14)
	sip_ended caller callee
	cdr_true bye caller callee
	unblocked
}

@test "H12 callee on the guarded host: a BYE with a lower CSeq is dropped, the next in order closes the CDR" {
	sip_callee proxy callee < <(uas_call; sip_serve BYE 200 OK)
	caller < <(uac_call 13; sip_pause 200; uac_request BYE 10; sip_hold; bye 14)
	eventually 1 violations 'count(*)'
	cdr_open
	sip_go caller
	sip_ended caller callee
	cdr_true bye caller callee
	blocked out_of_order 10 14
}

@test "H12 callee on the guarded host: a BYE that it refuses closes nothing" {
	sip_callee proxy callee < <(uas_call; sip_serve BYE 403 No; sip_serve BYE 200 OK)
	caller < <(uac_call 13; sip_pause 200; uac_request BYE 14; uac_expect 403; sip_hold; bye 15)
	eventually refused violations reason
	cdr_open
	sip_go caller
	sip_ended caller callee
	cdr_true bye caller callee
}

@test "H12 callee on the guarded host: its own BYE closes the CDR" {
	sip_callee proxy callee < <(uas_call; sip_pause 500; uas_request BYE 1; uac_expect 200)
	caller < <(uac_call 13; sip_serve BYE 200 OK)
	sip_ended caller callee
	cdr_true bye callee callee
	unblocked
}

@test "H12 caller on the guarded host: its own BYE closes the CDR" {
	sip_callee caller callee < <(uas_call; sip_serve BYE 200 OK)
	SIP_REMOTE=$LAB_CALLER sip_caller proxy calling "$call" < <(uac_call 13; sip_pause 500; bye 14)
	sip_ended calling callee
	cdr_true bye caller calling
	unblocked
}

@test "H12 caller on the guarded host: a BYE of the callee below its own numbers is dropped" {
	sip_callee caller callee < <(uas_call; uas_bye_lower 1500)
	SIP_REMOTE=$LAB_CALLER sip_caller proxy calling "$call" < <(
		uac_call 13
		sip_serve INFO 200 OK
		sip_serve BYE 200 OK
	)
	sip_ended callee calling
	cdr_true bye callee callee
	eventually "out_of_order drop 10 21 callee" violations \
		"concat_ws(' ', reason, action, cseq, expected_cseq, leg)"
}
