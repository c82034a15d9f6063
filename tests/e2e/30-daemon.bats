#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# The daemon with dialogs put into its map: their rows, its clocks, and a PostgreSQL that is away.

load lib
load daemon

@test "daemon: a row is open from the answer on, and closes with the dialog" {
	daemon_db
	dialog answer=5
	eventually 'none||' row "end_reason || '|' || coalesce(end_time::text, '') || '|'"
	dialog answer=5 end=2 state=ended end_reason=bye ended_by=1 flags=0x20
	eventually 'bye caller t f' row "concat_ws(' ', end_reason, ended_by, bye_confirmed, suspect)"
}

@test "daemon: an ended dialog leaves the map when its row is durable and the grace is over" {
	daemon_db --grace 5
	from_now
	dialog answer=20 end=0 state=ended end_reason=bye ended_by=1
	eventually bye row end_reason
	in_map 1
	lab_wait 10 in_map 0
	assert_equal 1 row 'count(*)'
	eventually 0 spooled cdr
}

@test "daemon: a spool that cannot be written keeps ended dialogs in the map" {
	: >"$LAB_DIR/daemon.log"
	daemon -v
	spool_held
	dialog answer=20 end=10 state=ended end_reason=bye ended_by=1
	lab_wait 10 swept 1
	in_map 1
	spool_free
	lab_wait 10 in_map 0
	assert_equal 1 spooled cdr
}

@test "daemon: a call longer than max_call is closed as timeout, suspect, and leaves the map" {
	daemon_db --max-call 3s
	dialog answer=4
	eventually 'timeout none t 00:00:03' row "concat_ws(' ', end_reason, ended_by, suspect, duration)"
	lab_wait 10 in_map 0
	assert_equal 0 sql "$DB" 'SELECT count(*) FROM cseqguard.billable'
	assert_equal 1 sql "$DB" 'SELECT count(*) FROM cseqguard.suspects'
}

@test "daemon: a BYE without an answer is recorded once, the call stays open" {
	daemon_db
	from_now
	dialog answer=10 state=ending bye_at=0 bye_cseq=14
	eventually 0 sql "$DB" 'SELECT count(*) FROM cseqguard.violation'
	eventually 'unanswered pass BYE caller' sql "$DB" \
		"SELECT concat_ws(' ', reason, action, method, leg) FROM cseqguard.violation"
	guard_daemon_end KILL
	sql "$DB" 'DELETE FROM cseqguard.cdr'
	daemon_db
	eventually none row end_reason # it has looked at all once more
	assert_equal 1 sql "$DB" 'SELECT count(*) FROM cseqguard.violation'
	dialog answer=10 state=ending bye_at=3 bye_cseq=15 # another BYE
	eventually 2 sql "$DB" 'SELECT count(*) FROM cseqguard.violation'
	assert_equal none row end_reason
}

@test "daemon: killed and started again, the row is there once, with the right end" {
	daemon_db
	dialog answer=5
	eventually none row end_reason
	guard_daemon_end KILL
	dialog answer=5 end=1 state=ended end_reason=gone ended_by=2
	daemon_db --grace 1h
	eventually gone row end_reason
	guard_daemon_end KILL
	daemon_db --grace 1h
	eventually '0' spooled cdr
	assert_equal '1 gone callee' row "concat_ws(' ', count(*), min(end_reason), min(ended_by))"
}

@test "daemon: while PostgreSQL is stopped, rows wait in the spool; they are sent when it is back" {
	daemon_db
	pg_stop fast
	dialog answer=10 end=1 state=ended end_reason=bye ended_by=1
	eventually 1 spooled cdr
	lab_wait 10 in_map 0 # durable is durable
	pg_start
	eventually 'bye' row end_reason
	eventually 0 spooled cdr
}

@test "daemon: no row is lost when PostgreSQL crashes" {
	daemon_db
	dialog answer=5
	eventually none row end_reason
	pg_stop immediate
	dialog answer=5 end=1 state=ended end_reason=bye ended_by=1
	pg_start
	eventually '1 bye' row "concat_ws(' ', count(*), min(end_reason))"
}

@test "daemon: no row is lost when PostgreSQL crashes, even if its commits do not wait for the disk" {
	sql postgres "ALTER DATABASE $DB SET synchronous_commit = off"
	sql postgres "ALTER SYSTEM SET wal_writer_delay = '10s'" # the time that such a commit may take to be written
	sql postgres 'SELECT pg_reload_conf()' >/dev/null
	lab_wait 30 assert_equal 10s sql postgres 'SHOW wal_writer_delay'
	daemon_db
	dialog answer=5
	eventually none row end_reason
	lab_wait 30 assert_equal 0 spooled cdr
	pg_stop immediate
	pg_start
	sql postgres 'ALTER SYSTEM RESET wal_writer_delay'
	sql postgres 'SELECT pg_reload_conf()' >/dev/null
	assert_equal 1 row 'count(*)'
}

@test "daemon: a PostgreSQL that stalls is given up at the deadline, and reached again" {
	local backend

	daemon_db --db-timeout 1
	eventually 1 sql postgres "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'cseqguardd'"
	backend=$(sql postgres "SELECT pid FROM pg_stat_activity WHERE application_name = 'cseqguardd'")
	kill -STOP "$backend"
	dialog answer=5
	lab_wait 10 grep -q 'no response within 1 s' "$LAB_DIR/daemon.log"
	eventually 1 row 'count(*)' # by another backend
	kill -CONT "$backend"
}

@test "daemon: of several hosts in the conninfo, one that swallows packets is passed over" {
	ip -n "$(lab_ns third)" neigh replace 10.77.3.9 lladdr 02:00:00:00:00:09 dev eth0
	enter=(nsenter "--net=/run/netns/$(lab_ns third)")
	daemon --db "host=10.77.3.9,$LAB_PG user=postgres dbname=$DB" --db-timeout 10s
	dialog answer=5
	eventually none row end_reason
}

@test "daemon: waits for a PostgreSQL that has not started, then makes the schema" {
	pg_stop fast
	daemon --db "$(pg_conninfo "$DB")"
	dialog answer=5
	eventually 1 spooled cdr
	pg_start
	eventually none row end_reason
}

@test "daemon: bytes that PostgreSQL refuses are escaped" {
	daemon_db
	call=$(printf 'a\001\377\\\\"{},NULL')
	dialog answer=5
	eventually 'a\x01\xff\x5c\x5c"{},NULL' sql "$DB" 'SELECT call_id FROM cseqguard.cdr'
}

@test "daemon: settings of the database that give statements another meaning change no row" {
	local setting

	for setting in array_nulls=off "datestyle='German, DMY'" intervalstyle=sql_standard quote_all_identifiers=on \
		timezone="'America/Sao_Paulo'" default_transaction_isolation=serializable search_path=pg_temp; do
		sql postgres "ALTER DATABASE $DB SET $setting"
	done
	daemon_db
	dialog answer=5
	eventually 'none t' row "concat_ws(' ', end_reason, answer_time BETWEEN now() - interval '10 minutes' AND now())"
	lab_wait 30 assert_equal 0 spooled cdr
	dialog answer=5 end=1 state=ended end_reason=bye ended_by=1
	eventually 'bye 00:00:04' row "concat_ws(' ', end_reason, to_char(duration, 'HH24:MI:SS'))"
	lab_wait 30 assert_equal t sql "$DB" "SELECT to_regclass('cseqguard.cdr_$(date -u +%Y%m)') IS NOT NULL"
	assert_equal 0 spooled rejected
}

@test "daemon: a database that cannot store UTF-8 gets such bytes escaped, and refuses no row" {
	sql postgres "DROP DATABASE $DB"
	sql postgres "CREATE DATABASE $DB ENCODING LATIN1 TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'"
	daemon_db
	call=$(printf 'a\\"\342\202\254')
	dialog answer=5
	eventually 'a\x5c"\xe2\x82\xac' sql "$DB" 'SELECT call_id FROM cseqguard.cdr'
	lab_wait 30 assert_equal 0 spooled cdr
	assert_equal 0 spooled rejected
}

@test "daemon: a row that PostgreSQL refuses for its content goes to table rejected and delays no other" {
	local n number=100

	daemon_db
	sql "$DB" "CREATE FUNCTION taste() RETURNS trigger LANGUAGE plpgsql AS
		'BEGIN IF new.call_id = ''bitter'' THEN RAISE data_exception USING MESSAGE = ''bitter'';
		END IF; RETURN new; END';
		CREATE TRIGGER taste BEFORE INSERT ON cseqguard.cdr
		FOR EACH ROW EXECUTE FUNCTION taste()"
	pg_stop fast # so that all come in one batch
	for n in one two bitter four five; do
		BATS_TEST_NUMBER=$((++number)) call=$n dialog answer=5
	done
	eventually 5 spooled cdr
	pg_start
	eventually 4 sql "$DB" 'SELECT count(*) FROM cseqguard.cdr'
	eventually '1|bitter' sqlite3 "$SPOOL" "SELECT count(*), min(row ->> 'call_id') FROM rejected"
	eventually 0 spooled cdr
}

@test "daemon: without --db rows stay in the spool; a later --db sends them" {
	daemon
	dialog answer=10 end=1 state=ended end_reason=bye ended_by=1 blocked=3 first_blocked_ms=1001
	lab_wait 10 in_map 0
	assert_equal 'bye caller 3 false' jq -r '.[] | "\(.end_reason) \(.ended_by) \(.blocked_byes) \(.suspect)"' \
		<(guard cdr -j --spool "$SPOOL")
	guard cdr --spool "$SPOOL" | grep -q " bye .* 3 .* $call\$"
	guard_daemon_end TERM
	daemon_db
	eventually bye row end_reason
	eventually 0 spooled cdr
}

@test "daemon: after SIGTERM it exits with 0, and all it saw is in PostgreSQL" {
	: >"$LAB_DIR/daemon.log"
	daemon_db -v
	spool_held
	dialog answer=5
	lab_wait 10 swept 1
	kill -TERM "$LAB_DAEMON"
	spool_free
	wait "$LAB_DAEMON"
	LAB_DAEMON=
	assert_equal none row end_reason
	assert_equal 0 spooled cdr
}

@test "daemon: a dropped BYE becomes a violation row and an event for each listener of the socket" {
	local listener n

	daemon_db -n "$(lab_ns proxy)"
	for n in 1 2; do
		"$LAB_OUT/cseqguard" events -f -j --instance "lab-$LAB_ID" -n "$(lab_ns proxy)" \
			>"$LAB_DIR/events-$n" 3>&- &
		listener+=" $!"
	done
	lab_wait 10 listeners 2
	printf '%s\r\n' 'BYE sip:b@10.77.0.1 SIP/2.0' 'Via: SIP/2.0/UDP 10.77.1.1;branch=z9hG4bK1' \
		'From: <sip:a@x>;tag=a' 'To: <sip:b@x>;tag=b' "Call-ID: $call" 'Call-ID: another' 'CSeq: 14 BYE' \
		'Content-Length: 0' '' >"$LAB_DIR/bye"
	lab_in caller bash -c "cat '$LAB_DIR/bye' >/dev/udp/$LAB_PROXY/5060"
	eventually "ambiguous drop BYE $LAB_CALLER caller0" sql "$DB" "SELECT concat_ws(' ', reason, action,
		method, host(source), interface) FROM cseqguard.violation"
	for n in 1 2; do
		lab_wait 10 jq -e 'select(.reason == "ambiguous")' "$LAB_DIR/events-$n"
	done
	# shellcheck disable=SC2086 # one word a process
	kill $listener
	lab_wait 10 listeners 0
}

@test "daemon: a second daemon of one instance is refused in one line" {
	daemon
	run -1 "$LAB_OUT/cseqguardd" --instance "lab-$LAB_ID" --spool "$SPOOL"
	[[ ${#lines[@]} == 1 && $output == *"another cseqguardd runs for it"* ]]
}

@test "daemon: a wrong start prints one line and has the right exit code" {
	run -1 "$LAB_OUT/cseqguardd" --instance nothing-there
	[[ ${#lines[@]} == 1 && $output == *"cseqguard attach"* ]]
	run -2 "$LAB_OUT/cseqguardd" --instance "lab-$LAB_ID" --db 'no conninfo'
	[[ ${#lines[@]} == 1 && $output == *--db* ]]
	run -1 "$LAB_OUT/cseqguardd" --instance "lab-$LAB_ID" --spool /nonexistent/spool.db
	[[ ${#lines[@]} == 1 && $output == */nonexistent/spool.db* ]]
	run -2 "$LAB_OUT/cseqguardd" --sweep soon
	[[ ${#lines[@]} == 1 && $output == *soon* ]]
	run -2 "$LAB_OUT/cseqguardd" eth0
	[[ ${#lines[@]} == 1 ]]
}

@test "daemon: settings come from a file, and the command line overrides it" {
	local file=$LAB_DIR/cseqguardd.conf

	printf '%s\n' '[cseqguardd]' "db = host=$LAB_PG" "  user=postgres dbname=$DB" 'node = filed' 'sweep = 200ms' >"$file"
	daemon --config "$file"
	dialog answer=5
	lab_wait 10 sql "$DB" 'SELECT FROM cseqguard.cdr LIMIT 1'
	eventually lab row node # --node lab
	guard_daemon_end KILL
	printf '%s\n' 'swep = 200ms' >"$file"
	run -2 "$LAB_OUT/cseqguardd" --config "$file"
	[[ ${#lines[@]} == 1 && $output == *"line 1"*swep* ]]
	CSEQGUARD_CONFIG=$file run -2 "$LAB_OUT/cseqguardd"
	[[ ${#lines[@]} == 1 && $output == *"line 1"*swep* ]]
	CSEQGUARD_CONFIG=$file.missing daemon # need not be there
	run -2 "$LAB_OUT/cseqguardd" --config "$file.missing"
}

@test "daemon: a role that may not create the schema is named; a role that may only write is enough" {
	sql postgres "DROP ROLE IF EXISTS writer" && sql postgres "CREATE ROLE writer LOGIN"
	daemon --db "host=$LAB_PG user=writer dbname=$DB"
	dialog answer=5
	lab_wait 10 grep -q 'cannot create schema cseqguard: permission denied' "$LAB_DIR/daemon.log"
	"$LAB_OUT/cseqguardd" --print-schema | psql -Xq1 -d "$(pg_conninfo "$DB")" >/dev/null
	sql "$DB" 'GRANT USAGE ON SCHEMA cseqguard TO writer;
		GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA cseqguard TO writer'
	lab_wait 15 assert_equal 1 row 'count(*)'
}
