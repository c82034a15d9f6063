#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# What an operator changes while calls run: policies, each value on real traffic, and clocks. Gateways that
# status reports as missing.

load lib
load operator

setup_file() {
	proxy_lab
	quick_daemon
}

teardown() {
	sip_over
	[[ -n ${BATS_TEST_COMPLETED:-} ]] || evidence >&2
	guard set mode=enforce equal=drop source=observe fragments=strict strict-interface=no ports=5060 \
		"gateway=$LAB_GATEWAY/32"
}

setting() { # NAME: as text and as JSON
	guard status | awk -v name="$1" '$1 == name { $1 = ""; print substr($0, 2) }'
	status ".settings.$1 | if type == \"array\" then join(\", \") else . end"
}

# --- policies ------------------------------------------------------------------------------------

@test "policy equal: drop and pass take effect while calls run" {
	assert_equal $'drop\ndrop' setting equal
	attack uac_request BYE 13
	call_ends
	cdr_true bye caller gateway
	blocked equal_cseq 13 14
	guard set equal=pass
	assert_equal $'pass\npass' setting equal
	call=2-$call
	passes uac_request BYE 13
	assert_equal 'equal_cseq pass' violations "reason || ' ' || action"
}

# The caller's BYE by a third host. It passes on to the gateway, whose 200 goes back there.
third_bye() { # CSEQ
	sip_bye_of caller "$1" >"$LAB_DIR/third.bye"
	lab_in third bash -c "cat '$LAB_DIR/third.bye' >/dev/udp/$LAB_PROXY/5060"
}

# A BYE as SIPp NAME's ACK names the dialog.
sip_bye_of() { # NAME CSEQ
	awk -v cseq="$2" -v via="Via: SIP/2.0/UDP $LAB_THIRD:5060;branch=z9hG4bK-$call-$2" '
		/^ACK / { sub(/^ACK/, "BYE"); print; print via "\r"; on = 1; next }
		on && /^(Route|From|To|Call-ID|Max-Forwards):/ { print }
		on && /^CSeq:/ { print "CSeq: " cseq " BYE\r" }
		on && /^\r?$/ { exit }
		END { print "Content-Length: 0\r\n\r" }' "$LAB_DIR/$1.msg"
}

@test "policy source: a BYE of a third host passes and is reported, or is dropped" {
	assert_equal $'observe\nobserve' setting source
	gateway < <(uas_call; sip_serve BYE 500 'Not You'; sip_serve BYE 200 OK)
	caller < <(uac_call 13; sip_hold; bye 20)
	cdr_open
	third_bye 14
	eventually pass violations action "reason = 'foreign_source'"
	sip_go caller
	call_ends
	cdr_true bye caller gateway
	assert_equal 0 cdr blocked_byes
	guard set source=strict
	assert_equal $'strict\nstrict' setting source
	call=2-$call
	gateway < <(uas_call; sip_serve BYE 200 OK)
	caller < <(uac_call 13; sip_hold; bye 20)
	cdr_open
	third_bye 14
	eventually "drop $LAB_THIRD" violations "action || ' ' || host(source)" "reason = 'foreign_source'"
	sip_go caller
	call_ends
	cdr_true bye caller gateway
	assert_equal 1 cdr blocked_byes
}

# A BYE whose dialog headers lie behind 6,000 bytes of Via, in fragments: behind what is read.
long_bye() {
	local n
	printf 'BYE sip:gw@%s SIP/2.0\r\n' "$LAB_GATEWAY"
	for n in {1..60}; do
		printf 'Via: SIP/2.0/UDP 10.77.1.1:5060;branch=z9hG4bK-%s-%064d\r\n' "$n" "$n"
	done
	printf '%s\r\n' 'From: <sip:a@x>;tag=a' 'To: <sip:b@x>;tag=b' "Call-ID: $call" 'CSeq: 14 BYE' \
		'Content-Length: 0' ''
}

# One datagram, whatever its size.
datagram() { # HOST PORT <PAYLOAD
	lab_in "$1" python3 -c 'import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.IPPROTO_IP, 10, 0) # IP_MTU_DISCOVER: fragments are made
s.sendto(sys.stdin.buffer.read(), (sys.argv[1], int(sys.argv[2])))' "$LAB_PROXY" "$2"
}

dropped() { # packets
	guard stats -j | jq .dropped
}

fragmented() { # ACTION: how many such violations there are
	sql "$CDRS" "SELECT coalesce(sum(count), 0) FROM cseqguard.violation WHERE reason = 'fragmented' AND action = '$1'"
}

@test "policy fragments: a BYE that hides its dialog behind 4,096 bytes is dropped, or passes" {
	local dropped
	dropped=$(dropped)
	assert_equal $'strict\nstrict' setting fragments
	[[ $(long_bye | wc -c) -gt 5000 ]]
	long_bye | datagram caller 5060
	eventually 1 fragmented drop
	assert_equal $((dropped + 1)) dropped
	guard set fragments=pass
	assert_equal $'pass\npass' setting fragments
	long_bye | datagram caller 5060
	eventually 1 fragmented pass
	assert_equal 1 fragmented drop
	assert_equal $((dropped + 1)) dropped
}

# The gateway's own BYE, as SIPp `gateway` would send it, spoofed from the caller's side. (What the
# proxy answers goes to a port of the gateway where nobody listens.)
spoofed_gateway_bye() { # CSEQ
	lab_in gateway python3 - "$LAB_DIR/gateway.msg" "$1" >"$LAB_DIR/spoofed" <<-'END'
		import re, sys
		text = open(sys.argv[1], newline="").read()
		invite = text[text.index("INVITE "):]
		ok = text[text.index("SIP/2.0 200"):]
		def header(part, name):
		    return re.search(r"^%s: *(.*?)\r?$" % name, part, re.M).group(1)
		contact = re.search(r"<(.*?)>", header(invite, "Contact")).group(1)
		sys.stdout.write("\r\n".join(["BYE %s SIP/2.0" % contact,
		    "Via: SIP/2.0/UDP 10.77.2.1:5999;branch=z9hG4bK-spoofed-" + sys.argv[2],
		    "From: " + header(ok, "To"), "To: " + header(invite, "From"),
		    "Call-ID: " + header(invite, "Call-ID"), "CSeq: %s BYE" % sys.argv[2],
		    "Max-Forwards: 70", "Content-Length: 0", "", ""]))
	END
	ip -n "$(lab_ns caller)" addr add "$LAB_GATEWAY/32" dev lo
	lab_in caller python3 -c 'import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind((sys.argv[1], 5060))
s.sendto(open(sys.argv[3], "rb").read(), (sys.argv[2], 5060))' "$LAB_GATEWAY" "$LAB_PROXY" "$LAB_DIR/spoofed"
	ip -n "$(lab_ns caller)" addr del "$LAB_GATEWAY/32" dev lo
}

@test "policy strict-interface: a gateway's BYE spoofed through the caller's interface closes, or does not" {
	lab_in proxy sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.caller0.rp_filter=0
	assert_equal $'no\nfalse' setting strict_interface
	gateway < <(uas_call; sip_serve BYE 481 Gone)
	caller < <(uac_call 13; sip_hold)
	cdr_open
	spoofed_gateway_bye 5
	cdr_closed bye callee # on a host without the setting it is the gateway's word
	sip_over
	guard set strict-interface=yes
	assert_equal $'yes\ntrue' setting strict_interface
	call=2-$call
	gateway < <(uas_call; sip_serve BYE 200 OK)
	caller < <(uac_call 13; sip_hold; bye 20)
	cdr_open
	spoofed_gateway_bye 5
	eventually "foreign_source callee" violations "reason || ' ' || leg"
	cdr_open
	sip_go caller
	call_ends
	cdr_true bye caller gateway
}

refused_bye() {
	gateway < <(uas_call; sip_serve BYE 403 No)
	caller < <(uac_call 13; sip_pause 200; uac_request BYE 14; uac_expect 403)
	call_ends
}

@test "policy gateway: only its addresses are evidence of an end" {
	assert_equal "$LAB_GATEWAY/32"$'\n'"$LAB_GATEWAY/32" setting gateways
	refused_bye
	cdr_open # the gateway is the witness, and refused
	guard set gateway=192.0.2.0/24,2001:db8::/32
	assert_equal $'192.0.2.0/24, 2001:db8::/32\n192.0.2.0/24, 2001:db8::/32' setting gateways
	guard set "gateway=$LAB_CALLER/32"
	call=2-$call
	refused_bye
	cdr_closed bye caller # the caller is the witness: its own word closes
	guard set gateway=
	assert_equal none setting gateways
	call=3-$call # without one, the callee's word closes
	passes uac_request BYE 14
}

@test "policy ports: SIP on another port is guarded once it is named" {
	local bad
	assert_equal $'5060\n5060' setting ports
	printf 'BYE sip:a@b SIP/2.0\r\nFrom: <a:a>;tag=a\r\nTo: <b:b>;tag=b\r\nCall-ID: %s\r\nCall-ID: z\r\n\r\n' \
		"$call" >"$LAB_DIR/bad"
	bad=$(counted ambiguous)
	datagram caller 5070 <"$LAB_DIR/bad"
	guard set ports=5060,5070
	assert_equal $'5060, 5070\n5060, 5070' setting ports
	assert_equal "$bad" counted ambiguous
	datagram caller 5070 <"$LAB_DIR/bad"
	eventually $((bad + 1)) counted ambiguous
}

# --- gateways that are not named -----------------------------------------------------------------

@test "status names who answers for a gateway, until it is named" {
	guard set gateway= # the cluster's neighbour is unknown
	slow_gateway
	caller < <(uac_invite 13; uac_expect 200; uac_answered 13; sip_pause 500; bye 14)
	lab_wait 5 grep -q '^SIP/2.0 180' "$LAB_DIR/gateway.msg"
	forged_2xx neighbour sip:gw@10.77.3.1:5060
	eventually "$LAB_THIRD 1" status '.answerers[] | "\(.address) \(.count)"'
	guard status | grep -q "^answered for *$LAB_THIRD (1, last 20.*Z)"
	guard status | grep -q 'cseqguard set gateway='
	guard set "gateway=$LAB_GATEWAY/32,10.77.3.0/29"
	assert_equal 0 status '.answerers | length'
	sip_over
}

answerer() { # NUMBER: 192.0.2.NUMBER, last seen NUMBER seconds after boot
	local key value
	key=$(printf '00 00 00 00 00 00 00 00 00 00 ff ff c0 00 02 %02x' "$1")
	value=$(python3 -c 'import struct, sys
print(struct.pack("=QQ", 1, int(sys.argv[1]) * 10**9).hex(" "))' "$1")
	# shellcheck disable=SC2086 # one word a byte
	bpftool map update pinned "/sys/fs/bpf/cseqguard/lab-$LAB_ID/unexpected_uas" key hex $key value hex $value
}

@test "status names the ten who answered last, the latest first" {
	local n
	for n in 7 3 12 1 9 5 11 2 8 4 10 6; do
		answerer "$n"
	done
	guard set "gateway=$LAB_GATEWAY/32,$LAB_THIRD/32,192.0.2.12/32"
	assert_equal '11 10 9 8 7 6 5 4 3 2' status '[.answerers[].address | ltrimstr("192.0.2.")] | join(" ")'
}

# --- clocks --------------------------------------------------------------------------------------

pending() { # INVITEs that the host acted on
	status .maps.pending.used
}

@test "clocks: an INVITE without a final response is forgotten after invite-timeout, one with it after invite-grace" {
	quick_daemon --invite-timeout 1s --invite-grace 1s # what other tests left
	eventually 0 pending
	quick_daemon --invite-timeout 2s --invite-grace 1h
	gateway < <(uas_invite; uas_answer 180 Ringing; sip_pause 6000)
	caller < <(uac_invite 13; uac_expect 200)
	eventually 1 pending
	eventually 0 pending
	sip_over
	call=2-$call
	quick_daemon --invite-timeout 1h --invite-grace 1h
	passes uac_request BYE 14
	assert_equal 1 pending
	quick_daemon --invite-timeout 1h --invite-grace 1s
	eventually 0 pending
}

@test "clocks: a BYE that nobody answers is unanswered after bye-timeout; an answer that comes late closes" {
	# The proxy repeats the BYE after 0.5, 1.5, 3.5 and each further 4 s: the last copy is the end.
	gateway < <(uas_call; sip_recv BYE; sip_pause 9000; sip_reply 200 OK)
	caller < <(uac_call 13; sip_pause 200; uac_request BYE 14; uac_expect 200)
	eventually 'unanswered pass caller' violations "concat_ws(' ', reason, action, leg)"
	cdr_open
	call_ends
	cdr_closed bye caller
	eventually t cdr 'extract(epoch FROM duration) BETWEEN 3 AND 25'
}
