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
