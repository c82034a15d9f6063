# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
# shellcheck shell=bash
#
# What the end-to-end tests share: a lab a file, one call (and one Call-ID) a test, and what must
# stand in the database after it.

LAB_TOP=$(cd "${BASH_SOURCE[0]%/*}/../.." && pwd)
# shellcheck source=deploy/lab.bash
. "$LAB_TOP/deploy/lab.bash"
# shellcheck source=deploy/sip.bash
. "$LAB_TOP/deploy/sip.bash"
# shellcheck source=deploy/ladder.bash
. "$LAB_TOP/deploy/ladder.bash"

# --- the lab of a file ---------------------------------------------------------------------------

guarded_lab() { # [ATTACH-OPTION]...: the guard and its daemon, and nothing on the guarded host
	lab_up "$$" "$LAB_PG"
	export CDRS=cdr_$LAB_ID ACC=acc_$LAB_ID
	sql postgres "CREATE DATABASE $CDRS"
	guard_up "$@"
	guard_daemon "$CDRS"
}

proxy_lab() { # [ATTACH-OPTION]...: with Kamailio on the guarded host
	guarded_lab --gateway "$LAB_GATEWAY/32" "$@"
	kamailio_db "$ACC"
	kamailio_up "$ACC"
}

setup() {
	call=$BATS_TEST_NUMBER@lab-$LAB_ID
}

# What a failed test leaves is over before the next one begins.
teardown() {
	sip_over
	[[ -n ${BATS_TEST_COMPLETED:-} ]] || evidence >&2
}

evidence() { # of what went wrong
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

# --- one call ------------------------------------------------------------------------------------

gateway() { # steps on stdin; plays the callee
	sip_callee gateway gateway
}

caller() { # steps on stdin; plays the caller
	sip_caller caller caller "$call"
}

call_ends() { # both saw what their steps say, and nothing else
	sip_ended caller gateway
}

bye() { # CSEQ [OPTION]...: the caller's BYE, accepted
	uac_request BYE "$@"
	uac_expect 200
}

# --- what must come out --------------------------------------------------------------------------

cdr() { # COLUMNS: of the call's rows
	sql "$CDRS" "SELECT $1 FROM cseqguard.cdr WHERE call_id = '$call'"
}

violations() { # COLUMNS [CONDITION]: of the call's
	sql "$CDRS" "SELECT $1 FROM cseqguard.violation WHERE call_id = '$call' AND ${2:-true}"
}

equals() { # TEXT COMMAND...: COMMAND prints TEXT
	[[ $("${@:2}") == "$1" ]]
}

comes() { # TEXT COMMAND...: equals, before long; else says what came
	lab_wait 10 equals "$@" && return
	printf 'expected "%s" of: %s\n   found "%s"\n' "$1" "${*:2}" "$("${@:2}")" >&2
	return 1
}

counted() { # REASON: packets that came in with it
	guard stats -j | jq -r ".in.$1 // 0"
}

# The call's one row is closed, for that reason, by that leg, confirmed; not suspect.
cdr_closed() { # REASON LEG
	comes "1" cdr 'count(*)'
	comes "$1 $2 t f" cdr "concat_ws(' ', end_reason, ended_by, bye_confirmed, suspect)"
}

# ... and as long as the call was for SIPp NAME, to 150 ms.
cdr_true() { # REASON LEG NAME
	local length

	cdr_closed "$1" "$2"
	length=$(ladder_length "$LAB_DIR/$3.short")
	comes t cdr "abs(extract(epoch FROM duration) - $length) < 0.15"
}

cdr_open() {
	comes 1 cdr 'count(*)'
	equals t cdr 'end_time IS NULL'
}

blocked() { # REASON CSEQ EXPECTED: the call's only violation, and in its CDR
	comes "$1 drop BYE $2 $3 caller $LAB_CALLER" violations \
		"concat_ws(' ', reason, action, method, cseq, expected_cseq, leg, host(source))"
	comes "1 t" cdr "concat_ws(' ', blocked_byes, first_blocked_at BETWEEN answer_time AND end_time)"
}

unblocked() { # an honest call: nothing dropped, nothing recorded
	comes 0 cdr blocked_byes
	equals 0 violations 'count(*)'
}
