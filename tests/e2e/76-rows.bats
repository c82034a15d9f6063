#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# Rows beyond the ordinary: a node name belongs to one daemon, rows whose dialog is gone are closed, an operator
# settles one row, and partitions come and go beside the writers.

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
	sql "$DB" "CREATE FUNCTION full_up() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE disk_full; END';
		CREATE TRIGGER full_up BEFORE INSERT ON cseqguard.cdr FOR EACH ROW EXECUTE FUNCTION full_up()"
	: >"$LAB_DIR/daemon.log"
	daemon --db "$(pg_conninfo "$DB")" -v
	lab_wait 30 logged 'rows wait'
	lab_wait 60 scanned 25 # long enough for a round to begin
	assert_equal "$call lab none f" ends
	sql "$DB" 'DROP FUNCTION full_up CASCADE'
	lab_wait 60 assert_equal "$call lab bye f" ends
	lab_wait 60 page_read
	assert_equal "$call lab bye f" ends
}

node_held() { # NAME: as if a daemon of that name were connected, until node_free
	coproc NODE_HOLDER { exec psql -XAtq -d "$(pg_conninfo "$DB")" 3>&-; }
	printf '%s\n' "SELECT 1 FROM pg_advisory_lock(hashtextextended('cseqguard.node.$1', 0));" >&"${NODE_HOLDER[1]}"
	read -ru "${NODE_HOLDER[0]}"
}

node_free() {
	eval "exec ${NODE_HOLDER[1]}>&-"
}

@test "lost: a node that gets another name closes the rows of the former one, unless another daemon has that name now" {
	NODE=before daemon_db
	dialog answer=5
	eventually "$call before none f" ends
	lab_wait 30 assert_equal before sqlite3 "$SPOOL" 'SELECT node FROM heartbeat'
	guard_daemon_end KILL
	daemon_db
	lab_wait 60 assert_equal "$call before maps_lost t, $call lab none f" ends
	lab_wait 30 assert_equal 2 spooled heartbeat
	guard_daemon_end KILL
	node_held lab
	NODE=after daemon_db
	lab_wait 60 page_read
	assert_equal "$call after none f, $call before maps_lost t, $call lab none f" ends
	node_free
}

scanned() { # NUMBER: so many times
	(($(grep -c 'scan: ' "$LAB_DIR/daemon.log") >= $1))
}

page_read() { # of open rows, as the last statement of the daemon
	[[ $(sql "$DB" "SELECT query FROM pg_stat_activity WHERE datname = '$DB' AND application_name = 'cseqguardd'") == \
		*'ORDER BY setup_time, call_uid, node LIMIT'* ]]
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

# --- the bill by hand ----------------------------------------------------------------------------

# Two calls of one call_uid, days apart, both open: at 1 and 20 November.
two_calls_in_db() {
	schema "$DB"
	call_row lab "'2025-11-01 10:00:00Z'::timestamptz" NULL false none
	call_row lab "'2025-11-20 10:00:00Z'::timestamptz" NULL false none
}

two_calls_in_spool() {
	daemon
	dialog answer=5
	eventually 1 spooled cdr
	guard_daemon_end KILL
	sqlite3 "$SPOOL" "
		UPDATE cdr SET setup_time = 1761991200000000, answer_time = 1761991200000000, call_uid = '$(uid)';
		CREATE TEMP TABLE copy AS SELECT * FROM cdr;
		UPDATE copy SET step = step + 1, setup_time = 1763632800000000, answer_time = 1763632800000000;
		INSERT INTO cdr SELECT * FROM copy"
}

uid() { # of this test's call
	md5sum < <(printf %s "$call") | sed -E 's/(.{8})(.{4})(.{4})(.{4})(.{12}).*/\1-\2-\3-\4-\5/'
}

db_settle() {
	"$LAB_OUT/cseqguard" cdr settle "$(uid)" --db "$(pg_conninfo "$DB")" --by ann --why seen "$@"
}

spool_settle() {
	"$LAB_OUT/cseqguard" cdr settle "$(uid)" --spool "$SPOOL" --by ann --why seen "$@"
}

refuses() { # STATUS TEXT COMMAND...: in one line
	run "-$1" "${@:3}"
	[[ ${#lines[@]} == 1 && $output == *"$2"* ]] || lab_fail "$output"
}

# The end that a stepped clock gave to the row of 20 November.
ends_in_the_future() { # db_settle|spool_settle
	case $1 in
	db_settle) sql "$DB" "UPDATE cseqguard.cdr SET end_time = '2126-01-01Z', suspect = true WHERE setup_time = '2025-11-20 10:00:00Z'" ;;
	*) sqlite3 "$SPOOL" 'UPDATE cdr SET end_time = 4922899200000000, suspect = 1 WHERE setup_time = 1763632800000000' ;;
	esac
}

# Both stores refuse and take the same.
settles_by_key() { # db_settle|spool_settle
	refuses 1 "has 2 rows: 2025-11-01T10:00:00.000000Z lab, 2025-11-20T10:00:00.000000Z lab; choose one with --setup and --node" \
		"$1" --end 2025-11-20T10:05:00Z
	refuses 1 'no such row' "$1" --end 2025-11-20T10:05:00Z --setup 2025-11-20T10:00:01Z
	refuses 1 'no such row' "$1" --end 2025-11-20T10:05:00Z --setup 2025-11-20 --node elsewhere
	refuses 1 'the end is before the answer at 2025-11-20T10:00:00.000000Z' \
		"$1" --setup 2025-11-20T10:00:00Z --end 2025-11-20T09:59:59Z
	refuses 1 'is open; give its' "$1" --setup 2025-11-20T10:00:00Z
	refuses 2 'it is in the future' "$1" --setup 2025-11-20T10:00:00Z --end 2126-01-01
	refuses 2 "invalid value '2026-02-31T12:00:00Z' for end" "$1" --setup 2025-11-20T10:00:00Z --end 2026-02-31T12:00:00Z
	refuses 2 "invalid value 'noon' for setup" "$1" --setup noon --end 2025-11-20T10:05:00Z
	ends_in_the_future "$1"
	refuses 1 'in the future' "$1" --setup 2025-11-20T10:00:00Z
	"$1" --setup 2025-11-20T10:00:00Z --node lab --end 2025-11-20T10:05:00Z
	"$1" --setup 2025-11-20T10:00:00Z --end 2025-11-20T10:06:00Z # a slip is put right
}

@test "settle: by the whole key of a row, in PostgreSQL: what is ambiguous or no end of the call is refused" {
	two_calls_in_db
	settles_by_key db_settle
	assert_equal 'none f, operator f 00:06:00' row \
		"string_agg(concat_ws(' ', end_reason, suspect, duration), ', ' ORDER BY setup_time)"
	assert_equal '2 ann' sql "$DB" "SELECT concat_ws(' ', count(*), min(operator)) FROM cseqguard.settlement
		WHERE setup_time = '2025-11-20 10:00:00Z' AND node = 'lab'"
}

@test "settle: by the whole key of a row, in the spool: what is ambiguous or no end of the call is refused" {
	two_calls_in_spool
	settles_by_key spool_settle
	assert_equal $'none|0|\noperator|0|360' sqlite3 "$SPOOL" \
		'SELECT end_reason, suspect, (end_time - answer_time) / 1000000 FROM cdr ORDER BY setup_time'
	assert_equal '2|1763632800000000|ann' sqlite3 "$SPOOL" 'SELECT count(*), max(setup_time), min(operator) FROM settlement'
}

@test "settle: a server that accepts and says nothing is given up" {
	coproc SILENT { exec python3 -c 'import socket, sys; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1], flush=True); sys.stdin.read()' 3>&-; }
	local port
	read -ru "${SILENT[0]}" port
	run -1 timeout 100 "$LAB_OUT/cseqguard" cdr settle "$(uid)" --why seen --db "host=127.0.0.1 port=$port"
	[[ ${#lines[@]} == 1 && $output == *'cannot settle: connection to server at "127.0.0.1", port '*'timeout expired'* ]] || lab_fail "$output"
	eval "exec ${SILENT[1]}>&-"
}

@test "settle: the function itself refuses what cseqguard refuses" {
	two_calls_in_db
	settle() { # ARGUMENTS: the result, or the error without its context
		local out
		out=$(sql "$DB" "SELECT cseqguard.settle('$(uid)', 'seen', $1)" 2>&1) || {
			head -n 1 <<<"$out"
			return 1
		}
		echo "$out"
	}
	refuses 1 'has 2 rows' settle "'2025-11-20 10:05:00Z'"
	refuses 1 'is in the future' settle "now() + '2 minutes', of_setup => '2025-11-20 10:00:00Z'"
	refuses 1 'is in the future' settle "'infinity', of_setup => '2025-11-20 10:00:00Z'"
	refuses 1 'before the answer' settle "'-infinity', of_setup => '2025-11-20 10:00:00Z'"
	refuses 1 'give its end' settle "NULL, of_setup => '2025-11-20 10:00:00Z'"
	assert_equal 1 settle "'2025-11-20 10:05:00Z', of_setup => '2025-11-20 10:00:00Z', of_node => 'lab'"
	assert_equal 1 settle "'2025-11-01 10:05:00Z', of_setup => '2025-11-01 10:00:00Z'"
}

@test "settle: a role that could execute the function of version 2 may execute this one" {
	schema "$DB"
	login "clerk_$BATS_TEST_NUMBER"
	sql "$DB" "DROP FUNCTION cseqguard.settle;
		CREATE FUNCTION cseqguard.settle(uid uuid, because text, end_at timestamptz DEFAULT NULL, who text DEFAULT session_user)
			RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint';
		GRANT EXECUTE ON FUNCTION cseqguard.settle TO clerk_$BATS_TEST_NUMBER"
	schema "$DB"
	assert_equal 't|1' sql "$DB" "SELECT has_function_privilege('clerk_$BATS_TEST_NUMBER', oid, 'EXECUTE'),
		count(*) OVER () FROM pg_proc WHERE proname = 'settle' AND pronamespace = 'cseqguard'::regnamespace"
}

@test "cdr: a date that does not exist is refused" {
	daemon
	refuses 2 "invalid time '2026-02-31'" guard cdr --spool "$SPOOL" --since 2026-02-31
	refuses 2 "invalid time '2026-04-31T00:00:00Z'" guard cdr --spool "$SPOOL" --until 2026-04-31T00:00:00Z
	guard cdr --spool "$SPOOL" --since 2024-02-29
}

# --- fraud ---------------------------------------------------------------------------------------

disbelieved() { # AT: a BYE of the call that passed and was not believed
	sql "$DB" "INSERT INTO cseqguard.violation (at, node, seq, call_uid, reason, action, call_id, from_tag, to_tag, method, cseq,
		expected_cseq, leg, source, source_port, interface) SELECT $1, 'lab', 1, md5('$call')::uuid, 'relayed', 'pass', '$call',
		'', '', 'BYE', 14, 14, 'caller', '192.0.2.1', 5060, 'eth0'"
}

fraud() { # SINCE UNTIL: calls, blocked BYEs, seconds
	sql "$DB" "SELECT concat_ws(' ', calls, blocked_byes, protected_seconds::int) FROM cseqguard.fraud($1, $2)"
}

@test "fraud: a call counts in the time range of its first blocked BYE; the view has the last 30 days" {
	schema "$DB"
	call_row lab "$(ago '49 hours')" "$(ago '48 hours')" false bye 2
	assert_equal '1 2 3599' fraud "$(ago '50 hours')" "$(ago '48 hours')"
	assert_equal '' fraud "$(ago '48.5 hours')" "'infinity'" # it goes on, but began before
	assert_equal '' fraud "$(ago '90 hours')" "$(ago '49.5 hours')"
	call=old call_row lab "$(ago '40 days')" "$(ago '39.5 days')" false bye 1
	assert_equal '2 3 46798' fraud "'-infinity'" "'infinity'"
	assert_equal '1 2' sql "$DB" "SELECT concat_ws(' ', calls, blocked_byes) FROM cseqguard.fraud_by_source"
}

@test "fraud: a BYE that was not believed counts in its own time range, also of a call that was set up before it" {
	schema "$DB"
	call_row lab "$(ago '30 hours')" "$(ago '10 hours')"
	disbelieved "$(ago '12 hours')"
	assert_equal '1 0 7200' fraud "$(ago '24 hours')" "'infinity'"
	assert_equal '' fraud "$(ago '11 hours')" "'infinity'"
	assert_equal '' fraud "$(ago '24 hours')" "$(ago '13 hours')"
	call_row lab "$(ago '5 hours')" "$(ago '4 hours')" # the same Call-ID and tags again, without such a BYE
	assert_equal '1 0 7200' fraud "$(ago '24 hours')" "'infinity'"
}
