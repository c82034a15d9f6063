# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
# shellcheck shell=bash
#
# A terminal of a test's own: tmux, by a socket of its own. Needs lib.bash.

terminal() { # COLUMNS ROWS COMMAND...: the command, and then what it exited with; TERMINAL_ENV before it
	# shellcheck disable=SC2086
	env -u TMUX tmux -L "cg$LAB_ID" -f /dev/null new-session -d -x "$1" -y "$2" \
		env ${TERMINAL_ENV:-} LANG=C.UTF-8 bash -c '"$@"; echo "exit $?"; stty -a; exec sleep 1d' sh "${@:3}" 3>&-
}

terminal_shows() { # what is on the screen now
	tmux -L "cg$LAB_ID" capture-pane -pt 0
}

terminal_colours() { # ... with SGR escapes
	tmux -L "cg$LAB_ID" capture-pane -ept 0
}

on_screen() { # WHAT COMMAND...: COMMAND succeeds within 10 s; else says WHAT, and what the screen shows
	lab_wait 10 "${@:2}" && return
	echo "$1" >&2
	terminal_shows >&2
	return 1
}

shows() { # REGEX: comes up
	on_screen "not on the screen: $1" showing "$1"
}

showing() {
	terminal_shows | grep -qE -- "$1"
}

shows_no() { # REGEX: is gone
	on_screen "on the screen: $1" not_showing "$1"
}

not_showing() {
	! showing "$1"
}

keys() { # KEY...
	tmux -L "cg$LAB_ID" send-keys -t 0 "$@"
}

terminal_size() { # COLUMNS ROWS
	tmux -L "cg$LAB_ID" resize-window -t 0 -x "$1" -y "$2"
}

terminal_pid() { # NAME: of the process that draws
	local shell
	shell=$(tmux -L "cg$LAB_ID" display-message -pt 0 '#{pane_pid}')
	pgrep -P "$shell" -x "$1"
}

terminal_end() { # a server that is still leaving would take the next one's first words
	local server

	server=$(tmux -L "cg$LAB_ID" display-message -p '#{pid}' 2>/dev/null) || return 0
	tmux -L "cg$LAB_ID" kill-server
	lab_wait 10 terminal_gone "$server"
}

terminal_gone() { # PID
	! kill -0 "$1" 2>/dev/null
}
