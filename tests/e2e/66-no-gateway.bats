#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# No gateway is named: calls that are meant to leave no row have one.

load lib
load topology
NEIGHBOUR=10.77.2.2

setup_file() {
	guarded_lab
	kamailio_db "$ACC"
	kamailio_up "$ACC"
	lab_address_add gateway "$NEIGHBOUR" eth0
}

teardown() {
	speaks_from "$LAB_GATEWAY"
	ip -n "$(lab_ns proxy)" link set gateway0 mtu 1500
	sip_over
	[[ -n ${BATS_TEST_COMPLETED:-} ]] || evidence >&2
}

speaks_from() { # ADDRESS: whoever is bound to no address on host gateway, from now on
	ip -n "$(lab_ns gateway)" route replace default via "${1%.*}.254" src "$1"
}

cluster() { # CONTACT: answers from wherever it speaks
	sip_callee gateway gateway -i 0.0.0.0 < <({ uas_call; sip_serve BYE 200 OK; } | sed "s/\[local_ip]/$1/g")
}

in_doubt() { # the call has one row, which is suspect
	eventually '1 t' cdr "concat_ws(' ', count(*), bool_and(suspect))"
}

@test "F25 a carrier answers the INVITE from a neighbour's address: there is a row, suspect" {
	speaks_from "$NEIGHBOUR"
	cluster "$NEIGHBOUR"
	caller < <(uac_call 13; sip_pause 500; bye 14)
	call_ends
	in_doubt
}

@test "F25 a carrier answers the INVITE from a neighbour's address, its Contact is where the INVITE went: there is a row, suspect" {
	speaks_from "$NEIGHBOUR"
	cluster "$LAB_GATEWAY"
	caller < <(uac_call 13; sip_pause 500; bye 14)
	call_ends
	in_doubt
}

@test "F25 near miss: a carrier answers from its own address: the row is ordinary, and ends by the BYE" {
	cluster "$LAB_GATEWAY"
	caller < <(uac_call 13; sip_pause 500; bye 14)
	call_ends
	cdr_true bye caller gateway
	unblocked
}

# Of what goes out the first fragment ends before From and Call-ID.
@test "F12 an INVITE that leaves the host in fragments, its headers in the second: the row is ordinary" {
	ip -n "$(lab_ns proxy)" link set gateway0 mtu 600
	gateway < <(uas_call; sip_serve BYE 200 OK)
	caller < <(
		uac_call 13 | sed "s/^\(INVITE .*\)/\1\nX-Padding: $(printf '%0600d' 0)/"
		sip_pause 500
		bye 14
	)
	call_ends
	cdr_true bye caller gateway
	unblocked
}
