#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# What an operator sees: one call's ladder, events as they come, and tables that fit.

# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load lib

setup_file() {
	proxy_lab
}

ladder_steps() { # JQ-EXPRESSION over each step of the call's one ladder, a line each
	guard ladder "$call" -j | jq -r ".[].steps[] | $1"
}

@test "ladder: the attack of 2008, message by message, with what was expected" {
	gateway < <(uas_call; sip_serve BYE 200 OK)
	caller < <(uac_call 13; sip_pause 200; uac_request BYE 10; sip_pause 700; bye 14)
	call_ends
	cdr_true bye caller gateway
	blocked out_of_order 10 14
	guard ladder "$call" >&2
	guard ladder "$call" -j | jq . >&2
	false
}
