#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
# bats file_tags=long
#
# A first use, from the package to its purge, as the README describes it: a Debian of its own on the guarded
# host, the lab's Kamailio and PostgreSQL, and default settings wherever there is one. Each test continues where
# the one before ended.

bats_require_minimum_version 1.5.0

load lib
load package
load terminal
load http
load browser

setup_file() {
	lab_up "$$" "$LAB_PG"
	export CDRS=cdr_$LAB_ID ACC=acc_$LAB_ID WRITER=walk_$LAB_ID
	kamailio_db "$ACC"
	kamailio_up "$ACC"
	package_up
	! has_root || root_postgres
	browser_up
}

# What the stranger's host has beforehand: the package's file, and a way to PostgreSQL.
root_postgres() {
	root_depends
	cp "$PACKAGE" "$PACKAGE_ROOT/root/cseqguard.deb"
	nsenter "--mount=/proc/$MOUNTS/ns/mnt" mount --bind "$LAB_PG" "$PACKAGE_ROOT/mnt"
}

setup() {
	needs_root
	HONEST=honest@lab-$LAB_ID OBSERVED=observed@lab-$LAB_ID WATCHED=watched@lab-$LAB_ID
	ENFORCED=enforced@lab-$LAB_ID AFTERWARDS=afterwards@lab-$LAB_ID
}

teardown() {
	sip_over
	terminal_end
	[[ -n ${BATS_TEST_COMPLETED:-} ]] || tail -n 5 "$LAB_DIR"/*.log >&2
}

teardown_file() {
	package_down
	lab_down
}

# --- calls ---------------------------------------------------------------------------------------

attack() { # CALL [STEP]...: the one of 2008 begins; STEPs are what its BYE 10 meets
	call=$1
	gateway < <(uas_call; uas_ordered_bye)
	caller < <(uac_call 13; sip_pause 1000; uac_request BYE 10; "${@:2}"; sip_pause 2000; bye 14)
}

refused_and_held() { # until sip_go
	uac_expect 500
	sip_hold
}

call_over() {
	call_ends
	ladder_length "$LAB_DIR/gateway.short" >"$LAB_DIR/$call.length"
}

lasted() { # of the call, as its gateway saw it
	cat "$LAB_DIR/$call.length"
}

kamailio_bills() { # seconds, of its dialog's CDR
	sql "$ACC" "SELECT duration FROM acc_cdrs WHERE callid = '$call' ORDER BY id LIMIT 1"
}

kamailio_byes() { # CSeqs that it accounted
	sql "$ACC" "SELECT string_agg(cseq, ' ' ORDER BY id) FROM acc WHERE callid = '$call' AND method = 'BYE'"
}

we_bill() {
	sql "$CDRS" "SELECT extract(epoch FROM duration) FROM cseqguard.billable WHERE call_id = '$call'"
}

bills_truly() { # COMMAND...: to 150 ms
	awk -v bill="$("$@")" -v truth="$(lasted)" 'BEGIN { exit !(bill != "" && (bill - truth) ^ 2 < 0.15 ^ 2) }'
}

bills_short() { # COMMAND...: by more than a second
	awk -v bill="$("$@")" -v truth="$(lasted)" 'BEGIN { exit !(bill != "" && truth - bill > 1) }'
}

in_background() { # FILE COMMAND...: on the stranger's host; FILE in LAB_DIR gets what it says
	local command

	entering "--net=/run/netns/$(lab_ns proxy)" -- "$PACKAGE_ROOT" "${@:2}"
	"${command[@]}" >"$LAB_DIR/$1" 2>&1 </dev/null 3>&- &
	disown # lab_down ends who is in the namespace
}

on_terminal() { # COLUMNS ROWS COMMAND...: on the stranger's host
	local command

	entering "--net=/run/netns/$(lab_ns proxy)" -- "$PACKAGE_ROOT" "${@:3}"
	terminal "$1" "$2" "${command[@]}"
}

listened_to() { # somebody is connected (a socket is listed in its client's namespace)
	lab_in proxy grep -q ' 0005 03 .* /run/cseqguard/default.sock' /proc/net/unix
}

apt() { # VERB WHAT
	inside apt-get -qy -o Dpkg::Use-Pty=0 --no-install-recommends "$@"
}

configure() { # KEY VALUE: in the file as it came
	sed -i "s|^#$1 =.*|$1 = $2|" "$PACKAGE_ROOT/etc/cseqguard/cseqguard.conf"
}

finds() { # VERDICT REGEX: a line of output
	grep -qE "^$1 +$2" <<<"$output" || {
		echo "no line '$1 $2'"
		return 1
	}
}

finds_no() { # VERDICT REGEX
	! grep -E "^$1 +$2" <<<"$output"
}

# --- the walk ------------------------------------------------------------------------------------

@test "first use: the package is installed; nothing is attached, and nothing runs" {
	snapshot >"$LAB_DIR/before"
	apt install /root/cseqguard.deb
	dpkg_says 'ii '
	run -3 on_host cseqguard status
	run -1 on_host cseqguard top
	[[ $output == *'is not attached; start with: cseqguard attach --mode observe IFACE' ]]
	unguarded
	run ! runs cseqguardd
	assert_equal '' told
}

@test "first use: doctor finds no failure and says what to do next" {
	run -0 on_host cseqguard doctor "${LAB_INTERFACES[@]}"
	finds_no failed ''
	finds ok 'programs .* this kernel accepts them'
	finds warning 'instance .*; cseqguard attach --mode observe IFACE'
	finds warning 'daemon .*; attach, then: systemctl start cseqguardd'
}

@test "first use: create the schema, configure the database, attach in observe mode, start the daemon" {
	sql postgres "CREATE DATABASE $CDRS"
	inside cseqguardd --print-schema | psql -Xq1 -v ON_ERROR_STOP=1 -d "$(pg_conninfo "$CDRS")" >/dev/null
	sql "$CDRS" "CREATE ROLE $WRITER LOGIN IN ROLE cseqguard_writer"
	configure db "host=/mnt dbname=$CDRS user=$WRITER"
	configure node edge1
	configure http "$HTTP_PORT"
	assert_equal '/etc/cseqguard/cseqguard.conf: ok' on_host cseqguardd --check-config
	on_host cseqguard attach --mode observe --gateway "$LAB_GATEWAY/32" "${LAB_INTERFACES[@]}"
	daemon
	eventually "$WRITER" sql "$CDRS" "SELECT usename FROM pg_stat_activity WHERE usename = '$WRITER'"
	run -0 on_host cseqguard doctor
	finds_no failed ''
	finds ok 'mode .* observe: nothing is dropped'
	finds ok 'caller0 .* guarded in native mode'
	finds ok 'gateway0 .* guarded in native mode'
	finds ok 'daemon .* cseqguardd runs'
	finds ok 'postgresql .* writable'
	finds ok "postgresql .* role $WRITER may write"
}

@test "first use: a call is billed; an attack passes, and Kamailio's bill is short, ours is not" {
	in_background events.log cseqguard events -f
	lab_wait 10 listened_to
	call=$HONEST
	gateway < <(uas_call; sip_serve BYE 200 OK)
	caller < <(uac_call 13; sip_pause 500; bye 14)
	call_over
	eventually 14 kamailio_byes
	lab_wait 10 bills_truly kamailio_bills
	lab_wait 10 bills_truly we_bill
	attack "$OBSERVED" uac_expect 500
	call_over
	eventually '10 14' kamailio_byes
	bills_short kamailio_bills
	lab_wait 10 bills_truly we_bill
}

@test "first use: events shows the attack as it happens" {
	local call=$OBSERVED

	lab_wait 10 grep -qE "^[^ ]+Z end closed pass 200 to BYE of caller cseq 14 .* call-id $call\$" "$LAB_DIR/events.log"
	assert_equal 1 grep -cE "^[^ ]+Z violation out_of_order would_drop BYE of caller cseq 10 expected 14 from $LAB_CALLER:5060 into caller0 call-id $call\$" "$LAB_DIR/events.log"
	assert_equal 0 grep -c "would_drop .* call-id $HONEST\$" "$LAB_DIR/events.log"
}

@test "first use: top shows the next attack, and its ladder" {
	on_terminal 80 24 cseqguard top
	shows '^cseqguard .* observe +daemon runs +default$'
	shows 'no BYE was refused since top started'
	attack "$WATCHED" refused_and_held
	shows "^confirmed 00:00:.. +1 $LAB_CALLER .*${WATCHED%x*}" # cut to the terminal
	shows "^ +1 +$LAB_CALLER +out_of_order +[0-9]s"
	shows '^BYEs .* dropped 0 .* would drop 2 '
	keys Enter
	shows 'would refuse: out_of_order, expected 14'
	keys q
	sip_go caller
	call_over
	shows '^calls      0 live'
	keys q
	shows '^exit 0$'
	lab_wait 10 bills_truly we_bill
}

@test "first use: ladder shows the call" {
	run -0 on_host cseqguard ladder "$OBSERVED"
	grep -qE '^ +[0-9.]+ +13 \|-* BYE 10 -*\+-*>\| +-$' <<<"$output"
	grep -qE '^ +\| would refuse: out_of_order, expected 14 +\|$' <<<"$output"
	grep -qE '^ +[0-9.]+ +13 \|<-*\+-* 500 \(BYE 10\) -*\| +-$' <<<"$output"
	grep -qE '^ +[0-9.]+ +14 \|<-*\+-* 200 \(BYE 14\) -*\| +-$' <<<"$output"
}

@test "first use: the page shows the call, and its ladder after a click" {
	visit "$PAGE"
	lab_wait 10 row_says 'ended: bye' "$WATCHED"
	js_is "document.getElementById('mode').textContent === 'observe'"
	assert_equal 2 js "[...document.querySelectorAll('#timeline rect.bar')].reduce((n, bar) => n + Number(bar.dataset.count), 0)"
	click "$(button_of "$WATCHED")"
	lab_wait 10 js_is "document.querySelectorAll('#ladder g.would_refuse').length === 1"
	assert_equal 'would be refused: out_of_order, 14 or higher expected' js "document.querySelector('#ladder g.would_refuse .why').textContent"
	assert_equal '' console
}

@test "first use: Prometheus scrapes the daemon, and check reports OK" {
	get /metrics | promtool check metrics
	assert_equal ok get /healthz
	assert_equal 2 metric would_drop_packets_total
	assert_equal 2 metric 'would_drop_byes_total{outcome="refused"}'
	assert_equal 0 metric 'would_drop_byes_total{outcome="accepted"}'
	assert_equal 1 metric 'mode{mode="observe"}'
	eventually 3 metric 'calls_closed_total{end_reason="bye"}'
	run -0 on_host cseqguard check --expect observe
	[[ $output == 'CSEQGUARD OK - '*' dropped=0c would_drop=2c '*' unguarded=0c '* ]]
	run -1 on_host cseqguard check
	[[ $output == 'CSEQGUARD WARNING - mode observe, expected enforce,'* ]]
}

@test "first use: PostgreSQL says whether enforce would have been right, and has the bill" {
	run -0 on_host cseqguard status
	grep -qx 'observe  *would have dropped 2 BYEs: 2 refused by the far end, 0 accepted' <<<"$output"
	assert_equal 'out_of_order|refused|2' sql "$CDRS" "SELECT reason, outcome, count(*) FROM cseqguard.violation
		WHERE action = 'would_drop' GROUP BY 1, 2"
	assert_equal "out_of_order|would_drop|10|14|caller|$LAB_CALLER" sql "$CDRS" "SELECT reason, action, cseq, expected_cseq, leg,
		source FROM cseqguard.violation WHERE call_id = '$OBSERVED' AND outcome = 'refused'"
	assert_equal "$HONEST|bye|0
$OBSERVED|bye|1
$WATCHED|bye|1" sql "$CDRS" 'SELECT call_id, end_reason, blocked_byes FROM cseqguard.billable ORDER BY answer_time'
	for call in "$HONEST" "$OBSERVED" "$WATCHED"; do
		bills_truly we_bill
	done
	assert_equal 0 sql "$CDRS" 'SELECT count(*) FROM cseqguard.suspects'
}

@test "first use: in enforce mode an attack never reaches Kamailio, and both bills are right" {
	on_host cseqguard set mode=enforce
	attack "$ENFORCED"
	call_over
	eventually 14 kamailio_byes
	lab_wait 10 bills_truly kamailio_bills
	lab_wait 10 bills_truly we_bill
	run ! grep -q '^CSeq: 10 ' "$LAB_DIR/gateway.msg"
	eventually 'out_of_order|drop' violations 'reason, action'
	run -0 on_host cseqguard ladder "$call"
	grep -qE '^ +[0-9.]+ +13 \|-* BYE 10 -*>X out_of_order, expected 14 +\| +-$' <<<"$output"
	run -0 on_host cseqguard check
	[[ $output == 'CSEQGUARD OK - '*' mode enforce, '*' dropped=1c would_drop=2c '* ]]
}

@test "first use: after detach the daemon exits, and calls run as without the guard" {
	on_host cseqguard detach -a
	unguarded
	run -3 on_host cseqguard status
	lab_wait 10 eval '! runs cseqguardd'
	attack "$AFTERWARDS" uac_expect 500
	call_over
	eventually '10 14' kamailio_byes
	assert_equal '' we_bill
}

@test "first use: the package is purged; nothing is left but the rows in PostgreSQL" {
	apt remove cseqguard
	dpkg_says 'rc '
	inside test -e /etc/cseqguard/cseqguard.conf -a -e /var/lib/cseqguard/default.db
	apt purge cseqguard
	dpkg_says ''
	diff "$LAB_DIR/before" <(snapshot)
	assert_equal 4 sql "$CDRS" 'SELECT count(*) FROM cseqguard.billable'
}
