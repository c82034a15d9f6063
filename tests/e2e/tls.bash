# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
# shellcheck shell=bash disable=SC2153,SC2154 # of lib.bash and of the file that loads this one
#
# A Kamailio on TLS at $SECURE, port 5061, and SIPp at both ends of it: tls_tunnel.py speaks TLS and WebSocket for it.
# For files that load lib, tcp and topology.

tls_needs() {
	compgen -G '/usr/lib/*/kamailio/modules/tls.so' >/dev/null || skip "Kamailio's tls.so is missing: make deps-test"
	type -P openssl >/dev/null || skip 'openssl is missing: make deps-test'
}

wss_needs() {
	compgen -G '/usr/lib/*/kamailio/modules/websocket.so' >/dev/null ||
		skip "Kamailio's websocket.so is missing: make deps-test"
}

tls_proxy_at() { # ADDRESS [KAMAILIO-OPTION]...
	proxy_at proxy "$1" "$LAB_GATEWAY" -l "tls:$1:5061" -A TLS -A "TLS_KEY=\"$LAB_DIR/key.pem\"" \
		-A "TLS_CERTIFICATE=\"$LAB_DIR/cert.pem\"" "${@:2}"
}

tls_proxy() { # [KAMAILIO-OPTION]...: the proxy, and the tunnels of caller and gateway
	openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=lab -keyout "$LAB_DIR/key.pem" \
		-out "$LAB_DIR/cert.pem" 2>/dev/null || return
	cat "$LAB_DIR/key.pem" "$LAB_DIR/cert.pem" >"$LAB_DIR/both.pem"
	tls_proxy_at "$SECURE" "$@"
	tunnel caller from 5060 "$SECURE" 5061
	tunnel gateway to 5061 "$LAB_GATEWAY" 5060 "$LAB_DIR/both.pem"
}

tunnel() { # HOST from|wss|to PORT ADDRESS PORT [PEM]
	"$LAB_TOP/tests/e2e/tls_tunnel.py" "$@" >"$LAB_DIR/tunnel-$1.log" 2>&1 </dev/null 3>&- &
	lab_wait 10 listens_tcp "$1" "$3" || lab_fail "the tunnel of host $1 does not start: $(tail -n 1 "$LAB_DIR/tunnel-$1.log")"
}

tls_caller() { # steps on stdin
	SIP_REMOTE=127.0.0.1 sip_caller caller caller "$call" -t t1 < <(sed 's|SIP/2.0/UDP|SIP/2.0/TLS|')
}

# A browser: it knows neither its address nor its port. It needs the tunnel of port 8443.
wss_caller() { # steps on stdin
	sip_play caller caller -cid_str "$call" -t t1 127.0.0.1:8443 < <(
		sed -e 's|SIP/2.0/UDP \[local_ip]:\[local_port]|SIP/2.0/WSS caller.invalid|' \
			-e 's|^Contact: .*|Contact: <sip:[caller]@caller.invalid;transport=ws>|'
	)
}

tls_gateway() { # steps on stdin
	sip_play gateway gateway -t t1 < <(
		sed -e 's|SIP/2.0/UDP|SIP/2.0/TLS|' -e 's/^Contact: .*/Contact: <sip:gw@[local_ip]:5061;transport=tls>/'
	)
	lab_wait 5 listens_tcp gateway 5060
}
