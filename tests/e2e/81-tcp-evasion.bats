#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# A client that sends TCP segments of its choice tries to get a BYE with a low CSeq past the guard. evasion.py
# plays it, and the server on the guarded host. Each trick is played without and with the guard: what works
# without it is no trick if the guard's socket reads the BYE as well. At the end all tricks are played against
# Kamailio on the guarded host.

# shellcheck disable=SC2034,SC2153,SC2154
load lib
CLIENT=10.77.1.77 # no kernel owns it, so none answers for it
LAB_TCP=yes
LAB_MEMORY=128

setup_file() {
	local mac

	LAB_INTERFACES=(caller0 gateway0)
	# no GRO: each segment comes as it was sent; all calls are of one address
	guarded_lab --gateway "$LAB_GATEWAY/32" --xdp skb --tcp enforce --share 0
	mac=$(lab_in caller cat /sys/class/net/eth0/address)
	ip -n "$(lab_ns caller)" link set eth0 mtu 65535
	ip -n "$(lab_ns proxy)" link set caller0 mtu 65535
	ip -n "$(lab_ns proxy)" neigh add "$CLIENT" lladdr "$mac" dev caller0 nud permanent
}

teardown() {
	[[ -z ${PLAYER:-} ]] || kill "$PLAYER" 2>/dev/null || :
	[[ -n ${BATS_TEST_COMPLETED:-} ]] || { evidence && cat "$LAB_DIR/through-proxy"; } >&2
}

number_run() { # exports RUN, which no run before had: each has ports of its own
	echo >>"$LAB_DIR/runs"
	RUN=$(wc -l <"$LAB_DIR/runs")
	export RUN
}

evasion() { # TRICK
	number_run
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

@test "F26 300 messages in one segment: the connection stalls, and is reset" {
	trick too_many 'read goes' 'unread resets' tcp_unframed
}

@test "F26 a trunk's BYE that cannot be rewritten: its connection is reset, and the trunk's other call continues over the next" {
	trick trunk 'read goes' 'unread resets' tcp_stalled
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

@test "F26 a BYE with the last segment of the handshake: cut off, and judged when it comes again" {
	trick third_ack 'read goes' 'unread goes' tcp_held
	trick lost_ack 'read goes' 'unread goes' tcp_held
}

@test "F26 a BYE with the last segment of a handshake by SYN cookie: cut off, and judged when it comes again" {
	lab_in proxy sysctl -qw net.ipv4.tcp_syncookies=2
	trick third_ack 'read goes' 'unread goes' tcp_held
	trick lost_ack 'read goes' 'unread goes' tcp_held
	lab_in proxy sysctl -qw net.ipv4.tcp_syncookies=1
}

# --- the same against a proxy ----------------------------------------------------------------------

# Kamailio takes each BYE that reaches its socket, and ends the call in its dialog engine. zero_window fills its buffer
# with line ends, so it closes that connection.
TAKEN='ahead bad_ack behind body bytes checksum cuts fin fragments half long lost_ack many old_timestamp overlap pipelined syn_between third_ack too_many trunk urgent whole'

through_proxy() { # TCP: all tricks are played, one after the other, and all calls run still
	if [[ ! -d $LAB_DIR/kamailio ]]; then
		kamailio_db "$ACC"
		kamailio_up "$ACC"
	fi
	rm -f "$LAB_DIR/played" "$LAB_DIR/hang-up" "$LAB_DIR/lengths"
	guard set "tcp=$1"
	number_run
	"$LAB_TOP/tests/e2e/evasion.py" through-proxy >"$LAB_DIR/through-proxy" 2>&1 3>&- &
	PLAYER=$!
	lab_wait 300 played
	[[ -e $LAB_DIR/played ]]
}

played() { # or the player has failed
	[[ -e $LAB_DIR/played ]] || ! kill -0 "$PLAYER"
}

all_hang_up() { # each by an honest BYE over another connection; the lengths of the calls are in a table
	local database

	touch "$LAB_DIR/hang-up"
	wait "$PLAYER" || lab_fail "$(<"$LAB_DIR/through-proxy")"
	for database in "$ACC" "$CDRS"; do
		sql "$database" 'DROP TABLE IF EXISTS public.truth; CREATE TABLE public.truth (call text, seconds float)'
		sql "$database" "\\copy public.truth FROM '$LAB_DIR/lengths'"
	done
}

# Calls that Kamailio has a CDR of, by the trick that was played in them.
ended_by_tricks() {
	sql "$ACC" "SELECT coalesce(string_agg(DISTINCT split_part(callid, '-', 1), ' '
		ORDER BY split_part(callid, '-', 1)), '') FROM acc_cdrs WHERE callid LIKE '%-$PLAYER-%'"
}

taken() { # BYEs with a low CSeq that name one of the calls, and are in Kamailio's acc
	sql "$ACC" "SELECT count(*) FROM acc JOIN public.truth ON call = callid WHERE method = 'BYE' AND
		cseq::bigint < 14 AND from_tag = 'caller' AND to_tag = 'callee'"
}

true_cdrs() { # DATABASE TABLE CALL-ID SECONDS [CONDITION]: t if each call has one, of the true length
	sql "$1" "SELECT count(*) = (SELECT count(*) FROM public.truth) AND bool_and(abs($4 - seconds) < 2 AND ${5:-true})
		FROM $2 JOIN public.truth ON call = $3"
}

@test "F26 all tricks against Kamailio without the guard: its dialog engine ends the calls at the BYEs" {
	through_proxy off
	eventually "$TAKEN" ended_by_tricks
	all_hang_up
	(($(taken) > 0))
}

@test "F26 all tricks against Kamailio: no call ends before its honest BYE, its CDRs and ours have the true lengths" {
	through_proxy enforce
	assert_equal '' ended_by_tricks
	assert_equal 0 sql "$CDRS" "SELECT count(*) FROM cseqguard.cdr WHERE call_id LIKE '%-$PLAYER-%' AND end_time IS NOT NULL"
	all_hang_up
	assert_equal 0 taken
	eventually t true_cdrs "$ACC" acc_cdrs callid duration
	eventually t true_cdrs "$CDRS" cseqguard.cdr call_id 'extract(epoch FROM duration)' \
		"end_reason = 'bye' AND ended_by = 'caller' AND bye_confirmed AND NOT suspect"
}
