#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# Calls in TLS and WebSocket: the guard reads nothing of them, and Kamailio reports their messages to the daemon by
# HEP (siptrace). User `trunk` is a carrier on TLS, `gw` one on UDP.

# shellcheck disable=SC2153,SC2154
load lib
load tcp
load topology
load tls
SECURE=10.77.0.2 # the proxy, on UDP, TLS and WebSocket
OTHER=10.77.0.3 # another one, without WebSocket, which reports over IPv6
HEP=127.0.0.1:9060 # the daemon, in the namespace of the guarded host

setup_file() {
	tls_needs
	wss_needs
	lab_up "$$" "$LAB_PG"
	export CDRS=cdr_$LAB_ID
	sql postgres "CREATE DATABASE $CDRS"
	lab_address_add proxy "$SECURE" lo
	lab_address_add proxy "$OTHER" lo
	guard_up --gateway "$LAB_GATEWAY/32" --hep
	printf 'hep = %s\n' "$HEP" >"$LAB_DIR/daemon.conf"
	LAB_DAEMON_NET=$(lab_ns proxy) guard_daemon "$CDRS" --config "$LAB_DIR/daemon.conf" --http 127.0.0.1:9470
	tls_proxy -A "HEP=\"sip:$HEP\"" -l "tls:$SECURE:8443" -A WSS
	tunnel caller wss 8443 "$SECURE" 8443
}

sides() { # CALLER CALLEE: words of the call's one row, which says where the caller is
	eventually "$1 $2 $LAB_CALLER" cdr "concat_ws(' ', caller_side, callee_side, host(caller_addr))"
}

would_drop() { # REASON CSEQ EXPECTED: the call's only BYE that enforce mode would have dropped
	eventually "$1 would_drop BYE $2 $3 caller $LAB_CALLER" violations \
		"concat_ws(' ', reason, action, method, cseq, expected_cseq, leg, host(source))" "action = 'would_drop'"
	eventually 1 cdr blocked_byes
}

hep() { # FILTER: of the status
	guard status -j | jq -r ".hep | $1"
}

# --- both sides in TLS ---------------------------------------------------------------------------

@test "F1 in TLS: a BYE below the counter would be dropped, and the gateway's 500 ends nothing" {
	tls_gateway < <(uas_call; sip_serve BYE 500 Refused; sip_serve BYE 200 OK)
	SIP_CALLS=trunk tls_caller < <(uac_call 13; sip_pause 300; uac_request BYE 10; uac_expect 500; sip_pause 1000; bye 14)
	call_ends
	cdr_true bye caller gateway
	sides hep gateway
	would_drop out_of_order 10 14
}

@test "F8, H4 in TLS: an INFO; a BYE that the gateway refuses ends nothing, the next one does" {
	tls_gateway < <(uas_call; sip_serve INFO 200 OK; sip_serve BYE 403 Forbidden; sip_serve BYE 200 OK)
	SIP_CALLS=trunk tls_caller < <(
		uac_call 13
		uac_request INFO 14
		uac_expect 200
		sip_pause 200
		uac_request BYE 15
		uac_expect 403
		sip_pause 500
		bye 16
	)
	call_ends
	cdr_true bye caller gateway
	eventually 'refused pass' violations "reason || ' ' || action"
	sides hep gateway
	assert_equal 16 cdr caller_cseq
}

@test "F6 in TLS: the 2xx of the caller's own host to his BYE ends nothing" {
	tls_gateway < <(uas_call; sip_serve BYE 200 OK)
	sip_callee third third < <(sip_serve BYE 200 OK)
	SIP_CALLS=trunk tls_caller < <(uac_call 13; sip_pause 200; bye 14 "uri=sip:me@$LAB_THIRD:5060"; sip_pause 1000; bye 15)
	sip_ended third caller gateway
	cdr_true bye caller gateway
	sides hep gateway
}

@test "H8 in TLS: a CANCEL that crosses the 2xx does not prevent the call, which ends by its BYE" {
	tls_gateway < <(
		uas_invite
		uas_answer 180 Ringing
		sip_serve CANCEL 200 OK
		uas_late_answer 200 OK t-gateway
		sip_recv ACK
		sip_serve BYE 200 OK
	)
	SIP_CALLS=trunk tls_caller < <(uac_invite 13; uac_rings; uac_cancel 13; uac_expect 200; uac_answered 13; sip_pause 500; bye 14)
	call_ends
	cdr_true bye caller gateway
	sides hep gateway
	unblocked
}

# --- one side in TLS -----------------------------------------------------------------------------

@test "H13 a caller in TLS, a carrier on UDP: the caller is known, his low BYE would be dropped" {
	gateway < <(uas_call; sip_serve BYE 500 Refused; sip_serve BYE 200 OK)
	SIP_CALLS=gw tls_caller < <(uac_call 13; sip_pause 600; uac_request BYE 10; uac_expect 500; sip_pause 300; bye 14)
	call_ends
	cdr_true bye caller gateway
	sides hep gateway
	would_drop out_of_order 10 14
}

@test "H13 a caller on UDP, a carrier in TLS: no suspect row, and the caller's low BYE is dropped" {
	tls_gateway < <(uas_call; sip_serve BYE 200 OK)
	SIP_REMOTE=$SECURE SIP_CALLS=trunk caller < <(uac_call 13; sip_pause 600; uac_request BYE 10; sip_pause 700; bye 14)
	call_ends
	cdr_true bye caller gateway
	sides wire gateway
	blocked out_of_order 10 14
}

@test "H13 a carrier in TLS hangs up on a caller on UDP" {
	tls_gateway < <(uas_call; sip_pause 800; uas_request BYE 1; uac_expect 200)
	SIP_REMOTE=$SECURE SIP_CALLS=trunk caller < <(uac_call 13; sip_serve BYE 200 OK)
	call_ends
	cdr_true bye callee gateway
	sides wire gateway
	unblocked
}

# --- a customer on WSS ---------------------------------------------------------------------------

@test "F1 over WSS, a carrier on UDP: a BYE below the counter would be dropped, and the call goes on" {
	gateway < <(uas_call; sip_serve BYE 500 Refused; sip_serve BYE 200 OK)
	SIP_CALLS=gw wss_caller < <(uac_call 13; sip_pause 300; uac_request BYE 10; uac_expect 500; sip_pause 1000; bye 14)
	call_ends
	cdr_true bye caller gateway
	sides hep gateway
	would_drop out_of_order 10 14
}

@test "F1 near miss over WSS, a carrier on TLS: INFO and BYE in order, and nothing is recorded" {
	tls_gateway < <(uas_call; sip_serve INFO 200 OK; sip_serve BYE 200 OK)
	SIP_CALLS=trunk wss_caller < <(uac_call 13; uac_request INFO 14; uac_expect 200; sip_pause 500; bye 15)
	call_ends
	cdr_true bye caller gateway
	sides hep gateway
	unblocked
}

@test "H20 a carrier on TLS hangs up on a caller on WSS" {
	tls_gateway < <(uas_call; sip_pause 500; uas_request BYE 1; uac_expect 200)
	SIP_CALLS=trunk wss_caller < <(uac_call 13; sip_serve BYE 200 OK)
	call_ends
	cdr_true bye callee gateway
	sides hep gateway
	unblocked
}

# --- who reports ---------------------------------------------------------------------------------

@test "H1 a call on UDP that Kamailio reports as well is read once" {
	gateway < <(uas_call; sip_serve BYE 200 OK)
	SIP_REMOTE=$SECURE caller < <(uac_call 13; sip_pause 300; bye 14)
	call_ends
	cdr_true bye caller gateway
	sides wire gateway
	unblocked
	lab_wait 30 eval '(($(hep .on_wire) > 0))'
}

report() { # WORD...: of hep_send.py
	"$LAB_TOP/tests/e2e/hep_send.py" proxy udp 127.0.0.1 9060 "from=$LAB_CALLER:40000" "to=$SECURE:5061" "$@"
}

metric() { # LINE
	nsenter "--net=/run/netns/$(lab_ns proxy)" curl -sf http://127.0.0.1:9470/metrics >"$LAB_DIR/metrics"
	grep -Fx "$1" "$LAB_DIR/metrics"
}

OPTIONS='OPTIONS sip:a SIP/2.0\nCall-ID: 1\nFrom: <sip:a>;tag=1\nTo: <sip:b>\nCSeq: 1 OPTIONS\n\n'

@test "senders that tell wrong addresses are counted, and named by doctor and metrics" {
	report to=0.0.0.0:5061 "text=$OPTIONS" "to=$LAB_CALLER:1" "text=$OPTIONS" "to=[2001:db8::1]:1" "text=$OPTIONS" \
		to=192.0.2.99:1 "text=$OPTIONS"
	lab_wait 30 assert_equal '1 1 1 1' hep '"\(.no_address) \(.same_address) \(.mixed_families) \(.no_host)"'
	guard doctor >"$LAB_DIR/doctor" || :
	grep -q '127.0.0.1 has sent 1 records from or to 0.0.0.0' "$LAB_DIR/doctor"
	grep -q 'hep .*127.0.0.1:9060 is reached from this host alone' "$LAB_DIR/doctor"
	metric 'cseqguard_hep_faults_total{address="127.0.0.1",fate="no_address"} 1'
	promtool check metrics <"$LAB_DIR/metrics"
}

@test "over TCP a record may be cut anywhere" {
	local before

	before=$(hep .judged)
	"$LAB_TOP/tests/e2e/hep_send.py" proxy tcp 127.0.0.1 9060 "from=$LAB_CALLER:40000" "to=$SECURE:5061" cut=7 times=20 "text=$OPTIONS"
	lab_wait 30 eval '(($(hep .judged) >= before + 20))'
}

@test "a sender that floods with nonsense costs a call on the wire nothing" {
	report times=20000 'text=INVITE sip:x SIP/2.0\nnonsense' &
	gateway < <(uas_call; sip_serve BYE 200 OK)
	SIP_REMOTE=$SECURE caller < <(uac_call 13; sip_pause 300; bye 14)
	call_ends
	wait $!
	cdr_true bye caller gateway
	unblocked
}

listens_hep6() {
	lab_in proxy ss -Hlun 'src [::1] and sport = :9060' | grep -q .
}

# The last one: the first proxy's reports go nowhere from here on.
@test "a proxy reports over IPv6, after a reload of the daemon" {
	printf 'hep = [::1]:9060\n' >"$LAB_DIR/daemon.conf"
	kill -HUP "$(<"$LAB_DIR/daemon.pid")"
	lab_wait 30 listens_hep6
	tls_proxy_at "$OTHER" -l 'udp:[::1]:5060' -A 'HEP="sip:[::1]:9060"'
	tls_gateway < <(uas_call; sip_serve BYE 200 OK)
	SIP_REMOTE=$OTHER SIP_CALLS=trunk caller < <(uac_call 13; sip_pause 500; bye 14)
	call_ends
	cdr_true bye caller gateway
	sides wire gateway
	unblocked
	"$LAB_TOP/tests/e2e/hep_send.py" proxy udp ::1 9060 "from=$LAB_CALLER:1" to=0.0.0.0:5061 "text=$OPTIONS"
	lab_wait 30 metric 'cseqguard_hep_faults_total{address="::1",fate="no_address"} 1'
}
