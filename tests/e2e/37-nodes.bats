#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# Several nodes that write to one database, and database servers that fail.

load lib
load daemon
load postgres

billed() { # nodes whose rows are billable
	sql "$DB" "SELECT string_agg(node, ' ' ORDER BY setup_time, node) FROM cseqguard.billable WHERE call_id = '$call'"
}

backend() { # of the daemon
	sql postgres "SELECT pid FROM pg_stat_activity WHERE application_name = 'cseqguardd' AND datname = '$DB'"
}

# --- several nodes -------------------------------------------------------------------------------

@test "nodes: two daemons that see one call write a row each, one of them billable" {
	local other=lab-$LAB_ID-b first
	"$LAB_OUT/cseqguard" attach --instance "$other" -n "$(lab_ns third)" --gateway none eth0
	daemon_db
	first=$LAB_DAEMON
	INSTANCE=$other NODE=core SPOOL=$LAB_DIR/core.db daemon --db "$(pg_conninfo "$DB")"
	both() { # [FIELD=VALUE]...
		dialog "$@"
		MAP=/sys/fs/bpf/cseqguard/$other/dialogs dialog "$@"
	}
	both answer=10
	eventually 2 sql "$DB" 'SELECT count(*) FROM cseqguard.open_calls'
	both answer=10 end=1 state=ended end_reason=bye ended_by=1 blocked=2 first_blocked_ms=1001
	eventually 2 row "count(*) FILTER (WHERE end_reason = 'bye')"
	assert_equal 1 row 'count(DISTINCT call_uid)'
	assert_equal 1 sql "$DB" 'SELECT count(*) FROM cseqguard.billable'
	assert_equal 'INVITE BYE' sql "$DB" "SELECT string_agg(method, ' ' ORDER BY method DESC) FROM cseqguard.kamailio_acc"
	assert_equal '1 2 8' sql "$DB" \
		"SELECT concat_ws(' ', calls, blocked_byes, round(protected_seconds)) FROM cseqguard.fraud_by_source"
	guard_daemon_end KILL
	LAB_DAEMON=$first
	"$LAB_OUT/cseqguard" detach --instance "$other" -n "$(lab_ns third)" -a
}

# A row on a node whose witness has this rank.
seen_by() { # NODE RANK SETUP END [SUSPECT]
	call_row "$1" "$3" "$4" "${5:-false}" bye 0 "$2"
}

closes() { # NODE END
	sql "$DB" "UPDATE cseqguard.cdr SET end_time = $2, end_reason = 'bye' WHERE node = '$1'"
}

@test "nodes: while any row of a call is open none is billable; then the later end is" {
	schema "$DB"
	seen_by core 1 "$(ago '99 s')" "$(ago '10 s')"
	assert_equal core billed
	seen_by edge 1 "$(ago '100 s')" NULL # ships late
	assert_equal '' billed
	closes edge "$(ago '5 s')"
	assert_equal edge billed
	assert_equal 'INVITE BYE' sql "$DB" "SELECT string_agg(method, ' ' ORDER BY method DESC) FROM cseqguard.kamailio_acc"
}

@test "nodes: an open row with the lower witness holds the bill back, too" {
	schema "$DB"
	seen_by core 3 "$(ago '99 s')" "$(ago '10 s')"
	seen_by edge 1 "$(ago '98 s')" NULL
	assert_equal '' billed
	closes edge "$(ago '1 s')"
	assert_equal core billed # a better witness, and an earlier end
}

@test "F27 the edge node saw a proxy end the call after 10 s, the core saw the gateway end it after an hour: the hour is billed" {
	schema "$DB"
	seen_by edge 1 "$(ago '3700 s')" "$(ago '3690 s')"
	seen_by core 3 "$(ago '3699.995 s')" NULL
	assert_equal '' billed
	closes core "$(ago '100 s')"
	assert_equal core billed
	assert_equal 01:00 sql "$DB" "SELECT to_char(date_trunc('minute', duration + interval '1 s'), 'HH24:MI') FROM cseqguard.billable"
}

@test "nodes: a suspect row with the better witness keeps the short one from the bill until an operator settles it" {
	schema "$DB"
	seen_by edge 1 "$(ago '100 s')" "$(ago '90 s')"
	seen_by core 3 "$(ago '99 s')" "$(ago '10 s')" true
	assert_equal '' billed
	sql "$DB" "SELECT cseqguard.settle(md5('$call')::uuid, 'seen')" >/dev/null
	assert_equal core billed
}

@test "nodes: of two equal witnesses the row that is not suspect is billable, also once the other is settled" {
	schema "$DB"
	seen_by edge 3 "$(ago '100 s')" "$(ago '5 s')" true
	seen_by core 3 "$(ago '99 s')" "$(ago '10 s')"
	assert_equal core billed
	sql "$DB" "SELECT cseqguard.settle(md5('$call')::uuid, 'seen')" >/dev/null
	assert_equal core billed # was billed: what is settled later does not replace it
}

@test "nodes: rows with equal witness, end and setup are one call; the node's name decides" {
	schema "$DB"
	seen_by edge 3 "$(ago '99 s')" "$(ago '10 s')"
	seen_by core 3 "$(ago '99 s')" "$(ago '10 s')"
	assert_equal core billed
}

closed() { # NODE AT: its row was closed then
	sql "$DB" "UPDATE cseqguard.cdr SET end_time = $(ago '5 s'), end_reason = 'bye', closed_at = $2 WHERE node = '$1'"
}

rated() { # FROM TO: nodes of the calls that a rater finds then, as cseqguard-sql(7) says
	sql "$DB" "SELECT string_agg(node, ' ') FROM cseqguard.billable WHERE call_uid IN (
		SELECT unnest(ARRAY[call_uid, twin_uid]) FROM cseqguard.cdr WHERE closed_at >= $1 AND closed_at < $2)"
}

@test "closed_at: who rates by it finds a call once, when the last of its rows is closed" {
	schema "$DB"
	seen_by core 3 "$(ago '99 s')" NULL
	seen_by edge 1 "$(ago '98 s')" NULL
	closed core "$(ago '50 min')"
	assert_equal '' rated "$(ago '60 min')" "$(ago '40 min')"
	closed edge "$(ago '30 min')"
	assert_equal core rated "$(ago '40 min')" "$(ago '20 min')"
	assert_equal '' rated "$(ago '20 min')" "$(ago '0 min')"
}

# A row of a call's second dialog, which a host that masks Call-IDs has made of the first.
twin() { # NODE RANK SETUP END [SUSPECT]
	call=$call-twin seen_by "$@"
	sql "$DB" "UPDATE cseqguard.cdr SET twin_uid = md5('$call')::uuid WHERE call_id = '$call-twin'"
}

billed_calls() {
	sql "$DB" "SELECT string_agg(call_id, ' ' ORDER BY call_id) FROM cseqguard.billable"
}

@test "twins: the one with the higher witness is billable, none while either is open" {
	schema "$DB"
	seen_by edge 1 "$(ago '100 s')" "$(ago '5 s')"
	assert_equal "$call" billed_calls
	twin edge 3 "$(ago '99 s')" NULL
	assert_equal '' billed_calls
	sql "$DB" "UPDATE cseqguard.cdr SET end_time = $(ago '10 s') WHERE call_id = '$call-twin'"
	assert_equal "$call-twin" billed_calls
	sql "$DB" "UPDATE cseqguard.cdr SET end_time = NULL, end_reason = 'none' WHERE call_id = '$call'"
	assert_equal '' billed_calls # either way
}

@test "twins: of equal witnesses the later end is billable, also with both rows on two nodes, and if each names the other" {
	local node
	schema "$DB"
	for node in edge core; do
		seen_by "$node" 3 "$(ago '100 s')" "$(ago '10 s')"
		twin "$node" 3 "$(ago '99 s')" "$(ago '9 s')"
	done
	assert_equal "$call-twin" billed_calls
	sql "$DB" "UPDATE cseqguard.cdr SET twin_uid = md5('$call-twin')::uuid WHERE call_id = '$call'"
	assert_equal "$call-twin" billed_calls
	assert_equal "INVITE BYE" sql "$DB" "SELECT string_agg(method, ' ' ORDER BY method DESC) FROM cseqguard.kamailio_acc"
}

@test "twins: a call with neither the name of the other nor its tags is a call of its own" {
	schema "$DB"
	seen_by edge 3 "$(ago '100 s')" "$(ago '10 s')"
	call=$call-twin seen_by edge 3 "$(ago '99 s')" "$(ago '9 s')"
	assert_equal "$call $call-twin" billed_calls
}

@test "nodes: rows of version 2 have no witness: the earlier setup is billable, as it was, and an open row does not replace it" {
	schema "$DB"
	call_row edge "$(ago '100 s')" "$(ago '11 s')"
	call_row core "$(ago '99 s')" "$(ago '10 s')"
	call_row third "$(ago '98 s')" NULL false none
	assert_equal edge billed
	seen_by fourth 1 "$(ago '97 s')" "$(ago '12 s')" # of the new version
	assert_equal fourth billed
}

@test "nodes: equal Call-ID and tags on one node, one after the other, or hours apart: each is billable" {
	schema "$DB"
	call_row edge "$(ago '300 min')" "$(ago '299 min')"
	call_row edge "$(ago '299.5 min')" "$(ago '1 min')" # a short call hides no long one
	assert_equal 'edge edge' billed
	call_row core "$(ago '50 s')" "$(ago '20 s')"
	assert_equal 'edge edge core' billed
	call_row third "$(ago '120 min')" "$(ago '0 s')" # meets edge's long one, set up hours before
	assert_equal 'edge edge third core' billed
	call_row fourth "$(ago '19 s')" "$(ago '1 s')" # when core's is over
	assert_equal 'edge edge third core fourth' billed
}

@test "nodes: blocked BYEs of a call on two nodes count once, for the source that the first one saw" {
	schema "$DB"
	call_row edge "$(ago '100 s')" "$(ago '10 s')" false bye 2
	call_row core "$(ago '99 s')" "$(ago '10 s')" false bye 2
	sql "$DB" "UPDATE cseqguard.cdr SET caller_addr = '198.51.100.1' WHERE node = 'core'"
	assert_equal '192.0.2.1 1 2 89.000' sql "$DB" \
		"SELECT concat_ws(' ', host(source), calls, blocked_byes, protected_seconds) FROM cseqguard.fraud_by_source"
}

plan() { # VIEW CONDITION
	sql "$DB" "EXPLAIN (COSTS off) SELECT * FROM cseqguard.$1 WHERE $2" >"$LAB_DIR/plan"
}

@test "nodes: a day's bill is looked up row by row by call_uid, and found by index, however many rows there are" {
	local time
	schema "$DB"
	sql "$DB" 'SELECT cseqguard.make_partitions()' >/dev/null
	sql "$DB" "INSERT INTO cseqguard.cdr (setup_time, call_uid, node, call_id, from_tag, to_tag, caller, callee,
		request_uri, caller_addr, caller_port, callee_addr, callee_port, answer_time, end_time, end_reason, ended_by,
		bye_confirmed, suspect, blocked_byes, sip_code)
		SELECT t, md5(n::text)::uuid, 'lab', n::text, '', '', '', '', '', '::', 1, '::', 1, t, t, 'bye', 'caller', true,
		false, 0, 200 FROM (SELECT n, now() - n * interval '1 min' AS t FROM generate_series(1, 50000) n) AS c;
		ANALYZE cseqguard.cdr"
	for time in setup_time answer_time end_time closed_at; do
		plan billable "$time > now() - interval '1 day'"
		grep -q 'Index Scan using cdr_default_call_uid_idx on cdr_default o' "$LAB_DIR/plan"
		run ! grep -E 'Hash|Merge|Seq Scan on cdr_default' "$LAB_DIR/plan"
	done
	plan kamailio_acc "at BETWEEN now() - interval '2 days' AND now() - interval '1 day'"
	grep -q 'cdr_default_answer_time_idx' "$LAB_DIR/plan"
	grep -q 'cdr_default_end_time_idx' "$LAB_DIR/plan"
	run ! grep -E 'Hash|Merge|Seq Scan on cdr_default' "$LAB_DIR/plan"
	plan billable "call_id = '77'"
	grep -q 'cdr_default_call_id_idx' "$LAB_DIR/plan"
}

# --- errors --------------------------------------------------------------------------------------

tastes() { # SQLSTATE TIMES: so many inserts fail with it (a sequence is not rolled back)
	sql "$DB" "CREATE SEQUENCE tries; CREATE FUNCTION taste() RETURNS trigger LANGUAGE plpgsql AS
		'BEGIN IF nextval(''tries'') <= $2 THEN RAISE EXCEPTION SQLSTATE ''$1''; END IF; RETURN new; END';
		CREATE TRIGGER taste BEFORE INSERT ON cseqguard.cdr FOR EACH ROW EXECUTE FUNCTION taste()"
	: >"$LAB_DIR/daemon.log"
}

@test "errors: a serialization failure or deadlock is tried again at once, on the same connection" {
	local backend
	daemon_db
	tastes 40001 3
	backend=$(backend)
	dialog answer=5
	eventually 1 row 'count(*)'
	sql "$DB" 'DROP FUNCTION taste CASCADE; DROP SEQUENCE tries'
	tastes 40P01 3
	another_dialog
	eventually 2 sql "$DB" 'SELECT count(*) FROM cseqguard.cdr'
	assert_equal "$backend" backend
	run ! logged 'rows wait'
}

@test "errors: a conflict while stale rows are closed is tried again, also with rows that come meanwhile" {
	schema "$DB"
	call=lost call_row lab "$(ago '1 minute')" NULL false none
	sql "$DB" "CREATE SEQUENCE tries; CREATE FUNCTION taste() RETURNS trigger LANGUAGE plpgsql AS
		'BEGIN IF nextval(''tries'') <= 3 THEN PERFORM pg_sleep(1); RAISE EXCEPTION SQLSTATE ''40001''; END IF; RETURN new; END';
		CREATE TRIGGER taste BEFORE UPDATE ON cseqguard.cdr FOR EACH ROW EXECUTE FUNCTION taste()"
	: >"$LAB_DIR/daemon.log"
	daemon_db
	lab_wait 30 assert_equal t sql "$DB" 'SELECT is_called FROM tries'
	dialog answer=5
	eventually none row end_reason
	lab_wait 30 assert_equal maps_lost sql "$DB" "SELECT end_reason FROM cseqguard.cdr WHERE call_id = 'lost'"
	lab_wait 30 assert_equal 0 spooled cdr
	run ! logged 'rows wait'
}

@test "errors: one that persists is an outage: logged, retried with back-off, and over by itself" {
	daemon_db
	tastes 40001 8
	dialog answer=5
	eventually 1 row 'count(*)'
	logged 'rows wait'
}

@test "errors: a missing permission is reported with object and remedy, and the remedy works" {
	schema "$DB"
	login nobody_yet
	sql "$DB" 'GRANT USAGE ON SCHEMA cseqguard TO nobody_yet;
		GRANT SELECT ON ALL TABLES IN SCHEMA cseqguard TO nobody_yet'
	: >"$LAB_DIR/daemon.log"
	daemon --db "host=$LAB_PG user=nobody_yet dbname=$DB"
	dialog answer=5
	lab_wait 10 logged 'permission denied for table cdr; as owner of the schema, GRANT cseqguard_writer TO "nobody_yet"; rows wait'
	run ! logged "next try in an hour"
	sql "$DB" 'GRANT cseqguard_writer TO "nobody_yet"'
	lab_wait 15 assert_equal 1 row 'count(*)'
}

# --- failover ------------------------------------------------------------------------------------

# A second cluster, independent of the first, with this test's database.
second_up() {
	second_down
	(LAB_DIR=$LAB_DIR/second && install -d "$LAB_DIR" && pg_up && sql postgres "CREATE DATABASE $DB")
	SECOND=$LAB_DIR/second/pg
}

# Also after a failed test; lab_down knows the first cluster alone.
second_down() {
	[[ ! -d $LAB_DIR/second ]] || (LAB_DIR=$LAB_DIR/second && pg_down && rm -rf "$LAB_DIR")
}

second() { # STATEMENT: there
	LAB_PG=$SECOND sql "$DB" "$1"
}

read_only() { # on|off: the first cluster
	sql postgres "ALTER SYSTEM SET default_transaction_read_only = $1"
	sql postgres 'SELECT pg_reload_conf()' >/dev/null
	lab_wait 10 assert_equal "$1" sql postgres 'SHOW default_transaction_read_only'
}

@test "failover: when the first host is stopped, rows go to the second" {
	second_up
	daemon --db "host=$LAB_PG,$SECOND user=postgres dbname=$DB"
	dialog answer=5
	eventually 1 row 'count(*)'
	pg_stop fast
	another_dialog
	lab_wait 15 assert_equal 1 second "SELECT count(*) FROM cseqguard.cdr WHERE call_id = 'another'"
}

@test "failover: a server that becomes read-only is left for the next host" {
	second_up
	: >"$LAB_DIR/daemon.log"
	daemon --db "host=$LAB_PG,$SECOND user=postgres dbname=$DB"
	dialog answer=5
	eventually 1 row 'count(*)'
	read_only on
	another_dialog
	lab_wait 15 assert_equal 1 second "SELECT count(*) FROM cseqguard.cdr WHERE call_id = 'another'"
	logged 'in a read-only transaction; this server may be a standby'
	guard_daemon_end KILL
	daemon --db "host=$LAB_PG,$SECOND user=postgres dbname=$DB" # and is not taken at first either
	dialog answer=5 blocked=7
	lab_wait 15 assert_equal 7 second "SELECT blocked_byes FROM cseqguard.cdr WHERE call_id = '$call'"
	read_only off
}

@test "failover: while no host takes rows each is reported, and rows wait" {
	daemon --db "host=$LAB_DIR/nowhere,$LAB_PG user=postgres dbname=$DB"
	lab_wait 10 partitioned
	read_only on
	: >"$LAB_DIR/daemon.log"
	dialog answer=5
	lab_wait 10 grep -q 'nowhere.* failed: .*; .*session is read-only; rows wait' "$LAB_DIR/daemon.log"
	eventually 1 spooled cdr
	read_only off
	lab_wait 15 assert_equal 1 row 'count(*)'
}

teardown_file() {
	second_down
	[[ ! -d /sys/fs/bpf/cseqguard/lab-$LAB_ID-b ]] || "$LAB_OUT/cseqguard" detach --instance "lab-$LAB_ID-b" -n "$(lab_ns third)" -a
	lab_down
}
