#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# Map dialogs has room for eight calls. Above six the daemon closes calls with a candidate end, and removes
# them: the oldest candidate first.

load lib
load daemon

setup_file() {
	lab_up "$$-p"
	pg_up
	guard_up --max-dialogs 8
	export CSEQGUARD_RUN_DIR=$LAB_DIR/run
	export MAP=/sys/fs/bpf/cseqguard/lab-$LAB_ID/dialogs
}

numbered() { # NUMBER [FIELD=VALUE]...: a dialog that was answered 300 s ago
	"$LAB_TOP/tests/e2e/dialog.py" "$MAP" "$1" "call_id=$1-$call" answer=300 "${@:2}"
}

candidate() { # NUMBER SECONDS: a dialog with a candidate end that long after its answer
	numbered "$1" flags=0x40 candidate_ms="$(($2 * 1000 + 1))"
}

ends() { # of all calls of this test: number, end, length
	sql "$DB" "SELECT string_agg(concat_ws(' ', split_part(call_id, '-', 1), end_reason, suspect,
		round(extract(epoch FROM duration))), ', ' ORDER BY call_id) FROM cseqguard.cdr
		WHERE call_id LIKE '%-$call' AND end_time IS NOT NULL"
}

seven() { # of which two have a candidate
	candidate 1 200
	candidate 2 100
	numbered 3
	numbered 4
	numbered 5
	numbered 6
	numbered 7
}

@test "pressure: above three quarters the oldest candidate closes as unproven_bye, suspect, and leaves the map; no other call" {
	seven
	daemon_db
	lab_wait 10 in_map 6
	eventually '2 unproven_bye t 100' ends
	grep -q 'map dialogs holds 7 calls of 8: closes 1 with a candidate end' "$LAB_DIR/daemon.log"
	lab_wait 1 false || : # sweeps
	in_map 6
	assert_equal '2 unproven_bye t 100' ends
}

@test "pressure: near miss: at three quarters no candidate closes" {
	candidate 1 200
	candidate 2 100
	numbered 3
	numbered 4
	numbered 5
	numbered 6
	daemon_db
	eventually 6 sql "$DB" "SELECT count(*) FROM cseqguard.cdr"
	lab_wait 1 false || : # sweeps
	in_map 6
	assert_equal '' ends
}

@test "pressure: near miss: a full map of calls without a candidate stays full" {
	local number

	for number in 1 2 3 4 5 6 7 8; do
		numbered "$number"
	done
	daemon_db
	eventually 8 sql "$DB" "SELECT count(*) FROM cseqguard.cdr"
	lab_wait 1 false || : # sweeps
	in_map 8
	assert_equal '' ends
}

@test "pressure: a call that doubt has closed leaves the map before all others, and its row does not change" {
	seven
	numbered 2 answer=9000 flags=0x40 candidate_ms=10001
	daemon_db --doubt 2h
	lab_wait 10 in_map 6
	eventually '2 unproven_bye t 10' ends
}

@test "pressure: a sign of life before the row is on disk opens the row again, and the call stays in the map" {
	numbered 3
	daemon_db
	eventually 1 sql "$DB" "SELECT count(*) FROM cseqguard.cdr"
	spool_held
	seven
	lab_wait 10 grep -q 'closes 1 with a candidate end' "$LAB_DIR/daemon.log"
	numbered 2
	numbered 1
	lab_wait 1 false || : # sweeps
	spool_free
	eventually 7 sql "$DB" "SELECT count(*) FROM cseqguard.cdr WHERE end_time IS NULL"
	in_map 7
}
