# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
# shellcheck shell=bash disable=SC2153
#
# Many calls at a time, RATE a second, to SIPp on host CALLEE, in batches (BATCHES: their names), and the bill of
# all of them compared with SIPp's own log, call by call, to WITHIN (0.5) seconds. Low BYEs between UNSURE_FROM and
# UNSURE_TO (seconds since 1970) may be missing in the rows. Needs lib.bash.

# --- the calls -----------------------------------------------------------------------------------

talk() { # MIN MAX: milliseconds
	printf '<pause distribution="uniform" min="%d" max="%d"/>\n' "$1" "$2"
}

skip_to() { # LABEL PROBABILITY
	printf '<nop next="%d" chance="%s"/>\n' "$1" "$2"
}

# Nine of ten keep the order; the others' first BYE, of some also a second, is to be dropped.
caller_steps() {
	uac_call 13
	talk 200 1900
	skip_to 600 0.9
	uac_request BYE 10
	talk 10 50
	skip_to 600 0.7
	uac_request BYE 11
	talk 10 50
	printf '<label id="600"/>\n'
	uac_message BYE 14 | sip_send 500
	uac_expect 200
}

callee_steps() { # repeats itself where its 200 to the BYE was lost
	uas_invite
	uas_answer 200 OK
	sip_recv ACK
	sip_serve BYE 200 OK
	printf '<timewait milliseconds="5000"/>\n'
}

# A busy machine may hold up SIPp: it goes on. The short messages are all that is kept.
calls_begin() { # BATCH SECONDS
	local options=(-m $((RATE * $2)) -l $((RATE * 10)) -timeout $(($2 + 90))s
		-message_file /dev/null -buff_size 1048576 -watchdog_interval 0)

	CALLER=$1-caller
	sip_callee "$CALLEE" "$1-callee" "${options[@]}" < <(callee_steps)
	sip_caller caller "$CALLER" "%u@$1-$LAB_ID" "${options[@]}" -r "$RATE" < <(caller_steps)
}

calls_run() {
	kill -0 "${SIP_PID[$CALLER]}" 2>/dev/null
}

calls_over() {
	! calls_run
}

# --- the bill ------------------------------------------------------------------------------------

load_logs() { # SIDE: SIPp's short messages: date, time, epoch, S or R, Call-ID, CSeq, first line
	psql -Xqd "$(pg_conninfo "$CDRS")" -v ON_ERROR_STOP=1 -c "\\copy ${1}_log FROM pstdin" \
		< <(for batch in "${BATCHES[@]}"; do cat "$LAB_DIR/$batch-$1.short"; done)
}

# The two logs, and the views truth and difference over them.
load_truth() {
	psql -Xqd "$(pg_conninfo "$CDRS")" -v ON_ERROR_STOP=1 -v within="${WITHIN:-0.5}" -v unsure_from="${UNSURE_FROM:-0}" -v unsure_to="${UNSURE_TO:-0}" \
		-f "$LAB_TOP/tests/e2e/crowd.sql"
	load_logs caller
	load_logs callee
	sql "$CDRS" 'ANALYZE caller_log; ANALYZE callee_log; REFRESH MATERIALIZED VIEW truth;'
}

billed() { # CONDITION
	sql "$CDRS" "SELECT count(*) FROM cseqguard.cdr WHERE $1"
}
