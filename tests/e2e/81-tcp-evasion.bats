#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# A client that sends TCP segments of its choice tries to get a BYE with a low CSeq past the guard. evasion.py
# plays it, and the server on the guarded host. Each trick is played without and with the guard: what works
# without it is no trick if the guard's socket reads the BYE as well.

# shellcheck disable=SC2154
load lib
CLIENT=10.77.1.77 # no kernel owns it, so none answers for it

setup_file() {
	local mac

	LAB_INTERFACES=(caller0)
	guarded_lab --xdp skb --tcp enforce # no GRO: each segment comes as it was sent
	mac=$(lab_in caller cat /sys/class/net/eth0/address)
	ip -n "$(lab_ns caller)" link set eth0 mtu 65535
	ip -n "$(lab_ns proxy)" link set caller0 mtu 65535
	ip -n "$(lab_ns proxy)" neigh add "$CLIENT" lladdr "$mac" dev caller0 nud permanent
}

evasion() { # TRICK
	timeout 60 "$LAB_TOP/tests/e2e/evasion.py" "$1"
}

trick() { # NAME WITHOUT WITH [REASON]: what the server reads; the guard has counted REASON
	local before

	guard set tcp=off >&2
	assert_equal "$2" evasion "$1"
	guard set tcp=enforce >&2
	before=$(counted "${4:-out_of_order}")
	assert_equal "$3" evasion "$1"
	(($(counted "${4:-out_of_order}") > before))
}

@test "F26 a BYE in one segment is rewritten" {
	trick whole 'read goes' 'unread goes'
}

@test "F26 a BYE in segments of one byte is not read" {
	trick bytes read unread
}

@test "F26 a BYE cut in two at any of its bytes is not read" {
	trick cuts read unread
}

@test "F26 a BYE between two honest requests in one segment: both are read, the BYE is not" {
	trick pipelined 'read goes' 'unread goes'
}

@test "F26 the rest of a BYE ahead of its method: what is ahead is dropped, what is sent again is judged" {
	trick ahead read unread tcp_held
}

@test "F26 a rest that comes ahead, and another one in its place: the socket gets the one that was judged" {
	trick overlap read unread tcp_held
}

@test "F26 a harmless segment with a wrong checksum, then the BYE in its place: it is unlike, and dropped" {
	trick checksum 'read goes' 'unread goes' tcp_unlike
}

@test "F26 a harmless segment with an old timestamp, then the BYE in its place: it is unlike, and dropped" {
	trick old_timestamp 'read goes' 'unread goes' tcp_unlike
}

@test "F26 a harmless segment that acknowledges what was never sent, then the BYE in its place: it is unlike, and dropped" {
	trick bad_ack 'read goes' 'unread goes' tcp_unlike
}

@test "F26 half a harmless message that the socket does not take, then a BYE over both halves: it is not read" {
	trick half read unread tcp_unlike
}

@test "F26 a BYE behind bytes that are sent again is rewritten" {
	trick behind 'read goes' 'unread goes'
}

@test "F26 a harmless message at a window of zero, then the BYE in its place: it is unlike, and dropped" {
	trick zero_window 'read goes' 'unread goes' tcp_unlike
}

@test "F26 an urgent byte within the method: it is part of the stream, and no BYE is read" {
	guard set tcp=off >&2
	assert_equal read evasion urgent
	guard set tcp=enforce >&2
	assert_equal unread evasion urgent
}

@test "F26 a BYE with a FIN is rewritten" {
	trick fin read unread
}

@test "F26 a BYE with an RST is not read" {
	assert_equal unread evasion rst
}

@test "F26 a BYE with a SYN, by TCP Fast Open: dropped, and judged when it comes again" {
	lab_in proxy sysctl -qw net.ipv4.tcp_fastopen=0x207 # no cookie is asked for
	trick syn_data 'read goes' 'unread goes' tcp_held
	lab_in proxy sysctl -qw net.ipv4.tcp_fastopen=1
}

@test "F26 a SYN that asks for MPTCP asks for an ordinary connection when the socket sees it" {
	trick multipath 'several read goes' 'single unread goes'
}

@test "F26 a SYN between the two halves of a BYE changes nothing" {
	trick syn_between read unread
}

@test "F26 a BYE among 200 messages in one segment is rewritten, all others are read" {
	trick many 'read goes' 'unread goes'
}

@test "F26 300 messages in one segment: the connection stalls" {
	trick too_many 'read goes' 'unread stalls' tcp_unframed
}

@test "F26 a body that becomes a header block when its message comes again: it is unlike, and dropped" {
	trick body read unread tcp_unlike
}

@test "F26 a BYE with 2 kB of other headers in front, over three segments, is not read" {
	trick long read unread
}

@test "F26 a BYE behind a body of 1 MB is rewritten" {
	trick big_body 'read goes' 'unread goes'
}

@test "F26 a BYE in IP fragments of a segment is not read" {
	trick fragments read unread tcp_unframed
}

@test "F26 a BYE with the last segment of the handshake: dropped, and judged when it comes again" {
	trick third_ack 'read goes' 'unread goes' tcp_held
}

@test "F26 a BYE with the last segment of a handshake by SYN cookie: dropped, and judged when it comes again" {
	lab_in proxy sysctl -qw net.ipv4.tcp_syncookies=2
	trick third_ack 'read goes' 'unread goes' tcp_held
	lab_in proxy sysctl -qw net.ipv4.tcp_syncookies=1
}
