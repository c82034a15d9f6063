#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# SIP over TCP, which the guard reads: the attack of 2008, and what both CDRs say of it. Kamailio's dialog engine
# ends a call at the first BYE that it sees. tcp=enforce writes the refused one over, so it sees none.

load lib
load tcp
load topology
LAB_TCP=yes
STRANGER=10.77.3.2
SECOND=10.77.0.2         # another proxy on the guarded host
ENDPOINT=$LAB_OUTSIDE # on the guarded host as well; no proxy in front of it

setup_file() {
	proxy_lab --tcp enforce
	lab_address_add third "$STRANGER" eth0
	lab_address_add proxy "$SECOND" lo
	proxy_at proxy "$SECOND" "$LAB_GATEWAY" -A "BACK=\"$LAB_CALLER\""
}

teardown() {
	guard set tcp=enforce >&2
	sip_over
	[[ -n ${BATS_TEST_COMPLETED:-} ]] || evidence >&2
}

kamailio_cdr() { # EXPRESSION over `duration` and `true`, the length of the call as SIPp NAME saw it
	sql "$ACC" "SELECT $1 FROM acc_cdrs, (VALUES ($(ladder_length "$LAB_DIR/$2.short"))) AS call(true_length)
		WHERE callid = '$call'"
}

kamailio_true() { # NAME: Kamailio has one CDR of the call, with its true length
	eventually t kamailio_cdr 'abs(duration - true_length) < 0.3' "$1"
}

kamailio_short() { # NAME: Kamailio's only CDR of the call ends at BYE 10
	eventually t kamailio_cdr 'duration < true_length - 1' "$1"
}

over() { # CALLER CALLEE: the transports of the call's legs
	eventually "$*" transports
}

transports() {
	guard dialogs -j | jq -r --arg call "$call" '.[] | select(.call_id == $call) |
		.caller_transport + " " + .callee_transport'
}

# --- F26: the attack, against a proxy ------------------------------------------------------------

# BYE 10 in a call at 13, over TCP. Who sent it does not know the answer to what it became: SIPp continues.
attack() {
	tcp_caller -default_behaviors none < <(uac_call 13; sip_pause 200; uac_request BYE 10; sip_pause 2500; bye 14)
}

answered() { # STATUS METHOD: to the caller's message with CSeq 10
	grep -q "CSeq:10 $2	SIP/2.0 $1" "$LAB_DIR/caller.short"
}

rewritten() { # the call's only violation, counted in its CDR
	eventually "out_of_order rewritten BYE 10 14 caller $LAB_CALLER" violations \
		"concat_ws(' ', reason, action, method, cseq, expected_cseq, leg, host(source))"
	eventually "1 t" cdr "concat_ws(' ', blocked_byes, first_blocked_at BETWEEN answer_time AND end_time)"
}

# Without a check the proxy relays what is no BYE, and the gateway knows no such method.
relayed_attack() {
	gateway < <(uas_call; sip_serve XYE 501 'Not Implemented'; sip_serve BYE 200 OK)
	attack
	call_ends
	answered 501 XYE
	cdr_true bye caller gateway
	kamailio_true gateway
	rewritten
}

@test "F26 BYE with a lower CSeq over TCP, gateway on UDP: rewritten, Kamailio's CDR and ours have the true length" {
	relayed_attack
	over tcp udp
}

@test "F26 BYE with a lower CSeq over TCP, gateway on TCP: rewritten, Kamailio's CDR and ours have the true length" {
	gateway() {
		tcp_gateway
	}
	SIP_CALLS=stream relayed_attack
	over tcp tcp
}

@test "F26 Kamailio with sanity_check finds no fault with the rewritten message: its CDR and ours have the true length" {
	SIP_USER=erin relayed_attack
}

@test "F26 a gateway on TCP sends a BYE below its own INFO: rewritten, Kamailio's CDR and ours have the true length" {
	tcp_gateway -default_behaviors none < <(uas_call; uas_bye_lower 2500)
	SIP_CALLS=stream caller < <(uac_call 13; sip_serve INFO 200 OK; sip_serve XYE 501 'Not Implemented'; sip_serve BYE 200 OK)
	call_ends
	cdr_true bye callee gateway
	kamailio_true gateway
	over udp tcp
	eventually 'out_of_order rewritten BYE 10 21 callee' violations \
		"concat_ws(' ', reason, action, method, cseq, expected_cseq, leg)"
}

# The gateway keeps the order of CSeq itself, so the call continues; the proxy has seen a BYE.
passed_attack() {
	gateway < <(uas_call; uas_ordered_bye)
	attack
	call_ends
	answered 500 BYE
	kamailio_short gateway
}

would_drop() { # the gateway's own answer is the other violation
	eventually 'out_of_order BYE 10 14 caller' violations \
		"concat_ws(' ', reason, method, cseq, expected_cseq, leg)" "action = 'would_drop'"
	eventually 'refused BYE 10' violations "concat_ws(' ', reason, method, cseq)" "action <> 'would_drop'"
}

@test "F26 with tcp=observe the BYE passes and is reported as would_drop: Kamailio's CDR is short, ours has the true length" {
	guard set tcp=observe
	passed_attack
	cdr_true bye caller gateway
	would_drop
	over tcp udp
}

@test "F26 with tcp=off the BYE passes unread: Kamailio's CDR is short, with sanity_check or without" {
	local user

	guard set tcp=off
	for user in bob erin; do
		call=$user-$call
		SIP_USER=$user passed_attack
		eventually "unseen 0" cdr "concat_ws(' ', caller_side, blocked_byes)"
	done
}

@test "F26 in mode observe tcp=enforce rewrites nothing: the BYE passes, ours has the true length" {
	guard set mode=observe
	passed_attack
	guard set mode=enforce
	cdr_true bye caller gateway
	would_drop
}

@test "F26 near miss: the next CSeq, and one far above, over TCP: no byte of it is rewritten" {
	local cseq

	for cseq in 14 90000; do
		call=$cseq-$BATS_TEST_NUMBER@lab-$LAB_ID
		gateway < <(uas_call; sip_serve BYE 200 OK)
		tcp_caller < <(uac_call 13; sip_pause 500; bye "$cseq")
		call_ends
		cdr_true bye caller gateway
		kamailio_true gateway
		unblocked
	done
}

@test "H13 both sides over TCP, no attack: the CDR is that of SIPp, with a BYE of either side" {
	tcp_gateway < <(uas_call; sip_serve BYE 200 OK)
	SIP_CALLS=stream tcp_caller < <(uac_call 13; sip_pause 500; bye 14)
	call_ends
	cdr_true bye caller gateway
	over tcp tcp
	unblocked
	call=2-$call
	tcp_gateway < <(uas_call; sip_pause 500; uas_request BYE 1; uac_expect 200)
	SIP_CALLS=stream tcp_caller < <(uac_call 13; sip_serve BYE 200 OK)
	call_ends
	cdr_true bye callee gateway
	unblocked
}

# --- F26: the attack, against an endpoint on the guarded host ------------------------------------

endpoint() { # with the steps on stdin
	sip_play proxy callee -t t1 -i "$ENDPOINT" < <(over_tcp)
	lab_wait 5 at_endpoint || lab_fail "SIPp does not listen: $(tail -n 3 "$LAB_DIR/callee.log")"
}

at_endpoint() {
	lab_in proxy ss -Hltn "src $ENDPOINT and sport = :5060" | grep -q .
}

@test "F26 BYE with a lower CSeq to an endpoint on TCP: it sees no BYE, the CDR has the true length" {
	endpoint < <(uas_call; sip_serve XYE 501 'Not Implemented'; sip_serve BYE 200 OK)
	SIP_REMOTE=$ENDPOINT attack
	sip_ended caller callee
	cdr_true bye caller callee
	over tcp tcp
	rewritten
}

@test "F26 BYE with a lower CSeq from whom an endpoint on TCP has called: it sees no BYE, the CDR has the true length" {
	tcp_callee caller callee -default_behaviors none < <(uas_call; uas_bye_lower 2500)
	SIP_REMOTE=$LAB_CALLER sip_caller proxy calling "$call" -t t1 -i "$ENDPOINT" < <(
		{ uac_call 13; sip_serve INFO 200 OK; sip_serve XYE 501 'Not Implemented'; sip_serve BYE 200 OK; } | over_tcp
	)
	sip_ended calling callee
	cdr_true bye callee calling
	eventually 'out_of_order rewritten BYE 10 21 callee' violations \
		"concat_ws(' ', reason, action, method, cseq, expected_cseq, leg)"
}

# --- F21, F28 and F29, with the caller read ------------------------------------------------------

read_tcp() { # the caller of the call's one row was read, and is at ADDRESS
	assert_equal "wire $1" cdr "concat_ws(' ', caller_side, host(caller_addr))"
}

as_host() { # his Contact is a name of the host
	sed "s/^Contact: .*/Contact: <sip:[caller]@$LAB_PROXY:5060;transport=tcp>/"
}

@test "F28 a caller on TCP writes the host's name into his Contact, and sends a BYE into a black hole: the call is open" {
	gateway < <(uas_call; sip_serve BYE 200 OK)
	tcp_caller < <(
		{
			uac_call 13
			sip_pause 200
			uac_request BYE 14 "uri=sip:me@${LAB_THIRD%.*}.99:5060"
			sip_pause 8000
			bye 15
		} | as_host
	)
	lab_wait 5 grep -q 'CSeq: 14 BYE' "$LAB_DIR/caller.msg"
	cdr_open
	call_ends
	cdr_true bye caller gateway
	read_tcp "$LAB_CALLER"
}

@test "F21 the caller is on TCP, the callee a customer: a stranger's BYE over UDP that the caller accepts closes nothing" {
	stranger_bye
	eventually 1 violations 'count(*)' "reason = 'foreign_source'"
	cdr_open
	sip_ended third callee
	cdr_true bye callee callee
	read_tcp "$LAB_THIRD"
}

@test "F21 the caller is on TCP, the callee a customer: a BYE to the caller's own host, answered 200 there, closes nothing" {
	customer < <(uas_call; sip_serve BYE 200 OK)
	sip_callee gateway own < <(sip_serve BYE 200 OK)
	third_caller < <(uac_call 13; sip_pause 200; bye 14 "uri=sip:me@$LAB_GATEWAY:5060"; sip_pause 8000; bye 15)
	sip_ended own
	eventually 'wrong_target pass' violations "reason || ' ' || action"
	cdr_open
	sip_ended third callee
	cdr_true bye caller callee
	read_tcp "$LAB_THIRD"
}

# A calls our customer B, whose phone rings. B sends an INVITE with the ids and the branch of A's to a dear number.
billed_to() { # TAG ADDRESS: the caller of that row
	eventually t cdr "bool_or(to_tag = '$1' AND from_tag = 'f-third' AND host(caller_addr) = '$2' AND end_reason = 'bye')"
}

@test "F29 a callee replays the ids and the branch of a ringing call, over TCP, to a dear number: he is billed, not the caller" {
	gateway < <(uas_call; sip_serve BYE 200 OK)
	sip_callee caller callee < <(uas_invite; uas_answer 180 Ringing; sip_pause 3000; uas_answer 200 OK; sip_recv ACK; sip_serve BYE 200 OK)
	SIP_REMOTE=$SECOND SIP_CALLS=back sip_caller third third "$call" < <(
		uac_call 13 | sed "s/branch=\[branch]/branch=z9hG4bK-$call/"
		sip_pause 300
		bye 14
	)
	lab_wait 5 grep -q ' 180' "$LAB_DIR/third.short"
	tcp_caller -p 5070 < <(
		{
			uac_call 13 | sed "s/\[local_ip]:\[local_port];branch=\[branch]/$LAB_THIRD:5060;branch=z9hG4bK-$call/"
			sip_pause 300
			bye 14
		} | sed 's/\[from_tag]/f-third/'
	)
	sip_ended caller gateway third callee
	billed_to t-gateway "$LAB_CALLER"
	billed_to t-callee "$LAB_THIRD"
	assert_equal 2 cdr 'count(*)'
}
