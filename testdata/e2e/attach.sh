#!/bin/bash
# record -p of programs that are stuck: where they are stuck, who has what they wait for, though nobody
# saw them come to it. As root, by BPF; and as nobody, of whom the
# kernel tells nothing. And Java's locks, of which nothing but its memory tells, of a program that is recorded from its start.
set -u
bin=$1
work=$(mktemp -d)
trap 'kill $programs 2>/dev/null; rm -rf "$work"' EXIT
chmod 777 "$work"
cd "$work" || exit 1
faults=0
programs=

fault() {
	echo "$1"
	faults=$((faults + 1))
}

# become WHO COMMAND...: as that user, in place of this shell
become() {
	local who=$1
	shift
	[ "$who" = "$(id -un)" ] && exec "$@"
	exec setpriv --reuid "$who" --regid nogroup --clear-groups "$@"
}

# stuck PID COUNT: so many threads of it wait, and do not any more do anything
stuck() {
	local tries before now
	for tries in $(seq 600); do
		[ -d "/proc/$1" ] || break
		now=$(cat "/proc/$1/task/"*/syscall "/proc/$1/task/"*/schedstat 2>&1)
		[[ $now = "${before-}" && $now != *running* ]] && [ "$(find "/proc/$1/task" -mindepth 1 -maxdepth 1 | wc -l)" = "$2" ] && return
		before=$now
		sleep 0.05
	done
	fault "$1: not stuck after $tries tries"
	return 1
}

# look WHO FILE PID: a recording of a moment; another one where the machine let the recorder wait until records were lost
look() {
	local tries
	for tries in 1 2 3; do
		(become "$1" "$bin/dwell" record -q -o "$2" --limit-time 400ms -p "$3") >out 2>err ||
			fault "$1: $2: not recorded: $(cat err)"
		"$bin/dwell" stat "$2" 2>&1 | grep -q '^Not whole' || return
	done
	echo "$2: not whole, $tries times"
}

# expect FILE PATTERN COMMAND...: that is said of it
expect() {
	local file=$1 pattern=$2
	shift 2
	"$bin/dwell" "$@" "$file" >said 2>&1
	tr '\n' '~' <said | grep -qE -- "$pattern" || fault "$file: $* does not say '$pattern': $(cat said)"
}

cat >dead.c <<'C'
#define _GNU_SOURCE
#include <pthread.h>

static pthread_mutex_t ledger = PTHREAD_MUTEX_INITIALIZER, journal = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t both;

static void take(pthread_mutex_t *second, int depth)
{
	volatile char room[100 * 8];

	room[depth] = 1;
	pthread_mutex_lock(second); /* line 12 */
	room[depth] = 0;
}

static void *transfer(void *unused)
{
	pthread_setname_np(pthread_self(), "transfer");
	pthread_mutex_lock(&ledger);
	pthread_barrier_wait(&both);
	take(&journal, 1);
	return unused;
}

static void *audit(void *unused)
{
	pthread_setname_np(pthread_self(), "audit");
	pthread_mutex_lock(&journal);
	pthread_barrier_wait(&both);
	take(&ledger, 2);
	return unused;
}

int main(void)
{
	pthread_t one, two;

	pthread_barrier_init(&both, NULL, 2);
	pthread_create(&one, NULL, transfer, NULL);
	pthread_create(&two, NULL, audit, NULL);
	pthread_join(one, NULL); /* line 41 */
	return 0;
}
C
# Without optimization functions keep a frame pointer, which nobody sees of a thread that waits.
gcc -g -O0 -o dead0 dead.c -pthread && gcc -g -O2 -o dead2 dead.c -pthread || exit 1

dead() {
	local who=$1 program=$2 pid
	(become "$who" ./"$program") &
	pid=$!
	programs="$programs $pid"
	stuck $pid 3 || return
	look "$who" "$who.$program" $pid
	expect "$who.$program" "deadlock: 2 tasks of $program/.*transfer \([0-9]+\) waits for journal of audit \([0-9]+\).*, at (take|transfer) \(dead.c:[0-9]+\).*audit \([0-9]+\) waits for ledger of transfer" leaks
	expect "$who.$program" "waits-forever: 1 task.*its holder is stuck itself.*waits for thread [0-9]+ .*, at main \(dead.c:41\)" leaks
	expect "$who.$program" "deadlock \(high\).*held by: audit.*at: (take|transfer) \(dead.c:[0-9]+\)" findings
	expect "$who.$program" 'journal at (take|transfer)' blocked --all
	expect "$who.$program" 'not ended.* [0-9.]+ ms .* (ledger|journal)' locks
	expect "$who.$program" '(take|transfer);[^~]*\[mutex\] [0-9]+~' flame
	expect "$who.$program" 'was blocked for the mutex journal.*audit \([0-9]+\) held it' explain transfer@350ms
	kill $pid
}

# meanwhile WHO: while it is still recorded, by whoever cannot wait for the end
meanwhile() {
	local who=$1 recorder tries
	(become "$who" "$bin/dwell" record -q -o "$who.live" ./dead0) &
	recorder=$!
	for tries in $(seq 300); do
		"$bin/dwell" leaks "$who.live" 2>&1 | grep -q '^deadlock' && break
		sleep 0.1
	done
	expect "$who.live" 'Not whole: .*not closed.*deadlock: 2 tasks of dead0/.*transfer \([0-9]+\) waits for mutex [0-9a-fx]+ of audit' leaks
	expect "$who.live" 'not ended.* [0-9.]+ (m|µ)?s .*mutex' locks
	kill "$(pgrep -P $recorder)" 2>err || pkill -x dead0
	wait $recorder 2>err
}

# Nothing in Python's locks says who has them, but whoever is inside of a `with` is known. Not so
# who was, who took one otherwise, and who waits for a condition of it and so has given it up.
cat >dead.py <<'P'
import threading

ledger, journal, other = threading.Lock(), threading.RLock(), threading.Lock()
taken, gone = threading.Lock(), threading.Lock()
both = threading.Barrier(2)

def transfer():
    with gone:
        pass
    with ledger:
        both.wait()
        with other, journal:  # line 12
            pass

def audit():
    with journal:
        both.wait()
        list(ledger.acquire() for i in range(1))  # line 18

def waits_for(lock, how):
    threading.Thread(target=how, args=[lock], daemon=True).start()

def waits_inside(lock):
    condition = threading.Condition(lock)
    with lock:
        condition.wait()

def takes(lock):
    lock.acquire()
    threading.Event().wait()

def last(lock):
    with lock:
        pass

for each in transfer, audit:
    threading.Thread(target=each).start()
waits_for(taken, waits_inside)
threading.Event().wait(0.1)
waits_for(gone, takes)
waits_for(taken, takes)
threading.Event().wait(0.1)
waits_for(taken, last)
waits_for(gone, last)
threading.Event().wait()
P

python() {
	local who=$1 python=$2 pid
	case $("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])') in
	3.11 | 3.12 | 3.13) ;;
	*) return ;;
	esac
	(become "$who" "$python" dead.py) &
	pid=$!
	programs="$programs $pid"
	stuck $pid 8 || return
	look "$who" "$who.python" $pid
	expect "$who.python" 'deadlock: 2 tasks.*of [^ ]+ \([0-9]+\) since .*, at transfer \(dead.py:12\).*waits for semaphore .* of .*, at [a-z.<>]+ \(dead.py:18\)' leaks
	"$bin/dwell" dump "$who.python" >said
	[ "$(grep -c 'wait-begin .*reason=semaphore.*holder-read' said)" = 2 ] ||
		fault "$who: python: not two who have a lock are known: $(grep wait-begin said)"
	expect "$who.python" 'takes \(dead.py:30\).*last \(dead.py:33\)|last \(dead.py:33\).*takes \(dead.py:30\)' blocked --all
	kill $pid
}

# turns PYTHON: by root. Threads that go on do not wait for ever for what they were found to wait for:
# to find that out takes so long that the kernel's events of before are read after it.
turns() {
	local pid
	cat >turns.py <<'P'
import threading, time

ledger = threading.Lock()

def take():
    for _ in range(2000):
        with ledger:
            time.sleep(0.002)
        time.sleep(0.0003)

for _ in range(3):
    threading.Thread(target=take, daemon=True).start()
time.sleep(10)
P
	"$1" turns.py &
	pid=$!
	programs="$programs $pid"
	sleep 0.3
	look root turns.dwell $pid
	"$bin/dwell" dump turns.dwell | grep -E ' wait-(begin|end) ' >said
	sed -E 's/.* (wait-[a-z]+) (task=[a-z0-9]+) .*/\2 \1/' said | awk '{ last[$1] = $2 } END { for (t in last) if (last[t] == "wait-begin") print t }' >open
	[ ! -s open ] || fault "turns: waits that did not end: $(cat said)"
	kill $pid
}

# Java's monitors: who has one, and the methods that wait, in HotSpot's memory.
java() {
	local who=$1 pid
	cat >Dead.java <<'J'
class Dead {
	static final Object ledger = new Object(), journal = new Object();
	static final java.util.concurrent.CyclicBarrier both = new java.util.concurrent.CyclicBarrier(2);

	static void take(Object first, Object second) throws Exception {
		synchronized (first) {
			both.await();
			synchronized (second) { // line 8
				System.out.println("done");
			}
		}
	}

	static void start(String name, Object first, Object second) {
		new Thread(() -> {
			try {
				take(first, second); // line 17
			} catch (Exception e) {
				System.out.println(e);
			}
		}, name).start();
	}

	public static void main(String[] arguments) {
		start("transfer", ledger, journal);
		start("audit", journal, ledger);
	}
}
J
	javac Dead.java || { fault 'no program of javac'; return; }
	chmod 644 ./*.class
	(become "$who" java -XX:TieredStopAtLevel=1 Dead) &
	pid=$!
	programs="$programs $pid"
	# Both are there, and have looked for long enough to do so seldom.
	until [ "$(grep -cxE 'transfer|audit' "/proc/$pid/task/"*/comm | grep -c ':1$')" = 2 ]; do
		[ -d /proc/$pid ] || { fault 'java ended'; return; }
		sleep 0.1
	done
	sleep 0.7
	(become "$who" "$bin/dwell" record -q -o "$who.java" --limit-time 2s -p $pid) >out 2>err || fault "$who: java: $(cat err)"
	# It looks at its monitor now and then, and waits all the while.
	expect "$who.java" "deadlock: 2 tasks.*transfer \\([0-9]+\\) waits for mutex [0-9a-fx]+ of audit \\([0-9]+\\) since [^~]*, at Dead.take \\(Dead.java:8\\).*audit \\([0-9]+\\) waits for mutex [0-9a-fx]+ of transfer" leaks
	"$bin/dwell" dump "$who.java" >said
	grep -qE 'lines="Dead.lambda.start.0":"Dead.java":17' said || fault "$who: java: no caller: $(grep Dead said)"
	kill $pid
}

# The same by java.util.concurrent; and locks that are let go after a while.
cat >Parked.java <<'J'
import java.util.concurrent.locks.ReentrantLock;

class Parked {
	static final ReentrantLock ledger = new ReentrantLock(), journal = new ReentrantLock();
	static final java.util.concurrent.CyclicBarrier both = new java.util.concurrent.CyclicBarrier(2);

	static void take(ReentrantLock first, ReentrantLock second) throws Exception {
		first.lock();
		both.await();
		second.lock(); // line 10
	}

	static void start(String name, ReentrantLock first, ReentrantLock second) {
		new Thread(() -> {
			try {
				take(first, second);
			} catch (Exception e) {
				System.out.println(e);
			}
		}, name).start();
	}

	public static void main(String[] arguments) {
		start("transfer", ledger, journal);
		start("audit", journal, ledger);
	}
}
J
cat >Passed.java <<'J'
import java.util.concurrent.locks.ReentrantLock;

class Passed {
	static final Object ledger = new Object(), idle = new Object();
	static final ReentrantLock journal = new ReentrantLock();

	static void enter() {
		synchronized (ledger) { // line 8
		}
	}

	static void lock() {
		journal.lock(); // line 13
		journal.unlock();
	}

	static void idle() {
		try {
			synchronized (idle) {
				idle.wait();
			}
		} catch (InterruptedException e) {
			System.out.println(e);
		}
	}

	static void start(String name, Runnable what) {
		Thread thread = new Thread(what, name);

		thread.setDaemon(name.equals("idle"));
		thread.start();
	}

	public static void main(String[] arguments) throws Exception {
		synchronized (ledger) {
			journal.lock();
			start("entering", Passed::enter);
			start("locking", Passed::lock);
			start("idle", Passed::idle);
			while (!new java.io.File(arguments[0]).exists())
				Thread.sleep(50);
			journal.unlock();
		}
	}
}
J

# java_record WHO FILE NAMES COMMAND...: in the background, until it is told that both of these threads wait for a lock
java_record() {
	local who=$1 file=$2 names=$3
	shift 3
	(become "$who" "$bin/dwell" record -q -o "$file" "$@") >out 2>err &
	recorder=$!
	programs="$programs $recorder"
	until [ "$("$bin/dwell" dump "$file" 2>&1 | grep -E "wait-begin .*reason=mutex .*holder-read +# ($names) >" | grep -c '^[0-9]*[0-9]\{9\} ')" -ge 2 ]; do
		[ -d /proc/$recorder ] || { fault "$who: $file ended: $(cat err)"; return 1; }
		sleep 0.2
	done
}

# launched WHO PROGRAM WHERE: it is stuck while it is recorded, and known to be
launched() {
	local who=$1 program=$2 where=$3 recorder
	java_record "$who" "$who.$program" 'transfer|audit' java -XX:TieredStopAtLevel=1 "$program" || return
	# The barrier has a lock of its own, which they may have waited for until now.
	until "$bin/dwell" leaks "$who.$program" 2>&1 | grep -q deadlock; do
		[ -d "/proc/$recorder" ] || { fault "$who: $program ended: $(cat err)"; return; }
		sleep 0.2
	done
	kill "$recorder"
	wait "$recorder"
	expect "$who.$program" "deadlock: 2 tasks.*transfer \([0-9]+\) waits for mutex [0-9a-fx]+ of audit \([0-9]+\) since .*, at $where.*audit \([0-9]+\) waits for mutex [0-9a-fx]+ of transfer .*, at $where" leaks
	expect "$who.$program" "deadlock \(high\).*held by: (audit|transfer)" findings
	expect "$who.$program" "mutex .*$where.*held by (audit|transfer)" blocked
	expect "$who.$program" 'mutex [0-9a-fx]+ +(audit|transfer)' locks
}

# Each waits for main until that gives the lock up, and idle for nobody.
passed() {
	local who=$1 recorder
	rm -f go
	java_record "$who" "$who.passed" 'entering|locking' java Passed go || return
	touch go
	wait "$recorder" || fault "$who: Passed: $(cat err)"
	expect "$who.passed" 'no leaks' leaks
	expect "$who.passed" 'mutex .*Passed.enter \(Passed.java:8\).*held by java' blocked
	expect "$who.passed" 'mutex .*Passed.lock \(Passed.java:13\).*held by java' blocked
	tr '~' '\n' <said | grep 'mutex .*Passed.idle' && fault "$who: Passed: idle waits for a lock"
}

# may_look WHO: at its own processes, which the kernel may be told to forbid (ptrace_scope, containers)
may_look() {
	local status=0
	(become "$1" sleep 60) &
	programs="$programs $!"
	until [ "$(cat "/proc/$!/comm")" = sleep ]; do
		sleep 0.05
	done
	(become "$1" cat "/proc/$!/syscall") >out 2>&1 || status=$?
	kill $!
	return $status
}

strangers() {
	local status=0
	sleep 60 &
	programs="$programs $!"
	(become nobody "$bin/dwell" record -q -o other.dwell -p $!) >out 2>err || status=$?
	[ "$status: $(grep -o 'may not look into process' err)" = '5: may not look into process' ] ||
		fault "a process of others: $status: $(cat err)"
}

looked=0
for who in "$(id -un)" nobody; do
	may_look "$who" || continue
	looked=1
	dead "$who" dead0
	[ "$who" = nobody ] || dead "$who" dead2
	meanwhile "$who"
	python "$who" "$(command -v /usr/bin/python3 || command -v python3)"
	[ "$(id -u)" = 0 ] || break
done
[ "$(id -u)" != 0 ] || strangers
[ "$(id -u)" != 0 ] || ! may_look root || turns "$(command -v /usr/bin/python3 || command -v python3)"
if [ "$(id -u)" = 0 ] && command -v javac >out; then
	javac Parked.java Passed.java || fault 'no program of javac'
	chmod 644 ./*.class
	for who in root nobody; do
		may_look $who || continue
		java $who
		launched $who Dead 'Dead.take \(Dead.java:8\)'
		launched $who Parked 'Parked.take \(Parked.java:10\)'
		passed $who
	done
fi
[ $looked = 1 ] || [ $faults != 0 ] || exit 77
exit $((faults > 0))
