#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# F12, F13, F17 and H7: fragments, tags in flipped case, bytes that a database refuses, and rare but honest
# messages, through Kamailio to the gateway, over IPv4 and IPv6.

load lib
load wire

setup_file() {
	wire_lab
}

# --- F13: letter case of tags --------------------------------------------------------------------

FLIPPED="from='From: <sip:bob@h>;tag=cALLER-1' to='To: <sip:gw@h>;tag=gATEWAY-1'"

f13_gateway_compares() {
	wire <<-END
		call
		lost BYE 10 $FLIPPED
		pass BYE 14 $FLIPPED status=481
		pass BYE 15
	END
	eventually 'out_of_order drop 10,refused pass 14' violations \
		"string_agg(concat_ws(' ', reason, action, cseq), ',' ORDER BY at)"
	closed_by 15
}

f13_gateway_does_not() {
	wire <<-END
		call
		lost BYE 10 $FLIPPED
		pass BYE 14 $FLIPPED
	END
	refused out_of_order 1 10
	closed_by 14
}

f13_near() {
	wire <<-'END'
		call
		pass BYE 14 status=481
	END
	eventually "gone caller t f 14" cdr \
		"concat_ws(' ', end_reason, ended_by, bye_confirmed, suspect, caller_cseq)"
	unblocked
}

@test "F13 tags in flipped case, gateway that compares case: its 481 closes nothing" {
	over_both f13_gateway_compares
}

@test "F13 tags in flipped case, gateway that does not compare case: judged by order" {
	over_both f13_gateway_does_not
}

@test "F13 near miss: 481 to a BYE with the very tags closes the CDR" {
	over_both f13_near
}

# --- F17: bytes that a database refuses ----------------------------------------------------------

call_id_cut() { # the flag of the dialog in the map, CG_D_CALL_ID_CUT
	bpftool -j map dump pinned "/sys/fs/bpf/cseqguard/lab-$LAB_ID/dialogs" |
		jq --arg id "$call" '.[].formatted.value | select(.call.call_id == $id) | .flags / 4 % 2 >= 1'
}

f17() { # CALL-ID, and how it stands in the CDR
	wire <<-END
		always callid='Call-ID: $1' from='From: "\\xff\\x01" <sip:b\\xfcb@h>;tag=a\\xffb'
		call
		lost BYE 10
		pass BYE 14
	END
	call=$2
	refused out_of_order 1 10
	closed_by 14
	assert_equal 'sip:b\xfcb@h a\xffb' cdr "caller || ' ' || from_tag"
}

f17_escaped() {
	f17 '\xff\x01\x7f\xc3(\xc3\xbc$ID' '\xff\x01\x7f\xc3('"ü$call"
}

f17_cut() {
	local long

	printf -v long '%0300d' 0
	f17 "$call-$long" "$(printf '%.127s' "$call-$long")"
	assert_equal true call_id_cut
}

f17_nul() {
	wire <<-'END'
		always callid='Call-ID: $ID\0hidden'
		call
		lost BYE 10
		pass INFO 14
	END
	cdr_open
	assert_equal true call_id_cut
	refused out_of_order 1 10
}

@test "F17 Call-ID, tag and URI with bytes that are no UTF-8, and control characters: escaped" {
	over_both f17_escaped
}

@test "F17 Call-ID of 300 characters: cut, and flagged" {
	over_both f17_cut
}

@test "F17 NUL in a Call-ID: the CDR has what stands before it" {
	over_both f17_nul
}

f17_near() { # the longest Call-ID that has room, and one in UTF-8 beyond ASCII
	local long

	printf -v long '%0*d' $((127 - ${#call})) 0
	wire <<-END
		always callid='Call-ID: $call$long' from='From: "\xc3\xbc" <sip:b\xc3\xb6b@h>;tag=a'
		call
		lost BYE 10
		pass BYE 14
	END
	call=$call$long
	refused out_of_order 1 10
	closed_by 14
	assert_equal 'sip:böb@h' cdr caller
	assert_equal false call_id_cut
}

@test "F17 near miss: Call-ID of 127 characters, UTF-8 in a URI: there as they are, and not flagged" {
	over_both f17_near
}

# --- H7: honest but odd --------------------------------------------------------------------------

h7() { # steps on stdin: an honest call that BYE 14 ends
	wire
	closed_by 14
	unblocked
}

h7_fragmented() {
	h7 <<-'END'
		call tail=1200 body=3000
		pass BYE 14 body=2000
	END
}

h7_lf() {
	h7 <<-'END'
		style lf
		call first='\n\n'
		pass BYE 14 first='\n'
	END
}

h7_crlf() {
	h7 <<-'END'
		call first='\r\n\r\n'
		pass BYE 14 first='\r\n'
	END
}

h7_uri() {
	local long

	printf -v long '%01000d' 0
	h7 <<-END
		call start='INVITE sip:gw;x=$long@h SIP/2.0'
		pass BYE 14
	END
	eventually t cdr "request_uri LIKE 'sip:gw;x=000%'"
}

h7_keepalive() {
	local before

	before=$(counted keepalive)
	h7 <<-'END'
		send '\r\n\r\n'
		call
		send '\r\n'
		send '\0'
		send '\0\0\0\0'
		send ''
		send '\x00\x01\x00\x00\x21\x12\xa4\x42abcdefghijkl'
		pass BYE 14
	END
	assert_equal $((before + 6)) counted keepalive
}

@test "H7 a call whose INVITE is fragmented behind its headers is guarded" {
	over_both h7_fragmented
}

@test "H7 a call whose lines end in a bare LF is guarded" {
	over_both h7_lf
}

@test "H7 a call whose messages begin with CRLF is guarded" {
	over_both h7_crlf
}

@test "H7 a call whose Request-URI is 1 kB long is guarded" {
	over_both h7_uri
}

@test "H7 keep-alives between the messages of a call do not disturb it" {
	over_both h7_keepalive
}

# --- F12: fragments. Last: more than ten violations of a source in a minute are one row ------------

CUTS=(cut=8 cut=16 'cut=8,16,24,32,40' cut=48 cut=From cut=Call-ID cut=CSeq 'cut=CSeq backwards'
	'cut=From,Call-ID,CSeq backwards' 'cut=CSeq walk=1' pad=1500 pad=3000)

f12() {
	judged < <(printf '%s\n' "${CUTS[@]}")
}

@test "F12 BYE cut over IP fragments, in any order, is gathered and judged by its order" {
	over_both f12
}

h7_invite() {
	local form name=$call n=0

	for form in "${CUTS[@]}"; do
		call=$((n += 1))-$name
		wire <<-END
			call $form
			lost BYE 10
			pass BYE 14
		END
		closed_by 14
	done
}

@test "H7 a call whose INVITE is cut over IP fragments, in any order, is guarded" {
	over_both h7_invite
}

f12_near() {
	judged <<-'END'
		tail=100 cut=X-Tail
		tail=100 cut=X-Tail backwards
		tail=2500
		body=2500
		walk=3
	END
}

@test "F12 near miss: BYE fragmented behind its headers is judged by order, as behind IP options" {
	over_both f12_near
}
