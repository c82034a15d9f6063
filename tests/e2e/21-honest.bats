#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# Unusual but honest calls: every message passes, nothing is recorded, the CDR is right.

load lib

setup_file() {
	proxy_lab
}

@test "H1 a retransmitted BYE ends the call once: one CDR" {
	gateway < <(uas_call; sip_recv BYE; sip_pause 700; sip_reply 200 OK)
	caller < <(
		uac_call 13
		sip_pause 500
		uac_request BYE 14 branch=z9hG4bK-h1
		sip_pause 400
		bye 14 branch=z9hG4bK-h1
	)
	call_ends
	cdr_true bye caller caller
	unblocked
}

@test "H1 a BYE sent again as a new transaction under the same CSeq, because its answer was lost, passes" {
	gateway < <(uas_call; sip_serve BYE 200 OK; sip_serve BYE 200 OK)
	caller < <(uac_call 13; sip_pause 500; bye 14; sip_pause 300; bye 14)
	call_ends
	cdr_closed bye caller
	eventually t cdr 'extract(epoch FROM duration) BETWEEN 0.4 AND 0.75'
	unblocked
}

@test "H1 retransmitted 2xx and ACK give one CDR, which starts at the first 2xx" {
	local before
	before=$(counted opened)
	gateway < <(uas_call; sip_recv ACK; sip_serve BYE 200 OK)
	caller < <(
		uac_invite 13
		sip_provisional
		printf '<recv response="200" rrs="true"><action>\n'
		sip_learn To '&lt;.*' remote
		sip_learn Contact 'sip:[^&gt;]*' target
		printf '</action></recv>\n'
		sip_pause 700
		uac_ack 13
		uac_ack 13
		sip_pause 500
		bye 14
	)
	call_ends
	cdr_true bye caller gateway
	unblocked
	assert_equal $((before + 1)) counted opened # the row keeps its first answer, the map must, too
}

@test "H2 BYE of the callee with CSeq 0, 1 or far above the caller's ends the call" {
	local cseq
	for cseq in 0 1 900000; do
		call=$cseq-$BATS_TEST_NUMBER@lab-$LAB_ID
		gateway < <(uas_call; sip_pause 500; uas_request BYE "$cseq"; uac_expect 200)
		caller < <(uac_call 13; sip_serve BYE 200 OK)
		call_ends
		cdr_true bye callee gateway
		unblocked
	done
}

@test "H2 near miss: the caller's BYE with a CSeq below the callee's passes: each leg counts for itself" {
	gateway < <(uas_call; uas_request INFO 900000; uac_expect 200; sip_serve BYE 200 OK)
	caller < <(uac_call 13; sip_serve INFO 200 OK; sip_pause 500; bye 14)
	call_ends
	cdr_true bye caller gateway
	unblocked
}

# Every kind of in-dialog request, by both sides; the re-INVITE moves the gateway's target.
long_call_gateway() {
	local moved='Contact: <sip:moved@[local_ip]:[local_port]>' method

	uas_call
	sip_serve INVITE 200 OK "$moved"
	sip_recv ACK
	sip_serve UPDATE 200 OK "$moved"
	for method in INFO OPTIONS; do
		sip_serve "$method" 200 OK
	done
	sip_serve REFER 202 Accepted
	uas_request NOTIFY 1
	uac_expect 200
	uas_request OPTIONS 2
	uac_expect 200
	uas_request INFO 3
	uac_expect 200
	sip_serve BYE 200 OK
}

long_call_caller() {
	local method

	uac_call 13
	uac_reinvite 14
	uac_request UPDATE 15
	uac_expect 200
	uac_request INFO 16
	uac_expect 200
	uac_request OPTIONS 17
	uac_expect 200
	uac_request REFER 18
	uac_expect 202
	for method in NOTIFY OPTIONS INFO; do
		sip_serve "$method" 200 OK
	done
}

@test "H4 re-INVITE, UPDATE, INFO, OPTIONS, REFER and NOTIFY of both sides pass within the dialog" {
	gateway < <(long_call_gateway)
	caller < <(long_call_caller; sip_pause 500; bye 19)
	call_ends
	cdr_true bye caller gateway
	unblocked
	assert_equal '19 3' cdr "caller_cseq || ' ' || callee_cseq"
}

@test "H4 near miss: after in-dialog requests a BYE above the INVITE's CSeq but below the last request's is dropped" {
	gateway < <(long_call_gateway)
	caller < <(long_call_caller; uac_request BYE 17; sip_pause 1000; bye 19)
	call_ends
	cdr_true bye caller gateway
	blocked out_of_order 17 19
}

@test "H5 BYEs of both sides that cross give one CDR, ended by the gateway's BYE or on its answer" {
	gateway < <(
		uas_call
		printf '<recv request="BYE"><action><ereg regexp="Via:.*BYE" search_in="msg"'
		printf ' check_it="true" assign_to="theirs"/></action></recv>'
		uas_request BYE 1
		uac_expect 200
		printf 'SIP/2.0 200 OK\n[$theirs]\nContent-Length: 0\n' | sip_send
	)
	caller < <(
		uac_call 13
		sip_pause 500
		uac_request BYE 14
		sip_serve BYE 200 OK
		uac_expect 200
	)
	call_ends
	eventually 1 cdr 'count(*)'
	eventually 'bye t f' cdr "concat_ws(' ', end_reason, bye_confirmed, suspect)"
	eventually t cdr 'extract(epoch FROM duration) BETWEEN 0.4 AND 0.8'
	assert_equal 0 cdr blocked_byes
}

@test "H5 BYE challenged by the proxy and repeated with CSeq + 1 ends the call" {
	gateway < <(uas_call; sip_serve BYE 200 OK)
	SIP_USER=carol caller < <(
		uac_call 13
		sip_pause 500
		uac_request BYE 14
		uac_expect 407 'auth="true"'
		uac_request BYE 15 $'routes=[routes]\n[authentication username=carol password=secret]'
		uac_expect 200
	)
	call_ends
	cdr_true bye caller gateway
	assert_equal 0 cdr blocked_byes
}

@test "H5 BYE of the gateway, answered 500 by the caller, ends the call" {
	gateway < <(uas_call; sip_pause 500; uas_request BYE 1; uac_expect 500)
	caller < <(uac_call 13; sip_serve BYE 500 'Request Out of Order')
	call_ends
	cdr_closed bye callee
	eventually t cdr 'extract(epoch FROM duration) BETWEEN 0.4 AND 0.8'
	assert_equal 0 cdr blocked_byes
}

# The gateway challenges the proxy, which answers with credentials and CSeq + 1, and goes on
# renumbering every request of the caller.
trunk() {
	sip_recv INVITE
	sip_reply 407 'Proxy Authentication Required' \
		'Proxy-Authenticate: Digest realm="trunk", nonce="n", algorithm=MD5'
	sip_recv ACK
	uas_call
}

@test "H6 a proxy that renumbers CSeq on its far side: the caller's BYE ends the call" {
	gateway < <(trunk; sip_serve BYE 200 OK)
	SIP_CALLS=trunk caller < <(uac_call 13; sip_pause 500; bye 14)
	call_ends
	grep -q '^CSeq: 15 BYE' "$LAB_DIR/gateway.msg"
	cdr_true bye caller gateway
	unblocked
	assert_equal 14 cdr caller_cseq
}

@test "H6 near miss: through a proxy that renumbers CSeq a BYE with a lower CSeq is dropped" {
	gateway < <(trunk; sip_serve BYE 200 OK)
	SIP_CALLS=trunk caller < <(uac_call 13; uac_request BYE 12; sip_pause 1000; bye 14)
	call_ends
	cdr_true bye caller gateway
	blocked out_of_order 12 14
}

@test "late answer: the call ends with the last BYE that the proxy sent, not with the gateway's answer" {
	gateway < <(uas_call; sip_recv BYE; sip_pause 2000; sip_reply 200 OK)
	caller < <(uac_call 13; sip_pause 500; bye 14)
	call_ends
	cdr_closed bye caller
	# copies of the BYE after 0.5 and 1.5 s; the answer comes after 2 s
	eventually t cdr "abs(extract(epoch FROM duration) - 2.0) < 0.15"
	unblocked
}

@test "call from the gateway to a customer: the customer's low BYE is dropped, its right one closes" {
	sip_callee caller callee < <(uas_call; uas_bye_lower)
	SIP_CALLS=customer sip_caller gateway calling "$call" < <(
		uac_call 13
		sip_serve INFO 200 OK
		sip_serve BYE 200 OK
	)
	sip_ended callee calling
	cdr_true bye callee callee
	eventually "out_of_order drop 10 21 callee" violations \
		"concat_ws(' ', reason, action, cseq, expected_cseq, leg)"
}
