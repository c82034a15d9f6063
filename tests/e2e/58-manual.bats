#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# Man pages, completion and README compared with what the programs print about themselves.

# shellcheck disable=SC2013
load lib
load commands

setup_file() {
	lab_make install "OUT=$LAB_OUT" "DESTDIR=$BATS_FILE_TMPDIR" PREFIX=/usr
	export MAN=$BATS_FILE_TMPDIR/usr/share/man
	export CSEQGUARD_INSTANCE=manual-$$
	for program in cseqguard cseqguardd; do
		ln -s "$LAB_OUT/$program" "$BATS_FILE_TMPDIR/$program"
	done
	export PATH=$BATS_FILE_TMPDIR:$PATH
	export DATABASE=manual_$$
	export CSEQGUARD_CONFIG=$LAB_TOP/deploy/cseqguard.conf
}

setup() {
	NETNS=manual-$$
}

teardown() {
	[[ ! -d /sys/fs/bpf/cseqguard/$CSEQGUARD_INSTANCE ]] || cseqguard -n "$NETNS" detach -a
	command_lab_down
	ip netns del "$NETNS" 2>/dev/null || :
}

teardown_file() { :; }

verbs() {
	cseqguard --help | sed -n '/^usage:/,/^options/s/^  \([a-z]*\) .*/\1/p'
}

page() { # NAME.SECTION, as text in one line an entry
	MANWIDTH=200 man -l "$MAN/man${1##*.}/$1" | col -bx
}

# --help on stdin: each option with its argument, as "-f, --follow".
options() {
	grep -oE '^  (-.,|   ) --[a-z0-9-]+( [^ ]+)?' | sed 's/^ *//'
}

stands() { # OPTION PAGE: where a line begins
	awk '{ sub(/^ +/, "") } index($0 " ", ARGV[2] " ") == 1 { found = 1; exit } END { exit !found }
		BEGIN { ARGC = 2 }' "$2" "$1"
}

section() { # of a page on stdin: what stands under the heading of VERB
	sed -nE "/^   cseqguard \[OPTIONS\] $1( |\$)/,/^   [^ ]|^[^ ]/p"
}

completes() { # TEXT WORD...: the last word has these completions
	local COMP_WORDS=("${@:2}") COMP_CWORD=$(($# - 2)) COMPREPLY=()

	# shellcheck source=deploy/cseqguard.bash-completion
	. "$BATS_FILE_TMPDIR/usr/share/bash-completion/completions/$2"
	_cseqguard "$2" "${*: -1}" "${*: -2:1}"
	[[ ${COMPREPLY[*]} == "$1" ]] && return
	printf 'expected "%s" after: %s\n   found "%s"\n' "$1" "${*:2}" "${COMPREPLY[*]}" >&2
	return 1
}

@test "man: man prints no warning about a page" {
	local file

	type -P man >/dev/null || skip 'man is missing: make deps-test'
	for file in "$MAN"/man?/*; do
		run -0 env LC_ALL=C.UTF-8 man --warnings -E UTF-8 -l -Tutf8 -Z "$file"
		[[ $(LC_ALL=C.UTF-8 man --warnings -E UTF-8 -l -Tutf8 -Z "$file" 2>&1 >/dev/null) == '' ]]
	done
}

@test "man: cseqguard(8) has each command with each option, as --help has it" {
	local verb option text

	type -P man >/dev/null || skip 'man is missing: make deps-test'
	page cseqguard.8 >"$BATS_TEST_TMPDIR/page"
	[[ $(verbs | wc -l) -ge 10 ]]
	for verb in $(verbs); do
		section "$verb" <"$BATS_TEST_TMPDIR/page" >"$BATS_TEST_TMPDIR/section"
		sed -n '/^OPTIONS/,$p' "$BATS_TEST_TMPDIR/page" >>"$BATS_TEST_TMPDIR/section"
		[[ $(grep -c . "$BATS_TEST_TMPDIR/section") -gt 2 ]]
		while read -r option; do
			stands "$option" "$BATS_TEST_TMPDIR/section" || lab_fail "$verb: no $option"
		done < <(cseqguard "$verb" --help | options)
		text=$(cseqguard "$verb" --help | sed -n 2p)
		grep -qiF -- "$text" "$BATS_TEST_TMPDIR/section" || lab_fail "$verb: not: $text"
	done
}

@test "man: cseqguardd(8) has each option of cseqguardd" {
	local option

	type -P man >/dev/null || skip 'man is missing: make deps-test'
	page cseqguardd.8 >"$BATS_TEST_TMPDIR/page"
	[[ $(cseqguardd --help | options | wc -l) -ge 15 ]]
	while read -r option; do
		stands "$option" "$BATS_TEST_TMPDIR/page" || lab_fail "no $option"
	done < <(cseqguardd --help | options)
}

known() { # KEY: the daemon may have its quarrels with the value
	printf '%s = \n' "$1" >"$BATS_TEST_TMPDIR/conf"
	[[ $(cseqguardd --check-config --config "$BATS_TEST_TMPDIR/conf" 2>&1) != *'unknown setting'* ]]
}

@test "man: cseqguard.conf(5) has the keys that the daemon takes, and no others" {
	local name keys

	type -P man >/dev/null || skip 'man is missing: make deps-test'
	keys=$(page cseqguard.conf.5 | sed -nE 's/^ +([a-z0-9-]+) = .*/\1/p' | sort -u)
	[[ $(wc -l <<<"$keys") -ge 12 ]]
	run ! known frob
	for name in $(cseqguardd --help | options | sed -E 's/.*--([a-z0-9-]+).*/\1/'); do
		if known "$name"; then
			grep -qx "$name" <<<"$keys" || lab_fail "$name is a key, but not in the page"
		else
			! grep -qx "$name" <<<"$keys" || lab_fail "$name is in the page, but no key"
		fi
	done
}

list_words() { # LIST of the contract: its words
	sed -nE "/^#define $1\(X\)/,/[^\\]$/s/^\tX\([A-Z0-9_]+, ([a-z0-9_]+)\).*/\1/p" "$LAB_TOP/include/cseqguard.h"
}

command_lab() { # where commands can run
	ip netns add "$NETNS"
	ip -n "$NETNS" link add eth0 type veth peer name eth1
	sql postgres "CREATE DATABASE $DATABASE"
	cseqguardd --print-schema | psql -Xq1 -v ON_ERROR_STOP=1 -d "$(pg_conninfo "$DATABASE")" >/dev/null
}

command_lab_down() {
	sql postgres "DROP DATABASE IF EXISTS $DATABASE"
	sql postgres 'DROP ROLE IF EXISTS cseqguard, rating'
}

@test "README and man pages: each command that they show can be run" {
	local page

	command_lab
	run_commands README.md < <(readme_commands "$LAB_TOP/README.md")
	for page in "$MAN"/man?/*; do
		run_commands "${page##*/}" < <(page_commands "$page")
	done
}

@test "README and man pages: a wrong command, option, key, column, target or unit is noticed" {
	local line

	command_lab
	for line in 'cseqguard atach eth0' 'cseqguard status --frob' 'cseqguard set mood=enforce' \
		'cseqguardd --htp 9470' "psql -c 'SELECT bil FROM cseqguard.billable'" 'make frob' \
		'systemctl start cseqgard' 'apt-get install ./out/deb/cseqguard_0.0.9_amd64.deb' 'frob' "echo 'open"; do
		run run_command "$line"
		[[ $status != 0 ]] || lab_fail "passes as a command: $line"
	done
	run ! run_commands none </dev/null
}

@test "README and man pages: each option that they name in the text exists" {
	local all option verb file

	all=$({ for verb in $(verbs); do cseqguard "$verb" --help; done; cseqguardd --help; } |
		grep -oE -- '--[a-z0-9-]+' | sort -u)
	for file in "$LAB_TOP/README.md" "$MAN"/man?/*; do
		for option in $(sed -e 's/\\-/-/g' "$file" | grep -vE '^ *(apt-get|systemctl|systemd)' |
			grep -oE '(^|[ `("])--[a-z][a-z-]+' | grep -oE -- '--.*' | sort -u); do
			grep -qx -- "$option" <<<"$all" || lab_fail "${file##*/}: no program has $option"
		done
	done
}

@test "README: at most 220 lines of 100 columns, and each file that it links exists" {
	local file

	[[ $(wc -l <"$LAB_TOP/README.md") -le 220 ]]
	[[ $(wc -L <"$LAB_TOP/README.md") -le 100 ]]
	for file in $(grep -oE '\]\([^)#]+\)' "$LAB_TOP/README.md" | tr -d '])('); do
		[[ -e $LAB_TOP/$file ]] || lab_fail "README.md: there is no $file"
	done
}

@test "man: cseqguard-metrics(7) has each alert and each metric, cseqguard-evidence(7) each reason" {
	local alert word words

	for alert in $(sed -n 's/.*- alert: //p' "$LAB_TOP/deploy/prometheus/cseqguard.rules.yml"); do
		grep -q "^\.BR $alert " "$MAN/man7/cseqguard-metrics.7" || lab_fail "no alert $alert"
	done
	words=$(grep -ohE 'out, "[a-z_]+"' "$LAB_TOP"/agent/http/metrics{,_pair}.c | grep -oE '[a-z_]+"' | tr -d '"' | grep -vxE 'in|out' | sort -u)
	[[ $(wc -w <<<"$words") -ge 30 ]]
	for word in $words; do
		grep -qx "\\\\fBcseqguard_$word\\\\fR" "$MAN/man7/cseqguard-metrics.7" || lab_fail "no metric $word"
	done
	for word in $(sed -nE 's/^\tX\([A-Z0-9_]+, ([a-z0-9_]+),.*/\1/p' "$LAB_TOP/include/reasons.h"); do
		grep -qx "\\\\fB$word\\\\fR" "$MAN/man7/cseqguard-evidence.7" || lab_fail "no reason $word"
	done
}

@test "man: cseqguard-sql(7) has each end reason, cseqguard-evidence(7) each side of a leg" {
	local word words

	words=$(list_words CG_END_LIST)
	[[ $(wc -w <<<"$words") -ge 11 ]]
	for word in $words; do
		grep -qP "^$word(\t|$)" "$MAN/man7/cseqguard-sql.7" || lab_fail "no end reason $word"
	done
	words=$(list_words CG_SIDE_LIST)
	[[ $(wc -w <<<"$words") -ge 5 ]]
	for word in $words; do
		grep -qx "\.B $word" "$MAN/man7/cseqguard-evidence.7" || lab_fail "no side $word"
		grep -qE "^\.B $word( |$)" "$MAN/man7/cseqguard-sql.7" || lab_fail "no side $word for SQL"
	done
}

@test "completion: offers the commands, and each option of each" {
	local verb

	completes "$(verbs | xargs)" cseqguard ''
	completes 'status stats' cseqguard sta
	completes 'status' cseqguard -n nowhere statu
	for verb in $(verbs); do
		completes "$(cseqguard "$verb" --help | options | grep -oE -- '--[a-z0-9-]+' | xargs)" \
			cseqguard "$verb" --
	done
	completes "$(cseqguardd --help | options | grep -oE -- '--[a-z0-9-]+' | xargs)" cseqguardd --
}

@test "completion: offers the values of an option, and keys and values of set" {
	completes 'auto native skb' cseqguard attach --xdp ''
	completes 'native' cseqguard attach --xdp n
	completes 'observe' cseqguard attach --mode = o
	completes 'mode= masks-call-id=' cseqguard set m
	completes 'share=' cseqguard set sh
	completes 'enforce observe' cseqguard set mode =
	completes 'strict' cseqguard set source = s
	completes 'yes' cseqguard set strict-interface = y
	completes '' cseqguard attach --ports 5
	completes 'settle' cseqguard cdr se
}

@test "completion: offers interfaces, attached ones, instances, network namespaces and files" {
	local file='$(touch x)'

	ip netns add "$NETNS"
	ip -n "$NETNS" link add in0 type veth peer name out0
	completes lo cseqguard attach l
	completes 'in0' cseqguard -n "$NETNS" attach i
	completes "$NETNS" cseqguard -n "$NETNS"
	cseqguard -n "$NETNS" attach --gateway none in0
	completes 'in0' cseqguard -n "$NETNS" detach ''
	completes "$CSEQGUARD_INSTANCE" cseqguard --instance "$CSEQGUARD_INSTANCE"
	cd "$BATS_TEST_TMPDIR"
	touch "$file"
	completes "$file" cseqguardd --config '$'
	[[ ! -e x ]]
}

@test "completion: offers reasons, also after a comma, Call-IDs and commands" {
	ip netns add "$NETNS"
	ip -n "$NETNS" link add in0 type veth peer name out0
	cseqguard -n "$NETNS" attach --gateway none in0
	completes 'out_of_dialog out_of_order' cseqguard events --reason out_
	completes 'bye,out_of_dialog bye,out_of_order' cseqguard events --reason bye,out_
	completes '' cseqguard events --reason alerts_
	"$LAB_TOP/tests/e2e/dialog.py" "/sys/fs/bpf/cseqguard/$CSEQGUARD_INSTANCE/dialogs" 1 'call_id=one@$(touch x).example' answer=60
	completes 'one@$(touch x).example' cseqguard ladder on
	COMP_LINE='cseqguard ladder one@' COMP_POINT=21 completes '$(touch x).example' cseqguard ladder one @ ''
	COMP_LINE='cseqguard ladder two@' COMP_POINT=21 completes '' cseqguard ladder two @ ''
	completes 'settle' cseqguard cdr se
	completes 'status stats' cseqguard help sta
	[[ ! -e x ]]
}

@test "package: has the Makefile's version, and its build dependencies are those of configure" {
	local version needs package

	version=$(sed -n 's/^VERSION := //p' "$LAB_TOP/Makefile")
	assert_equal "$version" sed -n '1s/.*(\(.*\)).*/\1/p' "$LAB_TOP/deploy/debian/changelog"
	[[ $(cseqguard version) == "cseqguard $version,"* ]]
	needs=$(sed -n '/^Build-Depends:/,/^[^ ]/p' "$LAB_TOP/deploy/debian/control" | grep -oE '[a-z0-9.+-]+' )
	for package in $(sed -nE 's/^\tbuild\t[^\t]+\t(.*)/\1/p' "$LAB_TOP/configure"); do
		case $package in
		gcc | make | libc6-dev | linux-libc-dev) ;; # build-essential's
		*) grep -qxF "$package" <<<"$needs" || lab_fail "debian/control: no Build-Depends on $package" ;;
		esac
	done
}
