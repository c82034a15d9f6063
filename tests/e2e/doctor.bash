# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
# shellcheck shell=bash disable=SC2119,SC2120
#
# What the tests of doctor and check share: a namespace a test, with a veth pair, host (in0) and peer.
# Needs lib.bash.

setup_file() {
	lab_up "$$-t" "$LAB_PG"
}

setup() {
	ID=$LAB_ID-$BATS_TEST_NUMBER
	HOST=doctor-host-$ID PEER=doctor-peer-$ID DB=doctor_${ID//-/_}
	export CSEQGUARD_INSTANCE=doctor-$ID CSEQGUARD_CONFIG=
	export CSEQGUARD_RUN_DIR=$LAB_DIR/run-$BATS_TEST_NUMBER SPOOL=$LAB_DIR/spool-$BATS_TEST_NUMBER/s.db
	PINS=/sys/fs/bpf/cseqguard/$CSEQGUARD_INSTANCE
	install -d "$CSEQGUARD_RUN_DIR" "${SPOOL%/*}"
	ip netns add "$HOST"
	ip netns add "$PEER"
	ip -n "$HOST" link add in0 type veth peer name out0 netns "$PEER"
	ip -n "$HOST" addr add 10.77.0.1/24 dev in0
	ip -n "$HOST" link set in0 up
	ip -n "$PEER" link set out0 up
}

teardown() {
	[[ -n ${BATS_TEST_COMPLETED:-} ]] || printf '%s\n' "${output:-}" >&2
	[[ -z ${HELPER:-} ]] || kill "$HELPER" || :
	[[ -z ${DAEMON:-} ]] || daemon_end
	umount "${SPOOL%/*}" 2>/dev/null || :
	[[ ! -e $PINS ]] || cg detach -a || rm -r "$PINS"
	ip netns del "$HOST"
	ip netns del "$PEER"
}

cg() { # VERB [ARGUMENT]...; attach without --gateway: there is none
	[[ $1 != attach || " $* " == *' --gateway '* ]] || set -- "$@" --gateway none
	"$LAB_OUT/cseqguard" -n "$HOST" "$@"
}

in_host() { # COMMAND...: with the mounts that we have
	nsenter "--net=/run/netns/$HOST" "$@"
}

doctor() { # [ARGUMENT]...: output and status as run has them; the same lines by -j
	run -"${CODE:-0}" --separate-stderr cg doctor --spool "$SPOOL" "$@"
}

finds() { # VERDICT OBJECT REGEX: a line of output
	grep -qE "^$1 +$2 +.*$3" <<<"$output" || {
		echo "no line '$1 $2 $3'"
		return 1
	}
}

finds_no() { # VERDICT OBJECT REGEX
	! grep -qE "^$1 +$2 +.*$3" <<<"$output"
}

daemon() { # [OPTION]...
	rm -f "$CSEQGUARD_RUN_DIR/$CSEQGUARD_INSTANCE.sock"
	"$LAB_OUT/cseqguardd" --spool "$SPOOL" --sweep 200ms "$@" >>"$LAB_DIR/daemon.log" 2>&1 </dev/null 3>&- &
	DAEMON=$!
	lab_wait 10 test -S "$CSEQGUARD_RUN_DIR/$CSEQGUARD_INSTANCE.sock"
}

daemon_end() {
	kill -KILL "$DAEMON"
	wait "$DAEMON" 2>/dev/null || :
	DAEMON=
}

provoke() { # WHAT ARGUMENT...: in the background
	"$LAB_TOP/tests/e2e/doctor_faults.py" "$@" 3>&- &
	HELPER=$!
}

stranger() { # SECTION VERDICT: the file of a program that passes everything
	printf '%s\n' "__attribute__((section(\"$1\"), used)) int stranger(void *c) { return $2; }" \
		'char gpl[] __attribute__((section("license"), used)) = "GPL";' |
		clang -target bpf -O2 -g -x c -c - -o "$BATS_TEST_TMPDIR/stranger.o"
	echo "$BATS_TEST_TMPDIR/stranger.o"
}

foreign_filter() { # PRIORITY
	own_bpffs tc -n "$HOST" filter add dev in0 egress prio "$1" bpf direct-action obj "$(stranger tc 0)" sec tc
}

# iproute2 leaves folders in the bpffs that it sees: it gets one of its own.
own_bpffs() { # COMMAND...
	unshare -m sh -c 'mount -t bpf bpf /sys/fs/bpf && exec "$@"' sh "$@"
}

calls() { # N SERIES [PART]
	"$LAB_OUT/tests/bench/calls" "$CSEQGUARD_INSTANCE" "$@"
}

db() { # [USER]: conninfo of this test's database
	printf 'host=%s user=%s dbname=%s' "$LAB_PG" "${1:-postgres}" "$DB"
}

schema() {
	"$LAB_OUT/cseqguardd" --print-schema | psql -Xq1 -v ON_ERROR_STOP=1 -d "$(db)" >/dev/null
}
