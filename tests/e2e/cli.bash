# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
# shellcheck shell=bash
#
# What the tests of the CLI without a daemon share. Each test has two namespaces, joined by two veth pairs: host
# (guarded: in0, in1) and peer; and an instance of its own, or the maps of its file. Needs lib.bash.

# The instance whose maps live as long as the file: its first attach takes two seconds, the next ones none.
setup_file() {
	export MAPS_OF_THE_FILE=cli-$$-maps
}

teardown_file() {
	[[ ! -e /sys/fs/bpf/cseqguard/$MAPS_OF_THE_FILE ]] || "$LAB_OUT/cseqguard" detach -a --instance "$MAPS_OF_THE_FILE"
}

setup() {
	GUARD=$LAB_OUT/cseqguard
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
	[[ ! -e $PINS ]] || guard detach -a --instance "cli-$ID" || rm -r "$PINS"
	[[ ! -e /sys/fs/bpf/cseqguard/$MAPS_OF_THE_FILE ]] || leave_maps_of_the_file
	ip netns del "$HOST"
	ip netns del "$PEER"
}

# For a test that needs an instance, and not a new one: with the settings of a first attach, and no interface.
maps_of_the_file() {
	CSEQGUARD_INSTANCE=$MAPS_OF_THE_FILE
}

leave_maps_of_the_file() {
	local names

	CSEQGUARD_INSTANCE=$MAPS_OF_THE_FILE
	names=$(guard -j status | jq -r '.interfaces[].name')
	# shellcheck disable=SC2086 # words
	[[ -z $names ]] || guard detach $names
	guard set mode=enforce gateway= host= >/dev/null
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
