#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# Observe mode: what enforce would have dropped, and how the gateway answered it. The breaker, which falls back
# to observe mode.

load lib
load operator

setup_file() {
	proxy_lab
	quick_daemon
}

teardown() {
	sip_over
	[[ -n ${BATS_TEST_COMPLETED:-} ]] || evidence >&2
	guard set mode=enforce
}

# --- observe mode --------------------------------------------------------------------------------

would_drop() { # the sum that status gives, as JSON has it
	status '.would_drop | "\(.packets) \(.refused) \(.accepted)"'
}

outcomes() { # of the call's BYEs that would have been dropped
	violations "string_agg(coalesce(outcome, 'open'), ' ' ORDER BY at)" "action = 'would_drop'"
}

@test "observe: a BYE that enforce would drop and the gateway refuses counts as a true drop" {
	local packets refused accepted
	read -r packets refused accepted < <(would_drop)
	guard set mode=observe
	gateway < <(uas_call; sip_serve BYE 500 'Request Out of Order'; sip_serve BYE 200 OK)
	caller < <(uac_call 13; sip_pause 200; uac_request BYE 10; uac_expect 500; sip_pause 500; bye 14)
	call_ends
	cdr_true bye caller gateway
	eventually refused outcomes
	assert_equal "$((packets + 1)) $((refused + 1)) $accepted" would_drop
}

@test "observe: a BYE that enforce would drop and the gateway accepts counts as a false drop" {
	local packets refused accepted
	read -r packets refused accepted < <(would_drop)
	guard set mode=observe
	gateway < <(uas_call; sip_serve BYE 200 OK)
	caller < <(uac_call 13; sip_pause 500; bye 10)
	call_ends
	cdr_true bye caller gateway
	eventually accepted outcomes
	assert_equal "$((packets + 1)) $refused $((accepted + 1))" would_drop
	guard status | grep -q "^observe .*would have dropped .*: $refused refused by the far end, $((accepted + 1)) accepted"
}

# --- the breaker ---------------------------------------------------------------------------------

breaker_rows() {
	sql "$CDRS" "SELECT count(*) FROM cseqguard.violation WHERE reason = 'breaker'"
}

attacked_calls() { # NUMBER: so many calls, one after the other, each with a dropped BYE
	local n
	for ((n = 0; n < $1; n++)); do
		call=$((++calls))-$BATS_TEST_NUMBER@lab-$LAB_ID
		attack uac_request BYE 10
		call_ends
	done
}

@test "breaker: a dropped BYE in too many dialogs changes the mode to observe, with a warning" {
	local calls=0
	: >"$LAB_DIR/daemon.log"
	quick_daemon --breaker 50 --breaker-dialogs 3
	assert_equal null status .breaker
	attacked_calls 2
	assert_equal enforce status .settings.mode
	attacked_calls 1
	eventually observe status .settings.mode
	eventually 1 breaker_rows
	grep -q 'BREAKER: BYEs of 3 among 3 dialogs were dropped within 60 s, more than 50 %' "$LAB_DIR/daemon.log"
	assert_equal 'BYEs of 3 among 3 dialogs were dropped within 60 s, more than 50 %' status .breaker
	guard status | grep -q '^BREAKER .*mode=enforce'
	eventually 'mode = observe' grep '^mode' "$CSEQGUARD_STATE_DIR/lab-$LAB_ID.settings"
	guard attach --mode enforce --gateway none "${LAB_INTERFACES[@]}" # as a unit that is started again does
	assert_equal observe status .settings.mode
	assert_equal 'BYEs of 3 among 3 dialogs were dropped within 60 s, more than 50 %' status .breaker
	guard set mode=enforce # by hand: it begins anew
	assert_equal null status .breaker
	assert_equal 'mode = enforce' grep -e '^mode' -e '^why' "$CSEQGUARD_STATE_DIR/lab-$LAB_ID.settings"
	attacked_calls 2
	assert_equal enforce status .settings.mode
	assert_equal 1 breaker_rows
}

@test "breaker: one attacker who repeats a BYE counts as one dialog and does not trip it" {
	local n
	sql "$CDRS" "DELETE FROM cseqguard.violation WHERE reason = 'breaker'"
	quick_daemon --breaker 50 --breaker-dialogs 3
	attack eval 'for n in {1..10}; do uac_request BYE $n; sip_pause 20; done'
	call_ends
	eventually 10 cdr blocked_byes
	for n in 1 2; do
		call=honest-$n-$BATS_TEST_NUMBER@lab-$LAB_ID
		passes uac_request BYE 14
	done
	quick_daemon # its beats are over: it would have tripped
	assert_equal enforce status .settings.mode
	assert_equal 0 breaker_rows
}

# The last one: Kamailio sends that BYE on for half a minute, to whoever is the gateway then.
@test "observe: a BYE that enforce would drop and nobody answers counts as silent, each copy" {
	guard set mode=observe
	gateway < <(uas_call; sip_recv BYE; sip_pause 4000)
	caller < <(
		uac_call 13
		sip_pause 200
		uac_request BYE 10 branch=z9hG4bK-silent
		sip_pause 300
		uac_request BYE 10 branch=z9hG4bK-silent
		sip_pause 3500
	)
	eventually 'open open' outcomes
	eventually 'silent silent' outcomes
	cdr_open
}
