#!/bin/bash
# tui: the viewer in a real terminal's emulation (tmux): it draws, answers keys and the mouse, follows the
# size, and gives the terminal back whatever ends it. 77 without tmux.
set -u
bin=$1
command -v tmux >/dev/null || { echo "skipped: no tmux"; exit 77; }
trace=$(cd "$(dirname "$0")/.." && pwd)/import/go/checkout-go1.25.trace
work=$(mktemp -d)
round=0
faults=0

tm() {
	tmux -L "dwell-e2e-$$-$round" -f /dev/null "$@" 2>/dev/null
}

trap 'tm kill-server; rm -rf "$work"' EXIT

fault() {
	echo "$1"
	tm capture-pane -p -t 0 | sed 's/^/    /'
	faults=$((faults + 1))
}

# shows WHAT: within ten seconds the screen has it
shows() {
	for _ in $(seq 100); do
		tm capture-pane -p -t 0 | grep -qF -- "$1" && return 0
		sleep 0.1
	done
	fault "the screen does not show: $1"
	return 1
}

# begin TERM LOCALE: a shell that runs the viewer and tells how it ended; the size is tmux's to set,
# and it takes its time
begin() {
	tm kill-server
	round=$((round + 1))
	cat >"$work/go" <<GO
export TERM=$1 LC_ALL=$2
stty -a | sed 's/rows.*columns[^;]*;//' >$work/before
$bin/dwell tui "$trace"
status=\$?
stty -a | sed 's/rows.*columns[^;]*;//' >$work/after
echo "ended with \$status"
sleep 1000
GO
	tm new-session -d -x 120 -y 40 "bash $work/go"
	shows 'main.checkout'
}

pid() {
	pgrep -f "^dwell-tui $trace" | head -n 1
}

# ended STATUS WHY: the viewer is gone, the screen is the shell's, the terminal as it was
ended() {
	shows "ended with $1" || return
	cmp -s "$work/before" "$work/after" || fault "$2: the terminal's settings differ"
	tm capture-pane -p -t 0 | grep -q 'main.checkout' && fault "$2: the screen was not given back"
}

for kind in "tmux-256color C.UTF-8" "screen C.UTF-8" "xterm C.UTF-8" "linux C.UTF-8" "vt100 C"; do
	infocmp "${kind% *}" >/dev/null 2>&1 || continue
	# shellcheck disable=SC2086 # two words
	begin $kind
	tm send-keys -t 0 '3'
	shows 'where time was lost'
	tm send-keys -t 0 Enter
	shows 'blocked on join'
	tm send-keys -t 0 '/'
	tm send-keys -t 0 -l 'state:running dur>50us'
	shows 'found in'
	tm send-keys -t 0 Escape
	tm resize-window -t 0 -x 70 -y 20
	shows 'main.'
	tm resize-window -t 0 -x 120 -y 40
	tm send-keys -t 0 '?'
	shows 'closes this'
	tm send-keys -t 0 Escape
	sleep 0.2
	tm send-keys -t 0 q
	ended 0 "$kind"
done

begin tmux-256color C.UTF-8
# A click on the second row, the wheel over it.
tm send-keys -t 0 -l $'\033[<0;60;6M\033[<0;60;6m'
shows '▌'
tm send-keys -t 0 -l $'\033[<64;60;6M\033[<64;60;6M\033[<64;60;6M'
shows 'cell '
tm send-keys -t 0 C-z
for _ in $(seq 100); do
	grep -q '^State:.T' "/proc/$(pid)/status" && break
	sleep 0.1
done
kill -CONT "$(pid)"
shows 'main.checkout'
tm send-keys -t 0 q
ended 0 'stop and go on'

for signal in HUP INT QUIT TERM SEGV ABRT USR1; do
	begin tmux-256color C.UTF-8
	kill -"$signal" "$(pid)" || { fault "no viewer for SIG$signal"; continue; }
	ended $((128 + $(kill -l "$signal"))) "SIG$signal"
done
[ $faults = 0 ] || echo "$faults faults"
exit $((faults != 0))
