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

third_caller() { # over TCP, to our customer, with the steps on stdin
	SIP_CALLS=customer sip_caller third third "$call" -t t1 < <(over_tcp)
}

customer() { # with the steps on stdin
	sip_callee caller callee
}

# The third host calls our customer over TCP. A stranger sends a BYE in the customer's name, which the caller answers
# with 200; later the customer hangs up.
stranger_bye() {
	customer < <(uas_call; sip_pause 2500; uas_request BYE 1; uac_expect 200)
	third_caller < <(uac_call 13; sip_serve BYE 200 OK; sip_serve BYE 200 OK)
	lab_wait 5 grep -q '^ACK' "$LAB_DIR/callee.msg"
	sip_caller third stranger "$call" -i "$STRANGER" < <(
		uac_request BYE 1 "routes=Route: <sip:$LAB_PROXY;transport=tcp;r2=on;lr>, <sip:$LAB_PROXY;r2=on;lr>" \
			"uri=sip:bob@$LAB_THIRD:5060;transport=tcp" \
			"from=<sip:customer@$LAB_PROXY>;tag=t-callee" "to=<sip:bob@$LAB_THIRD>;tag=f-third"
		uac_expect 200
	)
	sip_ended stranger
}
