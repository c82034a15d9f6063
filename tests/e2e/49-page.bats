#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# The daemon's page in a headless Chromium, during real calls and an attack.

load lib
load daemon
load http
load browser

setup_file() {
	proxy_lab
	http_daemon --sweep 200ms --bye-timeout 2s --http-name guard.example.net
	browser_up
	export MAP=/sys/fs/bpf/cseqguard/lab-$LAB_ID/dialogs
}

setup() {
	unset DIALOG_NOW
	call=$BATS_TEST_NUMBER@lab-$LAB_ID
}

teardown() {
	sip_over
	[[ -n ${BATS_TEST_COMPLETED:-} ]] || {
		get /api/state
		tail -n 3 "$LAB_DIR/daemon.log" "$LAB_DIR/chromedriver.log"
	} >&2
}

attacked_call() { # it runs on for a minute
	gateway < <(uas_call; sip_serve BYE 200 OK)
	caller < <(uac_call 13; sip_pause 200; uac_request BYE 10; sip_pause 60000; bye 14)
	lab_wait 10 seen_attacked
}

state() { # JQ-FILTER
	get /api/state | jq -r "$1"
}

mine() { # JQ-FILTER: of this test's call
	get /api/state | jq -r --arg call "$call" ".calls[] | select(.call_id == \$call) | $1"
}

seen_attacked() {
	[[ $(mine .blocked_byes) == 1 ]]
}

@test "api: returns the attacked call, its minute and its ladder" {
	attacked_call
	assert_equal 'confirmed 1 null' mine '"\(.state) \(.blocked_byes) \(.end_time)"'
	assert_equal 1 state '[.timeline.blocked_byes[-2:][]] | add'
	assert_equal 180 state '.timeline.blocked_byes | length'
	assert_equal 'out_of_order 10 14 guard' refused_step
}

columns() { # TABLE: their names, as JSON
	sql "$CDRS" "SELECT json_agg(column_name) FROM information_schema.columns
		WHERE table_schema = 'cseqguard' AND table_name = '$1'"
}

# An object on stdin has all columns of TABLE but LESS, and MORE. Each time in it is UTC with microseconds.
has_columns() { # TABLE LESS MORE
	jq -ce --argjson columns "$(columns "$1")" --argjson less "$2" --argjson more "$3" '
		if keys == ($columns - $less + $more | sort) and ([to_entries[] |
			select((.key | test("_time$|_at$|_end$|^at$")) and .value != null).value] |
			length > 0 and all(test("^....-..-..T..:..:..[.].{6}Z$"))) then true else ., false end'
}

@test "api, dialogs, ladder, top, events: a call has the columns of cdr, an event those of violation, times are alike" {
	local unknown='["node", "twin_uid", "closed_at", "duration", "bye_confirmed"]' follower
	local more='"state", "caller_transport", "callee_transport"'

	CSEQGUARD_RUN_DIR=$LAB_DIR/run "$LAB_OUT/cseqguard" events -f -j --instance "lab-$LAB_ID" -n "$(lab_ns proxy)" \
		>"$LAB_DIR/events" 3>&- &
	follower=$!
	lab_wait 30 connected
	attacked_call
	mine . | has_columns cdr "$unknown" "[$more, \"key\", \"protected_seconds\"]"
	get "/api/ladder?key=$(mine .key)" | has_columns cdr "$unknown" "[$more, \"left_out\", \"steps\"]"
	guard ladder -j "$call" | jq '.[0]' | has_columns cdr "$unknown" "[$more, \"left_out\", \"steps\"]"
	guard dialogs -j | jq --arg call "$call" '.[] | select(.call_id == $call)' |
		has_columns cdr "$unknown" "[$more, \"owner\"]"
	guard top -b -j --count 1 | jq --arg call "$call" '.calls.list[] | select(.call_id == $call)' |
		has_columns cdr "$unknown" "[$more]"
	lab_wait 30 grep violation "$LAB_DIR/events"
	kill "$follower"
	jq 'select(.event == "violation")' "$LAB_DIR/events" |
		has_columns violation '["node", "call_uid", "count", "outcome"]' '["event", "direction", "sip_code"]'
}

connected() { # a listener
	lab_in proxy grep -q " 0005 03 .* $LAB_DIR/run/lab-$LAB_ID.sock" /proc/net/unix
}

refused_step() { # of the ladder
	get "/api/ladder?key=$(mine .key)" |
		jq -r '.steps[] | select(.mark == "refused") | "\(.reason) \(.cseq) \(.expected_cseq) \(.to)"'
}

@test "page: shows the live call, the blocked BYE on the time line, and the ladder with the refused BYE" {
	attacked_call
	visit "$PAGE"
	lab_wait 10 row_says open "$call"
	lab_wait 10 js_is "Number(document.getElementById('open').textContent) >= 1"
	js_is "document.getElementById('mode').textContent === 'enforce'"
	js_is "[...document.querySelectorAll('#timeline rect.bar')].reduce((n, bar) => n + Number(bar.dataset.count), 0) === $(state .blocked_byes)"
	js_is "document.getElementById('ladder-section').hidden"
	click "$(button_of "$call")"
	lab_wait 10 js_is "document.querySelectorAll('#ladder g.step').length > 2"
	js_is "document.getElementById('ladder-title').textContent === 'Call $call'"
	assert_equal 1 js "document.querySelectorAll('#ladder g.step.refused .cross').length"
	assert_equal 'BYE CSeq 10' js "document.querySelector('#ladder g.refused .label').textContent"
	assert_equal 'refused: out_of_order, 14 or higher expected' js "document.querySelector('#ladder g.refused .why').textContent"
	js_is "document.querySelector('#ladder .lanes').textContent.includes('13')"
}

@test "page: in observe mode a passed BYE is drawn to its end, with the reason" {
	guard set mode=observe
	gateway < <(uas_call; uas_ordered_bye)
	caller < <(uac_call 13; sip_pause 200; uac_request BYE 10; uac_expect 500; sip_pause 60000; bye 14)
	lab_wait 10 seen_attacked
	visit "$PAGE"
	lab_wait 10 js_is "document.getElementById('mode').textContent === 'observe'"
	js_is "document.getElementById('blocked-label').textContent === 'BYEs that enforce would block'"
	click "$(button_of "$call")"
	lab_wait 10 js_is "document.querySelectorAll('#ladder g.would_refuse').length === 1"
	assert_equal 'would be refused: out_of_order, 14 or higher expected' js "document.querySelector('#ladder g.would_refuse .why').textContent"
	assert_equal 0 js "document.querySelectorAll('#ladder .cross').length"
	guard set mode=enforce
}

@test "page: a Call-ID made of script and quotes is shown as text, and runs nowhere" {
	call="<script>window.evil(1)</script>\"'<img/src/onerror-$LAB_ID>"
	attacked_call
	visit "$PAGE"
	lab_wait 10 row_says open "$call"
	click "$(button_of "$call")"
	lab_wait 10 js_is "document.getElementById('ladder-title').textContent === 'Call ' + $(jq -n --arg c "$call" '$c')"
	assert_equal 0 js "document.querySelectorAll('main script, main img').length"
	assert_equal 1 js "document.querySelectorAll('script').length"
}

@test "page: loads nothing from another host, and runs nothing but its own script" {
	visit "$PAGE"
	console >"$LAB_DIR/console" # of earlier tests
	visit "$PAGE"
	lab_wait 10 js_is "performance.getEntriesByType('resource').length > 1"
	js_is "performance.getEntriesByType('resource').every(r => r.name.startsWith('$PAGE'))"
	assert_equal '' console
	js_is "(() => { try { const s = document.createElement('script'); s.append('window.evil = 1'); document.body.append(s) } catch (e) {} return window.evil === undefined })()"
	js_is "(() => { try { document.body.innerHTML = 'x' } catch (e) { return e instanceof TypeError } return false })()"
	run ! grep -qE "https?://|@import|url\(" <(get / | grep -v 'http://www.w3.org/2000/svg')
	run ! grep -qF '@NONCE@' <(get /)
	[[ $(get / -o /dev/null -D - | grep -o "nonce-[0-9a-f]*" | sort -u) != "$(get / -o /dev/null -D - | grep -o "nonce-[0-9a-f]*" | sort -u)" ]]
}

@test "page: refreshes itself, keeps the selection, and reports a daemon that is away" {
	attacked_call
	visit "$PAGE"
	lab_wait 10 row_says open "$call"
	click "$(button_of "$call")"
	lab_wait 10 js_is "document.querySelectorAll('#ladder g.refused').length === 1"
	js "document.querySelector('$(button_of "$call")').focus()"
	sip_over # who played it has gone, the call is open
	again=$(button_of "$call") call=later-$call
	gateway < <(uas_call; sip_serve BYE 200 OK)
	caller < <(uac_call 13; sip_pause 200; bye 14)
	lab_wait 10 row_says 'ended: bye' "$call"
	js_is "document.activeElement === document.querySelector('$again')"
	js_is "document.querySelectorAll('#ladder g.refused').length === 1"
	guard_daemon_end TERM
	lab_wait 10 js_is "document.getElementById('health').textContent.includes('does not answer')"
	http_daemon --sweep 200ms --bye-timeout 2s --http-name guard.example.net
	lab_wait 10 js_is "document.getElementById('health').textContent === ''"
}

@test "page: lists calls older than the daemon, with a ladder; the list is bounded" {
	local n

	for ((n = 1; n <= 70; n++)); do
		"$LAB_TOP/tests/e2e/dialog.py" "$MAP" "$n" call_id="before-$n" answer=60
	done
	lab_wait 10 assert_equal true state '.dialogs.confirmed >= 70'
	assert_equal 64 state '.calls | length'
	call=$(state '[.calls[] | select(.call_id | startswith("before-")).call_id][0]')
	assert_equal 'INVITE caller' first_step
	map_clear
	lab_wait 10 assert_equal 404 status_of "/api/ladder?key=$(printf '%032d' 1)"
	assert_equal 404 status_of '/api/ladder?key=../../etc/passwd'
	assert_equal 404 status_of /api/ladder
}

first_step() {
	get "/api/ladder?key=$(mine .key)" | jq -r '.steps[0] | "\(.method) \(.from)"'
}

@test "page: refuses another host name, as DNS rebinding would use it; metrics answer to any" {
	local host path

	for path in / /api/state /api/ladder; do
		for host in evil.example evil.example:$HTTP_PORT 127.0.0.1.evil.example '[::1].evil' '[::1]evil' '[::1' \
			'[evil]' '' localhostx localhost:evil 127.0.0.1:80.evil '[127.0.0.1]' ::1; do
			assert_equal 421 status_of "$path" -H "Host: $host"
		done
		for host in evil.example 127.0.0.1; do
			assert_equal 421 two_hosts "$path" 127.0.0.1 "$host"
			assert_equal 421 two_hosts "$path" "$host" 127.0.0.1
		done
	done
	for host in 127.0.0.1 localhost:$HTTP_PORT "[::1]:$HTTP_PORT" 192.0.2.7 GUARD.example.net; do
		assert_equal 200 status_of / -H "Host: $host"
	done
	assert_equal 200 status_of /metrics -H 'Host: prometheus.example'
	assert_equal 200 status_of /healthz -H 'Host: lb.example'
}

two_hosts() { # PATH HOST HOST: the status code
	http_in bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$0"
		printf "GET %s HTTP/1.1\r\nHost: %s\r\nhost: %s\r\nConnection: close\r\n\r\n" "$@" >&3
		head -n 1 <&3' "$HTTP_PORT" "$@" | cut -d ' ' -f 2
}

# Of each colour that is text on each ground: WCAG's ratio, 4.5 at least.
CONTRAST='(() => {
	const light = c => { const n = parseInt(c.length === 4 ? c.slice(1).replace(/./g, "$&$&") : c.slice(1), 16);
		const [r, g, b] = [n >> 16, n >> 8 & 255, n & 255].map(v => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
		return 0.2126 * r + 0.7152 * g + 0.0722 * b };
	const bad = [], rules = [...document.styleSheets[0].cssRules];
	for (const rule of [rules[0], rules[1].cssRules[0]])
		for (const ground of ["--back", "--card"])
			for (const text of ["--text", "--faint", "--good", "--bad", "--warn", "--accent"]) {
				const [a, b] = [ground, text].map(name => light(rule.style.getPropertyValue(name).trim())).sort((x, y) => y - x);
				if ((a + 0.05) / (b + 0.05) < 4.5) bad.push(rule.style.cssText + text);
			}
	return bad.join(" ") })()'

@test "page: is readable: contrast in light and dark, headings, no sideways scrolling on a phone" {
	attacked_call
	visit "$PAGE"
	lab_wait 10 row_says open "$call"
	click "$(button_of "$call")"
	lab_wait 10 js_is "document.querySelectorAll('#ladder g.refused').length === 1"
	assert_equal '' js "$CONTRAST"
	js_is "document.documentElement.lang === 'en' && document.title.startsWith('cseqguard') && document.querySelectorAll('h1').length === 1"
	js_is "[...document.querySelectorAll('th')].every(th => th.scope === 'col') && document.querySelectorAll('th').length > 8"
	js_is "[...document.querySelectorAll('svg')].every(s => s.getAttribute('role') === 'img' && s.querySelector('title').textContent.length > 20)"
	driver POST "$SESSION/goog/cdp/execute" '{"cmd": "Emulation.setDeviceMetricsOverride",
		"params": {"width": 360, "height": 740, "deviceScaleFactor": 2, "mobile": true}}'
	lab_wait 10 js_is "document.querySelector('#ladder svg').viewBox.baseVal.width < 360"
	js_is 'document.documentElement.scrollWidth <= 360'
	driver POST "$SESSION/goog/cdp/execute" '{"cmd": "Emulation.clearDeviceMetricsOverride", "params": {}}'
}
