#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# Rare but honest calls, at their beginning and on their way: forks, early dialogs, crossing messages, spirals,
# both legs on one host.

load lib
LAB_HOSTS+=(second)
LAB_INTERFACES+=(second0)
LAB_SECOND=10.77.4.1

setup_file() {
	proxy_lab --relay "$LAB_SECOND/32" # sends calls back, as a relay may
}

ends() { # TAG...: a closed row of each, confirmed, not suspect; and no other
	eventually "$*" cdr "string_agg(to_tag, ' ' ORDER BY to_tag)
		FILTER (WHERE end_reason = 'bye' AND bye_confirmed AND NOT suspect)"
	assert_equal $# cdr 'count(*)'
	assert_equal 0 cdr 'sum(blocked_byes)'
	assert_equal 0 violations 'count(*)'
}

lasts() { # TAG SECONDS: that row, to 150 ms
	eventually t cdr "bool_or(to_tag = '$1' AND abs(extract(epoch FROM duration) - $2) < 0.15)"
}

teardown() {
	sip_over
	[[ -n ${BATS_TEST_COMPLETED:-} ]] || evidence >&2
	spiral_down
}

# --- H3 ------------------------------------------------------------------------------------------

# Of a forked INVITE's two 2xx: each is learned as a dialog of its own by what comes next.
uac_fork() { # N
	sip_provisional
	printf '<recv response="200" rrs="true"><action>\n'
	sip_learn To '&lt;.*' "remote$1"
	sip_learn Contact 'sip:[^&gt;]*' "target$1"
	printf '</action></recv>\n'
	uac_message ACK 13 "to=[\$remote$1]" "uri=[\$target$1]" | sip_send
}

uac_fork_bye() { # N CSEQ
	bye "$2" "to=[\$remote$1]" "uri=[\$target$1]"
}

@test "H3 an INVITE forked behind the gateway and answered under two To tags gives two CDRs" {
	gateway < <(
		uas_invite
		uas_late_answer 180 Ringing t-one
		uas_late_answer 200 OK t-one
		sip_recv ACK
		uas_late_answer 200 OK t-two
		sip_recv ACK
		sip_serve BYE 200 OK
		sip_serve BYE 200 OK
	)
	caller < <(
		uac_invite 13
		uac_fork 1
		uac_fork 2
		sip_pause 500
		uac_fork_bye 2 14
		sip_pause 1000
		uac_fork_bye 1 14
	)
	call_ends
	ends t-one t-two
	lasts t-two 0.5
	lasts t-one 1.5
}

@test "H3 an INVITE forked by the proxy and answered by two gateways at once gives a CDR for each gateway" {
	gateway < <(uas_invite; sip_pause 100; uas_answer 200 OK; sip_recv ACK; sip_serve BYE 200 OK)
	sip_callee second second < <(
		uas_invite
		uas_answer 180 Ringing
		sip_recv CANCEL
		sip_reply 200 OK
		uas_late_answer 200 OK t-second
		sip_recv ACK
		sip_serve BYE 200 OK
	)
	SIP_CALLS=fork caller < <(
		uac_invite 13
		uac_fork 1
		uac_fork 2
		sip_pause 500
		uac_fork_bye 2 14
		sip_pause 1000
		uac_fork_bye 1 14
	)
	call_ends
	sip_ended second
	ends t-gateway t-second
	lasts t-second "$(ladder_length "$LAB_DIR/second.short")" # the two answers may be far apart
	lasts t-gateway "$(ladder_length "$LAB_DIR/gateway.short")"
	assert_equal t cdr 'max(duration) - min(duration) >= interval '"'0.7 s'"
	assert_equal "$LAB_GATEWAY $LAB_SECOND" cdr "string_agg(host(callee_addr), ' ' ORDER BY to_tag)"
}

@test "H3 near miss: a low BYE in one fork is dropped, in that one alone" {
	gateway < <(
		uas_invite
		uas_late_answer 200 OK t-one
		sip_recv ACK
		uas_late_answer 200 OK t-two
		sip_recv ACK
		sip_serve BYE 200 OK
		sip_serve BYE 200 OK
	)
	caller < <(
		uac_invite 13
		uac_fork 1
		uac_fork 2
		uac_request BYE 10 'to=[$remote1]' 'uri=[$target1]'
		sip_pause 1000
		uac_fork_bye 2 14
		uac_fork_bye 1 14
	)
	call_ends
	eventually 2 cdr 'count(end_time)'
	eventually 't-one 1 t-two 0' cdr "string_agg(to_tag || ' ' || blocked_byes, ' ' ORDER BY to_tag)"
	lasts t-one 1
}

# 100rel: 183, PRACK 14, UPDATE 15, then the 2xx.
early_requests() {
	gateway < <(
		uas_invite
		uas_late_answer 183 Progress t-gateway $'Require: 100rel\nRSeq: 1'
		sip_serve PRACK 200 OK
		sip_serve UPDATE 200 OK 'Contact: <sip:gw@[local_ip]:[local_port]>'
		uas_late_answer 200 OK t-gateway
		sip_recv ACK
		sip_serve BYE 200 OK
	)
}

uac_early_requests() { # [CSEQ]: of the PRACK
	local n=${1:-14}

	uac_invite 13 'Supported: 100rel'
	printf '<recv response="100"/>\n<recv response="183" rrs="true"><action>\n'
	sip_learn To '&lt;.*' remote
	sip_learn Contact 'sip:[^&gt;]*' target
	printf '</action></recv>\n'
	uac_request PRACK "$n" $'routes=[routes]\nRAck: 1 13 INVITE'
	uac_expect 200
	uac_request UPDATE $((n + 1))
	uac_expect 200
	uac_answered 13
}

@test "H3 100rel: PRACK and UPDATE before the 2xx, then the next CSeq ends the call" {
	early_requests
	caller < <(uac_early_requests; sip_pause 500; bye 16)
	call_ends
	cdr_true bye caller gateway
	unblocked
	assert_equal 16 cdr caller_cseq
}

@test "H3 near miss: after PRACK and UPDATE a BYE above the INVITE's CSeq but below the UPDATE's is dropped" {
	early_requests
	caller < <(uac_early_requests; uac_request BYE 14; sip_pause 1000; bye 16)
	call_ends
	cdr_true bye caller gateway
	blocked out_of_order 14 16
}

# --- F24 -----------------------------------------------------------------------------------------

@test "F24 what was sent while a call rang that is over raises no counter of the next call under the same tags" {
	early_requests
	caller < <(uac_early_requests 2000000000; sip_pause 300; bye 2000000002)
	call_ends
	gateway < <(uas_call; sip_serve BYE 200 OK)
	caller < <(uac_call 13; sip_pause 800; bye 14)
	call_ends
	eventually 2 cdr "count(*) FILTER (WHERE end_reason = 'bye' AND bye_confirmed AND NOT suspect)"
	assert_equal '2000000002 14' cdr "string_agg(caller_cseq::text, ' ' ORDER BY setup_time)"
	assert_equal 0 violations 'count(*)'
}

# --- H8 ------------------------------------------------------------------------------------------

uac_ack_rejection() { # CSEQ
	sip_send <<-END
		ACK sip:[callee]@[remote_ip] SIP/2.0
		[last_Via:]
		[last_From:]
		[last_To:]
		Call-ID: [call_id]
		CSeq: $1 ACK
		Max-Forwards: 70
		Content-Length: 0
	END
}

@test "H8 a BYE in the early dialog passes: no CDR, nothing recorded" {
	gateway < <(
		uas_invite
		uas_answer 180 Ringing
		sip_serve BYE 200 OK
		uas_late_answer 487 'Request Terminated' t-gateway
		sip_recv ACK
	)
	caller < <(
		uac_invite 13
		printf '<recv response="100"/>\n<recv response="180" rrs="true"><action>\n'
		sip_learn To '&lt;.*' remote
		sip_learn Contact 'sip:[^&gt;]*' target
		printf '</action></recv>\n'
		uac_request BYE 14
		uac_expect 200
		uac_expect 487
		uac_ack_rejection 13
	)
	call_ends
	# what a daemon has to say of this call comes before what it says of the next
	call=next-$call
	gateway < <(uas_call; sip_serve BYE 200 OK)
	caller < <(uac_call 13; sip_pause 500; bye 14)
	call_ends
	cdr_true bye caller gateway
	call=${call#next-}
	assert_equal 0 cdr 'count(*)'
	assert_equal 0 violations 'count(*)'
}

@test "H8 a CANCEL that crosses the 2xx does not prevent the call, which ends by its BYE" {
	gateway < <(
		uas_invite
		uas_answer 180 Ringing
		sip_recv CANCEL
		sip_reply 200 OK
		uas_late_answer 200 OK t-gateway
		sip_recv ACK
		sip_serve BYE 200 OK
	)
	caller < <(uac_invite 13; uac_rings; uac_cancel 13; uac_expect 200; uac_answered 13; sip_pause 500; bye 14)
	call_ends
	cdr_true bye caller gateway
	unblocked
}

@test "H8 near miss: a CANCEL in time leaves no CDR" {
	gateway < <(
		uas_invite
		uas_answer 180 Ringing
		sip_recv CANCEL
		sip_reply 200 OK
		uas_late_answer 487 'Request Terminated' t-gateway
		sip_recv ACK
	)
	caller < <(uac_invite 13; uac_rings; uac_cancel 13; uac_expect 200; uac_expect 487; uac_ack_rejection 13)
	call_ends
	assert_equal 0 cdr 'count(*)'
	assert_equal 0 violations 'count(*)'
}

# A second proxy stands where the second gateway stood, and sends everything back to the first.
spiral_up() {
	lab_in second kamailio -DD -E -f "$LAB_TOP/tests/e2e/spiral.cfg" -l "udp:$LAB_SECOND:5060" \
		-A "PROXY=\"$LAB_PROXY\"" -m 16 -M 4 -Y "$LAB_DIR" >"$LAB_DIR/spiral.log" 2>&1 \
		</dev/null 3>&- &
	lab_wait 10 lab_listens second 5060
}

spiral_down() {
	local pid

	for pid in $(ip netns pids "$(lab_ns second)"); do
		kill -KILL "$pid"
	done
	lab_wait 5 spiral_gone
}

spiral_gone() {
	[[ -z $(ip netns pids "$(lab_ns second)") ]]
}

vias() { # FILE: of the first message
	awk '/^CSeq:/ { exit } /^Via:/ { n++ } END { print n }' "$1"
}

# The call ends when its BYE leaves the host for the gateway: that is at the second pass, 300 ms later.
@test "H8 a spiral, whose messages pass the host twice, gives one CDR with the outer legs" {
	spiral_up
	gateway < <(uas_call; sip_serve BYE 200 OK)
	SIP_CALLS=spiral caller < <(uac_call 13; sip_pause 500; bye 14)
	call_ends
	assert_equal 4 vias "$LAB_DIR/gateway.msg"
	cdr_true bye caller gateway
	unblocked
	assert_equal "$LAB_CALLER $LAB_GATEWAY" cdr "host(caller_addr) || ' ' || host(callee_addr)"
}

@test "H8 near miss: on a spiral a low BYE is dropped at its first pass" {
	spiral_up
	gateway < <(uas_call; sip_serve BYE 200 OK)
	SIP_CALLS=spiral caller < <(uac_call 13; uac_request BYE 10; sip_pause 1000; bye 14)
	call_ends
	cdr_true bye caller gateway
	blocked out_of_order 10 14
}

@test "H8 near miss: who sends a call back and is no relay is the caller of what goes to the gateway" {
	guard set relay=192.0.2.1/32
	spiral_up
	gateway < <(uas_call; sip_serve BYE 200 OK)
	SIP_CALLS=spiral caller < <(uac_call 13; sip_pause 500; bye 14)
	call_ends
	guard set "relay=$LAB_SECOND/32"
	cdr_true bye caller gateway
	assert_equal "$LAB_SECOND $LAB_GATEWAY" cdr "host(caller_addr) || ' ' || host(callee_addr)"
	eventually "foreign_source pass BYE 14 $LAB_CALLER" violations \
		"concat_ws(' ', reason, action, method, cseq, host(source))"
}

# --- H11 -----------------------------------------------------------------------------------------

both_here() { # the callee on port 5060, the caller on 5070 of one host, which is no gateway
	sip_callee caller callee < <(uas_call; "$@")
}

beside() {
	SIP_CALLS=customer sip_caller caller beside "$call" -p 5070
}

@test "H11 both legs behind one address: the caller's BYE ends the call" {
	both_here sip_serve BYE 200 OK
	beside < <(uac_call 13; sip_pause 500; bye 14)
	sip_ended beside callee
	cdr_true bye caller callee
	unblocked
}

@test "H11 both legs behind one address: the callee's BYE ends the call" {
	both_here eval 'sip_pause 500; uas_request BYE 1; uac_expect 200'
	beside < <(uac_call 13; sip_serve BYE 200 OK)
	sip_ended beside callee
	cdr_true bye callee callee
	unblocked
}

@test "H11 near miss: both legs behind one address: the caller's low BYE is dropped" {
	both_here sip_serve BYE 200 OK
	beside < <(uac_call 13; uac_request BYE 10; sip_pause 1000; bye 14)
	sip_ended beside callee
	cdr_true bye caller callee
	blocked out_of_order 10 14
}

# --- two gateways --------------------------------------------------------------------------------

@test "two gateways behind a dispatcher: each call's low BYE is dropped, its next one ends it" {
	local host
	sip_callee second second < <(uas_call; sip_serve BYE 200 OK)
	for host in gateway second; do
		call=$host-$BATS_TEST_NUMBER@lab-$LAB_ID
		[[ $host == second ]] || gateway < <(uas_call; sip_serve BYE 200 OK)
		SIP_CALLS=balance caller < <(uac_call 13; uac_request BYE 10; sip_pause 1000; bye 14)
		sip_ended caller
		eventually 'bye caller t f 1' cdr \
			"concat_ws(' ', end_reason, ended_by, bye_confirmed, suspect, blocked_byes)"
	done
	sip_ended gateway second
	assert_equal "2" sql "$CDRS" "SELECT count(DISTINCT callee_addr) FROM cseqguard.cdr
		WHERE call_id LIKE '%-$BATS_TEST_NUMBER@lab-$LAB_ID'"
}
