#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# Honest traffic over TCP under tcp=enforce: over bad links, with and without offloads, TLS, WebSocket, connections
# that the guard sees half of, and calls. Everything arrives, once; nothing is refused. `make test-tcp` plays
# 10,000 calls.

# shellcheck disable=SC2153,SC2154
load lib
load tcp
load topology
LAB_TCP=yes
SERVER=$LAB_OUTSIDE # on the guarded host; Kamailio is on another address
SERVER6=fd77:1::254
BEYOND=10.77.3.254 # the same host, as host third sees it

setup_file() {
	proxy_lab --xdp skb --tcp enforce --ports 5060,5061 # in generic mode one frame may hold several segments
	lab_in caller sysctl -qw net.ipv6.conf.eth0.disable_ipv6=0
	lab_in proxy sysctl -qw net.ipv6.conf.caller0.disable_ipv6=0 net.ipv4.ip_forward=1
	ip -n "$(lab_ns caller)" addr add fd77:1::1/64 dev eth0 nodad
	ip -n "$(lab_ns proxy)" addr add "$SERVER6/64" dev caller0 nodad
}

setup() {
	call=$BATS_TEST_NUMBER@lab-$LAB_ID
	before=$(refusals)
}

teardown() {
	[[ -z ${LOSSY_PID:-} ]] || kill "$LOSSY_PID" || :
	sip_over
	[[ -n ${BATS_TEST_COMPLETED:-} ]] || evidence >&2
}

refusals() { # what an honest sender must never add to
	guard stats -j | jq -c '[.in | .tcp_unlike, .tcp_unframed, .tcp_stalled, .out_of_order] + [.dropped, .rewritten]'
}

honest() { # CLIENT HOST ADDRESS CONNECTIONS MESSAGES [WORD]...
	timeout 160 "$LAB_TOP/tests/e2e/honest_tcp.py" "$@"
	assert_equal "$before" refusals
}

lossy() { # host third is behind a line of lossy.py
	[[ -c /dev/net/tun ]] || skip 'this kernel has no TAP devices (CONFIG_TUN)'
	lab_in third ip link show wire0 >/dev/null 2>&1 || lossy_host third
}

@test "H13 messages over TCP with TSO, GSO and GRO: each arrives once" {
	honest caller proxy "$SERVER" 20 100 offload=on
}

@test "H13 messages over TCP without TSO, GSO and GRO: each arrives once" {
	honest caller proxy "$SERVER" 20 100 offload=off
}

@test "H13 messages over TCP and IPv6: each arrives once" {
	honest caller proxy "$SERVER6" 10 40
}

@test "H13 a connection that was forwarded is not read: each message arrives" {
	local forwarded

	forwarded=$(counted tcp_forwarded)
	honest caller gateway "$LAB_GATEWAY" 5 20
	(($(counted tcp_forwarded) > forwarded))
}

@test "H13 a WebSocket connection on a SIP port is opaque: all arrives" {
	local opaque

	opaque=$(counted tcp_opaque)
	honest caller proxy "$SERVER" 5 20 upgraded
	((opaque + $(guard stats -j | jq '.out.tcp_opaque // 0') > opaque))
}

@test "H13 a TLS connection on a SIP port of its own is opaque: the handshake succeeds, all arrives" {
	local opaque server # it answers with lines that are turned around

	type -P openssl >/dev/null || skip 'openssl is missing: make deps-test'
	opaque=$(counted tcp_opaque)
	openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=lab -keyout "$LAB_DIR/key.pem" \
		-out "$LAB_DIR/cert.pem" 2>/dev/null
	ip netns exec "$(lab_ns proxy)" openssl s_server -accept "$SERVER:5061" -key "$LAB_DIR/key.pem" -cert "$LAB_DIR/cert.pem" \
		-rev >"$LAB_DIR/tls.log" 2>&1 </dev/null 3>&- &
	server=$!
	lab_wait 10 at_server
	# shellcheck disable=SC2094 # until the answer is there
	{
		echo 'BYE sip:a SIP/2.0'
		lab_wait 30 grep -qs '0.2/PIS a:pis EYB' "$LAB_DIR/tls.answer"
	} | ip netns exec "$(lab_ns caller)" openssl s_client -quiet -no_ign_eof -connect "$SERVER:5061" \
		>"$LAB_DIR/tls.answer" 2>/dev/null
	kill "$server"
	grep -q '0.2/PIS a:pis EYB' "$LAB_DIR/tls.answer"
	(($(counted tcp_opaque) > opaque))
	assert_equal "$before" refusals
}

# The guard cuts the message off, and reads it when it comes again.
piggybacked() { # ADDRESS
	local held

	held=$(counted tcp_held)
	honest caller proxy "$1" 5 10 piggyback
	(($(counted tcp_held) >= held + 5))
}

@test "H13 clients whose first message completes the handshake: each message arrives" {
	piggybacked "$SERVER"
	piggybacked "$SERVER6"
}

@test "H13 clients whose first message completes a handshake by SYN cookie: each message arrives" {
	lab_in proxy sysctl -qw net.ipv4.tcp_syncookies=2
	piggybacked "$SERVER"
	piggybacked "$SERVER6"
	lab_in proxy sysctl -qw net.ipv4.tcp_syncookies=1
}

@test "H13 a server with TCP_DEFER_ACCEPT: its connections open late, each message arrives" {
	honest caller proxy "$SERVER" 5 10 deferred
	honest caller proxy "$SERVER" 5 10 deferred piggyback
}

at_server() {
	lab_in proxy ss -Hltn "src $SERVER and sport = :5061" | grep -q .
}

midway() { # COMMAND...: while each connection has sent half of its messages
	local clients

	rm -f "$LAB_DIR/midway" "$LAB_DIR/go-on"
	timeout 160 "$LAB_TOP/tests/e2e/honest_tcp.py" caller proxy "$SERVER" 5 40 midway >"$LAB_DIR/midway.log" 2>&1 3>&- &
	clients=$!
	lab_wait 60 test -e "$LAB_DIR/midway"
	"$@"
	touch "$LAB_DIR/go-on"
	wait "$clients"
}

@test "H13 tcp=off in mid-connection, and enforce again in the next: each message arrives" {
	midway guard set tcp=off
	midway guard set tcp=enforce
	assert_equal "$before" refusals
}

@test "H13 honest calls over TCP, a connection each: every call has its CDR, none is refused" {
	local calls=${TCP_CALLS:-200}

	tcp_gateway -m "$calls" -timeout 3000s < <(uas_call; sip_serve BYE 200 OK)
	SIP_CALLS=stream tcp_caller -m "$calls" -r "${TCP_RATE:-20}" -t tn -max_socket 800 -timeout 3000s \
		-cid_str "%u-$call" < <(uac_call 13; sip_pause 300; bye 14)
	call_ends
	lab_wait 60 assert_equal "$calls" sql "$CDRS" "SELECT count(*) FROM cseqguard.cdr WHERE call_id LIKE '%-$call' AND
		end_reason = 'bye' AND ended_by = 'caller' AND bye_confirmed AND NOT suspect AND blocked_byes = 0"
	assert_equal "$calls" sql "$CDRS" "SELECT count(*) FROM cseqguard.cdr WHERE call_id LIKE '%-$call'"
	assert_equal 0 sql "$CDRS" "SELECT count(*) FROM cseqguard.violation WHERE call_id LIKE '%-$call'"
	assert_equal "$before" refusals
}

@test "H13 the guard comes and goes in mid-connection: each message arrives" {
	midway guard_down
	midway guard_up --gateway "$LAB_GATEWAY/32" --xdp skb --tcp enforce
	assert_equal '[0,0,0,0]' jq -c '[.in | .tcp_unlike, .tcp_unframed, .tcp_stalled, .out_of_order | . // 0]' < <(guard stats -j)
}

@test "H13 messages over TCP on a link that loses 1 % and reorders: each arrives once" {
	lossy
	lossy_line third 0.01
	honest third proxy "$BEYOND" 10 20 offload=off
}

@test "H13 messages over TCP on a link that loses 10 % and reorders: each arrives once, no connection stalls" {
	lossy
	lossy_line third 0.1
	honest third proxy "$BEYOND" 8 10 offload=off
}
