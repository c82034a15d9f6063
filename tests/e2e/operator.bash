# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
# shellcheck shell=bash
#
# Shared by the tests of settings, observe mode and settling: short clocks, and short calls.
# Needs lib.bash.

# Another daemon, with other clocks, in place of the one that runs.
quick_daemon() { # [OPTION]...
	guard_daemon_end TERM
	guard_daemon "$CDRS" --sweep 200ms --bye-timeout 2s "$@"
}

status() { # JQ-EXPRESSION
	guard status -j | jq -r "$1"
}

attack() { # STEP...: of the caller, between the answer and the true BYE 20
	gateway < <(uas_call; sip_serve BYE 200 OK)
	caller < <(uac_call 13; sip_pause 200; "$@"; sip_pause 500; bye 20)
}

passes() { # STEP...: a BYE, which ends the call
	gateway < <(uas_call; sip_serve BYE 200 OK)
	caller < <(uac_call 13; sip_pause 200; "$@"; uac_expect 200)
	call_ends
	cdr_true bye caller gateway
}
