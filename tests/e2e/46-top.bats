#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# top on a terminal (tmux), in a pipe and as JSON. Offenders are packets on the wire, lists are dialogs put into
# the map.

bats_require_minimum_version 1.5.0

load lib
load daemon
load operator
load terminal

setup_file() {
	export LAB_MEMORY=64
	proxy_lab
	quick_daemon --spool "$LAB_DIR/spool.db"
	export CSEQGUARD_RUN_DIR=$LAB_DIR/run CSEQGUARD_CONFIG=
	export MAP=/sys/fs/bpf/cseqguard/lab-$LAB_ID/dialogs
}

setup() {
	call=$BATS_TEST_NUMBER@lab-$LAB_ID
	TOP=("$LAB_OUT/cseqguard" top --instance "lab-$LAB_ID" -n "$(lab_ns proxy)" --spool "$LAB_DIR/spool.db")
}

teardown() {
	[[ -n ${BATS_TEST_COMPLETED:-} ]] || terminal_shows >&2 || :
	terminal_end
	[[ -z ${TOP_PID:-} ]] || kill "$TOP_PID" 2>/dev/null || :
	sip_over
	map_clear
}

dialogs() { # three: who is first depends on the order; by age 1, 2, 3
	"$LAB_TOP/tests/e2e/dialog.py" "$MAP" 1 call_id=one answer=300 blocked=2
	"$LAB_TOP/tests/e2e/dialog.py" "$MAP" 2 call_id=two answer=200 blocked=7
	"$LAB_TOP/tests/e2e/dialog.py" "$MAP" 3 call_id=three answer=100
}

order() { # the Call-IDs on the screen, in its order
	terminal_shows | sed -nE 's/^confirmed .* (one|two|three)$/\1/p' | xargs
}

other_than() { # TEXT COMMAND...
	[[ $("${@:2}") != "$1" ]]
}

title() {
	terminal_shows | head -n 1
}

refreshed() { # twice: all that is shown was read after this began
	lab_wait 10 other_than "$(title)" title
	lab_wait 10 other_than "$(title)" title
}

top_in_background() { # [SECONDS]: one JSON text a refresh goes to LAB_DIR/top.json
	"${TOP[@]}" -j -d "${1:-0.2}" >"$LAB_DIR/top.json" 3>&- &
	TOP_PID=$!
	lab_wait 10 grep -q '}$' "$LAB_DIR/top.json"
}

last() { # JQ-EXPRESSION: over the last whole line
	sed -n '$!p' "$LAB_DIR/top.json" | tail -n 1 | jq -r "$1"
}

# --- batch mode ----------------------------------------------------------------------------------

@test "top: -b prints plain text for a pipe, as often as -n says" {
	dialogs
	run --separate-stderr "${TOP[@]}" -b --count 2 -d 0.2
	[[ $status == 0 && -z $stderr && $output != *$'\e'* ]]
	assert_equal 2 grep -c '^cseqguard .* enforce  daemon runs  lab-' <<<"$output"
	assert_equal 2 grep -c '^calls      3 live, 0 ended  starts [-0]' <<<"$output"
	assert_equal 2 grep -c '^interfaces caller0 native, gateway0 native, third0 native$' <<<"$output"
	assert_equal 2 grep -c '^confirmed 00:05:.. .* 2 192.0.2.1 .*sip:alice@example.org .*13/1 .*one$' <<<"$output"
}

@test "top: -j prints one JSON text a refresh, with rates from the second on" {
	dialogs
	"${TOP[@]}" -j --count 3 -d 0.2 >"$LAB_DIR/top.json"
	assert_equal 3 wc -l <"$LAB_DIR/top.json"
	assert_equal "lab-$LAB_ID enforce true 3 0" jq -rs \
		'.[2] | "\(.instance) \(.mode) \(.daemon) \(.calls.live) \(.calls.ended)"' "$LAB_DIR/top.json"
	assert_equal '[null,0,0]' jq -cs 'map(.calls.starts_per_second)' "$LAB_DIR/top.json"
	assert_equal '[null,0,0]' jq -cs 'map(.byes.dropped.per_second)' "$LAB_DIR/top.json"
	assert_equal '["one","two","three"]' jq -cs '.[2].calls.list | map(.call_id)' "$LAB_DIR/top.json"
	assert_equal '[2,7,0]' jq -cs '.[2].calls.list | map(.blocked_byes)' "$LAB_DIR/top.json"
	assert_equal '3 131072' jq -rs '.[2].maps.dialogs | "\(.used) \(.max)"' "$LAB_DIR/top.json"
}

seconds() { # RATE: what grew by that, over all refreshes
	jq -s "[.[] | {at: ((.at[0:19] + \"Z\" | fromdate) + (\"0\" + .at[19:26] | tonumber)), rate: .calls.$1}]
		| [range(1; length) as \$i | (.[\$i].at - .[\$i - 1].at) * .[\$i].rate] | add | round" \
		<(sed '$d' "$LAB_DIR/top.json")
}

near() { # NUMBER RATE: half to twice of it: on a busy machine a refresh is later than its reading
	local sum
	sum=$(seconds "$2")
	((sum * 2 > $1 && sum < $1 * 2)) || { echo "$2: $sum"; jq -c '[.at, .calls.live, .calls.starts_per_second, .calls.ends_per_second]' "$LAB_DIR/top.json"; false; } >&2
}

came_and_went() { # and a refresh after that found nothing new
	jq -es 'any(.calls.live == 3000) and .[-1].calls.live == 0 and .[-1].calls.ends_per_second == 0' \
		<(sed '$d' "$LAB_DIR/top.json")
}

@test "top: shows how many calls begin and end a second" {
	top_in_background
	lab_wait 10 grep -q '"starts_per_second":0' "$LAB_DIR/top.json"
	"$LAB_OUT/tests/bench/calls" "lab-$LAB_ID" 3000 rate open
	lab_wait 10 grep -q '"live":3000' "$LAB_DIR/top.json"
	"$LAB_OUT/tests/bench/calls" "lab-$LAB_ID" 3000 rate end
	lab_wait 10 came_and_went
	near 3000 starts_per_second
	near 3000 ends_per_second
	assert_equal 3000 last .byes.passed.total
}

@test "top: shows the rows in the spool, and none if it cannot be read" {
	local spool=$LAB_DIR/three.db
	assert_equal 0 jq .spool_rows <("${TOP[@]}" -j --count 1)
	sqlite3 "$LAB_DIR/spool.db" ".backup '$spool'"
	sqlite3 "$spool" "INSERT INTO violation (step, at, node, seq) VALUES (1, 1, 'a', 1), (2, 1, 'a', 2), (3, 1, 'a', 3)"
	assert_equal 3 jq .spool_rows <("${TOP[@]}" -j --count 1 --spool "$spool")
	assert_equal null jq .spool_rows <("${TOP[@]}" -j --count 1 --spool "$LAB_DIR/none.db")
	"${TOP[@]}" -b --count 1 --spool "$LAB_DIR/none.db" | grep -q '^lost .* spool -$'
}

# --- offenders -----------------------------------------------------------------------------------

# The caller's ACK by a third host, of a CSeq that none of his INVITEs had.
third_ack() {
	awk -v via="Via: SIP/2.0/UDP $LAB_THIRD:5060;branch=z9hG4bK-$call" '
		/^ACK / { print; print via "\r"; on = 1; next }
		on && /^(Route|From|To|Call-ID|Max-Forwards):/ { print }
		on && /^CSeq:/ { print "CSeq: 99 ACK\r" }
		on && /^\r?$/ { exit }
		END { print "Content-Length: 0\r\n\r" }' "$LAB_DIR/caller.msg" >"$LAB_DIR/third.ack"
	lab_in third bash -c "cat '$LAB_DIR/third.ack' >/dev/udp/$LAB_PROXY/5060"
}

@test "top: lists who sends refused BYEs, and nobody else" {
	top_in_background
	lab_wait 10 assert_equal true last .daemon
	gateway < <(uas_call; sip_serve BYE 500 'Not Now'; sip_serve BYE 200 OK)
	caller < <(uac_call 13; sip_pause 200; uac_request BYE 10; uac_request BYE 9
		uac_request BYE 14; uac_expect 500; sip_pause 1500; bye 15)
	lab_wait 10 assert_equal "$LAB_CALLER 2 2 out_of_order" \
		last '.offenders[0] | "\(.source) \(.at_least) \(.at_most) \(.reason)"'
	lab_wait 10 assert_equal "$call 2" last '.calls.list[0] | "\(.call_id) \(.blocked_byes)"'
	third_ack
	eventually 'drop ACK' violations "action || ' ' || method" "reason = 'foreign_ack'"
	eventually 'pass BYE' violations "action || ' ' || method" "reason = 'refused'"
	call_ends
	cdr_true bye caller gateway
	lab_wait 10 assert_equal 1 last .calls.ended
	assert_equal "$LAB_CALLER 2" last '.offenders | map("\(.source) \(.at_least)") | join(" ")'
}

# --- the screen ----------------------------------------------------------------------------------

@test "top: shows an attack as it happens, and its ladder" {
	terminal 80 24 "${TOP[@]}"
	shows 'no BYE was refused since top started'
	gateway < <(uas_call; sip_serve BYE 200 OK)
	caller < <(uac_call 13; sip_pause 200; uac_request BYE 10; sip_pause 6000; bye 14)
	shows "^ +1 +$LAB_CALLER +out_of_order +[0-9]s"
	shows "^confirmed 00:00:.. +1 $LAB_CALLER "
	assert_equal '' awk 'length > 80' < <(terminal_shows)
	shows '^q quit  \? help  Enter: call  r reverse  sort: a b c e s +1-1 of 1$'
	keys Enter
	shows "^call-id +$call"
	shows 'INVITE'
	shows 'BYE.*X'
	shows 'out_of_order'
	keys q
	shows '^calls      1 live'
	call_ends
	keys q
	shows '^exit 0$'
	cdr_true bye caller gateway
}

@test "top: sorts by age and by blocked BYEs, reversed too, and keeps the selected call" {
	dialogs
	terminal 80 24 "${TOP[@]}"
	shows 'CALL-ID by age'
	eventually 'one two three' order
	keys b
	eventually 'two one three' order
	shows 'CALL-ID by blocked'
	refreshed
	assert_equal 'two one three' order # the map, read anew
	keys r
	eventually 'three one two' order
	shows 'CALL-ID by -blocked'
	keys a
	eventually 'one two three' order
	keys Down Down
	"$LAB_TOP/tests/e2e/dialog.py" "$MAP" 4 call_id=four answer=400
	shows '^confirmed .* four$' # above it: its place is another now
	keys Enter
	shows '^call-id +three'
	keys q
	keys q
	shows '^exit 0$'
}

@test "top: a caller's bytes cannot control the terminal" {
	"$LAB_TOP/tests/e2e/dialog.py" "$MAP" 1 answer=9 "call_id=a"$'\e[2J\t\xe2\x80\xaeb\xff' from_tag=häßlich
	terminal 160 24 "${TOP[@]}"
	shows 'a\\x1b\[2J\\x09\\xe2\\x80\\xaeb\\xff'
	keys Enter
	shows 'from-tag +häßlich'
	keys q q
	shows '^exit 0$'
	"${TOP[@]}" -j --count 1 | jq -e '.calls.list[0].call_id == "a\\x1b[2J\\x09\\xe2\\x80\\xaeb\\xff"'
}

@test "top: has a help, and fits a window of any size" {
	dialogs
	terminal 80 24 "${TOP[@]}"
	keys '?'
	shows 'Enter +open the call'
	terminal_size 30 8
	shows '^cseqguard top: live view of th$'
	assert_equal '' sed -n 2p < <(terminal_shows)
	keys NPage NPage NPage
	shows 'between REFUSED'
	keys q
	shows '^STATE'
	assert_equal '' awk 'length > 30' < <(terminal_shows)
	terminal_size 8 2
	shows '^too smal'
	terminal_size 1 1
	shows_no smal
	terminal_size 150 40
	shows 'CALLEE .*CSEQS .*CALL-ID by age'
	eventually 'one two three' order
	keys q
	shows '^exit 0$'
}

@test "top: twenty thousand calls are read beside the keys, and a thousand of them listed" {
	"$LAB_OUT/tests/bench/calls" "lab-$LAB_ID" 20000 many open
	terminal 80 24 "${TOP[@]}" -d 0.5
	shows '^calls      20000 live'
	shows ' 1-[0-9]+ of 20000$'
	keys End
	shows ' [0-9]+-1024 of 20000$'
	keys Home
	shows ' 1-[0-9]+ of 20000$'
	keys NPage
	shows ' 1-[0-9]+ of 20000$'
	keys q
	shows '^exit 0$'
	"$LAB_OUT/tests/bench/calls" "lab-$LAB_ID" 20000 many end
}

sgr_red() { # on the screen
	tmux -L "cg$LAB_ID" capture-pane -ept 0 | grep -q $'\e\[[0-9;]*31m'
}

@test "top: prints faults in red, unless NO_COLOR is set" {
	dialogs
	terminal 80 24 "${TOP[@]}"
	eventually 'one two three' order
	sgr_red
	terminal_end
	TERMINAL_ENV=NO_COLOR=1 terminal 80 24 "${TOP[@]}"
	eventually 'one two three' order
	run ! sgr_red
}

@test "top: names a terminal that it cannot draw on, with a remedy" {
	run -1 --separate-stderr "${TOP[@]}"
	[[ $stderr == *'stdin and stdout must be a terminal'*'top -b'* ]]
	TERMINAL_ENV='-u TERM' terminal 80 24 "${TOP[@]}"
	shows 'TERM is not set'
	shows '^exit 1$'
	terminal_end
	TERMINAL_ENV=TERM=nonsense terminal 80 24 "${TOP[@]}"
	shows "TERM 'nonsense': unknown terminal type"
	shows '^exit 1$'
	terminal_end
	TERMINAL_ENV=TERM=dumb terminal 80 24 "${TOP[@]}"
	shows "TERM 'dumb': it cannot move the cursor"
	shows '^exit 1$'
}

restored() { # the shell's settings, and its screen
	shows '^exit '
	shows '(^| )echo( |$)'
	shows '(^| )icanon( |$)'
	assert_equal 0 tmux -L "cg$LAB_ID" display-message -pt 0 '#{alternate_on}'
	assert_equal 1 tmux -L "cg$LAB_ID" display-message -pt 0 '#{cursor_flag}'
}

@test "top: a signal ends it and restores the terminal" {
	local signal
	for signal in INT TERM HUP QUIT; do
		terminal 80 24 "${TOP[@]}"
		shows '^calls '
		assert_equal 1 tmux -L "cg$LAB_ID" display-message -pt 0 '#{alternate_on}'
		kill "-$signal" "$(terminal_pid cseqguard)"
		restored
		terminal_end
	done
}

@test "top: a terminal that goes away ends it" {
	local pid
	terminal 80 24 "${TOP[@]}"
	shows '^calls '
	pid=$(terminal_pid cseqguard)
	terminal_end
	lab_wait 10 test ! -e "/proc/$pid"
}

@test "top: without a daemon it says that it knows no offenders" {
	top_in_background
	lab_wait 10 assert_equal true last .daemon
	terminal 80 24 "${TOP[@]}"
	shows 'daemon runs'
	guard_daemon_end TERM
	shows 'daemon DOES NOT RUN'
	shows 'unknown: cseqguardd reports them'
	lab_wait 10 assert_equal 'false null' last '"\(.daemon) \(.offenders)"'
	quick_daemon
	shows 'daemon runs'
}

@test "top: shows observe mode, what enforce would have dropped, and the breaker's reason" {
	guard set mode=observe
	terminal 80 24 "${TOP[@]}"
	shows '^cseqguard .* observe '
	printf 'BYEs of 3 among 3 dialogs' >"$LAB_DIR/run/lab-$LAB_ID.breaker"
	shows '^BREAKER +fell back to observe mode: BYEs of 3 among 3 dialogs'
	guard set mode=enforce
	shows '^cseqguard .* enforce '
	shows_no '^BREAKER'
}

refreshes() {
	wc -l <"$LAB_DIR/top.json"
}

@test "top: after a new attach between two refreshes it shows no old figure" {
	top_in_background 15
	gateway < <(uas_call; sip_serve BYE 200 OK)
	caller < <(uac_call 13; sip_pause 200; uac_request BYE 10; sip_pause 500; bye 14)
	call_ends
	lab_wait 40 jq -es '.[-1].offenders | length == 1' "$LAB_DIR/top.json"
	guard detach -a
	guard_up
	lab_wait 40 other_than "$(refreshes)" refreshes
	assert_equal 'null 0 null' jq -rs '.[-1] | "\(.offenders) \(.byes.dropped.total) \(.byes.dropped.per_second)"' "$LAB_DIR/top.json"
	jq -es '.[-2].byes.dropped.total > 0' "$LAB_DIR/top.json"
}

@test "top: says that the instance was detached while it ran, and restores the terminal" {
	terminal 80 24 "${TOP[@]}"
	shows '^calls '
	guard detach -a
	restored
	shows 'lab-.* is not attached'
	shows '^exit 1$'
	run -1 --separate-stderr "${TOP[@]}" -b
	[[ $stderr == *'is not attached'* ]]
}
