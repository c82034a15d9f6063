# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
# shellcheck shell=bash
#
# The package in a Debian of its own: a root folder with its own bpffs, entered by chroot in a mount namespace.
# The guarded host is the lab's. The root has all but systemd: its systemctl only records its arguments.

# --- building ------------------------------------------------------------------------------------

# Makes the package and the root side by side, runs COMMAND on the package, and exports their names. If there is
# no root, LAB_DIR/absent says why.
package_up() { # [COMMAND...]
	local making

	export PACKAGES=$LAB_DIR/packages PACKAGE_ROOT=$LAB_DIR/root
	PACKAGE_VERSION=$(sed -n 's/^VERSION := //p' "$LAB_TOP/Makefile")
	export PACKAGE_VERSION PACKAGE=$PACKAGES/deb/cseqguard_${PACKAGE_VERSION}_amd64.deb
	mkdir "$PACKAGES"
	root_make >"$LAB_DIR/absent" 3>&- &
	making=$!
	package_make "$PACKAGES" >"$LAB_DIR/make.log" 2>&1 || {
		cat "$LAB_DIR/make.log" >&2
		wait "$making"
		return 1
	}
	"$@"
	wait "$making" || return 0
	root_mount
}

package_down() {
	[[ -z ${MOUNTS:-} ]] || {
		on_host cseqguard detach -a || :
		kill "$MOUNTS"
	} 2>/dev/null
}

# once_a_run NAME COMMAND...: COMMAND makes NAME in SUITE_DIR. The first file that needs NAME runs it, the
# others wait for it and get its exit code. What it prints is in SUITE_DIR/NAME.log.
once_a_run() {
	local name=$1 code=0
	shift
	(
		flock 9
		[[ -e $SUITE_DIR/$name.code ]] || {
			nice -n 5 "$@" >"$SUITE_DIR/$name.log" 2>&1 9>&- || code=$?
			echo "$code" >"$SUITE_DIR/$name.code"
		}
	) 9>"$SUITE_DIR/$name.lock"
	return "$(<"$SUITE_DIR/$name.code")"
}

# The package, built as a user builds it, and its build folder. The log has the names of the .deb files.
package_make() { # FOLDER: gets a copy of it
	once_a_run package env -u MAKEFLAGS -u MAKELEVEL make -s -C "$LAB_TOP" deb "OUT=$SUITE_DIR/package" || {
		cat "$SUITE_DIR/package.log" >&2
		return 1
	}
	cp -a "$SUITE_DIR/package/deb" "$1/"
	cat "$SUITE_DIR/package.log"
}

# From the source package that `make deb` made, in one folder, where only what changed is compiled again.
# Prints the .deb's name.
package_again() { # VERSION [SED-SCRIPT FILE]
	local tree=$PACKAGES/again/cseqguard

	[[ -d $tree ]] || {
		mkdir "$PACKAGES/again"
		dpkg-source -x "$PACKAGES"/deb/*.dsc "$tree" >"$LAB_DIR/again.log" 2>&1
	}
	sed "s/($PACKAGE_VERSION)/($1)/" "$LAB_TOP/deploy/debian/changelog" >"$tree/debian/changelog"
	[[ $# == 1 ]] || sed -i "$2" "$tree/$3"
	(
		cd "$tree" || exit
		rm -rf debian/{.debhelper,cseqguard,files,debhelper-build-stamp,*.debhelper*,*.substvars}
		env -u MAKEFLAGS -u MAKELEVEL -u OUT dpkg-buildpackage --no-sign --build=binary --no-pre-clean
	) >>"$LAB_DIR/again.log" 2>&1 || lab_fail "$(tail -n 5 "$LAB_DIR/again.log")"
	printf '%s' "$PACKAGES/again/cseqguard_$1_amd64.deb"
}

# --- the root ------------------------------------------------------------------------------------

# Fails with exit code 125, and prints the reason, if no Debian can be installed here.
root_make() {
	local release sources=$LAB_DIR/sources.list

	type -P mmdebstrap >/dev/null || {
		echo 'mmdebstrap is missing: make deps-test'
		return 125
	}
	release=$(. /etc/os-release && printf '%s' "$VERSION_CODENAME")
	apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' \
		'Identifier: Packages' 'Origin: Debian' | grep " $release" | sort -u >"$sources"
	[[ -s $sources ]] || sources=
	# Its apt lists stay: they are needed to install what the package depends on. mmdebstrap binds folders
	# such as /dev/shm, which nobody who removes the root may see. It ends with us.
	once_a_run root unshare --mount --pid --fork --kill-child --mount-proc mmdebstrap --variant=minbase \
		--include=systemd-standalone-sysusers --skip=cleanup/apt/lists \
		"$release" "$SUITE_DIR/root" ${sources:+"$sources"} || {
		echo "no Debian $release to install in: $(grep -m 1 ^E: "$SUITE_DIR/root.log" || tail -n 1 "$SUITE_DIR/root.log")"
		return 125
	}
	cp -a "$SUITE_DIR/root" "$PACKAGE_ROOT"
}

has_root() {
	[[ ! -s $LAB_DIR/absent ]]
}

needs_root() {
	has_root || skip "$(<"$LAB_DIR/absent")"
}

# Installs what the package depends on, so that all that changes afterwards is the package's own.
root_depends() {
	inside apt-get -q satisfy -y --no-install-recommends "$(dpkg-deb -f "$PACKAGE" Depends)"
}

# A process whose mount namespace is that of `inside`.
root_mount() {
	unshare --mount sh -c '
		cd "$1" && mount -t proc proc proc && mount -t sysfs sysfs sys &&
		mount -t bpf -o mode=0711 bpf sys/fs/bpf && mount -t tmpfs tmpfs dev &&
		cp -a /dev/null /dev/zero /dev/urandom /dev/random dev/ &&
		mkdir -p run/netns run/systemd/system && mount --rbind /run/netns run/netns &&
		cp /etc/resolv.conf etc/ && touch "$1.mounted" && exec sleep infinity' sh "$PACKAGE_ROOT" \
		>"$PACKAGE_ROOT.log" 2>&1 3>&- &
	export MOUNTS=$!
	lab_wait 5 test -e "$PACKAGE_ROOT.mounted" || lab_fail "$(<"$PACKAGE_ROOT.log")"
	# what it is told is written down
	printf '#!/bin/sh\necho "$*" >>/run/systemctl\n' >"$PACKAGE_ROOT/usr/bin/systemctl"
	chmod 755 "$PACKAGE_ROOT/usr/bin/systemctl"
}

# Sets `command`, to be run there: for the background, where a function would be a shell above it.
entering() { # NSENTER-OPTION... -- COMMAND...
	command=(nsenter "--mount=/proc/$MOUNTS/ns/mnt")
	while [[ $1 != -- ]]; do
		command+=("$1")
		shift
	done
	command+=(env -u CSEQGUARD_CONFIG -u CSEQGUARD_STATE_DIR PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive chroot "${@:2}")
}

entered() {
	local command

	entering "$@"
	"${command[@]}"
}

inside() { # COMMAND...: in the root, on this machine's network
	entered -- "$PACKAGE_ROOT" "$@"
}

on_host() { # COMMAND...: in the root, on the guarded host
	entered "--net=/run/netns/$(lab_ns proxy)" -- "$PACKAGE_ROOT" "$@"
}

runs() { # PROGRAM: in the root
	pgrep --ns "$MOUNTS" --nslist mnt -x "$1" >/dev/null
}

daemon() { # [OPTION]...: as its unit would: of its own user; returns when it serves
	local command

	install -d -o "$(inside id -u cseqguard)" -g "$(inside id -g cseqguard)" -m 770 \
		"$PACKAGE_ROOT"/{run,var/lib}/cseqguard
	rm -f "$PACKAGE_ROOT/run/cseqguard/default.sock"
	entering "--net=/run/netns/$(lab_ns proxy)" -- --userspec=cseqguard:cseqguard "$PACKAGE_ROOT" \
		cseqguardd "$@"
	"${command[@]}" >>"$LAB_DIR/daemon.log" 2>&1 </dev/null 3>&- &
	printf '%d' $! >"$LAB_DIR/daemon.pid"
	disown
	lab_wait 10 test -S "$PACKAGE_ROOT/run/cseqguard/default.sock" || lab_fail "$(<"$LAB_DIR/daemon.log")"
}

# --- what is there -------------------------------------------------------------------------------

dpkg_says() { # STATUS
	assert_equal "$1" inside dpkg-query -Wf '${db:Status-Abbrev}' cseqguard
}

# All of the root but what apt, dpkg and passwd keep for themselves.
snapshot() {
	(
		cd "$PACKAGE_ROOT" || exit
		find . \( -path ./var/lib/dpkg -o -path ./var/lib/apt -o -path ./var/log -o -path ./var/cache \) -prune -o \
			! -path ./run/systemctl ! -path './etc/*-' ! -path ./etc/.pwd.lock -printf '%p %M %u:%g %l\n' |
			sort
		cat etc/passwd etc/group etc/shadow etc/gshadow
	)
}

told() { # what systemctl was told since the last look
	cat "$PACKAGE_ROOT/run/systemctl" 2>/dev/null || :
	rm -f "$PACKAGE_ROOT/run/systemctl"
}

bye_of_caller() { # CSEQ: in SIPp caller's dialog, once; it has left
	awk -v cseq="$1" -v via="Via: SIP/2.0/UDP $LAB_CALLER:5060;branch=z9hG4bK-$1-$RANDOM" '
		/^ACK / { sub(/^ACK/, "BYE"); print; print via "\r"; on = 1; next }
		on && /^(From|To|Call-ID|Max-Forwards):/ { print }
		on && /^CSeq:/ { print "CSeq: " cseq " BYE\r" }
		on && /^\r?$/ { exit }
		END { print "Content-Length: 0\r\n\r" }' "$LAB_DIR/caller.msg" >"$LAB_DIR/bye"
	lab_in caller bash -c "cat '$LAB_DIR/bye' >/dev/udp/$LAB_PROXY/5060"
}

cdrs() { # of the call, from the spool
	on_host cseqguard cdr -j | jq -r --arg call "$call" \
		'.[] | select(.call_id == $call) | "\(.end_reason) \(.blocked_byes) \(.suspect)"'
}

programs() { # on the guarded host: ids of the interface's two
	on_host cseqguard status -j | jq -r '.interfaces[] | "\(.program_in) \(.program_out)"'
}

unguarded() { # no program, no clsact, no pin is left
	assert_equal '' eval 'ip -n "$(lab_ns proxy)" -j link | jq -r ".[] | select(.xdp).ifname"'
	assert_equal '' tc -n "$(lab_ns proxy)" qdisc show clsact
	[[ ! -e /proc/$MOUNTS/root/$PACKAGE_ROOT/sys/fs/bpf/cseqguard ]]
}
