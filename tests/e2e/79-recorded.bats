#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# A replay says what the guard said: calls through Kamailio are recorded while the guard judges them, and the
# rows of both are compared field by field.

load lib
load operator
load recorded

setup_file() {
	proxy_lab
	quick_daemon
}

teardown() {
	((${#RECORDERS[@]} == 0)) || kill -KILL "${RECORDERS[@]}" 2>/dev/null || :
	sip_over
	guard set mode=enforce equal=drop
	[[ -n ${BATS_TEST_COMPLETED:-} ]] || evidence >&2
}

@test "F1: a lower BYE that was dropped" {
	record --mode enforce
	bye_lower
	record_end
	eventually 1 violations 'count(*)'
	same_rows
}

@test "F1 in observe mode: the lower BYE went through, and the gateway refused it" {
	guard set mode=observe
	record --mode observe
	gateway < <(uas_call; sip_serve BYE 500 'Request Out of Order'; sip_serve BYE 200 OK)
	caller < <(uac_call 13; sip_pause 200; uac_request BYE 10; uac_expect 500; sip_pause 500; bye 14)
	call_ends
	record_end
	cdr_true bye caller gateway
	eventually refused violations outcome "action = 'would_drop'"
	same_rows
	assert_equal refused jq -r '.violations[] | select(.action == "would_drop") | .outcome' "$LAB_DIR/replay.json"
}

@test "F2 and its near miss: a BYE with the INVITE's CSeq, by both policies" {
	record --mode enforce
	gateway < <(uas_call; sip_serve BYE 200 OK)
	caller < <(uac_call 13; sip_pause 200; uac_request BYE 13; sip_pause 1500; bye 14)
	call_ends
	record_end
	cdr_true bye caller gateway
	eventually 1 violations 'count(*)'
	same_rows
	guard set equal=pass
	call=pass-$call
	record --mode enforce --equal pass
	gateway < <(uas_call; sip_serve BYE 200 OK)
	caller < <(uac_call 13; sip_pause 500; bye 13)
	call_ends
	record_end
	cdr_true bye caller gateway
	same_rows
}

@test "F3: BYEs with six wrong CSeqs" {
	record --mode enforce
	byes_malformed
	record_end
	cdr_true bye caller gateway
	eventually 6 violations 'count(*)'
	same_rows
}

@test "F8 and F10: a BYE that the gateway refuses, and one with both tags swapped" {
	record --mode enforce
	bye_refused 403
	record_end
	same_rows
	call=swapped-$call
	record --mode enforce
	bye_swapped "$LAB_CALLER"
	record_end
	same_rows
}

@test "H2 and H4: the callee's BYE, after INFO by both sides" {
	record --mode enforce
	gateway < <(uas_call; sip_serve INFO 200 OK; uas_request INFO 20; uac_expect 200; uas_request BYE 21; uac_expect 200)
	caller < <(uac_call 13; uac_request INFO 14; uac_expect 200; sip_serve INFO 200 OK; sip_serve BYE 200 OK)
	call_ends
	record_end
	cdr_true bye callee gateway
	same_rows
}
