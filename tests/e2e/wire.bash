# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
# shellcheck shell=bash disable=SC2086,SC2153
#
# What the tests of single bytes and packets share: the lab on IPv6 too, and calls played by wire.py.
# In each the BYE that the gateway accepts ends the call: that is the truth of its CDR.
# WIRE_ATTACH='--mode observe' shows which tests rest on a drop.

LAB_CALLER6=fd77:1::1
LAB_GATEWAY6=fd77:2::1
LAB_PROXY6=fd77::1

wire_lab() { # [ATTACH-OPTION]...: a Kamailio for each family on the guarded host
	guarded_lab --gateway "$LAB_GATEWAY/32" --gateway "$LAB_GATEWAY6/128" ${WIRE_ATTACH:-} "$@"
	wire_ipv6 caller 1
	wire_ipv6 gateway 2
	lab_wait 10 wire_addressed
	ip -n "$(lab_ns proxy)" addr add "$LAB_PROXY6/128" dev lo
	kamailio_db "$ACC"
	kamailio_up "$ACC"
	install -d "$LAB_DIR/six"
	LAB_DIR=$LAB_DIR/six LAB_PROXY="[$LAB_PROXY6]" LAB_GATEWAY="[$LAB_GATEWAY6]" \
		kamailio_up "$ACC"
	lab_wait 10 wire_listens "$LAB_PROXY6"
}

wire_ipv6() { # HOST NET
	local ns

	ns=$(lab_ns "$1")
	lab_in "$1" sysctl -qw net.ipv6.conf.eth0.disable_ipv6=0 &&
		ip -n "$ns" addr add "fd77:$2::1/64" dev eth0 nodad &&
		ip -n "$(lab_ns proxy)" addr add "fd77:$2::254/64" dev "${1}0" nodad &&
		ip -n "$ns" route add default via "fd77:$2::254"
}

wire_addressed() { # duplicate address detection is over, of the link-local ones too
	local host

	for host in caller gateway proxy; do
		[[ -z $(ip -n "$(lab_ns "$host")" -6 addr show tentative) ]] || return
	done
}

wire_listens() { # ADDRESS
	lab_in proxy ss -Hlun "sport = :5060" | grep -q "\[$1\]"
}

# The test's function, over each family: call and caller are its own.
over_both() { # FUNCTION [ARGUMENT]...
	local family name=$call

	for family in 4 6; do
		call=$family-$name
		"$@"
	done
}

# steps on stdin, of the host WIRE_HOST under the address WIRE_CALLER; length is set
wire() {
	local caller=$LAB_CALLER proxy=$LAB_PROXY gateway=$LAB_GATEWAY

	if [[ $family == 6 ]]; then
		caller=$LAB_CALLER6 proxy=$LAB_PROXY6 gateway=$LAB_GATEWAY6
	fi
	length=$("$LAB_TOP/tests/e2e/wire.py" "$call" "${WIRE_HOST:-caller}" "${WIRE_CALLER:-$caller}" \
		"$proxy" "$gateway")
}

# The call's one row: closed by the caller's BYE of that number, and as long as the call was.
closed_by() { # CSEQ
	eventually "bye caller t f $1" cdr \
		"concat_ws(' ', end_reason, ended_by, bye_confirmed, suspect, caller_cseq)"
	eventually t cdr "extract(epoch FROM duration) BETWEEN ${length% *} - 0.005 AND ${length#* } + 0.005"
}

# That often, and nothing else against this call. Beyond ten a minute of a source they are in a sum.
refused() { # REASON N [CSEQ]
	eventually t violations "coalesce(bool_and(reason = '$1' AND action = 'drop' AND method = 'BYE'
		${3:+AND cseq::text = '$3'}), true) AND (count(*) = $2 OR count(*) < $2 AND EXISTS (
		SELECT FROM cseqguard.violation WHERE reason = '$1' AND action = 'drop' AND call_id = ''))"
}

# --- forms of a BYE on stdin, a line each --------------------------------------------------------

dropped() { # REASON CSEQ: in each form, none of which keeps the true BYE out
	local forms

	mapfile -t forms
	wire < <(
		echo call
		printf "lost BYE $2 %s\n" "${forms[@]}"
		echo pass BYE 14
	)
	refused "$1" ${#forms[@]}
	closed_by 14
}

# In each form: under 10 it is dropped, under 14 it closes a call.
judged() { # [always]: the whole call is written so
	local form name=$call n=0

	while read -r form; do
		call=$((n += 1))-$name
		wire <<-END
			${1:+always $form}
			call
			lost BYE 10 $form
			pass BYE 14 $form
		END
		refused out_of_order 1 10
		closed_by 14
	done
}
