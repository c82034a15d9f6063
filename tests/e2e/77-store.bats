#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# Rows on their way from the spool to PostgreSQL: refused ones, slow ones, and those of an operator. And a spool
# that is the store: it is read without holding up anybody, and old rows leave it.

load lib
load daemon
load postgres

spool_calls() { # N [CALL-ID]: so many closed calls are written into the spool by hand
	sqlite3 -cmd '.timeout 10000' "$SPOOL" "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
		INSERT INTO cdr (setup_time, call_uid, node, call_id, from_tag, to_tag, caller, callee, request_uri,
			caller_addr, caller_port, callee_addr, callee_port, answer_time, end_time, end_reason, ended_by,
			bye_confirmed, suspect, blocked_byes, sip_code)
		SELECT t, printf('%s%08d', '00000000-0000-0000-0000-0000', i), '${2:-call}', '${2:-call}', '', '', '', '', '',
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

aged() { # DAYS CONDITION: so long ago those calls were closed
	sqlite3 -cmd '.timeout 10000' "$SPOOL" "UPDATE cdr SET closed_at = ($EPOCHSECONDS - $1 * 86400) * 1000000 WHERE $2"
}

beat_after() { # TIME: there was a heartbeat after that one
	[[ $(sqlite3 "$SPOOL" 'SELECT max(at) FROM heartbeat') != "$1" ]]
}

beats() { # two heartbeats: the upkeep that follows the first is done when the second comes
	local n

	for n in 1 2; do
		lab_wait 30 beat_after "$(sqlite3 "$SPOOL" 'SELECT max(at) FROM heartbeat')"
	done
}

by_call_id() { # prints the calls of the spool, by Call-ID
	sqlite3 "$SPOOL" "SELECT group_concat(call_id || ' ' || n, ', ') FROM
		(SELECT call_id, count(*) AS n FROM cdr GROUP BY call_id ORDER BY call_id)"
}

@test "store: --keep deletes old closed calls where the spool is the store, and nothing that waits for PostgreSQL" {
	daemon_db --keep 400d
	pg_stop fast
	spool_calls 1500 old
	spool_calls 3 young
	spool_calls 2 running
	sqlite3 "$SPOOL" "UPDATE cdr SET end_time = NULL, closed_at = NULL WHERE call_id = 'running'"
	aged 401 "call_id = 'old'"
	aged 399 "call_id = 'young'"
	dialog answer=5
	eventually 1506 spooled cdr
	beats
	assert_equal 1506 spooled cdr
	guard_daemon_end TERM
	daemon --keep 400d
	lab_wait 30 assert_equal 6 spooled cdr
	assert_equal "$call 1, running 2, young 3" by_call_id
}

@test "store: cdr -j of many calls needs little memory" {
	daemon
	spool_calls 30000
	assert_equal 30000 eval "(ulimit -v 100000; guard cdr -j --spool '$SPOOL') | jq length"
}
