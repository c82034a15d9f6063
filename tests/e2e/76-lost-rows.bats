#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# No row stays open for ever: a node name belongs to one daemon, and rows whose dialog is gone are closed.

load lib
load daemon
load postgres

teardown() {
	[[ -n ${BATS_TEST_COMPLETED:-} ]] || tail -n 5 "$LAB_DIR/daemon.log" >&2
	guard_daemon_end KILL
	[[ -z ${FIRST:-} ]] || LAB_DAEMON=$FIRST guard_daemon_end KILL
	map_clear
	MAP=/sys/fs/bpf/cseqguard/lab-$LAB_ID-b/dialogs map_clear
}

teardown_file() {
	[[ ! -d /sys/fs/bpf/cseqguard/lab-$LAB_ID-b ]] || "$LAB_OUT/cseqguard" detach --instance "lab-$LAB_ID-b" -n "$(lab_ns third)" -a
	lab_down
}

# --- the name of a node --------------------------------------------------------------------------

second_instance() { # [NODE]: its daemon writes to the same database
	local other=lab-$LAB_ID-b
	[[ -d /sys/fs/bpf/cseqguard/$other ]] ||
		"$LAB_OUT/cseqguard" attach --instance "$other" -n "$(lab_ns third)" --gateway none eth0
	FIRST=$LAB_DAEMON
	INSTANCE=$other NODE=${1:-lab} SPOOL=$LAB_DIR/second-$BATS_TEST_NUMBER.db daemon --db "$(pg_conninfo "$DB")"
	MAP=/sys/fs/bpf/cseqguard/$other/dialogs dialog answer=5 call_id=second
}

nodes() { # of the rows in the database
	sql "$DB" "SELECT string_agg(node || ' ' || call_id, ', ' ORDER BY call_id) FROM cseqguard.cdr"
}

@test "node: a second daemon with the name of another says so, sends nothing, and sends its rows once that one ends" {
	daemon_db
	dialog answer=5
	eventually "lab $call" nodes
	: >"$LAB_DIR/daemon.log"
	second_instance
	lab_wait 30 logged 'another daemon writes as node lab: process '
	logged 'give each daemon a name of its own with --node'
	lab_wait 30 assert_equal 1 sqlite3 "$LAB_DIR/second-$BATS_TEST_NUMBER.db" 'SELECT count(*) FROM cdr'
	assert_equal "lab $call" nodes
	kill -KILL "$FIRST"
	lab_wait 60 assert_equal "lab $call, lab second" nodes
}

@test "node: two daemons with names of their own write to one database" {
	daemon_db
	dialog answer=5
	second_instance core
	lab_wait 30 assert_equal "lab $call, core second" nodes
}

@test "node: a daemon that is started again, or connects again, is not kept out by its last session" {
	daemon_db
	guard_daemon_end KILL
	: >"$LAB_DIR/daemon.log"
	daemon_db
	dialog answer=5
	eventually "lab $call" nodes
	sql postgres "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'cseqguardd' AND datname = '$DB'"
	another_dialog
	lab_wait 30 assert_equal "lab another, lab $call" nodes
	run ! logged 'another daemon writes'
}

@test "node: the default is the host's name, and for another instance than default HOST/INSTANCE" {
	node() { "$LAB_OUT/cseqguardd" --print-config "$@" | sed -n 's/^node = //p'; }
	assert_equal "$(hostname)" node --instance default
	assert_equal "$(hostname)/edge2" node --instance edge2
	assert_equal sbc1 node --instance edge2 --node sbc1
}
