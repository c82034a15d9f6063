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

# --- rows that have lost their dialog ------------------------------------------------------------

new_maps() { # as if somebody had removed them without the daemon, which was killed
	guard_daemon_end KILL
	rm -r "${MAP%/*}"
	guard_up
	from_now
}

ends() { # how each of the calls has ended
	sql "$DB" "SELECT string_agg(concat_ws(' ', call_id, node, end_reason, suspect), ', ' ORDER BY call_id, node) FROM cseqguard.cdr"
}

spool_ends() {
	sqlite3 "$SPOOL" "SELECT group_concat(call_id || ' ' || end_reason || ' ' || suspect, ', ')
		FROM (SELECT * FROM cdr ORDER BY call_id)"
}

@test "lost: maps that were removed while no daemon ran: their rows close as maps_lost, in PostgreSQL" {
	daemon_db
	dialog answer=5
	eventually "$call lab none f" ends
	call_row elsewhere "$(ago '20 s')" NULL false none
	new_maps
	another_dialog
	daemon_db
	lab_wait 30 assert_equal "another lab none f, $call elsewhere none f, $call lab maps_lost t" ends
	lab_wait 30 logged 'database: closed 1 open calls that have lost their dialog'
}

@test "lost: maps that were removed while no daemon ran: their rows close as maps_lost, in the spool" {
	daemon
	dialog answer=5
	eventually "$call none 0" spool_ends
	new_maps
	another_dialog
	daemon
	lab_wait 30 assert_equal "another none 0, $call maps_lost 1" spool_ends
	lab_wait 30 logged "$SPOOL: closed 1 open calls that have lost their dialog"
	assert_equal 1 sqlite3 "$SPOOL" "SELECT end_time >= answer_time AND closed_at > end_time FROM cdr WHERE call_id = '$call'"
}

@test "lost: a dialog that was deleted from the map: its row closes, the others stay open" {
	daemon_db
	another_dialog
	dialog answer=5
	eventually "another lab none f, $call lab none f" ends
	guard_daemon_end KILL
	map_clear
	another_dialog
	daemon_db
	lab_wait 30 assert_equal "another lab none f, $call lab maps_lost t" ends
}

@test "lost: rows wait in the spool: none of them is taken for lost" {
	daemon
	dialog answer=9 end=5 state=ended end_reason=bye ended_by=1 flags=0x20
	eventually "$call bye 0" spool_ends
	in_map 0 || lab_wait 30 in_map 0
	guard_daemon_end KILL
	schema "$DB"
	sql "$DB" "$(sqlite3 "$SPOOL" "SELECT 'INSERT INTO cseqguard.cdr (setup_time, call_uid, node, call_id, from_tag, to_tag, caller,
		callee, request_uri, caller_addr, caller_port, callee_addr, callee_port, answer_time, end_reason, ended_by,
		bye_confirmed, suspect, blocked_byes, sip_code) SELECT timestamptz ''epoch'' + interval ''1 microsecond'' * '
		|| setup_time || ', ''' || call_uid || ''', ''lab'', ''$call'', '''', '''', '''', '''', '''', ''::'', 1, ''::'', 1,
		timestamptz ''epoch'' + interval ''1 microsecond'' * ' || answer_time || ', ''none'', ''none'', false, false, 0, 200' FROM cdr")"
	assert_equal "$call lab none f" ends
	daemon_db
	lab_wait 30 assert_equal "$call lab bye f" ends
	lab_wait 30 rounds 1
	assert_equal "$call lab bye f" ends
}

rounds() { # NUMBER: the server has read so many last pages for this database
	(($(sql "$DB" "SELECT count(*) FROM pg_stat_activity WHERE datname = '$DB' AND application_name = 'cseqguardd'
		AND query LIKE '%ORDER BY setup_time, call_uid LIMIT%'") >= $1))
}

@test "lost: thousands of rows in PostgreSQL are closed page by page, between those of living calls" {
	schema "$DB"
	sql "$DB" "INSERT INTO cseqguard.cdr (setup_time, call_uid, node, call_id, from_tag, to_tag, caller, callee,
		request_uri, caller_addr, caller_port, callee_addr, callee_port, answer_time, end_reason, ended_by,
		bye_confirmed, suspect, blocked_byes, sip_code)
		SELECT t, gen_random_uuid(), 'lab', 'lost', '', '', '', '', '', '::', 1, '::', 1, t, 'none', 'none', false, false,
		0, 200 FROM (SELECT now() - (n % 7) * interval '1 s' - interval '1 min' AS t FROM generate_series(1, 9000) n) AS c"
	dialog answer=63
	another_dialog
	daemon_db
	lab_wait 60 assert_equal '9000 2' sql "$DB" "SELECT concat_ws(' ', count(*) FILTER (WHERE call_id = 'lost' AND
		end_reason = 'maps_lost' AND suspect AND end_time = answer_time), count(*) FILTER (WHERE end_time IS NULL)) FROM cseqguard.cdr"
}
