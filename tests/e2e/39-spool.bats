#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# A spool that is full, read-only or damaged, and `cseqguard cdr` on a good one.

load lib
load daemon
load postgres

spool_disk() { # [SIZE]: a disk of its own for this test's spool
	SPOOL_DISK=$LAB_DIR/disk-$BATS_TEST_NUMBER
	mkdir "$SPOOL_DISK"
	mount -t tmpfs -o "size=${1:-24m}" "cseqguard-$LAB_ID" "$SPOOL_DISK"
	SPOOL=$SPOOL_DISK/spool.db
}

teardown() {
	[[ -n ${BATS_TEST_COMPLETED:-} ]] || tail -n 5 "$LAB_DIR/daemon.log" >&2
	guard_daemon_end KILL
	map_clear
	[[ -z ${SPOOL_DISK:-} ]] || umount "$SPOOL_DISK"
}

says() { # WORDS: the daemon, in its log
	lab_wait 10 grep -q "$1" "$LAB_DIR/daemon.log"
}

ended() { # this test's dialog: long enough ago to leave the map
	dialog answer=20 end=10 state=ended end_reason=bye ended_by=1 flags=0x20
}

held() { # REMEDY...: the ended dialog stays in the map until then
	says "spool $SPOOL: .*calls stay in the map"
	in_map 1
	"$@"
	says "spool $SPOOL: writable again"
	lab_wait 10 in_map 0
	eventually 1 row 'count(*)'
	eventually bye row end_reason
}

@test "spool: while its disk is full calls stay in the map; they are written when there is room" {
	spool_disk
	: >"$LAB_DIR/daemon.log"
	daemon_db
	dd if=/dev/zero of="$SPOOL_DISK/filler" bs=1M 2>/dev/null || :
	guard_fills # what the WAL has left over
	held rm "$SPOOL_DISK/filler"
}

# Rows until the spool has no room: then the last one waits in the map.
guard_fills() {
	local n

	for ((n = 0; n < 400; n++)); do
		grep -q "calls stay in the map" "$LAB_DIR/daemon.log" && break
		dialog answer=20 end=10 state=ended end_reason=bye ended_by=1 flags=0x20 "blocked=$n"
		read -rt 0.05 <> <(:) || :
	done
}

@test "spool: a daemon that starts on a read-only spool runs, and writes when it can" {
	spool_disk
	: >"$LAB_DIR/daemon.log"
	mount -o remount,ro "$SPOOL_DISK"
	daemon --db "$(pg_conninfo "$DB")"
	ended
	held mount -o remount,rw "$SPOOL_DISK"
}

@test "spool: a damaged one is set aside, its readable rows are sent, running calls are written again" {
	: >"$LAB_DIR/daemon.log"
	daemon
	dialog answer=5
	eventually 1 spooled cdr
	guard_daemon_end KILL
	rm "$SPOOL"-wal "$SPOOL"-shm
	printf 'no database any more' | dd of="$SPOOL" conv=notrunc 2>/dev/null
	daemon
	says "spool $SPOOL was damaged: renamed to $SPOOL.damaged-1"
	[[ -e $SPOOL.damaged-1 ]]
	eventually 1 spooled cdr
	eventually "$call" sqlite3 "$SPOOL" 'SELECT call_id FROM cdr'
}

@test "spool: damage under a running daemon is found while sending, and the rows behind it arrive" {
	: >"$LAB_DIR/daemon.log"
	daemon_db
	pg_stop fast
	dialog answer=5
	eventually 1 spooled cdr
	sqlite3 "$SPOOL" 'PRAGMA wal_checkpoint(TRUNCATE)' >/dev/null
	dd if=/dev/urandom of="$SPOOL" bs=4096 seek=1 conv=notrunc count=64 2>/dev/null
	dialog answer=5 blocked=1 first_blocked_ms=1
	pg_start
	says "spool $SPOOL was damaged"
	eventually 1 row 'count(*)'
	eventually 1 row blocked_byes
}

spool_1() { # makes this test's spool one of version 1, whose open row is lost
	sqlite3 "$SPOOL" "ALTER TABLE cdr DROP COLUMN caller_side; ALTER TABLE cdr DROP COLUMN callee_side;
		ALTER TABLE cdr DROP COLUMN witness; ALTER TABLE cdr DROP COLUMN candidate_end;
		ALTER TABLE cdr DROP COLUMN twin_uid; ALTER TABLE cdr DROP COLUMN closed_at;
		UPDATE cdr SET end_time = answer_time + 7000000, end_reason = 'lost', suspect = 1; PRAGMA user_version = 1"
}

@test "spool: one of version 1 is listed as it is; a daemon migrates it, and its rows arrive" {
	daemon
	dialog answer=20
	eventually 1 spooled cdr
	guard_daemon_end KILL
	map_clear
	spool_1
	assert_equal "[\"$call\",\"lost\",null,true]" \
		jq -c '.[] | [.call_id, .end_reason, .caller_side, .closed_at == .end_time]' \
		<(guard cdr -j --spool "$SPOOL")
	daemon_db
	eventually 'maps_lost t 00:00:07' row "concat_ws(' ', end_reason, suspect, duration)"
	assert_equal 't' row 'caller_side IS NULL'
	dialog answer=20 call_id=new
	eventually 'wire wire 1' sql "$DB" "SELECT concat_ws(' ', caller_side, callee_side, witness) FROM cseqguard.cdr WHERE call_id = 'new'"
}

beat() { # time of the heartbeat, in seconds
	sqlite3 "$SPOOL" 'SELECT at / 1000000 FROM heartbeat'
}

later_beat() { # SECONDS: the heartbeat is younger than that time
	(($(beat) > $1))
}

@test "reboot: a running daemon renews its heartbeat; calls of before the boot end at the last one of then, in both stores" {
	local before=$((EPOCHSECONDS - $(cut -d. -f1 /proc/uptime) - 600)) # ten minutes before the boot

	daemon
	lab_wait 5 later_beat $((EPOCHSECONDS - 9))
	lab_wait 10 later_beat "$(beat)"
	assert_equal 1 spooled heartbeat
	dialog answer=20
	eventually 1 spooled cdr
	guard_daemon_end KILL
	map_clear
	schema "$DB"
	call_row lab "to_timestamp($((before - 50)))" NULL false none # the spool has shipped that one
	sqlite3 "$SPOOL" "UPDATE heartbeat SET at = $before * 1000000, before_maps = NULL;
		UPDATE cdr SET setup_time = ($before - 60) * 1000000, answer_time = ($before - 60) * 1000000"
	daemon_db
	eventually 'reboot t 50,reboot t 60' row \
		"string_agg(concat_ws(' ', end_reason, suspect, extract(epoch FROM duration)::int), ',' ORDER BY duration)"
	assert_equal "$before $before" row "string_agg(extract(epoch FROM end_time)::int::text, ' ')"
	lab_wait 10 later_beat "$before" # the new daemon's
	assert_equal "$before" sqlite3 "$SPOOL" 'SELECT before_maps / 1000000 FROM heartbeat'
}

calls() { # FILTER...: the Call-IDs that `cseqguard cdr` lists, in order
	guard cdr -j --spool "$SPOOL" "$@" | jq -r '[.[].call_id] | join(" ")'
}

@test "cdr: filters by time, caller, callee, open or closed, blocked and suspect" {
	"$LAB_TOP/tests/e2e/dialog.py" "$MAP" 1001 call_id=old answer=60 end=50 state=ended \
		end_reason=bye ended_by=1 flags=0x20
	"$LAB_TOP/tests/e2e/dialog.py" "$MAP" 1002 call_id=young answer=20 blocked=2 first_blocked_ms=5
	"$LAB_TOP/tests/e2e/dialog.py" "$MAP" 1003 call_id=odd answer=15 end=10 state=ended \
		end_reason=bye ended_by=1 flags=0x21
	daemon # afterwards: it closes rows of older calls that its first scan has not found
	eventually 3 spooled cdr
	assert_equal 'old young odd' calls
	assert_equal 'young odd' calls --since 40s
	assert_equal old calls --until 40s
	assert_equal 'young odd' calls --since "$(date -u -d '-40 sec' +%Y-%m-%dT%H:%M:%SZ)"
	assert_equal '' calls --since "$(date -u -d '+1 day' +%Y-%m-%d)"
	assert_equal 'young odd' calls --since "$(date -d '-40 sec' '+%Y-%m-%d %H:%M:%S')"
	assert_equal 'young odd' calls --last 2
	assert_equal odd calls --last 1
	assert_equal old calls --until 40s --last 1
	assert_equal 'old odd' calls --closed --last 2
	assert_equal 'old young odd' calls --last 99
	run -2 guard cdr --spool "$SPOOL" --last 0
	assert_equal young calls --open
	assert_equal 'old odd' calls --closed
	assert_equal young calls --blocked
	assert_equal odd calls --suspect
	assert_equal 'old young odd' calls --caller alice@ --callee bob@192.0.2.2
	assert_equal '' calls --caller bob
	assert_equal '' calls --closed --blocked
	run -2 guard cdr --spool "$SPOOL" --since soon
	[[ ${#lines[@]} == 1 && $output == *soon*12h* ]]
	run -2 guard cdr settle 00000000-0000-0000-0000-000000000000 --spool "$SPOOL" --open --why x
	[[ ${#lines[@]} == 1 ]]
}

full() {
	grep -q 'calls stay in the map' "$LAB_DIR/daemon.log"
}

kept() { # every call that was played is in the spool, or the disk is full
	full || (($(sqlite3 "$SPOOL" "SELECT count(*) FROM cdr WHERE end_time IS NOT NULL") >= calls))
}

# Plays calls until the disk has no room: what a call takes depends on how often its row is written.
fill_disk() { # SERIES
	calls=0
	until full; do
		"$LAB_OUT/tests/bench/calls" "lab-$LAB_ID" 1000 "$1-$calls"
		calls=$((calls + 1000))
		lab_wait 60 kept
	done
}

all_billed() {
	assert_equal "$calls" sql "$DB" "SELECT count(*) FROM cseqguard.cdr WHERE NOT suspect AND end_reason = 'bye' AND call_id LIKE '%-$1-%'"
}

drains() { # SERIES
	pg_start
	lab_wait 90 all_billed "$1"
	eventually 0 spooled cdr
}

fills_and_drains() { # SERIES [COMMAND]: COMMAND is run while it is full
	spool_disk 12m
	: >"$LAB_DIR/daemon.log"
	daemon_db --grace 1h
	pg_stop fast
	fill_disk "$1"
	[[ -z ${2:-} ]] || "$2"
	drains "$1"
}

restarted() {
	guard_daemon_end KILL
	daemon --db "$(pg_conninfo "$DB")" --grace 1h
}

@test "spool: fills its disk while PostgreSQL is away, and drains by itself" {
	fills_and_drains whole
}

@test "spool: fills its disk while PostgreSQL is away, and drains after a kill too" {
	fills_and_drains killed restarted
}

@test "spool: rows that PostgreSQL refuses while the disk is full are in table rejected, and the others arrive" {
	local n

	spool_disk 12m
	: >"$LAB_DIR/daemon.log"
	daemon_db --grace 1h
	sql "$DB" "CREATE FUNCTION taste() RETURNS trigger LANGUAGE plpgsql AS
		'BEGIN IF new.call_id LIKE ''bitter%'' THEN RAISE data_exception; END IF; RETURN new; END';
		CREATE TRIGGER taste BEFORE INSERT ON cseqguard.cdr FOR EACH ROW EXECUTE FUNCTION taste()"
	pg_stop fast
	for n in 101 102; do
		BATS_TEST_NUMBER=$n call=bitter-$n ended
	done
	eventually 2 spooled cdr
	fill_disk sweet
	drains sweet
	eventually 2 sqlite3 "$SPOOL" "SELECT count(*) FROM rejected WHERE row ->> 'call_id' LIKE 'bitter%'"
}
