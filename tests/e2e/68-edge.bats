#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# Many calls of one address: all callers are behind an edge proxy, on host `second`; and many To tags of one INVITE.
# Map dialogs has room for 32 calls. Once it is more than half full, an address may have an eighth of it: four
# calls without a gateway.

load lib
load topology
LAB_HOSTS+=(second)
LAB_INTERFACES+=(second0)
LAB_SECOND=10.77.4.1

setup_file() {
	guarded_lab --gateway "$LAB_GATEWAY/32" --max-dialogs 32
	guard_daemon_end TERM
	guard_daemon "$CDRS" --grace 1s --sweep 300ms
	kamailio_db "$ACC"
	kamailio_up "$ACC"
	proxy_at second "$LAB_SECOND" "$LAB_PROXY"
}

setup() {
	call=$BATS_TEST_NUMBER@lab-$LAB_ID
	lab_wait 30 is_empty # of what an earlier test left
}

is_empty() {
	[[ $(guard status -j | jq .maps.dialogs.used) == 0 ]]
}

rows() { # EXPRESSION: over all rows of this test
	sql "$CDRS" "SELECT $1 FROM cseqguard.cdr WHERE call_id LIKE '%$call'"
}

# --- H19 -----------------------------------------------------------------------------------------

# So many callers behind the edge call CALLEE. All calls are up at once, for a while.
behind_edge() { # CALLEE NUMBER
	SIP_REMOTE=$LAB_SECOND SIP_CALLS=$1 sip_caller second edge "%u-$call" -p 5070 -m "$2" -r 40 < <(
		uac_call 13
		sip_pause 3000
		bye 14
	)
}

none_lost() { # NUMBER SIDE WITNESS: each call has a row with these, and ended by its BYE
	eventually "$1 $1 $1" rows "concat_ws(' ', count(*), count(*) FILTER (WHERE end_reason = 'bye' AND ended_by = 'caller'
		AND bye_confirmed AND NOT suspect AND extract(epoch FROM duration) BETWEEN 2.5 AND 5),
		count(*) FILTER (WHERE host(caller_addr) = '$LAB_SECOND' AND caller_side = 'wire'
		AND callee_side = '$2' AND witness = $3))"
	assert_equal 0 sql "$CDRS" "SELECT count(*) FROM cseqguard.violation WHERE call_id LIKE '%$call'"
}

@test "H19 all callers are behind one edge proxy, and have far more than a share: no call to the gateway is lost" {
	local full

	full=$(counted share_full)
	sip_callee gateway gateway -m 30 < <(uas_call; sip_serve BYE 200 OK)
	behind_edge gw 30
	sip_ended edge gateway
	none_lost 30 gateway 3
	assert_equal "$full" counted share_full
}

@test "H19 all callers are behind one edge proxy, which is a relay, and have far more than a share: no call is lost" {
	local full

	full=$(counted share_full)
	guard set "relay=$LAB_SECOND/32"
	sip_callee caller callee -m 23 < <(uas_call; sip_serve BYE 200 OK)
	behind_edge customer 23
	sip_ended edge callee
	guard set relay=none
	none_lost 23 wire 1
	assert_equal "$full" counted share_full
}

@test "H19 near miss: an edge proxy that is no relay has half of the map: the next calls have one suspect row" {
	sip_callee caller callee -m 23 < <(uas_call; sip_serve BYE 200 OK)
	behind_edge customer 23
	sip_ended edge callee
	eventually '18 17 1' rows "concat_ws(' ', count(*), count(*) FILTER (WHERE end_reason = 'bye' AND NOT suspect),
		count(*) FILTER (WHERE end_reason = 'unguarded' AND suspect))"
}

# --- F20 -----------------------------------------------------------------------------------------

uas_forks() { # NUMBER: one INVITE is answered so often, each time under another To tag; then as many BYEs
	local n

	uas_invite
	for ((n = 1; n <= $1; n++)); do
		uas_late_answer 200 OK "t-$n"
		sip_recv ACK
	done
	for ((n = 1; n <= $1; n++)); do
		sip_serve BYE 200 OK
	done
}

uac_forks() { # NUMBER: each answer is a call of its own, and each call ends
	local n

	uac_invite 13
	for ((n = 1; n <= $1; n++)); do
		sip_provisional
		printf '<recv response="200" rrs="true"><action>\n'
		sip_learn To '&lt;.*' "remote$n"
		sip_learn Contact 'sip:[^&gt;]*' target
		printf '</action></recv>\n'
		uac_message ACK 13 "to=[\$remote$n]" | sip_send
	done
	sip_pause 500
	for ((n = 1; n <= $1; n++)); do
		bye 14 "to=[\$remote$n]"
	done
}

guarded_forks() { # SIDE: so many rows of the call ended by their BYE, with that callee
	cdr "count(*) FILTER (WHERE end_reason = 'bye' AND ended_by = 'caller' AND bye_confirmed AND NOT suspect
		AND caller_side = 'wire' AND callee_side = '$1')"
}

all_guarded() { # NUMBER SIDE: the call has so many rows, all of them ordinary
	eventually "$1" guarded_forks "$2"
	assert_equal "$1" cdr 'count(*)'
	assert_equal 0 violations 'count(*)'
}

guarded_before() { # NUMBER SIDE TAG: so many rows are ordinary; that tag's has the one suspect row
	eventually "$1" guarded_forks "$2"
	eventually "unguarded $3" cdr "string_agg(end_reason || ' ' || to_tag, ' ') FILTER (WHERE suspect AND end_time IS NULL)"
	assert_equal $(($1 + 1)) cdr 'count(*)'
	assert_equal 0 violations 'count(*)'
}

forks_by_gateway() { # NUMBER: of the To tags of one INVITE
	gateway < <(uas_forks "$1")
	caller < <(uac_forks "$1")
	call_ends
}

forks_by_customer() { # NUMBER
	sip_callee caller callee < <(uas_forks "$1")
	SIP_CALLS=customer sip_caller third third "$call" < <(uac_forks "$1")
	sip_ended third callee
}

@test "F20 one INVITE of an account, answered under five To tags by its own device: two calls are guarded, the third has a suspect row" {
	local full

	full=$(counted forks_full)
	forks_by_customer 5
	guarded_before 2 wire t-3
	assert_equal $((full + 3)) counted forks_full
}

@test "F20 one INVITE, answered under 18 To tags by a gateway: 16 calls are guarded, the next has a suspect row" {
	local full

	full=$(counted forks_full)
	forks_by_gateway 18
	guarded_before 16 gateway t-17
	assert_equal $((full + 2)) counted forks_full
}

@test "F20 near miss: one INVITE, answered under 16 To tags by a gateway: all calls are guarded" {
	local full

	full=$(counted forks_full)
	forks_by_gateway 16
	all_guarded 16 gateway
	assert_equal "$full" counted forks_full
}

@test "F20 near miss: one INVITE, answered under two To tags by a customer: both calls are guarded" {
	local full

	full=$(counted forks_full)
	forks_by_customer 2
	all_guarded 2 wire
	assert_equal "$full" counted forks_full
}
