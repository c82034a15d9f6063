# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
# shellcheck shell=bash disable=SC2001
#
# Runs the commands that README and man pages show. Needs a network namespace NETNS with the interfaces
# eth0 and eth1, a DATABASE, and CSEQGUARD_INSTANCE. A command that would change the machine, or needs
# another one, is checked as far as possible: its syntax, the target of make, the unit of systemctl.

readme_commands() { # FILE: lines of its ```sh blocks
	sed -nE '/^ *```sh$/,/^ *```$/{/^ *```/!p}' "$1" | sed -E 's/^ +//; /^$/d'
}

page_commands() { # FILE: lines of its .EX blocks, but for those marked as something else
	awk '/^\.EX$/ && before !~ /^\.\\" not commands/ { inside = 1; next }
		/^\.EE$/ { inside = 0 }
		inside { print }
		{ before = $0 }' "$1" |
		sed -e "s/\\\\(aq/'/g" -e 's/\\(dq/"/g; s/\\-/-/g; s/\\&//g; s/\\e/\\/g'
}

# Reads the words of one simple command into the array `words`: without comment and redirection.
command_words() {
	local text=$1

	text=$(sed -E 's/ +# .*//; s/ >[^ ]+$//' <<<"$text")
	eval "words=($text)"
}

has_target() { # WORD...: arguments of make
	env -u MAKEFLAGS -u MAKELEVEL make -n -C "$LAB_TOP" "OUT=$LAB_OUT" "$@" >/dev/null
}

has_unit() { # WORD...: arguments of systemctl
	local unit

	[[ " daemon-reload enable reload restart start status stop " == *" $1 "* ]] || return
	for unit in "${@:2}"; do
		[[ $unit == --now ]] && continue
		[[ $unit == *@* ]] && unit=${unit%%@*}@
		[[ -e $LAB_OUT/units/${unit%.service}.service ]] || return
	done
}

has_package() { # WORD...: arguments of apt-get
	local version

	version=$(sed -n 's/^VERSION := //p' "$LAB_TOP/Makefile")
	[[ " update install remove purge " == *" $1 "* ]] || return
	[[ ${*: -1} != *.deb || ${*: -1} == "./out/deb/cseqguard_${version}_amd64.deb" ]]
}

# 2 is a usage error. 124: it would have waited for more. `check` and `doctor` fail on what they find.
run_cseqguard() { # WORD...
	local code=0 most=60

	[[ $1 != events ]] || most=1
	[[ $1 == attach || -d /sys/fs/bpf/cseqguard/$CSEQGUARD_INSTANCE ]] ||
		cseqguard -n "$NETNS" attach --mode observe eth0 eth1 || return
	timeout "$most" cseqguard -n "$NETNS" "$@" </dev/null 2>"$BATS_TEST_TMPDIR/stderr" || code=$?
	case $1:$code in
	*:0 | events:124 | doctor:1) return 0 ;;
	check:[12]) [[ ! -s $BATS_TEST_TMPDIR/stderr ]] && return ;;
	top:1) grep -q 'a terminal' "$BATS_TEST_TMPDIR/stderr" && return ;;
	ladder:1) grep -q 'CALL-ID: ' "$BATS_TEST_TMPDIR/stderr" && return ;;
	replay:1) grep -q 'No such file' "$BATS_TEST_TMPDIR/stderr" && return ;;
	cdr:1) grep -qE 'cannot settle|no such file' "$BATS_TEST_TMPDIR/stderr" && return ;;
	esac
	cat "$BATS_TEST_TMPDIR/stderr"
	return 1
}

run_cseqguardd() { # WORD...: what would stay in the foreground only has its options checked
	case $* in
	--check-config | --print-config | --print-schema) cseqguardd "$@" ;;
	*) cseqguardd --check-config "$@" ;;
	esac
}

run_psql() { # OPTION...: a call that is not there cannot be settled
	psql -Xq -v ON_ERROR_STOP=1 -d "$(pg_conninfo "$DATABASE")" "$@" 2>"$BATS_TEST_TMPDIR/stderr" && return
	grep -q 'no such row is open' "$BATS_TEST_TMPDIR/stderr" && return
	cat "$BATS_TEST_TMPDIR/stderr"
	return 1
}

run_words() { # WORD...: one simple command; its input is what the one before has printed
	case $1 in
	cseqguard) run_cseqguard "${@:2}" ;;
	cseqguardd) run_cseqguardd "${@:2}" ;;
	psql) run_psql "${@:2}" ;;
	promtool) [[ $* == 'promtool check metrics' ]] || (cd "$LAB_TOP" && "$@") ;;
	bpftool) bpftool "${@:2:$#-2}" "${*: -1}" ;;
	make) has_target "${@:2}" ;;
	systemctl) has_unit "${@:2}" ;;
	apt-get) has_package "${@:2}" ;;
	bats | chgrp | chmod | curl | echo | git | journalctl | man | mkdir | ssh | systemd-sysusers | systemd-tmpfiles | usermod) ;;
	*) echo "tests/e2e/commands.bash cannot check: $1" && return 1 ;;
	esac
}

run_command() { # LINE, as it is written
	local line=$1 part words

	bash -n -c "$line" || return
	line=${line//CALL_UID/00000000-0000-4000-8000-000000000000}
	line=${line//cseqguard\/default\//cseqguard/$CSEQGUARD_INSTANCE/}
	: >"$BATS_TEST_TMPDIR/input"
	while IFS= read -r part; do
		command_words "$part"
		run_words "${words[@]}" <"$BATS_TEST_TMPDIR/input" >"$BATS_TEST_TMPDIR/output" || return
		mv "$BATS_TEST_TMPDIR/output" "$BATS_TEST_TMPDIR/input"
	done < <(sed 's/ && \| | /\n/g' <<<"$line")
}

run_commands() { # FILE, lines on stdin: at least one, and each can be run
	local line count=0

	while IFS= read -r line; do
		run_command "$line" >"$BATS_TEST_TMPDIR/log" 2>&1 || {
			cat "$BATS_TEST_TMPDIR/log"
			lab_fail "$1: cannot run: $line"
		}
		count=$((count + 1))
	done
	((count > 0)) || lab_fail "$1: no command found"
}
