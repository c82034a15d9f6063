#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# The views that billing reads, compared with the rows that Kamailio wrote for the same calls, with SIPp's
# clocks, and after an operator has settled a call.

load lib

setup_file() {
	proxy_lab
}

view() { # NAME COLUMNS: of the call's rows in a view
	sql "$CDRS" "SELECT $2 FROM cseqguard.$1 WHERE call_id = '$call'"
}

in_views() { # of suspects, billable and open_calls: those that have the call
	sql "$CDRS" "SELECT string_agg(view, ' ' ORDER BY view) FROM (
		SELECT 'suspects' AS view, call_id FROM cseqguard.suspects
		UNION ALL SELECT 'billable', call_id FROM cseqguard.billable
		UNION ALL SELECT 'open_calls', call_id FROM cseqguard.open_calls
	) AS views WHERE call_id = '$call'"
}

# --- kamailio_acc --------------------------------------------------------------------------------

kamailio_columns() { # of acc as Kamailio makes it, less its serial number and the lab's own extras
	sql "$ACC" "SELECT string_agg(column_name, ',' ORDER BY ordinal_position)
		FROM information_schema.columns WHERE table_name = 'acc'
		AND column_name NOT IN ('id', 'cseq', 'src_ip')"
}

acc_rows() { # DATABASE TABLE: its rows of the call, the time apart
	local columns
	columns=$(kamailio_columns)
	sql "$1" "SELECT ${columns/,time/} FROM $2 WHERE callid = '$call' ORDER BY method"
}

acc_times() { # DATABASE TABLE
	sql "$1" "SELECT extract(epoch FROM time)::bigint FROM $2 WHERE callid = '$call' ORDER BY method, time"
}

# Ours is the BYE's arrival, Kamailio's is its answer's: to a second.
times_agree() {
	awk '{ rows++; off += $2 - $1 != 0 && $2 - $1 != 1 } END { exit !rows || off }'
}

acc_agrees() { # ROWS: column by column
	eventually "$1" sql "$ACC" "SELECT count(*) FROM acc WHERE callid = '$call'"
	eventually "$(acc_rows "$ACC" acc)" acc_rows "$CDRS" cseqguard.kamailio_acc
	paste <(acc_times "$CDRS" cseqguard.kamailio_acc) <(acc_times "$ACC" acc) | times_agree
}

@test "kamailio_acc: the columns of Kamailio's own table, by name and order, then the moment with its time zone" {
	assert_equal "$(kamailio_columns),at" sql "$CDRS" "SELECT string_agg(column_name, ',' ORDER BY ordinal_position)
		FROM information_schema.columns WHERE table_schema = 'cseqguard' AND table_name = 'kamailio_acc'"
	assert_equal "$(sql "$ACC" 'SELECT pg_typeof(time) FROM (SELECT) AS one LEFT JOIN acc ON true LIMIT 1')" \
		sql "$CDRS" 'SELECT pg_typeof(time) FROM (SELECT) AS one LEFT JOIN cseqguard.kamailio_acc ON true LIMIT 1'
}

@test "kamailio_acc: the rows that Kamailio wrote for a call that the caller ends" {
	gateway < <(uas_call; sip_serve BYE 200 OK)
	caller < <(uac_call 13; sip_pause 1500; bye 14)
	call_ends
	cdr_true bye caller gateway
	acc_agrees 2
}

@test "kamailio_acc: the rows that Kamailio wrote for a call that the callee ends" {
	gateway < <(uas_call; sip_pause 1500; uas_request BYE 1; uac_expect 200)
	caller < <(uac_call 13; sip_serve BYE 200 OK)
	call_ends
	cdr_true bye callee gateway
	acc_agrees 2
}

@test "kamailio_acc: an open call has its INVITE alone, as with Kamailio" {
	gateway < <(uas_call; sip_serve BYE 200 OK)
	caller < <(uac_call 13; sip_hold; bye 14)
	cdr_open
	acc_agrees 1
	sip_go caller
	call_ends
	acc_agrees 2
}

@test "kamailio_acc: the attack of 2008 where it passes: Kamailio's BYE comes first, the view's is the true one" {
	guard set mode=observe
	gateway < <(uas_call; sip_serve BYE 500 'Request Out of Order'; sip_serve BYE 200 OK)
	caller < <(uac_call 13; sip_pause 200; uac_request BYE 10; uac_expect 500; sip_pause 3000; bye 14)
	call_ends
	guard set mode=enforce
	cdr_true bye caller gateway
	eventually 't' sql "$ACC" "SELECT min(time) < max(time) FROM acc WHERE callid = '$call' AND method = 'BYE'"
	paste <(acc_times "$CDRS" cseqguard.kamailio_acc) <(acc_times "$ACC" acc | sed 1d) | times_agree
}

# --- fraud_by_source -----------------------------------------------------------------------------

no_fraud_yet() {
	sql "$CDRS" 'TRUNCATE cseqguard.cdr, cseqguard.violation'
}

# From the first BYE that SIPp `caller` sent to the last, by its own clock.
protected() {
	awk -F '\t' '$7 ~ /^BYE / && $4 == "S" { if (!first) first = $3; last = $3 }
		END { printf "%.3f", last - first }' "$LAB_DIR/caller.short"
}

fraud() { # CALLS BLOCKED: of the caller's address, who is the only one; protected seconds as SIPp has them
	eventually "$LAB_CALLER $1 $2 t" sql "$CDRS" "SELECT concat_ws(' ', host(source), calls, blocked_byes,
		abs(protected_seconds - $(protected)) < 0.15) FROM cseqguard.fraud_by_source"
}

@test "fraud_by_source: a blocked BYE, and the seconds from it to the true end" {
	no_fraud_yet
	gateway < <(uas_call; sip_serve BYE 200 OK)
	caller < <(uac_call 13; sip_pause 200; uac_request BYE 10; sip_pause 700; uac_request BYE 11; sip_pause 1300; bye 14)
	call_ends
	cdr_true bye caller gateway
	fraud 1 2
}

@test "fraud_by_source: a BYE that was not believed counts its seconds, for the leg that sent it" {
	no_fraud_yet
	gateway < <(uas_call; sip_serve BYE 200 OK)
	sip_callee third third < <(sip_serve BYE 200 OK)
	caller < <(
		uac_call 13
		sip_pause 200
		bye 14 "routes=Route: <sip:$LAB_PROXY;lr>, <sip:$LAB_THIRD:5060;lr>"
		sip_pause 1500
		bye 15
	)
	call_ends
	sip_ended third
	cdr_true bye caller gateway
	fraud 1 0
}

@test "fraud_by_source: honest calls are none" {
	no_fraud_yet
	gateway < <(uas_call; sip_serve BYE 200 OK)
	caller < <(uac_call 13; sip_pause 500; bye 14)
	call_ends
	cdr_true bye caller gateway
	assert_equal '' sql "$CDRS" 'SELECT * FROM cseqguard.fraud_by_source'
}

# --- open_calls, billable, suspects, and settling ------------------------------------------------

settle() { # [OPTION]...: in PostgreSQL
	"$LAB_OUT/cseqguard" cdr settle "$(cdr call_uid)" --db "$(pg_conninfo "$CDRS")" --by ann "$@"
}

settlement() { # COLUMNS
	sql "$CDRS" "SELECT concat_ws(' ', $1) FROM cseqguard.settlement WHERE call_uid = '$(cdr call_uid)' ORDER BY at"
}

@test "views: a call is open, then billable, on evidence" {
	gateway < <(uas_call; sip_serve BYE 200 OK)
	caller < <(uac_call 13; sip_hold; bye 14)
	cdr_open
	assert_equal open_calls in_views
	assert_equal t view open_calls "running BETWEEN interval '0' AND interval '10 s'"
	sip_go caller
	call_ends
	cdr_true bye caller gateway
	assert_equal billable in_views
}

@test "views: a call with requests after its end is suspect and keeps end and reason; settled, it is billable" {
	gateway < <(uas_call; sip_serve BYE 200 OK; sip_serve INFO 200 OK)
	caller < <(uac_call 13; sip_pause 500; bye 14; sip_hold; uac_request INFO 15; uac_expect 200)
	eventually billable in_views
	sip_go caller
	call_ends
	eventually suspects in_views
	assert_equal 'bye caller t' cdr "concat_ws(' ', end_reason, ended_by, bye_confirmed)"
	eventually 'alive_after_end pass INFO' violations "concat_ws(' ', reason, action, method)"
	settle --why 'gateway log shows the end'
	assert_equal billable in_views
	assert_equal 'operator caller t f' cdr "concat_ws(' ', end_reason, ended_by, bye_confirmed, suspect)"
	assert_equal 'ann gateway log shows the end bye t t' settlement \
		"operator, why, was_end_reason, was_suspect, was_end_time = end_time"
}

@test "views: an open call settled by an operator stays as it was settled, whatever comes later" {
	local at
	gateway < <(uas_call; sip_serve BYE 200 OK)
	caller < <(uac_call 13; sip_hold; bye 14)
	cdr_open
	run -1 settle --why 'no end given'
	[[ $output == *'is open; give its end' ]]
	run -1 settle --why 'before its answer' --end 2001-01-01T00:00:00Z
	[[ $output == *'the end is before the answer at 20'* ]]
	assert_equal open_calls in_views
	at=$(date -u +%FT%T.%6N)
	settle --why 'carrier says so' --end "${at}Z" # before the true end
	assert_equal "operator $at" cdr "end_reason || ' ' || to_char(end_time AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US')"
	sip_go caller
	call_ends
	eventually 14 cdr caller_cseq # the daemon has told the true end
	eventually 0 sqlite3 "$LAB_DIR/spool.db" 'SELECT count(*) FROM cdr'
	assert_equal "operator $at" cdr "end_reason || ' ' || to_char(end_time AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US')"
	assert_equal 'none f' settlement 'was_end_reason, was_suspect, was_end_time'
	settle --why 'a slip' --end 0s # ... may be put right
	assert_equal $'carrier says so none\na slip operator' settlement 'why, was_end_reason'
}

@test "views: a call closed on evidence is not settled" {
	gateway < <(uas_call; sip_serve BYE 200 OK)
	caller < <(uac_call 13; sip_pause 500; bye 14)
	call_ends
	cdr_true bye caller gateway
	run -1 settle --why 'shorter, please' --end 0s
	[[ ${#lines[@]} == 1 && $output == *'closed by evidence'* ]]
	assert_equal bye cdr end_reason
	assert_equal '' settlement why
}
