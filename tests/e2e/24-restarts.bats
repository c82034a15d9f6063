#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# The daemon ends during a call: the guard goes on, and the CDR is right in the end.

load lib

setup_file() {
	proxy_lab
}

@test "restart: a daemon killed during a call and started again writes the row once, with the right end" {
	gateway < <(uas_call; sip_serve BYE 200 OK)
	caller < <(uac_call 13; sip_hold; bye 14)
	eventually 1 cdr 'count(*)'
	guard_daemon_end KILL
	guard_daemon "$CDRS"
	cdr_open
	sip_go caller
	call_ends
	cdr_true bye caller gateway
	unblocked
}

@test "restart: a daemon killed before the answer and started after the end writes the row once, with the right end" {
	guard_daemon_end KILL
	gateway < <(uas_call; sip_serve BYE 200 OK)
	caller < <(uac_call 13; sip_pause 200; uac_request BYE 10; sip_pause 1000; bye 14)
	call_ends
	assert_equal 0 cdr 'count(*)'
	guard_daemon "$CDRS"
	cdr_true bye caller gateway
	blocked out_of_order 10 14
}

@test "restart: a daemon stopped during a call writes the open row, and the guard works without it" {
	gateway < <(uas_call; sip_serve BYE 200 OK)
	caller < <(uac_call 13; sip_hold; uac_request BYE 10; sip_pause 1000; bye 14)
	lab_wait 5 grep -q '^ACK' "$LAB_DIR/gateway.msg"
	guard_daemon_end TERM
	cdr_open
	sip_go caller
	call_ends
	cdr_open
	guard_daemon "$CDRS"
	cdr_true bye caller gateway
	blocked out_of_order 10 14
}
