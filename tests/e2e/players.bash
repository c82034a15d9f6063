# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
# shellcheck shell=bash
#
# A guarded Kamailio for the calls of players.py, and the gateway's count of them beside our rows. Needs lib.bash.

players_lab() {
	guarded_lab --gateway "${LAB_GATEWAY%.*}.0/25" --ports 5060,5062
	ip -n "$(lab_ns gateway)" addr add "${LAB_GATEWAY%.*}.2/24" dev eth0
	kamailio_db "$ACC"
	kamailio_up "$ACC"
}

load_truth() { # COLUMNS: of LAB_DIR/truth, with their types
	sql "$CDRS" "CREATE TABLE truth ($1)"
	psql -Xq -d "$(pg_conninfo "$CDRS")" -c "\\copy truth FROM '$LAB_DIR/truth'"
}

truth() { # COLUMNS [CONDITION]: of the gateway's count and our rows beside it
	sql "$CDRS" "SELECT $1 FROM truth LEFT JOIN cseqguard.cdr USING (to_tag) WHERE ${2:-true}"
}
