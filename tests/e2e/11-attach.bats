#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# Attach and detach: interfaces, beside the programs and filters of others, without leftovers.

bats_require_minimum_version 1.5.0
load lib
load cli

@test "attach: a missing interface leaves nothing half done" {
	refused 1 "nope0" guard attach in0 in1 nope0
	[[ ! -e $PINS ]]
	[[ -z $(clsacts) ]]
	[[ $(ip -n "$HOST" -j link show in0 | jq '.[0].xdp') == null ]]
	maps_of_the_file
	guard attach in0
	refused 1 "nope0" guard attach in1 nope0 --mode observe
	[[ $(status_json '[.interfaces[].name] | join(" ")') == in0 ]]
	[[ $(status_json .settings.mode) == enforce ]]
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
	maps_of_the_file
	ip -n "$HOST" link set in0 down
	ip -n "$HOST" link set in0 name in0.100
	ip -n "$HOST" link set in0.100 up
	guard attach in0.100
	[[ $(status_json '.interfaces[0].name') == in0.100 ]]
	guard detach in0.100
	[[ -z $(find "/sys/fs/bpf/cseqguard/$CSEQGUARD_INSTANCE" -name 'link_*' -o -name 'clsact_*') ]]
}

@test "attach: native mode where the driver has it, generic mode where asked or where auto chooses it" {
	maps_of_the_file
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
	maps_of_the_file
	guard attach in0
	guard detach in0
	refused 1 "'stranger'" guard attach in0 in1
	[[ $(guard -j status | jq '.interfaces | length') == 0 ]]
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
	maps_of_the_file
	guard attach in0
	refused 1 'no Ethernet header' guard attach tun0
	[[ $(status_json '.interfaces | map(.name) | join(" ")') == in0 ]]
	guard attach tap0
}

@test "attach: two instances cannot guard one interface" {
	local other=$CSEQGUARD_INSTANCE
	maps_of_the_file
	guard attach in0
	refused 1 "cseqguard_in" guard --instance "$other" attach --gateway none in0
	[[ ! -e $PINS ]]
	guard --instance "$other" attach --gateway none in1
	guard --instance "$other" detach -a
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
	maps_of_the_file
	tc -n "$HOST" qdisc add dev in0 clsact
	tc -n "$HOST" qdisc add dev in1 clsact
	foreign_filter in1 egress
	guard attach in0 in1
	guard detach in0 in1
	[[ $(clsacts) == "in0 in1" ]]
	tc -n "$HOST" filter show dev in1 egress | grep -q stranger
}

@test "attach: a foreign tc filter under the guard's handle stays, and the refusal has the kernel's explanation" {
	maps_of_the_file
	tc -n "$HOST" qdisc add dev in0 clsact
	tc -n "$HOST" filter add dev in0 egress prio 5 handle 0xc5e9 bpf bytecode '1,6 0 0 0'
	refused 1 "File exists (Filter already exists)" guard attach in0
	tc -n "$HOST" filter show dev in0 egress | grep -q bytecode
	tc -n "$HOST" filter del dev in0 egress
	guard attach in0
	guard detach in0
	[[ $(clsacts) == in0 ]]
}

@test "status: names a tc filter that somebody removed; attach restores it" {
	maps_of_the_file
	guard attach in0
	tc -n "$HOST" qdisc del dev in0 clsact
	guard status | grep -q "out NONE"
	guard attach in0
	[[ $(status_json '.interfaces[0].program_out > 0') == true ]]
	guard detach in0
	[[ -z $(clsacts) ]]
}

@test "attach and detach: remove the links of interfaces that are gone" {
	maps_of_the_file
	guard attach in0 in1
	ip -n "$HOST" link del in0
	guard status | grep -q "in0: in gone"
	ip -n "$HOST" link add in0 type veth peer name out0 netns "$PEER"
	guard attach in0
	[[ $(status_json '[.interfaces[].in] | sort | join(" ")') == "native native" ]]
	ip -n "$HOST" link del in0
	guard detach in1
	[[ -z $(find "/sys/fs/bpf/cseqguard/$CSEQGUARD_INSTANCE" -name 'link_*' -o -name 'clsact_*') ]]
	run guard status
	[[ $status == 3 ]]
}

@test "status: knows a renamed interface by its new name" {
	maps_of_the_file
	guard attach in0
	ip -n "$HOST" link set in0 down
	ip -n "$HOST" link set in0 name fresh0
	ip -n "$HOST" link set fresh0 up
	[[ $(status_json '.interfaces[0].name') == fresh0 ]]
	guard detach fresh0
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
