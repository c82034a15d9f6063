#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# The maps of an instance: their sizes and layout, an upgrade beneath them, and a call in them without a daemon.

bats_require_minimum_version 1.5.0
load lib
load cli

@test "upgrade: replaces the programs and keeps the maps" {
	maps_of_the_file
	guard attach in0 in1
	guard set gateway=192.0.2.0/24
	passed=$(counted in not_sip)
	echo "no SIP at all" | send "$PEER" 10.77.0.1
	local before after passed
	before=$(status_json '[.interfaces[] | .program_in, .program_out] | unique | join(" ")')
	guard upgrade
	after=$(status_json '[.interfaces[] | .program_in, .program_out] | unique | join(" ")')
	[[ $before != "$after" && $after == *" "* ]]
	[[ $(status_json '.settings.gateways[0]') == 192.0.2.0/24 ]]
	echo "no SIP at all" | send "$PEER" 10.77.1.1
	[[ $(counted in not_sip) == $((passed + 2)) ]]
	guard detach in0 in1
	[[ -z $(clsacts) ]]
}

@test "upgrade: the events of one CPU are numbered on, so that no two rows are one" {
	local n

	guard attach in0 --gateway 192.0.2.0/24
	for n in 1 2; do
		printf '%s\n' 'INVITE sip:b@10.77.0.1 SIP/2.0' 'Via: SIP/2.0/UDP 10.77.0.2;branch=z9hG4bK-1' \
			'From: <sip:a@10.77.0.2>;tag=a' 'To: <sip:b@10.77.0.1>' "Call-ID: seq-$n" 'CSeq: 2147483650 INVITE' \
			'Content-Length: 0' '' | taskset -c 0 ip netns exec "$PEER" bash -c 'sed "s/$/\r/" >/dev/udp/10.77.0.1/5060'
		[[ $n == 2 ]] || guard upgrade
	done
	run -0 guard events -j
	echo "$output"
	[[ $(jq -s 'map(.seq) | length == 2 and .[1] == .[0] + 1' <<<"$output") == true ]]
}

@test "attach: max-dialogs is fixed by the first attach" {
	guard attach --max-dialogs 1000 in0
	[[ $(status_json .maps.dialogs.max) == 1000 ]]
	run --separate-stderr guard attach --max-dialogs 2000 in1
	[[ $status == 0 && $stderr == *"max-dialogs stays 1000"* ]]
	run --separate-stderr guard attach --max-dialogs 1000 in1
	[[ $status == 0 && $stderr != *stays* ]]
	guard upgrade
	[[ $(status_json .maps.dialogs.max) == 1000 ]]
}

@test "attach: ring-bytes is fixed by the first attach, for both rings" {
	local own=$CSEQGUARD_INSTANCE
	maps_of_the_file
	guard attach in0
	[[ $(status_json '.rings | [.events, .alerts] | @csv') == 16777216,4194304 ]]
	run --separate-stderr guard attach --ring-bytes 16777216 in1
	[[ $status == 0 && $stderr == *"ring-bytes stays 16777216 (events) and 4194304 (alerts)"* ]]
	guard detach in0 in1
	CSEQGUARD_INSTANCE=$own
	guard attach --ring-bytes 4096 in0
	run --separate-stderr guard attach --ring-bytes 8192 in1
	[[ $status == 0 && $stderr == *"ring-bytes stays 4096"* ]]
	run --separate-stderr guard attach --ring-bytes 4096 in1
	[[ $status == 0 && $stderr != *stays* ]]
	guard upgrade
	[[ $(status_json '.rings | [.events, .alerts] | @csv') == 4096,4096 ]]
	guard status | grep -q '^ring  *events: 4096 bytes$'
	echo "no SIP at all" | send "$PEER" 10.77.0.1
	[[ $(counted in not_sip) == 1 ]]
}

@test "attach: the secret of a pair comes from a file of root, and is fixed by the first attach" {
	local file=$BATS_TEST_TMPDIR/secret

	refused 1 "$file: cannot open it: " guard attach --secret-file "$file" in0
	(umask 077 && echo 000102030405060708090a0b0c0d0e0f >"$file")
	chmod 640 "$file"
	refused 1 'its mode is 0640, not 0600 or 0400; run: chmod 600' guard attach --secret-file "$file" in0
	chmod 600 "$file"
	chown 1 "$file"
	refused 1 'it belongs to user 1; run: chown root' guard attach --secret-file "$file" in0
	chown 0 "$file"
	[[ ! -e $PINS ]]
	guard attach --secret-file "$file" in0
	# as bytes, in order: so the keys are equal on all hosts of the pair
	[[ $(bpftool -j map dump pinned "$PINS/secret" | jq -r '.[0].value | map(ltrimstr("0x")) | join("")') == "$(<"$file")" ]]
	chmod 400 "$file"
	guard attach --secret-file "$file" in1
	guard attach in1
	chmod 600 "$file"
	echo 000102030405060708090a0b0c0d0e10 >"$file"
	refused 1 'its maps were made with another one; when few calls run: cseqguard detach -a' \
		guard attach --secret-file "$file" in1
	[[ $(status_json '.interfaces | length') == 2 ]]
}

@test "attach: a file without a secret of 32 hexadecimal digits is refused" {
	local file=$BATS_TEST_TMPDIR/secret text

	(umask 077 && : >"$file")
	for text in '' 0 000102030405060708090a0b0c0d0e0 000102030405060708090a0b0c0d0e0g \
		000102030405060708090a0b0c0d0e0f0 $'000102030405060708090a0b0c0d0e0f\n\n'; do
		printf %s "$text" >"$file"
		refused 1 'does not consist of 32 hexadecimal digits; make one with: openssl rand -hex 16' \
			guard attach --secret-file "$file" in0
	done
	refused 1 'it is no regular file' guard attach --secret-file "$BATS_TEST_TMPDIR" in0
	printf 000102030405060708090A0B0C0D0E0F >"$file"
	guard attach --secret-file "$file" in0
}

@test "attach: maps of another layout are refused and left as they are" {
	guard attach in0
	rm "$PINS/dialogs"
	bpftool map create "$PINS/dialogs" type hash key 16 value 8 entries 10 name dialogs
	refused 1 "layout" guard attach in1
	refused 1 "layout" guard upgrade
	refused 1 "layout" guard dialogs
	refused 1 "layout" guard status
	[[ -z $(find "$PINS" -name 'link_*_in1') ]]
	rm "$PINS/config"
	bpftool map create "$PINS/config" type array key 4 value 112 entries 1 name config
	refused 1 "layout" guard attach in1
	refused 1 "layout" guard set mode=observe
	guard detach -a
	[[ ! -e $PINS ]]
}

# The host answers by hand: what comes in and goes out is all that the guard looks at.
a_call() {
	local headers="Via: SIP/2.0/UDP 10.77.0.2:5060;branch=z9hG4bK-$ID
From: <sip:alice@10.77.0.2>;tag=a
Call-ID: call-$ID
CSeq: 13 INVITE"
	send "$PEER" 10.77.0.1 <<-END
		INVITE sip:bob@10.77.0.1 SIP/2.0
		$headers
		To: <sip:bob@10.77.0.1>
		Contact: <sip:alice@10.77.0.2>
		Content-Length: 0

	END
	send "$HOST" 10.77.0.2 <<-END
		SIP/2.0 200 OK
		$headers
		To: <sip:bob@10.77.0.1>;tag=b
		Contact: <sip:bob@10.77.0.1>
		Content-Length: 0

	END
}

late_bye() {
	send "$PEER" 10.77.0.1 <<-END
		BYE sip:bob@10.77.0.1 SIP/2.0
		Via: SIP/2.0/UDP 10.77.0.2:5060;branch=z9hG4bK-late
		From: <sip:alice@10.77.0.2>;tag=a
		To: <sip:bob@10.77.0.1>;tag=b
		Call-ID: call-$ID
		CSeq: 10 BYE
		Content-Length: 0

	END
}

@test "guard: follows a call while no process runs; dialogs, stats and events show it" {
	guard attach in0
	a_call
	late_bye
	guard dialogs | grep -q "^confirmed .*10.77.0.2:[0-9]* 13  *10.77.0.1:[0-9]* - .* 1  *wire-local  *udp-udp  *-  *call-$ID"
	guard -j dialogs | jq -e --arg id "call-$ID" '.[0] | .call_id == $id and .state == "confirmed"
		and .caller_cseq == 13 and .caller_addr == "10.77.0.2" and .callee_side == "local"
		and .caller_side == "wire" and .witness == 2 and .candidate_end == null
		and .blocked_byes == 1 and .end_time == null'
	[[ $(counted in out_of_order) == 1 ]]
	guard -j stats | jq -e '.dropped == 1 and .out.opened == 1'
	run guard -j events
	[[ $status == 0 && ${#lines[@]} == 2 ]]
	jq -e '.event == "start"' <<<"${lines[0]}"
	jq -e '.event == "violation" and .reason == "out_of_order" and .action == "drop" and .cseq == 10
		and .expected_cseq == 14 and .leg == "caller" and .source == "10.77.0.2"
		and .interface == "in0"' <<<"${lines[1]}"
	run -0 guard -j events # takes none
	[[ ${#lines[@]} == 2 ]]
}

@test "events: -f shows new events to each who looks, and says that a full ring loses further ones" {
	local follower
	guard attach --ring-bytes 4096 in0 # 13 events
	mkfifo "$BATS_TEST_TMPDIR/events" "$BATS_TEST_TMPDIR/notices"
	"$GUARD" -n "$HOST" events -f >"$BATS_TEST_TMPDIR/events" 2>"$BATS_TEST_TMPDIR/notices" 3>&- &
	follower=$!
	exec 8<"$BATS_TEST_TMPDIR/events" 9<"$BATS_TEST_TMPDIR/notices"
	a_call
	read -r -t 10 -u 8 line
	[[ $line == *" start "*"call-$ID" ]]
	run -0 guard events
	[[ ${#lines[@]} == 1 && $output == "$line" ]]
	late_bye
	read -r -t 10 -u 8 line
	[[ $line == *" violation out_of_order drop BYE of caller cseq 10 expected 14 "* ]]
	for _ in {1..15}; do
		late_bye
	done
	read -r -t 30 -u 9 line
	[[ $line == *'ring alerts is full: further events are lost until cseqguardd reads it' ]]
	kill "$follower"
	wait "$follower" || true
}
