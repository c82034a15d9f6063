# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
# shellcheck shell=bash
#
# A headless Chromium in the lab's namespace, controlled through chromedriver (WebDriver protocol).
# Needs http.bash.

DRIVER_PORT=9515
PAGE=http://127.0.0.1:$HTTP_PORT/

driver() { # METHOD PATH [JSON]: the answer's value; fails, and shows it, where it is an error
	local answer

	answer=$(http_in curl -sS -m 60 -X "$1" "http://127.0.0.1:$DRIVER_PORT$2" ${3+-H 'Content-Type: application/json' -d "$3"}) || return
	if jq -e '.value | type == "object" and has("error")' <<<"$answer" >/dev/null; then
		jq -r '.value | .error + ": " + .message' <<<"$answer" | head -n 2 >&2
		return 1
	fi
	jq -r '.value | if type == "string" then . else tojson end' <<<"$answer"
}

browser_up() { # [WIDTH,HEIGHT [CHROMIUM-OPTION]...]
	local options

	options=$(jq -nc --arg size "--window-size=${1:-1000,1100}" --arg data "--user-data-dir=$LAB_DIR/chromium" '["--headless=new",
		"--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--hide-scrollbars", "--no-first-run", $size, $data] + $ARGS.positional' --args -- "${@:2}")
	if ! driver GET /status >/dev/null 2>&1; then
		HOME=$LAB_DIR http_in chromedriver --port="$DRIVER_PORT" >"$LAB_DIR/chromedriver.log" 2>&1 </dev/null 3>&- &
		disown # lab_down ends who is in the namespace
		lab_wait 20 driver GET /status || return
	fi
	SESSION=/session/$(driver POST /session "$(jq -nc --argjson args "$options" '{capabilities: {alwaysMatch: {browserName: "chrome",
		"goog:chromeOptions": {args: $args, binary: "/usr/bin/chromium"}, "goog:loggingPrefs": {browser: "ALL"}}}}')" | jq -r .sessionId)
	export SESSION
	[[ $SESSION != /session/ ]]
}

browser_down() {
	[[ -z ${SESSION:-} ]] || driver DELETE "$SESSION" >/dev/null || :
	SESSION=
}

visit() { # URL
	driver POST "$SESSION/url" "$(jq -nc --arg url "$1" '{url: $url}')"
}

js() { # EXPRESSION [ARGUMENT]: its value in the page
	driver POST "$SESSION/execute/sync" "$(jq -nc --arg script "return $1" --arg argument "${2:-}" '{script: $script, args: [$argument]}')"
}

js_is() { # EXPRESSION: it is true
	[[ $(js "$1") == true ]]
}

# Clicks on the middle of the element, which must be visible there. All in one step of the page: it replaces
# its rows when it refreshes, which two WebDriver requests (find, click) on a busy machine would span.
click() { # CSS-SELECTOR
	lab_wait 10 clicked "$1" || lab_fail "no such element, or it is covered: $1"
}

clicked() {
	[[ $(js '(css => {
		const element = document.querySelector(css);
		if (!element) return false;
		element.scrollIntoView({block: "center"});
		const box = element.getBoundingClientRect();
		const hit = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
		if (!hit || !element.contains(hit)) return false;
		element.click();
		return true;
	})(arguments[0])' "$1") == true ]]
}

console() { # what the browser complained of since it was asked last, a line each
	driver POST "$SESSION/se/log" '{"type": "browser"}' | jq -r '.[] | .level + " " + .message'
}

picture() { # FILE: a PNG of what the window shows
	driver GET "$SESSION/screenshot" | base64 -d >"$1"
}

# --- the daemon's page ---------------------------------------------------------------------------

row_says() { # TEXT CALL-ID: somewhere in that call's row
	js_is "[...document.querySelectorAll('#calls tr')].some(r => r.querySelector('button').textContent === $(jq -n --arg c "$2" '$c') && r.textContent.includes('$1'))"
}

button_of() { # CALL-ID: its selector
	printf 'button[data-key="%s"]' "$(get /api/state | jq -r --arg call "$1" '.calls[] | select(.call_id == $call).key')"
}
