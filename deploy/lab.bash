# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
# shellcheck shell=bash disable=SC2015,SC2034
#
# A small telephone network of its own, for the demo and the end-to-end tests: four network
# namespaces, of which `proxy` is the guarded host, and a private PostgreSQL cluster. Several labs
# run side by side: every name carries LAB_ID, every address lives in the lab's own namespaces.
#
#   caller 10.77.1.1 --- caller0 .                . gateway0 --- 10.77.2.1 gateway
#                                  proxy 10.77.0.1
#   third  10.77.3.1 --- third0  .
#
# Sets LAB_ID, LAB_DIR (throw-away folder) and LAB_PG (folder of PostgreSQL's socket). More hosts go
# into LAB_HOSTS and LAB_INTERFACES beforehand; LAB_SECOND, LAB_TCP and
# LAB_MEMORY (MiB) are for Kamailio, LAB_PG_OPTIONS (-c NAME=VALUE) for PostgreSQL.

export CSEQGUARD_CONFIG= # never the host's own file
LAB_CALLER=10.77.1.1
LAB_GATEWAY=10.77.2.1
LAB_THIRD=10.77.3.1
LAB_PROXY=10.77.0.1
LAB_OUTSIDE=10.77.1.254
LAB_INSIDE=10.77.2.254
LAB_HOSTS=(caller gateway third)
LAB_INTERFACES=(caller0 gateway0 third0)

# One line to stderr, then failure.
lab_fail() {
	printf '%s\n' "$*" >&2
	return 1
}

# lab_wait SECONDS COMMAND...: until COMMAND succeeds; fails when the time is over. It polls less and less
# often, after 20 ms to 200 ms: COMMAND may be a whole psql.
lab_wait() {
	local deadline=$((${EPOCHREALTIME/./} + $1 * 1000000)) pause=20
	shift
	until "$@" >/dev/null 2>&1; do
		((${EPOCHREALTIME/./} < deadline)) || return 1
		read -rt "0.$(printf %03d "$pause")" <> <(:) || :
		((pause += pause < 200 ? 20 : 0))
	done
}

lab_ns() { # HOST: the name of its namespace
	printf 'cg%s-%s' "$LAB_ID" "$1"
}

lab_in() { # HOST COMMAND...: run there (in the background $! is a shell above it)
	local ns
	ns=$(lab_ns "$1")
	shift
	ip netns exec "$ns" "$@"
}

lab_address() { # HOST
	local name=LAB_${1^^}
	printf '%s' "${!name}"
}

lab_listens() { # HOST PORT: is a UDP socket bound there?
	[[ -n $(lab_in "$1" ss -Hlun "sport = :$2") ]]
}

# A process id comes again within one test run, and the databases of a shared cluster outlive their lab: the
# time makes LAB_ID unique.
lab_up() { # PID [PG]: PG is LAB_PG of a cluster that runs already
	LAB_ID=${EPOCHSECONDS: -5}x$1
	LAB_PG=${2:-}
	LAB_DIR=$(mktemp -d "${TMPDIR:-/tmp}/cseqguard-$LAB_ID.XXXXXX") || return
	chmod 755 "$LAB_DIR"
	LAB_BPFFS=$(stat -f -c %T /sys/fs/bpf)
	export LAB_ID LAB_DIR LAB_PG LAB_BPFFS CSEQGUARD_STATE_DIR=$LAB_DIR/state
	lab_network || lab_fail "lab $LAB_ID: cannot make network namespaces: run as root"
}

lab_network() {
	local proxy host n=0

	proxy=$(lab_ns proxy)
	ip netns add "$proxy" || return
	ip -n "$proxy" link set lo up
	ip -n "$proxy" addr add "$LAB_PROXY/32" dev lo
	for host in "${LAB_HOSTS[@]}"; do
		n=$((n + 1))
		lab_host "$proxy" "$host" "10.77.$n" || return
	done
}

lab_host() { # PROXY-NAMESPACE HOST NET
	local proxy=$1 host=$2 net=$3 ns

	ns=$(lab_ns "$host")
	ip netns add "$ns" &&
		lab_in "$host" sysctl -qw net.ipv6.conf.default.disable_ipv6=1 &&
		ip link add "${host}0" netns "$proxy" type veth peer name eth0 netns "$ns" &&
		ip -n "$proxy" addr add "$net.254/24" dev "${host}0" &&
		ip -n "$proxy" link set "${host}0" up &&
		ip -n "$ns" link set lo up &&
		ip -n "$ns" addr add "$net.1/24" dev eth0 &&
		ip -n "$ns" link set eth0 up &&
		ip -n "$ns" route add default via "$net.254"
}

# Ends every process of the lab's namespaces (all are the lab's own), then the rest.
lab_down() {
	local host pid

	[[ -n ${LAB_ID:-} ]] || return 0
	guard_daemon_end KILL || :
	[[ ! -d /sys/fs/bpf/cseqguard/lab-$LAB_ID ]] || guard_down || :
	for host in proxy "${LAB_HOSTS[@]}"; do
		for pid in $(ip netns pids "$(lab_ns "$host")" 2>/dev/null); do
			kill -KILL "$pid" 2>/dev/null || :
		done
		ip netns del "$(lab_ns "$host")" 2>/dev/null || :
	done
	lab_bpffs
	[[ ! -d $LAB_DIR/pgdata ]] || pg_down
	lab_remove
}

lab_remove() { # LAB_DIR; KEEP=1 keeps it, and names it where bats shows it
	if [[ -z ${KEEP:-} ]]; then
		rm -rf --one-file-system "$LAB_DIR"
	elif { : >&3; } 2>/dev/null; then
		printf '# kept: %s\n' "$LAB_DIR" >&3
	else
		printf 'kept: %s\n' "$LAB_DIR" >&2
	fi
}

# attach mounts a bpffs if there is none. Unmounts it, unless another instance has come to use it.
lab_bpffs() {
	local used

	used=$(find /sys/fs/bpf -mindepth 1 ! -name '*.debug' -print -quit)
	if [[ $LAB_BPFFS != bpf_fs && -z $used ]]; then
		umount /sys/fs/bpf 2>/dev/null || :
	fi
}

# --- PostgreSQL ----------------------------------------------------------------------------------

pg_as() { # COMMAND...: the newest PostgreSQL's own tools, as its user
	local bin
	bin=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
	(cd "$LAB_DIR" && exec setpriv --reuid=postgres --regid=postgres --init-groups \
		env PATH="$bin:$PATH" "$@")
}

pg_up() { # a cluster in LAB_DIR; no TCP, no fsync
	LAB_PG=$LAB_DIR/pg
	export LAB_PG
	install -d -o postgres -g postgres "$LAB_PG" "$LAB_DIR/pgdata" &&
		pg_as initdb -D "$LAB_DIR/pgdata" -A trust -E UTF8 --no-locale --no-sync \
			>"$LAB_DIR/pg.log" &&
		pg_start ||
		lab_fail "PostgreSQL: no private cluster: see $LAB_DIR/pg.log"
}

pg_start() {
	pg_as pg_ctl -D "$LAB_DIR/pgdata" -w -l "$LAB_PG/server.log" -o "-c listen_addresses='' \
		-c unix_socket_directories='$LAB_PG' -c fsync=off -c shared_buffers=16MB ${LAB_PG_OPTIONS:-}" \
		start >>"$LAB_DIR/pg.log" 3>&-
}

pg_stop() { # MODE
	pg_as pg_ctl -D "$LAB_DIR/pgdata" -m "$1" -w stop >>"$LAB_DIR/pg.log" 3>&-
}

pg_down() {
	pg_as pg_ctl -D "$LAB_DIR/pgdata" -m immediate stop >/dev/null 2>&1 || :
}

pg_conninfo() { # DATABASE
	printf 'host=%s user=postgres dbname=%s' "$LAB_PG" "$1"
}

sql() { # DATABASE STATEMENT: rows as bare text, columns apart by |
	psql -XAtq -P pager=off -v ON_ERROR_STOP=1 -d "$(pg_conninfo "$1")" -c "$2"
}

# --- Kamailio ------------------------------------------------------------------------------------

# A database with Kamailio's own tables, and what the acc rows say beyond Kamailio's default.
kamailio_db() { # DATABASE
	local table scripts=/usr/share/kamailio/postgres

	sql postgres "CREATE DATABASE $1" || return
	for table in standard acc; do
		psql -Xq -v ON_ERROR_STOP=1 -d "$(pg_conninfo "$1")" \
			-f "$scripts/$table-create.sql" || return
	done
	sql "$1" 'ALTER TABLE acc ADD cseq text, ADD src_ip text;
		ALTER TABLE acc_cdrs ADD callid text'
}

kamailio_up() { # DATABASE [ADDRESS]...: a proxy on the guarded host, on LAB_PROXY or these
	local config=${BASH_SOURCE[0]%/*}/kamailio.cfg address listen=() second=()

	for address in "${@:2}"; do
		listen+=(-l "udp:$address:5060")
	done
	if ((${#listen[@]})); then
		listen+=(-A MHOMED)
	else
		listen=(-l "udp:$LAB_PROXY:5060")
	fi

	[[ -z ${LAB_TCP:-} ]] || listen+=(-l "tcp:$LAB_PROXY:5060" -A TCP)
	if [[ -n ${LAB_SECOND:-} ]]; then
		printf '1 sip:%s:5060\n' "$LAB_GATEWAY" "$LAB_SECOND" >"$LAB_DIR/gateways"
		second=(-A "SECOND=\"$LAB_SECOND\"" -A "GATEWAYS=\"$LAB_DIR/gateways\"")
	fi
	install -d "$LAB_DIR/kamailio"
	PGHOST=$LAB_PG lab_in proxy kamailio -DD -E -f "$config" "${listen[@]}" -m "${LAB_MEMORY:-32}" -M 8 \
		-A "DATABASE=\"postgres://postgres@/$1\"" -A "GATEWAY=\"$LAB_GATEWAY\"" \
		-A "CUSTOMER=\"$LAB_CALLER\"" "${second[@]}" -Y "$LAB_DIR/kamailio" \
		>"$LAB_DIR/kamailio.log" 2>&1 </dev/null 3>&- &
	lab_wait 10 lab_listens proxy 5060 ||
		lab_fail "Kamailio does not start: $(tail -n 1 "$LAB_DIR/kamailio.log")"
}

# --- the guard -----------------------------------------------------------------------------------

LAB_TOP=$(cd "${BASH_SOURCE[0]%/*}/.." && pwd)
LAB_OUT=${LAB_OUT:-$LAB_TOP/out}

guard() { # VERB [ARGUMENT]...: the CLI, on the lab's instance
	CSEQGUARD_RUN_DIR=$LAB_DIR/run "$LAB_OUT/cseqguard" "$1" \
		--instance "lab-$LAB_ID" -n "$(lab_ns proxy)" "${@:2}"
}

guard_up() { # [ATTACH-OPTION]...: all interfaces of the guarded host; without --gateway there is none
	[[ " $* " == *' --gateway '* ]] || set -- --gateway none "$@"
	guard attach "$@" "${LAB_INTERFACES[@]}"
}

guard_down() {
	guard detach -a
}

guard_daemon() { # DATABASE [OPTION]...: returns when it has made its schema. LAB_DAEMON_NET: its network namespace
	local enter=()

	[[ -z ${LAB_DAEMON_NET:-} ]] || enter=(nsenter "--net=/run/netns/$LAB_DAEMON_NET")
	install -d "$LAB_DIR/run"
	CSEQGUARD_RUN_DIR=$LAB_DIR/run "${enter[@]}" "$LAB_OUT/cseqguardd" --instance "lab-$LAB_ID" --node lab \
		--db "$(pg_conninfo "$1")" --spool "$LAB_DIR/spool.db" "${@:2}" \
		>>"$LAB_DIR/daemon.log" 2>&1 </dev/null 3>&- &
	printf '%d' $! >"$LAB_DIR/daemon.pid"
	disown
	lab_wait 10 sql "$1" 'SELECT FROM cseqguard.cdr LIMIT 1' ||
		lab_fail "cseqguardd does not start: $(tail -n 1 "$LAB_DIR/daemon.log")"
}

guard_daemon_end() { # SIGNAL: to LAB_DAEMON, or whom guard_daemon started last
	local pid=${LAB_DAEMON:-}

	[[ -n $pid || ! -e $LAB_DIR/daemon.pid ]] || pid=$(<"$LAB_DIR/daemon.pid")
	LAB_DAEMON=
	[[ -n $pid ]] || return 0
	rm -f "$LAB_DIR/daemon.pid"
	kill "-$1" "$pid" 2>/dev/null || :
	lab_wait 10 test ! -e "/proc/$pid/exe" || lab_fail 'cseqguardd does not end'
}
