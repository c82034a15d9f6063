#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
# bats file_tags=alone
#
# HONEST_CALLS honest calls (each kind once), HONEST_RATE (30) a second, in the random order of HONEST_SEED (1), through
# a guarded Kamailio in enforce mode: none is hindered, each is billed as the gateway counts.

load lib
load players
LAB_MEMORY=512

setup_file() {
	players_lab
}

@test "honest calls of every kind: none is hindered, each has its CDR, to within a second" {
	local kinds calls=${HONEST_CALLS:-0}

	kinds=$("$LAB_TOP/tests/e2e/play_honest.py" kinds | wc -l)
	((kinds >= 150))
	((calls >= kinds)) || calls=$kinds
	printf '# honest: seed %s\n' "${HONEST_SEED:-1}" >&3
	"$LAB_TOP/tests/e2e/play_honest.py" "$calls" "${HONEST_SEED:-1}" "${HONEST_RATE:-30}" >"$LAB_DIR/truth"
	load_truth 'course text, manner text, to_tag text, seconds numeric'
	lab_wait 60 assert_equal 0 truth 'count(*)' 'end_time IS NULL OR suspect'
	truth "format('# %s calls of $kinds kinds, %s s by the gateway, %s s billed', count(*),
		round(sum(seconds), 1), round(sum(extract(epoch FROM duration)), 1))" >&3
	assert_equal '' truth "format('%s %s: %s s, billed %s', course, manner, seconds, duration)" \
		'duration IS NULL OR abs(extract(epoch FROM duration) - seconds) >= 1'
	assert_equal '' truth "format('%s %s: %s BYEs blocked', course, manner, blocked_byes)" 'blocked_byes <> 0'
	assert_equal 0 jq .dropped < <(guard stats -j)
	assert_equal '' sql "$CDRS" "SELECT reason, action, count(*) FROM cseqguard.violation GROUP BY 1, 2"
}
