#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# PAIR_RATE (20) calls a second for PAIR_SECONDS (8) over two edge hosts with one address. At a moment of PAIR_SEED
# the active host fails, by its power or its network alone, and the address moves to the other. The CDRs are
# compared with SIPp's own log, call by call. Some callers send a BYE with a low CSeq first, also on the other host.

# shellcheck disable=SC2034,SC2153,SC2154
load lib
load pair
load crowd
RATE=${PAIR_RATE:-20}
SECONDS_OF_CALLS=${PAIR_SECONDS:-8}
CALLS=$((RATE * SECONDS_OF_CALLS))
CALLEE=gateway
BATCHES=(crowd)

setup() { # a pair for each test: its hosts fail
	pair_up
}

teardown() {
	sip_over
	[[ -n ${BATS_TEST_COMPLETED:-} ]] || pair_evidence >&2
	pair_down
}

teardown_file() {
	:
}

answered() { # calls that the caller has acknowledged
	grep -c 'S.*CSeq:13 ACK' "$LAB_DIR/crowd-caller.short"
}

# Between a quarter and three quarters of the calls are answered.
await_moment() {
	local moment

	RANDOM=${PAIR_SEED:-1}
	moment=$((CALLS / 4 + (RANDOM * 32768 + RANDOM) % (CALLS / 2)))
	lab_wait $((SECONDS_OF_CALLS + 60)) eval "((\$(answered) >= $moment))"
	printf '# the host fails after %s of %s calls\n' "$(answered)" "$CALLS" >&3
}

refused() { # BYEs, by both hosts' guards that are there
	local edge sum=0

	for edge in edge1 edge2; do
		[[ ! -e /run/netns/$(lab_ns "$edge") ]] || sum=$((sum + $(edge_counted "$edge" out_of_order)))
	done
	printf '%d' "$sum"
}

edge1_loses_power() { # while calls run, which go on to their end
	await_moment
	UNSURE_FROM=$((EPOCHSECONDS - 5)) # a sweep and more: then the count of a call's low BYEs is published
	power_cut edge1
	UNSURE_TO=$((EPOCHSECONDS + 1))
	address_to edge2
	remains_removed edge1
	sip_ended crowd-caller crowd-callee
}

bills_are_true() { # once all calls are over; the differences say which is not
	lab_wait 30 eval "[[ \$(billed 'end_time IS NOT NULL') == $CALLS ]]" || :
	load_truth
	eventually '' sql "$CDRS" "SELECT format('%s: %s', call_id, what) FROM difference LIMIT 20"
	eventually "$CALLS" billed 'end_time IS NOT NULL AND NOT suspect'
	eventually "$CALLS" sql "$CDRS" 'SELECT count(*) FROM cseqguard.billable'
}

@test "pair: the active host loses its power: each call is billed once, to its true end" {
	calls_begin crowd "$SECONDS_OF_CALLS"
	edge1_loses_power
	bills_are_true
	(($(edge_counted edge2 out_of_order) > 0))
}

@test "pair: the active host loses its network and has it again: each call is billed once, to its true end" {
	calls_begin crowd "$SECONDS_OF_CALLS"
	await_moment
	network_cut edge1
	address_to edge2
	sip_ended crowd-caller crowd-callee
	network_heals edge1
	lab_wait 30 pair_is_whole
	bills_are_true
	eventually "$(refused)" sql "$CDRS" 'SELECT sum(blocked_byes) FROM cseqguard.cdr'
}

@test "pair: a host comes back with rows that nobody had: its calls are billed once, to their true end" {
	edge_killed edge1
	EDGE_PG=$LAB_DIR/late edge_daemon edge1 # PostgreSQL is not there yet
	lab_wait 20 pair_is_whole
	calls_begin crowd "$SECONDS_OF_CALLS"
	edge1_loses_power
	host_up edge1
	ln -s "$LAB_PG" "$LAB_DIR/late"
	EDGE_PG=$LAB_DIR/late edge_up edge1
	lab_wait 30 pair_is_whole
	bills_are_true
}
