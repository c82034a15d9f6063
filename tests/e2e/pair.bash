# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
# shellcheck shell=bash disable=SC2034
#
# Two guarded edge hosts, each with a Kamailio, that share one address and a Redis. The address is moved by
# hand. The hosts are on one link; namespace `proxy` of lab.bash is its switch:
#
#   caller 10.77.1.1 ---.       .--- edge1 10.77.0.11 .
#                        switch ---- edge2 10.77.0.12 . 10.77.0.1 on one of them
#   gateway 10.77.2.1 --'       '--- store 10.77.0.9: Redis
#
# Needs lab.bash.

LAB_HOSTS=(caller gateway edge1 edge2 store)
LAB_EDGE1=10.77.0.11
LAB_EDGE2=10.77.0.12
LAB_STORE=10.77.0.9
REDIS_PORT=6379

# --- the network ---------------------------------------------------------------------------------

lab_network() { # instead of the one of lab.bash
	local host

	ip netns add "$(lab_ns proxy)" || return
	ip -n "$(lab_ns proxy)" link add switch type bridge &&
		ip -n "$(lab_ns proxy)" link set switch up || return
	for host in "${LAB_HOSTS[@]}"; do
		host_up "$host" || return
	done
}

host_up() { # HOST: its namespace, on the switch
	local host=$1 ns

	ns=$(lab_ns "$host")
	ip netns add "$ns" &&
		lab_in "$host" sysctl -qw net.ipv6.conf.default.disable_ipv6=1 net.ipv4.ip_nonlocal_bind=1 &&
		ip link add "$host" netns "$(lab_ns proxy)" type veth peer name eth0 netns "$ns" &&
		ip -n "$(lab_ns proxy)" link set "$host" master switch up &&
		ip -n "$ns" link set lo up &&
		ip -n "$ns" addr add "$(lab_address "$host")/16" dev eth0 &&
		ip -n "$ns" link set eth0 up
}

# The shared address goes to EDGE. Its neighbours know it at once, as after a gratuitous ARP.
address_to() { # EDGE
	local mac host other=edge$((3 - ${1#edge}))

	ip -n "$(lab_ns "$other")" addr del "$LAB_PROXY/32" dev eth0 2>/dev/null || :
	ip -n "$(lab_ns "$1")" addr replace "$LAB_PROXY/32" dev eth0
	mac=$(lab_in "$1" cat /sys/class/net/eth0/address)
	for host in caller gateway; do
		ip -n "$(lab_ns "$host")" neigh replace "$LAB_PROXY" lladdr "$mac" dev eth0 nud permanent
	done
}

# --- Redis ---------------------------------------------------------------------------------------

redis_up() { # [OPTION]...: it keeps nothing on disk
	lab_in store redis-server --bind "$LAB_STORE" --port "$REDIS_PORT" --protected-mode no --save '' \
		--appendonly no --dir "$LAB_DIR" "$@" >>"$LAB_DIR/redis.log" 2>&1 </dev/null 3>&- &
	lab_wait 10 redis PING || lab_fail "Redis does not start: $(tail -n 1 "$LAB_DIR/redis.log")"
}

redis_signal() { # SIGNAL: its namespace has no other process
	ip netns pids "$(lab_ns store)" | xargs -r kill "-$1"
}

redis_killed() {
	redis_signal KILL
	lab_wait 10 eval '[[ -z $(ip netns pids "$(lab_ns store)") ]]'
}

redis() { # COMMAND...
	lab_in store redis-cli -h "$LAB_STORE" -p "$REDIS_PORT" "$@"
}

# --- an edge host --------------------------------------------------------------------------------

on() { # EDGE VERB [ARGUMENT]...: the CLI there
	"$LAB_OUT/cseqguard" "$2" --instance "lab-$LAB_ID-$1" -n "$(lab_ns "$1")" "${@:3}"
}

edge_attach() { # EDGE [OPTION]...
	on "$1" attach --secret-file "$LAB_DIR/secret" --gateway "$LAB_GATEWAY/32" --host "$LAB_PROXY" "${@:2}" eth0
}

edge_daemon() { # EDGE [OPTION]...: EDGE_PG: folder of PostgreSQL's socket
	nsenter "--net=/run/netns/$(lab_ns "$1")" "$LAB_OUT/cseqguardd" --instance "lab-$LAB_ID-$1" --node "$1" \
		--db "host=${EDGE_PG:-$LAB_PG} user=postgres dbname=$CDRS" --spool "$LAB_DIR/$1.db" \
		--pair lab --redis "$LAB_STORE:$REDIS_PORT" --grace 1s --sweep 2s "${@:2}" >>"$LAB_DIR/$1.log" 2>&1 </dev/null 3>&- &
	printf '%d' $! >"$LAB_DIR/$1.pid"
	disown
}

edge_kamailio() { # EDGE
	install -d "$LAB_DIR/kamailio-$1"
	lab_in "$1" kamailio -DD -E -f "$LAB_TOP/tests/e2e/edge.cfg" -l "udp:$LAB_PROXY:5060" -m 32 -M 8 \
		-A "GATEWAY=\"$LAB_GATEWAY\"" -Y "$LAB_DIR/kamailio-$1" >"$LAB_DIR/kamailio-$1.log" 2>&1 </dev/null 3>&- &
	lab_wait 10 lab_listens "$1" 5060 || lab_fail "Kamailio: $(tail -n 1 "$LAB_DIR/kamailio-$1.log")"
}

edge_up() { # EDGE [ATTACH-OPTION]...
	edge_attach "$@" && edge_daemon "$1" && edge_kamailio "$1"
}

pair_up() { # [ATTACH-OPTION]...: both hosts; edge1 has the address
	local edge

	lab_up "$$-p" "${LAB_PG:-}"
	[[ -n $LAB_PG ]] || pg_up
	export CDRS=cdr_${LAB_ID/-/_} CSEQGUARD_RUN_DIR=$LAB_DIR/run
	install -d "$LAB_DIR/run"
	sql postgres "CREATE DATABASE $CDRS"
	(umask 077 && od -An -N16 -tx1 /dev/urandom | tr -d ' \n' >"$LAB_DIR/secret")
	redis_up
	for edge in edge1 edge2; do
		edge_up "$edge" "$@"
	done
	address_to edge1
	lab_wait 20 pair_is_whole || lab_fail "no pair: $(tail -n 3 "$LAB_DIR"/edge?.log)"
}

pair_is_whole() { # each daemon sees the other
	local edge

	for edge in edge1 edge2; do
		[[ $(on "$edge" status -j | jq '[.pair.peers[] | select(.alive)] | length') == 1 ]] || return
	done
}

foreign() { # EDGE: how many dialogs of the other host it guards
	on "$1" dialogs --foreign -j | jq length
}

edge_counted() { # EDGE REASON
	on "$1" stats -j | jq -r ".in.$2 // 0"
}

# --- how a host fails ----------------------------------------------------------------------------

edge_killed() { # EDGE: its daemon is gone
	local pid

	pid=$(<"$LAB_DIR/$1.pid")
	rm -f "$LAB_DIR/$1.pid"
	kill -KILL "$pid" 2>/dev/null || :
	lab_wait 10 test ! -e "/proc/$pid/exe"
}

power_cut() { # EDGE: from now on it does nothing
	ip -n "$(lab_ns proxy)" link set "$1" down
	edge_killed "$1"
}

# What a machine that has lost its power has no more: all but its disk. That takes a while.
remains_removed() { # EDGE
	local pid

	for pid in $(ip netns pids "$(lab_ns "$1")"); do
		kill -KILL "$pid" 2>/dev/null || :
	done
	rm -rf "/sys/fs/bpf/cseqguard/lab-$LAB_ID-$1"
	ip netns del "$(lab_ns "$1")"
}

network_cut() { # EDGE
	ip -n "$(lab_ns proxy)" link set "$1" down
}

network_heals() { # EDGE
	ip -n "$(lab_ns proxy)" link set "$1" up
}

pair_down() {
	local edge

	for edge in edge1 edge2; do
		[[ ! -e $LAB_DIR/$edge.pid ]] || edge_killed "$edge" || :
		[[ ! -d /sys/fs/bpf/cseqguard/lab-$LAB_ID-$edge ]] || on "$edge" detach -a || :
	done
	lab_down
}

pair_evidence() { # prints what a failed test leaves
	local edge

	sql "$CDRS" "SELECT call_id, node, end_time - answer_time, end_reason, ended_by, bye_confirmed, suspect,
		blocked_byes FROM cseqguard.cdr WHERE call_id = '$call'"
	for edge in edge1 edge2; do
		[[ ! -e /run/netns/$(lab_ns "$edge") ]] || on "$edge" status || :
		tail -n 5 "$LAB_DIR/$edge.log"
	done
}
