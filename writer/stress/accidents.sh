#!/bin/bash
# What a recording must bear, and what must not change by it: by hand, some minutes; as root it
# tries the accidents as root and as nobody.
#
#	accidents.sh BIN [NAME...]      BIN: the folder of dwell; NAME: kills, full, programs
#
# kills: SIGKILL at a random moment, TIMES (100) times each to the program, the recorder and both.
# The file must open as it is; with the program killed it is closed, with the recorder killed the
# program goes on. full: a disk that has no room any more at a random moment, TIMES times (as root):
# the program ends as it would have, and the file opens. programs: each must end with the same status and output as without dwell.
set -u
bin=$(cd "${1:?usage: accidents.sh BIN [NAME...]}" && pwd)
shift
times=${TIMES:-100}
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 777 "$work"
cd "$work" || exit 1
faults=0
if [ "$(id -u)" = 0 ]; then users='root nobody'; else users=$(id -un); fi

fault() {
	echo "$who: $1"
	faults=$((faults + 1))
}


moment() {
	sleep "0.$(printf %03d $((RANDOM % 400)))"
}

# Threads that hand a lock around for as long as they are let, and say so.
busy='
import threading, time, sys
lock = threading.Lock()
def work():
    for i in range(40):
        with lock: time.sleep(0.0005)
        time.sleep(0.01)
threads = [threading.Thread(target=work) for _ in range(4)]
[t.start() for t in threads]
[t.join() for t in threads]
open(sys.argv[1], "w").write("went on")
'

# Events enough to fill a small disk.
quick='
import os, sys, threading
ends = [os.pipe(), os.pipe()]
def answer():
    for i in range(15000): os.write(ends[1][1], os.read(ends[0][0], 1))
thread = threading.Thread(target=answer)
thread.start()
for i in range(15000):
    os.write(ends[0][1], b"x")
    os.read(ends[1][0], 1)
thread.join()
open(sys.argv[1], "w").write("went on")
'

kill_one() {
	local whom=$1 recorder program closed=0
	rm -f k.dwell k.dwell.old lived
	"${as[@]}" "$bin/dwell" record -q -o k.dwell -- /usr/bin/python3 -c "$busy" "$work/lived" >/dev/null 2>&1 &
	recorder=$!
	moment
	program=$(pgrep -P $recorder)
	[ "$whom" = recorder ] || [ -z "$program" ] || kill -KILL "$program" 2>/dev/null
	[ "$whom" = program ] || kill -KILL $recorder
	wait $recorder 2>/dev/null
	if [ "$whom" = recorder ] && [ -n "$program" ]; then
		for _ in $(seq 100); do
			[ -d "/proc/$program" ] || break
			sleep 0.05
		done
		# Before the word to go there is no program yet.
		[ -e lived ] || unborn=$((unborn + 1))
	fi
	[ -e k.dwell ] || return
	# Killed before it wrote the first byte, there is nothing to open.
	if [ ! -s k.dwell ]; then
		empty=$((empty + 1))
		return
	fi
	"$bin/dwell" dump k.dwell >dumped 2>said || fault "killed $whom: $(head -n 1 said)"
	"$bin/dwell" verify k.dwell >said 2>&1
	grep -q '^damage' said && fault "killed $whom: $(grep '^damage' said | head -n 1)"
	tail -n 1 dumped | grep -q '^end .*closed' && closed=1
	[ "$whom" = program ] && [ $closed = 0 ] && fault 'killed program: the file is not closed'
}

kills() {
	for whom in program recorder both; do
		empty=0
		unborn=0
		for _ in $(seq "$times"); do
			kill_one "$whom"
		done
		echo "$who: killed $whom $times times: $empty before anything was written, $unborn before the program ran"
	done
}

full() {
	local cut=0
	[ "$who" = root ] || return
	mkdir -p small
	for _ in $(seq "$times"); do
		rm -f lived
		mount -t tmpfs -o size=$((4 * (1 + RANDOM % 60)))k tmpfs small || return
		"$bin/dwell" record -o small/f.dwell -- /usr/bin/python3 -c "$quick" "$work/lived" >/dev/null 2>said ||
			fault "disk full: status $?: $(head -n 1 said)"
		[ "$(cat lived 2>/dev/null)" = 'went on' ] || fault 'disk full: the program did not go on'
		grep -q 'No space' said && cut=$((cut + 1))
		if [ -s small/f.dwell ]; then
			"$bin/dwell" dump small/f.dwell >dumped 2>said || fault "disk full: $(head -n 1 said)"
			"$bin/dwell" verify small/f.dwell >said 2>&1
			grep -q '^damage' said && fault "disk full: $(grep '^damage' said | head -n 1)"
		fi
		umount small
	done
	echo "$who: a full disk $times times, $cut recordings cut short"
}

# same NAME COMMAND...: the same status and output with and without dwell
same() {
	local name=$1 plain recorded
	shift
	"${as[@]}" "$@" >plain.out 2>plain.err
	plain=$?
	"${as[@]}" "$bin/dwell" record -q -o s.dwell "$@" >recorded.out 2>recorded.err
	recorded=$?
	[ $plain = $recorded ] || fault "$name: status $recorded, not $plain: $(tail -n 2 recorded.err)"
	cmp -s plain.out recorded.out || fault "$name: the output differs: $(diff plain.out recorded.out | head -n 4)"
	cmp -s plain.err recorded.err || fault "$name: stderr differs: $(diff plain.err recorded.err | head -n 4)"
	"$bin/dwell" stat --json s.dwell >said 2>&1 || fault "$name: the file: $(head -n 1 said)"
	printf '%s: %-20s %s tasks, %s lost, %s known\n' "$who" "$name" "$(sed -n 's/.*"tasks": \([0-9]*\).*/\1/p' said)" \
		"$(sed -n 's/.*"lost_events": \([0-9]*\).*/\1/p' said)" "$(sed -n 's/.*"coverage": \([0-9.]*\).*/\1/p' said)"
}

programs() {
	local cc=${CC:-cc}
	$cc -O1 -pthread -o bear "$here/accidents.c" || exit 2
	$cc -O1 -pthread -fsanitize=address -o bear_asan "$here/accidents.c" 2>/dev/null
	$cc -O1 -pthread -fsanitize=thread -o bear_tsan "$here/accidents.c" 2>/dev/null
	chmod 755 bear*
	for case in children threads storm cancel daemon handlers; do
		same $case ./bear $case
	done
	same preload env LD_PRELOAD=libm.so.6 ./bear handlers
	# shellcheck disable=SC2016 # for the shell that is recorded
	same shell-bomb sh -c 'i=0; while [ $i -lt 1000 ]; do /bin/true & i=$((i + 1)); done; wait; echo done'
	[ -x bear_asan ] && same asan ./bear_asan handlers && same asan-cancel ./bear_asan cancel
	[ -x bear_tsan ] && same tsan ./bear_tsan handlers
	command -v valgrind >/dev/null && same valgrind valgrind -q ./bear handlers
	command -v su >/dev/null && [ "$who" = root ] && same setuid su nobody -s /bin/sh -c 'id -u'
	cp bear bear_suid && chmod 4755 bear_suid && same setuid-own ./bear_suid handlers
}

[ $# -gt 0 ] || set -- kills full programs
for who in $users; do
	as=(env)
	[ "$who" = "$(id -un)" ] || as=(setpriv --reuid "$who" --regid nogroup --clear-groups)
	for name in "$@"; do
		$name
	done
done
[ $faults = 0 ] || exit 1
echo 'accidents: all borne'
