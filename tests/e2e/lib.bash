# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
# shellcheck shell=bash
#
# Shared by the end-to-end tests: one lab per file, one call with its own Call-ID per test, and the checks of
# the rows that the call leaves in the database.

LAB_TOP=$(cd "${BASH_SOURCE[0]%/*}/../.." && pwd)
# shellcheck source=deploy/lab.bash
. "$LAB_TOP/deploy/lab.bash"
# shellcheck source=deploy/sip.bash
. "$LAB_TOP/deploy/sip.bash"
# shellcheck source=deploy/ladder.bash
. "$LAB_TOP/deploy/ladder.bash"

# --- the lab of a file ---------------------------------------------------------------------------

guarded_lab() { # [ATTACH-OPTION]...: guard and daemon; no proxy or endpoint on the guarded host yet
	lab_up "$$" "$LAB_PG"
	export CDRS=cdr_$LAB_ID ACC=acc_$LAB_ID
	sql postgres "CREATE DATABASE $CDRS"
	guard_up "$@"
	guard_daemon "$CDRS"
}

proxy_lab() { # [ATTACH-OPTION]...: guarded_lab, with Kamailio on the guarded host
	guarded_lab --gateway "$LAB_GATEWAY/32" "$@"
	kamailio_db "$ACC"
	kamailio_up "$ACC"
}

setup() {
	call=$BATS_TEST_NUMBER@lab-$LAB_ID
}

# Ends the SIPp processes that a failed test leaves, so that the next test starts without them.
teardown() {
	sip_over
	[[ -n ${BATS_TEST_COMPLETED:-} ]] || evidence >&2
}

evidence() { # prints rows, counters and log of a failed test
	sql "$CDRS" "SELECT call_id, end_time - answer_time, end_reason, ended_by, bye_confirmed, suspect,
		blocked_byes, caller_cseq, callee_cseq FROM cseqguard.cdr WHERE call_id = '$call'"
	sql "$CDRS" "SELECT reason, action, method, cseq, expected_cseq, leg, source
		FROM cseqguard.violation WHERE call_id = '$call' ORDER BY at LIMIT 20"
	guard stats
	tail -n 3 "$LAB_DIR"/daemon.log
}

teardown_file() {
	lab_down
}

# Two makes at a time would write the same files. tests/run holds this lock while it builds.
lab_make() { # ARGUMENT...
	flock "$LAB_OUT/.make.lock" env -u MAKEFLAGS -u MAKELEVEL make -s -C "$LAB_TOP" "$@"
}

map_clear() { # no dialog is left in MAP
	bpftool -j map dump pinned "$MAP" 2>/dev/null |
		jq -r --arg map "$MAP" '.[].key | "map delete pinned \($map) key hex \(map(ltrimstr("0x")) | join(" "))"' |
		bpftool batch file - >/dev/null 2>&1 || :
}

# --- one call ------------------------------------------------------------------------------------

gateway() { # starts SIPp as callee on host gateway, with the steps on stdin
	sip_callee gateway gateway
}

caller() { # starts SIPp as caller on host caller, with the steps on stdin
	sip_caller caller caller "$call"
}

call_ends() { # waits for both SIPp; fails unless each saw exactly the messages of its steps
	sip_ended caller gateway
}

bye() { # CSEQ [OPTION]...: steps: the caller sends a BYE, which is accepted
	uac_request BYE "$@"
	uac_expect 200
}

# --- calls that several files play ---------------------------------------------------------------

slow_gateway() { # rings for a second and a half
	gateway < <(
		uas_invite
		uas_answer 180 Ringing
		sip_pause 1500
		uas_answer 200 OK
		sip_recv ACK
		sip_serve BYE 200 OK
	)
}

# The third host sends a 2xx to the INVITE that SIPp `gateway` received.
forged_2xx() { # TO-TAG [CONTACT]
	awk -v tag="$1" -v contact="${2:-sip:me@$LAB_THIRD:5060}" '
		/^(Via|From|Call-ID|CSeq|Record-Route):/ { print }
		/^To:/ { sub(/\r$/, ""); print $0 ";tag=" tag "\r" }
		/^Content-Type:/ { exit }
		BEGIN { printf "SIP/2.0 200 OK\r\n" }
		END { printf "Contact: <%s>\r\nContent-Length: 0\r\n\r\n", contact }' "$LAB_DIR/gateway.msg" \
		>"$LAB_DIR/forged"
	lab_in third bash -c "cat '$LAB_DIR/forged' >/dev/udp/$LAB_PROXY/5060"
}

# The attack of 2008: BYE 10 in a call at 13.
bye_lower() {
	gateway < <(uas_call; sip_serve BYE 200 OK)
	caller < <(uac_call 13; sip_pause 200; uac_request BYE 10; sip_hold; bye 14)
	eventually 1 violations 'count(*)'
	cdr_open
	sip_go caller
	call_ends
	cdr_true bye caller gateway
}

# BYEs with six CSeqs that are none, and the right one: F3.
byes_malformed() {
	local cseq

	gateway < <(uas_call; sip_serve BYE 200 OK)
	caller < <(
		uac_call 13
		for cseq in 2147483648 4294967310 99999999999999999999 14x; do
			uac_request BYE "$cseq"
			sip_pause 100
		done
		uac_request BYE 14 cseq_line='X-Nothing: here'
		sip_pause 100
		uac_request BYE 14 cseq_method=INFO
		sip_pause 1000
		bye 14
	)
	call_ends
}

# Steps of the callee in an answered call: a BYE below its INFO, and its right one MILLISECONDS later.
uas_bye_lower() { # [MILLISECONDS]
	uas_request INFO 20
	uac_expect 200
	uas_request BYE 10
	sip_pause "${1:-1000}"
	uas_request BYE 21
	uac_expect 200
}

bye_refused() { # STATUS: of the gateway, to the first BYE
	gateway < <(uas_call; sip_serve BYE "$1" Refused; sip_serve BYE 200 OK)
	caller < <(uac_call 13; sip_pause 200; uac_request BYE 14; uac_expect "$1"; sip_hold; bye 15)
	eventually 'refused pass' violations "reason || ' ' || action"
	cdr_open
	sip_go caller
	call_ends
	cdr_true bye caller gateway
}

bye_swapped() { # ADDRESS: of the caller, who sends a BYE with both tags swapped
	gateway < <(uas_call; sip_serve BYE 200 OK)
	caller < <(
		uac_call 13
		sip_pause 200
		uac_request BYE 1 'from=[$remote]' 'to=<sip:[caller]@[local_ip]>;tag=[from_tag]'
		sip_pause 1500
		bye 14
	)
	call_ends
	cdr_true bye caller gateway
	eventually "wrong_leg drop BYE callee $1" violations \
		"concat_ws(' ', reason, action, method, leg, host(source))"
}

# --- checks --------------------------------------------------------------------------------------

cdr() { # COLUMNS: prints them for each CDR of the call
	sql "$CDRS" "SELECT $1 FROM cseqguard.cdr WHERE call_id = '$call'"
}

violations() { # COLUMNS [CONDITION]: prints them for each violation of the call
	sql "$CDRS" "SELECT $1 FROM cseqguard.violation WHERE call_id = '$call' AND ${2:-true}"
}

assert_equal() { # TEXT COMMAND...: COMMAND prints TEXT; if not, prints both
	local found

	found=$("${@:2}") || :
	[[ $found == "$1" ]] && return
	printf 'expected "%s" of: %s\n   found "%s"\n' "$1" "${*:2}" "$found" >&2
	return 1
}

eventually() { # TEXT COMMAND...: COMMAND prints TEXT within 10 s
	lab_wait 10 assert_equal "$@" || assert_equal "$@"
}

counted() { # REASON: prints how many ingress packets had it
	guard stats -j | jq -r ".in.$1 // 0"
}

# The call has one CDR: closed for REASON by LEG, confirmed, not suspect.
cdr_closed() { # REASON LEG
	eventually "1" cdr 'count(*)'
	eventually "$1 $2 t f" cdr "concat_ws(' ', end_reason, ended_by, bye_confirmed, suspect)"
}

# As cdr_closed, and the duration is that of the call as SIPp NAME saw it, to 150 ms.
cdr_true() { # REASON LEG NAME
	local length

	cdr_closed "$1" "$2"
	length=$(ladder_length "$LAB_DIR/$3.short")
	eventually t cdr "abs(extract(epoch FROM duration) - $length) < 0.15"
}

cdr_open() { # the call has one CDR, which is open
	eventually 1 cdr 'count(*)'
	assert_equal t cdr 'end_time IS NULL'
}

blocked() { # REASON CSEQ EXPECTED: one BYE was dropped: the call's only violation, counted in its CDR
	eventually "$1 drop BYE $2 $3 caller $LAB_CALLER" violations \
		"concat_ws(' ', reason, action, method, cseq, expected_cseq, leg, host(source))"
	eventually "1 t" cdr "concat_ws(' ', blocked_byes, first_blocked_at BETWEEN answer_time AND end_time)"
}

unblocked() { # an honest call: nothing dropped, nothing recorded
	eventually 0 cdr blocked_byes
	assert_equal 0 violations 'count(*)'
}
