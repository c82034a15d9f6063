#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# The records of ring `alerts` are freed once their rows are on disk, and each is counted once, whenever the
# daemon is killed. Who looks at the rings without a daemon takes nothing from them.

load lib
load daemon

setup() {
	export SPOOL=$LAB_DIR/spool-$BATS_TEST_NUMBER.db ALERTS=/sys/fs/bpf/cseqguard/lab-$LAB_ID/alerts
	enter=() followers=''
}

teardown() {
	[[ -n ${BATS_TEST_COMPLETED:-} ]] || tail -n 5 "$LAB_DIR/daemon.log" >&2
	[[ -z ${HOLDER_PID:-} ]] || spool_free
	# shellcheck disable=SC2086 # one word a process
	[[ -z $followers ]] || kill $followers 2>/dev/null || : # a daemon that has ended ends its followers
	guard_daemon_end KILL
	daemon # what is left in the rings is none of the next test's
	lab_wait 30 unread 0
	guard_daemon_end KILL
}

# BYEs with two CSeqs, of one address: ten have rows, the others are counted in one more.
violate() { # NUMBER
	lab_in caller "$LAB_TOP/tests/e2e/bad_clients.py" strangers "$1" "$LAB_PROXY"
}

recorded() { # NUMBER: so many violations are in the spool, by their counts
	assert_equal "$1" sqlite3 -cmd '.timeout 5000' -readonly "$SPOOL" 'SELECT coalesce(sum(count), 0) FROM violation'
}

unread() { # NUMBER: bytes of the ring that are not free
	assert_equal "$1" "$LAB_TOP/tests/e2e/ring.py" "$ALERTS" used
}

follow() { # FILE: the events as they come; returns when they do
	guard_command events -f -j
	"${command[@]}" >"$1" 2>"$1.err" 3>&- &
	followers+=" $!"
}

guard_command() { # VERB [OPTION]...: sets `command`, which has no shell above it
	command=(env "CSEQGUARD_RUN_DIR=$LAB_DIR/run" "$LAB_OUT/cseqguard" "$1" --instance "lab-$LAB_ID"
		-n "$(lab_ns proxy)" "${@:2}")
}

seen() { # FILE NUMBER: so many violations
	assert_equal "$2" eval "grep -c '\"violation\"' '$1'"
}

@test "alerts: kill -9 between an alert and its commit loses no violation, and counts none twice" {
	daemon
	follow "$BATS_TEST_TMPDIR/events"
	lab_wait 30 listeners 1
	spool_held
	violate 60
	lab_wait 30 seen "$BATS_TEST_TMPDIR/events" 60 # the daemon has them
	recorded 0
	guard_daemon_end KILL
	spool_free
	daemon
	lab_wait 30 recorded 60
	lab_wait 30 unread 0
	assert_equal 11 spooled violation
}

@test "alerts: kill -9 between the commit and the release counts no violation twice" {
	local bytes

	violate 30
	bytes=$("$LAB_TOP/tests/e2e/ring.py" "$ALERTS" used)
	daemon
	lab_wait 30 recorded 30
	violate 30 # all of them are counted in a row that is there
	lab_wait 30 recorded 60
	lab_wait 30 unread 0
	guard_daemon_end KILL
	"$LAB_TOP/tests/e2e/ring.py" "$ALERTS" rewind "$bytes" # as if these had not been freed
	run ! unread 0
	daemon
	lab_wait 30 unread 0
	violate 5 # a commit that follows whatever the ring had
	lab_wait 30 recorded 65
	lab_wait 30 unread 0
	recorded 65
}

@test "alerts: while another writer holds the spool, records wait in the ring; then all are there" {
	daemon
	spool_held
	violate 40
	run ! unread 0
	recorded 0
	violate 40
	spool_free
	lab_wait 30 recorded 80
	lab_wait 30 unread 0
}

@test "events: without a daemon it shows the events and takes none" {
	local first

	violate 3
	first=$(guard events -j)
	assert_equal 3 grep -c '"violation"' <<<"$first"
	assert_equal "$first" guard events -j
	daemon
	lab_wait 30 recorded 3
	lab_wait 30 unread 0
}

@test "events: -f before the daemon's start does not keep it from starting, and shows what comes then" {
	follow "$BATS_TEST_TMPDIR/events"
	violate 3
	lab_wait 30 seen "$BATS_TEST_TMPDIR/events" 3
	daemon
	lab_wait 30 recorded 3
	lab_wait 30 unread 0
	violate 4
	lab_wait 30 seen "$BATS_TEST_TMPDIR/events" 7
	lab_wait 30 recorded 7
	assert_equal '' cat "$BATS_TEST_TMPDIR/events.err"
}

@test "detached: without a daemon detach -a stores the violations that nobody has read, and each once" {
	local bytes

	violate 30
	bytes=$("$LAB_TOP/tests/e2e/ring.py" "$ALERTS" used)
	daemon
	lab_wait 30 recorded 30
	lab_wait 30 unread 0
	guard_daemon_end KILL
	violate 30
	"$LAB_TOP/tests/e2e/ring.py" "$ALERTS" rewind "$bytes" # as if the first 30 had not been freed
	CSEQGUARD_CONFIG='' guard detach -a
	recorded 60
	guard_up
}
