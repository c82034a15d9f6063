#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# The dashboard's queries, one by one: PromQL against a Prometheus that scrapes the daemon, SQL against
# the daemon's PostgreSQL, after calls and an attack. Grafana's macros are expanded here.

load lib
load http

DASHBOARD=$LAB_TOP/deploy/grafana/cseqguard.json
PROMETHEUS_PORT=9090

setup_file() {
	proxy_lab
	http_daemon --sweep 200ms --bye-timeout 2s
	prometheus_up
	traffic
}

prometheus_up() {
	cat >"$LAB_DIR/prometheus.yml" <<-END
		global: {scrape_interval: 1s, evaluation_interval: 1s}
		rule_files: [$LAB_TOP/deploy/prometheus/cseqguard.rules.yml]
		scrape_configs:
		  - job_name: cseqguard
		    static_configs: [{targets: ["127.0.0.1:$HTTP_PORT"]}]
	END
	http_in prometheus --config.file="$LAB_DIR/prometheus.yml" --storage.tsdb.path="$LAB_DIR/prometheus" \
		--web.listen-address="127.0.0.1:$PROMETHEUS_PORT" >"$LAB_DIR/prometheus.log" 2>&1 </dev/null 3>&- &
	disown # lab_down ends who is in the namespace
	lab_wait 30 prometheus_scrapes
}

prometheus_scrapes() {
	[[ $(promql 'up{job="cseqguard"} == 1' | jq length) == 1 && $(promql 'count_over_time(up[1m]) > 2' | jq length) == 1 ]]
}

promql() { # EXPRESSION: the result, or nothing and failure
	http_in curl -sS -m 10 "http://127.0.0.1:$PROMETHEUS_PORT/api/v1/query" --data-urlencode "query=$1" |
		jq -e 'if .status == "success" then .data.result else error(.error) end'
}

# An honest call, a busy one, an attack of seven BYEs, a BYE that the gateway refuses; one call runs on.
traffic() {
	call=honest@lab-$LAB_ID
	gateway < <(uas_call; sip_serve BYE 200 OK)
	caller < <(uac_call 13; sip_pause 500; bye 14)
	call_ends
	call=busy@lab-$LAB_ID
	gateway < <(uas_invite; uas_answer 486 Busy; sip_recv ACK)
	caller < <(uac_invite 13; uac_expect 486; busy_ack)
	call_ends
	call=attack@lab-$LAB_ID
	gateway < <(uas_call; sip_serve BYE 200 OK)
	caller < <(
		uac_call 13
		sip_pause 200
		for cseq in 3 4 5 6 7 8 9; do
			uac_request BYE "$cseq"
		done
		sip_pause 1500
		bye 14
	)
	call_ends
	call=refused@lab-$LAB_ID
	gateway < <(uas_call; sip_serve BYE 403 Forbidden; sip_serve BYE 200 OK)
	caller < <(uac_call 13; uac_request BYE 14; uac_expect 403; sip_pause 200; bye 15)
	call_ends
	call=open@lab-$LAB_ID
	gateway < <(uas_call; sip_serve BYE 200 OK)
	caller < <(uac_call 13; sip_pause 60000; bye 14)
	lab_wait 10 sql "$CDRS" "SELECT 1 / count(*) FROM cseqguard.open_calls WHERE call_id = '$call'"
	lab_wait 10 sql "$CDRS" "SELECT 1 / (count(*) - 2) FROM cseqguard.billable"
}

busy_ack() {
	sip_send <<-'END'
		ACK sip:[callee]@[remote_ip] SIP/2.0
		[last_Via:]
		From: <sip:[caller]@[local_ip]>;tag=[from_tag]
		[last_To:]
		Call-ID: [call_id]
		CSeq: 13 ACK
		Max-Forwards: 70
		Content-Length: 0
	END
}

setup() { :; }
teardown() {
	[[ -n ${BATS_TEST_COMPLETED:-} ]] || tail -n 3 "$LAB_DIR/daemon.log" "$LAB_DIR/prometheus.log" >&2
}

# --- what Grafana would put in place of its own words -----------------------------------------------

expanded_promql() {
	sed 's/\$__rate_interval/10m/g; s/\$__range/1h/g; s/\$__interval/30s/g; s/\$instance/.+/g'
}

expanded_sql() {
	sed -E "s/\\\$__timeFilter\(([^)]*)\)/\1 BETWEEN now() - interval '1 hour' AND now()/g
		s/\\\$__timeGroupAlias\(([^,]*), *\\\$__interval\)/floor(extract(epoch FROM \1) \/ 60) * 60 AS \"time\"/g
		s/\\\$__timeFrom\(\)/(now() - interval '1 hour')/g; s/\\\$__timeTo\(\)/now()/g"
}

queries() { # expr|rawSql: those of all panels, each as one JSON string
	jq -c --arg of "$1" '[.panels[] | ., .panels[]?] | .[].targets[]?[$of] // empty' "$DASHBOARD"
}

# --- the tests ----------------------------------------------------------------------------------------

@test "dashboard: each panel has a query for its data source, a unit or a mapping, and a place" {
	jq -e '[.panels[] | select(.type != "row") | select((.targets | length) == 0 or .title == "" or
		any(.targets[]; .datasource.type != (if .expr then "prometheus" else "postgres" end)))] == []' "$DASHBOARD"
	jq -e '[.panels[].id] | length == (unique | length)' "$DASHBOARD"
	jq -e '[.templating.list[].name] == ["prometheus", "postgresql", "instance"]' "$DASHBOARD"
	jq -e '[.panels[] | .gridPos.x + .gridPos.w] | max <= 24' "$DASHBOARD"
}

@test "dashboard: every PromQL query has an answer, and one with data where there was traffic" {
	local query count=0

	while read -r query; do
		query=$(jq -r . <<<"$query" | expanded_promql)
		[[ $query != *'$'* ]] || lab_fail "not expanded: $query"
		count=$((count + 1))
		lab_wait 20 promql_data "$query" || {
			promql "$query" >&2
			lab_fail "no data: $query"
		}
	done < <(queries expr; jq -c '.annotations.list[].expr' "$DASHBOARD" | grep -v changes)
	((count > 20))
	promql "$(jq -r '.annotations.list[].expr | select(contains("changes"))' "$DASHBOARD" | expanded_promql)"
	http_in curl -sS "http://127.0.0.1:$PROMETHEUS_PORT/api/v1/label/instance/values?match[]=cseqguard_build_info" |
		jq -e '.data == ["127.0.0.1:9470"]'
}

promql_data() { # QUERY: there are numbers in it
	promql "$1" | jq -e 'length > 0 and all(.[]; .value[1] != "NaN")'
}

@test "dashboard: every SQL query runs, and has rows where there were calls" {
	local query count=0

	while read -r query; do
		query=$(jq -r . <<<"$query" | expanded_sql)
		[[ $query != *'$'* ]] || lab_fail "not expanded: $query"
		count=$((count + 1))
		[[ -n $(sql "$CDRS" "$query") ]] || lab_fail "no rows: $query"
	done < <(queries rawSql)
	((count >= 6))
}

panel() { # TITLE: its first query
	jq -r --arg title "$1" '.panels[] | select(.title == $title) | .targets[0] | .expr // .rawSql' "$DASHBOARD"
}

number() { # TITLE: of a panel over Prometheus, its value
	promql "$(panel "$1" | expanded_promql)" | jq -r '.[0].value[1]'
}

rows() { # TITLE: of a panel over PostgreSQL
	sql "$CDRS" "$(panel "$1" | expanded_sql)"
}

@test "dashboard: the panels show the calls and the attack that took place" {
	eventually 1 number 'Open calls'
	eventually 1 number Mode
	eventually "$LAB_CALLER|2|7|t" top_offender
	[[ $(rows 'Open calls, attacked ones first') == *"open@lab-$LAB_ID" ]]
	assert_equal 3 sql "$CDRS" "SELECT sum(calls) FROM ($(panel 'How calls end' | expanded_sql)) AS t WHERE end_reason = 'bye'"
	assert_equal t sql "$CDRS" "SELECT \"of it protected\" * 60 BETWEEN 1.4 AND 2.5 FROM (
		SELECT sum(billed) AS billed, sum(\"of it protected\") AS \"of it protected\" FROM (
			$(panel 'Protected and billed minutes' | expanded_sql)) AS t) AS t"
	assert_equal 'out_of_order refused' sql "$CDRS" "SELECT string_agg(DISTINCT reason, ' ') FROM ($(panel Violations | expanded_sql)) AS t"
	eventually 0.8 asr
}

top_offender() {
	rows 'Top offenders' | awk -F '|' '{ print $1 "|" $2 "|" $3 "|" ($4 > 1.4 && $4 < 2.5 ? "t" : $4) }'
}

asr() { # four answered, one busy
	printf '%.1f' "$(number ASR)"
}

@test "alerts: the attack fires in a real Prometheus, and nothing else does" {
	lab_wait 20 firing CseqguardAttack
	assert_equal CseqguardAttack fired
}

fired() {
	http_in curl -sS "http://127.0.0.1:$PROMETHEUS_PORT/api/v1/alerts" |
		jq -r '[.data.alerts[] | select(.state == "firing").labels.alertname] | unique | join(" ")'
}

firing() { # NAME
	[[ " $(fired) " == *" $1 "* ]]
}
