#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# The daemon as a user without any capability. bpffs is root's alone, as systemd mounts it, so a bind mount makes
# the pins reachable. bpffs, bind mount and /etc/group are this file's own, in a mount namespace. The user is a
# number that the host need not know.

load lib

ORDINARY=64737 # user and group: the daemon's
MEMBER=64738 # a user in that group, as a monitor's is

setup_file() {
	LAB_INTERFACES=(caller0)
	lab_up "$$" "$LAB_PG"
	export CDRS=cdr_$LAB_ID
	sql postgres "CREATE DATABASE $CDRS"
	mkdir "$LAB_DIR/pins"
	install -m 755 "$LAB_OUT/cseqguardd" "$LAB_OUT/cseqguard" "$LAB_TOP/tests/e2e/"{pins,flocks}.py "$LAB_DIR/" # the
	# clone's folder may be root's alone
	install -d -o "$ORDINARY" -g "$ORDINARY" -m 750 "$LAB_DIR/run" "$LAB_DIR/state"
	{ grep -v ^cseqguard: /etc/group && echo "cseqguard:x:$ORDINARY:"; } >"$LAB_DIR/group"
	{ grep -v ^cseqguard: /etc/passwd && echo "cseqguard:x:$ORDINARY:$ORDINARY::/:/bin/false"; } >"$LAB_DIR/passwd"
	unshare --mount sh -c 'mount -t bpf -o mode=0700 bpf /sys/fs/bpf &&
		mount --bind "$1/group" /etc/group && mount --bind "$1/passwd" /etc/passwd && touch "$1/mounted" && exec sleep infinity' \
		sh "$LAB_DIR" >/dev/null 2>&1 3>&- &
	export MOUNTS=$!
	lab_wait 5 test -e "$LAB_DIR/mounted"
	guard_up --hep
	inside mount --bind /sys/fs/bpf/cseqguard "$LAB_DIR/pins"
}

teardown() {
	sip_over
	[[ -n ${BATS_TEST_COMPLETED:-} ]] || tail -n 5 "$LAB_DIR"/*.log >&2
	guard_daemon_end KILL
	[[ ! -e $LAB_DIR/ear.pid ]] || kill "$(<"$LAB_DIR/ear.pid")"
	rm -f "$LAB_DIR/ear.pid"
}

teardown_file() {
	guard_down # its pins are not where lab_down looks
	kill "$MOUNTS"
	lab_down
}

inside() { # COMMAND...: in the mount namespace
	nsenter --mount="/proc/$MOUNTS/ns/mnt" "$@"
}

guard() {
	inside env CSEQGUARD_RUN_DIR="$LAB_DIR/run" "$LAB_OUT/cseqguard" "$1" \
		--instance "lab-$LAB_ID" -n "$(lab_ns proxy)" "${@:2}"
}

# The daemon on the guarded host, as the unit starts it, with that group; quick. Sets `command`.
ordinary() { # GROUP [NAME=VALUE]...
	command=(nsenter "--mount=/proc/$MOUNTS/ns/mnt" "--net=/run/netns/$(lab_ns proxy)"
		setpriv "--reuid=$ORDINARY" "--regid=$1" --clear-groups --bounding-set=-all
		--inh-caps=-all --ambient-caps=-all --no-new-privs
		env "CSEQGUARD_RUN_DIR=$LAB_DIR/run" "CSEQGUARD_PIN_ROOT=$LAB_DIR/pins" "${@:2}"
		"$LAB_DIR/cseqguardd" --instance "lab-$LAB_ID" --node lab --db "$(pg_conninfo "$CDRS")"
		--spool "$LAB_DIR/state/spool.db" --grace 1s --sweep 200ms)
}

daemon() { # [NAME=VALUE]...: of the group; returns when it serves
	ordinary "$ORDINARY" "$@"
	rm -f "$LAB_DIR/run/lab-$LAB_ID.sock" # a killed one's
	"${command[@]}" >>"$LAB_DIR/daemon.log" 2>&1 </dev/null 3>&- &
	LAB_DAEMON=$!
	lab_wait 10 test -S "$LAB_DIR/run/lab-$LAB_ID.sock"
}

refused() { # WORD GROUP [NAME=VALUE]...: exit 1 and one line with the WORD
	ordinary "${@:2}"
	run "${command[@]}"
	echo "exit $status: $output"
	[[ $status == 1 && ${#lines[@]} == 1 && $output == *"$1"* ]]
}

# The CLI, or another program in LAB_DIR, as a member of the group without any capability. Sets `command`.
as_member() { # PROGRAM [ARGUMENT]...
	command=(nsenter "--mount=/proc/$MOUNTS/ns/mnt" "--net=/run/netns/$(lab_ns proxy)"
		setpriv "--reuid=$MEMBER" "--regid=$ORDINARY" --clear-groups --bounding-set=-all
		--inh-caps=-all --ambient-caps=-all --no-new-privs
		env "CSEQGUARD_RUN_DIR=$LAB_DIR/run" "CSEQGUARD_PIN_ROOT=${PIN_ROOT-$LAB_DIR/pins}"
		"CSEQGUARD_INSTANCE=lab-$LAB_ID" CSEQGUARD_CONFIG= TERM=xterm "$LAB_DIR/$1" "${@:2}")
}

member() { # VERB [ARGUMENT]...
	as_member cseqguard "$@"
	"${command[@]}"
}

process() { # FIELD: of the daemon, as the kernel has it
	awk -v "field=$1:" '$1 == field { print $2 }' "/proc/$LAB_DAEMON/status"
}

in_map() { # NUMBER: so many dialogs
	[[ $(guard dialogs -j | jq length) == "$1" ]]
}

ear() { # a listener at $LAB_DIR/notify
	rm -f "$LAB_DIR/notify"
	"$LAB_TOP/tests/e2e/notify.py" "$LAB_DIR/notify" >"$LAB_DIR/told" 2>&1 3>&- &
	echo $! >"$LAB_DIR/ear.pid"
	lab_wait 5 test -S "$LAB_DIR/notify"
}

told() { # LINE NUMBER: at least so often
	(($(grep -c "^$1" "$LAB_DIR/told") >= $2))
}

@test "privilege: a user without any capability writes the rows of a call and clears its dialog" {
	echo "# kernel.unprivileged_bpf_disabled = $(</proc/sys/kernel/unprivileged_bpf_disabled)" >&3
	daemon
	assert_equal "$ORDINARY" process Uid
	assert_equal 1 process NoNewPrivs
	assert_equal 0000000000000000 process CapEff
	assert_equal 0000000000000000 process CapBnd
	assert_equal 1700 inside stat -c %a /sys/fs/bpf

	sip_callee proxy callee < <(uas_call; sip_serve BYE 200 OK)
	caller < <(uac_call 13; sip_pause 200; uac_request BYE 10; sip_hold; bye 14)
	eventually 'out_of_order drop caller0' violations "concat_ws(' ', reason, action, interface)"
	cdr_open
	in_map 1
	sip_go caller
	sip_ended caller callee
	cdr_true bye caller callee
	blocked out_of_order 10 14
	lab_wait 10 in_map 0
	assert_equal "$ORDINARY" stat -c %u "$LAB_DIR/state/spool.db"
}

@test "privilege: what a proxy reports by HEP is judged without any capability" {
	echo 'hep = 127.0.0.1:9060' >"$LAB_DIR/hep.conf"
	chmod 644 "$LAB_DIR/hep.conf"
	daemon "CSEQGUARD_CONFIG=$LAB_DIR/hep.conf"
	"$LAB_TOP/tests/e2e/hep_send.py" proxy udp 127.0.0.1 9060 "from=$LAB_CALLER:40000" "to=$LAB_PROXY:5061" \
		'text=OPTIONS sip:a SIP/2.0\nCall-ID: 1\nFrom: <sip:a>;tag=1\nTo: <sip:b>\nCSeq: 1 OPTIONS\n\n'
	lab_wait 30 assert_equal '1 0' eval "guard status -j | jq -r '.hep | \"\(.judged) \(.failed)\"'"
}

@test "privilege: a user outside the group gets one line that names the group" {
	refused 'group cseqguard' 65534
	refused "$LAB_DIR/pins" 65534
	guard dialogs # root may
}

@test "privilege: a member of the group who cannot enter bpffs gets a line that names the bind mount" {
	refused 'mounts bpffs for root only' "$ORDINARY" CSEQGUARD_PIN_ROOT=
}

@test "privilege: the next attach gives a new group access to older pins" {
	inside chown -R 0:0 "$LAB_DIR/pins"
	inside chmod 660 "$LAB_DIR/pins/lab-$LAB_ID/dialogs" # as an older version did
	refused attach "$ORDINARY"
	guard_up
	assert_equal "$ORDINARY:$ORDINARY:640" inside stat -c %u:%g:%a "$LAB_DIR/pins/lab-$LAB_ID/dialogs"
	daemon
}

@test "rights: a member of the group can open maps for reading alone, and no program, no link and no secret" {
	as_member pins.py "$LAB_DIR/pins/lab-$LAB_ID"
	run -0 "${command[@]}"
	echo "$output"
	assert_equal 'secret -' grep -vE '^((prog|link|netns|clsact|build)_[^ ]* -|tcp_programs -|[a-z_]* r)$' <<<"$output"
	grep -q '^dialogs r$' <<<"$output"
	grep -q '^prog_in -$' <<<"$output"
	grep -q '^link_[^ ]* -$' <<<"$output"
	run -0 inside setpriv "--reuid=$ORDINARY" "--regid=$ORDINARY" --clear-groups "$LAB_DIR/pins.py" \
		"$LAB_DIR/pins/lab-$LAB_ID"
	grep -q '^dialogs rw$' <<<"$output"
	grep -q '^secret rw$' <<<"$output"
	grep -q '^prog_hep rw$' <<<"$output"
	grep -q '^prog_peer rw$' <<<"$output"
	grep -q '^prog_in -$' <<<"$output"
}

@test "rights: a member of the group reads the state of guard and daemon, and a check has its own note" {
	local verb

	daemon
	for verb in status stats dialogs 'top -b --count 1' "cdr --spool $LAB_DIR/state/spool.db"; do
		# shellcheck disable=SC2086 # words
		run -0 member $verb
		echo "$verb: $output"
	done
	run member check --spool "$LAB_DIR/state/spool.db"
	echo "$output"
	[[ $output == 'CSEQGUARD '*'daemon runs'* && $output != *'no permission'* ]]
	assert_equal "$MEMBER" stat -c %u "$LAB_DIR/run/check/lab-$LAB_ID.check-$MEMBER"
	run member doctor --spool "$LAB_DIR/state/spool.db"
	echo "$output"
	grep -qE '^ok +instance ' <<<"$output"
	grep -qE '^warning +programs .*no permission' <<<"$output"
	assert_equal 0 grep -c 'is missing' <<<"$output"
}

@test "rights: a member of the group changes nothing, and reads that" {
	run -1 member set mode=observe
	[[ ${#lines[@]} == 1 && $output == *'may only read'*'run as root'* ]]
	assert_equal enforce eval "guard status -j | jq -r .settings.mode"
	run -1 member detach -a
	[[ ${#lines[@]} == 1 && $output == *root* ]]
	PIN_ROOT='' run -1 member status
	[[ ${#lines[@]} == 1 && $output == *'chmod 711 /sys/fs/bpf' ]]
	as_member cseqguard status
	command[-2]=/bin/touch command[-1]=$LAB_DIR/run/note
	run -1 "${command[@]}"
}

@test "rights: a member of the group who locks all that he can open holds up neither attach nor daemon" {
	local start

	as_member flocks.py "$LAB_DIR/pins" "$LAB_DIR/run" "$LAB_DIR/state"
	"${command[@]}" >"$LAB_DIR/locked" 3>&- &
	LAB_FOLLOWER=$!
	lab_wait 30 grep -q '^all$' "$LAB_DIR/locked"
	cat "$LAB_DIR/locked"
	grep -qx "$LAB_DIR/pins" "$LAB_DIR/locked"
	start=$SECONDS
	guard_up
	guard set equal=pass
	guard set equal=drop
	daemon
	((SECONDS - start < 55)) # who waits for the lock gives up after a minute
	kill "$LAB_FOLLOWER"
}

@test "rights: a member of the group gets events from the daemon, and none without it" {
	run -1 member events
	[[ ${#lines[@]} == 1 && $output == *'no permission'*'no cseqguardd runs'* ]]
	daemon
	as_member cseqguard events -f -j
	"${command[@]}" >"$LAB_DIR/events" 3>&- &
	LAB_FOLLOWER=$!
	lab_wait 30 eval "lab_in proxy grep -q ' 0005 03 .* $LAB_DIR/run/lab-$LAB_ID.sock' /proc/net/unix"
	lab_in caller "$LAB_TOP/tests/e2e/bad_clients.py" strangers 1 "$LAB_PROXY"
	lab_wait 30 grep -q '"violation"' "$LAB_DIR/events"
	kill "$LAB_FOLLOWER"
}

@test "rights: what a daemon of root makes belongs to the daemon's user, and no other may read the rows" {
	local run=$LAB_DIR/fresh

	(umask 022
	exec nsenter "--mount=/proc/$MOUNTS/ns/mnt" "--net=/run/netns/$(lab_ns proxy)" env "CSEQGUARD_RUN_DIR=$run" \
		"CSEQGUARD_PIN_ROOT=$LAB_DIR/pins" "$LAB_DIR/cseqguardd" --instance "lab-$LAB_ID" --node lab \
		--spool "$LAB_DIR/of-root.db" >>"$LAB_DIR/daemon.log" 2>&1 </dev/null 3>&-) &
	LAB_DAEMON=$!
	lab_wait 30 test -S "$run/lab-$LAB_ID.sock"
	lab_wait 30 test -e "$run/lab-$LAB_ID.totals"
	assert_equal "$ORDINARY:$ORDINARY:750" stat -c %u:%g:%a "$run"
	assert_equal "$ORDINARY:$ORDINARY:1770" stat -c %u:%g:%a "$run/check"
	assert_equal "$ORDINARY:$ORDINARY:600" stat -c %u:%g:%a "$run/lab-$LAB_ID.lock"
	assert_equal "$ORDINARY:$ORDINARY:640" stat -c %u:%g:%a "$run/lab-$LAB_ID.totals"
	assert_equal 640 stat -c %a "$LAB_DIR/of-root.db"
}

@test "privilege: a loader that may not know its own tc program by its id leaves all as it is, and says so" {
	run inside nsenter "--net=/run/netns/$(lab_ns proxy)" setpriv --bounding-set=-sys_admin \
		"$LAB_OUT/cseqguard" detach --instance "lab-$LAB_ID" caller0
	[[ $status == 1 && ${#lines[@]} == 1 && $output == *"cannot remove the tc egress filter: Operation not permitted"* ]]
	guard status | grep caller0
}

@test "service manager: is notified when the daemon is up, while its loop runs, and when it exits" {
	ear
	daemon "NOTIFY_SOCKET=$LAB_DIR/notify" WATCHDOG_USEC=600000
	lab_wait 5 told READY=1 1
	lab_wait 3 told WATCHDOG=1 5
	told "STATUS=instance lab-$LAB_ID, mode enforce: 0 dialogs" 5
	assert_equal 0 grep -c STOPPING=1 "$LAB_DIR/told"
	guard_daemon_end TERM
	lab_wait 5 told STOPPING=1 1
}

@test "service manager: gets no notification from a loop that hangs" {
	local before

	ear
	daemon "NOTIFY_SOCKET=$LAB_DIR/notify" WATCHDOG_USEC=600000
	lab_wait 5 told WATCHDOG=1 1
	kill -STOP "$LAB_DAEMON"
	before=$(grep -c WATCHDOG=1 "$LAB_DIR/told")
	sleep 1
	assert_equal "$before" grep -c WATCHDOG=1 "$LAB_DIR/told"
	kill -CONT "$LAB_DAEMON"
	lab_wait 5 told WATCHDOG=1 "$((before + 2))"
}

@test "units: systemd-analyze finds no fault in the installed units, and little exposure" {
	local prefix=$LAB_DIR/prefix units=$LAB_DIR/prefix/lib/systemd/system

	lab_make install "OUT=$LAB_OUT" "PREFIX=$prefix"
	run -0 systemd-analyze verify --man=no "$units"/cseqguard{d,d@x,@lo,-instance@x}.service
	[[ -z $output ]]
	systemd-analyze security --offline=true --no-pager --threshold=15 "$units"/cseqguardd{,@}.service >&2
	systemd-analyze security --offline=true --no-pager --threshold=40 "$units"/cseqguard{,-instance}@.service >&2
	systemd-sysusers --dry-run "$prefix/lib/sysusers.d/cseqguard.conf"
	lab_make uninstall "OUT=$LAB_OUT" "PREFIX=$prefix"
	assert_equal '' find "$prefix" -type f
}
