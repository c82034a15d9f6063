#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
# bats file_tags=alone
#
# F14: floods from a third host, as fast as one core sends, for FLOOD_SECONDS each, while honest calls ring,
# run, begin and end. The host's own routing keeps from Kamailio what the guard only counts, as a rate limit
# would: Kamailio is not what is tested here.

load lib
LAB_HOSTS+=(second)
LAB_INTERFACES+=(second0)
LAB_SECOND=10.77.4.1
DURATION=${FLOOD_SECONDS:-2}
SHORT_CALLS=$((DURATION * 5))

setup_file() {
	proxy_lab
}

# --- the honest ----------------------------------------------------------------------------------

# A caller at port PORT whose call lasts so long. What is lost is sent again.
flooded_caller() { # NAME CALL-ID PORT MILLISECONDS [SIPP-OPTION]...
	sip_caller caller "$1" "$2" -p "$3" -timeout 60s "${@:5}" < <(
		uac_call 13
		sip_pause "$4"
		uac_message BYE 14 | sip_send 500
		uac_expect 200
	)
}

# One call rings and one runs from before the flood until after it; SHORT_CALLS of one second each
# begin meanwhile, five a second.
honest_calls() {
	sip_callee second second -timeout 60s < <(
		uas_invite
		uas_answer 180 Ringing
		sip_pause $((DURATION * 1000 + 2000))
		uas_answer 200 OK
		sip_recv ACK
		sip_serve BYE 200 OK
	)
	sip_callee gateway gateway -m $((SHORT_CALLS + 1)) -timeout 60s < <(uas_call; sip_serve BYE 200 OK)
	SIP_CALLS=second flooded_caller ringing "ringing-$call" 5070 500
	flooded_caller long "long-$call" 5080 $((DURATION * 1000 + 2000))
	flooded_caller short "%u-$call" 5060 1000 -m "$SHORT_CALLS" -r 5
	lab_wait 5 grep -q '^SIP/2.0 180' "$LAB_DIR/second.msg"
	lab_wait 5 grep -q '^ACK' "$LAB_DIR/gateway.msg"
}

bills() { # CONDITION: how many of the honest calls have such a row
	sql "$CDRS" "SELECT count(*) FROM cseqguard.cdr WHERE call_id LIKE '%-$call' AND $1"
}

true_lengths() { # of all honest calls, as rows of SQL
	cut -f 5 "$LAB_DIR"/{gateway,second}.short | sort -u | while read -r id; do
		awk -F '\t' -v id="$id" '$5 == id' "$LAB_DIR"/{gateway,second}.short >"$LAB_DIR/one.short"
		printf "('%s', %s)," "$id" "$(ladder_length "$LAB_DIR/one.short")"
	done
}

# Each has one CDR, of its caller, closed, confirmed, not suspect, and as long as it was. The BYE
# may have had to be sent again on the proxy's far side: 0.5 s.
honest_bills() {
	local calls=$((SHORT_CALLS + 2)) lengths

	sip_ended ringing long short gateway second
	eventually "$calls" bills "end_reason = 'bye' AND bye_confirmed AND NOT suspect"
	assert_equal "$calls" bills true
	assert_equal "$calls" bills "caller_addr = '$LAB_CALLER'"
	lengths=$(true_lengths)
	assert_equal "$calls" bills "EXISTS (SELECT FROM (VALUES ${lengths%,}) AS t (id, length)
		WHERE id = call_id AND abs(extract(epoch FROM duration) - length) < 0.5)"
}

# --- the floods ----------------------------------------------------------------------------------

message() { # START-LINE CALL-ID FROM-TAG TO-TAG CSEQ
	cat <<-END
		$1
		Via: SIP/2.0/UDP $LAB_THIRD:5060;branch=z9hG4bK@@@@@@@@
		From: <sip:bob@$LAB_CALLER>;tag=$3
		To: <sip:gw@$LAB_PROXY>${4:+;tag=$4}
		Call-ID: $2
		CSeq: $5
		Contact: <sip:bob@$LAB_THIRD:5060>
		Max-Forwards: 70
		Content-Length: 0

	END
}

total() { # WORD of stats, beside the reasons
	guard stats -j | jq -r ".$1"
}

# A flood of the message on stdin, while the honest call. Sets seen: packets that came in as REASON.
flood() { # REASON
	local sent before

	before=$(counted "$1")
	limited=$(total alerts_limited)
	lost=$(total alerts_lost)
	known=$(recorded "$1")
	honest_calls
	sent=$(sed 's/$/\r/' | lab_in third "$LAB_OUT/tests/e2e/flood" "$LAB_PROXY" 5060 "$DURATION")
	honest_bills
	seen=$(($(counted "$1") - before))
	printf '# %d sent, %d seen in %d s\n' "$sent" "$seen" "$DURATION" >&3
	((seen > 10000 && seen <= sent + SHORT_CALLS + 2)) || lab_fail "$1: $seen counted of $sent"
}

shut_out_third() {
	local mac

	mac=$(ip -n "$(lab_ns proxy)" -j link show third0 | jq -r '.[0].address')
	ip -n "$(lab_ns third)" neigh replace 10.77.3.254 lladdr "$mac" dev eth0
	lab_in proxy sysctl -qw net.ipv4.conf.third0.rp_filter=1
	ip -n "$(lab_ns proxy)" route add blackhole "$LAB_THIRD/32"
}

teardown() {
	ip -n "$(lab_ns proxy)" route del blackhole "$LAB_THIRD/32" 2>/dev/null || :
	sip_over
	[[ -n ${BATS_TEST_COMPLETED:-} ]] || evidence >&2
}

recorded() { # REASON
	sql "$CDRS" "SELECT coalesce(sum(count), 0) FROM cseqguard.violation WHERE reason = '$1'"
}

accounted() { # REASON: recorded ones, and alerts that were too many
	printf '%d' $(($(recorded "$1") - known + $(total alerts_limited) - limited + $(total alerts_lost) - lost))
}

# Each packet is in a violation row or counted as one too many; rows come at no more than the limits.
alerts_limited() { # REASON
	eventually "$seen" accounted "$1"
	(($(recorded "$1") - known <= 1000 * $(nproc) * (DURATION + 2)))
	(($(recorded "$1") - known < seen))
	(($(sql "$CDRS" "SELECT count(*) FROM cseqguard.violation WHERE reason = '$1'") <= 12 * (DURATION / 60 + 3)))
}

@test "F14 flood of INVITEs: the ringing call and all others have their CDRs" {
	shut_out_third
	flood invite < <(
		message "INVITE sip:gw@$LAB_PROXY SIP/2.0" 'flood-@@@@@@@@' f-@@@@@@@@ '' '1 INVITE'
	)
	assert_equal 0 sql "$CDRS" "SELECT count(*) FROM cseqguard.cdr WHERE call_id LIKE 'flood-%'"
}

@test "F14 flood of forged 2xx for a ringing call: none opens a dialog, alerts are limited" {
	shut_out_third
	flood forged_2xx < <(
		message 'SIP/2.0 200 OK' "ringing-$call" f-ringing t-@@@@@@@@ '13 INVITE'
	)
	alerts_limited forged_2xx
}

@test "F14 flood of BYEs of unknown dialogs: counted, nothing recorded" {
	shut_out_third
	flood unknown_dialog < <(
		message "BYE sip:gw@$LAB_GATEWAY SIP/2.0" 'flood-@@@@@@@@' f-@@@@@@@@ t-@@@@@@@@ '10 BYE'
	)
	assert_equal 0 sql "$CDRS" "SELECT count(*) FROM cseqguard.violation WHERE call_id LIKE 'flood-%'"
}

# A BYE of the caller's running call, from a third host.
bad_bye() { # CSEQ
	message "BYE sip:gw@$LAB_GATEWAY SIP/2.0" "$call" f-caller t-gateway "$1 BYE" | sed 's/$/\r/'
}

bad_byes() { # N, one after the other
	bad_bye 10 >"$LAB_DIR/bad"
	lab_in third bash -c 'for ((i = 0; i < $1; i++)); do cat "$2" >/dev/udp/"$3"/5060; done' \
		- "$1" "$LAB_DIR/bad" "$LAB_PROXY"
}

@test "F14: a hundred bad BYEs of one source have ten rows, and one that counts the others" {
	local before

	limited=$(total alerts_limited)
	before=$(recorded out_of_order)
	gateway < <(uas_call; sip_serve BYE 200 OK)
	caller < <(uac_call 13; sip_pause 3000; bye 14)
	eventually 1 cdr 'count(*)'
	bad_byes 100
	eventually '10 10' violations "concat_ws(' ', count(*), sum(count))" "reason = 'out_of_order'"
	eventually "$((before + 100))" recorded out_of_order
	assert_equal "$limited" total alerts_limited
	call_ends
	cdr_true bye caller gateway
	assert_equal 100 cdr blocked_byes
}

@test "F14 flood of bad BYEs of a running call: each dropped and counted, alerts are limited" {
	local dropped
	dropped=$(total dropped)
	flood out_of_order < <(
		message "BYE sip:gw@$LAB_GATEWAY SIP/2.0" "long-$call" f-long t-gateway '10 BYE'
	)
	assert_equal $((dropped + seen)) total dropped
	assert_equal "$seen" sql "$CDRS" "SELECT blocked_byes FROM cseqguard.cdr WHERE call_id = 'long-$call'"
	alerts_limited out_of_order
}
