# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
# shellcheck shell=bash
#
# Three name servers on the guarded host that answer nothing, and processes that ask no others. Needs lab.bash.

# Sets NAMES, their process, and `enter`, the words before a command that asks them. SIGUSR1 and SIGUSR2: name_servers.py.
names_up() { # RESOLVER-OPTIONS
	{
		printf 'nameserver 127.0.0.%d\n' 1 2 3
		printf 'options %s\n' "$1"
	} >"$LAB_DIR/resolv.conf"
	printf 'hosts: files dns\n' >"$LAB_DIR/nsswitch.conf"
	: >"$LAB_DIR/names.log"
	nsenter "--net=/run/netns/$(lab_ns proxy)" "$LAB_TOP/tests/e2e/name_servers.py" 127.0.0.{1,2,3} \
		>"$LAB_DIR/names.log" 3>&- &
	NAMES=$!
	lab_wait 10 names_asked ready || lab_fail "name servers do not start: $(<"$LAB_DIR/names.log")"
	# shellcheck disable=SC2016 # the inner shell's arguments
	enter=(nsenter "--net=/run/netns/$(lab_ns proxy)" unshare -m sh -c 'dir=$1 && shift &&
		mount --bind "$dir/resolv.conf" /etc/resolv.conf && mount --bind "$dir/nsswitch.conf" /etc/nsswitch.conf &&
		exec "$@"' sh "$LAB_DIR")
}

names_asked() { # WORDS: so begins a line of the name servers
	grep -q "^$1" "$LAB_DIR/names.log"
}

names_down() {
	[[ -z ${NAMES:-} ]] || kill "$NAMES" 2>/dev/null || :
	NAMES=
}
