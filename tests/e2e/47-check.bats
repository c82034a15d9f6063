#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# check: each state that it reports is brought about, with its near miss beside it.

bats_require_minimum_version 1.5.0
load lib
load doctor

FIGURE="[a-z_]+=[0-9]+(\.[0-9]+)?(%|s|c|B)?(;[-0-9.:~@]*){0,4}"

check() { # CODE WORD REGEX [ARGUMENT]...: one line, well made, on stdout
	run "-$1" --separate-stderr cg check --spool "$SPOOL" "${@:4}"
	[[ ${#lines[@]} == 1 && -z $stderr ]]
	grep -qE "^CSEQGUARD $2 - [^|]*$3" <<<"$output" || { echo "no '$2 - $3'" && false; }
	[[ $output != *'|'* ]] || grep -qE "^CSEQGUARD [A-Z]+ - [^|]+ \| $FIGURE( $FIGURE)*$" <<<"$output"
}

figure() { # LABEL: what stands behind it
	grep -oE "(^| )$1=[^ ]+" <<<"$output" | cut -d= -f2
}

@test "check: OK prints figures that a monitor can read" {
	cg attach in0
	daemon
	calls 3 a
	check 0 OK 'dialogs 0 % full, pending 0 % full, branches 0 % full, mode enforce, 1 interfaces guarded, daemon runs'
	assert_equal '1;;;0' figure interfaces
	assert_equal '0%;80;95;0;100' figure dialogs
	assert_equal 3c figure byes_passed
	assert_equal 0c figure events_lost
	run -0 cg check --spool "$SPOOL" -j
	assert_equal 'OK 0 3' jq -r '"\(.state) \(.exit) \(.perfdata.byes_passed.value)"' <<<"$output"
}

@test "check: reports no instance, no daemon, and a daemon that hangs" {
	check 2 CRITICAL "instance $CSEQGUARD_INSTANCE is not attached"
	cg attach in0
	daemon
	daemon_end
	check 2 CRITICAL 'daemon does not run'
	rm "$CSEQGUARD_RUN_DIR/$CSEQGUARD_INSTANCE.sock"
	provoke hang "$CSEQGUARD_RUN_DIR/$CSEQGUARD_INSTANCE.sock"
	lab_wait 10 test -S "$CSEQGUARD_RUN_DIR/$CSEQGUARD_INSTANCE.sock"
	check 2 CRITICAL 'daemon hangs'
}

@test "check: compares the mode with the expected one, and reports the breaker" {
	cg attach --mode observe in0
	daemon
	check 1 WARNING 'mode observe, expected enforce'
	check 0 OK 'mode observe' --expect observe
	cg set mode=enforce
	check 0 OK 'mode enforce'
	check 1 WARNING 'mode enforce, expected observe' --expect observe
	cg set mode=observe
	printf 'BYEs of 3 | among 3' >"$CSEQGUARD_RUN_DIR/$CSEQGUARD_INSTANCE.breaker"
	check 2 CRITICAL 'the breaker fell back to observe mode: BYEs of 3 / among 3' --expect observe
}

@test "check: compares how full the maps are with ranges" {
	cg attach --max-dialogs 10 in0
	daemon
	calls 5 a open
	check 0 OK 'dialogs 50 % full'
	assert_equal '50%;80;95;0;100' figure dialogs
	check 1 WARNING 'dialogs 50 % full' -w 40
	assert_equal '50%;40;95;0;100' figure dialogs
	check 2 CRITICAL 'dialogs 50 % full' -w 40 -c 45
	check 0 OK 'dialogs 50 % full' -w 50 -c 60
	check 2 CRITICAL 'dialogs 50 % full' -c @40:60
	assert_equal '50%;80;@40:60;0;100' figure dialogs
	check 0 OK 'dialogs 50 % full' -w @51:60
}

@test "check: reports losses since the last check, or since attach at the first" {
	cg attach --max-dialogs 2 --share 0 --ring-bytes 4096 in0
	check 2 CRITICAL 'daemon does not run'
	daemon --sweep 1h
	check 0 OK 'dialogs'
	calls 4 a open
	check 2 CRITICAL '[0-9]+ calls unguarded since the last check'
	[[ $(figure unguarded) != 0c ]]
	check 2 CRITICAL 'dialogs 100 % full'
	[[ $output != *'since the last check'* ]]
	rm "$CSEQGUARD_RUN_DIR/check/$CSEQGUARD_INSTANCE.check-0"
	check 2 CRITICAL '[0-9]+ calls unguarded since the attach'
	cg detach -a
	cg attach --max-dialogs 2 --share 0 in0
	calls 9 b open # more than before
	check 2 CRITICAL '[0-9]+ calls unguarded since the attach'
}

@test "check: a note that is wrong, or no file, neither raises an alarm nor holds up the check" {
	local note=$CSEQGUARD_RUN_DIR/check/$CSEQGUARD_INSTANCE.check-$EUID
	cg attach in0
	daemon
	check 0 OK 'dialogs'
	sed -i -z 's/ 0 0 0/ 7 7 7/' "$note"
	check 0 OK 'dialogs'
	rm "$note"
	mkfifo "$note"
	run -0 timeout 60 "$LAB_OUT/cseqguard" -n "$HOST" check --spool "$SPOOL"
	rm "$note"
}

@test "check: reports an interface that is gone and a tc filter that was removed" {
	cg attach in0
	daemon
	tc -n "$HOST" filter del dev in0 egress
	check 2 CRITICAL 'in0 has lost its tc egress filter'
	ip -n "$HOST" link del in0
	check 2 CRITICAL 'no interface is guarded, interface in0 does not exist any more'
}

@test "check: reports rows that wait for PostgreSQL by the age of the oldest" {
	local now=$EPOCHSECONDS
	cg attach in0
	daemon
	check 0 OK 'daemon runs'
	[[ -z $(figure spool_age) ]] # the spool is the store
	assert_equal '0;;;0' figure spool_rows
	check 0 OK 'no row waits' --db "host=$LAB_DIR/none"
	sqlite3 "$SPOOL" "INSERT INTO violation (step, at, node, seq) VALUES (1, ($now - 400) * 1000000, 'a', 1)"
	check 1 WARNING '1 rows wait, the oldest for 4[0-9][0-9] s' --db "host=$LAB_DIR/none"
	[[ $(figure spool_age) =~ ^4[0-9][0-9]s\;300\;3600\;0$ ]]
	check 2 CRITICAL '1 rows wait' --db "host=$LAB_DIR/none" --spool-critical 350
	check 0 OK '1 rows wait' --db "host=$LAB_DIR/none" --spool-warning 1000
	sqlite3 "$SPOOL" "INSERT INTO cdr (step, setup_time, call_uid, node, end_time)
		VALUES (2, 1, 'a', 'a', ($now - 5000) * 1000000), (3, 2, 'a', 'a', NULL)"
	check 2 CRITICAL '3 rows wait, the oldest for 50[0-9][0-9] s' --db "host=$LAB_DIR/none"
	check 0 OK 'daemon runs'
}

@test "check: what it cannot find out is UNKNOWN, and so is wrong use" {
	check 3 UNKNOWN "invalid value 'x' for warning: expected a range" -w x
	check 3 UNKNOWN "unknown option '--bogus'" --bogus
	run -3 --separate-stderr "$LAB_OUT/cseqguard" check -n "nix-$ID"
	[[ $output == "CSEQGUARD UNKNOWN - network namespace nix-$ID: no such namespace"* && -z $stderr ]]
	cg attach in0
	daemon
	check 3 UNKNOWN 'spool .*none.db: ' --spool "$LAB_DIR/none.db"
	run -3 in_host setpriv --reuid 65534 --regid 65534 --clear-groups "$LAB_OUT/cseqguard" check
	[[ $output == 'CSEQGUARD UNKNOWN - instance '*'no permission'* ]]
	rm "$PINS/config"
	bpftool map create "$PINS/config" type array key 4 value 112 entries 1 name config
	check 3 UNKNOWN 'of another layout'
}
