#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# Hosts that show the gateway another call than the caller's: they hide topology, number each leg for itself,
# or are several proxies in a row. All stand on the guarded host, each at an address of its own, and all under
# source=strict: no honest message is a foreign one.

load lib
load topology
TOPOS=10.77.0.2   # Kamailio's topos
TOPOH=10.77.0.3   # Kamailio's topoh, which keeps the Call-ID
OPENSIPS=10.77.0.4 # as OpenSIPS' topology_hiding()
B2BUA=10.77.0.5   # keeps Call-ID and tags, numbers each leg for itself
CHAIN=10.77.0.6   # sends on to LINK, over lo
LINK=10.77.0.7

setup_file() {
	local address

	lab_up "$$" "$LAB_PG"
	export CDRS=cdr_$LAB_ID ACC=acc_$LAB_ID
	for address in "$TOPOS" "$TOPOH" "$OPENSIPS" "$B2BUA" "$CHAIN" "$LINK"; do
		lab_address_add proxy "$address" lo
	done
	sql postgres "CREATE DATABASE $CDRS"
	guard_up --gateway "$LAB_GATEWAY/32" --source strict
	guard_daemon "$CDRS"
	kamailio_db "$ACC"
	psql -Xq -d "$(pg_conninfo "$ACC")" -f /usr/share/kamailio/postgres/topos-create.sql
	proxy_at proxy "$TOPOS" "$LAB_GATEWAY" -A TOPOS -A "DATABASE=\"postgres://postgres@/$ACC\""
	proxy_at proxy "$TOPOH" "$LAB_GATEWAY" -A TOPOH
	proxy_at proxy "$CHAIN" "$LINK"
	proxy_at proxy "$LINK" "$LAB_GATEWAY"
	hiding_at "$OPENSIPS"
	hiding_at "$B2BUA" renumber
}

# --- by way of SIP_REMOTE ------------------------------------------------------------------------

caller_hangs_up() { # [VIAS]
	gateway < <(uas_call; sip_serve BYE 200 OK)
	caller < <(uac_call 13; sip_pause 300; uac_request BYE 10; sip_pause 700; bye 14)
	call_ends
	assert_equal "${1:-1}" vias "$LAB_DIR/gateway.msg"
	cdr_true bye caller gateway
	blocked out_of_order 10 14
	from "$LAB_CALLER"
}

vias() { # FILE: of the first message
	awk '/^CSeq:/ { exit } /^Via:/ { n++ } END { print n }' "$1"
}

gateway_hangs_up() {
	gateway < <(uas_call; sip_pause 500; uas_request BYE 1; uac_expect 200)
	caller < <(uac_call 13; sip_serve BYE 200 OK)
	call_ends
	cdr_true bye callee gateway
	unblocked
	from "$LAB_CALLER"
}

to_own_host() {
	gateway < <(uas_call; sip_serve BYE 200 OK)
	sip_callee third third < <(sip_serve BYE 200 OK)
	caller < <(uac_call 13; sip_pause 200; bye 14 "uri=sip:me@$LAB_THIRD:5060"; sip_hold; bye 15)
	sip_ended third
	still_open wrong_target
	sip_go caller
	call_ends
	cdr_true bye caller gateway
}

challenged() {
	gateway < <(uas_call; sip_serve BYE 200 OK)
	SIP_USER=carol caller < <(
		uac_call 13
		sip_pause 200
		uac_request BYE 14
		uac_expect 407
		sip_hold
		uac_request BYE 15
		uac_expect 407 'auth="true"'
		bye 16 $'routes=[routes]\n[authentication username=carol password=secret]'
	)
	lab_wait 5 grep -q ' 407' "$LAB_DIR/caller.short"
	eventually 1 cdr 'count(*)'
	cdr_open
	sip_go caller
	call_ends
	cdr_true bye caller gateway
}

# --- Kamailio's topos ----------------------------------------------------------------------------

@test "H14 topos: the caller's low BYE is dropped, its next one ends the call, and its address is in the row" {
	SIP_REMOTE=$TOPOS caller_hangs_up
}

@test "H14 topos: the gateway's BYE ends the call" {
	SIP_REMOTE=$TOPOS gateway_hangs_up
}

@test "F19 topos: a BYE to the caller's own host, answered 200 there, closes nothing" {
	SIP_REMOTE=$TOPOS to_own_host
}

@test "F19 topos: a BYE that the proxy challenges and that is never repeated closes nothing" {
	SIP_REMOTE=$TOPOS challenged
}

@test "F19 topos: a BYE that the gateway refuses closes nothing" {
	SIP_REMOTE=$TOPOS bye_refused 403
}

# --- Kamailio's topoh ----------------------------------------------------------------------------

@test "H14 topoh: the caller's low BYE is dropped, its next one ends the call, and its address is in the row" {
	SIP_REMOTE=$TOPOH caller_hangs_up 2
}

@test "H14 topoh: the gateway's BYE ends the call" {
	SIP_REMOTE=$TOPOH gateway_hangs_up
}

@test "F19 topoh: a BYE to the caller's own host, answered 200 there, closes nothing" {
	SIP_REMOTE=$TOPOH to_own_host
}

@test "F19 topoh: a BYE that the proxy challenges and that is never repeated closes nothing" {
	SIP_REMOTE=$TOPOH challenged
}

@test "F19 topoh: a BYE that the gateway refuses closes nothing" {
	SIP_REMOTE=$TOPOH bye_refused 403
}

# --- as OpenSIPS hides topology ------------------------------------------------------------------

@test "H14 OpenSIPS' topology_hiding: the caller's low BYE is dropped, its next one ends the call" {
	SIP_REMOTE=$OPENSIPS caller_hangs_up
}

@test "H14 OpenSIPS' topology_hiding: the gateway's BYE ends the call" {
	SIP_REMOTE=$OPENSIPS gateway_hangs_up
}

@test "F19 OpenSIPS' topology_hiding: a BYE to the caller's own host, answered 200 there, closes nothing" {
	SIP_REMOTE=$OPENSIPS to_own_host
}

@test "F19 OpenSIPS' topology_hiding: a BYE that the gateway refuses closes nothing" {
	SIP_REMOTE=$OPENSIPS bye_refused 403
}

# --- a B2BUA that keeps Call-ID and tags ---------------------------------------------------------

@test "H14 a B2BUA that keeps the ids and numbers each leg for itself: the caller's low BYE is dropped, its next one ends the call" {
	SIP_REMOTE=$B2BUA caller_hangs_up
	grep -q 'CSeq: 1 INVITE' "$LAB_DIR/gateway.msg"
	grep -q 'CSeq: 2 BYE' "$LAB_DIR/gateway.msg"
}

@test "H14 a B2BUA that keeps the ids: the gateway's BYE ends the call, whose numbers are its own" {
	SIP_REMOTE=$B2BUA gateway_hangs_up
}

# The B2BUA has answered 200 for itself by then.
@test "F19 a B2BUA that keeps the ids: its BYE, which the gateway refuses, closes nothing" {
	gateway < <(uas_call; sip_serve BYE 403 No; sip_pause 8000; uas_request BYE 1; uac_expect 200)
	SIP_REMOTE=$B2BUA caller < <(uac_call 13; sip_pause 200; bye 14; sip_serve BYE 200 OK)
	still_open refused
	call_ends
	cdr_true bye callee gateway
}

# --- several proxies on one host -----------------------------------------------------------------

@test "H14 two proxies in a row over lo, which is not guarded: the caller's low BYE is dropped, its next one ends the call" {
	SIP_REMOTE=$CHAIN caller_hangs_up 3
}

@test "H14 two proxies in a row over lo, which is not guarded: the gateway's BYE ends the call" {
	SIP_REMOTE=$CHAIN gateway_hangs_up
}

@test "F19 two proxies in a row over lo, which is not guarded: a BYE that the gateway refuses closes nothing" {
	SIP_REMOTE=$CHAIN bye_refused 403
}

guards_lo() { # from here on: what one proxy sends to the next comes in as well
	guard attach --gateway "$LAB_GATEWAY/32" lo
}

@test "H14 two proxies in a row over lo, which is guarded: the caller's low BYE is dropped, its next one ends the call" {
	guards_lo
	SIP_REMOTE=$CHAIN caller_hangs_up 3
}

@test "H14 two proxies in a row over lo, which is guarded: the gateway's BYE ends the call" {
	SIP_REMOTE=$CHAIN gateway_hangs_up
}

@test "F19 two proxies in a row over lo, which is guarded: a BYE that the gateway refuses closes nothing" {
	SIP_REMOTE=$CHAIN bye_refused 403
}
