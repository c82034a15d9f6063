#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# How messages are carried: segmentation offload, jumbo frames, VLANs, checksums, TCP, ICMP. The lab has an MTU
# of 9000. Its caller and gateway are behind native XDP, its third host behind generic XDP.

load lib
load wire

setup_file() {
	local host

	LAB_INTERFACES=(caller0 gateway0)
	wire_lab --xdp native
	for host in caller gateway; do
		ip -n "$(lab_ns "$host")" link set eth0 mtu 9000
		ip -n "$(lab_ns proxy)" link set "${host}0" mtu 9000
	done
	wire_ipv6 third 3
	lab_wait 10 wire_addressed
	guard attach --xdp skb third0 2>"$LAB_DIR/generic"
}

from_third() { # the third host is the caller
	WIRE_HOST=third WIRE_CALLER=$LAB_THIRD "$@"
}

# --- datagrams that are sent as one --------------------------------------------------------------

gso() {
	wire <<-'END'
		call
		lost BYE 10 gso
		pass BYE 14 gso
	END
	refused out_of_order 1 10
	closed_by 14
}

@test "UDP segmentation, native: the second datagram of a send is judged" {
	over_both gso
}

# The proxy gets both; what it sends on is told by the other eye.
@test "UDP segmentation, generic: the second hides behind the first, the CDR is right all the same" {
	family=4
	from_third wire <<-'END'
		call
		pass BYE 10 gso status=500
		pass BYE 14
	END
	eventually 'refused pass BYE 10' violations "concat_ws(' ', reason, action, method, cseq)"
	closed_by 14
}

@test "UDP segmentation: attach and status warn of generic mode, and not of native" {
	grep -q 'third0.*generic.*segmentation' "$LAB_DIR/generic"
	guard status | grep -A 2 'third0: in generic' | grep -q segmentation
	(($(guard status | grep -c segmentation) == 1))
}

# --- frames of several buffers -------------------------------------------------------------------

jumbo() {
	local before

	before=$(counted fragment)
	wire <<-'END'
		call tail=6000
		lost BYE 10 body=7000
		pass BYE 14 body=7000
	END
	refused out_of_order 1 10
	closed_by 14
	assert_equal "$before" counted fragment
}

@test "frames of 8 kB: a BYE whose headers are in the first 4,096 bytes is judged" {
	over_both jumbo
}

jumbo_hidden() {
	local before

	before=$(counted fragment)
	wire <<-'END'
		lost INVITE 13 pad=5000
		call
		lost BYE 14 pad=5000
		lost BYE 14 pad=8000
		pass BYE 14 pad=3000
	END
	eventually 3 sql "$CDRS" "SELECT count(*) FROM cseqguard.violation WHERE reason = 'fragmented'
		AND action = 'drop' AND family(source) = $family AND at > (SELECT setup_time - '1 s'::interval
		FROM cseqguard.cdr WHERE call_id = '$call')"
	closed_by 14
	unblocked
	assert_equal "$before" counted fragment
}

@test "frames of 8 kB: BYE and INVITE whose headers lie beyond are dropped" {
	over_both jumbo_hidden
}

# --- VLANs ---------------------------------------------------------------------------------------

filter() { # HOST IFACE SIDE SECTION: iproute2 leaves folders in the bpffs that it sees: one of its own
	unshare -m sh -c 'mount -t bpf bpf /sys/fs/bpf && exec "$@"' sh tc -n "$(lab_ns "$1")" \
		filter replace dev "$2" "$3" pref 7 handle 1 bpf da obj "$LAB_DIR/tags.o" sec "$4"
}

tagged() {
	wire <<-'END'
		call
		lost BYE 10
		pass BYE 14
	END
	refused out_of_order 1 10
	closed_by 14
}

@test "VLANs: a BYE behind one, two and three tags is judged" {
	local tags name=$call

	clang -target bpf -O2 -g -I"/usr/include/$(uname -m)-linux-gnu" \
		-c "$LAB_TOP/tests/e2e/tags.bpf.c" -o "$LAB_DIR/tags.o"
	tc -n "$(lab_ns caller)" qdisc add dev eth0 clsact
	filter proxy caller0 ingress none
	for tags in one two three; do
		call=$tags-$name
		filter caller eth0 egress $tags
		over_both tagged
	done
	tc -n "$(lab_ns caller)" qdisc del dev eth0 clsact
}

# --- checksums -----------------------------------------------------------------------------------

@test "UDP checksum zero over IPv4: the BYE is judged as any other" {
	family=4
	wire <<-'END'
		call check=none
		lost BYE 10 check=none
		pass BYE 14 check=none
	END
	refused out_of_order 1 10
	closed_by 14
}

wrong_checksum() { # CHECK
	wire <<-END
		call check=right
		lost BYE 14 check=$1
		pass BYE 15
	END
	closed_by 15
	unblocked
}

@test "UDP checksum wrong, or zero over IPv6: nobody reads that BYE, it closes nothing" {
	over_both wrong_checksum wrong
	family=6
	call=zero-$call
	wrong_checksum none
}

# --- nobody's dialog -----------------------------------------------------------------------------

# What the guard has seen of SIP on the way in, but for the OPTIONS that wire.py sends itself.
sip_seen() {
	guard stats -j | jq -c '.in | del(.not_udp, .tcp, .other_port, .out_of_dialog)'
}

tcp() {
	local before seen

	before=$(counted tcp) seen=$(sip_seen)
	wire <<-'END'
		tcp 'BYE sip:gw@h SIP/2.0$CRCall-ID: $ID$CRCSeq: 10 BYE$CR$CR'
	END
	(($(counted tcp) > before))
	assert_equal "$seen" sip_seen
}

@test "SIP over TCP with tcp=off is counted and passed" {
	guard set tcp=off
	over_both tcp
	guard set tcp=observe
}

icmp() {
	local before seen

	before=$(counted not_udp) seen=$(sip_seen)
	wire < <(echo icmp)
	(($(counted not_udp) > before))
	assert_equal "$seen" sip_seen
	assert_equal 0 cdr 'count(*)'
}

@test "an ICMP error that quotes an INVITE opens no dialog" {
	over_both icmp
}
