#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# Settings: of the first attach, of `set`, and those that come back with new maps.

bats_require_minimum_version 1.5.0
load lib
load cli

@test "attach: enforce mode needs --gateway, or --gateway none, which names what is not protected" {
	local unaided=("$GUARD" -n "$HOST" attach)
	refused 2 "--gateway none" "${unaided[@]}" in0
	refused 2 "--mode observe" "${unaided[@]}" --mode enforce in0
	[[ ! -e $PINS ]]
	run --separate-stderr "${unaided[@]}" --gateway none in0
	[[ $status == 0 && ${#stderr_lines[@]} == 1 && $stderr == *"ends by the callee's own messages"* ]]
	run --separate-stderr "${unaided[@]}" in1 # the instance has its settings
	[[ $status == 0 && -z $stderr ]]
}

@test "attach and set: a gateway that covers an address of the host is refused, doctor and check name one added later" {
	refused 1 "10.0.0.0/8 covers 10.77.0.1" guard attach --gateway 192.0.2.0/24,10.0.0.0/8 in0
	refused 1 "10.77.1.1/32 covers 10.77.1.1" guard attach --gateway 10.77.1.1 in0
	refused 1 "198.51.100.0/24 covers 198.51.100.7" guard attach --host 198.51.100.7 --gateway 198.51.100.0/24 in0
	[[ ! -e $PINS ]]
	maps_of_the_file
	guard attach in0
	guard set gateway=10.77.0.2,203.0.113.0/24
	refused 1 "10.77.0.0/24 covers 10.77.0.1" guard set mode=observe gateway=10.77.0.0/24
	[[ $(status_json '.settings | .mode, .gateways[0]' | sort | xargs) == "10.77.0.2/32 enforce" ]]
	run guard check
	[[ $output != *covers* ]]
	ip -n "$HOST" addr add 203.0.113.9/24 dev in1
	run guard check
	[[ $status == 2 && $output == *"gateway 203.0.113.0/24 covers 203.0.113.9"* ]]
	run guard -j doctor
	jq -e 'any(.[]; .verdict == "failed" and .object == "gateways" and (.finding | contains("203.0.113.9")))' <<<"$output" ||
		{ echo "$output"; false; }
}

@test "set: checks all values before it changes one" {
	guard attach in0
	refused 2 "ports" guard set mode=observe ports=0
	refused 2 "gateway" guard set mode=observe gateway=10.0.0.0/8,nonsense
	[[ $(status_json .settings.mode) == enforce ]]
	guard set mode=observe equal=pass source=strict fragments=pass tcp=enforce strict-interface=yes \
		ports=5061 gateway=10.96.0.0/11
	[[ $(status_json '.settings | [.mode, .equal, .source, .fragments, .tcp, .strict_interface] | @csv') == \
		'"observe","pass","strict","pass","enforce",true' ]]
	guard set gateway=192.0.2.0/24
	[[ $(status_json '.settings.gateways | join(" ")') == 192.0.2.0/24 ]]
	guard set gateway=
	[[ $(status_json '.settings.gateways | length') == 0 ]]
}

names() { # ORIGIN: the names of map hosts that have this bit, 1 given, 2 learned, 4 an address
	bpftool -j map dump pinned "/sys/fs/bpf/cseqguard/$CSEQGUARD_INSTANCE/hosts" |
		jq -r --argjson bit "$1" '.[].formatted.value | select((.origin / $bit | floor) % 2 == 1) | .text' |
		grep -v -e '^\[fe80' -e '^\[::1]' | sort | xargs
}

learn() { # NAME: puts it into map hosts as the kernel does
	local bytes
	mapfile -t bytes < <(printf '%-63s' "$1" | tr ' ' '\0' | od -An -v -tx1 -w1)
	bpftool map update pinned "/sys/fs/bpf/cseqguard/$CSEQGUARD_INSTANCE/hosts" key hex 01 02 03 04 05 06 07 08 value hex 02 "${bytes[@]}"
}

@test "set: host replaces the given names; those of the interfaces and the learned ones stay" {
	guard attach in0 --host sbc.example,198.51.100.7,10.77.0.1
	learn learned.example
	[[ $(names 1) == "10.77.0.1 198.51.100.7 sbc.example" ]]
	[[ $(names 4) == "10.77.0.1 10.77.1.1 127.0.0.1 127.0.0.8 localhost" ]]
	guard set host=198.51.100.8,other.example
	[[ $(names 1) == "198.51.100.8 other.example" ]]
	[[ $(names 2) == learned.example ]]
	[[ $(names 4) == "10.77.0.1 10.77.1.1 127.0.0.1 127.0.0.8 localhost" ]]
	[[ $(status_json '.settings.hosts | sort | join(" ")') == "198.51.100.8 other.example" ]]
	bpftool -j map dump pinned "$PINS/gateways" >"$BATS_TEST_TMPDIR/gateways"
	grep -q '"0xc6","0x33","0x64","0x08"' "$BATS_TEST_TMPDIR/gateways"
	run ! grep -q '"0xc6","0x33","0x64","0x07"' "$BATS_TEST_TMPDIR/gateways"
}

settings_are() { # MODE GATEWAYS
	[[ $(status_json '.settings | .mode + " " + (.gateways | sort | join(","))') == "$1 $2" ]]
}

@test "set: what it has changed comes back after a link flap and with new maps; detach -a ends it" {
	guard attach in0 in1 --mode observe --gateway 192.0.2.0/24
	guard set mode=enforce gateway=192.0.2.0/24,198.51.100.0/24
	[[ $(stat -c %a "$CSEQGUARD_STATE_DIR/$CSEQGUARD_INSTANCE.settings") == 640 ]]
	learn learned.example
	guard detach in1 # as the unit does when its device goes and comes
	run --separate-stderr guard attach in1 --mode observe --gateway 192.0.2.0/24
	[[ $status == 0 && $stderr == *"mode stays enforce"* && $stderr == *"gateway stays 192.0.2.0/24,198.51.100.0/24"* ]]
	settings_are enforce 192.0.2.0/24,198.51.100.0/24
	rm -r "$PINS" # as a reboot does
	run --separate-stderr guard attach in0 --mode observe --gateway 192.0.2.0/24 --equal pass
	[[ $status == 0 && $stderr == *"mode stays enforce"* && $stderr != *equal* ]]
	settings_are enforce 192.0.2.0/24,198.51.100.0/24
	[[ $(status_json .settings.equal) == pass ]]
	learn learned.example
	run --separate-stderr guard detach -a
	[[ $stderr == *"cseqguard set mode=enforce gateway=192.0.2.0/24,198.51.100.0/24"* ]]
	run --separate-stderr guard attach in0 --mode observe --gateway 192.0.2.0/24
	[[ $status == 0 && -z $stderr ]]
	settings_are observe 192.0.2.0/24
	[[ $(names 2) == learned.example ]]
}

@test "attach: a breaker that has tripped stays so with new maps, and after another attach" {
	mkdir "$CSEQGUARD_STATE_DIR"
	printf '[settings]\nmode = observe\n[breaker]\nwhy = 9 of 10 dialogs\n' \
		>"$CSEQGUARD_STATE_DIR/$CSEQGUARD_INSTANCE.settings"
	run --separate-stderr guard attach in0 --mode enforce --gateway none
	[[ $status == 0 && $stderr == *"as the breaker left it: 9 of 10 dialogs"* ]]
	[[ $(status_json '.settings.mode + " " + .breaker') == "observe 9 of 10 dialogs" ]]
	guard attach in1 --mode enforce --gateway none
	[[ $(status_json '.settings.mode + " " + .breaker') == "observe 9 of 10 dialogs" ]]
	guard set mode=enforce
	[[ $(guard -j status | jq .breaker) == null ]]
	rm -r "$PINS"
	guard attach in0 --mode observe --gateway none
	settings_are enforce ""
}

@test "attach: a damaged line of the file of settings is named and keeps nothing from being guarded" {
	mkdir "$CSEQGUARD_STATE_DIR"
	printf '[settings]\nequal = maybe\nmode = observe\n' >"$CSEQGUARD_STATE_DIR/$CSEQGUARD_INSTANCE.settings"
	run --separate-stderr guard attach in0 --gateway none
	[[ $status == 0 && $stderr == *"$CSEQGUARD_INSTANCE.settings:2: line ignored"* ]]
	settings_are observe ""
}

@test "set: a file that cannot be written is an error, and the change is in force" {
	maps_of_the_file
	guard attach in0
	printf x >"$CSEQGUARD_STATE_DIR"
	refused 1 "the change is in force" guard set mode=observe
	settings_are observe ""
	rm "$CSEQGUARD_STATE_DIR"
}

@test "attach: an address that an interface has lost or got since is no name or one of the host at the next attach" {
	maps_of_the_file
	guard attach in0
	guard set host=sbc.example
	ip -n "$HOST" addr del 10.77.1.1/24 dev in1
	ip -n "$HOST" addr add 10.77.9.1/24 dev in1
	guard attach in1
	[[ $(names 4) == "10.77.0.1 10.77.9.1 127.0.0.1 127.0.0.8 localhost" ]]
	[[ $(names 1) == sbc.example ]]
}
