#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# What the ends write into Contact, Request-URI and Route, and INVITEs and BYEs of which one was refused or
# never read. SIPp at both ends, Kamailio between.

load lib
load wire
load topology
MOVED=10.77.1.2
SECOND=10.77.2.2
BY_USER=10.77.0.2 # records no route
BACKUP=10.77.0.3  # SECOND after a 503 of the gateway
PHONES=10.77.0.4  # three phones of the third host ring

setup_file() {
	local address

	guarded_lab --gateway "$LAB_GATEWAY/32" --gateway "$SECOND/32"
	for address in "$BY_USER" "$BACKUP" "$PHONES"; do
		lab_address_add proxy "$address" lo
	done
	lab_address_add caller "$MOVED" eth0
	lab_address_add gateway "$SECOND" eth0
	kamailio_db "$ACC"
	kamailio_up "$ACC"
	proxy_at proxy "$BY_USER" "$LAB_GATEWAY" -A BY_USER
	proxy_at proxy "$BACKUP" "$LAB_GATEWAY" -A "BACKUP=\"$SECOND\""
	proxy_at proxy "$PHONES" "$LAB_THIRD" -A PHONES
}

with_contact() { # CONTACT [RECORD-ROUTE]: the gateway's steps on stdin say that
	sed -e "s|^Contact: <sip:gw@.*|Contact: <$1>|" -e "s|^\[last_Record-Route:]|${2:+Record-Route: <$2>\n}&|"
}

ends_at_its_bye() {
	call_ends
	cdr_true bye caller gateway
	unblocked
}

# --- H15 -----------------------------------------------------------------------------------------

@test "H15 a Contact with # in its user, and %23 in the BYE's Request-URI: the BYE ends the call" {
	gateway < <({ uas_call; sip_serve BYE 200 OK; } | with_contact 'sip:1041#336@[local_ip]:5060')
	caller < <(uac_call 13; sip_pause 500; bye 14 "uri=sip:1041%23336@$LAB_GATEWAY:5060")
	ends_at_its_bye
}

@test "H15 near miss: a BYE to another user of the gateway, who answers 481, ends nothing" {
	gateway < <({ uas_call; sip_serve BYE 481 Gone; sip_serve BYE 200 OK; } | with_contact 'sip:1041#336@[local_ip]:5060')
	caller < <(
		uac_call 13
		sip_pause 200
		uac_request BYE 14 "uri=sip:1041%23337@$LAB_GATEWAY:5060"
		uac_expect 481
		sip_hold
		bye 15
	)
	still_open refused
	sip_go caller
	call_ends
	cdr_true bye caller gateway
}

@test "H15 a Contact with SIP: in capitals and no port, and sip: and :5060 in the BYE: it ends the call" {
	gateway < <({ uas_call; sip_serve BYE 200 OK; } | with_contact 'SIP:gw@10.9.9.9' "sip:$LAB_GATEWAY:5060;lr")
	caller < <(
		{
			uac_call 13 # SIPp learns no such Contact
			sip_pause 500
			bye 14
		} | sed "s/\[\$target]/sip:gw@10.9.9.9:5060/"
	)
	ends_at_its_bye
}

@test "H15 a gateway that record-routes without lr is a strict router: the BYE ends the call" {
	gateway < <({ uas_call; sip_serve BYE 200 OK; } |
		with_contact 'sip:gw@10.9.9.9:5070' "sip:$LAB_GATEWAY:5060")
	caller < <(uac_call 13; sip_pause 500; bye 14)
	ends_at_its_bye
	grep -q "BYE sip:$LAB_GATEWAY:5060 SIP/2.0" "$LAB_DIR/gateway.msg"
}

# The first Contact of the gateway stays good; the one of the refused re-INVITE must not take the place of the latest.
@test "H15 a re-INVITE of the gateway with another Contact, answered 488, moves no target: the BYE to the latest one ends the call" {
	gateway < <(
		uas_call
		uas_reinvite 1 latest 200
		uas_request ACK 1
		uas_reinvite 2 other 488
		uas_message ACK 2 | sip_send
		sip_serve BYE 200 OK
	)
	caller < <(
		uac_call 13
		sip_serve INVITE 200 OK 'Contact: <sip:bob@[local_ip]:[local_port]>'
		sip_recv ACK
		sip_serve INVITE 488 'Not Acceptable Here'
		sip_recv ACK
		sip_pause 500
		bye 14 "uri=sip:latest@$LAB_GATEWAY:5060"
	)
	ends_at_its_bye
}

uas_reinvite() { # CSEQ USER STATUS: of the callee, whose Contact has that user
	sip_send 500 < <(
		uas_message INVITE "$1" | sed "s/^Contact: <sip:gw@/Contact: <sip:$2@/"
	)
	uac_expect "$3"
}

uas_message() { # METHOD CSEQ: of the callee within the dialog
	uas_request "$@" | sed -e '/^<send/d' -e 's/]]><\/send>//' -e '/^$/d' \
		-e "s/branch=\[branch]/branch=z9hG4bK-$2-$call/"
}

# --- H19 -----------------------------------------------------------------------------------------

@test "H19 SIPp's BYE to the INVITE's Request-URI, without Route, ends the call" {
	gateway < <(uas_call; sip_serve BYE 200 OK)
	SIP_REMOTE=$BY_USER caller < <(uac_call 13; sip_pause 500; bye 14 "uri=sip:gw@$BY_USER" 'routes=Supported: none')
	ends_at_its_bye
}

@test "H15 GRUU: the BYE to a Contact at the proxy, which puts the registered one in its place, ends the call" {
	gateway < <({ uas_call; sip_serve BYE 200 OK; } | with_contact "sip:gw@$BY_USER;gr=urn:uuid:1")
	SIP_REMOTE=$BY_USER caller < <(uac_call 13; sip_pause 500; bye 14 'routes=Supported: none')
	ends_at_its_bye
}

@test "H19 a Contact that is a host name, behind the gateway's Record-Route: the BYE ends the call" {
	gateway < <({ uas_call; sip_serve BYE 200 OK; } |
		with_contact 'sip:gw@core.carrier.example' "sip:$LAB_GATEWAY:5060;lr")
	caller < <(uac_call 13; sip_pause 500; bye 14)
	ends_at_its_bye
}

@test "H19 a NOTIFY of the gateway after the BYE shows no life: the CDR stays as it is" {
	gateway < <(uas_call; sip_serve BYE 200 OK; uas_request NOTIFY 1; uac_expect 200)
	caller < <(uac_call 13; sip_pause 500; bye 14; sip_serve NOTIFY 200 OK)
	ends_at_its_bye
}

@test "H19 call pick-up: an INVITE with Replaces for a customer gives an ordinary row" {
	sip_callee caller callee < <(uas_call; sip_serve BYE 200 OK)
	SIP_CALLS=customer sip_caller third third "$call" < <(
		uac_invite 13 'Replaces: ringing@pbx;to-tag=a;from-tag=b;early-only'
		uac_answered 13
		sip_pause 500
		bye 14
	)
	sip_ended third callee
	cdr_true bye caller callee
	unblocked
}

# --- F33 -----------------------------------------------------------------------------------------

@test "F33 an INVITE with Replaces that goes to a gateway opens a suspect row, which ends at its BYE" {
	local header

	for header in 'Replaces: dear@carrier;to-tag=a;from-tag=b' 'Join: dear@carrier;to-tag=a;from-tag=b'; do
		call=${header%%:*}-$BATS_TEST_NUMBER@lab-$LAB_ID
		gateway < <(uas_call; sip_serve BYE 200 OK)
		caller < <(uac_invite 13 "$header"; uac_answered 13; sip_pause 500; bye 14)
		call_ends
		eventually 'bye caller t t' cdr "concat_ws(' ', end_reason, ended_by, bye_confirmed, suspect)"
		eventually t cdr "abs(extract(epoch FROM duration) - $(ladder_length "$LAB_DIR/gateway.short")) < 0.15"
	done
}

@test "F33 near miss: an INVITE that supports replaces opens an ordinary row" {
	gateway < <(uas_call; sip_serve BYE 200 OK)
	caller < <(uac_invite 13 'Supported: replaces, join'; uac_answered 13; sip_pause 500; bye 14)
	ends_at_its_bye
}

# --- H17 ---------------------------------------------------------------------------------------------

@test "H17 Call-ID and both tags used again for the next call, at once: a row of its own" {
	local n

	for n in 1 2; do
		gateway < <(uas_call; sip_serve BYE 200 OK)
		caller < <(uac_call 13; sip_pause $((n * 400)); bye 14)
		call_ends
	done
	eventually 2 cdr "count(*) FILTER (WHERE end_reason = 'bye' AND bye_confirmed)"
	assert_equal '0.4 0.8' cdr "string_agg(round(extract(epoch FROM duration), 1)::text, ' ' ORDER BY setup_time)"
	assert_equal 0 violations 'count(*)'
}

# --- F34 -----------------------------------------------------------------------------------------

@test "F34 a BYE that the proxy refused, then an INFO, then the same BYE again: it is dropped" {
	gateway < <(uas_call; sip_serve INFO 200 OK; sip_serve BYE 200 OK)
	SIP_USER=carol caller < <(
		uac_call 13
		uac_request BYE 14 branch=z9hG4bK-f34
		uac_expect 407
		uac_request INFO 15
		uac_expect 200
		uac_request BYE 14 branch=z9hG4bK-f34
		sip_hold
		uac_request BYE 16
		uac_expect 407 'auth="true"'
		bye 17 $'routes=[routes]\n[authentication username=carol password=secret]'
	)
	eventually 1 violations 'count(*)' "reason = 'out_of_order' AND action = 'drop' AND cseq = 14"
	cdr_open
	sip_go caller
	call_ends
	cdr_true bye caller gateway
}

@test "F34 near miss: a BYE that the gateway is slow to answer, then an INFO, then the same BYE again: it passes" {
	gateway < <(uas_call; sip_recv BYE; sip_pause 1000; sip_reply 200 OK)
	caller < <(
		uac_call 13
		sip_pause 300
		uac_request BYE 14 branch=z9hG4bK-f34
		sip_pause 300
		uac_request BYE 14 branch=z9hG4bK-f34
		uac_expect 200
	)
	ends_at_its_bye
}

# --- F22, F30 ------------------------------------------------------------------------------------

VICTIM='from=From: <sip:victim@example.org>;tag=Caller-1'

said() { # FROM REQUEST-URI: the row's
	eventually "$1 $2" cdr "concat_ws(' ', caller, request_uri)"
}

one_branch() { # EDIT...: of the INVITE before the dear one, which comes under the same branch
	local family=4 via="Via: SIP/2.0/UDP $LAB_CALLER:5060;branch=z9hG4bK-one-$call"

	wire <<-END
		$1 INVITE 13 "via=$via" "$VICTIM" "start=INVITE sip:cheap@$LAB_PROXY SIP/2.0" $2
		pass INVITE 13 "via=$via" "start=INVITE sip:dear@$LAB_PROXY SIP/2.0"
		pass ACK 13
		pass BYE 14
	END
	said "sip:bob@$LAB_CALLER" "sip:dear@$LAB_GATEWAY"
	assert_equal "$LAB_CALLER" cdr 'host(caller_addr)'
	eventually t cdr "extract(epoch FROM duration) BETWEEN ${length% *} - 0.05 AND ${length#* } + 0.05"
}

@test "F22 an INVITE with a wrong checksum names a victim and a cheap number: the row says what went out after it" {
	one_branch lost check=wrong
}

@test "F22 an INVITE that the proxy refused names a victim and a cheap number: the row says what went out after it" {
	local family=4 via="Via: SIP/2.0/UDP $LAB_CALLER:5060;branch=z9hG4bK-one-$call"

	gateway < <(uas_call; sip_serve BYE 200 OK)
	SIP_USER=alice SIP_CALLS=dear caller < <(
		uac_invite 13 | sed -e 's/branch=\[branch]/branch=z9hG4bK-f22/' -e 's/sip:\[callee]@/sip:cheap@/'
		uac_challenged 13
		uac_invite 14 '[authentication username=alice password=secret]' | sed 's/branch=\[branch]/branch=z9hG4bK-f22/'
		uac_answered 14
		sip_pause 500
		bye 15
	)
	ends_at_its_bye
	said "sip:alice@$LAB_CALLER" "sip:dear@$LAB_GATEWAY"
}

@test "F30 a BYE with a wrong checksum and the right way, beside one with an evil way, in either order: the call is open" {
	local family=4 order name=$call via

	for order in first last; do
		call=$order-$name
		via="Via: SIP/2.0/UDP $LAB_CALLER:5060;branch=z9hG4bK-f30-$call"
		wire <<-END
			call
			$([[ $order == last ]] || echo "lost BYE 14 check=wrong \"via=$via\"")
			pass BYE 14 "via=$via" "start=BYE sip:me@$LAB_GATEWAY:5060 SIP/2.0"
			$([[ $order == first ]] || echo "lost BYE 14 check=wrong \"via=$via\"")
		END
		still_open wrong_target
	done
}

@test "F30 near miss: a BYE with a wrong checksum, then the right one under its branch: that ends the call" {
	local family=4 via="Via: SIP/2.0/UDP $LAB_CALLER:5060;branch=z9hG4bK-f30-$call"

	wire <<-END
		call
		lost BYE 14 check=wrong "via=$via"
		pass BYE 14 "via=$via"
	END
	closed_by 14
}

# --- H22 -----------------------------------------------------------------------------------------

@test "H22 a gateway answers 503, another one 200: one row, with the caller's address" {
	gateway < <(uas_invite; uas_answer 503 Unavailable; sip_recv ACK)
	sip_play gateway second -i "$SECOND" < <(uas_call; sip_serve BYE 200 OK)
	lab_wait 5 listens_at gateway "$SECOND"
	SIP_REMOTE=$BACKUP caller < <(uac_call 13; sip_pause 500; bye 14)
	sip_ended caller gateway second
	cdr_true bye caller second
	unblocked
	from "$LAB_CALLER"
	assert_equal "$SECOND" cdr 'host(callee_addr)'
}

ringing_phone() { # PORT: rings until it is cancelled
	sip_play third "phone-$1" -p "$1" < <(
		uas_invite
		uas_late_answer 180 Ringing "t-$1"
		sip_recv CANCEL
		sip_reply 200 OK
		uas_late_answer 487 'Request Terminated' "t-$1"
		sip_recv ACK
	)
	lab_wait 5 lab_listens third "$1"
}

@test "H22 three phones ring, one answers: one row, with the caller's address" {
	ringing_phone 5060
	ringing_phone 5071
	sip_play third third -p 5072 < <(uas_invite; uas_answer 180 Ringing; sip_pause 300; uas_answer 200 OK; sip_recv ACK; sip_serve BYE 200 OK)
	lab_wait 5 lab_listens third 5072
	SIP_REMOTE=$PHONES caller < <(uac_call 13; sip_pause 500; bye 14)
	sip_ended caller third phone-5060 phone-5071
	cdr_true bye caller third
	unblocked
	from "$LAB_CALLER"
}
