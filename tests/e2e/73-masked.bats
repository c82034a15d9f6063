#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# The guarded host masks the Call-ID (Kamailio's topoh with mask_callid): a call has two rows, the caller's and
# the gateway's. With masks-call-id they are twins, and the one that the gateway ends is billed.

load lib

setup_file() {
	lab_up "$$" "$LAB_PG"
	export CDRS=cdr_$LAB_ID
	sql postgres "CREATE DATABASE $CDRS"
	guard_up --gateway "$LAB_GATEWAY/32" --masks-call-id
	masked_daemon
	install -d "$LAB_DIR/kamailio"
	lab_in proxy kamailio -DD -E -f "$LAB_TOP/tests/e2e/masked.cfg" -l "udp:$LAB_PROXY:5060" -m 16 -M 4 \
		-A "NEXT=\"$LAB_GATEWAY\"" -Y "$LAB_DIR/kamailio" >"$LAB_DIR/kamailio.log" 2>&1 </dev/null 3>&- &
	lab_wait 10 lab_listens proxy 5060
}

setup() {
	call=$BATS_TEST_NUMBER@lab-$LAB_ID
	name=caller-$BATS_TEST_NUMBER # of SIPp, and so of the From tag, which tells the calls of a test from others
	tag=f-$name
}

masked_daemon() {
	guard_daemon "$CDRS" --sweep 300ms
}

caller() {
	sip_caller caller "$name" "$call"
}

call_ends() {
	sip_ended "$name" gateway
}

rows() { # EXPRESSION [CONDITION]: of the two rows of the call, the caller's first
	sql "$CDRS" "SELECT $1 FROM cseqguard.cdr WHERE from_tag = '$tag' AND ${2:-true} ORDER BY callee_side = 'gateway'"
}

counted_rows() { # CONDITION
	sql "$CDRS" "SELECT count(*) FROM cseqguard.cdr WHERE from_tag = '$tag' AND $1"
}

cdr() { # as `cdr` in lib.bash, for the gateway's row
	rows "$1" "callee_side = 'gateway'"
}

are_twins() { # both rows name each other, and the caller's address is in both
	eventually "unseen $LAB_CALLER 5060
gateway $LAB_CALLER 5060" rows "concat_ws(' ', callee_side, host(caller_addr), caller_port)"
	assert_equal t sql "$CDRS" "SELECT bool_and(a.twin_uid = b.call_uid AND a.call_id <> b.call_id) AND count(*) = 2
		FROM cseqguard.cdr a JOIN cseqguard.cdr b USING (from_tag, to_tag)
		WHERE from_tag = '$tag' AND a.call_uid <> b.call_uid"
}

billed() { # the gateway's row alone, as long as SIPp gateway saw the call
	local length

	length=$(ladder_length "$LAB_DIR/gateway.short")
	eventually "gateway t" sql "$CDRS" "SELECT callee_side || ' '
		|| left((abs(extract(epoch FROM duration) - $length) < 0.15)::text, 1)
		FROM cseqguard.billable WHERE from_tag = '$tag'"
}

@test "F19 masked Call-ID: the rows of a call are twins, both have the caller's address, and the gateway's is billed" {
	gateway < <(uas_call; sip_serve BYE 200 OK)
	caller < <(uac_call 13; sip_pause 15000; bye 14)
	are_twins
	assert_equal 2 counted_rows 'end_time IS NULL'
	call_ends
	billed
	eventually 'relayed_bye t
bye f' rows "concat_ws(' ', end_reason, suspect)"
}

# The caller's 2xx to the host's BYE proves nothing, and his open row would keep the call from being billed.
@test "F19 masked Call-ID: the gateway's BYE ends the call" {
	gateway < <(uas_call; sip_pause 5000; uas_request BYE 1; uac_expect 200)
	caller < <(uac_call 13; sip_serve BYE 200 OK)
	are_twins
	call_ends
	billed
	eventually 'unproven_bye t
bye f' rows "concat_ws(' ', end_reason, suspect)"
}

@test "F19 masked Call-ID: a BYE to the caller's own host, answered 200 there, ends nothing that is billed" {
	gateway < <(uas_call; sip_serve BYE 200 OK)
	sip_callee third third < <(sip_serve BYE 200 OK)
	caller < <(uac_call 13; sip_pause 200; bye 14 "uri=sip:me@$LAB_THIRD:5060"; sip_hold; bye 15)
	sip_ended third
	are_twins
	assert_equal t cdr 'end_time IS NULL'
	assert_equal 0 sql "$CDRS" "SELECT count(*) FROM cseqguard.billable WHERE from_tag = '$tag'"
	sip_go "$name"
	call_ends
	billed
}

@test "F19 masked Call-ID: a low BYE is dropped; a BYE that the gateway refuses ends nothing that is billed" {
	gateway < <(uas_call; sip_serve BYE 403 Refused; sip_serve BYE 200 OK)
	caller < <(
		uac_call 13
		sip_pause 200
		uac_request BYE 10
		sip_pause 300
		uac_request BYE 14
		uac_expect 403
		sip_hold
		bye 15
	)
	are_twins
	assert_equal '1
0' rows blocked_byes
	assert_equal t cdr 'end_time IS NULL'
	sip_go "$name"
	call_ends
	billed
}

@test "F19 masked Call-ID: a daemon that starts anew joins no row otherwise" {
	gateway < <(uas_call; sip_serve BYE 200 OK)
	caller < <(uac_call 13; sip_pause 9000; bye 14)
	are_twins
	guard_daemon_end KILL
	masked_daemon
	call_ends
	billed
	are_twins
}

@test "F19 masked Call-ID: a third host's call that looks like the caller's is not joined, and the caller's is" {
	sip_callee gateway gateway -m 2 < <(uas_invite; uas_answer 180 Ringing; sip_pause 1500; uas_answer 200 OK; sip_recv ACK; sip_serve BYE 200 OK)
	caller < <(uac_call 13; sip_pause 6000; bye 14)
	lab_wait 5 grep -q ' 180' "$LAB_DIR/$name.short"
	sip_caller third third "third-$call" < <(
		{
			uac_call 13
			sip_pause 6000
			bye 14
		} | sed "s/@\[local_ip\]>;tag=\[from_tag\]/@$LAB_CALLER>;tag=$tag/"
	)
	eventually 2 counted_rows 'twin_uid IS NOT NULL'
	sip_ended "$name" third gateway
	eventually 4 counted_rows 'end_time IS NOT NULL'
	assert_equal 2 counted_rows "twin_uid IS NOT NULL AND caller_addr = '$LAB_CALLER'"
	assert_equal 1 counted_rows "twin_uid IS NULL AND caller_addr = '$LAB_THIRD' AND callee_side = 'unseen'"
}

@test "masked Call-ID, near miss: without the setting no row is joined" {
	guard set masks-call-id=off
	gateway < <(uas_call; sip_serve BYE 200 OK)
	caller < <(uac_call 13; sip_pause 5000; bye 14)
	call_ends
	eventually 2 counted_rows 'end_time IS NOT NULL'
	lab_wait 1 false || : # sweeps
	assert_equal 0 counted_rows 'twin_uid IS NOT NULL'
	guard set masks-call-id=on
	are_twins
}
