#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# The method of a response is that of its CSeq, which the callee copies from the request.

load lib
load wire

setup_file() {
	wire_lab
}

not_a_bye() {
	wire <<-'END'
		call
		lost INFO 14 cseq='CSeq: 14 BYE'
		lost MESSAGE 14 cseq='CSeq: 14 bye'
		pass INFO 14
		pass BYE 15
	END
	closed_by 15
	eventually 'bad_cseq 2' violations "reason || ' ' || count(*)" 'true GROUP BY reason'
}

@test "another request under the CSeq of a BYE: its 2xx does not end the call" {
	over_both not_a_bye
}

not_an_invite() {
	wire <<-'END'
		lost INVITE 13 cseq='CSeq: 13 FOO'
		lost INVITE 13 cseq='CSeq: 13 BYE'
		lost INVITE 13 cseq='CSeq: 13x INVITE'
		lost INVITE 13 callid='Subject: x\rCall-ID: $ID'
		call
		pass BYE 14
	END
	closed_by 14
}

@test "an INVITE whose CSeq or Call-ID only some peers read opens no call unseen" {
	over_both not_an_invite
}

odd_from() { # Kamailio cannot parse it, and puts 32 NULs into the branch of what it sends on
	printf 'call\npass BYE 14 %s\n' "from='From: <sip:bob@h>;t=ag=1;tag=\$CALLER'" | wire || :
	eventually 'bye caller t f 14' cdr \
		"concat_ws(' ', end_reason, ended_by, bye_confirmed, suspect, caller_cseq)"
	unblocked
}

@test "NULs in the proxy's own branch: evidence all the same, and nothing that goes out is dropped" {
	over_both odd_from
}
