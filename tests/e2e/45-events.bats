#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# What an operator reads: the ladder of a call, events, tables and colours that fit a terminal, and the same in
# a pipe.

bats_require_minimum_version 1.5.0
load lib

setup_file() {
	proxy_lab
	export MAP=/sys/fs/bpf/cseqguard/lab-$LAB_ID/dialogs
	export LC_ALL=C.UTF-8
}

# --- a terminal ----------------------------------------------------------------------------------

# What a terminal of so many columns is sent, lines ended by LF.
terminal() { # COLUMNS VERB [ARGUMENT]...
	local columns=$1 command
	shift
	printf -v command '%q ' "$LAB_OUT/cseqguard" "$1" --instance "lab-$LAB_ID" -n "$(lab_ns proxy)" "${@:2}"
	CSEQGUARD_RUN_DIR=$LAB_DIR/run TERM=${TERM_IS:-xterm} script -qefc "stty cols $columns; $command" /dev/null \
		</dev/null 3>&- | tr -d '\r'
}

plain() { # without colour
	sed $'s/\033\\[[0-9;]*m//g'
}

fits() { # COLUMNS <TEXT: no line is longer, none has a control character
	python3 -c 'import sys
lines = sys.stdin.read().split("\n")
bad = [l for l in lines if len(l) > int(sys.argv[1]) or any(ord(c) < 32 or ord(c) == 127 for c in l)]
print("\n".join(map(repr, bad)), file=sys.stderr)
sys.exit(bool(bad))' "$1"
}

ESC=$'\033'

# --- the ladder ----------------------------------------------------------------------------------

steps() { # JQ-EXPRESSION over each step of the call's ladders
	guard ladder "$call" -j | jq -r ".[].steps[] | $1"
}

attacked() { # the attack of 2008 on a call that has ended
	gateway < <(uas_call; sip_serve BYE 200 OK)
	caller < <(uac_call 13; sip_pause 200; uac_request BYE 10; sip_pause 700; bye 14)
	call_ends
	cdr_true bye caller gateway
}

@test "ladder: the attack of 2008, message by message, and what would have passed" {
	attacked
	assert_equal "INVITE - 13 caller>callee 13 - none -
INVITE 200 13 callee>caller 13 - none -
BYE - 10 caller>guard 13 - refused 14
BYE - 14 caller>callee 14 - none -
BYE 200 14 callee>caller 14 - none -" steps '"\(.method) \(.sip_code // "-") \(.cseq) \(.from)>\(.to) \(.caller_cseq
		// "-") \(.callee_cseq // "-") \(.mark) \(.expected_cseq // "-")"'
	run -0 guard ladder "$call"
	[[ $output != *$ESC* ]]
	fits 80 <<<"$output"
	grep -q "^call-id  *$call\$" <<<"$output"
	grep -qE '^  *[0-9.]+ +13 \|-* BYE 10 -*>X out_of_order, expected 14 +\| +-$' <<<"$output"
	grep -qE '^  *[0-9.]+ +14 \|-* BYE 14 -*\+-*>\| +-$' <<<"$output"
	grep -qE '^  *[0-9.]+ +14 \|<-*\+-* 200 \(BYE 14\) -*\| +-$' <<<"$output"
	grep -qE "^ *seconds +CSeq $LAB_CALLER:5060 +guard +$LAB_GATEWAY:5060 +CSeq\$" <<<"$output"
}

@test "ladder: on a terminal what was refused is red, unless NO_COLOR or TERM forbid it" {
	attacked
	run -0 terminal 80 ladder "$call"
	[[ $(grep -c "${ESC}\[31m" <<<"$output") == 2 ]] # that row, and how many were blocked
	grep "${ESC}\[31m" <<<"$output" | grep -q 'BYE 10 .*X out_of_order'
	plain <<<"$output" | fits 80
	NO_COLOR=1 run -0 terminal 80 ladder "$call"
	fits 80 <<<"$output"
	grep -q 'BYE 10 .*X out_of_order' <<<"$output"
	NO_COLOR='' run -0 terminal 80 ladder "$call" # empty is as good as none: no-color.org
	[[ $output == *$ESC* ]]
	TERM_IS=dumb run -0 terminal 80 ladder "$call"
	fits 80 <<<"$output"
}

@test "ladder: in-dialog requests raise the counter of their own leg" {
	gateway < <(uas_call; sip_serve INFO 200 OK; sip_serve BYE 200 OK)
	caller < <(uac_call 13; sip_pause 200; uac_request INFO 20; uac_expect 200; sip_pause 300
		uac_request BYE 15; sip_pause 500; bye 21)
	call_ends
	cdr_true bye caller gateway
	assert_equal "INFO 20 20 none null
BYE 15 20 refused 21
BYE 21 21 none null" steps 'select(.sip_code == null and .method != "INVITE")
		| "\(.method) \(.cseq) \(.caller_cseq) \(.mark) \(.expected_cseq)"'
}

@test "ladder: what observe mode lets pass is marked, not refused" {
	guard set mode=observe
	gateway < <(uas_call; sip_serve BYE 500 'Out of Order'; sip_serve BYE 200 OK)
	caller < <(uac_call 13; sip_pause 200; uac_request BYE 10; uac_expect 500; sip_pause 300; bye 14)
	call_ends
	guard set mode=enforce
	cdr_true bye caller gateway
	assert_equal "10 callee would_refuse out_of_order 13
10 callee none bye 13" steps 'select(.method == "BYE" and .cseq == 10 and .sip_code == null)
		| "\(.cseq) \(.to) \(.mark) \(.reason) \(.caller_cseq)"'
	run -0 guard ladder "$call"
	fits 80 <<<"$output"
	[[ $output == *'would refuse: out_of_order, expected 14'* ]]
}

dialog() { # NUMBER [FIELD=VALUE]...
	"$LAB_TOP/tests/e2e/dialog.py" "$MAP" "$1" "call_id=$call" "${@:2}"
}

@test "ladder: shows each dialog of a Call-ID; without a daemon only what the map has" {
	guard_daemon_end TERM
	dialog 1 answer=60 from_tag=first
	dialog 2 answer=50 from_tag=second blocked=3 state=ended end=1 end_reason=bye ended_by=2
	run -0 --separate-stderr guard ladder "$call"
	[[ ${#stderr_lines[@]} == 1 && $stderr == *"cseqguardd, which remembers messages, is not running"*"start cseqguardd"* ]]
	assert_equal $'first\nsecond' awk '$1 == "from-tag" { print $2 }' <<<"$output"
	grep -qE '^end +bye by callee after 49\.' <<<"$output"
	fits 80 <<<"$output"
	run -1 --separate-stderr guard ladder no-such-call
	[[ -z $output && ${#stderr_lines[@]} == 1 && $stderr == *"no-such-call"*"cseqguard dialogs"* ]]
	guard_daemon "$CDRS"
	run -1 --separate-stderr guard ladder no-such-call
	[[ -z $output && ${#stderr_lines[@]} == 1 && $stderr == *"no-such-call"*"remembers"* ]]
	run -1 --separate-stderr guard ladder -j no-such-call
	jq -e '.error | contains("no-such-call")' <<<"$stderr"
	run -2 guard ladder
	run -2 guard ladder one two
	run -1 guard ladder "${ESC}[31m"
	[[ $output != *$ESC* ]]
}

@test "ladder: a flood against one call is bounded and keeps the call's beginning and end" {
	gateway < <(uas_call; sip_serve BYE 200 OK)
	caller < <(uac_call 5000; sip_pause 3000; bye 5001)
	cdr_open
	sed -n '/^ACK /,/^\r*$/p' "$LAB_DIR/caller.msg" | tr -d '\r' |
		sed -e 's/^ACK/BYE/' -e 's/^CSeq: .*/CSeq: 10 BYE/' |
		lab_in third "$LAB_TOP/tests/e2e/bad_clients.py" flood "$call" 300 "$LAB_PROXY"
	lab_in third "$LAB_TOP/tests/e2e/bad_clients.py" strangers 200 "$LAB_PROXY"
	call_ends
	cdr_true bye caller gateway
	eventually 300 cdr blocked_byes
	assert_equal "12 288 INVITE BYE" eval 'guard ladder "$call" -j | jq -r ".[0] |
		\"\([.steps[] | select(.mark == \"refused\")] | length) \(.left_out) \(.steps[0].method) \(.steps[-1].method)\""'
	assert_equal "1 2 3 4 5 6 295 296 297 298 299 300" eval "steps 'select(.mark == \"refused\") | .cseq' | xargs"
	guard ladder "$call" | tee >(grep -q '288 more in between') | fits 80
}

@test "ladder: clients that do not read, or send nonsense, delay nobody else" {
	local line answered
	# 60 dialogs that no map has, of one Call-ID: more than a socket holds
	lab_in proxy "$LAB_TOP/tests/e2e/bad_clients.py" invite "$call" "$LAB_GATEWAY"
	lab_in third "$LAB_TOP/tests/e2e/bad_clients.py" forged "$call" 60 "$LAB_PROXY"
	eventually "60 forged_2xx" eval 'guard ladder "$call" -j | jq -r ".[].steps[].reason" | sort | uniq -c | xargs'
	coproc RUDE { exec "$LAB_TOP/tests/e2e/bad_clients.py" rude "$LAB_DIR/run/lab-$LAB_ID.sock" "$call" 3>&-; }
	answered=${RUDE[0]}
	read -rt 20 -u "$answered" line
	[[ $line == "7 of 7" ]]
	call=2-$call
	attacked
	assert_equal 5 eval "steps .method | wc -l"
	eval "exec ${RUDE[1]}>&-"
	read -rt 20 -u "$answered" line
	[[ $line == 61 ]] # and the end
}

# --- events --------------------------------------------------------------------------------------

# Events of this test's follower are in FILE; there it waits for more.
follow() { # FILE [OPTION]...
	CSEQGUARD_RUN_DIR=$LAB_DIR/run "$LAB_OUT/cseqguard" events -f --instance "lab-$LAB_ID" -n "$(lab_ns proxy)" \
		"${@:2}" >"$LAB_DIR/$1" 3>&- &
	followers+=" $!"
}

connected() { # NUMBER: listeners
	[[ $(lab_in proxy grep -c " 0005 03 .* $LAB_DIR/run/lab-$LAB_ID.sock" /proc/net/unix) == "$1" ]]
}

@test "events: filters by reason, source and Call-ID; one line an event and no colour in a pipe" {
	local followers=
	follow all
	follow reason --reason out_of_order,closed
	follow source --source "$LAB_GATEWAY/32"
	follow elsewhere --source 192.0.2.0/24
	follow call --call-id "${call:0:8}" -j
	follow other --call-id other --reason out_of_order
	lab_wait 10 connected 6
	attacked
	lab_wait 10 grep -q " end closed .*$call\$" "$LAB_DIR/all"
	lab_wait 10 grep -q 'out_of_order' "$LAB_DIR/reason"
	# shellcheck disable=SC2086 # one word a process
	kill $followers
	assert_equal $'bye\nend\nstart\nviolation' eval "grep -o ' [a-z]* ' '$LAB_DIR/all' | grep -owE 'bye|end|start|violation' | sort -u"
	assert_equal "closed out_of_order" eval "awk '{ print \$3 }' '$LAB_DIR/reason' | sort | xargs"
	assert_equal "end start" eval "awk '{ print \$2 }' '$LAB_DIR/source' | sort | xargs"
	[[ ! -s $LAB_DIR/elsewhere && ! -s $LAB_DIR/other ]]
	assert_equal 4 eval "jq -r .event '$LAB_DIR/call' | wc -l"
	run ! grep -q "$ESC" "$LAB_DIR/all"
}

@test "events: print the expected CSeq only where the order decided" {
	local followers=
	follow text --reason out_of_order,refused
	follow json --reason out_of_order,refused -j
	lab_wait 10 connected 2
	guard set mode=observe
	gateway < <(uas_call; uas_ordered_bye)
	caller < <(uac_call 13; sip_pause 200; uac_request BYE 10; uac_expect 500; sip_pause 200; bye 14)
	call_ends
	guard set mode=enforce
	lab_wait 10 grep -q ' violation refused ' "$LAB_DIR/text"
	lab_wait 10 grep -q '"violation","reason":"refused"' "$LAB_DIR/json"
	lab_wait 10 grep -q ' violation out_of_order ' "$LAB_DIR/text"
	lab_wait 10 grep -q '"violation","reason":"out_of_order"' "$LAB_DIR/json"
	# shellcheck disable=SC2086 # one word a process
	kill $followers
	assert_equal 'expected 14' grep -o 'expected [0-9]*' "$LAB_DIR/text"
	assert_equal $'out_of_order 14\nrefused null' eval "jq -r 'select(.event == \"violation\")
		| \"\(.reason) \(.expected_cseq)\"' '$LAB_DIR/json' | sort"
}

@test "events: an unknown reason is answered with the nearest one" {
	run -2 guard events --reason out_of_oder
	[[ ${#lines[@]} == 1 && $output == *"'out_of_oder'"*"did you mean out_of_order?" ]]
	run -2 guard events --reason out_of_order,
	run -2 guard events --reason "$(printf 'x%.0s' {1..200})"
	run -2 guard events --source 10.0.0.1/8
	[[ $output == *"10.0.0.1/8"* ]]
	run -2 guard attach --source 10.0.0.0/8 caller0 # there it is a policy
	[[ $output == *"observe or strict"* ]]
	run -2 guard status --source strict
}

@test "events: are in colour on a terminal, and fit its width" {
	local pid
	CSEQGUARD_RUN_DIR=$LAB_DIR/run TERM=xterm script -qefc "stty cols 80; exec '$LAB_OUT/cseqguard' events -f \
		--instance 'lab-$LAB_ID' -n '$(lab_ns proxy)'" "$LAB_DIR/typed" >/dev/null </dev/null 3>&- &
	pid=$!
	lab_wait 10 connected 1
	attacked
	lab_wait 10 grep -q 'out_of_order' "$LAB_DIR/typed"
	pkill -P "$pid"
	wait "$pid" || :
	grep -q "${ESC}\[31mX out_of_order .* BYE 10 $LAB_CALLER $call" "$LAB_DIR/typed"
	grep -v '^Script ' "$LAB_DIR/typed" | tr -d '\r' | plain | fits 80
}

# --- tables --------------------------------------------------------------------------------------

@test "tables: are cut to a terminal and whole in a pipe, with a caller's bytes escaped in both" {
	local long
	long=${ESC}[31m-$(printf 'x%.0s' {1..90})
	guard_daemon_end TERM # which would tell of it
	call=$long dialog 7 answer=60 blocked=2 "from_tag=${ESC}[2J"
	run -0 guard dialogs
	fits 1000 <<<"$output"
	grep -q "^confirmed .* 192.0.2.1:5061 13 .* 2  *[a-z-]*  *[a-z-]*  *-  *"'\\x1b\[31m-x\{90\}$' <<<"$output"
	for width in 80 110 200; do
		run -0 terminal "$width" dialogs
		plain <<<"$output" | fits "$width"
		plain <<<"$output" | grep -q '^confirmed .*192.0.2.1.* 2  *\([a-z-]*  *\)*\\x1b\[31m-x'
	done
	[[ $output == *"${ESC}[31m"* ]] # a row with a blocked BYE
	NO_COLOR=1 run -0 terminal 80 dialogs
	fits 80 <<<"$output"
	run -0 terminal 80 stats --all
	fits 80 <<<"$output"
	run -0 guard stats --all
	grep -qE '^out_of_order +[0-9]+ +[0-9]+ BYE below the leg.s CSeq$' <<<"$output"
	guard_daemon "$CDRS"
}

@test "tables: cdr fits 80 columns, and is whole in a pipe" {
	local spool=$LAB_DIR/own.db
	guard_daemon_end TERM
	CSEQGUARD_RUN_DIR=$LAB_DIR/run "$LAB_OUT/cseqguardd" --instance "lab-$LAB_ID" --node lab --spool "$spool" \
		>>"$LAB_DIR/daemon.log" 2>&1 </dev/null 3>&- &
	LAB_DAEMON=$!
	dialog 8 answer=60 blocked=2
	eventually "$call" eval "guard cdr -j --spool '$spool' | jq -r '.[] | select(.call_id == \"$call\") | .call_id'"
	guard cdr --spool "$spool" | grep -qE " none .* 2 sip:alice@example.org .*[0-9a-f-]{36} +$call\$"
	run -0 terminal 80 cdr --spool "$spool"
	plain <<<"$output" | fits 80
	plain <<<"$output" | grep -q ' alice@'
	guard_daemon_end TERM
	guard_daemon "$CDRS"
}

# --- progress ------------------------------------------------------------------------------------

@test "progress: is shown on a terminal alone, and removed at the end" {
	run -0 terminal 80 upgrade
	[[ $output == *"verifier"*"upgrade: "*"${ESC}[K" ]]
	run -0 --separate-stderr guard upgrade
	[[ -z $output && -z $stderr ]]
	TERM_IS=dumb run -0 terminal 80 upgrade
	[[ -z $output ]]
}

# --- many ----------------------------------------------------------------------------------------

@test "tables: more rows than are laid out at once have one heading and one width" {
	guard_daemon_end TERM
	map_clear # a longer line of another test's call among the last rows would widen its column
	"$LAB_OUT/tests/bench/calls" "lab-$LAB_ID" 5000 many open
	run -0 guard dialogs
	assert_equal 1 grep -c ^STATE <<<"$output"
	assert_equal 5000 grep -c '^confirmed .*-many@' <<<"$output"
	assert_equal 1 eval 'grep -e -many@ <<<"$output" | awk "{ print length }" | sort -u | wc -l'
	assert_equal 5000 eval 'guard dialogs -j | jq "[.[] | select(.call_id | contains(\"-many@\"))] | length"'
}

# PostgreSQL takes nothing while this holds the table.
hold_table() {
	local held=$BATS_TEST_TMPDIR/held

	mkfifo "$held"
	psql -XAtq -d "$(pg_conninfo "$CDRS")" <"$held" >"$held.out" 2>&1 3>&- &
	HOLDER=$!
	exec {hold}>"$held"
	echo 'BEGIN; LOCK TABLE cseqguard.cdr IN ACCESS EXCLUSIVE MODE; SELECT 1;' >&"$hold"
	lab_wait 10 grep -q 1 "$held.out"
}

release_table() {
	exec {hold}>&-
	wait "$HOLDER"
}

wiped() { # the last that the terminal was sent
	[[ $(tail -c 4 "$LAB_DIR/drain") == $'\r'"${ESC}[K" ]]
}

@test "progress: the daemon's terminal shows rows on their way to PostgreSQL, until they are there" {
	local pid

	guard_daemon_end TERM
	CSEQGUARD_RUN_DIR=$LAB_DIR/run TERM=xterm script -qfc "stty cols 80; exec '$LAB_OUT/cseqguardd' --instance 'lab-$LAB_ID' \
		--netns '$(lab_ns proxy)' --node lab --db '$(pg_conninfo "$CDRS")' --spool '$LAB_DIR/drain.db'" \
		"$LAB_DIR/drain" >/dev/null </dev/null 3>&- &
	pid=$!
	lab_wait 10 grep -q 'database: connected' "$LAB_DIR/drain"
	hold_table
	"$LAB_OUT/tests/bench/calls" "lab-$LAB_ID" 3000 drain open
	lab_wait 10 grep -qE 'rows to send to PostgreSQL: [1-9][0-9]{3}' "$LAB_DIR/drain"
	release_table
	eventually 3000 sql "$CDRS" "SELECT count(*) FROM cseqguard.cdr WHERE call_id LIKE '%-drain@%'"
	lab_wait 5 wiped
	pkill -TERM -P "$pid"
	wait "$pid" || :
}
