# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
# shellcheck shell=bash
#
# The daemon without calls: dialog.py writes dialogs into the pinned map as the BPF program would, so that each
# can have any age. The clocks are settings. Each file has its own PostgreSQL, each test its own database.

setup_file() {
	lab_up "$$-d"
	pg_up # its own: tests stop and stall it
	guard_up
	export CSEQGUARD_RUN_DIR=$LAB_DIR/run
	export MAP=/sys/fs/bpf/cseqguard/lab-$LAB_ID/dialogs
}

setup() {
	export DB=t$BATS_TEST_NUMBER SPOOL=$LAB_DIR/spool-$BATS_TEST_NUMBER.db
	call=call-$BATS_TEST_NUMBER enter=()
	from_now
	sql postgres 'SELECT' 2>/dev/null || pg_start
	sql postgres "CREATE DATABASE $DB"
}

from_now() { # the times of dialogs are seconds before this moment
	read -r DIALOG_NOW _ </proc/uptime
	export DIALOG_NOW
}

teardown() {
	[[ -n ${BATS_TEST_COMPLETED:-} ]] || tail -n 5 "$LAB_DIR/daemon.log" >&2
	guard_daemon_end KILL
	map_clear
}

daemon() { # [OPTION]...: quick clocks; returns when it holds its lock and reads its rings
	local instance=${INSTANCE:-lab-$LAB_ID}

	rm -f "$CSEQGUARD_RUN_DIR/$instance.sock" # a killed one's
	"${enter[@]}" "$LAB_OUT/cseqguardd" --instance "$instance" --node "${NODE:-lab}" --spool "$SPOOL" \
		--bye-timeout 2 --grace 2 --sweep 200ms "$@" >>"$LAB_DIR/daemon.log" 2>&1 </dev/null 3>&- &
	LAB_DAEMON=$!
	lab_wait 10 test -S "$CSEQGUARD_RUN_DIR/$instance.sock"
}

daemon_db() { # [OPTION]...
	daemon --db "$(pg_conninfo "$DB")" "$@"
	lab_wait 10 sql "$DB" 'SELECT FROM cseqguard.cdr LIMIT 1'
}

dialog() { # [FIELD=VALUE]...: this test's dialog as it is now
	"$LAB_TOP/tests/e2e/dialog.py" "$MAP" "$BATS_TEST_NUMBER" "call_id=$call" "$@"
}

in_map() { # NUMBER: so many dialogs
	[[ $(bpftool -j map dump pinned "$MAP" | jq length) == "$1" ]]
}

row() { # SQL expression over the call's rows
	sql "$DB" "SELECT $1 FROM cseqguard.cdr WHERE call_id = '$call'"
}

spooled() { # TABLE
	sqlite3 "$SPOOL" "SELECT count(*) FROM $1"
}

listeners() { # NUMBER: so many are connected (a socket is listed in its client's namespace)
	[[ $(lab_in proxy grep -c " 0005 03 .* $CSEQGUARD_RUN_DIR/lab-$LAB_ID.sock" /proc/net/unix) == "$1" ]]
}

spool_held() { # nobody else can write to it, until spool_free
	coproc HOLDER { exec sqlite3 "$SPOOL" 3>&-; }
	printf '%s\n' '.timeout 5000' 'BEGIN IMMEDIATE;' 'SELECT 1;' >&"${HOLDER[1]}"
	read -ru "${HOLDER[0]}"
}

spool_free() {
	eval "exec ${HOLDER[1]}>&-"
}

swept() { # NUMBER: the daemon (-v) has looked at so many dialogs, more than once
	(($(grep -c "scan: $1 dialogs" "$LAB_DIR/daemon.log") > 2))
}
