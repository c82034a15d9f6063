# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
# shellcheck shell=bash disable=SC2154
#
# Records what the lab's hosts send and receive, replays it, and compares the rows with those of the guard. The
# hosts record, not the guarded one: what XDP drops is in no capture of the interface that it arrives on.

RECORDERS=()

record() { # [OPTION]...: starts a capture on each host; the options are those of its replay
	local host

	RECORDERS=() REPLAY_OPTIONS=("$@")
	for host in "${LAB_HOSTS[@]}"; do
		: >"$LAB_DIR/dumpcap-$host.log"
		# the port keeps ARP and the checks of the lab out
		ip netns exec "$(lab_ns "$host")" dumpcap -q -i eth0 -f 'udp port 5060 or ip[6:2] & 0x3fff != 0' \
			-w "$LAB_DIR/$host.pcapng" 2>"$LAB_DIR/dumpcap-$host.log" 3>&- &
		RECORDERS+=($!)
	done
	for host in "${LAB_HOSTS[@]}"; do
		lab_wait 30 grep -q '^File:' "$LAB_DIR/dumpcap-$host.log" || lab_fail "dumpcap does not start on $host"
	done
}

# dumpcap loses what the kernel has not handed over yet: the capture must show the end of the call.
record_end() {
	lab_wait 30 replay_ends || lab_fail "the capture does not show the end of $call"
	kill -INT "${RECORDERS[@]}"
	wait "${RECORDERS[@]}" || :
	RECORDERS=()
}

replayed() { # replays the captures, as the guard of the lab is set; exit code 4 is none of this
	local files=("${LAB_HOSTS[@]/%/.pcapng}")

	"$LAB_OUT/cseqguard" replay -j --host "$LAB_PROXY,$LAB_OUTSIDE,$LAB_INSIDE,10.77.3.254" \
		--gateway "$LAB_GATEWAY/32" "${REPLAY_OPTIONS[@]}" "${files[@]/#/$LAB_DIR/}" \
		>"$LAB_DIR/replay.json" || [[ $? == 4 ]]
}

replay_ends() {
	replayed && jq -e --arg call "$call" 'any(.calls[]; .call_id == $call and .end_time != null)' "$LAB_DIR/replay.json"
}

# The call's rows, without what depends on the machine; times in seconds.
guard_rows() {
	sql "$CDRS" "SELECT jsonb_build_object('calls', (SELECT coalesce(jsonb_agg(to_jsonb(c) ||
			jsonb_build_object('answer', extract(epoch FROM answer_time), 'end', extract(epoch FROM end_time),
			'setup', extract(epoch FROM setup_time)) ORDER BY answer_time), '[]') FROM cseqguard.cdr c
			WHERE call_id = '$call'),
		'violations', (SELECT coalesce(jsonb_agg(to_jsonb(v) ORDER BY at, seq), '[]') FROM cseqguard.violation v
			WHERE call_id = '$call'))"
}

replay_rows() {
	jq -c --arg call "$call" 'def seconds: if . then (.[0:19] + "Z" | fromdateiso8601) + ("0" + .[19:-1] | tonumber)
			else null end;
		{calls: [.calls[] | select(.call_id == $call) | . + {answer: (.answer_time | seconds),
			end: (.end_time | seconds), setup: (.setup_time | seconds)}],
		violations: [.violations[] | select(.call_id == $call)]}' "$LAB_DIR/replay.json"
}

RECORDED_CALL='{call_uid, call_id, from_tag, to_tag, caller, callee, request_uri, caller_addr, caller_port, callee_addr,
	callee_port, caller_side, callee_side, witness, end_reason, ended_by, bye_confirmed, suspect, blocked_byes,
	caller_cseq, callee_cseq, sip_code}'
RECORDED_VIOLATION='{call_uid, reason, action, count, from_tag, to_tag, method, cseq, expected_cseq, leg, source,
	source_port}'

same_texts() { # FILTER: the same of the rows of both
	diff <(guard_rows | jq -S "$1") <(replay_rows | jq -S "$1")
}

# Times are those of two clocks at two places: half a second is generous for a busy machine.
same_times() {
	jq -es 'map([.calls[] | .setup, .answer, .end]) | [.[0], .[1]] | transpose |
		all(.[]; (.[0] == null) == (.[1] == null) and ((.[0] // 0) - (.[1] // 0) | fabs) < 0.5)' \
		<(guard_rows) <(replay_rows) >/dev/null
}

same_rows() { # the call has the same rows as in the database, one call at least
	replayed
	[[ $(guard_rows | jq '.calls | length') -ge 1 ]] &&
		same_texts ".calls | map($RECORDED_CALL)" &&
		same_texts ".violations | map($RECORDED_VIOLATION)" &&
		same_times
}
