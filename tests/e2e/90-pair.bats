#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# Two edge hosts with one address: what the standby knows, and what becomes of a failed host's calls.

# shellcheck disable=SC2153,SC2154
load lib
load pair

setup_file() {
	pair_up
}

setup() {
	call=$BATS_TEST_NUMBER@lab-$LAB_ID
	address_to edge1
	lab_wait 20 pair_is_whole
}

teardown() {
	sip_over
	[[ -n ${BATS_TEST_COMPLETED:-} ]] || pair_evidence >&2
}

teardown_file() {
	pair_down
}

# The call is up, the standby guards it.
stands_by() { # EDGE
	eventually 1 cdr 'count(*)'
	eventually 1 foreign_call "$1"
}

foreign_call() { # EDGE: dialogs with this Call-ID, of the other host
	on "$1" dialogs --foreign -j | jq --arg call "$call" '[.[] | select(.call_id == $call)] | length'
}

goes_on_at() { # EDGE: the address moves there, and the call goes on to its true end
	address_to "$1"
	sip_go caller
	call_ends
	cdr_true bye caller gateway
}

# A call with a low BYE, and another one once it goes on.
attacked_twice() {
	caller < <(uac_call 13; uac_request BYE 10; sip_hold; uac_request BYE 11; sip_pause 1000; bye 14)
	eventually 1 violations 'count(*)'
}

@test "pair: the attack of 2008 is refused on the standby, in a call that began on the other host" {
	gateway < <(uas_call; sip_serve BYE 200 OK)
	caller < <(uac_call 13; sip_hold; uac_request BYE 10; sip_pause 1000; bye 14)
	stands_by edge2
	goes_on_at edge2
	eventually "edge1 1" cdr "concat_ws(' ', node, blocked_byes)"
	assert_equal 1 edge_counted edge2 out_of_order
	eventually 0 foreign_call edge2
}

@test "pair: near miss: honest requests on the standby pass, and raise the counter on both hosts" {
	gateway < <(uas_call; sip_serve INFO 200 OK; sip_serve BYE 200 OK)
	caller < <(
		uac_call 13
		sip_hold
		uac_request INFO 14
		uac_expect 200
		sip_pause 1000
		uac_request BYE 13
		sip_pause 500
		bye 15
	)
	stands_by edge2
	address_to edge2
	sip_go caller
	lab_wait 10 grep -q 'R.*CSeq:14 INFO' "$LAB_DIR/caller.short"
	address_to edge1 # where the call began: a BYE below the INFO comes there
	call_ends
	cdr_true bye caller gateway
	assert_equal 1 cdr blocked_byes
	assert_equal 0 violations 'count(*)' "node = 'edge2'"
}

@test "pair: BYEs that either host refuses are added once" {
	gateway < <(uas_call; sip_serve BYE 200 OK)
	attacked_twice
	stands_by edge2
	goes_on_at edge2
	eventually 2 cdr blocked_byes
	eventually 'edge1 edge2' violations "string_agg(node, ' ' ORDER BY node)"
}

@test "pair: a call that rings when the address moves has a row, of the host that saw its answer" {
	slow_gateway
	caller < <(uac_call 13; sip_pause 300; uac_request BYE 10; sip_pause 500; bye 14)
	lab_wait 10 rings edge2
	address_to edge2
	call_ends
	cdr_true bye caller gateway
	eventually 'edge2 1' cdr "concat_ws(' ', node, blocked_byes)"
}

rings() { # EDGE: it has a note of the INVITE
	bpftool -j map dump pinned "/sys/fs/bpf/cseqguard/lab-$LAB_ID-$1/pending" | grep -q "\"$call\""
}

@test "pair: without Redis each host guards and bills as if it were alone; with it they are in step again" {
	gateway < <(uas_call; sip_serve BYE 200 OK)
	redis_killed
	attacked_twice
	cdr_open
	assert_equal 0 foreign_call edge2
	redis_up
	stands_by edge2
	goes_on_at edge2
	eventually 2 cdr blocked_byes
}

@test "pair: nothing waits for a Redis that does not answer" {
	redis_signal STOP
	gateway < <(uas_call; sip_serve BYE 200 OK)
	caller < <(uac_call 13; sip_pause 200; uac_request BYE 10; sip_pause 500; bye 14)
	call_ends
	cdr_true bye caller gateway
	assert_equal 1 cdr blocked_byes
	redis_signal CONT
	lab_wait 30 pair_is_whole
}

@test "pair: a Redis that is full costs a call nothing; once it has room the other host knows it" {
	redis CONFIG SET maxmemory 1
	gateway < <(uas_call; sip_serve BYE 200 OK)
	attacked_twice
	lab_wait 20 grep -q 'it refuses records' "$LAB_DIR/edge1.log"
	redis CONFIG SET maxmemory 0
	lab_wait 30 eval '[[ $(foreign_call edge2) == 1 ]]'
	goes_on_at edge2
	eventually 2 cdr blocked_byes
}

refused_records() { # EDGE
	on "$1" status -j | jq .pair.refused
}

@test "pair: what others write into Redis is refused and counted, and changes nothing" {
	local before

	gateway < <(uas_call; sip_serve BYE 200 OK)
	caller < <(uac_call 13; sip_hold; bye 14)
	stands_by edge2
	before=$(refused_records edge2)
	redis XADD cg:lab:log '*' r garbage
	redis XADD cg:lab:log '*' x y
	lab_in store "$LAB_TOP/tests/e2e/forge_record.py" "$LAB_STORE" "$REDIS_PORT" cg:lab:log
	lab_wait 10 eval '(($(refused_records edge2) >= before + 3))'
	sip_go caller
	call_ends
	cdr_true bye caller gateway
	assert_equal 0 violations 'count(*)'
}
