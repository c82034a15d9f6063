# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
# shellcheck shell=bash
#
# Shared by the tests of the daemon's HTTP listener. It listens in the lab's network namespace, where every port
# is free. The daemon stays in this mount namespace, where its pins are visible.

HTTP_PORT=9470

http_in() { # COMMAND...: inside the guarded host's network namespace alone
	nsenter --net="/run/netns/$(lab_ns proxy)" "$@"
}

get() { # PATH [CURL-OPTION]...
	http_in curl -sS -m 15 "${@:2}" "http://127.0.0.1:$HTTP_PORT$1"
}

status_of() { # PATH [CURL-OPTION]...: the status code alone
	get "$1" -o /dev/null -w '%{http_code}' "${@:2}"
}

metric() { # SERIES: as /metrics has it, its value
	get /metrics | awk -v series="cseqguard_$1" '$1 == series { print $2 }'
}

# The lab's daemon once more, with a listener. Needs lib.bash.
http_daemon() { # [OPTION]...
	guard_daemon_end TERM
	CSEQGUARD_RUN_DIR=$LAB_DIR/run nsenter --net="/run/netns/$(lab_ns proxy)" "$LAB_OUT/cseqguardd" --instance "lab-$LAB_ID" --node lab \
		--db "$(pg_conninfo "$CDRS")" --spool "$LAB_DIR/spool.db" --netns "$(lab_ns proxy)" \
		--http "$HTTP_PORT" "$@" >>"$LAB_DIR/daemon.log" 2>&1 </dev/null 3>&- &
	printf '%d' $! >"$LAB_DIR/daemon.pid" # nsenter becomes it
	disown
	lab_wait 10 get /healthz || lab_fail "cseqguardd does not start: $(tail -n 1 "$LAB_DIR/daemon.log")"
}
