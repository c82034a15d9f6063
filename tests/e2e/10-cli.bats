#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# The CLI itself: wrong use, help, errors, what it shows, and who may use it.

bats_require_minimum_version 1.5.0
load lib
load cli

@test "cli: wrong use prints one line and exits with 2" {
	local bytes
	refused 2 "'frob'" guard frob
	refused 2 "--bogus" guard --bogus
	refused 2 "-x" guard status -x
	refused 2 "needs a value" guard attach in0 --ports
	refused 2 "'in0'" guard status in0
	refused 2 "--follow" guard attach -f in0
	refused 2 "interface" guard attach
	refused 2 "-a" guard detach
	refused 2 "65535" guard attach --ports 0 in0
	refused 2 "65535" guard attach --ports 65536 in0
	refused 2 "65535" guard attach --ports 5060, in0
	refused 2 "8 ports" guard attach --ports 1,2,3,4,5,6,7,8,9 in0
	refused 2 "10.0.0.0/33" guard attach --gateway 10.0.0.0/33 in0
	refused 2 "10.0.0.1/8" guard attach --gateway 10.0.0.1/8 in0
	refused 2 "2001:db8::1/32" guard attach --gateway 2001:db8::1/32 in0
	refused 2 "enforce" guard attach --mode maybe in0
	refused 2 "native" guard attach -m offload in0
	refused 2 "max-dialogs" guard attach --max-dialogs 0 in0
	for bytes in 0 2048 5000 4097 2147483648 18446744073709555712; do
		refused 2 "ring-bytes" guard attach --ring-bytes $bytes in0
	done
	refused 2 "instance" guard --instance ../x attach in0
	refused 2 "KEY=VALUE" guard set mode
	refused 2 "'secret'" guard set secret=1
	[[ ! -e $PINS ]]
}

@test "cli: with -j an error is JSON as well" {
	run --separate-stderr guard -j attach --ports x in0
	[[ $status == 2 && -z $output ]]
	jq -e '.error | contains("ports")' <<<"$stderr"
	run --separate-stderr guard attach nope0 -j
	[[ $status == 1 && -z $output ]]
	jq -e '.error | contains("nope0")' <<<"$stderr"
}

verbs() {
	guard --help | sed -n '/^usage:/,/^options/s/^  \([a-z]\+\) .*/\1/p'
}

@test "cli: every command has a help of its own, with examples that parse and exit status, in 100 columns" {
	local verb line
	guard --help >"$BATS_TEST_TMPDIR/help"
	grep -q 'cseqguard COMMAND --help' "$BATS_TEST_TMPDIR/help"
	[[ $(verbs | wc -l) -ge 15 && $(wc -L <"$BATS_TEST_TMPDIR/help") -le 100 ]]
	for verb in $(verbs); do
		guard "$verb" --help >"$BATS_TEST_TMPDIR/help"
		grep -q "^usage: cseqguard .*$verb" "$BATS_TEST_TMPDIR/help"
		[[ $(wc -L <"$BATS_TEST_TMPDIR/help") -le 100 ]]
		cmp "$BATS_TEST_TMPDIR/help" <(guard help "$verb")
		cmp "$BATS_TEST_TMPDIR/help" <(guard "$verb" -h)
		grep -A1 '^exit status:' "$BATS_TEST_TMPDIR/help" | grep -q '^  0 '
		run ! grep -wE '(detach|stats|cdr settle, doctor|doctor, check): ' "$BATS_TEST_TMPDIR/help"
		sed -n '/^examples:/,/^exit status:/s/^  cseqguard //p' "$BATS_TEST_TMPDIR/help" >"$BATS_TEST_TMPDIR/examples"
		[[ -s $BATS_TEST_TMPDIR/examples ]]
		while IFS= read -r line; do # -h: the options are parsed, and nothing is done
			[[ ${line%% *} == "$verb" ]]
			eval "guard $line -h" >/dev/null
		done <"$BATS_TEST_TMPDIR/examples"
	done
}

@test "cli: --version, -V and help are understood; a suggestion is an option of the command and near" {
	[[ $(guard --version) == 'cseqguard '*', map layout '* && $(guard -V) == "$(guard version)" ]]
	[[ $(guard status -V -j | jq -r .version) == "$(guard version -j | jq -r .version)" ]]
	[[ $(guard help) == "$(guard --help)" ]]
	[[ $("${GUARD}d" --version) == "cseqguardd $(guard version -j | jq -r .version)" ]]
	refused 2 "did you mean stats?" guard help stat
	refused 2 "did you mean --version?" guard --versoin
	refused 2 "did you mean --follow?); see: cseqguard events --help" guard events --folow
	run -2 guard status --folow # an option of another command
	[[ $output != *'did you mean'* && $output == *'cseqguard status --help'* ]]
	run -2 guard events --reasxxx # three letters of seven are wrong
	[[ $output != *'did you mean'* ]]
}

@test "attach: -m takes an XDP mode, and a policy for --mode" {
	run --separate-stderr "$GUARD" -n "$HOST" attach -m observe in0
	[[ $status == 0 && -z $stderr ]] # this mode needs no --gateway
	[[ $(status_json .settings.mode) == observe ]]
	guard attach -m skb in1
	[[ $(status_json '[.interfaces | sort_by(.name)[].in] | join(" ")') == "native generic" ]]
	guard detach in0 in1
	guard attach --gateway none -m skb in0
	guard attach -m native in1
	[[ $(status_json '[.interfaces | sort_by(.name)[].in] | join(" ")') == "generic native" ]]
	refused 2 "see --xdp and --mode" guard attach -m maybe in1
	run ! grep -q attach-mode <(guard attach --help)
}

@test "attach, set, detach and upgrade show what is in force afterwards, with -j as an object" {
	[[ $(guard attach in0) == 'in0: native' ]]
	[[ $(guard attach -j --xdp skb in1 | jq -c '[.instance, .interfaces[].name, .interfaces[].in]') == \
		"[\"$CSEQGUARD_INSTANCE\",\"in1\",\"generic\"]" ]]
	guard set mode=observe gateway=192.0.2.0/24 >"$BATS_TEST_TMPDIR/set"
	grep -qx 'mode  *observe' "$BATS_TEST_TMPDIR/set"
	grep -qx 'gateways  *192.0.2.0/24' "$BATS_TEST_TMPDIR/set"
	[[ $(guard set -j equal=pass | jq -S .settings) == "$(guard status -j | jq -S .settings)" ]]
	[[ $(status_json .settings.equal) == pass ]]
	refused 2 "two values for mode" guard set mode=enforce equal=drop mode=observe
	[[ $(status_json .settings.equal) == pass ]]
	[[ $(guard upgrade -j | jq -c '[.version, (.interfaces | length)]') == "[\"$(guard version -j | jq -r .version)\",2]" ]]
	[[ $(guard detach -j in1 | jq -c '[.detached, .maps_removed]') == '[["in1"],false]' ]]
	[[ $(guard detach -a -j 2>/dev/null | jq -c '[.detached, .maps_removed]') == '[["in0"],true]' ]]
}

narrow() { # ARGUMENT...: what the command prints on a terminal of 60 columns
	TERM=xterm script -qec "stty cols 60; '$GUARD' -n $HOST $*" /dev/null | tr '\r' '\n' | sed 's/\x1b\[[0-9;]*[A-Za-z]//g; /^$/d'
}

@test "status, set, doctor, dialogs: break their lines on a narrow terminal, and headings without rows fit" {
	local gateways=10.1.0.0/16,10.2.0.0/16,10.3.0.0/16,10.4.0.0/16,10.5.0.0/16
	maps_of_the_file
	guard attach --xdp skb in0
	{
		narrow set "gateway=$gateways"
		narrow status
		narrow doctor --spool /tmp/x in0 || : # no daemon
		narrow dialogs
	} >"$BATS_TEST_TMPDIR/narrow"
	awk 'length > 60 { print; long = 1 } END { exit long }' "$BATS_TEST_TMPDIR/narrow"
	grep -qx ' \{17\}10.4.0.0/16, 10.5.0.0/16' "$BATS_TEST_TMPDIR/narrow"
	grep -qx 'STATE .* CALL-ID' "$BATS_TEST_TMPDIR/narrow"
	guard status | grep -qx "gateways  *${gateways//,/, }" # in a pipe nothing is broken
}

@test "status and top: show a map of the kind LRU as such, without a bar" {
	maps_of_the_file
	guard attach in0
	guard status | grep -qx 'map  *invites: 0 of 65536, LRU'
	guard status | grep -qx 'map  *dialogs: 0 of 131072'
	[[ $(guard status -j | jq -c '[.maps | to_entries[] | select(.value.lru).key] | sort') == '["early","invites"]' ]]
	guard top -b --count 1 >"$BATS_TEST_TMPDIR/top"
	grep -q '^invites  LRU, 0 of 65536 .*early    LRU, 0 of 65536$' "$BATS_TEST_TMPDIR/top"
	grep -q '^dialogs \[ *\]' "$BATS_TEST_TMPDIR/top"
}

@test "cli: without an instance status exits with 3, every other command with 1" {
	local verb
	run guard status
	[[ $status == 3 ]]
	run guard -j status
	[[ $status == 3 ]]
	jq -e '.attached == false' <<<"$output"
	for verb in stats dialogs events upgrade "set mode=observe" "detach in0" "detach -a"; do
		# shellcheck disable=SC2086
		refused 1 "not attached" guard $verb
	done
}

@test "cli: without root it prints one line and makes nothing" {
	cp "$GUARD" "$BATS_TEST_TMPDIR/cseqguard"
	chmod 755 "$BATS_TEST_TMPDIR"
	local nobody=(setpriv --reuid 65534 --regid 65534 --clear-groups /proc/self/fd/9)
	exec 9<"$BATS_TEST_TMPDIR/cseqguard"
	refused 1 "root" "${nobody[@]}" attach lo
	refused 1 "root" "${nobody[@]}" detach -a
	refused 1 "root" "${nobody[@]}" -n "$HOST" attach in0
	[[ ! -e $PINS ]]
	maps_of_the_file
	guard attach in0
	refused 1 "no permission" "${nobody[@]}" top -b --count 1
	refused 1 "no permission" "${nobody[@]}" status
}

@test "attach: an instance guards one network namespace" {
	maps_of_the_file
	guard attach in0
	refused 1 "-n $HOST" "$GUARD" -n "$PEER" attach out0
	refused 1 "-n $HOST" "$GUARD" -n "$PEER" detach -a
	[[ $("$GUARD" -j status | jq -r '.interfaces[0].name') == in0 ]]
	refused 1 "ip netns list" "$GUARD" -n "no-$ID" status
}

@test "cli: under ip netns exec the error names what hides the maps" {
	maps_of_the_file
	guard attach in0
	refused 1 "ip netns exec" ip netns exec "$HOST" "$GUARD" attach --gateway none in1
	refused 1 "ip netns exec" ip netns exec "$HOST" "$GUARD" status
	refused 1 "ip netns exec" ip netns exec "$HOST" "$GUARD" dialogs
}
