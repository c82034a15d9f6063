# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
# shellcheck shell=bash
#
# What the live benches share: a flood from the caller's side, and who spent what on it. Needs
# lab.bash and sip.bash.

FLOOD_CPU=1
BYE_BYTES=630
HZ=$(getconf CLK_TCK)
BPFTOOL=${BPFTOOL:-/usr/sbin/bpftool}
LIVE_HELD=()

# live_hold COMMAND...: a tests/bench/hold, in the background until live_over
live_hold() {
	local word

	exec {LIVE_FD}< <(exec "$@")
	LIVE_HELD+=($!)
	read -r word <&"$LIVE_FD" || lab_fail "does not hold: $*"
}

live_over() {
	((${#LIVE_HELD[@]} == 0)) || kill "${LIVE_HELD[@]}" 2>/dev/null || :
	LIVE_HELD=()
}

# A caller's BYE of BYE_BYTES, each another transaction. ROUTE is a whole line.
live_bye() { # URI CALL-ID FROM-TAG TO-TAG CSEQ [ROUTE]
	local bye

	bye=$(
		cat <<-END
			BYE $1 SIP/2.0
			Via: SIP/2.0/UDP $LAB_CALLER:5060;branch=z9hG4bK-########
		END
		[[ -z ${6:-} ]] || printf '%s\n' "$6"
		cat <<-END
			From: <sip:bob@$LAB_CALLER>;tag=$3
			To: <sip:gw@$LAB_PROXY>;tag=$4
			Call-ID: $2
			CSeq: $5 BYE
			Contact: <sip:bob@$LAB_CALLER:5060>
			Max-Forwards: 70
			Content-Length: 0
			User-Agent: x
		END
	)
	bye=${bye//$'\n'/$'\r\n'}
	printf '%s%*s\r\n\r\n' "$bye" $((BYE_BYTES - ${#bye} - 4)) ''
}

# live_flood MESSAGE-FILE PORT SECONDS [RATE]: to the guarded host; prints how many were sent
live_flood() {
	lab_in caller taskset -c "$FLOOD_CPU" "$LAB_OUT/tests/e2e/flood" "$LAB_PROXY" "$2" "${@:3}" <"$1"
}

live_received() { # packets that came from the caller
	ip -n "$(lab_ns proxy)" -j -s link show caller0 | jq '.[0].stats64.rx.packets'
}

live_busy() { # ticks of all processors
	awk '$1 == "cpu" { print $2 + $3 + $4 + $7 + $8 }' /proc/stat
}

live_ticks() { # PID...: of these processes
	local pid stat sum=0

	for pid; do
		read -r stat <"/proc/$pid/stat" || continue
		read -ra stat <<<"${stat##*) }"
		sum=$((sum + stat[11] + stat[12]))
	done 2>/dev/null
	echo "$sum"
}

live_ran() { # id N | pinned PATH: nanoseconds and runs of a program
	"$BPFTOOL" -j prog show "$@" | jq -r '"\(.run_time_ns // 0) \(.run_cnt // 0)"'
}

live_guard_pin() {
	printf '/sys/fs/bpf/cseqguard/lab-%s/prog_in' "$LAB_ID"
}

# A call that goes on when both SIPps have left: INVITE 13, 2xx, ACK. Call-ID NAME@LAB_ID, tags f-NAME and
# t-NAME-callee.
live_call() { # NAME CALLEE-HOST
	sip_callee "$2" "$1-callee" < <(uas_call)
	sip_caller caller "$1" "$1@$LAB_ID" < <(uac_call 13)
	sip_ended "$1" "$1-callee"
}
