#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# The daemon's configuration file: all its errors are reported, and SIGHUP reloads it.

# shellcheck disable=SC2094
load lib
load daemon

SECRET=geheim
SAMPLE=$LAB_TOP/deploy/cseqguard.conf

eval "base_$(declare -f setup)"

setup() {
	export CONF=$LAB_DIR/$BATS_TEST_NUMBER.conf LOG=$LAB_DIR/daemon.log
	: >"$LOG"
	base_setup
}

config() { # LINE...: the file
	printf '%s\n' "$@" >"$CONF"
}

check() { # [OPTION]...
	run "$LAB_OUT/cseqguardd" --check-config --config "$CONF" "$@"
	echo "exit $status: $output"
}

wrong() { # TEXT...: all that check says, a line each, of the file
	local i

	[[ $status == 2 && ${#lines[@]} == "$#" ]] || return
	for ((i = 0; i < $#; i++)); do
		[[ ${lines[i]} == "cseqguardd: $CONF: line ${*:i+1:1}" ]] || return
	done
}

setting() { # KEY [OPTION]...: its value at a start
	"$LAB_OUT/cseqguardd" --print-config --config "$CONF" "${@:2}" | sed -n "s/^$1 = *//p"
}

filed() { # [OPTION]...: the daemon, by its file; node and spool are given where nothing is
	(($#)) || set -- --node lab --spool "$SPOOL"
	rm -f "$CSEQGUARD_RUN_DIR/lab-$LAB_ID.sock" # a killed one's
	"${enter[@]}" "$LAB_OUT/cseqguardd" --config "$CONF" --instance "lab-$LAB_ID" "$@" \
		>>"$LOG" 2>&1 </dev/null 3>&- &
	LAB_DAEMON=$!
	lab_wait 10 test -S "$CSEQGUARD_RUN_DIR/lab-$LAB_ID.sock"
}

said() { # TEXT
	lab_wait 10 grep -qF -- "$1" "$LOG" && return
	printf 'not said: %s\n' "$1" >&2
	cat "$LOG" >&2
	return 1
}

reload() { # LINE...: another file, and SIGHUP
	config "$@"
	kill -HUP "$LAB_DAEMON"
}

events_lost() {
	guard stats -a -j | jq .events_lost
}

closed() { # NUMBER: so many calls are billed
	assert_equal "$1" sqlite3 "$SPOOL" "SELECT count(*) FROM cdr WHERE end_reason = 'bye'"
}

# --- the file -------------------------------------------------------------------------------------

@test "config: a correct file is reported as ok, in one line with its name" {
	config '[cseqguardd]' 'sweep = 5s ; a remark' '# another' '' 'breaker=30' 'homer = [2001:db8::1]:9060'
	check --spool "$SPOOL"
	[[ $status == 0 && $output == "$CONF: ok" ]]
	assert_equal 5s setting sweep
	assert_equal 30 setting breaker
	CSEQGUARD_CONFIG='' run -0 "$LAB_OUT/cseqguardd" --check-config --spool "$SPOOL"
	[[ $output == 'no file: ok' ]]
}

@test "config: reports all errors, with the line and the nearest name" {
	config 'swep = 5s' '[cseqguardd]' 'sweep = soon' 'breaker = 101' 'nothing' 'breaker-dialog = 5' \
		'sweep = 3s' "node = $(printf 'x%.0s' {1..250})" 'colour = red' '[cseqguard]' 'grace = 1s' \
		'homer = collector:9060' 'sweep = 1' '[instance edge]' 'grace = never' 'instance = a' \
		'[broken' 'check-config = yes' 'config = x' 'db = host=x nonsense'
	check
	wrong '1: unknown setting '\''swep'\'' (did you mean sweep?)' \
		'3: invalid value '\''soon'\'' for sweep: expected a time such as 500ms, 32s or 12h' \
		'4: invalid value '\''101'\'' for breaker: expected a number from 1 to 100, or off' \
		'5: expected [section] or key = value' \
		'6: unknown setting '\''breaker-dialog'\'' (did you mean breaker-dialogs?)' \
		'7: sweep is already set in line 3' \
		'8: longer than 198 bytes; continue a long value in indented lines' \
		'9: unknown setting '\''colour'\''' \
		'11: unknown section [cseqguard] (did you mean cseqguardd?); expected [cseqguardd] or [instance NAME]' \
		'15: invalid value '\''never'\'' for grace: expected a time such as 500ms, 32s or 12h' \
		'16: instance is only allowed in [cseqguardd]' \
		'17: expected [section] or key = value' \
		'18: unknown setting '\''check-config'\''' \
		'19: unknown setting '\''config'\''' \
		'20: db: missing "=" after "..." in connection info string'
}

@test "config: reports what a start would fail on: database, folder, namespace, collector" {
	config 'db = host=x nonsense' 'spool = /nonexistent/a.db' "netns = none-$LAB_ID" 'homer = collector:9060'
	check
	wrong '1: db: missing "=" after "..." in connection info string' \
		'2: spool /nonexistent/a.db: cannot write: No such file or directory' \
		"3: netns none-$LAB_ID: cannot open: No such file or directory" \
		'4: invalid value '\''collector:9060'\'' for homer: expected an address and a port, as 192.0.2.1:9060 or [2001:db8::1]:9060'
	config "spool = $LAB_DIR"
	check
	wrong "1: spool $LAB_DIR: cannot write: Is a directory"
	install -d -m 755 "$LAB_DIR/theirs"
	install -m 755 "$LAB_OUT/cseqguardd" "$LAB_DIR/" # the build's folder may be root's alone
	config "spool = $LAB_DIR/theirs/a.db"
	run -2 setpriv --reuid=65534 --clear-groups "$LAB_DIR/cseqguardd" --check-config --config "$CONF"
	wrong "1: spool $LAB_DIR/theirs/a.db: cannot write: Permission denied"
	run -2 "$LAB_OUT/cseqguardd" --check-config --config "$LAB_DIR"
	[[ $output == *"$LAB_DIR: cannot read: not a regular file" ]]
}

@test "config: a section for one instance overrides the common one, the command line overrides both" {
	config '[instance edge]' 'sweep = 3s' '[cseqguardd]' 'sweep = 5s' 'grace = 7s'
	assert_equal 5s setting sweep
	assert_equal 3s setting sweep --instance edge
	assert_equal 7s setting grace --instance edge
	assert_equal 1s setting sweep --instance edge --sweep 1
	config 'instance = edge' '[instance edge]' 'sweep = 3s'
	assert_equal 3s setting sweep
	CSEQGUARD_INSTANCE=other assert_equal 3s setting sweep # the file is above the environment
	assert_equal 10s setting sweep --instance other
}

@test "config: a long value may continue in indented lines" {
	config '[cseqguardd]' 'db = host=x' '  dbname=y' $'\tuser=z'
	assert_equal 'user=z dbname=y host=x' setting db
}

@test "config: the default file is read if it exists, and none with CSEQGUARD_CONFIG=" {
	local etc=$LAB_DIR/etc

	install -d "$etc/cseqguard"
	echo 'swep = 1s' >"$etc/cseqguard/cseqguard.conf"
	usual() { # [NAME=VALUE]
		run unshare --mount sh -c 'mount --bind "$1" /etc && shift && exec "$@"' sh "$etc" \
			env -u CSEQGUARD_CONFIG "$@" "$LAB_OUT/cseqguardd" --check-config --spool "$SPOOL"
	}
	usual
	[[ $status == 2 && $output == *"/etc/cseqguard/cseqguard.conf: line 1: unknown setting 'swep'"* ]]
	usual CSEQGUARD_CONFIG=
	[[ $status == 0 && $output == 'no file: ok' ]]
	rm "$etc/cseqguard/cseqguard.conf"
	usual
	[[ $status == 0 && $output == 'no file: ok' ]]
}

@test "config: help and schema are printed whatever the file contains" {
	config nonsense
	CSEQGUARD_CONFIG=$CONF run -0 "$LAB_OUT/cseqguardd" --help
	CSEQGUARD_CONFIG=$CONF run -0 "$LAB_OUT/cseqguardd" --print-schema
}

@test "config: never prints a password, however wrong the conninfo is" {
	local db

	for db in "host=x password=a $SECRET" "host=x password = '$SECRET" "host=x $SECRET=1" \
		"postgresql://u:$SECRET@h:port:/x" "postgresql://u:%zz$SECRET@h/x" "password=$SECRET"; do
		config "db = $db"
		check
		[[ $output != *"$SECRET"* ]]
		"$LAB_OUT/cseqguardd" --print-config --db "$db" >"$LOG" 2>&1 || :
		run -1 grep "$SECRET" "$LOG"
	done
	config 'db = host=x' "password=$SECRET" "$(printf 'x%.0s' {1..195})$SECRET = 1"
	check
	[[ ${#lines[@]} == 2 && $output != *"$SECRET"* ]]
}

@test "config: redis is a socket, an address, or localhost; a name would have to be looked up" {
	local redis

	for redis in unix:/run/redis/redis.sock 192.0.2.1 '[2001:db8::1]:7000' localhost localhost:7000; do
		"$LAB_OUT/cseqguardd" --check-config --pair edge --redis "$redis"
	done
	for redis in redis.example localhost:x localhosts unix:relative 192.0.2.1:0; do
		run -2 --separate-stderr "$LAB_OUT/cseqguardd" --check-config --pair edge --redis "$redis"
		[[ $stderr == *"invalid value '$redis' for --redis: expected unix:"*'names are not looked up' ]]
	done
}

@test "config: a mistyped option is answered with the nearest one" {
	run -2 "$LAB_OUT/cseqguardd" --swep 3s
	[[ $output == *"unknown option '--swep' (did you mean --sweep?)"* ]]
	run -2 "$LAB_OUT/cseqguard" atach
	[[ $output == *"unknown command 'atach' (did you mean attach?)"* ]]
	run -2 "$LAB_OUT/cseqguard" status --netsn x
	[[ $output == *"unknown option '--netsn' (did you mean --netns?)"* ]]
	run -2 "$LAB_OUT/cseqguard" set mdoe=observe
	[[ $output == *"unknown setting 'mdoe' (did you mean mode?)"* ]]
}

@test "config: the sample has each key once, with its default" {
	local bare=$LAB_DIR/bare.conf

	sed 's/^#\([a-z[]\)/\1/' "$SAMPLE" >"$bare"
	CONF=$SAMPLE check --spool "$SPOOL"
	[[ $status == 0 && $output == "$SAMPLE: ok" ]]
	CONF=$bare check --spool "$SPOOL"
	[[ $status == 0 && $output == "$bare: ok" ]]
	diff <(sed -n '/^#\[/q; s/^#\([a-z-]*\) =.*/\1/p' "$SAMPLE" | sort) \
		<(CSEQGUARD_CONFIG='' "$LAB_OUT/cseqguardd" --print-config | sed 's/ =.*//' | sort)
	diff <(CSEQGUARD_CONFIG='' "$LAB_OUT/cseqguardd" --print-config) \
		<("$LAB_OUT/cseqguardd" --print-config --config "$bare")
}

# --- SIGHUP ---------------------------------------------------------------------------------------

@test "reload: applies each setting that may change" {
	config 'sweep = 1h' 'max-call = 12h' 'verbose = yes'
	filed
	dialog answer=20
	read -rt 0.3 <> <(:) || :
	assert_equal 0 spooled cdr # nothing looks
	reload 'sweep = 100ms' 'max-call = 3s' 'verbose = yes'
	said 'reload: sweep changed from 1h to 100ms'
	said 'reload: max-call changed from 12h to 3s'
	eventually timeout sqlite3 "$SPOOL" 'SELECT end_reason FROM cdr'
	assert_equal 2 grep -c 'reload:' "$LOG"
	kill -HUP "$LAB_DAEMON"
	said "reload: $CONF: nothing has changed"
	rm "$CONF"
	kill -HUP "$LAB_DAEMON"
	said "$CONF: cannot read: No such file or directory"
	said 'reload: no setting was changed'
}

@test "reload: a file with an error is reported and changes nothing" {
	config 'sweep = 100ms' 'max-call = 12h'
	filed
	reload 'max-call = 3s' 'sweep = soon' 'swep = 1s'
	said "$CONF: line 2: invalid value 'soon' for sweep: expected a time"
	said "$CONF: line 3: unknown setting 'swep' (did you mean sweep?)"
	said 'reload: no setting was changed'
	dialog answer=20
	eventually none sqlite3 "$SPOOL" "SELECT coalesce(end_reason, 'none') FROM cdr"
	assert_equal 0 grep -c 'max-call' "$LOG"
	reload 'max-call = 3s' 'sweep = 100ms'
	eventually timeout sqlite3 "$SPOOL" 'SELECT end_reason FROM cdr'
}

@test "reload: names each setting that needs a restart, and keeps it" {
	rm -f "$LAB_DIR/other.db"
	enter=(nsenter "--net=/run/netns/$(lab_ns proxy)")
	config 'sweep = 100ms' 'http = 9470' 'node = lab' "spool = $SPOOL"
	filed --grace 32s # above the file
	reload 'sweep = 100ms' 'http = 9470' 'netns = elsewhere' 'node = other' 'instance = other' "spool = $LAB_DIR/other.db" \
		'grace = 1s' 'max-call = 11h'
	said 'reload: netns stays unset; restart the daemon to change it to elsewhere'
	said 'reload: node stays lab; restart the daemon to change it to other'
	said "reload: spool stays $SPOOL; restart the daemon to change it to $LAB_DIR/other.db"
	said 'reload: max-call changed from 12h to 11h'
	assert_equal 4 grep -c 'reload:' "$LOG"
	kill -HUP "$LAB_DAEMON"
	lab_wait 10 assert_equal 2 grep -c 'reload: node stays lab; restart the daemon to change it to other' "$LOG"
	dialog answer=5
	eventually lab sqlite3 "$SPOOL" 'SELECT node FROM cdr'
	[[ ! -e $LAB_DIR/other.db ]]
}

@test "reload: changes to another database and to none without losing a row or printing a password" {
	local other=${DB}_2 n

	sql postgres "CREATE DATABASE $other"
	config 'sweep = 100ms'
	filed
	dialog answer=5
	eventually 1 spooled cdr
	reload 'sweep = 100ms' "db = $(pg_conninfo "$DB") password=$SECRET"
	said 'reload: db changed from unset to'
	eventually 1 row 'count(*)'
	eventually 0 spooled cdr
	reload 'sweep = 100ms' "db = $(pg_conninfo "$DB") password=other$SECRET"
	said 'reload: db: password changed'
	call=two BATS_TEST_NUMBER=10$BATS_TEST_NUMBER dialog answer=5
	eventually 2 sql "$DB" 'SELECT count(*) FROM cseqguard.cdr'
	reload 'sweep = 100ms' "db = $(pg_conninfo "$other")"
	call=three BATS_TEST_NUMBER=20$BATS_TEST_NUMBER dialog answer=5
	eventually t sql "$other" "SELECT count(*) > 0 FROM cseqguard.cdr WHERE call_id = 'three'"
	assert_equal 0 sql "$DB" "SELECT count(*) FROM cseqguard.cdr WHERE call_id = 'three'"
	reload 'sweep = 100ms' "db = $(pg_conninfo "$other") nonsense"
	said 'line 2: db: missing'
	reload 'sweep = 100ms'
	said ' to unset'
	call=four BATS_TEST_NUMBER=30$BATS_TEST_NUMBER dialog answer=5
	eventually 1 spooled cdr
	run -1 grep "$SECRET" "$LOG"
}

@test "reload: switches the breaker on while calls run" {
	local n number=100

	config 'sweep = 100ms'
	filed
	unset DIALOG_NOW
	for n in {1..12}; do
		BATS_TEST_NUMBER=$((++number)) call=b$n dialog answer=2 blocked=1 first_blocked_ms=1950
	done
	read -rt 0.3 <> <(:) || :
	assert_equal 0 grep -c BREAKER "$LOG"
	reload 'sweep = 100ms' 'breaker = 30'
	said 'BREAKER: BYEs of 12 among 12 dialogs were dropped within 60 s, more than 30 %'
	guard set mode=enforce
}

@test "reload: tells the service manager when it begins and ends" {
	config 'sweep = 100ms'
	rm -f "$LAB_DIR/notify"
	"$LAB_TOP/tests/e2e/notify.py" "$LAB_DIR/notify" >"$LAB_DIR/told" 2>&1 3>&- &
	local ear=$!
	lab_wait 5 test -S "$LAB_DIR/notify"
	NOTIFY_SOCKET=$LAB_DIR/notify filed
	lab_wait 5 grep -q READY=1 "$LAB_DIR/told"
	kill -HUP "$LAB_DAEMON"
	lab_wait 5 assert_equal 2 grep -c READY=1 "$LAB_DIR/told" || :
	kill "$ear"
	assert_equal 'READY=1 RELOADING=1 READY=1' sh -c "grep -o '^[READYLOING]*=1' '$LAB_DIR/told' | grep -v WATCH | xargs"
	grep -q '^MONOTONIC_USEC=[0-9]' "$LAB_DIR/told"
}

@test "reload: a hundred reloads during calls lose no event and no call" {
	local i lost

	config 'sweep = 1h' 'grace = 200ms'
	filed
	lost=$(events_lost)
	"$LAB_OUT/tests/bench/calls" "lab-$LAB_ID" 500 open-"$BATS_TEST_NUMBER" open >/dev/null
	{
		for i in {1..20}; do
			"$LAB_OUT/tests/bench/calls" "lab-$LAB_ID" 200 "s$i-$BATS_TEST_NUMBER"
		done
		"$LAB_OUT/tests/bench/calls" "lab-$LAB_ID" 500 open-"$BATS_TEST_NUMBER" end
	} >/dev/null 3>&- &
	local calls=$!
	for i in {1..100}; do
		reload 'sweep = 1h' "grace = $((200 + i % 2))ms" "bye-timeout = $((30 + i % 3))s" \
			"db-timeout = $((30 + i % 5))s" "log-format = $( ((i % 2)) && echo json || echo text)"
		read -rt 0.02 <> <(:) || :
	done
	wait "$calls"
	lab_wait 20 closed 4500
	(($(grep -c 'reload: ' "$LOG") > 20))
	assert_equal "$lost" events_lost
	kill -TERM "$LAB_DAEMON"
	wait "$LAB_DAEMON"
	LAB_DAEMON=
	closed 4500
}

# --- log ------------------------------------------------------------------------------------------

@test "log: as JSON it is one object a line, with time, level, text, instance, node and pid" {
	config 'log-format = json' 'sweep = 100ms'
	filed
	kill -HUP "$LAB_DAEMON"
	lab_wait 10 grep -q 'nothing has changed' "$LOG"
	jq -es --arg instance "lab-$LAB_ID" --argjson pid "$LAB_DAEMON" 'length == 2 and all(
		(.ts | test("^20[0-9-]+T[0-9:]+[.][0-9]{6}Z$")) and .instance == $instance and .node == "lab" and
		.pid == $pid and (.level | IN("info", "notice")) and (.msg | length > 0))' "$LOG"
	reload 'log-format = text' 'sweep = 100ms'
	said '"msg":"reload: log-format changed from json to text"'
	kill -HUP "$LAB_DAEMON"
	said "cseqguardd: reload: $CONF: nothing has changed"
}

@test "log: escapes what is not UTF-8 and what would end the line" {
	run -2 "$LAB_OUT/cseqguardd" --log-format json --node $'a\xff\n"\\b' "--sweep=$(printf 'x\x01\n%.0s' {1..900})"
	[[ ${#lines[@]} == 1 && ${#output} -lt 4096 ]]
	jq -e '.level == "err" and (.msg | startswith("invalid value \u0027x\u0001\nx"))' <<<"$output"
	run -1 "$LAB_OUT/cseqguardd" --log-format json --instance none --node $'a\xff\n"\\b'
	jq -e '.node == "a\\xff\\x0a\"\\x5cb"' <<<"$output"
	run -2 "$LAB_OUT/cseqguardd" --sweep $'so\non'
	[[ ${#lines[@]} == 1 && $output == "cseqguardd: invalid value 'so on' for --sweep: expected"* ]]
}

@test "log: in the journal a line carries its priority; elsewhere it does not" {
	journal() { # COMMAND...: with stderr as the journal's
		JOURNAL_STREAM=$(stat -L -c %d:%i "$LAB_DIR/journal") "$@" 2>"$LAB_DIR/journal" || :
	}
	: >"$LAB_DIR/journal"
	journal "$LAB_OUT/cseqguardd" --instance none
	assert_equal '<3>instance none is not attached; run `cseqguard attach` first' cat "$LAB_DIR/journal"
	journal "$LAB_OUT/cseqguardd" --instance none --log-format json
	grep -q '^<3>{"ts":' "$LAB_DIR/journal"
	JOURNAL_STREAM=$(stat -L -c %d:%i "$LOG") run -1 sh -c '"$1" --instance none 2>"$2" || { cat "$2"; exit 1; }' \
		sh "$LAB_OUT/cseqguardd" "$LAB_DIR/journal"
	[[ $output == 'cseqguardd: instance none'* ]]
	JOURNAL_STREAM=1:1 run -1 "$LAB_OUT/cseqguardd" --instance none
	[[ $output == 'cseqguardd: instance none'* ]]
}
