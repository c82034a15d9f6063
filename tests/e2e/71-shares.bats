#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# Map dialogs has room for 16 calls. Once it is more than half full, an address may have an eighth of it: two
# calls. The last quarter is for calls through a gateway. Callee `second` is a customer's device.

load lib
LAB_HOSTS+=(second)
LAB_INTERFACES+=(second0)
LAB_SECOND=10.77.4.1

setup_file() {
	lab_up "$$" "$LAB_PG"
	export CDRS=cdr_$LAB_ID ACC=acc_$LAB_ID
	sql postgres "CREATE DATABASE $CDRS"
	guard_up --gateway "$LAB_GATEWAY/32" --max-dialogs 16
	guard_daemon "$CDRS" --grace 1s --sweep 300ms
	kamailio_db "$ACC"
	kamailio_up "$ACC"
}

setup() {
	call=$BATS_TEST_NUMBER@lab-$LAB_ID
	eventually 0 used # what an earlier test left
	full=$(counted_out share_full)
}

teardown() {
	sip_over
	[[ -n ${BATS_TEST_COMPLETED:-} ]] || evidence >&2
	MAP=/sys/fs/bpf/cseqguard/lab-$LAB_ID/dialogs map_clear # what a failed test leaves
}

used() {
	guard status -j | jq .maps.dialogs.used
}

counted_out() { # REASON: prints how many packets of either direction had it
	guard stats -j | jq ".in.$1 + .out.$1"
}

most() { # who has most calls
	guard status -j | jq -r '.largest_share | "\(.address) \(.dialogs) \(.percent)"'
}

# So many calls of HOST to CALLEE, MILLISECONDS long, that end by the caller's BYE.
calls() { # HOST NAME CALLEE NUMBER MILLISECONDS [SIPP-OPTION]...
	SIP_CALLS=$3 sip_caller "$1" "$2" "%u-$2-$call" -m "$4" -r 40 "${@:6}" < <(
		uac_call 13
		sip_pause "$5"
		bye 14
	)
}

rows() { # NAME CONDITION: of these calls
	sql "$CDRS" "SELECT count(*) FROM cseqguard.cdr WHERE call_id LIKE '%-$1-$call' AND $2"
}

bills() { # NAME SECONDS: its calls that are billed, as long as they were
	sql "$CDRS" "SELECT count(*) FROM cseqguard.billable WHERE call_id LIKE '%-$1-$call'
		AND end_reason IN ('bye', 'relayed_bye') AND abs(extract(epoch FROM duration) - $2) < 0.4"
}

@test "F20 one account opens calls without end to its own device: beyond its share unguarded, all others' calls are billed" {
	sip_callee second second -m 25 < <(uas_call; sip_serve BYE 200 OK)
	sip_callee gateway gateway -m 3 < <(uas_call; sip_serve BYE 200 OK)
	calls caller flood second 24 6000
	eventually $((full + 15)) counted_out share_full
	assert_equal 9 used
	assert_equal "$LAB_CALLER 9 56" most
	guard status | grep -q "^most  *$LAB_CALLER: 9 calls without a gateway, 56 % of map dialogs"
	guard top -b --count 1 | grep -q "^share  *$LAB_CALLER has 9 calls without a gateway, 56 %"
	calls third other second 1 2000 -p 5070
	eventually 10 used
	calls third paying gw 3 1000
	sip_ended paying other gateway
	eventually 3 bills paying 1
	eventually 1 bills other 2
	sip_ended flood second
	eventually 9 bills flood 6
	assert_equal 1 rows flood "end_reason = 'unguarded' AND suspect AND end_time IS NULL"
	assert_equal 10 rows flood true
}

# Of 20 and more violations, in at most two minutes, ten each have a row; a sum counts the others. The test
# before this one may have had the ten of this minute.
@test "F20 beyond the share each call is recorded: rows and sums count what the kernel counted; one row is suspect" {
	sip_callee second second -m 40 < <(uas_call; sip_serve BYE 200 OK)
	calls third many second 40 4000
	eventually $((full + 31)) counted_out share_full
	assert_equal 9 used
	eventually "$((full + 31)) pass" sql "$CDRS" "SELECT sum(count) || ' ' || string_agg(DISTINCT action, ' ')
		FROM cseqguard.violation WHERE reason = 'share_full'"
	assert_equal t sql "$CDRS" "SELECT count(*) <= 20 AND coalesce(bool_and(host(source) = '$LAB_SECOND'), true)
		FROM cseqguard.violation WHERE reason = 'share_full' AND call_id LIKE '%-many-$call'"
	assert_equal t sql "$CDRS" "SELECT max(count) >= 11 FROM cseqguard.violation WHERE reason = 'share_full' AND call_id = ''"
	sip_ended many second
	eventually '10 9 1' sql "$CDRS" "SELECT concat_ws(' ', count(*), count(*) FILTER (WHERE end_reason = 'bye' AND NOT suspect),
		count(*) FILTER (WHERE end_reason = 'unguarded' AND suspect AND caller_side = 'wire' AND callee_side = 'wire'))
		FROM cseqguard.cdr WHERE call_id LIKE '%-many-$call'"
}

@test "F20 near miss: the share is free again when the calls have ended, and without a limit there is none" {
	sip_callee second second -m 18 < <(uas_call; sip_serve BYE 200 OK)
	calls caller first second 9 1000
	sip_ended first
	eventually 0 used
	calls caller next second 9 1000
	sip_ended next second
	eventually 9 bills next 1
	assert_equal "$full" counted_out share_full
	guard set share=0
	eventually 0 used
	sip_callee second second -m 11 < <(uas_call; sip_serve BYE 200 OK)
	calls caller more second 11 1000
	sip_ended more second
	guard set share=8
	eventually 11 bills more 1
	assert_equal "$full" counted_out share_full
}

@test "F20 near miss: a relay with more than a share is not limited" {
	guard set "relay=$LAB_CALLER/32"
	sip_callee second second -m 11 < <(uas_call; sip_serve BYE 200 OK)
	calls caller relay second 11 2000
	eventually 11 used
	lab_wait 1 false || : # sweeps
	assert_equal 'null null null' most
	sip_ended relay second
	guard set relay=none
	eventually 11 bills relay 2
	assert_equal "$full" counted_out share_full
}

@test "F20 near miss: calls through a gateway have no limit, and the last quarter of the map" {
	sip_callee gateway gateway -m 16 < <(uas_call; sip_serve BYE 200 OK)
	calls caller gw gw 16 2000
	eventually 16 used
	assert_equal 'null null null' most
	assert_equal null jq -n "$(guard top -b -j --count 1) | .largest_share"
	sip_ended gw gateway
	eventually 16 bills gw 2
	assert_equal "$full" counted_out share_full
}

dump() { # MAP
	bpftool -j map dump pinned "/sys/fs/bpf/cseqguard/lab-$LAB_ID/$1"
}

branches_are_counted() {
	[[ $(dump usage | jq '.[0].formatted.value.branches') == $(dump branches | jq length) ]]
}

@test "F20 a daemon that starts counts the calls that run: a full share stays full" {
	sip_callee second second -m 12 < <(uas_call; sip_serve BYE 200 OK)
	calls caller flood second 9 8000
	eventually 9 used
	guard_daemon_end KILL
	bpftool map update pinned "/sys/fs/bpf/cseqguard/lab-$LAB_ID/usage" key 0 0 0 0 value 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0
	bpftool map delete pinned "/sys/fs/bpf/cseqguard/lab-$LAB_ID/shares" key hex \
		00 00 00 00 00 00 00 00 00 00 ff ff 0a 4d 01 01
	assert_equal 'null null null' most
	guard_daemon "$CDRS" --grace 1s --sweep 300ms
	eventually "$LAB_CALLER 9 56" most
	lab_wait 30 branches_are_counted
	calls caller more second 3 100 -p 5070
	sip_ended more
	assert_equal $((full + 3)) counted_out share_full
	sip_ended flood second
}
