#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# Ports: a gateway that sends each message from another one, Contacts that the host corrects, both legs behind one
# NAT address. And calls of which the guard reads nothing: both sides are on TCP, with tcp=off.

# shellcheck disable=SC2153 # LAB_TOP is of lib.bash
load lib
load topology
LAB_TCP=yes
CORRECTS=10.77.0.2 # a proxy on the guarded host that corrects Contacts
INNER=10.9.9.9

setup_file() {
	proxy_lab --tcp off
	lab_address_add proxy "$CORRECTS" lo
	proxy_at proxy "$CORRECTS" "$LAB_GATEWAY" -A CORRECT
}

the_row() { # CALLEE-SIDE WITNESS: the call has one row, with these; it is not suspect
	eventually "wire $1 $2 f" cdr "concat_ws(' ', caller_side, callee_side, witness, suspect)"
}

# --- H15 -----------------------------------------------------------------------------------------

any_port_gateway() { # steps on stdin
	[[ -n ${ANY_PORT:-} ]] || {
		"$LAB_TOP/tests/e2e/any_port.py" gateway "$LAB_GATEWAY" 5070 >"$LAB_DIR/any-port.log" 2>&1 </dev/null 3>&- &
		ANY_PORT=$!
	}
	lab_wait 30 lab_listens gateway 5060 || lab_fail "any_port.py does not listen: $(tail -n 1 "$LAB_DIR/any-port.log")"
	sip_play gateway gateway -i 127.0.0.1 -p 5070 < <(
		sed -e "s/\[local_ip]/$LAB_GATEWAY/g" -e 's/\[local_port]/5060/g'
	)
	lab_wait 30 lab_listens gateway 5070
}

teardown() {
	[[ -z ${ANY_PORT:-} ]] || kill "$ANY_PORT" 2>/dev/null || :
	sip_over
	lab_wait 30 is_free
	[[ -n ${BATS_TEST_COMPLETED:-} ]] || evidence >&2
}

is_free() { # the gateway's port
	! lab_listens gateway 5060
}

random_port() { # the guard has read another port than 5060
	eventually t cdr 'callee_port NOT IN (5060, 5070)'
	the_row gateway 3
}

@test "H15 a gateway sends each message from another port: the caller's BYE ends the call" {
	any_port_gateway < <(uas_call; sip_serve BYE 200 OK)
	caller < <(uac_call 13; sip_pause 500; bye 14)
	call_ends
	cdr_true bye caller gateway
	random_port
	unblocked
}

@test "H15 a gateway sends each message from another port: its own BYE ends the call" {
	any_port_gateway < <(uas_call; sip_pause 500; uas_request BYE 1; uac_expect 200)
	caller < <(uac_call 13; sip_serve BYE 200 OK)
	call_ends
	cdr_true bye callee gateway
	random_port
	unblocked
}

@test "H15 near miss: a gateway sends each message from another port: its BYE below its INFO is dropped" {
	any_port_gateway < <(uas_call; uas_bye_lower)
	caller < <(uac_call 13; sip_serve INFO 200 OK; sip_serve BYE 200 OK)
	call_ends
	cdr_true bye callee gateway
	random_port
	eventually 'out_of_order drop callee 10 21' violations \
		"concat_ws(' ', reason, action, leg, cseq, expected_cseq)"
}

inner_contact() { # the gateway's steps on stdin: its Contact is an address that the proxy replaces
	gateway < <(sed "s/^Contact: .*/Contact: <sip:gw@$INNER:5071;line=7>/")
}

@test "H15 the proxy corrects the gateway's Contact: the BYE to the corrected one ends the call" {
	inner_contact < <(uas_call; sip_serve BYE 200 OK)
	SIP_REMOTE=$CORRECTS caller < <(uac_call 13; sip_pause 500; bye 14)
	call_ends
	grep -q "^BYE sip:gw@$LAB_GATEWAY:5060;line=7 SIP/2.0" "$LAB_DIR/gateway.msg"
	cdr_true bye caller gateway
	the_row gateway 3
	unblocked
}

# Another user of the gateway may be the caller's own line.
@test "H15 near miss: the proxy corrects the gateway's Contact: a BYE to another user there, answered 200, is a candidate end" {
	inner_contact < <(uas_call; sip_serve BYE 200 OK; sip_serve BYE 200 OK)
	SIP_REMOTE=$CORRECTS caller < <(
		uac_call 13
		sip_pause 200
		bye 14 "uri=sip:me@$LAB_GATEWAY:5060;line=7"
		sip_hold
		bye 15
	)
	still_open wrong_target
	eventually t cdr 'candidate_end > answer_time AND end_time IS NULL'
	sip_go caller
	call_ends
	eventually 'bye caller t' cdr "concat_ws(' ', end_reason, ended_by, bye_confirmed)"
	the_row gateway 3
}

# --- F24 -----------------------------------------------------------------------------------------

# Both legs are behind one NAT address, the callee on port 5060, the caller on 5070.
behind_nat() { # the callee's steps after the call is up; the caller's steps on stdin
	sip_callee caller callee < <(uas_call; eval "$1")
	SIP_CALLS=customer sip_caller caller beside "$call" -p 5070
	sip_ended beside callee
}

in_callees_name() { # METHOD CSEQ: from the caller's port, and back to it
	uac_request "$1" "$2" "uri=sip:bob@$LAB_CALLER:5070" 'from=[$remote]' 'to=<sip:[caller]@[local_ip]>;tag=[from_tag]'
	sip_serve "$1" 200 OK
	uac_expect 200
}

@test "F24 both legs behind one NAT address: an INFO of the caller in the callee's name does not lock the callee out" {
	behind_nat 'sip_pause 1000; uas_request BYE 1; uac_expect 200' < <(
		uac_call 13
		in_callees_name INFO 2147483000
		sip_serve BYE 200 OK
	)
	cdr_true bye callee callee
	the_row wire 1
	unblocked
}

@test "F24 both legs behind one NAT address: an INFO of the callee in the caller's name does not lock the caller out" {
	behind_nat 'uas_as_caller; sip_serve BYE 200 OK' < <(uac_call 13; sip_pause 1000; bye 14)
	cdr_true bye caller callee
	the_row wire 1
	unblocked
}

uas_as_caller() { # from the callee's port, and back to it
	sip_send <<-END
		INFO sip:gw@$LAB_CALLER:5060 SIP/2.0
		Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]
		[routes]
		From: [\$remote]
		To: [\$local];tag=[to_tag]
		Call-ID: [call_id]
		CSeq: 2147483000 INFO
		Contact: <sip:gw@[local_ip]:[local_port]>
		Max-Forwards: 70
		Content-Length: 0
	END
	sip_serve INFO 200 OK
	uac_expect 200
}

@test "F24 near miss: both legs behind one NAT address: the callee's own INFO raises its counter: its BYE below is dropped" {
	behind_nat uas_bye_lower < <(
		uac_call 13
		sip_serve INFO 200 OK
		sip_serve BYE 200 OK
	)
	cdr_true bye callee callee
	the_row wire 1
	eventually 'out_of_order drop callee 10 21' violations \
		"concat_ws(' ', reason, action, leg, cseq, expected_cseq)"
}

@test "F9 both legs behind one NAT address: a BYE of the caller in the callee's name, which he answers himself, ends nothing" {
	behind_nat 'sip_pause 2500; uas_request BYE 2; uac_expect 200' < <(
		uac_call 13
		sip_pause 200
		in_callees_name BYE 1
		sip_serve BYE 200 OK
	)
	cdr_true bye callee callee
	the_row wire 1
}

# --- H13 -----------------------------------------------------------------------------------------

tcp_listens() {
	lab_in gateway ss -Hltn 'sport = :5060' | grep -q .
}

@test "H13 both sides on TCP, with tcp=off: the call works and has no row; the segments are counted; a call on UDP beside it is billed" {
	local in out

	in=$(counted tcp) out=$(guard stats -j | jq .out.tcp)
	sip_play gateway gateway -t t1 < <({ uas_call; sip_serve BYE 200 OK; } | sed 's/^\(Contact: <[^>]*\)/\1;transport=tcp/')
	lab_wait 30 tcp_listens
	SIP_CALLS=stream sip_caller caller caller "tcp-$call" -t t1 < <(
		{ uac_call 13; sip_pause 1000; bye 14; } | sed 's|SIP/2.0/UDP|SIP/2.0/TCP|'
	)
	sip_callee gateway datagrams < <(uas_call; sip_serve BYE 200 OK)
	sip_caller third beside "$call" < <(uac_call 13; sip_pause 500; bye 14)
	call_ends
	sip_ended beside datagrams
	cdr_true bye caller datagrams
	the_row gateway 3
	assert_equal 0 sql "$CDRS" "SELECT count(*) FROM cseqguard.cdr WHERE call_id = 'tcp-$call'"
	assert_equal 0 sql "$CDRS" "SELECT count(*) FROM cseqguard.violation WHERE call_id LIKE '%$call'"
	# INVITE, 200, ACK, BYE, 200, and what TCP itself sends
	(($(counted tcp) >= in + 6 && $(guard stats -j | jq .out.tcp) >= out + 6))
}
