#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# Calls whose end is doubtful, through a proxy. Doubt closes a call after a second.

load lib
load topology
MOVED=10.77.1.2

setup_file() {
	proxy_lab
	guard_daemon_end TERM
	guard_daemon "$CDRS" --doubt 1s --sweep 300ms
	lab_address_add caller "$MOVED" eth0
}

teardown() {
	speaks_from "$LAB_CALLER"
	sip_over
	[[ -n ${BATS_TEST_COMPLETED:-} ]] || evidence >&2
}

speaks_from() { # ADDRESS: whoever is bound to no address on host caller, from now on
	ip -n "$(lab_ns caller)" route replace default via "${1%.*}.254" src "$1"
}

long_after() { # the gateway accepts a BYE that is another user's, and hangs up itself long after
	gateway < <(uas_call; sip_serve BYE 200 OK; sip_pause 3500; uas_request "$@"; uac_expect 200; more)
}

more() {
	:
}

@test "H23 doubt closed a call, then the gateway's BYE comes: the row is corrected, and suspect" {
	long_after BYE 1
	caller < <(uac_call 13; sip_pause 300; bye 14 "uri=sip:me@$LAB_GATEWAY:5060"; sip_serve BYE 200 OK)
	eventually 'unproven_bye t' cdr "concat_ws(' ', end_reason, suspect)"
	eventually t cdr 'extract(epoch FROM duration) BETWEEN 0.2 AND 0.6'
	call_ends
	eventually 'bye callee t' cdr "concat_ws(' ', end_reason, ended_by, suspect)"
	eventually t cdr 'extract(epoch FROM duration) BETWEEN 3.7 AND 4.2'
	assert_equal 1 cdr 'count(*)'
	eventually 1 violations 'count(*)' "reason = 'alive_after_end'"
}

@test "H23 near miss: a sign of life of the gateway before the doubt closes: the call is open until its BYE" {
	more() { sip_pause 2000; uas_request BYE 2; uac_expect 200; }
	gateway < <(uas_call; sip_serve BYE 200 OK; uas_request INFO 1; uac_expect 200; more)
	caller < <(
		uac_call 13
		sip_pause 300
		bye 14 "uri=sip:me@$LAB_GATEWAY:5060"
		sip_serve INFO 200 OK
		sip_serve BYE 200 OK
	)
	call_ends
	eventually 'bye callee t f' cdr "concat_ws(' ', end_reason, ended_by, bye_confirmed, suspect)"
	assert_equal 0 violations 'count(*)' "reason = 'alive_after_end'"
}

moved_bye() { # CSEQ: the callee has moved, and hangs up
	uas_request BYE "$1"
	uac_expect 200
}

@test "H9 a callee on the net has moved without a word: its BYE is a candidate, the row has the right length and is suspect" {
	sip_callee caller callee -i 0.0.0.0 < <({ uas_call; sip_pause 1000; moved_bye 1; } | sed "s/\[local_ip]/$LAB_CALLER/g")
	SIP_CALLS=customer sip_caller third third "$call" < <(uac_call 13; sip_serve BYE 200 OK)
	lab_wait 5 grep -q '^ACK' "$LAB_DIR/callee.msg"
	speaks_from "$MOVED"
	sip_ended third callee
	eventually 'unproven_bye t' cdr "concat_ws(' ', end_reason, suspect)"
	eventually t cdr "abs(extract(epoch FROM duration) - $(ladder_length "$LAB_DIR/callee.short")) < 0.15"
}
