#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
# bats file_tags=long
#
# F3 and F11: BYEs in bytes that no honest stack writes, through Kamailio to the gateway, over IPv4 and IPv6.
# Most are in tables of forms, one a line.

load lib
load wire

setup_file() {
	wire_lab
}

# --- F3: CSeq ------------------------------------------------------------------------------------

f3() {
	dropped bad_cseq 14 <<-'END'
		cseq='CSeq: 2147483648 BYE'
		cseq='CSeq: 4294967295 BYE'
		cseq='CSeq: 4294967310 BYE'
		cseq='CSeq: 18446744073709551630 BYE'
		cseq='CSeq: 99999999999999999999 BYE'
		cseq='CSeq: 14x BYE'
		cseq='CSeq: x14 BYE'
		cseq='CSeq: -14 BYE'
		cseq='CSeq: +14 BYE'
		cseq='CSeq: 0x0e BYE'
		cseq='CSeq: 14.0 BYE'
		cseq='CSeq: 14, 15 BYE'
		cseq='CSeq: BYE'
		cseq='CSeq: 14'
		cseq='CSeq: 14BYE'
		cseq='CSeq: 14 INFO'
		cseq='CSeq: 14 BYEx'
		cseq='CSeq:'
		cseq=
	END
}

f3_two() {
	dropped ambiguous 14 <<-'END'
		cseq='CSeq: 14 BYE$CRCSeq: 15 BYE'
		cseq='CSeq: 14 BYE$CRCSeq: 10 BYE'
		cseq='CSeq: 14 BYE$CRCSeq: 14 INFO'
		cseq='CSeq: 14 BYE$CRCSeq: 14x BYE'
	END
}

f3_near() { # CSEQ-AS-TEXT CSEQ
	wire <<-END
		call
		pass BYE '' cseq='CSeq: $1 BYE'
	END
	closed_by "$2"
	unblocked
}

@test "F3 BYEs with a CSeq too large, that wraps, not a number, none, or of another method" {
	over_both f3
}

@test "F3 BYEs with two CSeqs" {
	over_both f3_two
}

@test "F3 near miss: BYE with CSeq 2^31 - 1, or with leading zeros, closes the CDR" {
	over_both f3_near 2147483647 2147483647
	call=zeros-$call
	over_both f3_near 00000000000000014 14
}

# --- F11: how headers may be written -------------------------------------------------------------

f11_style() { # WORD...: of all that the caller sends
	wire <<-END
		style $*
		call
		lost BYE 10
		pass BYE 14
	END
	refused out_of_order 1 10
	closed_by 14
}

@test "F11 header names compact, in upper case, in lower case, spaced; values on folded lines" {
	local style name=$call

	for style in compact upper lower spaced folded 'compact upper spaced folded'; do
		call=${style// /-}-$name
		over_both f11_style "$style"
	done
}

@test "F11 methods and version in odd case" {
	over_both f11_style oddcase
}

f11_tags() {
	judged <<-'END'
		from='From: "x;tag=q" <sip:bob@h>;tag=$CALLER'
		from='From: "<sip:x>;tag=q" <sip:bob@h>;tag=$CALLER'
		from='From: "x\\";tag=q" <sip:bob@h>;tag=$CALLER'
		from='From: <sip:bob@h;tag=q>;tag=$CALLER'
		from='From: <sip:bob@h>;x="y;tag=q";tag=$CALLER'
		from='From: <sip:bob@h>;xtag=q;tag=$CALLER'
		from='From: <sip:bob@h>;TAG=$CALLER'
		from='From: <sip:bob@h> ; tag = $CALLER'
		from='From: <sip:bob@h>;tag=$CR\t$CALLER'
		from='From: sip:bob@h;tag=$CALLER'
		from='From: <tel:+49123>;tag=$CALLER'
		to='To: "x;tag=q" <sip:gw@h;tag=q>;x;tag=$GATEWAY;y=z'
	END
}

@test "F11 ;tag= in a quoted name, a URI, another parameter; tags in odd places" {
	over_both f11_tags
}

f11_whole() {
	judged always <<-'END'
		from='From: "x;tag=q" <sip:bob@h;tag=q>;xtag=q;TAG = $CALLER;y=z'
		from='From: sip:bob@h;tag=$CALLER'
		callid='Call-ID :$CR\t$ID \t'
	END
}

@test "F11 INVITE and ACK in unusual forms open a call, which is guarded" {
	over_both f11_whole
}

f11_before() {
	judged always <<-'END'
		first='\r\n\r\n'
		first='\n'
		first='\r'
		first='\r\r\n'
		first=' '
		first='\t'
		first='\0'
	END
}

@test "F11 CR, LF, blanks and NUL before the start line" {
	over_both f11_before
}

# Kamailio takes some of these for a BYE of the dialog and refuses others; peers differ.
f11_two_ways() {
	dropped ambiguous 14 <<-'END'
		+'From: <sip:bob@h>;tag=z'
		+'f: <sip:bob@h>;tag=z'
		+'From: <sip:bob@h>'
		+'To: <sip:gw@h>;tag=z'
		+'To: <sip:gw@h>'
		+'Call-ID: other'
		+'i: other'
		from='From: <sip:bob@h>;tag=$CALLER;tag=z'
		from='From: <sip:bob@h>;tag=z;tag=$CALLER' +'From: <sip:bob@h>;tag=$CALLER'
		from='From: <sip:bob@h>;tag="$CALLER"' +'From: <sip:bob@h>;tag=$CALLER'
		from='From: <sip:bob@h>;tag=$CALLER, <sip:bob@h>;tag=z'
		from='From: "x <sip:bob@h>;tag=$CALLER'
		to='To: <sip:gw@h>;tag="$GATEWAY"'
		to='To: <sip:gw@h;tag=$GATEWAY'
		+'Subject: x\rTo: <sip:gw@h>;tag=z'
		start='BYE sip:gw@h SIP/2.0x'
		start='BYE sip:gw@h SIP/2.0 x'
	END
}

@test "F11 BYEs whose dialog can be read in two ways: repeated, quoted, open, a CR within" {
	over_both f11_two_ways
}

# The other leg may have written these bytes: a low BYE is refused for its number, the right one passes.
f23_odd() {
	judged <<-'END'
		from='From: <sip:bob@h>;tag=$CALLER\rX: y'
	END
}

@test "F23 oddness in a header that the other leg may have written drops no BYE" {
	over_both f23_odd
}

f11_same() {
	dropped out_of_order 10 <<-'END'
		+'From: <sip:other@h>;tag=$CALLER'
		+'To: <sip:gw@h>;tag=$GATEWAY'
		+'Call-ID: $ID'
		+'i:$ID'
		+'CSeq: 10 BYE'
		+'To-Do: x$CRFromage: y$CRVias: z$CRCall-Identity: z'
		start='BYE  sip:gw@h  SIP/2.0'
		start='BYE\tsip:gw@h\tSIP/2.0'
		cseq='CSeq: 10$CR\tBYE'
	END
}

@test "F11 near miss: headers repeated with equal values, more blanks: the order counts" {
	over_both f11_same
}

f11_no_tag() {
	wire <<-END
		always from='From: <sip:bob@h>'
		call
		lost BYE 10
		pass BYE 14
	END
	refused out_of_order 1 10
	closed_by 14
	assert_equal '' cdr from_tag
}

@test "F11 no From tag in the whole call: it opens, and is guarded" {
	over_both f11_no_tag
}

f11_wrong_tag() {
	wire <<-'END'
		call
		pass BYE 10 from='From: <sip:bob@h>;tag=other' status=481
		pass BYE 14
	END
	closed_by 14
	unblocked
}

@test "F11 near miss: a BYE of another tag is nobody's; the gateway's 481 to it closes nothing" {
	over_both f11_wrong_tag
}
