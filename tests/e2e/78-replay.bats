#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# `cseqguard replay` over captures that captures.py writes: no network, no root, no maps. The tests of --db use
# the cluster that all files share.

bats_require_minimum_version 1.5.0

setup() {
	TOP=$(cd "${BATS_TEST_FILENAME%/*}/../.." && pwd)
	GUARD=${LAB_OUT:-$TOP/out}/cseqguard
	cd "$BATS_TEST_TMPDIR" || return
}

capture() { # [STEP|OPTION]... >FILE
	python3 "$TOP/tests/e2e/captures.py" "$@"
}

replay() { # [OPTION]... FILE...
	"$GUARD" replay --gateway 198.51.100.0/24 "$@"
}

# says EXPECTED FILTER [OPTION]... FILE: jq's FILTER over the JSON prints EXPECTED, with any exit code
says() {
	local found

	found=$(replay -j "${@:3}" | jq -cr "$2")
	[[ $found == "$1" ]] || {
		printf 'expected %s\n   found %s\n' "$1" "$found" >&2
		return 1
	}
}

CALL='.calls[] | [.end_reason, .ended_by, .duration, .first_bye_duration, .difference, .blocked_byes, .suspect,
	.caller_side, .callee_side] | join(" ")'
REFUSED='.violations[] | select(.action != "pass") | [.reason, .action, .method, .cseq, .expected_cseq, .source,
	.outcome] | join(" ")'

@test "the attack of 2008: the call ends at its true BYE, and the low one would have been refused, rightly" {
	capture bye=10:500 pause=57 bye=14:200 >attack.pcap
	run -0 replay attack.pcap
	[[ $output == *'Would be refused    1 BYE: 1 right'* && $output == *'loses 59.001 seconds of 1 call'* ]]
	says 'bye caller 59.999 0.998 59.001 1 false wire gateway' "$CALL" attack.pcap
	says 'out_of_order would_drop BYE 10 14 192.0.2.1 refused' "$REFUSED" attack.pcap
	says '1 1 0 0 0' '.summary | "\(.bye_refusals) \(.refusals_right) \(.refusals_wrong) \(.refusals_silent) \(.open)"' \
		attack.pcap
}

@test "an honest call: nothing would have been refused, and the bill by the first BYE is right" {
	capture pause=3 end=1:200 >honest.pcap
	run -0 replay honest.pcap
	[[ $output == *'Would be refused    0 BYEs'* && $output != *'would have refused:'* ]]
	says 'bye callee 4.998 4.998 0 0 false wire gateway' "$CALL" honest.pcap
}

@test "a low BYE that the far end accepts would have been refused wrongly: exit 4" {
	capture bye=10:200 >accepted.pcap
	run -4 replay accepted.pcap
	[[ $output == *'1 wrong (the far end accepted)'* ]]
	run -4 replay -j accepted.pcap
	says 'out_of_order would_drop BYE 10 14 192.0.2.1 accepted' "$REFUSED" accepted.pcap
	says 'bye caller 0.999 0.998 0.001 1 false wire gateway' "$CALL" accepted.pcap
}

@test "a low BYE that nobody answers is silent, or unknown where the capture ends too early" {
	capture bye=10:0 pause=60 bye=14:200 >silent.pcap
	capture bye=10:0 >short.pcap
	run -0 replay silent.pcap
	says 'out_of_order would_drop BYE 10 14 192.0.2.1 silent' "$REFUSED" silent.pcap
	says 'out_of_order would_drop BYE 10 14 192.0.2.1 ' "$REFUSED" short.pcap
	says '1 1' '.summary | "\(.open) \(.refusals_unknown)"' short.pcap
}

@test "enforce mode leaves out what would have been refused, and what follows from it" {
	capture bye=10:200 pause=5 bye=14:200 >accepted.pcap
	run -0 replay --mode enforce accepted.pcap
	says 'bye caller 7.999 0.998 7.001 1 false wire gateway' "$CALL" --mode enforce accepted.pcap
	says 'out_of_order drop BYE 10 14 192.0.2.1 ' "$REFUSED" --mode enforce accepted.pcap
	says 3 '.summary.not_read.left_out' --mode enforce accepted.pcap
}

@test "the policies are those of attach: --equal pass lets a BYE with the INVITE's CSeq end the call" {
	capture bye=13:200 >equal.pcap
	run -4 replay equal.pcap
	run -0 replay --equal pass equal.pcap
	says '' "$REFUSED" --equal pass --mode enforce equal.pcap
}

@test "the guarded host is worked out, or named; a wrong name judges nothing" {
	capture bye=14:200 >call.pcap
	says '["192.0.2.10"] false' '.summary | "\(.hosts) \(.hosts_given)"' call.pcap
	says '["192.0.2.10"] true' '.summary | "\(.hosts) \(.hosts_given)"' --host 192.0.2.10,proxy.example call.pcap
	says '0 10 2' '"\(.calls | length) \(.summary.not_read | "\(.packets_of_no_host) \(.invites_of_no_host)")"' \
		--host 192.0.2.77 call.pcap
}

@test "a test on loopback, where all have one address: the host is who has the SIP port" {
	capture bye=10:500 bye=14:200 --loopback >lo.pcap
	says 'bye caller 1.999 0.998 1.001 1 false wire wire' "$CALL" lo.pcap
	says '127.19.197.2:5061 127.19.198.2:5062' \
		'.calls[] | "\(.caller_addr):\(.caller_port) \(.callee_addr):\(.callee_port)"' lo.pcap
}

@test "link layers, VLAN and tunnels: each shows the same call" {
	local by

	for by in ethernet vlan mpls pppoe ipip gre vxlan gtpu sll sll2 raw null; do
		capture bye=10:500 bye=14:200 --by "$by" >$by.pcap
		says 'bye caller 1.999 0.998 1.001 1 false wire gateway' "$CALL" $by.pcap || {
			echo "by $by" >&2
			return 1
		}
	done
}

@test "fragments are gathered by the guard's own code, the second one first" {
	capture bye=10:500 bye=14:200 --by fragments >fragments.pcap
	says 'bye caller 1.999 0.998 1.001 1 false wire gateway' "$CALL" fragments.pcap
}

@test "IPv6 and pcapng" {
	capture bye=10:500 bye=14:200 --ipv6 --ng >six.pcapng
	run -0 "$GUARD" replay -j --gateway 2001:db8:1::/48 six.pcapng
	[[ $(jq -cr "$CALL" <<<"$output") == 'bye caller 1.999 0.998 1.001 1 false wire gateway' ]]
	[[ $(jq -cr .summary.hosts <<<"$output") == '["2001:db8::10"]' ]]
}

@test "TCP streams: whole, in pieces, and out of order" {
	local by

	for by in tcp pieces swapped; do
		capture bye=10:500 bye=14:200 --by "$by" >$by.pcap
		says 'bye caller 1.999 0.998 1.001 1 false wire gateway' "$CALL" $by.pcap
		says '14 0' '.summary | "\(.tcp_messages) \(.not_read.tcp_gaps)"' $by.pcap
	done
}

@test "a gap in a TCP stream costs the message in it, and is reported" {
	capture bye=10:500 bye=14:200 --by gap >gap.pcap
	says '13 1' '.summary | "\(.tcp_messages) \(.not_read.tcp_gaps)"' gap.pcap
	run -0 replay gap.pcap
	[[ $output == *'1 gap in TCP streams'* ]]
	says 'bye caller unseen' '.calls[] | "\(.end_reason) \(.ended_by) \(.caller_side)"' gap.pcap
}

@test "HEPv3 over UDP and TCP: the legs that a proxy reports, as it has them by TLS, are known by that" {
	local by

	for by in hep heptcp; do
		capture bye=10:500 bye=14:200 --by $by >$by.pcap
		says 'bye caller 1.999 0.998 1.001 1 false hep gateway' "$CALL" $by.pcap
		says '14 0 0' '.summary | "\(.hep_messages) \(.tcp_messages) \(.not_read.tcp_gaps)"' $by.pcap
	done
	capture bye=10:500 bye=14:200 --by hepudp >hepudp.pcap
	says 'bye caller 1.999 0.998 1.001 1 false wire gateway' "$CALL" hepudp.pcap
}

@test "a message that the capture has as a packet and by HEP is judged once, a retransmission each time" {
	capture bye=10:500 bye=14:200 >wire.pcap
	capture bye=10:500 bye=14:200 --by hepudp >hep.pcap
	says '1 2 14' '.summary | "\(.bye_refusals) \(.byes) \(.not_read.hep_doubles)"' wire.pcap hep.pcap
	says 'bye caller 1.999 0.998 1.001 1 false wire gateway' "$CALL" hep.pcap wire.pcap
	says '2 4 14' '.summary | "\(.bye_refusals) \(.byes) \(.not_read.hep_doubles)"' \
		<(capture bye=10:500 bye=14:200 --repeat) hep.pcap
}

@test "packets that are not quite in order, and a proxy whose processes swap messages, change nothing" {
	local by side=wire

	for by in ethernet hep; do
		capture bye=10:500 bye=14:200 --by $by --shuffle >shuffled.pcap
		says "bye caller 1.999 0.998 1.001 1 false $side gateway" "$CALL" shuffled.pcap
		side=hep
	done
}

@test "a capture that is cut is read as far as it goes, with a notice" {
	capture bye=10:500 bye=14:200 >whole.pcap
	head -c -100 whole.pcap >cut.pcap
	run -0 --separate-stderr replay cut.pcap
	[[ $stderr == *'cut.pcap: cannot read beyond packet 13: '* && $output == *'14'* ]]
	says 'bye caller 1.999 0.998 1.001 1 false wire gateway' "$CALL" cut.pcap
	capture bye=14:200 --snap 60 >snap.pcap
	run -0 replay snap.pcap
	[[ $output == *'10 packets cut by the snap length'* ]]
}

@test "standard input; several files, in any order, are one capture" {
	capture bye=10:500 bye=14:200 >whole.pcap
	run -0 replay - <whole.pcap
	[[ $output == *'1 right'* ]]
	head -c 24 whole.pcap >empty.pcap
	says 'bye caller 1.999 0.998 1.001 1 false wire gateway' "$CALL" empty.pcap whole.pcap
	capture bye=10:500 bye=14:200 --before 1.0005 >first.pcap
	capture bye=10:500 bye=14:200 --after 1.0005 >second.pcap
	says 'bye caller 1.999 0.998 1.001 1 false wire gateway' "$CALL" second.pcap first.pcap
}

@test "a file that is no capture, a missing one, and none: one line that says so" {
	echo 'no capture' >text
	run -1 --separate-stderr replay text
	[[ -z $output && ${#stderr_lines[@]} == 1 && $stderr == *'text: cannot read: '* ]]
	run -1 --separate-stderr replay missing.pcap
	[[ $stderr == *'missing.pcap: cannot read: No such file or directory' ]]
	run -1 --separate-stderr replay .
	[[ $stderr == *'.: cannot read: Is a directory' ]]
	: >empty
	run -1 --separate-stderr replay empty
	[[ ${#stderr_lines[@]} == 1 && $stderr == *'empty: cannot read: '*'not compressed' ]]
	run -2 --separate-stderr replay
	[[ ${#stderr_lines[@]} == 1 && $stderr == *'one capture or more'* ]]
	run -2 --separate-stderr replay --mode maybe text
}

@test "--ladder draws one call; of an unknown one it says so" {
	capture bye=10:500 bye=14:200 >attack.pcap
	run -0 replay --ladder replay@example attack.pcap
	[[ $output == *'would refuse: out_of_order, expected 14'* && $output == *'200 (BYE 14)'* ]]
	run -0 replay -j --ladder replay@example attack.pcap
	[[ $(jq -r '.[0].call_id' <<<"$output") == replay@example ]]
	run -1 replay --ladder another attack.pcap
	[[ $output == *'call another: not found in the capture'* ]]
}

@test "--spool keeps the rows; a second replay of the capture changes none" {
	local i

	capture bye=10:500 bye=14:200 >attack.pcap
	for i in 1 2; do
		run -0 replay --spool rows.db attack.pcap
		run -0 "$GUARD" cdr --spool rows.db -j
		[[ $(jq -cr '.[] | [.node, .call_id, .end_reason, .duration, .blocked_byes] | join(" ")' <<<"$output") == \
			'replay replay@example bye 1.999 1' ]]
	done
	run -0 sqlite3 rows.db "SELECT reason, action, outcome FROM violation WHERE action = 'would_drop'"
	[[ $output == 'out_of_order|would_drop|refused' ]]
	run -1 --separate-stderr replay --spool /nowhere/rows.db attack.pcap
	[[ $stderr == *'spool /nowhere/rows.db: cannot open: '* ]]
}

# --- PostgreSQL ------------------------------------------------------------------------------------

database() { # an empty one; whatever is left behind in TMPDIR shows
	# shellcheck source=deploy/lab.bash
	. "$TOP/deploy/lab.bash"
	DB=replay_$$_$BATS_TEST_NUMBER
	sql postgres "CREATE DATABASE $DB"
	export TMPDIR=$BATS_TEST_TMPDIR/tmp
	mkdir "$TMPDIR"
}

stored() { # the rows of this database
	sql "$DB" "SELECT node, call_id, end_reason, extract(epoch FROM end_time - answer_time)::numeric(9, 3), blocked_byes
		FROM cseqguard.cdr; SELECT node, reason, outcome FROM cseqguard.violation WHERE action = 'would_drop'"
}

STORED='archive|replay@example|bye|1.999|1
archive|out_of_order|refused'

@test "--db: a call is one row of its own node, however often it is replayed, and no file is left" {
	local i

	database
	capture bye=10:500 bye=14:200 >attack.pcap
	for i in 1 2; do
		run -0 --separate-stderr replay --db "$(pg_conninfo "$DB")" --node archive attack.pcap
		[[ -z $stderr && $output == *'1 right'* ]]
		[[ $(stored) == "$STORED" && -z $(ls -A "$TMPDIR") ]]
	done
}

@test "--db: a row stays open while no capture shows the end of its call, and is closed by one that does" {
	database
	capture bye=10:500 bye=14:200 >attack.pcap
	capture bye=10:500 bye=14:200 --before 1.9 >part.pcap
	run -0 --separate-stderr replay --db "$(pg_conninfo "$DB")" part.pcap
	[[ $stderr == *'node replay that stay open'*': 1;'* ]]
	[[ $(stored) == 'replay|replay@example|none||1'* ]]
	run -0 --separate-stderr replay --db "$(pg_conninfo "$DB")" attack.pcap
	[[ -z $stderr && $(stored) == 'replay|replay@example|bye|1.999|1'* ]]
}

@test "--db: a server that is not there is reported before anything is replayed" {
	database
	capture bye=10:500 bye=14:200 >attack.pcap
	run -1 --separate-stderr replay --db 'host=/nowhere dbname=x' attack.pcap
	[[ -z $output && ${#stderr_lines[@]} == 1 && $stderr == *'database: '*'/nowhere'*'nothing was replayed'* ]]
	run -2 --separate-stderr replay --db 'dbname=x passwrd=secret' attack.pcap
	[[ -z $output && ${#stderr_lines[@]} == 1 && $stderr == *'invalid value for --db: '* && $stderr != *secret* ]]
	[[ -z $(ls -A "$TMPDIR") ]]
}

@test "--db: rows that PostgreSQL does not take wait in the spool, and are sent without the capture" {
	local waiting

	database
	capture bye=10:500 bye=14:200 >attack.pcap
	capture pause=1 >other.pcap
	head -c 24 other.pcap >empty.pcap
	run -0 replay --db "$(pg_conninfo "$DB")" empty.pcap # makes the schema
	sql "$DB" 'ALTER TABLE cseqguard.cdr RENAME TO away'
	run -1 --separate-stderr replay --db "$(pg_conninfo "$DB")" --node archive attack.pcap
	[[ ${#stderr_lines[@]} == 1 && $stderr == *'database: '*'cseqguard.cdr'*'the rows wait in '* && $output == *'1 right'* ]]
	waiting=$(echo "$TMPDIR"/cseqguard-replay-*/rows.db)
	[[ $(sqlite3 "$waiting" 'SELECT count(*) FROM cdr') == 1 ]]
	sql "$DB" 'ALTER TABLE cseqguard.away RENAME TO cdr'
	run -0 --separate-stderr replay --db "$(pg_conninfo "$DB")" --spool "$waiting"
	[[ -z $stderr && $(stored) == "$STORED" ]]
	[[ $(sqlite3 "$waiting" 'SELECT count(*) FROM cdr') == 0 ]]
	run -1 --separate-stderr replay --db "$(pg_conninfo "$DB")" --spool missing.db
	[[ $stderr == *'spool missing.db: cannot open: No such file'* ]]
}
