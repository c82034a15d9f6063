#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# The tc filters for SIP over TCP: their order, who runs before them, who removes and exchanges them. And
# what `doctor` says about TCP.

load lib
load doctor

INGRESS='tcp_in more more more more more more more'
EGRESS="out tcp_out more more more more more more more"

filters() { # SIDE: ours, in the order in which the kernel runs them; another one of the priority is `other`
	tc -j -n "$HOST" filter show dev in0 "$1" | jq -r '[.[] | select(.pref == 5 and .options.handle) |
		.options.bpf_name // "other" | sub("^cseqguard_"; "") | sub("^tcp_more"; "more") | sub(":.*"; "")] | join(" ")'
}

handles() { # SIDE
	tc -j -n "$HOST" filter show dev in0 "$1" | jq -r '[.[] | .options.handle // empty] | join(" ")'
}

stranger_at() { # SIDE PRIORITY: a filter that passes everything on, without a look at others
	own_bpffs tc -n "$HOST" filter add dev in0 "$1" prio "$2" handle 7 protocol all bpf direct-action \
		obj "$(stranger tc 0)" sec tc
}

remove() { # SIDE HANDLE
	tc -n "$HOST" filter del dev in0 "$1" prio 5 handle "$2" protocol all bpf
}

whole() { # all of ours are there, in order, and before others of their priority
	[[ $(filters ingress) == "$INGRESS"* && $(filters egress) == "$EGRESS"* ]]
}

status_of() { # JQ-FILTER: of the interface
	cg -j status | jq -r ".interfaces[0] | $1"
}

@test "attach: the filters for TCP are on both hooks in one priority, in order" {
	cg attach in0
	assert_equal "$INGRESS" filters ingress
	assert_equal "$EGRESS" filters egress
	assert_equal '0xc5e9 0xc5ea 0xc5eb 0xc5ec 0xc5ed 0xc5ee 0xc5ef 0xc5f0' handles ingress
	assert_equal '0xc5e9 0xc5ea 0xc5eb 0xc5ec 0xc5ed 0xc5ee 0xc5ef 0xc5f0 0xc5f1' handles egress
	assert_equal true status_of '.program_tcp_in > 0 and .program_tcp_out > 0'
	cg status | grep -q 'TCP in tc (program [0-9]*), out tc (program [0-9]*)$'
	doctor
	finds ok in0 'other tc ingress filters: 0, none before'
}

@test "attach: the programs find each other once attach has ended, and only root can open their array" {
	cg attach in0
	assert_equal 1 jq length < <(bpftool -j map dump pinned "$PINS/tcp_programs")
	assert_equal 600 stat -c %a "$PINS/tcp_programs"
}

@test "status, check and doctor name a filter for TCP that somebody removed; attach restores all" {
	local side handle

	cg attach in0
	for side in ingress egress; do
		for handle in 0xc5ea 0xc5f0; do
			remove "$side" "$handle"
			run -0 cg status
			[[ $output == *'NOT READ: a filter was removed'* ]]
			assert_equal 0 status_of "if \"$side\" == \"ingress\" then .program_tcp_in else .program_tcp_out end"
			run -2 cg check
			[[ $output == *"in0 has lost a tc $side filter for TCP"* ]]
			CODE=1 doctor
			finds failed in0 "a tc $side filter of the guard for TCP was removed"
			cg attach in0
			whole
		done
	done
	remove ingress 0xc5e9
	cg status | grep -q 'TCP in NOT READ'
	cg attach in0
	whole
	cg status | grep -q 'TCP in tc'
}

@test "a filter of another in our priority, added later, runs before ours; attach puts ours before it, and leaves it" {
	local side

	cg attach in0
	for side in ingress egress; do
		stranger_at "$side" 5
		run -1 whole
		cg status | grep -q 'NOT READ: a filter was removed, or another runs before'
		CODE=1 doctor
		finds warning in0 "1 tc $side filters or programs run before the guard's"
		cg attach in0
		whole
		doctor
		finds ok in0 "other tc $side filters: 1, none before"
		assert_equal 1 grep -c 0x7 < <(handles "$side" | tr ' ' '\n')
	done
}

@test "doctor: a filter of another in a lower priority on ingress runs before the guard's" {
	cg attach in0
	stranger_at ingress 2
	doctor
	finds warning in0 "1 tc ingress filters or programs run before the guard's.*hides TCP.*tc filter show dev in0 ingress"
	cg status | grep -q 'TCP in tc'
}

@test "detach removes our filters of both hooks and no other one" {
	cg attach in0
	stranger_at ingress 5
	stranger_at egress 9
	cg detach in0
	assert_equal 0x7 handles ingress
	assert_equal 0x7 handles egress
}

@test "attach: a foreign filter under one of our handles stays, and nothing of ours is left" {
	local handle

	tc -n "$HOST" qdisc add dev in0 clsact
	for handle in 0xc5e9 0xc5ed; do
		tc -n "$HOST" filter add dev in0 ingress prio 5 handle "$handle" bpf bytecode '1,6 0 0 0'
		run -1 cg attach in0
		[[ $output == *'cannot attach the tc ingress filter: File exists (Filter already exists)'*'dev in0 ingress'* ]]
		assert_equal "$handle" handles ingress
		assert_equal '' handles egress
		[[ ! -e $PINS ]]
		tc -n "$HOST" filter del dev in0 ingress
	done
	cg attach in0
	whole
}

programs() { # ids of all programs of our filters, and of the array
	{
		tc -j -n "$HOST" filter show dev in0 ingress
		tc -j -n "$HOST" filter show dev in0 egress
	} | jq -r '.[] | .options.prog.id // empty' | sort -u
	bpftool -j map dump pinned "$PINS/tcp_programs" | jq -r '.[].formatted.value // .[].value'
}

marked() { # LIMIT: the monitor has seen a change that we make, and so all that came before
	tc -n "$HOST" qdisc replace dev lo root pfifo limit "$1" && grep -q "qdisc pfifo .* limit $1p" "$BATS_TEST_TMPDIR/seen"
}

@test "upgrade: exchanges the program of each filter and of the array, and removes none to do so" {
	local before after id

	cg attach in0
	before=$(programs) id=$(bpftool -j map show pinned "$PINS/tcp_streams" | jq .id)
	nsenter "--net=/run/netns/$HOST" tc monitor >"$BATS_TEST_TMPDIR/seen" 3>&- &
	HELPER=$!
	lab_wait 30 marked 41
	cg upgrade
	lab_wait 30 marked 42
	kill "$HELPER"
	HELPER=
	assert_equal '17 replaced filter' bash -c 'grep -oE "^[a-z]+ filter" "$1" | sort | uniq -c | xargs' bash "$BATS_TEST_TMPDIR/seen"
	after=$(programs)
	assert_equal 5 wc -l <<<"$after"
	assert_equal '' comm -12 <(sort <<<"$before") <(sort <<<"$after")
	whole
	assert_equal "$id" jq .id < <(bpftool -j map show pinned "$PINS/tcp_streams")
}

@test "set tcp: off, observe or enforce; it comes back with the instance, and doctor says what it does" {
	export CSEQGUARD_STATE_DIR=$BATS_TEST_TMPDIR
	cg attach --tcp off in0
	doctor
	finds ok tcp 'off: SIP over TCP is not read'
	cg set tcp=enforce mode=observe
	doctor
	finds warning tcp 'nothing is refused, because the mode is observe'
	cg set mode=enforce
	doctor
	finds ok tcp enforce
	run -2 cg set tcp=on
	[[ $output == *'off, observe or enforce'* ]]
	cg detach in0
	rm -r "$PINS"
	cg attach --tcp off in0
	assert_equal enforce jq -r .settings.tcp < <(cg -j status)
}

listener() { # OPTION...: a process that listens on port 5060 of the host
	nsenter "--net=/run/netns/$HOST" python3 - "$@" <<-'END' 3>&- &
		import socket, sys, time
		s = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262 if "mptcp" in sys.argv else 0)
		if "defer" in sys.argv:
		    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, 5)
		s.bind(("127.0.0.1", 5060))
		s.listen()
		time.sleep(600)
	END
	HELPER=$!
	lab_wait 30 listens
}

listens() {
	in_host ss -Hltn 'sport = :5060' | grep -q .
}

listener_ends() {
	kill "$HELPER"
	wait "$HELPER" 2>/dev/null || :
	HELPER=
}

@test "doctor: names a program that listens with TCP_DEFER_ACCEPT; one without it is none" {
	cg attach --tcp enforce in0
	ip -n "$HOST" link set lo up
	listener
	doctor
	finds_no '(warning|failed)' tcp .
	listener_ends
	listener defer
	CODE=1 doctor
	finds failed tcp "python3 \(process $HELPER\) listens on port 5060 with TCP_DEFER_ACCEPT"
	cg set tcp=observe
	doctor
	finds warning tcp 'with TCP_DEFER_ACCEPT'
	cg set tcp=off
	doctor
	finds_no '(warning|failed)' tcp .
}

@test "doctor: names a program that listens by MPTCP" {
	[[ -e /proc/sys/net/mptcp/enabled ]] || skip 'this kernel has no MPTCP'
	cg attach in0
	ip -n "$HOST" link set lo up
	listener mptcp
	doctor
	finds warning tcp "python3 \(process $HELPER\) listens on port 5060 by MPTCP"
}

count() { # REASON...: sets their counters of ingress to 3 on each CPU, and all others to 0
	cg stats --all -j | python3 -c '
import json, subprocess, sys
stats = json.load(sys.stdin)
words = [*stats["in"], *stats["out"], *(word for word in stats if word not in ("in", "out"))]
value = [0] * 8 * len(words)
for word in sys.argv[2:]:
    value[8 * words.index(word)] = 3
subprocess.run(["bpftool", "map", "update", "pinned", sys.argv[1], "key", "0", "0", "0", "0", "value",
    *(str(byte) for byte in value)], check=True)' "$PINS/counters" "$@"
}

@test "doctor: says which SIP over TCP was not read, and what to do about it" {
	cg attach in0
	count tcp tcp_held tcp_unread
	doctor
	finds ok tcp 'observe: SIP over TCP is read, and not refused'
	finds_no '.*' tcp tcp_
	count tcp_forwarded tcp_opaque tcp_hole tcp_unframed tcp_stalled
	doctor
	finds warning tcp 'tcp_forwarded: [0-9]+ segments .*cseqguard -n NETNS attach'
	finds ok tcp 'tcp_opaque: [0-9]+ segments are not plain SIP'
	finds warning tcp 'tcp_hole: [0-9]+ segments .*attach every interface'
	finds warning tcp 'tcp_unframed: [0-9]+ segments .*cseqguard events --reason tcp_unframed'
	finds warning tcp 'tcp_stalled: [0-9]+ segments .*cseqguard set tcp=observe'
}
