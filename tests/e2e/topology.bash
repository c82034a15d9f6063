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
