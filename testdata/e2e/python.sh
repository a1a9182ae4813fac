#!/bin/bash
# python: waits of a Python program whose functions and lines are known, in each CPython that is
# here and that is read. Prints what differs; 77 where there is none.
set -u
bin=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 777 "$work"
cd "$work" || exit 1
faults=0 ran=0

cat >planted.py <<'P'
import queue, sqlite3, sys, threading, time

lock, shared = threading.Lock(), threading.Lock()
jobs = queue.Queue()
more = queue.SimpleQueue()
LONG = 0.02

def holder():
    with lock:
        ready.set()
        time.sleep(9 * LONG)

class Worker:
    def run(self):
        ready.wait()
        lock.acquire(
            True,
        )
        lock.release()

def consumer():
    while jobs.get():
        pass

def reader():
    more.get()

def leaf():
    yield 1
    time.sleep(LONG)

def middle():
    yield from leaf()

def generator():
    sum(middle())

def slow(value):
    time.sleep(LONG)
    return value

def query():
    base = sqlite3.connect(":memory:")
    base.create_function("slow", 1, slow)
    base.execute("select slow(1)").fetchall()

def down(left):
    if left:
        down(left - 1)
    else:
        time.sleep(LONG)

def turns():
    for _ in range(20):
        with shared:
            time.sleep(LONG / 10)
        time.sleep(LONG / 100)

def stuck():
    never.acquire()

def dozes():
    time.sleep(1000)

def daemon():
    while True:
        time.sleep(0.0001)

ready = threading.Event()
never = threading.Lock()
if __name__ == "__main__":
    sys.setrecursionlimit(5000)
    # What was just loaded has no tables for its stacks yet.
    time.sleep(5 * LONG)
    threading.Thread(target=daemon, daemon=True).start()
    work = [holder, Worker().run, consumer, reader, reader, generator, query, lambda: down(10), turns, turns, turns]
    threads = [threading.Thread(target=one) for one in work]
    for thread in threads:
        thread.start()
    time.sleep(LONG)
    never.acquire()
    for one in stuck, dozes:
        threading.Thread(target=one, daemon=True).start()
    for value in range(2):
        more.put(value)
    jobs.put(0)
    for thread in threads:
        thread.join()
    down(1000)
    print("done")
    sys.exit(42)
P

# Processes around one lock, which lies in memory that they share.
cat >across.py <<'P'
import multiprocessing, time

def turns(lock):
    for _ in range(50):
        with lock:
            time.sleep(0.004)

if __name__ == "__main__":
    lock = multiprocessing.get_context("fork").Lock()
    workers = [multiprocessing.get_context("fork").Process(target=turns, args=(lock,)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
P

# line TEXT: its number in the program
line() { grep -nF -- "$1" planted.py | head -1 | cut -d: -f1; }

# expect WHY PLACE: it waited there
expect() {
	grep -E " $1 .* ?$2( |$)" waits >/dev/null && return
	echo "$how: no wait ($1) at $2:"
	cat waits
	faults=$((faults + 1))
}

# open_wait REASON FUNCTION TEXT: a thread still waits there when the program ends: its stack has its function, too
open_wait() {
	"$bin/dwell" dump python.dwell >rows
	local place
	place=$(sed -n "s/^location \(l[0-9]*\) lines=\"$2\":.*:$(line "$3")\$/\1/p" rows)
	sed -n "s/.* wait-begin .*reason=$1 .*stack=\(s[0-9]*\).*/stack \1 /p" rows | sort -u >stacks
	[ -n "$place" ] && grep -F -f stacks rows | grep -E "^stack .*[=,]$place(,|$)" >/dev/null && return
	echo "$how: no wait in $2()"
	faults=$((faults + 1))
}

# below CHAIN: a stack of the flame graph
below() {
	grep -E "$1" lines >/dev/null && return
	echo "$how: no stack $1:"
	cat lines
	faults=$((faults + 1))
}

check() {
	"$bin/dwell" blocked --all --limit 0 python.dwell >waits 2>&1
	"$bin/dwell" flame python.dwell >lines 2>&1
	local sleeps
	sleeps=$(line 'time.sleep(9 * LONG)')
	expect sleep "holder \(planted.py:$sleeps\)"
	expect semaphore "Worker.run \(planted.py:$(line 'lock.acquire(')\)"
	expect semaphore "consumer \(planted.py:$(line 'jobs.get()')\)"
	expect '(semaphore|join)' "<module> \(planted.py:$(line 'thread.join()')\)"
	expect semaphore "reader \(planted.py:$(line 'more.get()')\)"
	if grep -E ' semaphore .*reader .*held by' waits; then
		echo "$how: who reads a queue does not hold it"
		faults=$((faults + 1))
	fi
	# As of 3.13 each of these waits has a semaphore of its own, and holders are inferred.
	if ! grep -E ' semaphore +contention .*semaphore 0x[0-9a-f]+ at turns .*held by' waits >/dev/null; then
		echo "$how: nobody has the lock that is waited for in turns:"
		cat waits
		faults=$((faults + 1))
	fi
	open_wait semaphore stuck 'never.acquire()'
	open_wait sleep dozes 'time.sleep(1000)'
	below '^[^;]*;(down;){100}.*;\[sleep\]'
	below ';Thread.run;generator;middle;leaf;.*;\[sleep\]'
	below ';Thread.run;query;slow;.*;\[sleep\]'
	below ';Thread.run;(<module>.)?<lambda>;(down;){11}[^d].*;\[sleep\]'
}

# run HOW COMMAND...: with and without recording: the same
run() {
	how=$1
	shift
	local status=0

	rm -f python.dwell
	"$@" "$bin/dwell" record -q -o python.dwell -- "$python" planted.py >out 2>&1 || status=$?
	if [ "$status" != 42 ] || [ "$(cat out)" != 'done' ]; then
		echo "$how: status $status: $(cat out)"
		faults=$((faults + 1))
		return
	fi
	check
}

# across HOW COMMAND...: the lock is one for all processes, and has a holder
across() {
	how=$1
	shift
	"$@" "$bin/dwell" record -q -o across.dwell -- "$python" across.py >out 2>&1
	COLUMNS=200 "$bin/dwell" blocked across.dwell >waits 2>&1
	grep -E ' semaphore +contention +semaphore 0x[0-9a-f]+ .*held by' waits >/dev/null && return
	echo "$how: nobody has the lock that processes share: $(cat out waits)"
	faults=$((faults + 1))
}

pythons() {
	for python in /usr/bin/python3 "$(command -v python3)" "$HOME"/.pyenv/versions/*/bin/python3; do
		[ -x "$python" ] && "$python" -c 'import sys
if sys.implementation.name == "cpython" and (3, 11) <= sys.version_info[:2] <= (3, 13) and not hasattr(sys, "gettotalrefcount"):
	print("%d.%d.%d" % sys.version_info[:3], sys.executable, sep="\t")'
	done 2>/dev/null | sort -u -t "$(printf "\t")" -k 1,1
}

while IFS=$'\t' read -r version python; do
	ran=$((ran + 1))
	run "$version"
	across "$version"
	[ "$(id -u)" = 0 ] && [ "$python" = /usr/bin/python3 ] &&
		run "$version as nobody" setpriv --reuid nobody --regid nogroup --clear-groups &&
		across "$version as nobody" setpriv --reuid nobody --regid nogroup --clear-groups
done < <([ "$(uname -m)" = x86_64 ] && pythons)
[ "$ran" -gt 0 ] || { echo 'python: no CPython 3.11 to 3.13 here on x86-64'; exit 77; }
[ "$faults" = 0 ]
