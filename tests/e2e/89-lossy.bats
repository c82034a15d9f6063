#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# H7: LOSSY_CALLS honest calls (100), LOSSY_RATE a second (20), with INVITEs and BYEs of 3 kB in fragments, of
# which the caller's line loses 1 % and reorders a third. In enforce mode nothing is in their way.

load lib
load topology
LAB_MEMORY=256
CALLS=${LOSSY_CALLS:-100}

setup_file() {
	[[ -c /dev/net/tun ]] || skip 'this kernel has no TAP devices (CONFIG_TUN)'
	proxy_lab
	lossy_host caller
	lossy_line caller 0.01 ${LOSSY_SEED:+"$LOSSY_SEED"}
}

padded() { # METHOD CSEQ: a request of 3 kB within the dialog, repeated until it is answered
	local pad

	printf -v pad '%02700d' 0
	{
		uac_message "$@"
		printf 'X-Pad: %s\n' "$pad"
	} | sip_send 500
}

# The 2xx comes again until its ACK is there: the pause leaves time for that before the BYE.
caller_steps() {
	local pad

	printf -v pad '%02700d' 0
	uac_invite 13 "X-Pad: $pad"
	uac_answered 13
	sip_pause 4000
	padded BYE 14
	uac_expect 200
}

plays() { # HOST NAME: the options of many calls; what is repeated or late is no failure
	printf '%s\n' -m "$CALLS" -timeout 600s -default_behaviors none -trace_stat -stf "$LAB_DIR/$1.csv" -fd 1
}

succeeded() { # NAME: calls that SIPp counts as successful
	awk -F ';' 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "SuccessfulCall(C)") at = i }
		NR > 1 && NF { n = $at } END { print n + 0 }' "$LAB_DIR/$1.csv"
}

closed() { # CDRs of this run that a BYE closed
	sql "$CDRS" "SELECT count(*) FROM cseqguard.cdr WHERE end_reason = 'bye' AND bye_confirmed AND NOT suspect"
}

@test "H7 calls with INVITEs of 3 kB at 1 % loss and reordered fragments: none is hindered, each is billed" {
	local options n

	mapfile -t options < <(plays gateway)
	sip_callee gateway gateway "${options[@]}" < <(uas_call; sip_serve BYE 200 OK)
	mapfile -t options < <(plays caller)
	sip_caller caller caller "%u-$call" "${options[@]}" -r "${LOSSY_RATE:-20}" < <(caller_steps)
	wait "${SIP_PID[caller]}" || :
	n=$(succeeded caller)
	((n * 100 >= CALLS * 99))
	lab_wait 30 assert_equal "$n" closed || assert_equal "$n" closed
	assert_equal 0 sql "$CDRS" 'SELECT count(*) FROM cseqguard.violation'
	assert_equal 0 counted fragmented
	assert_equal 0 counted fragment_unlike
	assert_equal 0 counted out_of_order
	kill "$(ip netns pids "$(lab_ns caller)" | head -n 1)"
	eventually 1 grep -c overtaken "$LAB_DIR/lossy.log"
	sed 's/^/# /' "$LAB_DIR/lossy.log" >&3
	awk '/overtaken/ { exit !($1 > 4 && $5 > 0) }' "$LAB_DIR/lossy.log"
}
