#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# Violations sent to a Homer collector as HEPv3. Kamailio, from which Homer took the format, reads the records;
# collector.py takes them over UDP and TCP. All listen on the guarded host, where the daemon runs.

# shellcheck disable=SC1003
load lib
load daemon

eval "base_$(declare -f setup)"
eval "base_$(declare -f teardown)"

setup() {
	export LOG=$LAB_DIR/daemon.log RECORDS=$LAB_DIR/records-$BATS_TEST_NUMBER
	: >"$LOG"
	: >"$RECORDS"
	COLLECTOR='' PORT=0
	base_setup
	enter=(nsenter "--net=/run/netns/$(lab_ns proxy)")
}

teardown() {
	sip_over
	collector_end
	base_teardown
}

collector() { # udp|tcp [ADDRESS]: on PORT, or a free one; sets PORT
	local protocol=$1 address=${2:-$LAB_PROXY}

	"${enter[@]}" "$LAB_TOP/tests/e2e/collector.py" "$protocol" "$address" "$PORT" "$RECORDS" \
		>"$LAB_DIR/port" 2>"$LAB_DIR/collector.log" 3>&- &
	COLLECTOR=$!
	lab_wait 5 test -s "$LAB_DIR/port"
	PORT=$(<"$LAB_DIR/port")
}

collector_end() {
	[[ -z $COLLECTOR ]] || kill -KILL "$COLLECTOR" 2>/dev/null || :
	[[ -z $COLLECTOR ]] || lab_wait 5 test ! -e "/proc/$COLLECTOR/exe"
	COLLECTOR=
	rm -f "$LAB_DIR/port"
}

byes() { # NUMBER: so many that can be read in two ways, each its own, 500 a second
	local head="BYE sip:b@$LAB_PROXY SIP/2.0"

	printf '%s\r\n' "$head" "Via: SIP/2.0/UDP $LAB_CALLER;branch=z9hG4bK########" 'From: <sip:a@x>;tag=a' \
		'To: <sip:b@x>;tag=b' "Call-ID: ########-$call" 'Call-ID: another' 'CSeq: 14 BYE' \
		'Content-Length: 0' '' |
		lab_in caller "$LAB_OUT/tests/e2e/flood" "$LAB_PROXY" 5060 "$(($1 / 500))" 500 >"$LAB_DIR/sent"
}

bye() { # CALL-ID
	printf '%b\r\n' "BYE sip:b@$LAB_PROXY SIP/2.0" "Via: SIP/2.0/UDP $LAB_CALLER;branch=z9hG4bK1" \
		'From: <sip:a@x>;tag=a' 'To: <sip:b@x>;tag=b' "Call-ID: $1" 'Call-ID: another' 'CSeq: 14 BYE' \
		'Content-Length: 0' '' >"$LAB_DIR/bye"
	lab_in caller bash -c "cat '$LAB_DIR/bye' >/dev/udp/$LAB_PROXY/5060"
}

records() { # NUMBER: so many came
	assert_equal "$1" grep -c '' "$RECORDS"
}

came() { # NUMBER: so many different violations at least
	(($(payloads | jq -r .seq | sort -u | grep -c '') >= $1))
}

accounted() { # NUMBER: of so many each came, or is said to be lost
	assert_equal "$1" expr "$(payloads | jq -r .seq | sort -u | grep -c '')" + "$(lost)"
}

payloads() { # the JSON of each
	"$LAB_TOP/tests/e2e/hep.py" <"$RECORDS"
}

said() { # TEXT
	lab_wait 15 grep -qF -- "$1" "$LOG" && return
	printf 'not said: %s\n' "$1" >&2
	return 1
}

spooled_count() { # violations, those in sums as well
	sqlite3 "$SPOOL" 'SELECT sum(count) FROM violation'
}

fds() { # that the daemon has open
	find "/proc/$LAB_DAEMON/fd" -type l | wc -l
}

fds_are_at_most() { # N
	(($(fds) <= $1))
}

lost() { # how many the daemon said
	sed -n 's/.*homer .*: \([0-9]*\) violations not delivered.*/\1/p' "$LOG" | awk '{ n += $1 } END { print n + 0 }'
}

@test "homer: Kamailio reads from a record what the guard saw, under the Call-ID" {
	local heard=$LAB_DIR/kamailio.log port=9060 at

	PGHOST=$LAB_PG lab_in proxy kamailio -DD -E -f "$LAB_TOP/tests/e2e/homer.cfg" \
		-l "udp:$LAB_PROXY:$port" -m 32 -M 8 -Y "$LAB_DIR" \
		-A "DATABASE=\"postgres://postgres@/postgres\"" >"$heard" 2>&1 </dev/null 3>&- &
	lab_wait 10 lab_listens proxy "$port"
	daemon_db --homer "$LAB_PROXY:$port" --homer-id 77
	"$LAB_OUT/cseqguard" events -f -j --instance "lab-$LAB_ID" -n "$(lab_ns proxy)" >"$LAB_DIR/events" 3>&- &
	local listener=$!
	lab_wait 10 listeners 1
	call=1@homer-$LAB_ID
	sip_callee proxy callee < <(uas_call; sip_serve BYE 200 OK)
	sip_caller caller caller "$call" < <(uac_call 13; sip_pause 200; uac_request BYE 10; sip_pause 500
		uac_request BYE 14; uac_expect 200)
	sip_ended caller callee
	lab_wait 5 grep -q 'HEP3 from' "$heard"
	kill "$listener"
	at=$(sql "$DB" "SELECT extract(epoch FROM at) FROM cseqguard.violation WHERE reason = 'out_of_order'")
	grep -F "HEP3 from $LAB_CALLER:5060 to 0.0.0.0:0 protocol 17 at ${at%.*}." "$heard" |
		grep -F " type 100 agent 77 call $call payload {"
	assert_equal 1 grep -c 'HEP3 from' "$heard"
	diff <(sed -n 's/.*HEP3 from .* payload //p' "$heard" | jq -S .) \
		<(jq -S 'select(.event == "violation")' "$LAB_DIR/events")
	jq -es --arg call "$call" 'map(select(.event == "violation")) | length == 1 and all(.call_id == $call and
		.cseq == 10 and .expected_cseq == 14 and .interface == "caller0")' "$LAB_DIR/events"
	assert_equal "$(printf %.6f "$at")" awk '/HEP3 from/ {
		match($0, / at [0-9.]+/)
		split(substr($0, RSTART + 4, RLENGTH - 4), t, ".")
		printf "%s.%06d\n", t[1], t[2]
	}' "$heard"
}

@test "homer: sends a datagram for each record by UDP, over IPv6 too" {
	collector udp
	daemon --homer "$LAB_PROXY:$PORT"
	byes 500
	lab_wait 10 records "$(<"$LAB_DIR/sent")"
	payloads | jq -es --arg call "$call" 'length > 400 and (map(.seq) | unique | length) == length and
		all(.event == "violation" and .reason == "ambiguous" and .source == "'"$LAB_CALLER"'")'
	guard_daemon_end TERM
	collector_end
	: >"$RECORDS"
	PORT=0
	collector udp ::1
	daemon --homer "[::1]:$PORT"
	byes 500
	lab_wait 10 records "$(<"$LAB_DIR/sent")"
	assert_equal 0 lost
}

@test "homer: whatever a Call-ID contains, the record is whole, bounded JSON under the same ID" {
	local text

	collector udp
	daemon --homer "$LAB_PROXY:$PORT"
	bye 'a\001\377"{\\'
	text=$(printf '\\377%.0s' {1..300})
	bye "$text"
	bye '\342\200\256gpj.exe'
	lab_wait 10 records 3
	payloads | jq -es 'map(.reason) | length == 3'
	awk 'length > 2 * 4096 { exit 1 }' "$RECORDS"
	assert_equal 3 "$LAB_TOP/tests/e2e/hep.py" --same-call <"$RECORDS"
}

@test "homer: by TCP no record is lost when the collector closes and comes back" {
	collector tcp
	daemon --homer "$LAB_PROXY:$PORT" --homer-protocol tcp
	said "homer $LAB_PROXY:$PORT: connected"
	byes 500
	local sent
	sent=$(<"$LAB_DIR/sent")
	lab_wait 10 came "$sent"
	collector_end
	byes 500 # wait for it
	sent=$((sent + $(<"$LAB_DIR/sent")))
	said 'trying again'
	collector tcp
	lab_wait 20 came "$sent"
	assert_equal 0 lost
	assert_equal 2 grep -c ': connected' "$LOG"
	[[ ! -s $LAB_DIR/collector.log ]]
}

@test "homer: without a collector rows are written as usual, and lost records are counted" {
	daemon --homer "$LAB_PROXY:9" # discard, where nobody is
	byes 2000
	lab_wait 10 assert_equal "$(<"$LAB_DIR/sent")" spooled_count
	said "homer $LAB_PROXY:9: "
	guard_daemon_end TERM
	echo "# $(<"$LAB_DIR/sent") violations, $(lost) said to be lost" >&3
	(($(lost) >= $(<"$LAB_DIR/sent") - 1 && $(lost) <= $(<"$LAB_DIR/sent")))
	assert_equal 2 grep -c 'not delivered' "$LOG" # one a minute, and the last
}

@test "homer: a collector that never answers delays nothing; the queue is bounded, the rest counted" {
	local sent

	ip -n "$(lab_ns proxy)" neigh replace 10.77.3.9 lladdr 02:00:00:00:00:09 dev third0
	daemon --homer 10.77.3.9:9060 --homer-protocol tcp
	byes 2000
	sent=$(<"$LAB_DIR/sent")
	lab_wait 10 assert_equal "$sent" spooled_count
	dialog answer=5
	lab_wait 2 assert_equal 1 spooled cdr
	guard_daemon_end TERM
	assert_equal "$sent" lost # with those that waited
}

# One over TCP that reads no more once it is connected, and BYEs for it; sets sent.
stalled_collector() { # BYES
	collector tcp
	daemon --homer "$LAB_PROXY:$PORT" --homer-protocol tcp
	said ': connected'
	kill -STOP "$COLLECTOR"
	byes "$1"
	sent=$(<"$LAB_DIR/sent")
	lab_wait 10 assert_equal "$sent" spooled_count
}

@test "homer: a collector that stops reading delays nothing" {
	local sent

	stalled_collector 2000
	dialog answer=5
	lab_wait 2 assert_equal 1 spooled cdr
	kill -CONT "$COLLECTOR"
	lab_wait 10 came 1024 # what waited comes
	guard_daemon_end TERM
	lab_wait 10 accounted "$sent"
	[[ ! -s $LAB_DIR/collector.log ]]
	echo "# $sent violations, $(lost) of them lost" >&3
}

@test "homer: what a collector that died had not acknowledged goes to the next one" {
	local sent

	stalled_collector 500
	collector_end
	collector tcp
	lab_wait 20 came $((sent - 20)) # its receive buffer
	[[ ! -s $LAB_DIR/collector.log ]]
	assert_equal 0 lost
}

@test "homer: a reload changes to a collector, to another, and to none" {
	local conf=$LAB_DIR/homer.conf before

	collector udp
	printf 'sweep = 200ms\n' >"$conf"
	daemon --config "$conf"
	bye one
	eventually 1 spooled violation
	printf 'homer = %s\n' "$LAB_PROXY:9" >"$conf"
	kill -HUP "$LAB_DAEMON"
	said "reload: homer changed from unset to $LAB_PROXY:9"
	: >"$conf"
	kill -HUP "$LAB_DAEMON"
	said "reload: homer changed from $LAB_PROXY:9 to unset"
	before=$(fds)
	printf 'homer = %s\n' "$LAB_PROXY:$PORT" >"$conf"
	kill -HUP "$LAB_DAEMON"
	said "reload: homer changed from unset to $LAB_PROXY:$PORT"
	bye two
	lab_wait 10 records 1
	payloads | grep -F '"call_id":"two"'
	printf 'homer = %s\n' "$LAB_PROXY:9" >"$conf"
	kill -HUP "$LAB_DAEMON"
	said "to $LAB_PROXY:9"
	: >"$conf"
	kill -HUP "$LAB_DAEMON"
	# a socket kept at each of three changes would be three; upkeep may open two of its own meanwhile
	lab_wait 10 fds_are_at_most $((before + 2))
	bye three
	eventually 3 spooled violation
	records 1
}
