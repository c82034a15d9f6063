#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# Devices and faults that not every kernel has: WireGuard, GRE, IPIP, netem. `make test-vm` runs this in Debian 12's
# own kernel, where loading the programs takes minutes: so one attach serves all tests. No database, no proxy.

# shellcheck disable=SC2153
bats_require_minimum_version 1.5.0
load ../lib

# Of each device: the address on the guarded host, which is `proxy`, and on the caller's.
ends() { # NET
	ON_HOST=10.78.$1.254 ON_CALLER=10.78.$1.1
}

setup_file() {
	LAB_HOSTS=(caller)
	LAB_INTERFACES=(caller0 eg0)
	lab_up "$$" ''
	wireguard_up
	device_up wg0 1
	tunnel_up gr0 2 gre
	tunnel_up ip0 3 ipip
	tunnel_up eg0 4 gretap
	guard_up --tcp enforce >&2
}

teardown() {
	sip_over
	[[ -n ${BATS_TEST_COMPLETED:-} ]] || { guard stats && tail -n 5 "$LAB_DIR"/*.log; } >&2
}

device_up() { # DEVICE NET: at both ends
	local ON_HOST ON_CALLER

	ends "$2"
	ip -n "$(lab_ns proxy)" addr add "$ON_HOST/24" dev "$1"
	ip -n "$(lab_ns caller)" addr add "$ON_CALLER/24" dev "$1"
	ip -n "$(lab_ns proxy)" link set "$1" up
	ip -n "$(lab_ns caller)" link set "$1" up
}

tunnel_up() { # DEVICE NET TYPE
	ip -n "$(lab_ns proxy)" link add "$1" type "$3" local "$LAB_OUTSIDE" remote "$LAB_CALLER"
	ip -n "$(lab_ns caller)" link add "$1" type "$3" local "$LAB_CALLER" remote "$LAB_OUTSIDE"
	device_up "$1" "$2"
}

wireguard_up() {
	local host

	for host in proxy caller; do
		wg genkey >"$LAB_DIR/$host.key"
		ip -n "$(lab_ns "$host")" link add wg0 type wireguard
	done
	lab_in proxy wg set wg0 listen-port 51820 private-key "$LAB_DIR/proxy.key" \
		peer "$(wg pubkey <"$LAB_DIR/caller.key")" allowed-ips 10.78.0.0/16
	lab_in caller wg set wg0 private-key "$LAB_DIR/caller.key" \
		peer "$(wg pubkey <"$LAB_DIR/proxy.key")" endpoint "$LAB_OUTSIDE:51820" allowed-ips 10.78.0.0/16
}

sum() { # REASON: packets of either direction
	guard stats -j | jq "(.in.$1 // 0) + (.out.$1 // 0)"
}

# A call from the caller to an endpoint on the guarded host, over the device of NET, with BYE 10 in it.
attack() { # NET STEP...: of the callee, behind the call
	local ON_HOST ON_CALLER

	ends "$1"
	sip_play proxy callee -i "$ON_HOST" -timeout 300s < <(uas_call; "${@:2}")
	lab_wait 60 listens "$ON_HOST"
	SIP_REMOTE=$ON_HOST sip_caller caller caller "$call" -i "$ON_CALLER" -timeout 300s -default_behaviors none < <(
		uac_call 13
		sip_pause 1000
		uac_request BYE 10
		sip_pause 2000
		bye 14
	)
	sip_ended caller callee
}

listens() { # ADDRESS
	lab_in proxy ss -Hlun "src $1 and sport = :5060" | grep -q .
}

both_byes() { # BYE 10 arrives, and is refused
	sip_serve BYE 500 'Request Out of Order'
	sip_serve BYE 200 OK
}

doctor_finds() { # VERDICT OBJECT REGEX
	guard doctor >"$LAB_DIR/doctor" || :
	grep -E "^$1 +$2 +.*$3" "$LAB_DIR/doctor" || {
		cat "$LAB_DIR/doctor" >&2
		return 1
	}
}

@test "H18 attach: real WireGuard, GRE and IPIP devices have no Ethernet header, and are refused" {
	local device

	for device in wg0 gr0 ip0; do
		run -1 guard attach "$device"
		[[ $output == *"$device: cannot attach: its packets have no Ethernet header"* ]]
		guard doctor "$device" >"$LAB_DIR/doctor" || :
		grep "$device.*attach refuses it" "$LAB_DIR/doctor"
	done
	[[ $(guard status -j | jq -r '[.interfaces[].name] | sort | join(" ")') == 'caller0 eg0' ]]
}

@test "H18 the attack of 2008 in a WireGuard device: the guard reads nothing, BYE 10 arrives" {
	local before

	before=$(sum out_of_order)
	attack 1 both_byes
	[[ $(sum out_of_order) == "$before" ]]
	[[ $(lab_in proxy wg show wg0 latest-handshakes | cut -f 2) != 0 ]]
}

@test "F1 the attack of 2008 in a guarded gretap device: BYE 10 is dropped, BYE 14 passes" {
	local before

	before=$(sum out_of_order)
	attack 4 sip_serve BYE 200 OK
	[[ $(sum out_of_order) == $((before + 1)) ]]
}

@test "H18 GRE and IPIP on a guarded device are counted as tunnels: doctor names the device that the packets come out of" {
	local before net

	for net in 2 3; do
		before=$(sum tunnel)
		attack "$net" both_byes
		(($(sum tunnel) > before))
	done
	doctor_finds warning tunnel 'out of .*gr0 \(gre\).*, without an Ethernet header, so that attach refuses it'
	doctor_finds warning tunnel 'out of .*ip0 \(ipip\).*, without an Ethernet header'
	for net in wg0 gr0 ip0; do
		ip -n "$(lab_ns proxy)" link set "$net" down
	done
	doctor_finds ok tunnel 'out of eg0 \(gretap\), which is attached'
}

@test "H13 messages over TCP through netem, which loses, duplicates and reorders: each arrives once, no connection stalls" {
	local host device before

	before=$(guard stats -j | jq -c '[.in | .tcp_unlike, .tcp_unframed, .tcp_stalled]')
	for host in proxy caller; do
		device=eth0
		[[ $host == caller ]] || device=caller0
		tc -n "$(lab_ns "$host")" qdisc add dev "$device" root netem delay 5ms reorder 25% duplicate 1% loss 1%
	done
	timeout 600 "$LAB_TOP/tests/e2e/honest_tcp.py" caller proxy "$LAB_OUTSIDE" 10 20 offload=off
	for host in proxy caller; do
		device=eth0
		[[ $host == caller ]] || device=caller0
		tc -s -n "$(lab_ns "$host")" qdisc show dev "$device"
	done
	[[ $(guard stats -j | jq -c '[.in | .tcp_unlike, .tcp_unframed, .tcp_stalled]') == "$before" ]]
	(($(sum tcp_held) > 0))
}
