# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
# shellcheck shell=bash
#
# What can fail around the bill: the daemon, the store, the spool's disk, the name servers, the reader of the
# daemon's log and the lock of the pins, each in a lane of its own, so that their failures overlap. What fails
# next, when, and for how long is drawn from a seed. Every card of a deck is played once before the deck is
# shuffled again. Needs lib.bash and names.bash.
#
# A card FAILURE is played by FAILURE_begins, and after a while by FAILURE_ends.

declare -gA DECK=(
	[daemon]='killed killed killed killed uncommitted uncommitted held held told upgraded'
	[store]='stopped crashed stalled restarted'
	[disk]='full'
	[names]='silent'
	[reader]='unread'
	[lock]='locked'
)
declare -gA LASTS=([daemon]=1 [store]=2 [disk]=3 [names]=4 [reader]=2 [lock]=2) # PACEs at most
declare -ga LANES=(daemon store disk names reader lock)
declare -ga STALLED=() # processes
declare -g UNREAD='' # set: some of what this daemon said was not read
declare -gA HAND=() ACTIVE=() DUE=() PLAYED=([killed]=0)

# --- the daemon ----------------------------------------------------------------------------------

# Either whole sweeps come often, or from starts and lost events alone: each hides what the other misses.
SWEEP=1h

daemon_begins() {
	install -d "$LAB_DIR/run"
	[[ ${ACTIVE[reader]:-} == unread ]] || UNREAD=
	CSEQGUARD_RUN_DIR=$LAB_DIR/run "${enter[@]}" "$LAB_OUT/cseqguardd" --instance "lab-$LAB_ID" --node lab \
		--db "host=db1,$LAB_PG user=postgres dbname=$CDRS" --spool "$DISK/spool.db" --sweep "$SWEEP" --grace 500ms \
		--db-timeout 500ms >"$LAB_DIR/log.pipe" 2>&1 </dev/null 3>&- &
	LAB_DAEMON=$! TOLD=()
	printf '%d' "$LAB_DAEMON" >"$LAB_DIR/daemon.pid" # for lab_down
}

daemon_had_no_room() { # or nobody knows, because it spoke to nobody
	[[ $UNREAD ]] || lab_wait 5 eval '[[ $(tail -n 1 "$LAB_DIR/daemon.log") == *"spool "*": cannot open: "* ]]'
}

# Takes the exit code of a daemon that ends: one of those that somebody asked for. Without room on its
# disk it says so, and leaves: whoever looks after it starts it again.
daemon_left() { # SIGNAL [CODE]...
	local code=0

	{
		kill "-$1" "$LAB_DAEMON"
		wait "$LAB_DAEMON" # bash itself would say that it was killed
	} 2>/dev/null || code=$?
	if ((code == 1)) && daemon_had_no_room; then
		PLAYED[refused]=$((${PLAYED[refused]:-0} + 1))
	elif [[ " ${*:2} " != *" $code "* ]]; then
		lab_fail "cseqguardd left with exit code $code: $(tail -n 1 "$LAB_DIR/daemon.log")"
	fi
}

daemon_looked_after() {
	[[ ${ACTIVE[daemon]:-} != killed && ! -e /proc/$LAB_DAEMON/exe ]] || return 0
	daemon_left 0 "${TOLD[@]}"
	daemon_begins
}

killed_begins() {
	daemon_left KILL 137 "${TOLD[@]}"
}

killed_ends() {
	between 0 1
	SWEEP=1h
	((drawn)) || SWEEP=200ms
	daemon_begins
}

# Killed between the alerts that it has read and their commit, which another writer holds up.
uncommitted_begins() {
	coproc WRITER { exec sqlite3 "$DISK/spool.db" >/dev/null 2>&1 3>&-; }
	WRITER_FD=${WRITER[1]} # which bash forgets once the process has ended
	printf '%s\n' '.timeout 5000' 'BEGIN IMMEDIATE;' >&"$WRITER_FD"
}

uncommitted_ends() {
	PLAYED[killed]=$((PLAYED[killed] + 1))
	killed_begins
	exec {WRITER_FD}>&-
	daemon_begins
}

held_begins() {
	kill -STOP "$LAB_DAEMON" 2>/dev/null || :
}

held_ends() {
	kill -CONT "$LAB_DAEMON" 2>/dev/null || :
}

told_begins() { # it may take its time: then it is killed while it leaves
	kill -TERM "$LAB_DAEMON" 2>/dev/null || :
	TOLD=(0 143) # its exit code; or it was told before it could hear
}

told_ends() {
	:
}

upgraded_begins() {
	guard upgrade
}

upgraded_ends() {
	:
}

# --- PostgreSQL ----------------------------------------------------------------------------------

stopped_begins() {
	pg_stop fast
}

stopped_ends() {
	pg_start
}

crashed_begins() {
	pg_stop immediate
}

crashed_ends() {
	pg_start
}

restarted_begins() {
	pg_stop fast
	pg_start
}

restarted_ends() {
	:
}

# The postmaster and its backends.
stalled_begins() {
	local postmaster

	postmaster=$(head -n 1 "$LAB_DIR/pgdata/postmaster.pid")
	kill -STOP "$postmaster" # first: it makes no more
	mapfile -t STALLED < <(printf '%d\n' "$postmaster"; pgrep -P "$postmaster")
	kill -STOP "${STALLED[@]}" 2>/dev/null || :
}

stalled_ends() {
	kill -CONT "${STALLED[@]}" 2>/dev/null || :
	STALLED=()
}

# The first rows after a start of PostgreSQL come late: the daemon has given up on them by then, and sent
# newer ones over another connection. A statement does not end with its client.
chaos_lags() {
	sql "$CDRS" "CREATE TABLE public.lagged (start timestamptz);
		CREATE FUNCTION lag() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN
			IF NOT EXISTS (SELECT FROM public.lagged WHERE start = pg_postmaster_start_time()) AND
					pg_try_advisory_lock(1) THEN
				PERFORM pg_sleep(1);
				INSERT INTO public.lagged VALUES (pg_postmaster_start_time());
			END IF;
			RETURN NULL;
		END';
		CREATE TRIGGER lag BEFORE INSERT ON cseqguard.cdr EXECUTE FUNCTION lag()"
}

chaos_lagged() { # t: since the last start the first rows have come, late
	sql "$CDRS" 'SELECT EXISTS (SELECT FROM public.lagged WHERE start = pg_postmaster_start_time())'
}

# --- the spool's disk ----------------------------------------------------------------------------

chaos_disk() { # a small one of its own; but a spool that fills it by itself does not recover
	export DISK=$LAB_DIR/disk
	install -d "$DISK"
	mount -t tmpfs -o size=16m,mode=755 "chaos-$LAB_ID" "$DISK" ||
		lab_fail "$DISK: cannot mount a tmpfs: run as root"
}

full_begins() {
	head -c 64M /dev/zero >"$DISK/fill" 2>/dev/null || :
}

full_ends() {
	rm -f "$DISK/fill"
}

# --- the name servers ----------------------------------------------------------------------------

silent_begins() { # the lookup of a name takes 3 s
	kill -USR2 "$NAMES"
}

silent_ends() {
	kill -USR1 "$NAMES"
}

# --- the reader of the daemon's log --------------------------------------------------------------

reader_begins() { # copies what comes by a pipe that always has a reader
	mkfifo "$LAB_DIR/log.pipe"
	exec {LOG_FD}<>"$LAB_DIR/log.pipe"
	cat <"$LAB_DIR/log.pipe" >>"$LAB_DIR/daemon.log" 3>&- &
	READER=$!
}

unread_begins() { # the pipe is full at once
	UNREAD=1
	kill -STOP "$READER"
	yes '' | dd of="$LAB_DIR/log.pipe" bs=4096 iflag=fullblock oflag=nonblock 2>/dev/null || :
}

unread_ends() {
	kill -CONT "$READER"
}

# --- the lock of the pins ------------------------------------------------------------------------

locked_begins() { # no longer than a second, because `upgraded` waits for it, too
	flock /sys/fs/bpf/cseqguard/+lock sleep 1 3>&- &
}

locked_ends() {
	:
}

# --- the schedule --------------------------------------------------------------------------------

between() { # MIN MAX: sets drawn; no subshell, which would draw from a copy of the seed
	drawn=$(($1 + (RANDOM * 32768 + RANDOM) % ($2 - $1 + 1)))
}

draw() { # LANE: sets card
	local hand i

	[[ -n ${HAND[$1]:-} ]] || HAND[$1]=${DECK[$1]}
	read -ra hand <<<"${HAND[$1]}"
	between 0 $((${#hand[@]} - 1))
	i=$drawn
	card=${hand[i]}
	unset 'hand[i]'
	HAND[$1]=${hand[*]}
}

play() { # LANE: what fails ends, or the next card begins
	local lane=$1 card=${ACTIVE[$1]:-} lasts=${LASTS[$1]}

	if [[ -n $card ]]; then
		printf '%s %s ends\n' "$EPOCHREALTIME" "$card" >>"$LAB_DIR/chaos.log"
		"${card}_ends"
		ACTIVE[$lane]=
	else
		draw "$lane"
		printf '%s %s begins\n' "$EPOCHREALTIME" "$card" >>"$LAB_DIR/chaos.log"
		"${card}_begins"
		ACTIVE[$lane]=$card
		PLAYED[$card]=$((${PLAYED[$card]:-0} + 1))
	fi
	between 100 $((PACE * lasts))
	DUE[$lane]=$((${EPOCHREALTIME/./} + drawn * 1000))
}

chaos_begins() { # SEED MILLISECONDS: the most that the daemon is left in one state
	RANDOM=$1 PACE=$2
	printf '# chaos: seed %s\n' "$1" >&3
	names_up 'timeout:1 attempts:1'
	silent_ends
	reader_begins
	daemon_begins
	lab_wait 10 sql "$CDRS" 'SELECT FROM cseqguard.cdr LIMIT 1'
	chaos_lags
}

chaos_while() { # CONDITION
	local lane

	while "$1"; do
		for lane in "${LANES[@]}"; do
			((${EPOCHREALTIME/./} < ${DUE[$lane]:-0})) || play "$lane"
		done
		daemon_looked_after
		read -rt 0.05 <> <(:) || :
	done
}

chaos_heals() { # whatever fails ends; the daemon begins anew
	local lane

	for lane in lock reader names disk store daemon; do
		[[ -z ${ACTIVE[$lane]:-} ]] || play "$lane"
	done
	killed_begins
	SWEEP=1h daemon_begins
}

chaos_stops() { # also after a failure: what would not end by itself
	((!${#STALLED[@]})) || stalled_ends
	[[ -z ${READER:-} ]] || {
		kill -KILL "$READER"
		wait "$READER" # bash itself would say that it was killed
	} 2>/dev/null || :
	names_down
}

chaos_over() {
	guard_daemon_end KILL || :
	! mountpoint -q "$DISK" || lab_wait 10 umount "$DISK" || # a killed process closes its files late
		lab_fail "$DISK: cannot be unmounted"
}
