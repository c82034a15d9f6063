# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
# shellcheck shell=bash disable=SC2016
#
# SIPp scenarios, put together from one function a step, and the processes that play them. The
# functions whose names begin with uac_ and uas_ print XML for the caller's and the callee's side:
#
#	sip_play caller attack "$CALL" < <(uac_call 13; uac_request BYE 10; uac_expect 500)
#	sip_ended attack		# fails unless SIPp saw exactly this
#
# $target, $remote and $routes of a dialog are SIPp variables, taken from the INVITE or its 2xx.
# Needs lab.bash.

# --- steps of either side ------------------------------------------------------------------------

sip_pause() { # MILLISECONDS; a message meanwhile fails the scenario
	printf '<pause milliseconds="%d"/>\n' "$1"
}

sip_send() { # [RETRANSMIT-MS]: the message is on stdin
	printf '<send%s><![CDATA[\n\n' "${1:+ retrans=\"$1\"}"
	cat
	printf '\n]]></send>\n'
}

sip_learn() { # HEADER REGEXP VARIABLE
	printf '<ereg regexp="%s" search_in="hdr" header="%s:" assign_to="%s"/>\n' "$2" "$1" "$3"
}

# The caller stays in the call until sip_go, and half a second longer: so the true end of a call is well
# apart from a false one. SIPp has no other way to wait for something outside than a message.
sip_hold() {
	printf '<recv request="INFO"/>\n'
	sip_pause 500
}

# Every response that a step awaits as optional: 100 and 18x may come or not.
sip_provisional() {
	printf '<recv response="%d" optional="true"/>\n' 100 180
}

sip_sdp() { # the rest of a message with an offer or an answer
	cat <<-'END'
		Content-Type: application/sdp
		Content-Length: [len]

		v=0
		o=lab 1 1 IN IP4 [local_ip]
		s=-
		c=IN IP4 [local_ip]
		t=0 0
		m=audio 6000 RTP/AVP 0
	END
}

sip_recv() { # METHOD [ATTRIBUTE]
	printf '<recv request="%s" %s/>\n' "$1" "${2:-}"
}

sip_reply() { # STATUS PHRASE [HEADER]: to the in-dialog request that came last
	sip_send < <(
		cat <<-END
			SIP/2.0 $1 $2
			[last_Via:]
			[last_From:]
			[last_To:]
			[last_Call-ID:]
			[last_CSeq:]
		END
		printf '%s\n' ${3:+"$3"} 'Content-Length: 0'
	)
}

sip_serve() { # METHOD STATUS PHRASE [HEADER]: takes a request and replies
	sip_recv "$1"
	sip_reply "${@:2}"
}

# --- the caller's side ---------------------------------------------------------------------------

uac_invite() { # CSEQ [HEADER]: the initial INVITE, repeated until answered
	sip_send 500 < <(
		cat <<-END
			INVITE sip:[callee]@[remote_ip] SIP/2.0
			Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]
			From: <sip:[caller]@[local_ip]>;tag=[from_tag]
			To: <sip:[callee]@[remote_ip]>
			Call-ID: [call_id]
			CSeq: $1 INVITE
			Contact: <sip:[caller]@[local_ip]:[local_port]>
			Max-Forwards: 70
		END
		[[ -z ${2:-} ]] || printf '%s\n' "$2"
		sip_sdp
	)
}

uac_cancel() { # CSEQ: of the initial INVITE, once it rings
	sip_send <<-END
		CANCEL sip:[callee]@[remote_ip] SIP/2.0
		[last_Via:]
		From: <sip:[caller]@[local_ip]>;tag=[from_tag]
		To: <sip:[callee]@[remote_ip]>
		Call-ID: [call_id]
		CSeq: $1 CANCEL
		Max-Forwards: 70
		Content-Length: 0
	END
}

uac_ack() { # CSEQ: of a 2xx
	uac_message ACK "$1" | sip_send
}

uac_challenged() { # CSEQ: 407 to the INVITE, and its ACK
	cat <<-END
		<recv response="100" optional="true"/>
		<recv response="407" auth="true"/>
	END
	sip_send <<-END
		ACK sip:[callee]@[remote_ip] SIP/2.0
		[last_Via:]
		From: <sip:[caller]@[local_ip]>;tag=[from_tag]
		[last_To:]
		Call-ID: [call_id]
		CSeq: $1 ACK
		Max-Forwards: 70
		Content-Length: 0
	END
}

uac_answered() { # CSEQ: the 2xx to the INVITE, and its ACK
	sip_provisional
	printf '<recv response="200" rrs="true"><action>\n'
	sip_learn To '&lt;.*' remote
	sip_learn Contact 'sip:[^&gt;]*' target
	printf '</action></recv>\n'
	uac_ack "$1"
}

uac_call() { # CSEQ: INVITE, 2xx, ACK
	uac_invite "$1"
	uac_answered "$1"
}

# An in-dialog request of the caller, without its end; what is wrong with an attacker's comes in
# the options, each NAME=VALUE:
#	uri=	Request-URI		routes=	lines instead of the dialog's Route
#	from=	From			to=	To
#	branch=	Via branch		cseq_method=  method in CSeq
#	hops=	Max-Forwards		cseq_line=	instead of the whole CSeq header
uac_message() { # METHOD CSEQ [OPTION]...
	local method=$1 cseq=$2 uri='[$target]' routes='[routes]' branch='[branch]' option
	local from='<sip:[caller]@[local_ip]>;tag=[from_tag]' to='[$remote]' hops=70
	local cseq_method=$method cseq_line

	for option in "${@:3}"; do
		local "$option"
	done
	cat <<-END
		$method $uri SIP/2.0
		Via: SIP/2.0/UDP [local_ip]:[local_port];branch=$branch
		$routes
		From: $from
		To: $to
		Call-ID: [call_id]
		${cseq_line-CSeq: $cseq $cseq_method}
		Contact: <sip:[caller]@[local_ip]:[local_port]>
		Max-Forwards: $hops
	END
	[[ $method == INVITE ]] || printf 'Content-Length: 0\n'
}

uac_request() { # METHOD CSEQ [OPTION]...: sent once
	uac_message "$@" | sip_send
}

uac_reinvite() { # CSEQ: INVITE within the dialog; its 2xx may move the target; ACK
	sip_send 500 < <(
		uac_message INVITE "$1"
		sip_sdp
	)
	sip_provisional
	printf '<recv response="200"><action>\n'
	sip_learn Contact 'sip:[^&gt;]*' target
	printf '</action></recv>\n'
	uac_ack "$1"
}

uac_rings() {
	printf '<recv response="%d"/>\n' 100 180
}

uac_expect() { # STATUS [ATTRIBUTE]
	sip_provisional
	printf '<recv response="%s" %s/>\n' "$1" "${2:-}"
}

# --- the callee's side ---------------------------------------------------------------------------

uas_invite() { # the initial INVITE comes in
	printf '<recv request="INVITE" rrs="true"><action>\n'
	sip_learn From '&lt;.*' remote
	sip_learn To '&lt;[^&gt;]*&gt;' local
	sip_learn Contact 'sip:[^&gt;]*' target
	sip_learn CSeq '[0-9]+' digits
	printf '<todouble assign_to="highest" variable="digits"/>\n'
	printf '<ereg regexp="Record-Route:.*To:[^&gt;]*&gt;" search_in="msg" assign_to="invite"/>\n'
	printf '</action></recv>\n'
}

uas_answer() { # STATUS PHRASE: to the INVITE
	sip_send "$([[ $1 == 1* ]] || printf 500)" < <(
		cat <<-END
			SIP/2.0 $1 $2
			[last_Via:]
			[last_Record-Route:]
			[last_From:]
			To: [\$local];tag=[to_tag]
			[last_Call-ID:]
			[last_CSeq:]
			Contact: <sip:gw@[local_ip]:[local_port]>
		END
		if [[ $1 == 2* ]]; then
			sip_sdp
		else
			printf 'Content-Length: 0\n'
		fi
	)
}

# Answers the INVITE after other requests have come, whose headers are the last ones for SIPp. Sent once.
uas_late_answer() { # STATUS PHRASE TO-TAG [HEADER]
	sip_send < <(
		cat <<-END
			SIP/2.0 $1 $2
			[\$invite];tag=$3
			Call-ID: [call_id]
			CSeq: [\$digits] INVITE
			Contact: <sip:gw@[local_ip]:[local_port]>
		END
		[[ -z ${4:-} ]] || printf '%s\n' "$4"
		printf 'Content-Length: 0\n'
	)
}

uas_call() { # INVITE, 180, 2xx, ACK
	uas_invite
	uas_answer 180 Ringing
	uas_answer 200 OK
	sip_recv ACK
}

uas_request() { # METHOD CSEQ: an in-dialog request of the callee, sent once
	sip_send <<-END
		$1 [\$target] SIP/2.0
		Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]
		[routes]
		From: [\$local];tag=[to_tag]
		To: [\$remote]
		Call-ID: [call_id]
		CSeq: $2 $1
		Contact: <sip:gw@[local_ip]:[local_port]>
		Max-Forwards: 70
		Content-Length: 0
	END
}

# A callee that keeps the order of CSeq as RFC 3261 12.2.2 has it: 500 to a BYE below the INVITE's
# or a later one's, 200 to the first that is not, which ends the call.
uas_ordered_bye() {
	cat <<-'END'
		<label id="500"/>
		<recv request="BYE"><action>
		<ereg regexp="[0-9]+" search_in="hdr" header="CSeq:" assign_to="digits"/>
		<todouble assign_to="cseq" variable="digits"/>
		<test assign_to="below" variable="cseq" compare="less_than" variable2="highest"/>
		</action></recv>
		<nop next="501" test="below"/>
	END
	sip_reply 200 OK
	printf '<nop next="502"/>\n<label id="501"/>\n'
	sip_reply 500 'Request Out of Order'
	printf '<nop next="500"/>\n<label id="502"/>\n'
}

# --- the processes of SIPp -----------------------------------------------------------------------

declare -gA SIP_PID=()

# sip_play HOST NAME [SIPP-OPTION]...: starts SIPp with the steps on stdin, for one call.
# NAME.short in LAB_DIR gets a line a message, NAME.log what SIPp itself says.
sip_play() {
	local host=$1 name=$2 file=$LAB_DIR/$2 learnt

	{
		printf '<?xml version="1.0" encoding="UTF-8"?>\n<scenario name="%s">\n' "$name"
		cat
	} >"$file.xml"
	learnt=$(grep -o 'assign_to="[^"]*' "$file.xml" | cut -d '"' -f 2 | sort -u | paste -sd ,) || :
	# SIPp refuses a variable that nothing reads
	printf '%s\n</scenario>\n' "${learnt:+<Reference variables=\"$learnt\"/>}" >>"$file.xml"
	ip netns exec "$(lab_ns "$host")" sipp -sf "$file.xml" -m 1 -t u1 -p 5060 -i "$(lab_address "$host")" \
		-nostdin -timeout 30s -timeout_error -default_behaviors abortunexp \
		-key caller "${SIP_USER:-bob}" -key callee "${SIP_CALLS:-gw}" \
		-key from_tag "f-$name" -key to_tag "t-$name" \
		-trace_shortmsg -shortmessage_file "$file.short" -shortmessage_overwrite true \
		-trace_msg -message_file "$file.msg" -message_overwrite true \
		-trace_err -error_file "$file.err" -error_overwrite true \
		"${@:3}" >"$file.log" 2>&1 </dev/null 3>&- &
	SIP_PID[$name]=$!
}

sip_callee() { # HOST NAME [SIPP-OPTION]...: returns when it listens
	sip_play "$@" || return
	lab_wait 5 lab_listens "$1" 5060 ||
		lab_fail "SIPp $2 does not listen: $(tail -n 3 "$LAB_DIR/$2.log")"
}

# SIP_USER (bob) calls SIP_CALLS (gw) by way of SIP_REMOTE (the proxy).
sip_caller() { # HOST NAME CALL-ID [SIPP-OPTION]...
	sip_play "$1" "$2" -cid_str "$3" "${@:4}" "${SIP_REMOTE:-$LAB_PROXY}:5060"
}

# Continues call $call of SIPp NAME on host caller, which waits in sip_hold. The INFO stays on that host.
sip_go() { # NAME
	lab_wait 10 grep -q ' ACK' "$LAB_DIR/$1.short" || lab_fail "SIPp $1 is not in a call" || return
	printf '%s\r\n' "INFO sip:$1 SIP/2.0" 'Via: SIP/2.0/UDP localhost;branch=z9hG4bK-go' \
		'From: <sip:go@localhost>;tag=go' 'To: <sip:go@localhost>' "Call-ID: $call" 'CSeq: 1 INFO' \
		'Content-Length: 0' '' >"$LAB_DIR/go"
	lab_in caller bash -c 'cat "$1" >"/dev/udp/$2/5060"' bash "$LAB_DIR/go" "$(lab_address caller | tr -d '[]')"
}

# sip_ended NAME...: waits for each; fails, and shows why, unless SIPp saw what its steps say.
sip_ended() {
	local name

	for name; do
		wait "${SIP_PID[$name]}" && continue
		printf 'SIPp %s:\n' "$name" >&2
		head -n 20 "$LAB_DIR/$name.err" "$LAB_DIR"/*.short >&2
		return 1
	done
}

sip_over() { # ends each SIPp that still runs
	local name

	for name in "${!SIP_PID[@]}"; do
		kill -KILL "${SIP_PID[$name]}" 2>/dev/null || :
		wait "${SIP_PID[$name]}" 2>/dev/null || :
	done
}
