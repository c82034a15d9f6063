# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
# shellcheck shell=bash
#
# What the tests of PostgreSQL share: rows and roles made by hand, and what to await. Needs daemon.bash.

MONTH=$(date -u +%Y-%m-15)
THIS=$(date -u +%Y%m)
NEXT=$(date -u -d "$MONTH +1 month" +%Y%m)
AFTER=$(date -u -d "$MONTH +2 months" +%Y%m)
NOW=$EPOCHSECONDS # one moment for all rows of a test

logged() { # TEXT: the daemon said that, in this test
	grep -qF -- "$1" "$LAB_DIR/daemon.log"
}

schema() { # DATABASE [USER]: what an owner runs by hand
	"$LAB_OUT/cseqguardd" --print-schema | psql -Xq1 -v ON_ERROR_STOP=1 -d "host=$LAB_PG user=${2:-postgres} dbname=$1" >/dev/null
}

as() { # USER STATEMENT
	psql -XAtq -v ON_ERROR_STOP=1 -d "host=$LAB_PG user=$1 dbname=$DB" -c "$2"
}

login() { # USER [ROLE]
	sql "$DB" "CREATE ROLE $1 LOGIN${2:+ IN ROLE $2}"
}

# A row of this test's call. Times: SQL; END may be NULL. With SUSPECT, END-REASON, blocked BYEs and the
# witness' rank; without a rank the row is one of version 2.
call_row() { # NODE SETUP END [SUSPECT [END-REASON [BLOCKED [WITNESS]]]]
	sql "$DB" "INSERT INTO cseqguard.cdr (setup_time, call_uid, node, call_id, from_tag, to_tag, caller,
		callee, request_uri, caller_addr, caller_port, callee_addr, callee_port, answer_time, end_time,
		end_reason, ended_by, bye_confirmed, suspect, blocked_byes, first_blocked_at, sip_code${7:+, witness})
		SELECT s, md5('$call')::uuid, '$1', '$call', '', '', '', '', '', '192.0.2.1', 1, '192.0.2.2', 1, s, $3,
		'${5:-bye}', 'caller', true, ${4:-false}, ${6:-0},
		CASE WHEN ${6:-0} > 0 THEN s + interval '1 s' END, 200${7:+, $7} FROM (SELECT $2) AS t (s)"
}

another_dialog() { # beside this test's
	BATS_TEST_NUMBER=$((BATS_TEST_NUMBER + 100)) call=another dialog answer=5
}

ago() { # INTERVAL
	printf "to_timestamp(%s) - interval '%s'" "$NOW" "$1"
}

partitions() { # TABLE: names of its partitions
	sql "$DB" "SELECT string_agg(replace(inhrelid::regclass::text, 'cseqguard.', ''), ' ' ORDER BY inhrelid::regclass::text)
		FROM pg_inherits WHERE inhparent = 'cseqguard.$1'::regclass"
}

partitioned() { # by whoever calls it: the three months of both tables are there
	[[ $(partitions cdr) == *"cdr_$THIS cdr_$NEXT cdr_$AFTER"* &&
		$(partitions violation) == *"violation_$THIS violation_$NEXT violation_$AFTER"* ]]
}
