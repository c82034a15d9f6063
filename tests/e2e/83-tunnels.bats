#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# Tunnels on a guarded interface: a real VXLAN between two namespaces.

bats_require_minimum_version 1.5.0
load lib
load doctor

tunneled() { # the guard has counted a packet of a tunnel
	[[ $(cg stats -j | jq '(.in.tunnel // 0) + (.out.tunnel // 0)') != 0 ]]
}

vxlan_up() { # NAMESPACE DEVICE LOCAL REMOTE INNER
	ip -n "$1" link add vx0 type vxlan id 7 local "$3" remote "$4" dev "$2" dstport 4789
	ip -n "$1" addr add "$5/24" dev vx0
	ip -n "$1" link set vx0 up
}

@test "doctor counts packets of a tunnel, and names the device that they come out of" {
	ip -n "$PEER" addr add 10.77.0.2/24 dev out0
	cg attach in0
	doctor
	finds_no '[a-z]+' tunnel ''
	vxlan_up "$HOST" in0 10.77.0.1 10.77.0.2 10.78.0.1
	vxlan_up "$PEER" out0 10.77.0.2 10.77.0.1 10.78.0.2
	nsenter "--net=/run/netns/$PEER" bash -c 'echo >/dev/udp/10.78.0.1/9'
	lab_wait 30 tunneled
	doctor
	finds warning tunnel '[0-9]+ packets of tunnels, .*out of vx0 \(vxlan\); cseqguard attach IFACE'
	nsenter "--net=/run/netns/$HOST" ip tuntap add tun0 mode tun
	ip -n "$HOST" link set tun0 up
	doctor
	finds warning tunnel 'out of tun0 \(tun\), without an Ethernet header, so that attach refuses it; let SIP'
	ip -n "$HOST" link del tun0
	cg attach vx0
	doctor
	finds ok tunnel 'out of vx0 \(vxlan\), which is attached'
	finds_no warning tunnel ''
	cg detach vx0
	ip -n "$HOST" link del vx0
	doctor
	finds warning tunnel 'pass through this host, or end in a process; guard the host on which'
}
