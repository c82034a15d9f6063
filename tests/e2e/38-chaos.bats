#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
# bats file_tags=alone
#
# CHAOS_RATE (100) calls a second for CHAOS_SECONDS (10) to an endpoint on the guarded host, while daemon,
# PostgreSQL, the spool's disk and name servers fail, nobody reads the log and somebody holds the lock, in the
# random order of CHAOS_SEED. Then three seconds of calls whose rows come late, and three whose events get lost.
# Some callers send a BYE with a low CSeq first. The CDRs are compared with SIPp's own log, call by call.

load lib
load names
load chaos
load crowd
RATE=${CHAOS_RATE:-100}
DURATION=${CHAOS_SECONDS:-10}
CALLEE=proxy
BATCHES=(chaos late lost)
CALLS=$((RATE * (DURATION + 3 + 3)))

setup_file() {
	LAB_INTERFACES=(caller0)
	lab_up "$$-c"
	pg_up # of this file's own
	chaos_disk
	export CDRS=cdr_${LAB_ID/-/_}
	sql postgres "CREATE DATABASE $CDRS"
	guard_up --ring-bytes 65536 # 210 records: a daemon that is away for a second loses events, and no violation
}

teardown() {
	sip_over
	chaos_stops
	if [[ -z ${BATS_TEST_COMPLETED:-} ]]; then
		evidence >&2
		tail -n 20 "$LAB_DIR/chaos.log" <(grep . "$LAB_DIR/daemon.log") >&2
	fi
}

teardown_file() {
	chaos_over || :
	lab_down
}

total() { # WORD of stats, beside the reasons
	guard stats -j | jq -r ".$1"
}

# --- what must come out --------------------------------------------------------------------------

spooled() { # rows that have not come to PostgreSQL yet
	sqlite3 "$DISK/spool.db" 'SELECT (SELECT count(*) FROM cdr) + (SELECT count(*) FROM violation)'
}

bills_are_true() {
	eventually '' sql "$CDRS" "SELECT format('%s: %s', call_id, what) FROM difference LIMIT 20"
	eventually "$CALLS" billed true
	eventually "$(counted out_of_order)" sql "$CDRS" 'SELECT sum(blocked_byes) FROM cseqguard.cdr'
	eventually "$(counted out_of_order)" sql "$CDRS" 'SELECT sum(low_byes) FROM truth'
}

# Each violation that found space in its ring is counted once.
violations_are_complete() {
	local lost

	lost=$(($(total alerts_lost) + $(total alerts_limited)))
	assert_equal "$(($(counted out_of_order) - lost))" sql "$CDRS" \
		"SELECT sum(count) FROM cseqguard.violation WHERE reason = 'out_of_order'"
}

settled() { # all is in PostgreSQL, and over
	[[ $(spooled) == 0 && $(billed 'end_time IS NOT NULL') == "$CALLS" ]]
}

summary() {
	local word

	printf '# %s calls, %s low BYEs dropped, %s recorded, %s alerts lost; %s events lost, %s times no room to write;' \
		"$CALLS" "$(counted out_of_order)" \
		"$(sql "$CDRS" 'SELECT sum(count) FROM cseqguard.violation')" "$(total alerts_lost)" \
		"$(total events_lost)" \
		"$(grep -c 'calls stay in the map' "$LAB_DIR/daemon.log")"
	for word in "${!PLAYED[@]}"; do
		printf ' %s %s' "${PLAYED[$word]}" "$word"
	done
	echo
}

dialogs() { # in the map
	guard status -j | jq .maps.dialogs.used
}

# Rows gather, their first statement comes late, and newer ones of the same calls before it.
rows_come_late() {
	stopped_begins
	calls_begin late 3
	lab_wait 30 eval '(($(spooled) > RATE / 2))'
	stopped_ends
	lab_wait 30 assert_equal t chaos_lagged
	sip_ended late-caller late-callee
}

# More happens than the rings hold, and nothing starts the daemon again: it must look by itself.
events_get_lost() {
	local lost

	lost=$(total events_lost)
	held_begins
	calls_begin lost 3
	lab_wait 60 calls_over
	(($(total events_lost) > lost))
	held_ends
	sip_ended lost-caller lost-callee
}

# What is still in the map comes once more, and leaves it.
all_come_again() {
	killed_begins
	SWEEP=200ms daemon_begins
	lab_wait 30 assert_equal 0 dialogs
	lab_wait 30 settled
}

@test "chaos: whatever fails, each call is billed once, as SIPp counts it, and no violation is lost" {
	chaos_begins "${CHAOS_SEED:-1}" "${CHAOS_PACE:-700}"
	calls_begin chaos "$DURATION"
	chaos_while calls_run
	sip_ended chaos-caller chaos-callee
	chaos_heals
	rows_come_late
	events_get_lost
	lab_wait 60 settled || : # the differences say what is not
	summary >&3
	load_truth
	bills_are_true
	violations_are_complete
	settled
	all_come_again
	bills_are_true
	violations_are_complete
	((PLAYED[killed] >= ${CHAOS_KILLS:-0})) # a busy machine plays few cards in ten seconds
}
