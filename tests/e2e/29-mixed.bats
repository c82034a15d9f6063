#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
# bats file_tags=alone
#
# MIXED_CALLS calls (200), half of them ordinary, half of all attacks and oddities, in the random order
# of MIXED_SEED, MIXED_RATE (50) a second, through Kamailio. The gateway counts for itself.

load lib
load players
LAB_MEMORY=512

setup_file() {
	players_lab
}

@test "mixed run: the bill is the gateway's count to within a second a call, and no false drop" {
	"$LAB_TOP/tests/e2e/play_rows.py" guarded "${MIXED_CALLS:-200}" "${MIXED_SEED:-1}" \
		"${MIXED_RATE:-50}" >"$LAB_DIR/truth"
	load_truth 'row text, to_tag text, seconds numeric, drops int, what text'
	eventually 0 truth 'count(*)' 'end_time IS NULL OR suspect'
	# A forged 2xx (F15) that the proxy forwards and the caller acknowledges has a row of its own, suspect.
	assert_equal 0 sql "$CDRS" "SELECT count(*) FROM cseqguard.cdr
		WHERE to_tag NOT IN (SELECT to_tag FROM truth) AND NOT suspect"
	truth "format('# %s calls, %s s by the gateway, %s s billed, %s BYEs dropped', count(*),
		round(sum(seconds), 1), round(sum(extract(epoch FROM duration)), 1), sum(blocked_byes))" >&3
	assert_equal '' truth "format('%s: %s s, billed %s', to_tag, seconds, duration)" \
		'abs(extract(epoch FROM duration) - seconds) >= 1'
	assert_equal t truth 'abs(sum(extract(epoch FROM duration)) - sum(seconds)) < count(*)'
	assert_equal '' truth "format('%s: %s dropped, %s should be', to_tag, blocked_byes, drops)" \
		'blocked_byes <> drops'
	assert_equal 0 sql "$CDRS" "SELECT count(*) FROM cseqguard.violation v JOIN truth t
		ON t.to_tag IN (v.to_tag, v.from_tag) WHERE drops = 0 AND action = 'drop'"
}
