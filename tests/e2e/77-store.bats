#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# Rows on their way from the spool to PostgreSQL: refused ones, slow ones, and those of an operator.

load lib
load daemon
load postgres

spool_calls() { # N [CALL-ID]: so many closed calls are written into the spool by hand
	sqlite3 -cmd '.timeout 10000' "$SPOOL" "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
		INSERT INTO cdr (setup_time, call_uid, node, call_id, from_tag, to_tag, caller, callee, request_uri,
			caller_addr, caller_port, callee_addr, callee_port, answer_time, end_time, end_reason, ended_by,
			bye_confirmed, suspect, blocked_byes, sip_code)
		SELECT t, printf('%s%04d', '00000000-0000-0000-0000-00000000', i), 'lab', '${2:-call}', '', '', '', '', '',
			'192.0.2.1', 1, '192.0.2.2', 1, t, t + 5000000, 'bye', 'caller', 1, 0, 0, 200
		FROM (SELECT i, ($EPOCHSECONDS - 60) * 1000000 + i AS t FROM n)"
}

arrived() { # prints the number of rows in PostgreSQL
	sql "$DB" 'SELECT count(*) FROM cseqguard.cdr'
}

refuse() { # CALL-ID: PostgreSQL refuses such rows for their content
	sql "$DB" "CREATE FUNCTION taste() RETURNS trigger LANGUAGE plpgsql AS
		'BEGIN IF new.call_id = ''$1'' THEN RAISE data_exception USING MESSAGE = ''$1''; END IF; RETURN new; END';
		CREATE TRIGGER taste BEFORE INSERT ON cseqguard.cdr FOR EACH ROW EXECUTE FUNCTION taste()"
}

refusals() { # CALL-ID: prints how many statements PostgreSQL has refused for such a row
	grep -c "ERROR:  $1" "$LAB_PG/server.log"
}

@test "store: a row that was written into the spool by hand is sent without another call" {
	daemon_db
	spool_calls 1
	lab_wait 30 assert_equal 1 arrived
	lab_wait 30 assert_equal 0 spooled cdr
}

@test "store: while a refused row cannot be put aside, the next one is not sent again and again" {
	daemon_db
	refuse sour
	pg_stop fast
	spool_calls 5 sour
	: >"$LAB_DIR/daemon.log"
	spool_held
	pg_start
	lab_wait 60 logged 'cannot write'
	(($(refusals sour) < 20))
	spool_free
	lab_wait 60 assert_equal 5 spooled rejected
	assert_equal 0 spooled cdr
	(($(refusals sour) < 60))
}

@test "store: a batch that takes longer than the server's statement_timeout is sent in smaller ones" {
	daemon_db
	sql "$DB" "CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS
			'BEGIN PERFORM pg_sleep(0.05); RETURN new; END';
		CREATE TRIGGER dawdle BEFORE INSERT ON cseqguard.cdr FOR EACH ROW EXECUTE FUNCTION dawdle();
		ALTER DATABASE $DB SET statement_timeout = '1s'"
	pg_stop fast
	spool_calls 60
	: >"$LAB_DIR/daemon.log"
	pg_start
	lab_wait 90 assert_equal 60 arrived
	run ! logged 'statement timeout'
}

@test "store: a restarted daemon writes no row again that did not change" {
	local version="concat_ws(' ', ctid, xmin)" before

	daemon_db
	dialog answer=20
	eventually none row end_reason
	before=$(row "$version")
	guard_daemon_end KILL
	daemon_db
	BATS_TEST_NUMBER=101 call=another dialog answer=5 # is found by the same scan, or a later one
	lab_wait 30 assert_equal 2 arrived
	lab_wait 30 assert_equal 0 spooled cdr
	assert_equal "$before" row "$version"
	dialog answer=20 blocked=1 first_blocked_ms=1001
	eventually 1 row blocked_byes
}
