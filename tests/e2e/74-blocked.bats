#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# The daemon beside things that block whoever waits for them. It goes on to read its rings, and rows wait in the
# spool.

load lib
load daemon
load http
load names

NOT_BLOCKED=8 # s: each thing here blocks for longer

setup_file() {
	lab_up "$$-d"
	pg_up
	guard_up
	export CSEQGUARD_RUN_DIR=$LAB_DIR/run
	export MAP=/sys/fs/bpf/cseqguard/lab-$LAB_ID/dialogs
}

teardown() {
	[[ -n ${BATS_TEST_COMPLETED:-} ]] || tail -n 5 "$LAB_DIR/daemon.log" >&2
	guard_daemon_end KILL
	names_down
	[[ ! -e $LAB_DIR/unread.pid ]] || kill "$(<"$LAB_DIR/unread.pid")" || :
	rm -f "$LAB_DIR"/unread*
	map_clear
}

rings_are_read() { # never more than NOT_BLOCKED apart
	awk -v gap="$(metric rings_read_longest_gap_seconds)" -v most="$NOT_BLOCKED" \
		'BEGIN { if (gap != "" && gap + 0 < most + 0) exit 0; print "a gap of " gap " s" >"/dev/stderr"; exit 1 }'
}

# --- name servers --------------------------------------------------------------------------------

silent_names() { # the resolver asks the next one after 10 s and 6 s
	names_up 'timeout:10 attempts:2'
}

@test "names: three silent name servers hold up no ring; rows wait in the spool, and come by the next host" {
	silent_names
	daemon --http "$HTTP_PORT" --db "host=db1,db2,$LAB_PG user=postgres dbname=$DB" --db-timeout 5
	lab_wait 30 names_asked '127.0.0.1 db1'
	dialog answer=5
	lab_wait 30 assert_equal 1 spooled cdr
	lab_wait 30 grep -q 'no response within 5 s; rows wait' "$LAB_DIR/daemon.log"
	lab_wait 60 names_asked '127.0.0.3 db1'
	dialog answer=5 end=1 state=ended end_reason=bye ended_by=1
	lab_wait 30 in_map 0 # durable in the spool
	rings_are_read
	kill -USR1 "$NAMES"
	lab_wait 60 assert_equal bye row end_reason
	lab_wait 30 assert_equal 0 spooled cdr
	rings_are_read
}

@test "names: a daemon that waits for a name ends at once, and one that is told of another host connects to it" {
	local file=$LAB_DIR/names.conf code=0

	silent_names
	printf 'db = host=db1 user=postgres\n' >"$file"
	daemon --config "$file"
	lab_wait 30 names_asked '127.0.0.1 db1'
	printf 'db = %s\n' "$(pg_conninfo "$DB")" >"$file"
	kill -HUP "$LAB_DAEMON"
	dialog answer=5
	lab_wait 30 assert_equal none row end_reason
	kill "$LAB_DAEMON"
	wait "$LAB_DAEMON" || code=$?
	assert_equal 0 echo "$code"
	run ! names_asked '127.0.0.2 db1' # that took less than the resolver's 10 s
}

# --- readers -------------------------------------------------------------------------------------

unread() { # KIND: for the daemon behind `enter`, a reader of unread.py
	enter=(nsenter "--net=/run/netns/$(lab_ns proxy)" "$LAB_TOP/tests/e2e/unread.py" "$1" "$LAB_DIR/unread")
}

read_now() {
	kill -USR1 "$(<"$LAB_DIR/unread.pid")"
}

lines_lost() { # N: at least so many
	(($(metric log_lines_lost_total) >= $1))
}

log_unread() { # KIND: of stderr
	unread "$1"
	daemon --http "$HTTP_PORT" -v
	dialog answer=5
	lab_wait 30 assert_equal 1 spooled cdr
	lab_wait 30 lines_lost 5
	rings_are_read
	read_now
	lab_wait 30 grep -qE 'log: [0-9]+ lines lost because nobody read them' "$LAB_DIR/unread"
	lab_wait 30 grep -q 'scan: 1 dialogs' "$LAB_DIR/unread"
}

@test "log: a pipe that nobody reads holds up no ring; the log says later how many lines are lost" {
	log_unread pipe
}

@test "log: nor does a terminal" {
	log_unread terminal
}

@test "log: nor does the journal's socket" {
	log_unread journal
	grep -q '^<4>log: ' "$LAB_DIR/unread"
}

@test "manager: a service manager that reads nothing holds up no ring; it hears of the start later, and of each beat" {
	unread manager
	daemon --http "$HTTP_PORT"
	dialog answer=5
	lab_wait 30 assert_equal 1 spooled cdr
	rings_are_read
	read_now
	lab_wait 30 grep -qx 'READY=1' "$LAB_DIR/unread"
	lab_wait 30 grep -qx 'STATUS=instance .*: 1 dialogs' "$LAB_DIR/unread"
	grep -qx 'WATCHDOG=1' "$LAB_DIR/unread"
}

# --- the lock ------------------------------------------------------------------------------------

# The daemon finds the pins in a folder of its own, so that the lock there is no other test's.
own_pins() {
	local pins=$LAB_DIR/pins

	install -d "$pins/lab-$LAB_ID"
	# shellcheck disable=SC2016 # the inner shell's arguments
	enter=(nsenter "--net=/run/netns/$(lab_ns proxy)" unshare -m sh -c 'pins=$1 instance=$2 && shift 2 &&
		mount --bind "/sys/fs/bpf/cseqguard/$instance" "$pins/$instance" &&
		CSEQGUARD_PIN_ROOT=$pins exec "$@"' sh "$pins" "lab-$LAB_ID")
}

mode() {
	guard status -j | jq -r .settings.mode
}

@test "lock: held by another process it holds up no ring; the breaker sets observe mode once it is free" {
	local n held

	own_pins
	daemon --http "$HTTP_PORT" --breaker 50 --breaker-dialogs 3
	mkdir -p "$LAB_DIR/pins/+lock"
	exec {held}<"$LAB_DIR/pins/+lock" # not before: the daemon would inherit it
	flock "$held"
	lab_wait 30 eval '(($(metric sweeps_total) > 2))' # the breaker counts from the first beat on
	from_now
	for n in 1 2 3; do
		BATS_TEST_NUMBER=$((100 + n)) call=blocked-$n dialog answer=5 blocked=1 first_blocked_ms=5001
	done
	lab_wait 30 grep -q 'BREAKER: .*cannot set observe mode: .*; trying again' "$LAB_DIR/daemon.log"
	dialog answer=5
	lab_wait 30 assert_equal 4 spooled cdr
	rings_are_read
	assert_equal enforce mode
	exec {held}<&-
	lab_wait 30 assert_equal observe mode
	assert_equal 1 grep -c 'cannot set observe mode' "$LAB_DIR/daemon.log"
}
