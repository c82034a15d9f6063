#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# PostgreSQL as carriers run it: an older schema, partitions, roles, several nodes, servers that fail.

# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
load lib
load daemon

MONTH=$(date -u +%Y-%m-15)
THIS=$(date -u +%Y%m)
NEXT=$(date -u -d "$MONTH +1 month" +%Y%m)
AFTER=$(date -u -d "$MONTH +2 months" +%Y%m)
NOW=$EPOCHSECONDS # one moment for all rows of a test

logged() { # TEXT: the daemon said that, in this test
	grep -qF -- "$1" "$LAB_DIR/daemon.log"
}

schema() { # DATABASE [USER]: what an owner runs by hand
	"$LAB_OUT/cseqguardd" --print-schema | psql -Xq1 -v ON_ERROR_STOP=1 -d "host=$LAB_PG user=${2:-postgres} dbname=$1" >/dev/null
}

as() { # USER STATEMENT
	psql -XAtq -v ON_ERROR_STOP=1 -d "host=$LAB_PG user=$1 dbname=$DB" -c "$2"
}

denied() { # USER STATEMENT
	run as "$1" "$2"
	((status)) && [[ $output == *'permission denied'* || $output == *'must be owner'* ]]
}

login() { # USER [ROLE]
	sql "$DB" "CREATE ROLE $1 LOGIN${2:+ IN ROLE $2}"
}

# A row of this test's call. Times: SQL; END may be NULL. With SUSPECT, END-REASON and blocked BYEs.
call_row() { # NODE SETUP END [SUSPECT [END-REASON [BLOCKED]]]
	sql "$DB" "INSERT INTO cseqguard.cdr (setup_time, call_uid, node, call_id, from_tag, to_tag, caller,
		callee, request_uri, caller_addr, caller_port, callee_addr, callee_port, answer_time, end_time,
		end_reason, ended_by, bye_confirmed, suspect, blocked_byes, first_blocked_at, sip_code)
		SELECT s, md5('$call')::uuid, '$1', '$call', '', '', '', '', '', '192.0.2.1', 1, '192.0.2.2', 1, s, $3,
		'${5:-bye}', 'caller', true, ${4:-false}, ${6:-0},
		CASE WHEN ${6:-0} > 0 THEN s + interval '1 s' END, 200 FROM (SELECT $2) AS t (s)"
}

another_dialog() { # beside this test's
	BATS_TEST_NUMBER=$((BATS_TEST_NUMBER + 100)) call=another dialog answer=5
}

ago() { # INTERVAL
	printf "to_timestamp(%s) - interval '%s'" "$NOW" "$1"
}

billed() { # nodes whose rows are billable
	sql "$DB" "SELECT string_agg(node, ' ' ORDER BY setup_time, node) FROM cseqguard.billable WHERE call_id = '$call'"
}

partitions() { # TABLE: names of its partitions
	sql "$DB" "SELECT string_agg(replace(inhrelid::regclass::text, 'cseqguard.', ''), ' ' ORDER BY inhrelid::regclass::text)
		FROM pg_inherits WHERE inhparent = 'cseqguard.$1'::regclass"
}

partitioned() { # by whoever calls it: the three months of both tables are there
	[[ $(partitions cdr) == *"cdr_$THIS cdr_$NEXT cdr_$AFTER"* &&
		$(partitions violation) == *"violation_$THIS violation_$NEXT violation_$AFTER"* ]]
}

backend() { # of the daemon
	sql postgres "SELECT pid FROM pg_stat_activity WHERE application_name = 'cseqguardd' AND datname = '$DB'"
}

# --- version 2 -----------------------------------------------------------------------------------

version_1() { # its own SQL, and two calls in it: an old closed one, and a suspect one of now
	psql -Xq1 -v ON_ERROR_STOP=1 -d "$(pg_conninfo "$DB")" -f "$LAB_TOP/tests/e2e/schema-1.sql" >/dev/null
	call=old call_row lab "$(ago '800 days')" "$(ago '799 days')"
	call_row lab "$(ago '1 min')" "$(ago '10 s')" true bye 2
	sql "$DB" "INSERT INTO cseqguard.violation SELECT t, 'lab', 1, md5('$call')::uuid, 'out_of_order', 'drop', '$call',
		'', '', method, 10, 14, 'caller', '192.0.2.1', 5060, 'eth0', NULL
		FROM (VALUES ($(ago '59 s'), 'BYE'), ($(ago '800 days'), 'INFO')) AS v (t, method)"
}

tables() { # kind and rows of each, and the version
	sql "$DB" "SELECT (SELECT string_agg(concat(relname, ' ', relkind), ' ' ORDER BY relname) FROM pg_class
		WHERE relnamespace = 'cseqguard'::regnamespace AND relname IN ('cdr', 'violation')),
		(SELECT count(*) FROM cseqguard.cdr), (SELECT count(*) FROM cseqguard.violation),
		(SELECT max(version) FROM cseqguard.schema_version)"
}

@test "schema: version 1 is migrated, its rows and grants kept, and its views are right" {
	version_1
	login old_reader
	sql "$DB" 'GRANT USAGE ON SCHEMA cseqguard TO old_reader; GRANT SELECT ON ALL TABLES IN SCHEMA cseqguard TO old_reader'
	daemon_db
	comes 'cdr p violation p|2|2|2' tables
	lab_wait 10 partitioned
	another_dialog
	comes 'another old' sql "$DB" "SELECT string_agg(call_id, ' ' ORDER BY call_id) FROM cseqguard.cdr WHERE NOT suspect"
	equals 'old' sql "$DB" "SELECT call_id FROM cseqguard.billable"
	equals '1 2 49.000' sql "$DB" "SELECT concat_ws(' ', calls, blocked_byes, protected_seconds) FROM cseqguard.fraud_by_source"
	equals 'INVITE INVITE INVITE BYE' sql "$DB" \
		"SELECT string_agg(method, ' ' ORDER BY method DESC) FROM cseqguard.kamailio_acc"
	equals 2 as old_reader 'SELECT count(*) FROM cseqguard.violation'
	"$LAB_OUT/cseqguard" cdr settle "$(sql "$DB" "SELECT md5('$call')::uuid")" --db "$(pg_conninfo "$DB")" --why seen
	equals "$call old" sql "$DB" "SELECT string_agg(call_id, ' ' ORDER BY call_id) FROM cseqguard.billable"
	schema "$DB" # may be run again
	equals 'cdr p violation p|3|2|2' tables
}

@test "schema: version 1 under a role that may not migrate it is told so, and left as it is" {
	version_1
	login old_writer
	sql "$DB" 'GRANT USAGE ON SCHEMA cseqguard TO old_writer;
		GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA cseqguard TO old_writer'
	: >"$LAB_DIR/daemon.log"
	daemon --db "host=$LAB_PG user=old_writer dbname=$DB"
	dialog answer=5
	lab_wait 10 logged 'cannot migrate schema cseqguard'
	comes 1 spooled cdr
	equals 'cdr p violation r|2|2|1' tables
	schema "$DB"
	comes 0 spooled cdr # and goes on without the role of version 2
	equals 'cdr p violation p|3|2|2' tables
}

@test "schema: a newer version is told so, and not touched; rows wait until it is ours" {
	schema "$DB"
	sql "$DB" 'INSERT INTO cseqguard.schema_version VALUES (3)'
	: >"$LAB_DIR/daemon.log"
	daemon --db "$(pg_conninfo "$DB")"
	dialog answer=5
	lab_wait 10 logged 'schema cseqguard is version 3, this cseqguardd writes 2'
	comes 1 spooled cdr
	run ! schema "$DB"
	sql "$DB" 'DELETE FROM cseqguard.schema_version WHERE version = 3'
	comes 1 row 'count(*)'
}

@test "schema: all of it belongs to who owned version 1, whoever migrates it" {
	login first_owner
	sql "$DB" "GRANT CREATE ON DATABASE $DB TO first_owner"
	psql -Xq1 -d "host=$LAB_PG user=first_owner dbname=$DB" -f "$LAB_TOP/tests/e2e/schema-1.sql" >/dev/null
	schema "$DB"
	sql "$DB" 'SELECT cseqguard.make_partitions()' >/dev/null
	equals first_owner sql "$DB" "SELECT DISTINCT relowner::regrole FROM pg_class
		WHERE relnamespace = 'cseqguard'::regnamespace"
}

# --- partitions ----------------------------------------------------------------------------------

@test "partitions: a daemon makes this month's and the next two; rows go there" {
	daemon_db
	lab_wait 10 partitioned
	dialog answer=5
	comes "cseqguard.cdr_$THIS" row tableoid::regclass
	equals "cdr_$THIS cdr_$NEXT cdr_$AFTER cdr_default" partitions cdr
	sql "$DB" "DROP TABLE cseqguard.cdr_$AFTER"
	pg_stop fast
	pg_start
	lab_wait 15 partitioned # after each connect
}

@test "partitions: what the default partition holds of a month goes with it; other months' rows stay" {
	schema "$DB"
	call_row lab "$(ago '0 s')" NULL false none
	call_row lab "$(ago '800 days')" "$(ago '799 days')"
	equals 2 sql "$DB" 'SELECT count(*) FROM cseqguard.cdr_default'
	as postgres "SET timezone = 'Asia/Tokyo'; SELECT cseqguard.make_partitions()" >/dev/null
	equals "FOR VALUES FROM ('${THIS:0:4}-${THIS:4}-01 00:00:00+00') TO ('${NEXT:0:4}-${NEXT:4}-01 00:00:00+00')" \
		as postgres "SET timezone = 'UTC'; SELECT pg_get_expr(relpartbound, oid) FROM pg_class WHERE relname = 'cdr_$THIS'"
	equals "cseqguard.cdr_$THIS" sql "$DB" 'SELECT tableoid::regclass FROM cseqguard.cdr WHERE end_time IS NULL'
	equals 1 sql "$DB" 'SELECT count(*) FROM cseqguard.cdr_default'
	equals 1 sql "$DB" "SELECT count(*) FROM cseqguard.make_partitions(now() - interval '900 days')"
	equals 0 sql "$DB" 'SELECT count(*) FROM cseqguard.cdr_default'
	equals 2 row 'count(*)'
}

@test "partitions: months of which somebody has made his own are left alone, and said so" {
	schema "$DB"
	sql "$DB" "CREATE TABLE cseqguard.mine PARTITION OF cseqguard.cdr
		FOR VALUES FROM ('${THIS:0:4}-${THIS:4}-10Z') TO ('${THIS:0:4}-${THIS:4}-20Z')"
	equals "cseqguard.cdr_$THIS|t" sql "$DB" "SELECT partition, why LIKE '%would overlap%'
		FROM cseqguard.make_partitions() WHERE NOT made"
	equals "cdr_$NEXT cdr_$AFTER cdr_default mine" partitions cdr
	daemon_db
	dialog answer=5
	comes 1 row 'count(*)'
}

@test "partitions: made by several at one moment, each is made once, and none is told of another" {
	local n log=$LAB_DIR/made
	schema "$DB"
	for n in 1 2 3 4; do
		sql "$DB" 'SELECT partition FROM cseqguard.make_partitions()' >"$log-$n" 2>&1 &
	done
	wait
	equals 6 grep -hc '^cseqguard\.' <(cat "$log"-[1-4])
	equals '' grep -hv '^cseqguard\.' "$log"-[1-4]
	partitioned
}

@test "partitions: what is in use is not waited for; rows go on, and it is tried again" {
	schema "$DB"
	coproc READER { exec psql -XAtq -d "$(pg_conninfo "$DB")" 3>&-; }
	printf '%s\n' 'BEGIN; SELECT count(*) FROM cseqguard.cdr_default;' >&"${READER[1]}"
	read -ru "${READER[0]}"
	: >"$LAB_DIR/daemon.log"
	daemon --db "$(pg_conninfo "$DB")"
	dialog answer=5
	lab_wait 15 logged 'partitions were not made: canceling statement due to lock timeout; rows go to the default'
	comes cseqguard.cdr_default row tableoid::regclass
	run ! logged 'rows wait'
	eval "exec ${READER[1]}>&-"
}

# --- retention -----------------------------------------------------------------------------------

dropped() { # the old partitions of our two tables, and what becomes of them
	sql "$DB" "SELECT replace(partition, 'cseqguard.', ''), dropped, why
		FROM cseqguard.drop_partitions('1 year') ORDER BY partition"
}

@test "retention: drops what is old, whole; keeps what holds a call that nobody settled, and its evidence" {
	local old older
	old=$(date -u -d '-500 days' +%Y%m) older=$(date -u -d '-600 days' +%Y%m)
	schema "$DB"
	call=older call_row lab "$(ago '600 days')" "$(ago '599 days')"
	call_row lab "$(ago '500 days')" "$(ago '499 days')" true
	sql "$DB" "INSERT INTO cseqguard.violation SELECT now() - age, 'lab', 1, md5(call)::uuid, 'out_of_order', 'drop', '',
		'', '', 'BYE', 10, 14, 'caller', '192.0.2.1', 5060, 'eth0', NULL
		FROM (VALUES (interval '500 days', '$call'), ('600 days', 'older')) AS v (age, call)"
	[[ $(dropped) == *'cdr_default|f|2 older rows; SELECT cseqguard.make_partitions('* ]]
	sql "$DB" "SELECT cseqguard.make_partitions(now() - interval '700 days')" >/dev/null
	equals "cdr_$older|t|older
cdr_$old|f|1 open or suspect calls; settle them
violation_$older|t|older
violation_$old|f|1 open or suspect calls; settle them" dropped
	equals "cdr_$old cdr_$THIS cdr_$NEXT cdr_$AFTER cdr_default" partitions cdr
	sql "$DB" "SELECT cseqguard.settle(md5('$call')::uuid, 'old enough')" >/dev/null
	equals "cdr_$old|t|older
violation_$old|t|older" dropped
	run ! sql "$DB" "SELECT cseqguard.drop_partitions('-1 year')"
	lab_wait 10 partitioned # ... and nothing younger
}

@test "retention: an open call keeps its partition" {
	schema "$DB"
	call_row lab "$(ago '500 days')" NULL false none
	sql "$DB" "SELECT cseqguard.make_partitions(now() - interval '700 days')" >/dev/null
	[[ $(dropped) == *'|f|1 open or suspect calls; settle them' ]]
}

# --- roles ---------------------------------------------------------------------------------------

@test "roles: a member of cseqguard_writer ships, closes and makes partitions; deletes, drops and decides nothing" {
	schema "$DB"
	login shipper cseqguard_writer
	daemon --db "host=$LAB_PG user=shipper dbname=$DB"
	lab_wait 10 partitioned
	dialog answer=10 state=ending bye_at=1 bye_cseq=14
	comes none row end_reason
	comes unanswered sql "$DB" 'SELECT reason FROM cseqguard.violation'
	dialog answer=10 end=1 state=ended end_reason=bye ended_by=1
	comes bye row end_reason
	comes 0 spooled cdr
	denied shipper 'DELETE FROM cseqguard.cdr'
	denied shipper 'TRUNCATE cseqguard.violation'
	denied shipper "DROP TABLE cseqguard.cdr_$AFTER"
	denied shipper "SELECT cseqguard.drop_partitions('0')"
	run -1 "$LAB_OUT/cseqguard" cdr settle "$(row call_uid)" --db "host=$LAB_PG user=shipper dbname=$DB" --why no
	[[ ${#lines[@]} == 1 && $output == *'denied for function settle; '*'EXECUTE ON FUNCTION cseqguard.settle' ]]
	sql "$DB" 'UPDATE cseqguard.cdr SET suspect = true; GRANT EXECUTE ON FUNCTION cseqguard.settle TO shipper'
	"$LAB_OUT/cseqguard" cdr settle "$(row call_uid)" --db "host=$LAB_PG user=shipper dbname=$DB" --why yes
	denied shipper "UPDATE cseqguard.settlement SET why = ''"
	denied shipper 'CREATE TABLE cseqguard.mine ()'
}

@test "roles: a member of cseqguard_reader reads every view and table, and writes nothing" {
	local view
	daemon_db
	login teller cseqguard_reader
	dialog answer=5 end=1 state=ended end_reason=bye ended_by=1
	comes bye row end_reason
	for view in cdr violation settlement calls billable suspects open_calls fraud_by_source kamailio_acc; do
		as teller "SELECT count(*) FROM cseqguard.$view" >/dev/null
	done
	equals 1 as teller 'SELECT count(*) FROM cseqguard.billable'
	denied teller "UPDATE cseqguard.cdr SET end_time = NULL"
	denied teller 'INSERT INTO cseqguard.schema_version VALUES (3)'
	denied teller 'SELECT cseqguard.make_partitions()'
	denied teller "SELECT cseqguard.settle(gen_random_uuid(), 'no')"
}

@test "roles: a maker who may not create roles makes the schema without them, with a warning" {
	login maker
	sql "$DB" "GRANT CREATE ON DATABASE $DB TO maker"
	sql postgres 'ALTER ROLE cseqguard_writer RENAME TO set_aside' # of the other tests' databases
	run schema "$DB" maker
	daemon --db "host=$LAB_PG user=maker dbname=$DB"
	lab_wait 10 partitioned || status=1
	sql postgres 'ALTER ROLE set_aside RENAME TO cseqguard_writer'
	((!status)) && [[ $output == *'WARNING:  role cseqguard_writer is not made: maker may not create roles'* ]]
}

# --- several nodes -------------------------------------------------------------------------------

@test "nodes: two daemons that see one call write a row each, one of them billable" {
	local other=lab-$LAB_ID-b first
	"$LAB_OUT/cseqguard" attach --instance "$other" -n "$(lab_ns third)" eth0
	daemon_db
	first=$LAB_DAEMON
	INSTANCE=$other NODE=core SPOOL=$LAB_DIR/core.db daemon --db "$(pg_conninfo "$DB")"
	both() { # [FIELD=VALUE]...
		dialog "$@"
		MAP=/sys/fs/bpf/cseqguard/$other/dialogs dialog "$@"
	}
	both answer=10
	comes 2 sql "$DB" 'SELECT count(*) FROM cseqguard.open_calls'
	both answer=10 end=1 state=ended end_reason=bye ended_by=1 blocked=2 first_blocked_ms=1001
	comes 2 row "count(*) FILTER (WHERE end_reason = 'bye')"
	equals 1 row 'count(DISTINCT call_uid)'
	equals 1 sql "$DB" 'SELECT count(*) FROM cseqguard.billable'
	equals 'INVITE BYE' sql "$DB" "SELECT string_agg(method, ' ' ORDER BY method DESC) FROM cseqguard.kamailio_acc"
	equals '1 2 8' sql "$DB" \
		"SELECT concat_ws(' ', calls, blocked_byes, round(protected_seconds)) FROM cseqguard.fraud_by_source"
	guard_daemon_end KILL
	LAB_DAEMON=$first
	"$LAB_OUT/cseqguard" detach --instance "$other" -n "$(lab_ns third)" -a
}

@test "nodes: while the row that stands for a call is open none is billable; a settled one takes no place" {
	schema "$DB"
	call_row core "$(ago '99 s')" "$(ago '10 s')"
	equals core billed
	call_row edge "$(ago '100 s')" NULL false none # ships late
	equals '' billed
	sql "$DB" "UPDATE cseqguard.cdr SET end_time = now(), end_reason = 'bye' WHERE node = 'edge'"
	equals edge billed
	equals 'INVITE BYE' sql "$DB" "SELECT string_agg(method, ' ' ORDER BY method DESC) FROM cseqguard.kamailio_acc"
	sql "$DB" "UPDATE cseqguard.cdr SET suspect = true WHERE node = 'edge'"
	equals core billed # the next one that is not suspect
	sql "$DB" "SELECT cseqguard.settle(md5('$call')::uuid, 'seen')" >/dev/null
	equals core billed # was billed: what is settled later does not take its place
}

@test "nodes: rows set up at one moment are one call; the name decides" {
	schema "$DB"
	call_row edge "$(ago '99 s')" "$(ago '10 s')"
	call_row core "$(ago '99 s')" "$(ago '9 s')"
	equals core billed
}

@test "nodes: equal Call-ID and tags on one node, one after the other, or hours apart: each is billable" {
	schema "$DB"
	call_row edge "$(ago '300 min')" "$(ago '299 min')"
	call_row edge "$(ago '299.5 min')" "$(ago '1 min')" # a short call hides no long one
	equals 'edge edge' billed
	call_row core "$(ago '50 s')" "$(ago '20 s')"
	equals 'edge edge core' billed
	call_row third "$(ago '120 min')" "$(ago '0 s')" # meets edge's long one, set up hours before
	equals 'edge edge third core' billed
	call_row fourth "$(ago '19 s')" "$(ago '1 s')" # when core's is over
	equals 'edge edge third core fourth' billed
}

@test "nodes: blocked BYEs of a call on two nodes count once, for the source that the first one saw" {
	schema "$DB"
	call_row edge "$(ago '100 s')" "$(ago '10 s')" false bye 2
	call_row core "$(ago '99 s')" "$(ago '10 s')" false bye 2
	sql "$DB" "UPDATE cseqguard.cdr SET caller_addr = '198.51.100.1' WHERE node = 'core'"
	equals '192.0.2.1 1 2 89.000' sql "$DB" \
		"SELECT concat_ws(' ', host(source), calls, blocked_byes, protected_seconds) FROM cseqguard.fraud_by_source"
}

@test "nodes: a day's bill is looked up row by row by call_uid, however many rows there are" {
	schema "$DB"
	sql "$DB" 'SELECT cseqguard.make_partitions()' >/dev/null
	sql "$DB" "INSERT INTO cseqguard.cdr (setup_time, call_uid, node, call_id, from_tag, to_tag, caller, callee,
		request_uri, caller_addr, caller_port, callee_addr, callee_port, answer_time, end_time, end_reason, ended_by,
		bye_confirmed, suspect, blocked_byes, sip_code)
		SELECT t, md5(n::text)::uuid, 'lab', n::text, '', '', '', '', '', '::', 1, '::', 1, t, t, 'bye', 'caller', true,
		false, 0, 200 FROM (SELECT n, now() - n * interval '1 min' AS t FROM generate_series(1, 50000) n) AS c;
		ANALYZE cseqguard.cdr"
	sql "$DB" "EXPLAIN (COSTS off) SELECT * FROM cseqguard.billable WHERE setup_time > now() - interval '1 day'" \
		>"$LAB_DIR/plan"
	grep -q 'Index Scan using cdr_default_call_uid_idx on cdr_default o' "$LAB_DIR/plan"
	run ! grep -E 'Hash|Merge|Seq Scan on cdr_default' "$LAB_DIR/plan"
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
	comes 1 row 'count(*)'
	sql "$DB" 'DROP FUNCTION taste CASCADE; DROP SEQUENCE tries'
	tastes 40P01 3
	another_dialog
	comes 2 sql "$DB" 'SELECT count(*) FROM cseqguard.cdr'
	equals "$backend" backend
	run ! logged 'rows wait'
}

@test "errors: one that goes on is an outage: told, backed off from, and over by itself" {
	daemon_db
	tastes 40001 8
	dialog answer=5
	comes 1 row 'count(*)'
	logged 'rows wait'
}

@test "errors: what is denied is told with object and remedy, and the remedy is one" {
	schema "$DB"
	login nobody_yet
	sql "$DB" 'GRANT USAGE ON SCHEMA cseqguard TO nobody_yet;
		GRANT SELECT ON ALL TABLES IN SCHEMA cseqguard TO nobody_yet'
	: >"$LAB_DIR/daemon.log"
	daemon --db "host=$LAB_PG user=nobody_yet dbname=$DB"
	dialog answer=5
	lab_wait 10 logged 'permission denied for table cdr; have its owner GRANT cseqguard_writer TO "nobody_yet"; rows wait'
	run ! logged 'partitions were not made'
	sql "$DB" 'GRANT cseqguard_writer TO "nobody_yet"'
	lab_wait 15 equals 1 row 'count(*)'
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
	lab_wait 10 equals "$1" sql postgres 'SHOW default_transaction_read_only'
}

@test "failover: the first host stopped, rows go to the second" {
	second_up
	daemon --db "host=$LAB_PG,$SECOND user=postgres dbname=$DB"
	dialog answer=5
	comes 1 row 'count(*)'
	pg_stop fast
	another_dialog
	lab_wait 15 equals 1 second "SELECT count(*) FROM cseqguard.cdr WHERE call_id = 'another'"
}

@test "failover: a server that becomes read-only is left for the next host" {
	second_up
	: >"$LAB_DIR/daemon.log"
	daemon --db "host=$LAB_PG,$SECOND user=postgres dbname=$DB"
	dialog answer=5
	comes 1 row 'count(*)'
	read_only on
	another_dialog
	lab_wait 15 equals 1 second "SELECT count(*) FROM cseqguard.cdr WHERE call_id = 'another'"
	logged 'in a read-only transaction: a standby?'
	guard_daemon_end KILL
	daemon --db "host=$LAB_PG,$SECOND user=postgres dbname=$DB" # and is not taken at first either
	dialog answer=5 blocked=7
	lab_wait 15 equals 7 second "SELECT blocked_byes FROM cseqguard.cdr WHERE call_id = '$call'"
	read_only off
}

@test "failover: no host that takes rows: told of each, and rows wait until one does" {
	daemon --db "host=$LAB_DIR/nowhere,$LAB_PG user=postgres dbname=$DB"
	lab_wait 10 partitioned
	read_only on
	: >"$LAB_DIR/daemon.log"
	dialog answer=5
	lab_wait 10 grep -q 'nowhere.* failed: .*; .*session is read-only; rows wait' "$LAB_DIR/daemon.log"
	comes 1 spooled cdr
	read_only off
	lab_wait 15 equals 1 row 'count(*)'
}

teardown_file() {
	second_down
	[[ ! -d /sys/fs/bpf/cseqguard/lab-$LAB_ID-b ]] || "$LAB_OUT/cseqguard" detach --instance "lab-$LAB_ID-b" -a
	lab_down
}
