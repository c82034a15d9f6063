#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# F12: what a socket of the guarded host reads of messages in fragments is what the guard judged. stack.py
# has the tricks. The third interface is not guarded.

load lib
load wire

setup_file() {
	LAB_INTERFACES=(caller0 gateway0)
	lab_up "$$" "$LAB_PG"
	guard_up --share 0 # attacker and honest caller are one address
	wire_ipv6 caller 1
	wire_ipv6 gateway 2
	lab_wait 10 wire_addressed
	ip -n "$(lab_ns proxy)" addr add "$LAB_PROXY6/128" dev lo
	# What the tricks leave behind must not keep out the others.
	lab_in proxy sysctl -qw net.ipv4.ipfrag_high_thresh=100000000 net.ipv6.ip6frag_high_thresh=100000000
	lab_in proxy sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.third0.rp_filter=0
}

evidence() {
	guard stats
}

stack() { # WHAT FAMILY [SEED]
	run "$LAB_TOP/tests/e2e/stack.py" "$1" "$2" ${3:+"$3"}
	echo "$output"
	((status == 0))
}

@test "F12 each trick with fragments, IPv4: the socket reads no message that the guard refuses, and each honest one" {
	stack tricks 4
}

@test "F12 each trick with fragments, IPv6: the socket reads no message that the guard refuses, and each honest one" {
	stack tricks 6
}

@test "F12 tricks with fragments in random mixes, IPv4 and IPv6: the same" {
	stack mixes 4 "${STACK_SEED:-}"
	stack mixes 6 "${STACK_SEED:-}"
}

@test "F12 half a message that the host has forgotten makes no other one whole" {
	stack late 4
	stack late 6
}

@test "F12 a fragment that comes by an interface that is not guarded is not judged: doctor names it" {
	stack aside 4
	guard doctor | grep -q 'third0.*nor are fragments'
}

@test "F12 doctor: Linux keeps fragments for longer than the guard remembers them" {
	lab_in proxy sysctl -qw net.ipv4.ipfrag_time=30 net.ipv6.ip6frag_time=60
	run guard doctor
	[[ $output != *'keeps a fragment'* ]]
	lab_in proxy sysctl -qw net.ipv4.ipfrag_time=31 net.ipv6.ip6frag_time=61
	run guard doctor
	grep -q 'fragments.*for 31 s.*ipv4.ipfrag_time=30' <<<"$output"
	grep -q 'fragments.*for 61 s.*ipv6.ip6frag_time=60' <<<"$output"
}
