#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# Endpoints on the guarded host whose calls pass it twice, and callees on the net: no gateway is named. Doubt
# closes a call after a second.

load lib
load topology
MOVED=10.77.1.2
PUBLIC=203.0.113.5 # a cloud's address for the host, which has it on no interface

setup_file() {
	LAB_INTERFACES+=(lo)
	guarded_lab
	guard_daemon_end TERM
	guard_daemon "$CDRS" --doubt 1s --sweep 300ms
	lab_address_add caller "$MOVED" eth0
	proxy_at third "$LAB_THIRD" "$LAB_PROXY"
}

teardown() {
	speaks_from "$LAB_CALLER"
	sip_over
	[[ -n ${BATS_TEST_COMPLETED:-} ]] || evidence >&2
}

speaks_from() { # ADDRESS: whoever is bound to no address on host caller, from now on
	ip -n "$(lab_ns caller)" route replace default via "${1%.*}.254" src "$1"
}

local_pair() { # the call's one row: both ends are the host, or the caller is
	assert_equal "$1" cdr "concat_ws(' ', caller_side, callee_side, witness)"
}

local_callee() { # the end that was called is the host, and ends the call
	assert_equal 'local 2' cdr "concat_ws(' ', callee_side, witness)"
}

# --- H12 -----------------------------------------------------------------------------------------

@test "H12 both ends on the guarded host, over lo: the caller's BYE ends the call" {
	sip_callee proxy callee < <(uas_call; sip_serve BYE 200 OK)
	SIP_REMOTE=$LAB_PROXY sip_caller proxy calling "$call" -p 5070 < <(uac_call 13; sip_pause 500; bye 14)
	sip_ended calling callee
	cdr_true bye caller callee
	unblocked
	local_callee
}

@test "H12 both ends on the guarded host, over lo: the callee's BYE ends the call" {
	sip_callee proxy callee < <(uas_call; sip_pause 500; uas_request BYE 1; uac_expect 200)
	SIP_REMOTE=$LAB_PROXY sip_caller proxy calling "$call" -p 5070 < <(uac_call 13; sip_serve BYE 200 OK)
	sip_ended calling callee
	cdr_true bye callee callee
	unblocked
	local_callee
}

# The proxy of the third host sends the call back to the guarded host.
@test "H12 a call of the guarded host that comes back to it: its BYE, which comes in again, ends the call" {
	sip_callee proxy callee < <(uas_call; sip_serve BYE 200 OK)
	SIP_REMOTE=$LAB_THIRD sip_caller proxy calling "$call" -p 5070 < <(uac_call 13; sip_pause 500; bye 14)
	sip_ended calling callee
	cdr_true bye caller callee
	unblocked
	local_callee
}

@test "H12 a call of the guarded host that comes back to it: the BYE of the end that was called ends it" {
	sip_callee proxy callee < <(uas_call; sip_pause 500; uas_request BYE 1; uac_expect 200)
	SIP_REMOTE=$LAB_THIRD sip_caller proxy calling "$call" -p 5070 < <(uac_call 13; sip_serve BYE 200 OK)
	sip_ended calling callee
	cdr_true bye callee callee
	unblocked
	local_callee
}

# --- H19 -----------------------------------------------------------------------------------------

public_caller() { # behind a cloud's NAT: its Via and Contact say PUBLIC
	SIP_REMOTE=$LAB_CALLER sip_caller proxy calling "$call" < <(
		sed -e "s/^Via: SIP\/2.0\/UDP \[local_ip]/Via: SIP\/2.0\/UDP $PUBLIC/" \
			-e "s/^Contact: <sip:\[caller]@\[local_ip]/Contact: <sip:[caller]@$PUBLIC/"
	)
}

@test "H19 a PBX behind NAT, without --host: its own BYE ends the call" {
	sip_callee caller callee < <(uas_call; sip_serve BYE 200 OK)
	public_caller < <(uac_call 13; sip_pause 500; bye 14)
	sip_ended calling callee
	cdr_true bye caller calling
	unblocked
	local_pair 'local wire 2'
}

# --- H21, H9 -------------------------------------------------------------------------------------

@test "H21 a customer refuses the host's BYE: a candidate, and suspect after the doubt" {
	sip_callee caller callee < <(uas_call; sip_serve BYE 403 No)
	SIP_REMOTE=$LAB_CALLER sip_caller proxy calling "$call" < <(uac_call 13; sip_pause 500; uac_request BYE 14; uac_expect 403)
	sip_ended calling callee
	eventually 'unproven_bye t 0.5' cdr "concat_ws(' ', end_reason, suspect, round(extract(epoch FROM duration), 1))"
}

@test "H21 near miss: a customer refuses the host's first BYE and accepts the second: the call ends there" {
	sip_callee caller callee < <(uas_call; sip_serve BYE 403 No; sip_serve BYE 200 OK)
	SIP_REMOTE=$LAB_CALLER sip_caller proxy calling "$call" < <(
		uac_call 13
		sip_pause 300
		uac_request BYE 14
		uac_expect 403
		sip_pause 300
		bye 15
	)
	sip_ended calling callee
	cdr_true bye caller calling
}

moved_invite() { # CSEQ: re-INVITE of the callee that says where it is now
	sip_send 500 < <(
		uas_body INVITE "$1" | sed "s/^Contact: .*/Contact: <sip:gw@$MOVED:5060>/"
	)
	uac_expect 200
	uas_request ACK "$1"
}

uas_body() { # METHOD CSEQ: the message of uas_request alone
	uas_request "$@" | sed -e '/^<send/d' -e '/^]]/d' -e '/^$/d'
}

mobile() { # SIPp on host caller under any of its addresses
	sip_callee caller callee -i 0.0.0.0 < <(sed "s/\[local_ip]/$LAB_CALLER/g")
}

up() { # the call is
	lab_wait 5 grep -q '^ACK' "$LAB_DIR/callee.msg"
}

@test "H21 the callee of an endpoint on the host moves by re-INVITE: its BYE from there ends the call" {
	mobile < <(uas_call; sip_pause 700; moved_invite 1; sip_pause 300; uas_request BYE 2; uac_expect 200)
	SIP_REMOTE=$LAB_CALLER sip_caller proxy calling "$call" < <(
		uac_call 13
		sip_serve INVITE 200 OK 'Contact: <sip:bob@[local_ip]:[local_port]>'
		sip_recv ACK
		sip_serve BYE 200 OK
	)
	up
	speaks_from "$MOVED"
	sip_ended calling callee
	cdr_true bye callee calling
	unblocked
}
