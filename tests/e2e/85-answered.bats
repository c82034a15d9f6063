#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# refuse=answer: the guard answers a BYE that it refuses for its CSeq. Each test has its own lab.

load lib

setup() {
	call=answered@lab-$$
}

teardown() {
	sip_over
	[[ -n ${BATS_TEST_COMPLETED:-} ]] || evidence >&2
	lab_down
}

# The far end of a veth pair gets what XDP_TX sends only if it has an XDP program, too. A network card
# needs none. iproute2 leaves folders in the bpffs that it sees: it gets one of its own.
lab_with() { # XDP-MODE [ATTACH-OPTION]...
	proxy_lab --xdp "$@"
	printf '%s\n' '__attribute__((section("xdp"), used)) int pass(void *c) { return 2; }' |
		clang -target bpf -O2 -g -x c -c - -o "$LAB_DIR/pass.o"
	unshare -m sh -c 'mount -t bpf bpf /sys/fs/bpf && exec "$@"' sh \
		ip -n "$(lab_ns caller)" link set dev eth0 xdp obj "$LAB_DIR/pass.o" sec xdp
}

low_bye() { # CSEQ: repeated until it is answered
	uac_message BYE "$1" | sip_send 500
}

sent() { # CSEQ: the times that the caller has sent a BYE with it
	grep -A8 '^BYE ' "$LAB_DIR/caller.msg" | grep -c "^CSeq: $1 BYE"
}

total() { # WORD of stats
	guard stats -j | jq ".$1"
}

# A phone with a wrong CSeq gets a 500 to its first BYE, and hangs up with a right one.
answers() {
	gateway < <(uas_call; sip_serve BYE 200 OK)
	caller < <(uac_call 13; sip_pause 200; low_bye 10; uac_expect 500; sip_hold; bye 14)
	eventually "out_of_order answered BYE 10 14 caller $LAB_CALLER" violations \
		"concat_ws(' ', reason, action, method, cseq, expected_cseq, leg, host(source))"
	cdr_open
	sip_go caller
	call_ends
	cdr_true bye caller gateway
	eventually 1 cdr blocked_byes
	grep -q '^SIP/2.0 500 Request Out of Order *.$' "$LAB_DIR/caller.msg"
	assert_equal 1 sent 10
	assert_equal 1 total answered
	assert_equal 1 total dropped
}

@test "refuse=answer in native XDP mode: a phone with a wrong CSeq stops after one BYE, and the call continues" {
	lab_with native --refuse answer
	answers
	assert_equal answer jq -r .settings.refuse < <(guard status -j)
}

@test "refuse=answer in generic XDP mode: a phone with a wrong CSeq stops after one BYE, and the call continues" {
	lab_with skb
	guard set refuse=answer
	answers
}

@test "refuse=answer: a BYE with the CSeq of the INVITE is answered" {
	lab_with native --refuse answer
	gateway < <(uas_call; sip_serve BYE 200 OK)
	caller < <(uac_call 13; sip_pause 200; low_bye 13; uac_expect 500; sip_pause 500; bye 14)
	call_ends
	cdr_true bye caller gateway
	eventually 'equal_cseq answered 13 14' violations "concat_ws(' ', reason, action, cseq, expected_cseq)"
}

@test "refuse=drop, the default: the phone repeats the BYE, and hears nothing" {
	lab_with native
	gateway < <(uas_call; sip_serve BYE 200 OK)
	caller < <(uac_call 13; sip_pause 200; uac_request BYE 10; sip_hold; bye 14)
	eventually 'out_of_order drop' violations "concat_ws(' ', reason, action)"
	sip_go caller
	call_ends
	cdr_true bye caller gateway
	assert_equal 0 total answered
}
