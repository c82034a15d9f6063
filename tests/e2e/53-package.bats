#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
# bats file_tags=long
#
# The package of `make deb` on a Debian of its own with a real dpkg: installed, upgraded during a call, removed,
# purged. Each test continues where the one before ended.

load lib
load package

setup_file() {
	LAB_INTERFACES=(caller0)
	lab_up "$$-k" "$LAB_PG"
	package_up others
}

others() { # the same again, the next version, and one whose maps are others
	export NEXT_VERSION=$PACKAGE_VERSION+next OTHER_VERSION=$PACKAGE_VERSION+other
	cp "$(package_again "$PACKAGE_VERSION")" "$LAB_DIR/again.deb"
	cp "$(package_again "$NEXT_VERSION")" "$LAB_DIR/next.deb"
	cp "$(package_again "$OTHER_VERSION" 's/^\(#define CG_LAYOUT\) [0-9]*/\1 9999/' \
		include/cseqguard.h)" "$LAB_DIR/other.deb"
}

setup() {
	call=call@lab-$LAB_ID
}

teardown() {
	[[ -n ${BATS_TEST_COMPLETED:-} ]] || tail -n 5 "$LAB_DIR"/*.log >&2
}

teardown_file() {
	package_down
	lab_down
}

version() {
	inside dpkg-query -Wf '${Version}' cseqguard
}

renewed() { # BEFORE AFTER: two ids each, none the same
	local id

	[[ $1 == [0-9]*' '[0-9]* && $2 == [0-9]*' '[0-9]* ]]
	for id in $2; do
		[[ " $1 " != *" $id "* ]] || return
	done
}

@test "package: lintian finds nothing, not even a pedantic hint, and no file is out of place" {
	assert_equal '' grep -v '/cseqguard[^/]*\.deb$' "$LAB_DIR/make.log"
	[[ -e $PACKAGE ]]
	dpkg-deb -c "$PACKAGE" >"$BATS_TEST_TMPDIR/files"
	assert_equal '' grep -vE ' root/root .* \./((etc|lib|usr)/.*)?$' "$BATS_TEST_TMPDIR/files"
}

@test "package: has the pictures of its README, and wants a SQLite that has what its statements use" {
	local picture

	dpkg-deb -c "$PACKAGE" >"$BATS_TEST_TMPDIR/files"
	# shellcheck disable=SC2013 # words
	for picture in $(grep -oE 'deploy/pictures/[a-z]+\.[a-z]+' "$LAB_TOP/README.md"); do
		grep -q " \./usr/share/doc/cseqguard/$picture\$" "$BATS_TEST_TMPDIR/files" || lab_fail "no $picture"
	done
	dpkg-deb -f "$PACKAGE" Depends | grep -qE 'libsqlite3-0 \(>= 3\.(38|39|[4-9][0-9])'
}

@test "package: a second build from the source package, elsewhere, is identical byte for byte" {
	cmp "$PACKAGE" "$LAB_DIR/again.deb"
}

@test "package: installed, it has a user, a conffile and its man pages; nothing runs or is attached" {
	needs_root
	root_depends
	cp "$PACKAGE" "$PACKAGE_ROOT/root/first.deb"
	snapshot >"$LAB_DIR/before"
	cp "$LAB_DIR"/{next,other}.deb "$PACKAGE_ROOT/root/"
	inside dpkg -i /root/first.deb
	dpkg_says 'ii '
	assert_equal "$PACKAGE_VERSION" version
	[[ $(on_host cseqguard version) == "cseqguard $PACKAGE_VERSION,"* ]]
	[[ $(inside id cseqguard) == *'(cseqguard) gid='*'(cseqguard)'* ]]
	assert_equal /var/lib/cseqguard eval 'inside getent passwd cseqguard | cut -d : -f 6'
	inside dpkg-query -Wf '${Conffiles}\n' cseqguard | grep /etc/cseqguard/attach.conf
	inside dpkg-query -Wf '${Conffiles}\n' cseqguard | grep /etc/cseqguard/cseqguard.conf
	assert_equal root:cseqguard:640 inside stat -c %U:%G:%a /etc/cseqguard/cseqguard.conf
	inside cseqguardd --check-config
	on_host cseqguard --help | grep -q attach
	run -0 on_host cseqguard doctor caller0
	[[ $output == *'ok       programs '* && $output != *failed* ]]
	inside test -e /usr/share/man/man8/cseqguardd.8.gz -a -e /usr/share/man/man5/cseqguard.conf.5.gz \
		-a -e /usr/share/man/man7/cseqguard-rollout.7.gz
	assert_equal "$("$LAB_OUT/cseqguardd" --print-schema)" inside cat /usr/share/cseqguard/schema.sql
	assert_equal '' told
	unguarded
	assert_equal '' find "$PACKAGE_ROOT/etc/systemd" -name 'cseqguard*'
}

little_exposure() { # TENTHS UNIT...
	local unit

	for unit in "${@:2}"; do
		run -0 systemd-analyze security --offline=true --no-pager --threshold="$1" "$unit"
		[[ $output == *'Overall exposure level'* ]]
	done
}

@test "package: systemd finds nothing to say against its units" {
	local there=$BATS_TEST_TMPDIR units

	dpkg-deb -x "$PACKAGE" "$there"
	units=$(dirname "$(find "$there" -name cseqguardd.service)")
	grep -qx ExecStart=/usr/sbin/cseqguardd "$units/cseqguardd.service"
	sed -i "s|/usr/sbin/|$there&|" "$units"/*.service
	grep -qx 'ExecStart=/.*/usr/sbin/cseqguardd --instance %i' "$units/cseqguardd@.service"
	grep -qx 'ExecReload=/.*/usr/sbin/cseqguardd --instance %i --check-config' "$units/cseqguardd@.service"
	run -0 systemd-analyze verify --man=no "$units"/cseqguardd{,@x}.service \
		"$units"/cseqguard{,-instance}@lo.service
	[[ -z $output ]]
	little_exposure 15 "$units"/cseqguardd{,@}.service
	little_exposure 40 "$units"/cseqguard{,-instance}@.service
	systemd-sysusers --dry-run "$there/usr/lib/sysusers.d/cseqguard.conf"
}

@test "package: a call is guarded, and written by a daemon of its own user" {
	needs_root
	on_host cseqguard attach --gateway none caller0
	daemon --node lab --grace 1s --sweep 200ms
	assert_equal "$(inside id -u cseqguard)" awk '$1 == "Uid:" { print $3 }' "/proc/$(<"$LAB_DIR/daemon.pid")/status"
	sip_callee proxy callee -timeout 300s < <(uas_call; sip_serve BYE 200 OK)
	sip_caller caller caller "$call" < <(uac_call 13)
	sip_ended caller
	bye_of_caller 10
	eventually 'none 1 false' cdrs
}

@test "package: upgraded while the call runs, it is guarded by new programs, and its row goes on" {
	local before

	needs_root
	before=$(programs)
	echo 'CSEQGUARD_ATTACH=--mode observe --gateway 192.0.2.0/24' >"$PACKAGE_ROOT/etc/cseqguard/attach.conf"
	told
	inside dpkg -i /root/next.deb
	assert_equal "$NEXT_VERSION" version
	renewed "$before" "$(programs)"
	assert_equal $'--system daemon-reload\ntry-restart cseqguardd.service cseqguardd@*.service' told
	grep -q 192.0.2.0 "$PACKAGE_ROOT/etc/cseqguard/attach.conf"
	guard_daemon_end TERM
	bye_of_caller 11 # while no daemon runs
	daemon --node lab --grace 1s --sweep 200ms
	eventually 'none 2 false' cdrs
}

@test "package: where the map layout differs, programs and daemon stay as they are, and dpkg is content" {
	local before

	needs_root
	before=$(programs)
	told
	run -0 inside dpkg -i /root/other.deb
	[[ $output == *"still guarded by the programs of version $NEXT_VERSION: default"* ]]
	assert_equal '--system daemon-reload' told
	bye_of_caller 12
	eventually 'none 3 false' cdrs
	inside dpkg -i /root/next.deb
	assert_equal "$NEXT_VERSION" version
	renewed "$before" "$(programs)"
	bye_of_caller 14
	eventually 'bye 3 false' cdrs
}

@test "package: a guard that cannot be detached keeps it installed, and says why" {
	local holder

	needs_root
	unshare --net sleep infinity 3>&- &
	holder=$!
	lab_wait 5 eval "[[ \$(readlink /proc/$holder/ns/net) != \$(readlink /proc/$$/ns/net) ]]"
	entered "--net=/proc/$holder/ns/net" -- "$PACKAGE_ROOT" cseqguard attach --instance hidden --gateway none lo
	run -1 inside dpkg -r cseqguard
	entered "--net=/proc/$holder/ns/net" -- "$PACKAGE_ROOT" cseqguard detach -a --instance hidden
	kill "$holder"
	[[ $output == *'instance hidden guards another network namespace'* ]]
	dpkg_says 'ri ' # removal wanted, installed
}

@test "package: removed, it detaches, and keeps settings and CDRs" {
	needs_root
	on_host cseqguard attach --gateway none caller0
	told
	run -0 inside dpkg -r cseqguard
	[[ $output == *'the CDRs in /var/lib/cseqguard are kept'* ]]
	dpkg_says 'rc '
	unguarded
	grep -qx 'stop cseqguardd.service cseqguardd@\*.service cseqguard@\*.service cseqguard-instance@\*.service' <(told)
	inside test -e /etc/cseqguard/attach.conf -a -e /var/lib/cseqguard/default.db
	inside id cseqguard
}

@test "package: purged, it leaves no trace" {
	needs_root
	inside mkdir -p /etc/systemd/system/{multi-user.target,sys-subsystem-net-devices-caller0.device}.wants
	inside ln -s /lib/systemd/system/cseqguard@.service \
		/etc/systemd/system/sys-subsystem-net-devices-caller0.device.wants/cseqguard@caller0.service
	inside ln -s /lib/systemd/system/cseqguard{d.service,d@b.service,-instance@b.service} \
		/etc/systemd/system/multi-user.target.wants/
	guard_daemon_end KILL
	inside dpkg -P cseqguard
	dpkg_says ''
	rm "$PACKAGE_ROOT"/root/{next,other}.deb
	diff "$LAB_DIR/before" <(snapshot)
}
