#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# The daemon's HTTP listener: /metrics, /healthz, and the alerts that are made of the metrics.

load lib
load daemon
load http

NOW_WALL=$EPOCHSECONDS

listening() { # [OPTION]...: without PostgreSQL, unless --db is among them
	enter=(nsenter --net="/run/netns/$(lab_ns proxy)")
	daemon --http "$HTTP_PORT" "$@"
	lab_wait 10 swept_once
}

swept_once() {
	[[ $(metric sweeps_total) -gt 0 ]]
}

ended() { # 15 s long, blocked after 5 s, over its grace
	dialog answer=20 end=5 state=ended end_reason=bye ended_by=1 flags=0x20 blocked=3 first_blocked_ms=5001
}

teardown() {
	[[ -n ${BATS_TEST_COMPLETED:-} ]] || tail -n 5 "$LAB_DIR/daemon.log" >&2
	guard_daemon_end KILL
	[[ -z ${OTHER:-} ]] || kill "$OTHER" 2>/dev/null || :
	map_clear
	rm -f "$CSEQGUARD_RUN_DIR"/*.totals # each test counts from nothing
	! mountpoint -q "$LAB_DIR/disk" || umount "$LAB_DIR/disk"
}

# --- /metrics ------------------------------------------------------------------------------------

@test "metrics: pass promtool, and have Prometheus' content type" {
	listening --db "$(pg_conninfo "$DB")"
	dialog answer=5 blocked=1 first_blocked_ms=2001
	eventually 1 metric 'dialogs{state="confirmed"}'
	get /metrics | promtool check metrics
	assert_equal 'text/plain; version=0.0.4; charset=utf-8' get /metrics -o /dev/null -w '%{content_type}'
}

@test "metrics: have every reason of the contract in both directions, and no other label" {
	local reasons

	listening
	reasons=$(sed -n 's/^\tX([A-Z0-9_]*, \([a-z0-9_]*\),.*/\1/p' "$LAB_TOP/include/reasons.h" | sort)
	assert_equal "$reasons" reasons_of in
	assert_equal "$reasons" reasons_of out
	dialog answer=5 call_id='"} evil_total 1' from_tag=wire-text
	eventually 1 metric 'dialogs{state="confirmed"}'
	run ! grep -qE 'evil|wire-text' <(get /metrics)
	run ! grep -v '^cseqguard_largest_share_dialogs{address="192\.0\.2\.1"} 1$' < <(get /metrics | grep '192\.0\.2')
}

@test "metrics: name the one address with the most calls, and none while nobody has a call" {
	listening
	run ! grep -q '^cseqguard_largest_share' <(get /metrics)
	dialog answer=5
	eventually 1 metric 'largest_share_dialogs{address="192.0.2.1"}'
	assert_equal 1 grep -c '^cseqguard_largest_share_dialogs' <(get /metrics)
	dialog answer=5 callee_flags=0x14 # now through a gateway
	lab_wait 10 nobody_named
}

nobody_named() {
	! get /metrics | grep -q '^cseqguard_largest_share'
}

reasons_of() { # DIRECTION
	get /metrics | sed -n "s/^cseqguard_packets_total{direction=\"$1\",reason=\"\([^\"]*\)\".*/\1/p" | sort
}

@test "metrics: count a closed call, its blocked BYEs and protected seconds once" {
	listening
	ended
	eventually 1 metric 'calls_closed_total{end_reason="bye"}'
	assert_equal 3 metric blocked_byes_total
	assert_equal 10.000000 metric protected_seconds_total
	assert_equal 0 metric suspect_calls_total
	eventually 0 metric 'dialogs{state="ended"}' # it has left the map
	in_map 0
	assert_equal 1 metric 'calls_closed_total{end_reason="bye"}'
	assert_equal 3 metric blocked_byes_total
	assert_equal 10.000000 metric protected_seconds_total
}

@test "metrics: an open call's protected seconds grow, and never fall" {
	local before

	listening
	dialog answer=60 blocked=1 first_blocked_ms=10001
	eventually 1 metric blocked_byes_total
	before=$(metric protected_seconds_total)
	assert_equal t test_between 50 "$before" 58
	lab_wait 5 later "$before"
	before=$(metric protected_seconds_total)
	dialog answer=60 end=20 state=ended end_reason=bye ended_by=1 blocked=1 first_blocked_ms=10001
	eventually 1 metric 'calls_closed_total{end_reason="bye"}'
	assert_equal t test_between "$before" "$(metric protected_seconds_total)" 60 # not 30: a reset to a scraper
}

test_between() { # LOW VALUE HIGH
	awk -v low="$1" -v value="$2" -v high="$3" 'BEGIN { print low <= value && value <= high ? "t" : "f" }'
}

later() { # VALUE
	[[ $(test_between "$1" "$(metric protected_seconds_total)" 1000) == t && $(metric protected_seconds_total) != "$1" ]]
}

@test "metrics: a daemon killed and started again continues its totals" {
	listening
	ended
	eventually 3 metric blocked_byes_total
	lab_wait 10 in_map 0 # only the note has it now
	another blocked=4 first_blocked_ms=2001
	eventually 7 metric blocked_byes_total
	lab_wait 10 kept 3
	guard_daemon_end KILL
	listening
	assert_equal 7 metric blocked_byes_total
	assert_equal 1 metric 'calls_closed_total{end_reason="bye"}'
	assert_equal t test_between 10 "$(metric protected_seconds_total)" 40
}

another() { # [FIELD=VALUE]...
	BATS_TEST_NUMBER=$((BATS_TEST_NUMBER + 100)) call=another dialog answer=10 "$@"
}

kept() { # BLOCKED: in the note, of calls that left
	[[ $(cut -d ' ' -f 2 "$CSEQGUARD_RUN_DIR/lab-$LAB_ID.totals") == "$1" ]]
}

@test "metrics: totals start again with new maps" {
	listening
	ended
	eventually 3 metric blocked_byes_total
	lab_wait 10 kept 3
	guard_daemon_end TERM
	sed -i 's/^[0-9]*/1/' "$CSEQGUARD_RUN_DIR/lab-$LAB_ID.totals" # of maps that are no more
	map_clear
	listening
	assert_equal 0 metric blocked_byes_total
	guard_daemon_end TERM
	echo garbage >"$CSEQGUARD_RUN_DIR/lab-$LAB_ID.totals"
	listening
	grep -q 'cannot read its note of totals' "$LAB_DIR/daemon.log"
	assert_equal 0 metric blocked_byes_total
}

@test "metrics: show mode and breaker" {
	listening
	assert_equal '1 0' two 'mode{mode="enforce"}' 'mode{mode="observe"}'
	guard set mode=observe
	eventually '0 1' two 'mode{mode="enforce"}' 'mode{mode="observe"}'
	assert_equal 0 metric breaker_tripped
	echo tripped >"$CSEQGUARD_RUN_DIR/lab-$LAB_ID.breaker"
	assert_equal 1 metric breaker_tripped
	guard set mode=enforce
	eventually '1 0' two 'mode{mode="enforce"}' breaker_tripped
}

two() { # SERIES SERIES
	printf '%s %s' "$(metric "$1")" "$(metric "$2")"
}

@test "metrics: count the rows that wait for PostgreSQL, with the age of the oldest" {
	listening --db "$(pg_conninfo "$DB")"
	eventually 1 metric postgresql_up
	dialog answer=5
	eventually none row end_reason
	eventually 0 metric 'spool_rows{table="cdr"}'
	assert_equal t test_between "$((NOW_WALL - 5))" "$(metric postgresql_last_commit_timestamp_seconds)" 9999999999
	assert_equal 0.000000 metric spool_oldest_row_age_seconds
	pg_stop immediate
	eventually 0 metric postgresql_up
	another end=2 state=ended end_reason=bye ended_by=1 flags=0x20
	eventually 1 metric 'spool_rows{table="cdr"}'
	assert_equal t test_between 2 "$(metric spool_oldest_row_age_seconds)" 60
	another end=2 state=ended end_reason=bye ended_by=1 flags=0x20 blocked=1 first_blocked_ms=1 # that row again
	eventually 1 metric blocked_byes_total
	eventually 0 metric spool_queued_steps
	assert_equal 1 metric 'spool_rows{table="cdr"}'
	assert_equal 'ok; PostgreSQL is not connected, rows wait in the spool' get /healthz
	assert_equal 200 status_of /healthz
	pg_start
	eventually 0 metric 'spool_rows{table="cdr"}'
	eventually ok get /healthz
}

@test "metrics: a spool that was left full is counted at the start" {
	listening
	dialog answer=5
	eventually 1 metric 'spool_rows{table="cdr"}'
	guard_daemon_end TERM
	map_clear
	listening
	assert_equal 1 metric 'spool_rows{table="cdr"}'
	assert_equal '' metric spool_oldest_row_age_seconds # nothing waits without --db
	assert_equal '' metric postgresql_up
}

# --- alerts --------------------------------------------------------------------------------------

@test "alerts: each fires, and is silent on the near miss beside it" {
	local rules=$LAB_TOP/deploy/prometheus/cseqguard.rules.yml tests=$LAB_TOP/tests/e2e/alerts.test.yml name

	promtool check rules "$rules"
	promtool test rules "$tests"
	while read -r name; do
		grep -q "alertname.*$name" "$tests" || lab_fail "no test of alert $name"
	done < <(sed -n 's/^ *- alert: //p' "$rules")
}

@test "alerts: every metric and word that they name is one that the daemon has" {
	local rules=$LAB_TOP/deploy/prometheus/cseqguard.rules.yml name seen

	listening --db "$(pg_conninfo "$DB")"
	seen=$(get /metrics)
	while read -r name; do
		# only a daemon with a pair has those
		[[ $name != cseqguard_pair_* ]] || ! grep -qF "\"${name#cseqguard_}\"" "$LAB_TOP"/agent/http/*.c || continue
		grep -qE "(^|\")${name}[\"{ ]" <<<"$seen" || lab_fail "no $name among the metrics"
	done < <(grep -E '^ *(expr:|\||and|>|increase|sum)' "$rules" |
		grep -oE 'cseqguard_[a-z_]+|reason=~?"[^"]*"|outcome="[^"]*"|mode="[^"]*"' |
		sed 's/.*"\(.*\)"/\1/' | tr '|' '\n' | sort -u)
}

# --- /healthz ------------------------------------------------------------------------------------

@test "healthz: a spool that cannot be written is 503, with the reason" {
	local disk=$LAB_DIR/disk

	mkdir "$disk"
	mount -t tmpfs -o size=1m "cseqguard-$LAB_ID" "$disk"
	dd if=/dev/zero of="$disk/filler" bs=64k 2>/dev/null || :
	SPOOL=$disk/spool.db
	listening
	dialog answer=5
	eventually 503 status_of /healthz
	[[ $(get /healthz) == "spool $disk/spool.db: cannot write: "* ]]
	assert_equal 0 metric spool_writable
	rm "$disk/filler"
	eventually ok get /healthz
	assert_equal 1 metric spool_writable
}

# --- the listener --------------------------------------------------------------------------------

@test "http: answers GET and HEAD alone, with headers that restrict browsers" {
	listening
	assert_equal 405 status_of /metrics -X POST -d x=1
	assert_equal 405 status_of /metrics -X DELETE
	assert_equal 200 status_of /healthz -X GET -d x=1 # whose body nobody reads
	[[ $(get /healthz -X POST -i) == *$'\r\nAllow: GET, HEAD\r\n'* ]]
	assert_equal 200 status_of /healthz --head
	assert_equal '' get /healthz --head -o /dev/null
	assert_equal 404 status_of /metricsx
	assert_equal 404 status_of /../../etc/passwd --path-as-is
	[[ $(get /healthz -i) == *$'\r\nX-Content-Type-Options: nosniff\r\n'* ]]
	[[ $(get /healthz -i) == *$'\r\nCache-Control: no-store\r\n'* ]]
	[[ $(get /healthz -i) == *$'\r\nContent-Security-Policy: default-src \'none\';'* ]]
	assert_equal 431 status_of /healthz -H "X-Long: $(printf '%20000s' '' | tr ' ' x)"
}

@test "http: a malformed address is a usage error, a port in use is named" {
	local bad

	listening
	for bad in 0 65536 9470x :9470 localhost:9470 ::1:9470 '[::1]' '[127.0.0.1' 1.2.3:99999 127.0.0.1:; do
		run -2 "$LAB_OUT/cseqguardd" --instance "lab-$LAB_ID" --spool "$SPOOL" --http "$bad"
		[[ $output == *"invalid value '$bad' for --http: expected a port, as 9470, or"* ]]
	done
	guard_daemon_end TERM
	http_in python3 -c 'import socket, signal
s = socket.create_server(("127.0.0.1", 9471)); print(flush=True); signal.pause()' >"$LAB_DIR/taken" 3>&- &
	OTHER=$!
	lab_wait 5 test -s "$LAB_DIR/taken"
	run -1 http_in "$LAB_OUT/cseqguardd" --instance "lab-$LAB_ID" --spool "$SPOOL" --http 9471
	[[ $output == *"--http 9471: cannot listen: Address already in use"* ]]
}

@test "http: listens on another address, on IPv6, and where the config file says" {
	printf 'http = [::1]:9480\n' >"$LAB_DIR/http.conf"
	enter=(nsenter --net="/run/netns/$(lab_ns proxy)")
	daemon --config "$LAB_DIR/http.conf"
	assert_equal ok http_in curl -sS 'http://[::1]:9480/healthz'
	run ! get /healthz
	guard_daemon_end TERM
	daemon --http "$LAB_OUTSIDE:9480"
	assert_equal ok lab_in caller curl -sS "http://$LAB_OUTSIDE:9480/healthz"
	run ! http_in curl -sS http://127.0.0.1:9480/healthz
}

@test "http: silent clients delay neither the loop, nor another address, nor their own" {
	listening --http "0.0.0.0:$HTTP_PORT"
	http_in python3 - "$HTTP_PORT" >"$LAB_DIR/idle" 3>&- <<-'END' &
		import socket, sys
		held = [socket.create_connection(("127.0.0.1", int(sys.argv[1]))) for _ in range(40)]
		for s in held:
		    s.settimeout(20)
		    try:
		        s.sendall(b"GET /metrics HTTP/1.1\r\nHost: a\r\nX-Slow:")
		    except OSError:
		        pass
		def over(s):
		    try:
		        while s.recv(4096):
		            pass
		        return True
		    except ConnectionError:
		        return True
		print(sum(over(s) for s in held[:24]), flush=True)
		print(sum(over(s) for s in held[24:]), flush=True)
	END
	OTHER=$!
	lab_wait 30 test -s "$LAB_DIR/idle"
	assert_equal 24 head -n 1 "$LAB_DIR/idle" # one address has 16, the oldest make room for newer ones
	assert_equal ok get /healthz # of the same address
	assert_equal ok lab_in caller curl -sS "http://$LAB_OUTSIDE:$HTTP_PORT/healthz"
	dialog answer=5
	lab_wait 5 in_spool 1
	wait "$OTHER"
	assert_equal $'24\n16' cat "$LAB_DIR/idle" # and the rest ends when it was idle for long
	assert_equal ok get /healthz
}

in_spool() { # NUMBER
	[[ $(spooled cdr) == "$1" ]]
}

@test "http: a client that sends a byte now and then is disconnected, one that asks is not" {
	listening
	http_in python3 - "$HTTP_PORT" >"$LAB_DIR/drip" 3>&- <<-'END'
		import http.client, socket, sys, time
		drip = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
		drip.settimeout(2)
		asks = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]))
		asks.connect()
		mine, began = asks.sock, time.monotonic()
		def ask():
		    asks.request("GET", "/healthz")
		    assert asks.getresponse().read() == b"ok\n" and asks.sock is mine
		drip.sendall(b"GET /metrics HTTP/1.1\r\nHost: a\r\nX-Slow: ")
		try:
		    while time.monotonic() - began < 40:
		        drip.sendall(b"x")
		        ask()
		        try:
		            if not drip.recv(4096):
		                break
		        except TimeoutError:
		            pass
		except ConnectionError:
		    pass
		over = time.monotonic() - began
		for _ in range(3):
		    time.sleep(2)
		    ask()
		print("let go" if 14 < over < 30 else "kept")
	END
	assert_equal 'let go' cat "$LAB_DIR/drip"
}

@test "http: a client that does not read delays nobody" {
	listening
	http_in python3 - "$HTTP_PORT" >"$LAB_DIR/deaf" 3>&- <<-'END' &
		import socket, sys
		s = socket.socket()
		s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
		s.connect(("127.0.0.1", int(sys.argv[1])))
		s.settimeout(1)
		try:
		    while True:
		        s.sendall(b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n")
		except (TimeoutError, ConnectionError): # the way is full, or it was shown the door
		    pass
		print("full", flush=True)
		sys.stdin.read()
	END
	lab_wait 30 grep -q full "$LAB_DIR/deaf"
	assert_equal ok get /healthz
	dialog answer=5
	lab_wait 5 in_spool 1
}

# Last: it takes the instance away.
@test "healthz: reports a detached instance, and the daemon exits" {
	dialog answer=5
	listening --db "$(pg_conninfo "$DB")"
	eventually none row end_reason
	pg_stop immediate
	eventually 0 metric postgresql_up
	spool_held # a last row that cannot be written keeps the daemon, and the maps
	guard detach -a 3>&- &
	local detach=$!
	eventually 503 status_of /healthz
	[[ $(get /healthz) == "instance lab-$LAB_ID was detached; "* ]]
	[[ -e $MAP ]]
	spool_free
	wait "$detach"
	[[ ! -e $MAP ]]
}
