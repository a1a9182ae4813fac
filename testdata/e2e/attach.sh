#!/bin/bash
# record -p of programs that are stuck: where they are stuck, who has what they wait for, though nobody
# saw them come to it. As root, by BPF; and as nobody, of whom the
# kernel tells nothing.
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

# look WHO FILE PID: a recording of a moment
look() {
	(become "$1" "$bin/dwell" record -q -o "$2" --limit-time 400ms -p "$3") >out 2>err ||
		fault "$1: $2: not recorded: $(cat err)"
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

# Java's monitors: who has one, and the methods that wait, in HotSpot's memory.
java() {
	local pid
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
	command java -XX:TieredStopAtLevel=1 Dead &
	pid=$!
	programs="$programs $pid"
	# Both are there, and have looked for long enough to do so seldom.
	until [ "$(grep -cxE 'transfer|audit' "/proc/$pid/task/"*/comm | grep -c ':1$')" = 2 ]; do
		[ -d /proc/$pid ] || { fault 'java ended'; return; }
		sleep 0.1
	done
	sleep 0.7
	(exec "$bin/dwell" record -q -o java.trace --limit-time 2s -p $pid) >out 2>err || fault "java: $(cat err)"
	# It looks at its monitor now and then, and waits all the while.
	expect java.trace "deadlock: 2 tasks.*transfer \([0-9]+\) waits for mutex [0-9a-fx]+ of audit \([0-9]+\) since [0-9.]+ [mµ]s, for [12].[0-9]+ s, at Dead.take \(Dead.java:8\).*audit \([0-9]+\) waits for mutex [0-9a-fx]+ of transfer" leaks
	"$bin/dwell" dump java.trace >said
	grep -qE 'lines="Dead.lambda.start.0":"Dead.java":17' said || fault "java: no caller: $(grep Dead said)"
	kill $pid
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
	python "$who" "$(command -v /usr/bin/python3 || command -v python3)"
	[ "$(id -u)" = 0 ] || break
done
[ "$(id -u)" != 0 ] || strangers
if [ "$(id -u)" = 0 ] && command -v javac >out; then
	java
fi
[ $looked = 1 ] || [ $faults != 0 ] || exit 77
exit $((faults > 0))
