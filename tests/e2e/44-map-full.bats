#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# Map dialogs has room for four calls. The fifth still gets a CDR.

load lib

setup_file() {
	lab_up "$$" "$LAB_PG"
	export CDRS=cdr_$LAB_ID ACC=acc_$LAB_ID
	sql postgres "CREATE DATABASE $CDRS"
	guard_up --gateway "$LAB_GATEWAY/32" --max-dialogs 4
	quick_daemon
	kamailio_db "$ACC"
	kamailio_up "$ACC"
}

setup() {
	call=$BATS_TEST_NUMBER@lab-$LAB_ID
	eventually 0 used dialogs # what an earlier test left
}

quick_daemon() {
	guard_daemon "$CDRS" --grace 1s --sweep 300ms
}

used() { # MAP
	guard status -j | jq ".maps.$1.used"
}

filling() {
	guard status -j | jq -c .filling
}

said() { # TEXT: lines of the daemon
	grep -c "$1" "$LAB_DIR/daemon.log" || :
}

# So many calls, MILLISECONDS long, that end by the caller's BYE.
calls() { # NAME CALL-ID PORT MILLISECONDS [SIPP-OPTION]...
	sip_caller caller "$1" "$2" -p "$3" "${@:5}" < <(
		uac_call 13
		sip_pause "$4"
		bye 14
	)
}

four_calls() { # MILLISECONDS
	calls four "%u-$call" 5070 "$1" -m 4 -r 20
	eventually 4 used dialogs
}

four_bills() { # closed on evidence, each as long as it was
	assert_equal 4 sql "$CDRS" "SELECT count(*) FROM cseqguard.billable WHERE call_id LIKE '_-$call'
		AND end_reason = 'bye' AND abs(extract(epoch FROM duration) - $1) < 0.4"
}

@test "map full: the fifth of four calls has an open, suspect row; the four are billed right; the next is ordinary" {
	local full

	full=$(counted dialogs_full)
	sip_callee gateway gateway -m 6 < <(uas_call; sip_serve BYE 200 OK)
	four_calls 6000
	calls fifth "$call" 5080 500
	sip_ended fifth
	eventually 'unguarded none f t' cdr "concat_ws(' ', end_reason, ended_by, bye_confirmed, suspect)"
	cdr_open
	assert_equal "$LAB_CALLER $LAB_GATEWAY 200" cdr "concat_ws(' ', host(caller_addr), host(callee_addr), sip_code)"
	assert_equal 4 used dialogs
	eventually 0 used overflow
	assert_equal $((full + 1)) counted dialogs_full
	assert_equal 0 counted overflow_full
	sip_ended four
	eventually 4 sql "$CDRS" "SELECT count(*) FROM cseqguard.billable WHERE call_id LIKE '_-$call'"
	four_bills 6
	assert_equal 0 sql "$CDRS" "SELECT count(*) FROM cseqguard.billable WHERE call_id = '$call'"
	eventually 0 used dialogs
	call=next-$call
	calls next "$call" 5090 500
	sip_ended next gateway
	cdr_true bye caller next
}

@test "map full: without a daemon the fifth call waits in overflow, and a daemon that starts writes its row" {
	sip_callee gateway gateway -m 5 < <(uas_call; sip_serve BYE 200 OK)
	guard_daemon_end KILL
	four_calls 2500
	calls fifth "$call" 5080 500
	sip_ended fifth
	assert_equal 1 used overflow
	sip_ended four gateway
	quick_daemon
	eventually 'unguarded t' cdr "concat_ws(' ', end_reason, suspect)"
	eventually 0 used overflow
	eventually 4 sql "$CDRS" "SELECT count(*) FROM cseqguard.billable WHERE call_id LIKE '_-$call'"
	four_bills 2.5
}

@test "map full: an operator settles the fifth call's row, which is billed and stays so" {
	local uid

	sip_callee gateway gateway -m 5 < <(uas_call; sip_serve BYE 200 OK)
	four_calls 2000
	calls fifth "$call" 5080 500
	eventually unguarded cdr end_reason
	uid=$(cdr call_uid)
	guard cdr settle "$uid" --why 'as the proxy has it' --end "$(date -u -d '+1 minute' +%FT%TZ)" \
		--db "$(pg_conninfo "$CDRS")"
	sip_ended fifth four gateway
	guard_daemon_end TERM
	quick_daemon
	assert_equal 'operator f' cdr "concat_ws(' ', end_reason, suspect)"
}

@test "map full: the daemon warns once before it is full, status as long as it is; three of four is a near miss" {
	local once

	lab_wait 1 false || : # sweeps that met none
	once=$(said 'map dialogs is .* % full')
	sip_callee gateway gateway -m 7 < <(uas_call; sip_serve BYE 200 OK)
	calls three "%u-near-$call" 5060 1500 -m 3 -r 20
	eventually 3 used dialogs
	assert_equal "[]" filling
	sip_ended three
	eventually 0 used dialogs
	assert_equal "$once" said 'map dialogs is .* % full'
	four_calls 2000
	assert_equal '["dialogs"]' filling
	guard status | grep '^ALARM .*dialogs is 100 % full.*attach --max-dialogs'
	sip_ended four gateway
	eventually 0 used dialogs
	assert_equal $((once + 1)) said 'map dialogs is .* % full'
	run ! grep ALARM <(guard status)
}
