# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
# shellcheck shell=bash
#
# Callers, gateways and endpoints over TCP, by SIPp.

over_tcp() { # the steps on stdin say so
	sed -e 's|SIP/2.0/UDP|SIP/2.0/TCP|' -e 's/^\(Contact: <[^>]*\)/\1;transport=tcp/'
}

listens_tcp() { # HOST [PORT]
	lab_in "$1" ss -Hltn "sport = :${2:-5060}" | grep -q .
}

tcp_caller() { # [SIPP-OPTION]...: with the steps on stdin
	sip_caller caller caller "$call" -t t1 "$@" < <(over_tcp)
}

tcp_callee() { # HOST NAME [SIPP-OPTION]...: returns when it listens; with the steps on stdin
	sip_play "$@" -t t1 < <(over_tcp)
	lab_wait 5 listens_tcp "$1" || lab_fail "SIPp $2 does not listen: $(tail -n 3 "$LAB_DIR/$2.log")"
}

tcp_gateway() { # [SIPP-OPTION]...: with the steps on stdin
	tcp_callee gateway gateway "$@"
}
