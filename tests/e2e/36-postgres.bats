#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# PostgreSQL as carriers run it: an older schema, partitions, retention, roles.

load lib
load daemon
load postgres

denied() { # USER STATEMENT
	run as "$1" "$2"
	((status)) && [[ $output == *'permission denied'* || $output == *'must be owner'* ]]
}

# --- version 3 -----------------------------------------------------------------------------------

version_1() { # its own SQL, and two calls in it: an old closed one, and a suspect one of now
	psql -Xq1 -v ON_ERROR_STOP=1 -d "$(pg_conninfo "$DB")" -f "$LAB_TOP/tests/e2e/schema-1.sql" >/dev/null
	call=old call_row lab "$(ago '800 days')" "$(ago '799 days')"
	call_row lab "$(ago '1 min')" "$(ago '10 s')" true bye 2
	sql "$DB" "INSERT INTO cseqguard.violation SELECT t, 'lab', 1, md5('$call')::uuid, 'out_of_order', 'drop', '$call',
		'', '', method, 10, 14, 'caller', '192.0.2.1', 5060, 'eth0', NULL
		FROM (VALUES ($(ago '59 s'), 'BYE'), ($(ago '800 days'), 'INFO')) AS v (t, method)"
}

version_2() { # its own SQL, with rows of each end reason
	psql -Xq1 -v ON_ERROR_STOP=1 -d "$(pg_conninfo "$DB")" -f "$LAB_TOP/tests/e2e/schema-2.sql" >/dev/null
}

calls_of_2() { # of each call of schema-2.sql what version 2 and version 3 have in common, less the end reason
	sql "$DB" "SELECT call_id, node, caller, callee, answer_time, duration, ended_by, bye_confirmed, suspect,
		blocked_byes, first_blocked_at, caller_cseq, callee_cseq, sip_code FROM cseqguard.cdr ORDER BY setup_time"
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
	eventually 'cdr p violation p|2|2|3' tables
	lab_wait 10 partitioned
	another_dialog
	eventually 'another old' sql "$DB" "SELECT string_agg(call_id, ' ' ORDER BY call_id) FROM cseqguard.cdr WHERE NOT suspect"
	assert_equal 'old' sql "$DB" "SELECT call_id FROM cseqguard.billable"
	assert_equal '1 2 49.000' sql "$DB" "SELECT concat_ws(' ', calls, blocked_byes, protected_seconds) FROM cseqguard.fraud_by_source"
	assert_equal 'INVITE INVITE INVITE BYE' sql "$DB" \
		"SELECT string_agg(method, ' ' ORDER BY method DESC) FROM cseqguard.kamailio_acc"
	assert_equal 2 as old_reader 'SELECT count(*) FROM cseqguard.violation'
	"$LAB_OUT/cseqguard" cdr settle "$(sql "$DB" "SELECT md5('$call')::uuid")" --db "$(pg_conninfo "$DB")" --why seen
	assert_equal "$call old" sql "$DB" "SELECT string_agg(call_id, ' ' ORDER BY call_id) FROM cseqguard.billable"
	schema "$DB" # may be run again
	assert_equal 'cdr p violation p|3|2|3' tables
}

@test "schema: version 2 is migrated: each row is kept, its old end reasons get new words, its bill is the same" {
	local before bill
	version_2
	before=$(calls_of_2)
	bill=$(sql "$DB" 'SELECT call_id, node, duration FROM cseqguard.billable ORDER BY setup_time')
	sql "$DB" 'CREATE VIEW public.mine AS SELECT call_id, running FROM cseqguard.open_calls'
	daemon_db
	eventually 'cdr p violation p|11|1|3' tables
	assert_equal "$before" calls_of_2
	assert_equal "$bill" sql "$DB" 'SELECT call_id, node, duration FROM cseqguard.billable ORDER BY setup_time'
	assert_equal 'bye gone unproven_bye relayed_bye timeout maps_lost operator none unguarded bye bye' sql "$DB" \
		"SELECT string_agg(end_reason, ' ' ORDER BY setup_time) FROM cseqguard.cdr"
	assert_equal 1 sql "$DB" 'SELECT sum(count) FROM cseqguard.violation'
	assert_equal maps_lost sql "$DB" 'SELECT was_end_reason FROM cseqguard.settlement'
	assert_equal 11 sql "$DB" 'SELECT count(*) FROM cseqguard.cdr
		WHERE num_nulls(caller_side, callee_side, witness, candidate_end, twin_uid) = 5'
	assert_equal 0 sql "$DB" 'SELECT count(*) FROM cseqguard.cdr WHERE closed_at IS DISTINCT FROM end_time'
	assert_equal 'open unguarded' sql "$DB" "SELECT string_agg(call_id, ' ' ORDER BY call_id) FROM public.mine"
	dialog answer=5 callee_flags=0x15
	eventually 'wire gateway 3' row "concat_ws(' ', caller_side, callee_side, witness)"
}

@test "schema: version 2 and a new installation have the same columns and views" {
	objects() {
		sql "$1" "SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns
			WHERE table_schema = 'cseqguard' ORDER BY table_name, ordinal_position"
	}
	version_2
	schema "$DB"
	sql postgres "CREATE DATABASE ${DB}_new"
	schema "${DB}_new"
	assert_equal "$(objects "${DB}_new")" objects "$DB"
	[[ $(objects "$DB") == *'open_calls|witness|integer'* ]]
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
	eventually 1 spooled cdr
	assert_equal 'cdr p violation r|2|2|1' tables
	schema "$DB"
	eventually 0 spooled cdr # and goes on without the role of the newest version
	assert_equal 'cdr p violation p|3|2|3' tables
}

@test "schema: a newer version is told so, and not touched; rows wait until it is ours" {
	schema "$DB"
	sql "$DB" 'INSERT INTO cseqguard.schema_version VALUES (4)'
	: >"$LAB_DIR/daemon.log"
	daemon --db "$(pg_conninfo "$DB")"
	dialog answer=5
	lab_wait 10 logged 'schema cseqguard has version 4, but this cseqguardd writes 3'
	eventually 1 spooled cdr
	run ! schema "$DB"
	sql "$DB" 'DELETE FROM cseqguard.schema_version WHERE version = 4'
	eventually 1 row 'count(*)'
}

@test "schema: all of it belongs to who owned version 1, whoever migrates it" {
	login first_owner
	sql "$DB" "GRANT CREATE ON DATABASE $DB TO first_owner"
	psql -Xq1 -d "host=$LAB_PG user=first_owner dbname=$DB" -f "$LAB_TOP/tests/e2e/schema-1.sql" >/dev/null
	schema "$DB"
	sql "$DB" 'SELECT cseqguard.make_partitions()' >/dev/null
	assert_equal first_owner sql "$DB" "SELECT DISTINCT relowner::regrole FROM pg_class
		WHERE relnamespace = 'cseqguard'::regnamespace"
}

# --- doubt ---------------------------------------------------------------------------------------

@test "doubt: an old candidate end closes the row; a sign of life opens it again, and a proven end corrects it" {
	local closed ended="concat_ws(' ', end_reason, suspect, bye_confirmed, round(extract(epoch FROM duration)), candidate_end = end_time)"
	doubted() {
		dialog answer=100 callee_flags=0x15 "$@"
	}
	daemon_db --doubt 1m
	doubted flags=0x40 candidate_ms=70001
	eventually 'none f 70' row "concat_ws(' ', end_reason, suspect, round(extract(epoch FROM candidate_end - answer_time)))"
	doubted flags=0x40 candidate_ms=10001
	eventually 'unproven_bye t f 10 t' row "$ended"
	assert_equal 0 sql "$DB" "SELECT count(*) FROM cseqguard.violation"
	doubted flags=0
	eventually 'none t f' row "$ended"
	eventually 'alive_after_end callee' sql "$DB" "SELECT reason || ' ' || leg FROM cseqguard.violation"
	assert_equal '' row closed_at
	doubted flags=0x40 candidate_ms=10001
	eventually 'unproven_bye t f 10 t' row "$ended"
	closed=$(row closed_at)
	doubted flags=0x20 state=ended end=20 end_reason=bye ended_by=2
	eventually 'bye t t 80' row "$ended"
	assert_equal 't' sql "$DB" "SELECT closed_at > '$closed' FROM cseqguard.cdr"
	assert_equal 0 sql "$DB" 'SELECT count(*) FROM cseqguard.billable'
}

@test "H5 a later true end corrects a closed row in place: suspect, not billable, and rated again by closed_at" {
	local closed ended="concat_ws(' ', end_reason, suspect, bye_confirmed, round(extract(epoch FROM duration)))"

	daemon_db --grace 30
	dialog answer=100 state=ended end=60 end_reason=bye ended_by=1 flags=0x20
	eventually 'bye f t 40' row "$ended"
	assert_equal 1 sql "$DB" 'SELECT count(*) FROM cseqguard.billable'
	closed=$(row closed_at)
	dialog answer=100 state=ended end=20 end_reason=gone ended_by=2 flags=0x22
	eventually 'gone t t 80' row "$ended"
	assert_equal t row "closed_at > '$closed'"
	assert_equal 1 row 'count(*)'
	assert_equal 0 sql "$DB" 'SELECT count(*) FROM cseqguard.billable'
	sql "$DB" "SELECT cseqguard.settle(call_uid, 'seen') FROM cseqguard.cdr" >/dev/null
	assert_equal 80 sql "$DB" 'SELECT round(extract(epoch FROM duration)) FROM cseqguard.billable'
}

# --- partitions ----------------------------------------------------------------------------------

@test "partitions: a daemon makes this month's and the next two; rows go there" {
	daemon_db
	lab_wait 10 partitioned
	dialog answer=5
	eventually "cseqguard.cdr_$THIS" row tableoid::regclass
	assert_equal "cdr_$THIS cdr_$NEXT cdr_$AFTER cdr_default" partitions cdr
	sql "$DB" "DROP TABLE cseqguard.cdr_$AFTER"
	pg_stop fast
	pg_start
	lab_wait 15 partitioned # after each connect
}

@test "partitions: what the default partition holds of a month goes with it; other months' rows stay" {
	schema "$DB"
	call_row lab "$(ago '0 s')" NULL false none
	call_row lab "$(ago '800 days')" "$(ago '799 days')"
	assert_equal 2 sql "$DB" 'SELECT count(*) FROM cseqguard.cdr_default'
	as postgres "SET timezone = 'Asia/Tokyo'; SELECT cseqguard.make_partitions()" >/dev/null
	assert_equal "FOR VALUES FROM ('${THIS:0:4}-${THIS:4}-01 00:00:00+00') TO ('${NEXT:0:4}-${NEXT:4}-01 00:00:00+00')" \
		as postgres "SET timezone = 'UTC'; SELECT pg_get_expr(relpartbound, oid) FROM pg_class WHERE relname = 'cdr_$THIS'"
	assert_equal "cseqguard.cdr_$THIS" sql "$DB" 'SELECT tableoid::regclass FROM cseqguard.cdr WHERE end_time IS NULL'
	assert_equal 1 sql "$DB" 'SELECT count(*) FROM cseqguard.cdr_default'
	assert_equal 1 sql "$DB" "SELECT count(*) FROM cseqguard.make_partitions(now() - interval '900 days')"
	assert_equal 0 sql "$DB" 'SELECT count(*) FROM cseqguard.cdr_default'
	assert_equal 2 row 'count(*)'
}

@test "partitions: months of which somebody has made his own are left alone, and said so" {
	schema "$DB"
	sql "$DB" "CREATE TABLE cseqguard.mine PARTITION OF cseqguard.cdr
		FOR VALUES FROM ('${THIS:0:4}-${THIS:4}-10Z') TO ('${THIS:0:4}-${THIS:4}-20Z')"
	assert_equal "cseqguard.cdr_$THIS|t" sql "$DB" "SELECT partition, why LIKE '%would overlap%'
		FROM cseqguard.make_partitions() WHERE NOT made"
	assert_equal "cdr_$NEXT cdr_$AFTER cdr_default mine" partitions cdr
	daemon_db
	dialog answer=5
	eventually 1 row 'count(*)'
}

@test "partitions: made by several at one moment, each is made once, and none is told of another" {
	local n log=$LAB_DIR/made
	schema "$DB"
	for n in 1 2 3 4; do
		sql "$DB" 'SELECT partition FROM cseqguard.make_partitions()' >"$log-$n" 2>&1 &
	done
	wait
	assert_equal 6 grep -hc '^cseqguard\.' <(cat "$log"-[1-4])
	assert_equal '' grep -hv '^cseqguard\.' "$log"-[1-4]
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
	lab_wait 60 logged "partition cseqguard.cdr_$THIS not created: the default partition is in use; rows go there, next try in an hour"
	logged "partition cseqguard.violation_$THIS created" # one table does not hold up the other
	eventually cseqguard.cdr_default row tableoid::regclass
	run ! logged 'rows wait'
	eval "exec ${READER[1]}>&-"
}

# --- retention -----------------------------------------------------------------------------------

# The old partitions of our two tables, and what becomes of them. On a slow machine the function leaves some to
# another call, so that no writer waits.
dropped() {
	local got all=
	while
		got=$(sql "$DB" "SELECT replace(partition, 'cseqguard.', ''), dropped, why FROM cseqguard.drop_partitions('1 year')")
		all+=$got$'\n'
		[[ $got == *'call the function again'* ]]
	do :; done
	grep -v 'call the function again' <<<"$all" | grep . | LC_ALL=C sort -u
}

# A violation each six days of the last year: rows that confirm the server's clock.
confirm_clock() {
	sql "$DB" "INSERT INTO cseqguard.violation SELECT now() - n * interval '6 days', 'lab', 100 + n, md5('none')::uuid,
		'out_of_order', 'drop', '', '', '', 'BYE', 10, 14, 'caller', '192.0.2.1', 5060, 'eth0', NULL
		FROM generate_series(0, 60) AS n"
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
	confirm_clock
	assert_equal "cdr_$older|t|older
cdr_$old|f|1 open or suspect calls; settle them
violation_$older|t|older
violation_$old|f|1 open or suspect calls; settle them" dropped
	assert_equal "cdr_$old cdr_$THIS cdr_$NEXT cdr_$AFTER cdr_default" partitions cdr
	sql "$DB" "SELECT cseqguard.settle(md5('$call')::uuid, 'old enough')" >/dev/null
	assert_equal "cdr_$old|t|older
violation_$old|t|older" dropped
	run ! sql "$DB" "SELECT cseqguard.drop_partitions('-1 year')"
	lab_wait 10 partitioned # ... and nothing younger
}

# Appends a row a time, and prints the longest time that one took, in ms.
slowest_insert() { # N
	local at n slowest=0

	for ((n = 0; n < $1; n++)); do
		at=${EPOCHREALTIME/./}
		call=$call-$1-$n call_row lab "$(ago '0 s')" "$(ago '0 s')" >&2
		at=$((${EPOCHREALTIME/./} - at))
		((slowest = at > slowest ? at : slowest))
	done
	echo $((slowest / 1000))
}

@test "retention: rows are counted before the first lock; a reader in the way keeps no writer waiting" {
	local counting slowest

	schema "$DB"
	call=old call_row lab "$(ago '500 days')" "$(ago '499 days')"
	sql "$DB" "SELECT cseqguard.make_partitions(now() - interval '700 days');
		CREATE OR REPLACE FUNCTION cseqguard.unsettled(parent regclass, partition text) RETURNS bigint
		LANGUAGE sql AS 'SELECT count(*) FROM pg_sleep(3) AS p WHERE p IS NULL'" >/dev/null
	confirm_clock
	dropped >"$LAB_DIR/dropped" & # as if each count took 3 s
	counting=$!
	sleep 1
	slowest=$(slowest_insert 10)
	((slowest < 1000)) || lab_fail "a writer waited for $slowest ms"
	wait "$counting"
	grep -q '|t|older' "$LAB_DIR/dropped"
	call=old call_row lab "$(ago '500 days')" "$(ago '499 days')"
	sql "$DB" "SELECT cseqguard.make_partitions(now() - interval '700 days');
		CREATE OR REPLACE FUNCTION cseqguard.unsettled(parent regclass, partition text) RETURNS bigint
		LANGUAGE sql AS 'SELECT 0::bigint'" >/dev/null
	coproc READER { exec psql -XAtq -d "$(pg_conninfo "$DB")" 3>&-; }
	printf '%s\n' 'BEGIN; SELECT count(*) FROM cseqguard.cdr;' >&"${READER[1]}"
	read -ru "${READER[0]}"
	dropped >"$LAB_DIR/dropped" &
	counting=$!
	slowest=$(slowest_insert 20)
	((slowest < 1000)) || lab_fail "a writer waited for $slowest ms behind a reader"
	wait "$counting"
	grep -q '|f|in use; try again' "$LAB_DIR/dropped"
	eval "exec ${READER[1]}>&-"
}

@test "retention: an open call keeps its partition" {
	schema "$DB"
	call_row lab "$(ago '500 days')" NULL false none
	sql "$DB" "SELECT cseqguard.make_partitions(now() - interval '700 days')" >/dev/null
	[[ $(dropped) == *'|f|1 open or suspect calls; settle them' ]]
}

@test "retention: a clock years ahead drops nothing that the rows since then do not confirm" {
	local old
	old=$(date -u -d '-500 days' +%Y%m)
	schema "$DB"
	call_row lab "$(ago '500 days')" "$(ago '499 days')"
	sql "$DB" "SELECT cseqguard.make_partitions(now() - interval '700 days')" >/dev/null
	call=now call_row lab "$(ago '1 s')" "$(ago '0 s')"
	call=future call_row lab "$(ago '-1500 days')" "$(ago '-1501 days')"
	assert_equal "cdr_$old|f|old by the clock, but not by the rows since then: a pause counts as a week" dropped
	confirm_clock
	assert_equal "cdr_$old|t|older" dropped
}

@test "retention: a call of a host whose clock was years behind is as old as its row" {
	local old
	old=$(date -u -d '-500 days' +%Y%m)
	schema "$DB"
	call_row lab "$(ago '500 days')" "$(ago '499 days')"
	sql "$DB" "UPDATE cseqguard.cdr SET closed_at = now();
		INSERT INTO cseqguard.violation SELECT now() - interval '500 days', 'lab', 1, md5('$call')::uuid, 'out_of_order',
		'drop', '', '', '', 'BYE', 10, 14, 'caller', '192.0.2.1', 5060, 'eth0', NULL;
		SELECT cseqguard.make_partitions(now() - interval '700 days')" >/dev/null
	confirm_clock
	assert_equal "cdr_$old|f|1 calls were stored later than that: late, or by a host with a wrong clock
violation_$old|f|1 calls were stored later than that: late, or by a host with a wrong clock" dropped
	sql "$DB" "UPDATE cseqguard.cdr SET closed_at = now() - interval '400 days'"
	assert_equal "cdr_$old|t|older
violation_$old|t|older" dropped
}

@test "retention: a partition on which a view of the owner depends is kept, and said so; the others are dropped" {
	local old older
	old=$(date -u -d '-500 days' +%Y%m) older=$(date -u -d '-600 days' +%Y%m)
	schema "$DB"
	call=older call_row lab "$(ago '600 days')" "$(ago '599 days')"
	call_row lab "$(ago '500 days')" "$(ago '499 days')"
	sql "$DB" "SELECT cseqguard.make_partitions(now() - interval '700 days')" >/dev/null
	confirm_clock
	sql "$DB" "CREATE VIEW report AS SELECT call_id FROM cseqguard.cdr_$older"
	assert_equal "cdr_$older|f|cannot drop table cseqguard.cdr_$older because other objects depend on it
cdr_$old|t|older" dropped
}

# --- roles ---------------------------------------------------------------------------------------

@test "roles: a member of cseqguard_writer ships, closes and makes partitions; deletes, drops and decides nothing" {
	schema "$DB"
	login shipper cseqguard_writer
	daemon --db "host=$LAB_PG user=shipper dbname=$DB"
	lab_wait 10 partitioned
	dialog answer=10 state=ending bye_at=1 bye_cseq=14
	eventually none row end_reason
	eventually unanswered sql "$DB" 'SELECT reason FROM cseqguard.violation'
	dialog answer=10 end=1 state=ended end_reason=bye ended_by=1
	eventually bye row end_reason
	eventually 0 spooled cdr
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
	eventually bye row end_reason
	for view in cdr violation settlement calls billable suspects open_calls fraud_by_source kamailio_acc; do
		as teller "SELECT count(*) FROM cseqguard.$view" >/dev/null
	done
	assert_equal 1 as teller 'SELECT count(*) FROM cseqguard.billable'
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
	((!status)) && [[ $output == *'WARNING:  cannot create role cseqguard_writer: maker lacks CREATEROLE'* ]]
}
