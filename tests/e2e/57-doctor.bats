#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
# bats file_tags=long
#
# doctor: each finding is brought about, with its near miss beside it. Where it finds no programs of its own
# version, it loads them, which costs the verifier two seconds: most tests have the lab's instance, or their own.

bats_require_minimum_version 1.5.0
load lib
load doctor

setup_file() {
	lab_up "$$-t" "$LAB_PG"
	guard_up
	guard detach "${LAB_INTERFACES[@]}"
}

# For a test that needs no guard of its own: the lab's, which guards no interface.
maps_of_the_file() {
	CSEQGUARD_INSTANCE=lab-$LAB_ID
}

# --- doctor: the host ----------------------------------------------------------------------------

@test "doctor: finds all that the first attach needs" {
	doctor
	finds ok kernel "Linux $(uname -r)"
	finds ok btf /sys/kernel/btf/vmlinux
	finds ok bpffs 'mounted on /sys/fs/bpf'
	finds ok rights 'may load'
	finds warning instance 'is not attached: nothing is guarded; cseqguard attach'
	finds ok programs 'this kernel accepts them'
	finds ok in0 'driver veth has native XDP'
	finds ok in0 'no XDP program, not guarded'
	finds warning daemon 'does not run'
	finds ok postgresql 'no --db'
	finds '(ok|warning)' clock "$(date -u +%Y-%m-%d)T"
	finds_no failed . .
	finds_no . lo .
	[[ -z $stderr && ! -e $PINS ]]
}

@test "doctor: -j prints the same as a JSON array, with the remedies" {
	local text
	cg attach in0
	daemon
	doctor
	text=$(sed -E 's/^([a-z]+) +([a-z0-9]+) .*/\1 \2/' <<<"$output")
	doctor -j
	assert_equal "$text" jq -r '.[] | "\(.verdict) \(.object)"' <<<"$output"
	jq -e 'all(.finding != "" and ((.verdict == "ok") == (.remedy == null)))' <<<"$output"
	CODE=1 doctor -j nix0
	assert_equal 'nix0 no such interface in this network namespace' \
		jq -r '.[] | select(.verdict == "failed") | "\(.object) \(.finding)"' <<<"$output"
}

@test "doctor: attach, check and doctor say that the clock is before the release" {
	local shim=$LAB_DIR/clock.so
	"${CC:-cc}" -shared -fPIC -x c - -o "$shim" <<<'long time(long *at) { return at ? (*at = 1000000) : 1000000; }'
	LD_PRELOAD=$shim run -0 --separate-stderr cg attach in0
	[[ $stderr == *'the clock is wrong: 1970-01-12T13:46:40Z is before this version was released'*'install chrony'* ]]
	LD_PRELOAD=$shim run -2 cg check
	[[ $output == *'the clock is wrong: 1970-01-12T13:46:40Z'* ]]
	LD_PRELOAD=$shim CODE=1 doctor
	finds failed clock 'wrong time: 1970-01-12T13:46:40Z is before this version was released'
	run -0 --separate-stderr cg attach in0 # ... and the same with the clock as it is
	[[ $stderr != *clock* ]]
	run cg check
	[[ $output != *clock* ]]
}

@test "doctor: reports a kernel that is too old" {
	maps_of_the_file
	run -1 setarch --uname-2.6 "$LAB_OUT/cseqguard" -n "$HOST" doctor --spool "$SPOOL"
	finds failed kernel '2\.6\.[0-9]+.* is too old for the programs; install Linux 6.1'
}

elsewhere() { # SHELL-COMMAND [CODE]: doctor in mounts of its own, after that
	run "-${2:-0}" unshare -m sh -c "$1"' && exec "$@"' sh "$LAB_OUT/cseqguard" -n "$HOST" doctor --spool "$SPOOL"
}

@test "doctor: reports a kernel without BTF or without JIT" {
	maps_of_the_file
	echo 0 >"$BATS_TEST_TMPDIR/zero"
	elsewhere 'mount -t tmpfs tmpfs /sys/kernel/btf'
	finds warning btf 'No such file.*CONFIG_DEBUG_INFO_BTF'
	elsewhere "mount --bind $BATS_TEST_TMPDIR/zero /proc/sys/net/core/bpf_jit_enable"
	finds warning jit 'interpreted.*bpf_jit_enable=1'
}

@test "doctor: reports that no bpffs is visible" {
	run -1 ip netns exec "$HOST" "$LAB_OUT/cseqguard" doctor --spool "$SPOOL"
	finds failed bpffs 'no bpffs is visible in this mount namespace; .*-n NETNS'
	CSEQGUARD_PIN_ROOT=$BATS_TEST_TMPDIR/none CODE=1 doctor
	finds failed bpffs "$BATS_TEST_TMPDIR/none: No such file.*CSEQGUARD_PIN_ROOT"
}

@test "doctor: without rights it names the missing capabilities and what it cannot find out" {
	cg attach in0 # else its folder may be there or not, as others' guards come and go
	run -0 --separate-stderr in_host setpriv --reuid 65534 --regid 65534 --clear-groups \
		"$LAB_OUT/cseqguard" doctor --spool "$SPOOL" in0
	finds warning rights 'uid 65534 lacks CAP_NET_ADMIN, CAP_SYS_ADMIN, CAP_BPF, CAP_PERFMON; run as root'
	finds warning instance 'cannot open its maps: no permission'
	finds_no failed . .
	[[ -z $stderr ]]
	finds ok in0 'driver veth'
	finds warning in0 'cannot identify XDP program id [0-9]+; run as root'
}

# --- doctor: interfaces --------------------------------------------------------------------------

@test "doctor: describes a guarded interface in native and in generic mode" {
	cg attach --xdp native in0
	doctor
	finds ok in0 'guarded in native mode'
	cg detach in0
	cg attach --xdp skb in0
	doctor
	finds warning in0 'guarded in generic mode: coalesced datagrams.*--xdp native'
}

@test "doctor: reports the XDP program of another" {
	maps_of_the_file
	own_bpffs ip -n "$HOST" link set dev in0 xdp object "$(stranger xdp.frags 2)" section xdp.frags
	CODE=1 doctor
	finds failed in0 "XDP program 'stranger' \(id [0-9]+\) is attached.*ip link set dev in0 xdp off"
	ip -n "$HOST" link set dev in0 xdp off
	doctor
	finds ok in0 'no XDP program'
}

@test "doctor: reports an interface that is missing, down, or without native XDP" {
	maps_of_the_file
	ip -n "$HOST" link add br0 type bridge
	CODE=1 doctor nix0 br0
	finds failed nix0 'no such interface'
	finds warning br0 'it is down; ip link set dev br0 up'
	finds warning br0 'driver bridge has no native XDP'
	finds_no . in0 .
	ip -n "$HOST" link set br0 up
	doctor br0
	finds_no warning br0 'it is down'
}

@test "doctor: reports an MTU too large for native XDP" {
	maps_of_the_file
	in_host ip tuntap add tap0 mode tap
	ip -n "$HOST" link set tap0 mtu 9000 up
	ip -n "$HOST" link set in0 mtu 9000
	doctor
	finds warning tap0 'MTU 9000: large frames use several buffers, which the driver does not support'
	finds ok in0 'MTU 9000: large frames use several buffers, which driver and guard support'
	ip -n "$HOST" link set tap0 mtu 3498
	doctor
	finds ok tap0 'MTU 3498'
}

@test "doctor: names the interfaces with an address that are not attached" {
	ip -n "$HOST" link add other0 type veth peer name other1
	ip -n "$HOST" addr add 10.78.0.1/24 dev other0
	cg attach in0
	doctor
	finds_no . other0 .
	ip -n "$HOST" link set other0 up
	doctor
	finds ok other0 'not attached: what comes in there is not read, nor are fragments'
	finds_no . in0 'not attached'
	finds_no . lo .
	cg attach other0
	doctor
	finds_no . other0 'not attached'
}

@test "doctor: reports offloads that merge datagrams" {
	maps_of_the_file
	doctor
	finds ok in0 'no offload interferes'
	in_host "$LAB_TOP/tests/e2e/doctor_faults.py" offload in0 rx-udp-gro-forwarding
	doctor
	finds warning in0 'rx-udp-gro-forwarding is on: .*as one; ethtool -K in0 rx-udp-gro-forwarding off'
	finds_no ok in0 'no offload'
	finds ok in0 'rx-vlan-offload removes VLAN tags'
}

@test "doctor: reports tc filters of others, before the guard's and behind it" {
	cg attach in0
	doctor
	finds ok in0 'other tc egress filters: 0, none before'
	foreign_filter 9
	doctor
	finds ok in0 'other tc egress filters: 1, none before'
	foreign_filter 2
	doctor
	finds warning in0 "1 tc egress filters or programs run before the guard's.*tc filter show dev in0 egress"
}

younger() { # VERSION: is this kernel at least that?
	[[ $(printf '%s\n' "$1" "$(uname -r)" | sort -V | head -n 1) == "$1" ]]
}

before_ours() { # N
	doctor
	finds warning in0 "$1 tc egress filters or programs run before"
}

@test "doctor: reports a tcx program, which runs before any tc filter" {
	younger 6.6 || skip 'tcx is of Linux 6.6'
	cg attach in0
	bpftool prog load "$(stranger tc 0)" "/sys/fs/bpf/tcx-$ID" type classifier
	HELPER=$(in_host sh -c '"$@" >/dev/null 3>&- & echo $!' sh "$LAB_TOP/tests/e2e/doctor_faults.py" tcx in0 "/sys/fs/bpf/tcx-$ID")
	lab_wait 10 before_ours 1
	rm "/sys/fs/bpf/tcx-$ID"
	before_ours 1
}

# --- doctor: the guard ---------------------------------------------------------------------------

@test "doctor: reports mode, gateways and the breaker's reason" {
	cg attach --mode observe in0
	doctor
	finds ok mode 'observe: nothing is dropped'
	finds warning gateways 'none is configured.*cseqguard set gateway='
	cg set mode=enforce gateway=192.0.2.0/24
	doctor
	finds ok mode enforce
	finds_no warning gateways .
	cg set mode=observe
	printf 'BYEs of 3 among 3 dialogs' >"$CSEQGUARD_RUN_DIR/$CSEQGUARD_INSTANCE.breaker"
	CODE=1 doctor
	finds failed mode 'breaker fell back to observe mode: BYEs of 3 among 3 dialogs; .*set mode=enforce'
}

@test "doctor: counts the calls with a leg that is not read, and shows topology and names of the host" {
	local number hash
	cg attach in0
	doctor
	finds ok topology 'this host does not hide it'
	finds ok names '[0-9]+ given, none learned'
	for number in 1 2 3; do
		"$LAB_TOP/tests/e2e/dialog.py" "$PINS/dialogs" "$number" answer=10 callee_flags=0x15
	done
	doctor
	finds ok sides 'both legs of all 3 calls are seen'
	"$LAB_TOP/tests/e2e/dialog.py" "$PINS/dialogs" 2 answer=10 callee_flags=0x40
	"$LAB_TOP/tests/e2e/dialog.py" "$PINS/dialogs" 3 answer=10 callee_flags=0x40 caller_flags=0x41
	doctor
	finds warning callees '2 of 3 calls have an unseen carrier or callee; attach every interface'
	finds warning callers '1 of 3 calls have an unseen caller; attach every interface'
	finds_no ok sides .
	# shellcheck disable=SC2046
	bpftool map update pinned "$PINS/host_state" key 0 0 0 0 value 1 $(printf '0 %.0s' {1..23})
	hash='7 7 7 7 7 7 7 7'
	# shellcheck disable=SC2046,SC2086
	bpftool map update pinned "$PINS/hosts" key $hash value hex 02 $(printf '203.0.113.9' | od -An -v -tx1 | tr -d '\n') $(printf '00 %.0s' {1..52})
	doctor
	finds warning topology 'this host hides it.*cseqguard set hides=off'
	finds ok names '1 learned from requests of this host: 203\.0\.113\.9$'
	cg set hides=off
	doctor
	finds ok topology 'this host does not hide it, by the setting hides=off'
}

dialogs() { # FIRST LAST: calls of one address
	PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$LAB_TOP/tests/e2e python3 - "$PINS/dialogs" "$@" <<-'END' | bpftool batch file -
		import struct, sys
		from dialog import dialog
		for number in range(int(sys.argv[2]), int(sys.argv[3]) + 1):
		    key, value = struct.pack("=QQ", number, number), dialog(number, {"answer": 10})
		    print("map update pinned", sys.argv[1], "key hex", key.hex(" "), "value hex", value.hex(" "))
	END
}

@test "doctor: asks whether an address with a quarter of all calls, and 100 at least, is a relay" {
	cg attach in0
	dialogs 1 99
	doctor
	finds_no warning share .
	dialogs 100 100
	doctor
	finds warning share '192\.0\.2\.1 is the caller of 100 of 100 calls: is it a relay\?.*set relay='
	cg set relay=192.0.2.1/32
	doctor
	finds_no warning share .
}

@test "doctor: reports maps of another layout, and one that is missing" {
	cg attach in0
	doctor
	finds ok instance "map layout [0-9]+"
	rm "$PINS/pending"
	CODE=1 doctor
	finds failed pending 'cannot read the map'
	finds failed programs 'pending is missing'
	rm "$PINS/config"
	bpftool map create "$PINS/config" type array key 4 value 112 entries 1 name config
	CODE=1 doctor
	finds failed instance 'of another layout'
}

@test "doctor: reports programs of another version" {
	cg attach in0
	doctor
	finds ok programs 'and the interfaces run this version'
	bpftool prog load "$(stranger xdp.frags 2)" "/sys/fs/bpf/stranger-$ID" type xdp
	"$LAB_TOP/tests/e2e/doctor_faults.py" relink "$(find "$PINS" -name 'link_*')" "/sys/fs/bpf/stranger-$ID"
	rm "/sys/fs/bpf/stranger-$ID"
	doctor
	finds warning programs 'run programs of another version; cseqguard upgrade'
	cg upgrade
	doctor
	finds ok programs 'and the interfaces run this version'
}

@test "doctor: does not load the programs again if this version has loaded those of the instance" {
	local build

	cg attach in0
	build=$(find "$PINS" -name 'build_*')
	rm "$build" # another version has loaded them
	doctor
	finds ok programs 'this kernel accepts them, and the interfaces run this version'
	bpftool prog load "$(stranger xdp.frags 2)" "$build" type xdp
	doctor # compares the program of the interface with this one
	finds warning programs 'run programs of another version; cseqguard upgrade'
	mv "$build" "$PINS/build_0"
	cg upgrade
	assert_equal "$build" find "$PINS" -name 'build_*'
	doctor
	finds ok programs 'and the interfaces run this version'
}

@test "doctor: reports an interface that is gone and a tc filter that somebody removed" {
	cg attach in0
	tc -n "$HOST" filter del dev in0 egress
	CODE=1 doctor
	finds failed in0 'tc egress filter was removed; cseqguard attach'
	ip -n "$HOST" link del in0
	doctor
	finds warning in0 'was guarded, and does not exist any more'
	finds warning instance 'guards no interface'
}

@test "doctor: reports a full map, calls that found no room, and lost events" {
	cg attach --max-dialogs 10 --share 0 --ring-bytes 4096 in0
	calls 7 a open
	doctor
	finds ok dialogs '70 % full, 7 of 10'
	finds_no warning dialogs .
	calls 1 b open
	doctor
	finds warning dialogs '80 % full; .*--max-dialogs'
	calls 5 c open
	doctor
	finds warning dialogs '[0-9]+ calls did not fit in'
	calls 100 d
	doctor
	finds warning events '[0-9]+ lost since the attach.*--ring-bytes'
}

# --- doctor: the daemon and its spool ------------------------------------------------------------

@test "doctor: reports whether the daemon runs or hangs" {
	cg attach in0
	daemon
	doctor
	finds ok daemon 'cseqguardd runs'
	finds ok spool "$SPOOL: [0-9]+ rows"
	daemon_end
	doctor
	finds warning daemon 'does not run: no CDR is written'
	rm "$CSEQGUARD_RUN_DIR/$CSEQGUARD_INSTANCE.sock"
	provoke hang "$CSEQGUARD_RUN_DIR/$CSEQGUARD_INSTANCE.sock"
	lab_wait 10 test -S "$CSEQGUARD_RUN_DIR/$CSEQGUARD_INSTANCE.sock"
	CODE=1 doctor
	finds failed daemon 'hangs.*systemctl restart cseqguardd'
}

@test "doctor: reports a spool that is damaged, on a read-only or full disk, or not writable for the daemon's user" {
	maps_of_the_file
	doctor
	finds ok spool 'does not exist yet, the daemon creates it'
	echo 'no SQLite at all, but long enough to be looked at' >"$SPOOL"
	CODE=1 doctor
	finds failed spool 'not a database'
	mount -t tmpfs -o size=1m tmpfs "${SPOOL%/*}"
	doctor
	finds warning spool '[01] MiB free'
	mount -o remount,ro "${SPOOL%/*}"
	CODE=1 doctor
	finds failed spool 'its filesystem is read-only'
	umount "${SPOOL%/*}"
	rm "$SPOOL"
	chmod 777 "$CSEQGUARD_RUN_DIR"
	provoke listen "$CSEQGUARD_RUN_DIR/$CSEQGUARD_INSTANCE.sock" 65534
	lab_wait 10 test -S "$CSEQGUARD_RUN_DIR/$CSEQGUARD_INSTANCE.sock"
	CODE=1 doctor
	finds failed spool "nobody cannot write to this folder; chown"
	chown 65534 "${SPOOL%/*}"
	doctor
	finds_no failed spool .
	run -0 cg doctor --spool "$LAB_DIR/none/s.db"
	finds warning spool 'the folder does not exist yet'
}

# --- doctor: PostgreSQL --------------------------------------------------------------------------

@test "doctor: describes PostgreSQL from a missing schema to a writable one" {
	maps_of_the_file
	sql postgres "CREATE DATABASE $DB"
	sql postgres "CREATE ROLE $DB LOGIN"
	doctor --db "$(db)"
	finds ok postgresql 'version [0-9.]+.*, database '"$DB"', writable'
	finds warning postgresql 'schema cseqguard does not exist; role postgres may create it'
	finds ok postgresql "its clock is within 0\.[0-9]+ s of this host's"
	CODE=1 doctor --db "$(db "$DB")"
	finds failed postgresql "does not exist, and role $DB may not create it; .*--print-schema"
	schema
	doctor --db "$(db)"
	finds ok postgresql 'schema cseqguard is version [0-9]'
	finds ok postgresql 'role postgres may write'
	CODE=1 doctor --db "$(db "$DB")"
	finds failed postgresql "role $DB cannot read schema cseqguard: permission denied.*GRANT cseqguard_writer"
	sql postgres "GRANT cseqguard_reader TO $DB"
	CODE=1 doctor --db "$(db "$DB")"
	finds failed postgresql "role $DB lacks: .*cdr INSERT.*settlement INSERT"
	sql postgres "GRANT cseqguard_writer TO $DB"
	doctor --db "$(db "$DB")"
	finds ok postgresql "role $DB may write"
}

@test "doctor: reports a PostgreSQL schema that is older or newer" {
	maps_of_the_file
	sql postgres "CREATE DATABASE $DB"
	schema
	sql "$DB" 'UPDATE cseqguard.schema_version SET version = 1'
	doctor --db "$(db)"
	finds warning postgresql 'schema cseqguard is version 1, this program writes version 3'
	sql "$DB" 'UPDATE cseqguard.schema_version SET version = 99'
	CODE=1 doctor --db "$(db)"
	finds failed postgresql 'version 99, newer than'
}

@test "doctor: reports a PostgreSQL that is read-only, away, silent, or named wrong" {
	maps_of_the_file
	sql postgres "CREATE DATABASE $DB"
	sql postgres "ALTER DATABASE $DB SET default_transaction_read_only = on"
	CODE=1 doctor --db "$(db)"
	finds failed postgresql 'session is read-only; rows wait in the spool; name the primary'
	CODE=1 doctor --db "host=$LAB_DIR/none"
	finds failed postgresql 'No such file or directory.*; rows wait'
	provoke mute "$CSEQGUARD_RUN_DIR/.s.PGSQL.5432"
	lab_wait 10 test -S "$CSEQGUARD_RUN_DIR/.s.PGSQL.5432"
	run -1 timeout 20 "$LAB_OUT/cseqguard" -n "$HOST" doctor --spool "$SPOOL" --db "host=$CSEQGUARD_RUN_DIR"
	finds failed postgresql 'timeout expired'
	CODE=1 doctor --db 'no=conninfo'
	finds failed postgresql 'invalid connection option'
	CODE=1 doctor --db "host=$LAB_DIR/none password=geheim"
	[[ $output$stderr != *geheim* ]]
}

@test "doctor: reports a PostgreSQL whose clock differs" {
	maps_of_the_file
	sql postgres "CREATE DATABASE $DB"
	sql "$DB" "CREATE SCHEMA fake; CREATE FUNCTION fake.clock_timestamp() RETURNS timestamptz LANGUAGE sql
		AS \$\$ SELECT pg_catalog.clock_timestamp() + interval '90 s' \$\$;
		ALTER DATABASE $DB SET search_path = fake, pg_catalog, public"
	doctor --db "$(db)"
	finds warning postgresql "its clock is (89|90)\.[0-9] s ahead of this host's; .*chrony"
}

@test "doctor: reports calls of the future, which a clock that was wrong has left, and none of today" {
	sql postgres "CREATE DATABASE $DB"
	"$LAB_OUT/cseqguardd" --print-schema | psql -Xq1 -v ON_ERROR_STOP=1 -d "$(db)" >/dev/null
	cg attach in0
	daemon
	sqlite3 -cmd '.timeout 10000' "$SPOOL" "INSERT INTO cdr (call_uid, setup_time, answer_time)
		VALUES ('one', 1, 1000000 * unixepoch()), ('two', 2, 1000000 * (unixepoch() + 86400))"
	sql "$DB" "INSERT INTO cseqguard.cdr (setup_time, call_uid, node, call_id, from_tag, to_tag, caller, callee, request_uri,
		caller_addr, caller_port, callee_addr, callee_port, answer_time, end_reason, ended_by, bye_confirmed, suspect,
		blocked_byes, sip_code) SELECT t, md5('')::uuid, node, '', '', '', '', '', '', '192.0.2.1', 1, '192.0.2.2', 1, t,
		'none', 'none', false, false, 0, 200 FROM (VALUES (now(), 'edge6'), (now() + interval '1 day', 'edge7')) AS f (t, node)"
	doctor --db "$(db)"
	finds warning spool '1 calls have times in the future'
	finds warning postgresql '1 calls have times in the future: .*[(]edge7[)]'
}

@test "doctor: reads the daemon's configuration file" {
	maps_of_the_file
	printf 'db = host=%s\nspool = %s\n' "$LAB_DIR/none" "$LAB_DIR/none.db" >"$BATS_TEST_TMPDIR/conf"
	run -1 cg doctor --config "$BATS_TEST_TMPDIR/conf"
	finds failed postgresql "$LAB_DIR/none"
	finds ok spool "$LAB_DIR/none.db: does not exist yet"
	echo 'colour = blue' >"$BATS_TEST_TMPDIR/conf"
	run -1 --separate-stderr cg doctor --config "$BATS_TEST_TMPDIR/conf"
	[[ $stderr == *"unknown setting 'colour'"* ]]
}
