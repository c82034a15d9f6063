#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# The rows of calls that two hosts guard as a pair.

load lib
load daemon
load postgres

@test "merge: PostgreSQL makes one row of two nodes' versions, in whatever order they come" {
	schema "$DB"
	"$LAB_OUT/tests/e2e/merge" "$(pg_conninfo "$DB")"
}

@test "distributed: the keys of cdr and settlement have call_uid, that of violation has not, and no foreign key is there" {
	schema "$DB"
	assert_equal 0 sql "$DB" "SELECT count(*) FROM pg_constraint
		WHERE contype = 'f' AND connamespace = 'cseqguard'::regnamespace"
	assert_equal 'cseqguard.violation' sql "$DB" "SELECT string_agg(DISTINCT indrelid::regclass::text, ' ') FROM pg_index
		WHERE indisunique AND indrelid::regclass::text IN ('cseqguard.cdr', 'cseqguard.settlement', 'cseqguard.violation')
			AND NOT EXISTS (SELECT FROM unnest(indkey) AS k JOIN pg_attribute
				ON attrelid = indrelid AND attnum = k WHERE attname = 'call_uid')"
}

peer() { # NAME: of the host with index 1
	local hex
	hex=$(printf '%s' "$1" | od -An -v -tx1 | tr -d '\n')
	# shellcheck disable=SC2046,SC2086 # words
	bpftool map update pinned "/sys/fs/bpf/cseqguard/lab-$LAB_ID/peers" key hex 1 0 0 0 \
		value hex $hex $(yes 0 | head -n $((68 - ${#1})))
}

dialogs() { # JQ [OPTION]...
	local filter=$1
	shift
	"$LAB_OUT/cseqguard" dialogs --instance "lab-$LAB_ID" -j "$@" | jq -r "$filter"
}

@test "dialogs: each has its owner, and --foreign shows those of other hosts alone" {
	dialog answer=5
	BATS_TEST_NUMBER=$((BATS_TEST_NUMBER + 100)) call=another dialog answer=6 peer=1 blocked=2 blocked_elsewhere=3
	run ! grep -q OWNER <("$LAB_OUT/cseqguard" dialogs --instance "lab-$LAB_ID")
	peer edge-b
	assert_equal "another edge-b 5
$call null 0" dialogs 'sort_by(.call_id)[] | "\(.call_id) \(.owner) \(.blocked_byes)"'
	assert_equal another dialogs '.[].call_id' --foreign
	"$LAB_OUT/cseqguard" dialogs --instance "lab-$LAB_ID" --foreign >"$LAB_DIR/table"
	grep -q 'CALL-ID *OWNER' "$LAB_DIR/table"
	grep -q 'another *edge-b' "$LAB_DIR/table"
	run ! grep -q "$call" "$LAB_DIR/table"
	peer ''
}

# --- two daemons, one Redis ----------------------------------------------------------------------

redis_up() {
	redis-server --port 0 --unixsocket "$LAB_DIR/redis.sock" --save '' --appendonly no --dir "$LAB_DIR" \
		>>"$LAB_DIR/redis.log" 2>&1 </dev/null 3>&- &
	REDIS=$!
	lab_wait 30 redis-cli -s "$LAB_DIR/redis.sock" ping
}

redis_down() {
	[[ -z ${REDIS:-} ]] || kill -KILL "$REDIS"
	REDIS=''
}

# The second host's guard, with the secret of the first.
second_up() {
	local secret
	[[ -d /sys/fs/bpf/cseqguard/lab-$LAB_ID-b ]] ||
		"$LAB_OUT/cseqguard" attach --instance "lab-$LAB_ID-b" -n "$(lab_ns third)" --gateway none eth0
	secret=$(bpftool -j map dump pinned "/sys/fs/bpf/cseqguard/lab-$LAB_ID/secret" | jq -r '.[0].value | join(" ")')
	# shellcheck disable=SC2086 # words
	bpftool map update pinned "/sys/fs/bpf/cseqguard/lab-$LAB_ID-b/secret" key hex 0 0 0 0 value hex ${secret//0x/}
}

first() { # [OPTION]...
	daemon --pair edge --redis "unix:$LAB_DIR/redis.sock" --grace 60 "$@"
	FIRST=$LAB_DAEMON
}

second() { # [OPTION]...
	INSTANCE=lab-$LAB_ID-b NODE=edge-b SPOOL=$LAB_DIR/second-$BATS_TEST_NUMBER.db \
		daemon --pair edge --redis "unix:$LAB_DIR/redis.sock" --grace 60 "$@"
	SECOND=$LAB_DAEMON
}

end_daemon() { # PID
	[[ -z $1 ]] || LAB_DAEMON=$1 guard_daemon_end KILL
}

teardown() {
	[[ -n ${BATS_TEST_COMPLETED:-} ]] || tail -n 9 "$LAB_DIR/daemon.log" >&2
	end_daemon "${FIRST:-}"
	end_daemon "${SECOND:-}"
	redis_down
	map_clear
	MAP=/sys/fs/bpf/cseqguard/lab-$LAB_ID-b/dialogs map_clear
}

teardown_file() {
	[[ ! -d /sys/fs/bpf/cseqguard/lab-$LAB_ID-b ]] || "$LAB_OUT/cseqguard" detach --instance "lab-$LAB_ID-b" -n "$(lab_ns third)" -a
	lab_down
}

foreign() { # JQ over a dialog: of the second host's foreign dialogs
	"$LAB_OUT/cseqguard" dialogs --instance "lab-$LAB_ID-b" --foreign -j | jq -r ".[] | $1"
}

of_pair() { # INSTANCE JQ: of the status
	"$LAB_OUT/cseqguard" status --instance "$1" -j | jq -r ".pair | $2"
}

metric() { # SERIES VALUE: of the second host
	nsenter "--net=/run/netns/$(lab_ns third)" curl -sf http://127.0.0.1:9470/metrics >"$LAB_DIR/metrics"
	grep -Fx "cseqguard_$1 $2" "$LAB_DIR/metrics"
}

finds() { # INSTANCE VERDICT TEXT: doctor says that of the pair
	"$LAB_OUT/cseqguard" doctor --instance "$1" -j >"$LAB_DIR/findings" || true
	jq -e --arg verdict "$2" --arg text "$3" \
		'any(.[]; .object == "pair" and .verdict == $verdict and (.finding | contains($text)))' "$LAB_DIR/findings"
}

scanned() { # NUMBER: so often, by -v
	(($(grep -c 'scan: 0 dialogs' "$LAB_DIR/daemon.log") >= $1))
}

rows() { # node and end reason of each
	sql "$DB" "SELECT string_agg(concat_ws(' ', node, end_reason, suspect), ', ') FROM cseqguard.cdr WHERE call_id = '$call'"
}

@test "pair: a call of one host stands on the other under its owner, who alone writes its row" {
	redis_up
	second_up
	first --db "$(pg_conninfo "$DB")" --grace 2
	enter=(nsenter "--net=/run/netns/$(lab_ns third)")
	second --db "$(pg_conninfo "$DB")" --http 9470
	dialog answer=5
	lab_wait 30 assert_equal "$call lab" foreign '"\(.call_id) \(.owner)"'
	lab_wait 30 assert_equal 'lab none f' rows
	lab_wait 30 assert_equal 'edge edge-b true lab true none 1 0' of_pair "lab-$LAB_ID-b" \
		'"\(.name) \(.node) \(.connected) \(.peers[0] | "\(.node) \(.alive) \(.trouble)") \(.foreign) \(.unpublished)"'
	"$LAB_OUT/cseqguard" status --instance "lab-$LAB_ID-b" >"$LAB_DIR/status" || true
	grep -q '^pair  *edge: this is edge-b' "$LAB_DIR/status"
	grep -q '^  *lab: alive' "$LAB_DIR/status"
	lab_wait 30 finds "lab-$LAB_ID-b" ok '1 dialogs of other hosts are guarded here'
	metric pair_redis_up 1
	metric 'pair_peer_up{node="lab"}' 1
	metric 'pair_peer_taken{node="lab"}' 1
	metric pair_foreign_dialogs 1
	promtool check metrics <"$LAB_DIR/metrics"
	dialog answer=5 end=1 state=ended end_reason=bye epoch=1 flags=0x20
	lab_wait 30 assert_equal 'lab bye f' rows
	lab_wait 60 assert_equal '' foreign .call_id # its owner has removed it
	assert_equal 0 sqlite3 "$LAB_DIR/second-$BATS_TEST_NUMBER.db" 'SELECT count(*) FROM cdr'
}

@test "pair: the row of a call that ended on a host that is gone is written by the other, once" {
	redis_up
	second_up
	first # without PostgreSQL: what it writes stays on its disk
	second --db "$(pg_conninfo "$DB")"
	dialog answer=5
	lab_wait 30 assert_equal confirmed foreign .state
	dialog answer=5 end=1 state=ended end_reason=bye epoch=1 flags=0x20 blocked=2
	lab_wait 30 assert_equal ended foreign .state
	assert_equal '' rows
	end_daemon "$FIRST"
	lab_wait 60 assert_equal 'lab bye f' rows
	lab_wait 30 assert_equal false of_pair "lab-$LAB_ID-b" '.peers[0].alive'
	lab_wait 30 finds "lab-$LAB_ID-b" warning 'lab: GONE'
	first --db "$(pg_conninfo "$DB")" # with a late spool
	lab_wait 60 assert_equal 0 spooled cdr
	assert_equal 'lab bye f' rows
	assert_equal 2 row blocked_byes
}

@test "pair: a host that comes back with empty maps gets its calls back, and their rows stay open" {
	redis_up
	first --db "$(pg_conninfo "$DB")"
	dialog answer=50
	lab_wait 30 assert_equal 'lab none f' rows
	lab_wait 30 assert_equal 0 of_pair "lab-$LAB_ID" .unpublished
	end_daemon "$FIRST"
	map_clear
	in_map 0
	call=stale call_row lab "$(ago '50 s')" NULL false none
	kill -STOP "$REDIS"
	: >"$LAB_DIR/daemon.log"
	first --db "$(pg_conninfo "$DB")" -v
	lab_wait 40 scanned 20 # a round would have been done
	kill -CONT "$REDIS"
	lab_wait 60 assert_equal "$call null" dialogs '.[] | "\(.call_id) \(.owner)"'
	lab_wait 60 assert_equal maps_lost sql "$DB" "SELECT end_reason FROM cseqguard.cdr WHERE call_id = 'stale'"
	assert_equal 'lab none f' rows
}

@test "doctor: Redis that is away is a failure" {
	redis_up
	first
	lab_wait 30 finds "lab-$LAB_ID" ok 'redis unix:'
	redis_down
	lab_wait 30 finds "lab-$LAB_ID" failed 'is not reached'
	assert_equal false of_pair "lab-$LAB_ID" .connected
}
