#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# The CLI without a daemon: wrong use, attach beside other programs, detach without leftovers. Each test has two
# namespaces, joined by two veth pairs: host (guarded: in0, in1) and peer.

bats_require_minimum_version 1.5.0

setup() {
	TOP=$(cd "${BATS_TEST_FILENAME%/*}/../.." && pwd)
	GUARD=${LAB_OUT:-$TOP/out}/cseqguard
	ID=$$-$BATS_TEST_NUMBER
	HOST=cli-host-$ID PEER=cli-peer-$ID
	export CSEQGUARD_INSTANCE=cli-$ID CSEQGUARD_RUN_DIR=$BATS_TEST_TMPDIR/run
	export CSEQGUARD_STATE_DIR=$BATS_TEST_TMPDIR/state
	PINS=/sys/fs/bpf/cseqguard/$CSEQGUARD_INSTANCE
	local i
	ip netns add "$HOST"
	ip netns add "$PEER"
	ip -n "$HOST" link set lo up
	for i in 0 1; do
		ip -n "$HOST" link add in$i type veth peer name out$i netns "$PEER"
		ip -n "$HOST" addr add 10.77.$i.1/24 dev in$i
		ip -n "$PEER" addr add 10.77.$i.2/24 dev out$i
		ip -n "$HOST" link set in$i up
		ip -n "$PEER" link set out$i up
	done
}

teardown() {
	[[ ! -e $PINS ]] || "$GUARD" -n "$HOST" detach -a || rm -r "$PINS"
	ip netns del "$HOST"
	ip netns del "$PEER"
}

guard() { # attach without --gateway or --mode: there is none
	[[ $1 != attach || " $* " == *' --gateway '* || " $* " == *' --mode '* ]] || set -- attach --gateway none "${@:2}"
	"$GUARD" -n "$HOST" "$@"
}

# refused CODE WORD COMMAND...: ends with CODE, says one line on stderr that has the WORD.
refused() {
	local code=$1 word=$2
	shift 2
	run --separate-stderr "$@"
	echo "exit $status, stdout '$output', stderr '$stderr'"
	[[ $status == "$code" && -z $output && ${#stderr_lines[@]} == 1 && $stderr == *"$word"* ]]
}

status_json() { # jq's FILTER over status
	guard -j status | jq -er "$1"
}

send() { # NETNS ADDRESS, the message on stdin with LF ends
	ip netns exec "$1" bash -c 'sed "s/$/\r/" >/dev/udp/'"$2"'/5060'
}

# What arrives is counted in the softirq of the sending command: no waiting.
counted() { # SIDE REASON
	guard -j stats | jq ".$1.$2 // 0"
}

# iproute2 leaves folders in the bpffs that it sees: it gets one of its own.
own_bpffs() { # COMMAND...
	unshare -m sh -c 'mount -t bpf bpf /sys/fs/bpf && exec "$@"' sh "$@"
}

stranger() { # SECTION VERDICT: the file of a program that passes everything
	printf '%s
' "__attribute__((section(\"$1\"), used)) int stranger(void *c) { return $2; }" |
		clang -target bpf -O2 -g -x c -c - -o "$BATS_TEST_TMPDIR/stranger.o"
	echo "$BATS_TEST_TMPDIR/stranger.o"
}

foreign_filter() { # IFACE SIDE
	own_bpffs tc -n "$HOST" filter add dev "$1" "$2" prio 9 bpf direct-action obj "$(stranger tc 0)" sec tc
}

clsacts() { # of the host: the names of the interfaces that have one
	tc -n "$HOST" qdisc show | sed -n 's/^qdisc clsact .* dev \([^ ]*\) .*/\1/p' | sort | xargs
}

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
	guard attach --gateway none -m skb in0
	guard attach -m native in1
	[[ $(status_json '[.interfaces | sort_by(.name)[].in] | join(" ")') == "generic native" ]]
	guard detach -a
	"$GUARD" -n "$HOST" attach -m observe in0
	[[ $(status_json .settings.mode) == observe ]]
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
	guard attach in0
	refused 1 "no permission" "${nobody[@]}" top -b --count 1
	refused 1 "no permission" "${nobody[@]}" status
}

@test "attach: a missing interface leaves nothing half done" {
	refused 1 "nope0" guard attach in0 in1 nope0
	[[ ! -e $PINS ]]
	[[ -z $(clsacts) ]]
	[[ $(ip -n "$HOST" -j link show in0 | jq '.[0].xdp') == null ]]
	guard attach in0
	refused 1 "nope0" guard attach in1 nope0 --mode observe
	[[ $(status_json '[.interfaces[].name] | join(" ")') == in0 ]]
	[[ $(status_json .settings.mode) == enforce ]]
}

@test "attach: enforce mode needs --gateway, or --gateway none, which names what is not protected" {
	local unaided=("$GUARD" -n "$HOST" attach)
	refused 2 "--gateway none" "${unaided[@]}" in0
	refused 2 "--mode observe" "${unaided[@]}" --mode enforce in0
	[[ ! -e $PINS ]]
	run --separate-stderr "${unaided[@]}" --gateway none in0
	[[ $status == 0 && ${#stderr_lines[@]} == 1 && $stderr == *"ends by the callee's own messages"* ]]
	run --separate-stderr "${unaided[@]}" in1 # the instance has its settings
	[[ $status == 0 && -z $stderr ]]
	guard detach -a
	run --separate-stderr "${unaided[@]}" --mode observe in0
	[[ $status == 0 && -z $stderr ]]
}

@test "attach and set: a gateway that covers an address of the host is refused, doctor and check name one added later" {
	refused 1 "10.0.0.0/8 covers 10.77.0.1" guard attach --gateway 192.0.2.0/24,10.0.0.0/8 in0
	refused 1 "10.77.1.1/32 covers 10.77.1.1" guard attach --gateway 10.77.1.1 in0
	refused 1 "198.51.100.0/24 covers 198.51.100.7" guard attach --host 198.51.100.7 --gateway 198.51.100.0/24 in0
	[[ ! -e $PINS ]]
	guard attach --gateway 10.77.0.2,203.0.113.0/24 in0
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

@test "attach: several interfaces share the maps; a second attach changes no setting, and names those that differ" {
	guard attach in0 --gateway 10.96.0.0/11,2001:db8::/32 --gateway 192.0.2.1 --ports 5060,5080
	run --separate-stderr guard attach in1 --mode observe --gateway 192.0.2.1,2001:db8::/32,10.96.0.0/11 --ports 5061
	[[ $status == 0 && ${#stderr_lines[@]} == 2 ]]
	[[ $stderr == *"mode stays enforce, though this attach says observe"* ]]
	[[ $stderr == *"ports stays 5060,5080, though this attach says 5061; to change it: cseqguard set ports=5061"* ]]
	[[ $(status_json '[.interfaces[].name] | sort | join(" ")') == "in0 in1" ]]
	[[ $(status_json '[.interfaces[].program_in] | unique | length') == 1 ]]
	[[ $(status_json .settings.mode) == enforce ]]
	[[ $(status_json '.settings.ports | join(",")') == 5060,5080 ]]
	[[ $(status_json '.settings.gateways | sort | join(" ")') == \
		"10.96.0.0/11 192.0.2.1/32 2001:db8::/32" ]]
	echo "no SIP at all" | send "$PEER" 10.77.0.1
	echo "no SIP at all" | send "$PEER" 10.77.1.1
	[[ $(counted in not_sip) == 2 ]]
}

@test "attach: an interface name may contain a dot, as that of a VLAN" {
	ip -n "$HOST" link set in0 down
	ip -n "$HOST" link set in0 name in0.100
	ip -n "$HOST" link set in0.100 up
	guard attach in0.100
	[[ $(status_json '.interfaces[0].name') == in0.100 ]]
	guard detach in0.100
	[[ -z $(find "$PINS" -name 'link_*' -o -name 'clsact_*') ]]
}

@test "attach: native mode where the driver has it, generic mode where asked or where auto chooses it" {
	guard attach --xdp native in0
	guard attach --xdp skb in1
	run --separate-stderr guard attach lo
	[[ $status == 0 && $stderr == *generic* ]]
	[[ $(status_json '[.interfaces | sort_by(.name)[].in] | join(" ")') == "native generic generic" ]]
	guard status | grep -q "native is the secure one"
	refused 1 "native mode already" guard attach --xdp skb in0
	guard detach lo
	refused 1 "lo: cannot attach in native mode" guard attach --xdp native lo
}

@test "attach: another XDP program on the interface is named and stays" {
	own_bpffs ip -n "$HOST" link set dev in1 xdp obj "$(stranger xdp 2)" sec xdp
	refused 1 "'stranger'" guard attach in0 in1
	[[ ! -e $PINS ]]
	[[ -z $(clsacts) ]]
	ip -n "$HOST" -d link show in1 | grep -q stranger
	ip -n "$HOST" link set dev in1 xdp off
	guard attach in1
}

@test "H18 attach: a device without an Ethernet header is refused, and doctor says so; a tap device is guarded" {
	nsenter "--net=/run/netns/$HOST" ip tuntap add tun0 mode tun
	nsenter "--net=/run/netns/$HOST" ip tuntap add tap0 mode tap
	ip -n "$HOST" link set tun0 up
	refused 1 'tun0: cannot attach: its packets have no Ethernet header' guard attach in0 tun0
	[[ ! -e $PINS ]]
	run -0 guard doctor tun0
	[[ $output == *'tun0'*'attach refuses it'* ]]
	if ip -n "$HOST" link add wg0 type wireguard 2>/dev/null; then # not every kernel has it
		refused 1 'wg0: cannot attach: its packets have no Ethernet header' guard attach in0 wg0
		ip -n "$HOST" link del wg0
	fi
	guard attach in0
	refused 1 'no Ethernet header' guard attach tun0
	[[ $(status_json '.interfaces | map(.name) | join(" ")') == in0 ]]
	guard attach tap0
}

@test "attach: two instances cannot guard one interface" {
	guard attach in0
	refused 1 "cseqguard_in" guard --instance "$CSEQGUARD_INSTANCE-b" attach --gateway none in0
	[[ ! -e $PINS-b ]]
	guard --instance "$CSEQGUARD_INSTANCE-b" attach --gateway none in1
	guard --instance "$CSEQGUARD_INSTANCE-b" detach -a
	[[ $(status_json '.interfaces[0].program_out > 0') == true ]]
}

@test "detach: removes its own clsact qdisc, keeps one that others use" {
	guard attach in0 in1
	[[ $(clsacts) == "in0 in1" ]]
	foreign_filter in1 ingress
	guard detach -a
	[[ $(clsacts) == in1 ]]
	tc -n "$HOST" filter show dev in1 ingress | grep -q stranger
	[[ -z $(tc -n "$HOST" filter show dev in1 egress) ]]
}

@test "detach: keeps a clsact qdisc that was there before attach, empty or not" {
	tc -n "$HOST" qdisc add dev in0 clsact
	tc -n "$HOST" qdisc add dev in1 clsact
	foreign_filter in1 egress
	guard attach in0 in1
	guard detach -a
	[[ $(clsacts) == "in0 in1" ]]
	tc -n "$HOST" filter show dev in1 egress | grep -q stranger
}

@test "attach: a foreign tc filter under the guard's handle stays, and the refusal has the kernel's explanation" {
	tc -n "$HOST" qdisc add dev in0 clsact
	tc -n "$HOST" filter add dev in0 egress prio 5 handle 0xc5e9 bpf bytecode '1,6 0 0 0'
	refused 1 "File exists (Filter already exists)" guard attach in0
	tc -n "$HOST" filter show dev in0 egress | grep -q bytecode
	tc -n "$HOST" filter del dev in0 egress
	guard attach in0
	guard detach -a
	[[ $(clsacts) == in0 ]]
}

@test "status: names a tc filter that somebody removed; attach restores it" {
	guard attach in0
	tc -n "$HOST" qdisc del dev in0 clsact
	guard status | grep -q "out NONE"
	guard attach in0
	[[ $(status_json '.interfaces[0].program_out > 0') == true ]]
	guard detach -a
	[[ -z $(clsacts) ]]
}

@test "attach and detach: remove the links of interfaces that are gone" {
	guard attach in0 in1
	ip -n "$HOST" link del in0
	guard status | grep -q "in0: in gone"
	ip -n "$HOST" link add in0 type veth peer name out0 netns "$PEER"
	guard attach in0
	[[ $(status_json '[.interfaces[].in] | sort | join(" ")') == "native native" ]]
	ip -n "$HOST" link del in0
	guard detach in1
	[[ -z $(find "$PINS" -name 'link_*' -o -name 'clsact_*') ]]
	run guard status
	[[ $status == 3 ]]
}

@test "status: knows a renamed interface by its new name" {
	guard attach in0
	ip -n "$HOST" link set in0 down
	ip -n "$HOST" link set in0 name fresh0
	ip -n "$HOST" link set fresh0 up
	[[ $(status_json '.interfaces[0].name') == fresh0 ]]
	guard detach fresh0
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
	bpftool -j map dump pinned "$PINS/hosts" |
		jq -r --argjson bit "$1" '.[].formatted.value | select((.origin / $bit | floor) % 2 == 1) | .text' |
		grep -v -e '^\[fe80' -e '^\[::1]' | sort | xargs
}

learn() { # NAME: puts it into map hosts as the kernel does
	local bytes
	mapfile -t bytes < <(printf '%-63s' "$1" | tr ' ' '\0' | od -An -v -tx1 -w1)
	bpftool map update pinned "$PINS/hosts" key hex 01 02 03 04 05 06 07 08 value hex 02 "${bytes[@]}"
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
	guard attach in0
	printf x >"$CSEQGUARD_STATE_DIR"
	refused 1 "the change is in force" guard set mode=observe
	settings_are observe ""
}

@test "attach: an address that an interface has lost or got since is no name or one of the host at the next attach" {
	guard attach in0 --host sbc.example
	ip -n "$HOST" addr del 10.77.1.1/24 dev in1
	ip -n "$HOST" addr add 10.77.9.1/24 dev in1
	guard attach in1
	[[ $(names 4) == "10.77.0.1 10.77.9.1 127.0.0.1 127.0.0.8 localhost" ]]
	[[ $(names 1) == sbc.example ]]
}

@test "upgrade: replaces the programs and keeps the maps" {
	guard attach in0 in1 --gateway 192.0.2.0/24
	echo "no SIP at all" | send "$PEER" 10.77.0.1
	local before after
	before=$(status_json '[.interfaces[] | .program_in, .program_out] | unique | join(" ")')
	guard upgrade
	after=$(status_json '[.interfaces[] | .program_in, .program_out] | unique | join(" ")')
	[[ $before != "$after" && $after == *" "* ]]
	[[ $(status_json '.settings.gateways[0]') == 192.0.2.0/24 ]]
	echo "no SIP at all" | send "$PEER" 10.77.1.1
	[[ $(counted in not_sip) == 2 ]]
	guard detach -a
	[[ -z $(clsacts) ]]
}

@test "upgrade: the events of one CPU are numbered on, so that no two rows are one" {
	local n

	guard attach in0 --gateway 192.0.2.0/24
	for n in 1 2; do
		printf '%s\n' 'INVITE sip:b@10.77.0.1 SIP/2.0' 'Via: SIP/2.0/UDP 10.77.0.2;branch=z9hG4bK-1' \
			'From: <sip:a@10.77.0.2>;tag=a' 'To: <sip:b@10.77.0.1>' "Call-ID: seq-$n" 'CSeq: 2147483650 INVITE' \
			'Content-Length: 0' '' | taskset -c 0 ip netns exec "$PEER" bash -c 'sed "s/$/\r/" >/dev/udp/10.77.0.1/5060'
		guard upgrade
	done
	run -0 guard events -j
	echo "$output"
	[[ $(jq -s 'map(.seq) | length == 2 and .[1] == .[0] + 1' <<<"$output") == true ]]
}

@test "attach: max-dialogs is fixed by the first attach" {
	guard attach --max-dialogs 1000 in0
	[[ $(status_json .maps.dialogs.max) == 1000 ]]
	run --separate-stderr guard attach --max-dialogs 2000 in1
	[[ $status == 0 && $stderr == *"max-dialogs stays 1000"* ]]
	run --separate-stderr guard attach --max-dialogs 1000 in1
	[[ $status == 0 && $stderr != *stays* ]]
	guard upgrade
	[[ $(status_json .maps.dialogs.max) == 1000 ]]
}

@test "attach: ring-bytes is fixed by the first attach, for both rings" {
	guard attach in0
	[[ $(status_json '.rings | [.events, .alerts] | @csv') == 16777216,4194304 ]]
	run --separate-stderr guard attach --ring-bytes 16777216 in1
	[[ $status == 0 && $stderr == *"ring-bytes stays 16777216 (events) and 4194304 (alerts)"* ]]
	guard detach -a
	guard attach --ring-bytes 4096 in0
	run --separate-stderr guard attach --ring-bytes 8192 in1
	[[ $status == 0 && $stderr == *"ring-bytes stays 4096"* ]]
	run --separate-stderr guard attach --ring-bytes 4096 in1
	[[ $status == 0 && $stderr != *stays* ]]
	guard upgrade
	[[ $(status_json '.rings | [.events, .alerts] | @csv') == 4096,4096 ]]
	guard status | grep -q '^ring  *events: 4096 bytes$'
	echo "no SIP at all" | send "$PEER" 10.77.0.1
	[[ $(counted in not_sip) == 1 ]]
}

@test "attach: the secret of a pair comes from a file of root, and is fixed by the first attach" {
	local file=$BATS_TEST_TMPDIR/secret

	refused 1 "$file: cannot open it: " guard attach --secret-file "$file" in0
	(umask 077 && echo 000102030405060708090a0b0c0d0e0f >"$file")
	chmod 640 "$file"
	refused 1 'its mode is 0640, not 0600 or 0400; run: chmod 600' guard attach --secret-file "$file" in0
	chmod 600 "$file"
	chown 1 "$file"
	refused 1 'it belongs to user 1; run: chown root' guard attach --secret-file "$file" in0
	chown 0 "$file"
	[[ ! -e $PINS ]]
	guard attach --secret-file "$file" in0
	# as bytes, in order: so the keys are equal on all hosts of the pair
	[[ $(bpftool -j map dump pinned "$PINS/secret" | jq -r '.[0].value | map(ltrimstr("0x")) | join("")') == "$(<"$file")" ]]
	chmod 400 "$file"
	guard attach --secret-file "$file" in1
	guard attach in1
	chmod 600 "$file"
	echo 000102030405060708090a0b0c0d0e10 >"$file"
	refused 1 'its maps were made with another one; when few calls run: cseqguard detach -a' \
		guard attach --secret-file "$file" in1
	[[ $(status_json '.interfaces | length') == 2 ]]
}

@test "attach: a file without a secret of 32 hexadecimal digits is refused" {
	local file=$BATS_TEST_TMPDIR/secret text

	(umask 077 && : >"$file")
	for text in '' 0 000102030405060708090a0b0c0d0e0 000102030405060708090a0b0c0d0e0g \
		000102030405060708090a0b0c0d0e0f0 $'000102030405060708090a0b0c0d0e0f\n\n'; do
		printf %s "$text" >"$file"
		refused 1 'does not consist of 32 hexadecimal digits; make one with: openssl rand -hex 16' \
			guard attach --secret-file "$file" in0
	done
	refused 1 'it is no regular file' guard attach --secret-file "$BATS_TEST_TMPDIR" in0
	printf 000102030405060708090A0B0C0D0E0F >"$file"
	guard attach --secret-file "$file" in0
}

@test "attach: maps of another layout are refused and left as they are" {
	guard attach in0
	rm "$PINS/dialogs"
	bpftool map create "$PINS/dialogs" type hash key 16 value 8 entries 10 name dialogs
	refused 1 "layout" guard attach in1
	refused 1 "layout" guard upgrade
	refused 1 "layout" guard dialogs
	refused 1 "layout" guard status
	[[ -z $(find "$PINS" -name 'link_*_in1') ]]
	rm "$PINS/config"
	bpftool map create "$PINS/config" type array key 4 value 112 entries 1 name config
	refused 1 "layout" guard attach in1
	refused 1 "layout" guard set mode=observe
	guard detach -a
	[[ ! -e $PINS ]]
}

@test "attach: an instance guards one network namespace" {
	guard attach in0
	refused 1 "-n $HOST" "$GUARD" -n "$PEER" attach out0
	refused 1 "-n $HOST" "$GUARD" -n "$PEER" detach -a
	[[ $("$GUARD" -j status | jq -r '.interfaces[0].name') == in0 ]]
	refused 1 "ip netns list" "$GUARD" -n "no-$ID" status
}

@test "cli: under ip netns exec the error names what hides the maps" {
	guard attach in0
	refused 1 "ip netns exec" ip netns exec "$HOST" "$GUARD" attach --gateway none in1
	refused 1 "ip netns exec" ip netns exec "$HOST" "$GUARD" status
	refused 1 "ip netns exec" ip netns exec "$HOST" "$GUARD" dialogs
}

@test "detach: -a leaves nothing behind" {
	local id ids
	guard attach in0 in1
	ids=$(status_json '.interfaces[] | .program_in, .program_out')
	guard detach -a
	[[ ! -e $PINS ]]
	[[ -z $(clsacts) ]]
	[[ $(ip -n "$HOST" -j link show in0 | jq '.[0].xdp') == null ]]
	for id in $ids; do # the kernel frees what tc held a moment later, and tells nobody
		timeout 10 bash -c "while bpftool prog show id $id; do :; done" >/dev/null 2>&1
	done
}

# The host answers by hand: what comes in and goes out is all that the guard looks at.
a_call() {
	local headers="Via: SIP/2.0/UDP 10.77.0.2:5060;branch=z9hG4bK-$ID
From: <sip:alice@10.77.0.2>;tag=a
Call-ID: call-$ID
CSeq: 13 INVITE"
	send "$PEER" 10.77.0.1 <<-END
		INVITE sip:bob@10.77.0.1 SIP/2.0
		$headers
		To: <sip:bob@10.77.0.1>
		Contact: <sip:alice@10.77.0.2>
		Content-Length: 0

	END
	send "$HOST" 10.77.0.2 <<-END
		SIP/2.0 200 OK
		$headers
		To: <sip:bob@10.77.0.1>;tag=b
		Contact: <sip:bob@10.77.0.1>
		Content-Length: 0

	END
}

late_bye() {
	send "$PEER" 10.77.0.1 <<-END
		BYE sip:bob@10.77.0.1 SIP/2.0
		Via: SIP/2.0/UDP 10.77.0.2:5060;branch=z9hG4bK-late
		From: <sip:alice@10.77.0.2>;tag=a
		To: <sip:bob@10.77.0.1>;tag=b
		Call-ID: call-$ID
		CSeq: 10 BYE
		Content-Length: 0

	END
}

@test "guard: follows a call while no process runs; dialogs, stats and events show it" {
	guard attach in0
	a_call
	late_bye
	guard dialogs | grep -q "^confirmed .*10.77.0.2:[0-9]* 13  *10.77.0.1:[0-9]* - .* 1  *wire-local  *udp-udp  *-  *call-$ID"
	guard -j dialogs | jq -e --arg id "call-$ID" '.[0] | .call_id == $id and .state == "confirmed"
		and .caller_cseq == 13 and .caller_addr == "10.77.0.2" and .callee_side == "local"
		and .caller_side == "wire" and .witness == 2 and .candidate_end == null
		and .blocked_byes == 1 and .end_time == null'
	[[ $(counted in out_of_order) == 1 ]]
	guard -j stats | jq -e '.dropped == 1 and .out.opened == 1'
	run guard -j events
	[[ $status == 0 && ${#lines[@]} == 2 ]]
	jq -e '.event == "start"' <<<"${lines[0]}"
	jq -e '.event == "violation" and .reason == "out_of_order" and .action == "drop" and .cseq == 10
		and .expected_cseq == 14 and .leg == "caller" and .source == "10.77.0.2"
		and .interface == "in0"' <<<"${lines[1]}"
	run -0 guard -j events # takes none
	[[ ${#lines[@]} == 2 ]]
}

@test "events: -f shows new events to each who looks, and says that a full ring loses further ones" {
	local follower
	guard attach --ring-bytes 4096 in0 # 13 events
	mkfifo "$BATS_TEST_TMPDIR/events" "$BATS_TEST_TMPDIR/notices"
	"$GUARD" -n "$HOST" events -f >"$BATS_TEST_TMPDIR/events" 2>"$BATS_TEST_TMPDIR/notices" 3>&- &
	follower=$!
	exec 8<"$BATS_TEST_TMPDIR/events" 9<"$BATS_TEST_TMPDIR/notices"
	a_call
	read -r -t 10 -u 8 line
	[[ $line == *" start "*"call-$ID" ]]
	run -0 guard events
	[[ ${#lines[@]} == 1 && $output == "$line" ]]
	late_bye
	read -r -t 10 -u 8 line
	[[ $line == *" violation out_of_order drop BYE of caller cseq 10 expected 14 "* ]]
	for _ in {1..15}; do
		late_bye
	done
	read -r -t 30 -u 9 line
	[[ $line == *'ring alerts is full: further events are lost until cseqguardd reads it' ]]
	kill "$follower"
	wait "$follower" || true
}
