#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
# bats file_tags=emulated
#
# The package's units under a real systemd, in Debian's own kernel: vm/boot boots it, vm/guest checks.

load lib
load package

setup_file() {
	local code=0

	export CONSOLE=$BATS_FILE_TMPDIR/console
	package_make "$BATS_FILE_TMPDIR" >"$BATS_FILE_TMPDIR/make.log" 2>&1 || {
		cat "$BATS_FILE_TMPDIR/make.log" >&2
		return 1
	}
	"$LAB_TOP/tests/e2e/vm/boot" "$(grep -v dbgsym "$BATS_FILE_TMPDIR/make.log")" >"$CONSOLE" 2>&1 || code=$?
	export CODE=$code
}

setup() {
	[[ $CODE != 125 ]] || skip "$(tail -n 1 "$CONSOLE")"
}

teardown() { :; }

teardown_file() { :; }

said() { # WHAT...: each was looked at, and found so
	local what

	for what; do
		grep -qx "ok $what" "$CONSOLE" && continue
		echo "not said: $what; the console:" >&2
		tail -n 150 "$CONSOLE" >&2
		return 1
	done
}

@test "systemd: both units come up, the daemon after the guard" {
	said 'both units are up' 'the daemon came after the guard: one start was enough'
}

@test "systemd: the daemon is a user of its own without capabilities, behind a bpffs of root's alone" {
	said "bpffs is root's alone" 'the daemon is a user of its own' 'it has no capability' \
		'its system calls are filtered'
}

@test "systemd: so confined it reads settings, maps and rings, and writes its spool" {
	said 'its settings and attach.conf were read; it says what it does' \
		'it reads the rings and writes the spool' 'it looks for its database over the network'
}

@test "systemd: a reload is answered; a file with an error fails it and stops nothing" {
	said 'it is told to read its settings again' '... and does' 'a file with an error fails the reload' \
		'... the line and what was meant are in the journal' '... and the daemon runs on'
}

@test "systemd: lines in the journal have their priority" {
	said 'journalctl -p finds what needs somebody' '... and nothing else'
}

@test "systemd: doctor and check on this kernel, behind a bpffs of root's alone" {
	said 'doctor finds the guard, and its database away' 'doctor says what this kernel does not tell' \
		"doctor finds the spool of the daemon's user writable" "check reads the daemon's file"
}

@test "systemd: a daemon that hangs is started again" {
	said 'a daemon that hangs is started again' '... and is up'
}

@test "systemd: stopping a unit detaches its interface alone; starting and reloading attach it" {
	said 'stopped, an interface is detached, the maps stay' 'a daemon needs no interface' \
		'started, it is guarded again' 'it can be reloaded'
}

@test "systemd: a second instance guards another network namespace, with a daemon of its own" {
	said 'a second instance is up, with its daemon' '... which knows the interfaces of its network namespace' \
		'... and reads its own section again' '... in which an error fails the reload' \
		'... but not that of the other daemon' 'detached, its daemon leaves'
}

@test "systemd: a unit goes and comes with its interface" {
	said 'an interface that goes takes its unit along' '... and one that comes brings it'
}

@test "systemd: settings survive an interface that goes and comes, and maps that are made again" {
	said '... in the mode that was set, whatever attach.conf says' \
		'the daemon leaves without maps' 'made again, the guard has the mode that was set' '... and its daemon'
}

@test "systemd: a daemon whose instance is removed comes back with the next" {
	said 'all detached, the daemon leaves, and is not started for nothing' '... and comes back with the guard'
}

@test "systemd: an upgrade of the package starts the daemon again, under new programs, and detaches nothing" {
	said 'upgraded, the daemon is another' '... and is up' 'its programs are others' 'no unit was stopped'
}

@test "systemd: a removal ends the daemon and detaches" {
	said 'removed, the daemon is ended' 'the unit of the interface, too' 'nothing is attached'
}

@test "systemd: no check of the guest has failed, and it came to its end" {
	run ! grep '^not ok' "$CONSOLE"
	grep -qx end "$CONSOLE"
}
