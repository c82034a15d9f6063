# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
# shellcheck shell=bash disable=SC2153
#
# More hosts between the two ends of a call: proxies of topology.cfg, on the guarded host and beyond, and
# peers that hide topology.

lab_address_add() { # HOST ADDRESS DEVICE
	ip -n "$(lab_ns "$1")" addr add "$2/$([[ $3 == lo ]] && echo 32 || echo 24)" dev "$3"
}

listens_at() { # HOST ADDRESS
	lab_in "$1" ss -Hlun "src $2 and sport = :5060" | grep -q .
}

proxy_at() { # HOST ADDRESS NEXT [-A DEFINE]...: a proxy of topology.cfg
	local file=$LAB_DIR/at-$2

	install -d "$file"
	PGHOST=$LAB_PG lab_in "$1" kamailio -DD -E -f "$LAB_TOP/tests/e2e/topology.cfg" -l "udp:$2:5060" \
		-m 16 -M 4 -A "NEXT=\"$3\"" "${@:4}" -Y "$file" >"$file.log" 2>&1 </dev/null 3>&- &
	lab_wait 10 listens_at "$1" "$2" || lab_fail "Kamailio at $2 does not start: $(tail -n 1 "$file.log")"
}

hiding_at() { # ADDRESS [renumber]: hiding.py on the guarded host
	"$LAB_TOP/tests/e2e/hiding.py" proxy "$1" "$LAB_GATEWAY" "${@:2}" >"$LAB_DIR/at-$1.log" 2>&1 </dev/null 3>&- &
	lab_wait 10 listens_at proxy "$1" || lab_fail "hiding.py at $1 does not start: $(tail -n 1 "$LAB_DIR/at-$1.log")"
}

from() { # ADDRESS: the call's one row says that the caller is there, and the guard read him
	assert_equal "$1 wire" cdr "concat_ws(' ', host(caller_addr), caller_side)"
}

still_open() { # REASON: a violation says why the BYE ended nothing
	eventually "$1 pass" violations "reason || ' ' || action"
	cdr_open
}

# HOST has a TAP device instead of its veth, and lossy_line between the two. The veth has another MAC address and
# answers no ARP, so that the host itself takes nothing from it.
lossy_host() { # HOST
	local ns mac address

	ns=$(lab_ns "$1") address=$(lab_address "$1")
	mac=$(ip -n "$ns" -j link show eth0 | jq -r '.[0].address')
	ip -n "$ns" link set eth0 down
	ip -n "$ns" addr flush dev eth0
	ip -n "$ns" link set eth0 name wire0 address 02:00:00:00:00:99 arp off
	ip -n "$ns" tuntap add dev eth0 mode tap
	ip -n "$ns" link set eth0 address "$mac"
	ip -n "$ns" addr add "$address/24" dev eth0
	ip -n "$ns" link set wire0 up
	ip -n "$ns" link set eth0 up
	ip -n "$ns" route add default via "${address%.*}.254"
}

lossy_line() { # HOST LOSS [SEED]: in the place of the line before
	[[ -z ${LOSSY_PID:-} ]] || kill "$LOSSY_PID"
	[[ -z ${LOSSY_PID:-} ]] || lab_wait 10 test ! -e "/proc/$LOSSY_PID/exe"
	ip netns exec "$(lab_ns "$1")" "$LAB_TOP/tests/e2e/lossy.py" eth0 wire0 "${@:2}" \
		>"$LAB_DIR/lossy.log" 2>&1 </dev/null 3>&- &
	LOSSY_PID=$!
	lab_wait 30 grep -q ready "$LAB_DIR/lossy.log"
}
