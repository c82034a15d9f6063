# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
# shellcheck shell=bash
#
# The ladder of one call, from what caller and gateway saw (SIPp's short message logs):
# date, time, epoch, S or R, Call-ID, "CSeq:N METHOD", first line, apart by tabs.

# HOST, time, S or R, CSeq, method and status (empty: a request) of each message. SIPp writes the line
# of a message after sending it, which may be after the other side's line: half a millisecond off,
# in the order of each side.
ladder_messages() { # RUN: RUN-caller.short and RUN-gateway.short in LAB_DIR
	awk -F '\t' -v OFS='\t' '{
		host = FILENAME ~ /caller/ ? "caller" : "gateway"
		time = $3 - ($4 == "S" ? 0.0005 : 0)
		last[host] = time = time > last[host] ? time : last[host]
		split($6, cseq, /[: ]/)
		split($7, line, " ")
		print host, sprintf("%.6f", time), $4, cseq[2], cseq[3], line[1] == "SIP/2.0" ? line[2] : ""
	}' "$LAB_DIR/$1-caller.short" "$LAB_DIR/$1-gateway.short" | sort -st $'\t' -k 2,2n
}

# A request of the caller that nobody answered ends at an X before the proxy.
ladder() { # RUN
	printf '  %8s  %-27s%s%27s\n' seconds caller proxy 'gateway '
	ladder_messages "$1" | awk -F '\t' '
		function arrow(text, right, lost,	line) {
			line = sprintf("%*s", 24 - length(text), "")
			gsub(/ /, "-", line)
			if (lost)
				return " " text " " substr(line, 3) " X "
			return right ? " " text " " line ">" : "<" line " " text " "
		}
		{
			host[NR] = $1
			at[NR] = $2
			right[NR] = ($1 == "caller") == ($3 == "S")
			cseq[NR] = $5 " " $4
			text[NR] = $6 == "" ? cseq[NR] : $6 " (" cseq[NR] ")"
			open[NR] = $1 == "caller" && $3 == "S" && $6 == "" && $5 != "ACK"
			if ($1 == "caller" && $6 != "")
				answered[cseq[NR]] = 1
		}
		END {
			gap = sprintf("%27s", "")
			for (i = 1; i <= NR; i++) {
				drawn = arrow(text[i], right[i], open[i] && !answered[cseq[i]])
				printf "  %8.3f  |%s|%s|\n", at[i] - at[1],
					host[i] == "caller" ? drawn : gap, host[i] == "gateway" ? drawn : gap
			}
		}'
}

# Seconds from the 2xx to the INVITE to the last copy of the BYE that got a 200, as one side saw it.
ladder_length() { # FILE
	awk -F '\t' '
		/\tSIP\/2.0 200/ && $6 ~ / INVITE$/ && !answer { answer = $3 }
		$7 ~ /^BYE / { bye = $3; cseq = $6 }
		/\tSIP\/2.0 200/ && $6 ~ / BYE$/ && $6 == cseq { printf "%.3f\n", bye - answer; exit }
	' "$1"
}
