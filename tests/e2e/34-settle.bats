#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# Calls that only an operator can close: settled in the spool, or that lost their maps. 32-sql.bats settles
# them in PostgreSQL.

load lib
load operator

setup_file() {
	proxy_lab
	quick_daemon
	export MAP=/sys/fs/bpf/cseqguard/lab-$LAB_ID/dialogs
}

@test "settle: without --db a call is settled in the spool; a later --db sends row and settlement" {
	local uid spool=$LAB_DIR/settled.db
	guard_daemon_end TERM
	CSEQGUARD_RUN_DIR=$LAB_DIR/run "$LAB_OUT/cseqguardd" --instance "lab-$LAB_ID" --node lab --sweep 200ms \
		--max-call 1s --grace 1s --spool "$spool" >>"$LAB_DIR/daemon.log" 2>&1 </dev/null 3>&- &
	LAB_DAEMON=$!
	gateway < <(uas_call; sip_serve BYE 200 OK)
	caller < <(uac_call 13; sip_hold; bye 14)
	timed_out() { guard cdr -j --spool "$spool" | jq -r ".[] | select(.call_id == \"$call\") | $1"; }
	eventually 'timeout true' timed_out '"\(.end_reason) \(.suspect)"'
	uid=$(timed_out .call_uid)
	run -2 guard cdr settle "$uid" --spool "$spool"
	[[ $output == *--why* ]]
	run -2 guard cdr settle "$uid-" --spool "$spool" --why none
	[[ $output == *call_uid* ]]
	run -1 guard cdr settle 00000000-0000-0000-0000-000000000000 --spool "$spool" --why none
	[[ ${#lines[@]} == 1 ]]
	guard cdr settle "$uid" --spool "$spool" --why 'seen on the gateway' --by bob
	assert_equal 'operator false' timed_out '"\(.end_reason) \(.suspect)"'
	assert_equal 'bob|seen on the gateway|timeout|1' sqlite3 "$spool" \
		'SELECT operator, why, was_end_reason, was_suspect FROM settlement'
	sip_go caller
	call_ends
	kill -TERM "$LAB_DAEMON"
	wait "$LAB_DAEMON"
	LAB_DAEMON=
	cp "$spool" "$LAB_DIR/spool.db"
	rm -f "$LAB_DIR"/spool.db-*
	quick_daemon
	eventually 'operator f' cdr "concat_ws(' ', end_reason, suspect)"
	eventually 'bob seen on the gateway' sql "$CDRS" \
		"SELECT operator || ' ' || why FROM cseqguard.settlement WHERE call_uid = '$uid'"
	assert_equal 1 sql "$CDRS" "SELECT count(*) FROM cseqguard.billable WHERE call_id = '$call'"
}

@test "settle: uses the store that the daemon's file names, PostgreSQL or a spool; cdr lists that spool" {
	local uid end file=$LAB_DIR/settle.conf
	gateway < <(uas_call; sip_serve BYE 200 OK)
	caller < <(uac_call 13; sip_hold; bye 14)
	eventually 1 cdr 'count(*)'
	uid=$(cdr call_uid)
	end=$(cdr "to_char((answer_time + '1 s'::interval) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')")
	echo "db = $(pg_conninfo "$CDRS")" >"$file"
	guard cdr settle "$uid" --config "$file" --why 'by its file' --by bob --end "$end"
	assert_equal 'operator f' cdr "concat_ws(' ', end_reason, suspect)"
	assert_equal 'bob by its file' sql "$CDRS" \
		"SELECT operator || ' ' || why FROM cseqguard.settlement WHERE call_uid = '$uid'"
	echo "spool = $LAB_DIR/none.db" >"$file"
	run -1 guard cdr settle "$uid" --config "$file" --why none
	[[ $output == *"$LAB_DIR/none.db"* ]]
	run -1 guard cdr --config "$file"
	[[ $output == *"$LAB_DIR/none.db"* ]]
	run -2 guard cdr settle "$uid" --spool none.db --db none --why none
	sip_go caller
	call_ends
}

@test "reboot: open rows from before the boot are closed as reboot, later ones without a dialog as maps_lost, other nodes' stay" {
	local boot
	boot=$(date -d "@$(awk '/btime/ { print $2 }' /proc/stat)" +%s)
	guard_daemon_end TERM
	old_row() { # CALL-ID NODE SECONDS-AFTER-BOOT
		sql "$CDRS" "INSERT INTO cseqguard.cdr (setup_time, call_uid, node, call_id, from_tag, to_tag, caller,
			callee, request_uri, caller_addr, caller_port, callee_addr, callee_port, answer_time, end_reason,
			ended_by, bye_confirmed, suspect, blocked_byes, sip_code)
			SELECT t, gen_random_uuid(), '$2', '$1', '', '', '', '', '', '::', 1, '::', 1, t, 'none', 'none',
			false, false, 0, 200 FROM to_timestamp($((boot + $3))) AS t"
	}
	old_row before-boot lab -60
	old_row after-boot lab 10
	old_row other-node elsewhere -60
	quick_daemon
	eventually 'after-boot maps_lost t
before-boot reboot t
other-node none f' sql "$CDRS" "SELECT concat_ws(' ', call_id, end_reason, suspect) FROM cseqguard.cdr
		WHERE call_id IN ('before-boot', 'after-boot', 'other-node') ORDER BY call_id"
	# no daemon was alive before the boot: nothing is known of the call but its answer
	assert_equal t sql "$CDRS" "SELECT end_time = answer_time FROM cseqguard.cdr WHERE call_id = 'before-boot'"
}

ends() { # SPOOL: how its calls have ended, how many, and how many of them are open
	sqlite3 "$1" "SELECT end_reason, suspect, count(*), sum(end_time IS NULL) FROM cdr GROUP BY 1, 2"
}

@test "detached: without a daemon detach -a closes the calls itself, in the spool and as the node of the last one" {
	guard_daemon_end TERM
	rm -f "$LAB_DIR/spool.db"*
	map_clear
	"$LAB_OUT/tests/bench/calls" "lab-$LAB_ID" 5000 alone open >/dev/null
	guard detach -a
	[[ ! -e $MAP ]]
	assert_equal 'detached|1|5000|0' ends "$LAB_DIR/spool.db"
	assert_equal lab sqlite3 "$LAB_DIR/spool.db" 'SELECT DISTINCT node FROM cdr'
	guard_up --gateway "$LAB_GATEWAY/32"
	quick_daemon
	eventually 5000 sql "$CDRS" "SELECT count(*) FROM cseqguard.cdr WHERE end_reason = 'detached' AND suspect"
	sql "$CDRS" "DELETE FROM cseqguard.cdr WHERE end_reason = 'detached'"
}

@test "detached: detach -a waits until the daemon has closed every call, however many" {
	"$LAB_OUT/tests/bench/calls" "lab-$LAB_ID" 40000 many open >/dev/null
	guard detach -a
	[[ ! -e $MAP ]]
	lab_wait 60 eval '! kill -0 "$(<"$LAB_DIR/daemon.pid")" 2>/dev/null'
	assert_equal '40000 0' sql "$CDRS" "SELECT concat_ws(' ', count(*) FILTER (WHERE end_reason = 'detached'),
		count(*) FILTER (WHERE end_time IS NULL)) FROM cseqguard.cdr WHERE call_id LIKE '%many%'"
	guard_up --gateway "$LAB_GATEWAY/32"
	quick_daemon
}

@test "detached: a daemon that hangs keeps the maps, and detach -a says so" {
	dialog_row() { guard dialogs -j | jq length; }
	"$LAB_OUT/tests/bench/calls" "lab-$LAB_ID" 1 hung open >/dev/null
	kill -STOP "$(<"$LAB_DIR/daemon.pid")"
	run -1 guard detach -a
	[[ $output == *"cseqguardd: has not written the rows of open calls for 30 s"* ]]
	assert_equal 1 dialog_row
	guard_up --gateway "$LAB_GATEWAY/32" # the maps are in use again
	kill -CONT "$(<"$LAB_DIR/daemon.pid")"
	eventually none sql "$CDRS" "SELECT end_reason FROM cseqguard.cdr WHERE call_id LIKE '%hung%'"
	map_clear
}

@test "detached: calls that run when the instance is detached are closed as suspect" {
	gateway < <(uas_call; sip_pause 5000)
	caller < <(uac_call 13; sip_pause 5000)
	cdr_open
	guard detach -a
	eventually 'detached none t' cdr "concat_ws(' ', end_reason, ended_by, suspect)"
	eventually t cdr 'extract(epoch FROM now() - end_time) < 5'
	guard_up --gateway "$LAB_GATEWAY/32"
	quick_daemon
}
