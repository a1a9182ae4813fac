#!/bin/bash
# record: exit statuses, output, signals, limits and accidents of `dwell record`, as root and as
# nobody. Prints what differs; 77 where programs may not be recorded at all.
set -u
bin=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 777 "$work"
cd "$work" || exit 1
faults=0

fault() {
	echo "$who: $1"
	faults=$((faults + 1))
}

# slower WHAT: a machine that is busy with other things upsets what must happen at a time. So WHAT is
# tried again with its times three and nine times as long, which is said; what is broken fails them all.
slower() {
	local before=$faults times
	for times in 1 3 9; do
		"$1" $times
		[ $faults = $before ] && return
		[ $times = 9 ] || { echo "$1: again, slower"; faults=$before; }
	done
}

# after TIMES MS: so long, as seconds
after() {
	printf '%d.%03d' $(($1 * $2 / 1000)) $(($1 * $2 % 1000))
}

# until_so WHAT...: that this command succeeds, however busy the machine is; false after a minute
until_so() {
	local tries
	for tries in $(seq 600); do
		"$@" >/dev/null 2>&1 && return
		sleep 0.1
	done
	echo "after a minute: not $* ($tries)"
	return 1
}

# asleep PID COUNT: so many processes that PID made sleep
asleep() {
	local pid count=0
	for pid in $(pgrep -P "$1" -x sleep); do
		[ "$(sed 's/.*) //; s/ .*//' "/proc/$pid/stat")" = S ] && count=$((count + 1))
	done
	[ "$count" = "$2" ]
}

# has_tasks FILE COUNT: so many are in the file, finished or not
has_tasks() {
	[ "$("$bin/dwell" tasks --json --limit 0 "$1" | grep -c '"tid"')" = "$2" ]
}

# goes_beyond FILE NS: it has a row later than that
goes_beyond() {
	[ "$("$bin/dwell" dump "$1" | grep -oE '^[0-9]+' | tail -n 1)" -gt "$2" ]
}

# run COMMAND...: as the user under test; its output in out and err, its status in status
run() {
	status=0
	if [ "$who" != "$(id -un)" ]; then
		setpriv --reuid "$who" --regid nogroup --clear-groups "$@" >out 2>err || status=$?
	else
		"$@" >out 2>err || status=$?
	fi
}

expect_status() {
	[ "$status" = "$1" ] || fault "$2: status $status, not $1: $(cat err)"
}

readable() {
	"$bin/dwell" dump "$1" >dumped 2>&1 || fault "$2: the file is damaged: $(head -n 3 dumped)"
	tail -n 1 dumped | grep -q '^end .*closed' || fault "$2: the file is not closed"
}

statuses() {
	run "$bin/dwell" record -o t.dwell -- sh -c 'echo out; echo err >&2; exit 7'
	expect_status 7 'exit 7'
	[ "$(cat out)" = out ] || fault "stdout differs: $(cat out)"
	[ "$(head -n 1 err)" = err ] || fault "stderr differs: $(cat err)"
	[ "$(wc -l <err)" = 2 ] || fault "not one line of summary: $(cat err)"
	readable t.dwell 'exit 7'
	run "$bin/dwell" record -q -o t.dwell -- sh -c 'kill -TERM $$'
	expect_status 143 'SIGTERM'
	[ -s err ] && fault "-q is not quiet: $(cat err)"
	[ -e t.dwell.old ] || fault 'the former file is not kept'
	run "$bin/dwell" record -q -o t.dwell -- ./nothing
	expect_status 127 'no such command'
	run "$bin/dwell" record -q -o t.dwell -- /etc/passwd
	expect_status 126 'not executable'
	run "$bin/dwell" record -q -o /nowhere/t.dwell -- touch ran
	expect_status 5 'no such folder'
	[ -e ran ] && fault 'the command ran though there is no file'
	run "$bin/dwell" record --nonsense
	expect_status 2 'unknown option'
}

# What the program gets is what it would get without.
untouched() {
	# shellcheck disable=SC2016 # for the shell that is recorded
	local probe='read -r line; echo "$line"; ulimit -n; ulimit -f; umask; trap; ls -l /proc/self/fd | wc -l;
		grep -E "Sig(Blk|Ign|Cgt)" /proc/self/status; ps -o ni= -p $$; cat /proc/self/oom_score_adj'
	echo 'a line of input' | "$BASH" -c "$probe" >plain 2>&1
	echo 'a line of input' | "$bin/dwell" record -q -o t.dwell -- "$BASH" -c "$probe" >recorded 2>&1
	cmp -s plain recorded || fault "the program sees: $(diff plain recorded)"
}

signals() {
	"$bin/dwell" record -q -o t.dwell -- sh -c 'trap "echo caught; exit 9" TERM; echo ready; sleep 60 & echo $! >sleeper; wait' >out &
	local recorder=$!
	until_so grep -q ready out && until_so test -s sleeper
	kill -TERM $recorder
	wait $recorder
	status=$?
	kill "$(cat sleeper)"
	expect_status 9 'SIGTERM passed on'
	grep -q caught out || fault 'the command did not get the signal'
}

limits() {
	rm -f l.dwell
	# shellcheck disable=SC2016 # for the shell that is recorded
	run "$bin/dwell" record -o t.dwell --limit-time 50ms -- \
		sh -c 'i=0; until grep -q limit-time err || [ $i = 600 ]; do sleep 0.1; i=$((i + 1)); done; echo over'
	expect_status 0 'limit-time'
	grep -q over out || fault 'the limit ended the program'
	grep -q 'limit-time' err || fault "the limit is not told: $(cat err)"
	readable t.dwell 'limit-time'
	# shellcheck disable=SC2016 # for the shell that is recorded
	run "$bin/dwell" record -q -o l.dwell --delay 100ms -- \
		sh -c 'i=0; until [ -s l.dwell ] || [ $i = 600 ]; do sleep 0.1; i=$((i + 1)); [ "$0" = root ] || exit; done' "$who"
	if [ "$who" = root ]; then
		expect_status 0 'delay'
		readable l.dwell 'delay'
	else
		expect_status 5 'delay without rights'
	fi
}

# What is kept is the last of it, and a trace like any other.
flight() {
	rm -f f.dwell over started
	"$bin/dwell" record -q --flight 500ms -o f.dwell -- sh -c 'touch started; until [ -e over ]; do sleep 0.1; done' &
	local recorder=$! first
	until_so test -e started
	sleep "$(after "$1" 2000)"
	"$bin/dwell" snapshot $recorder -o asked.dwell 2>err || fault "snapshot: $(cat err)"
	"$bin/dwell" snapshot "$(pgrep -P $recorder)" -o child.dwell 2>err || fault "by the program's number: $(cat err)"
	[ -e f.dwell ] && fault 'written without being asked'
	kill -USR2 $recorder
	until_so test -s f.dwell
	touch over
	wait $recorder || fault "flight: status $?"
	for trace in asked child f; do
		readable $trace.dwell "snapshot $trace"
		grep -q ' loss' dumped && fault "snapshot $trace has a loss"
		first=$(grep -oE '^[0-9]+' dumped | head -n 1)
		[ "${first:-0}" -gt 1000000000 ] || fault "snapshot $trace begins at ${first:-nothing}"
	done
	"$bin/dwell" snapshot $$ 2>/dev/null && fault 'a snapshot of what is not recorded'
	"$bin/dwell" record -q --flight 1M --snapshot-on signal -o s.dwell -- sh -c 'kill -9 $$'
	status=$?
	expect_status 137 'snapshot-on signal'
	readable s.dwell 'snapshot-on signal'
}

# What the kernel tells is the program's own: not how it was launched, nor what ran beside it; and
# nothing of its time is unknown, though some kernels keep some switches to themselves.
whole() {
	# shellcheck disable=SC2016 # for the shell that is recorded
	run "$bin/dwell" record -q -o t.dwell -- sh -c 'i=0; while [ $i -lt 200000 ]; do i=$((i + 1)); done; sleep 0.2 & wait'
	"$bin/dwell" tasks --json t.dwell >dumped
	[ "$(grep -c '"tid"' dumped)" = 2 ] || fault "not two tasks: $(grep -c '"tid"' dumped)"
	grep -q '"other_tasks": [1-9]' dumped || fault 'nobody ran beside the program'
	grep -qE '"coverage": (1|0\.99)' dumped || fault "known is $(grep '"coverage"' dumped)"
	"$bin/dwell" blocked --all --limit 0 t.dwell | grep dwell-record && fault 'the launch is a wait of the program'
}

leak_check() {
	run "$bin/dwell" record -q --leak-check -o t.dwell -- sh -c 'exit 7'
	expect_status 7 'leak-check of a failure'
	run "$bin/dwell" record -q --leak-check -o t.dwell -- true
	expect_status 0 'leak-check without leaks'
	command -v cc >/dev/null || return
	cat >leaky.c <<-'C'
		#include <pthread.h>
		#include <unistd.h>
		static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;
		static pthread_barrier_t both;
		static void *take(void *first)
		{
			pthread_mutex_lock(first ? &a : &b);
			pthread_barrier_wait(&both);
			pthread_mutex_lock(first ? &b : &a);
			return first;
		}
		int main(void)
		{
			pthread_t one, other;
			pthread_barrier_init(&both, NULL, 3);
			pthread_create(&one, NULL, take, NULL);
			pthread_create(&other, NULL, take, &other);
			pthread_barrier_wait(&both);
			return usleep(400000);
		}
	C
	cc -pthread -o leaky leaky.c || return
	run "$bin/dwell" record --leak-check -o t.dwell -- ./leaky
	expect_status 1 'leak-check with leaks'
	grep -q '^deadlock' err || fault "leak-check finds no deadlock: $(cat err)"
	[ -s out ] && fault "leak-check writes to stdout: $(cat out)"
}

# What ran before is known from the first moment on: what it waits for, and who came of it.
# Programs that end at once, one after the other: each is one process, told once, and has ended.
brief() {
	local how
	for how in --follow --no-kernel --no-preload; do
		run "$bin/dwell" record -q $how -o t.dwell -- sh -c 'for i in 1 2 3 4 5 6 7 8 9 10 11 12; do /bin/true; done'
		expect_status 0 "brief, $how"
		"$bin/dwell" dump t.dwell >dumped || fault "brief, $how: no dump"
		# Each line of a process is its latest: a number that two have is told for one too many.
		awk '/^process / && match($0, / pid=[0-9]+/) { pid[$2] = substr($0, RSTART, RLENGTH) } END { for (id in pid) print pid[id] }' dumped | sort | uniq -d >twice
		[ -s twice ] && fault "brief, $how: told twice: $(head -n 3 twice)"
		awk '/^task / && match($0, /created=[0-9]+/) { made[$2] = substr($0, RSTART + 8, RLENGTH - 8) + 0 }
			$1 ~ /^[0-9]+$/ && match($0, /task=t[0-9]+/) { id = substr($0, RSTART + 5, RLENGTH - 5) }
			$1 ~ /^[0-9]+$/ && made[id] > $1 { print id " was made at " made[id] " and did at " $1 }' dumped >late
		[ -s late ] && fault "brief, $how: $(head -n 3 late)"
		[ "$("$bin/dwell" tasks --json --limit 0 t.dwell | grep -c '"name": "true"')" = 12 ] || [ "$how" = --no-kernel ] ||
			fault "brief, $how: not 12 tasks"
		"$bin/dwell" tasks --json --limit 0 t.dwell | python3 -c '
import json, sys
alive = [t["name"] for t in json.load(sys.stdin)["tasks"] if t["ended_ns"] is None]
sys.exit(alive and "alive: %s" % alive[:3] or 0)' || fault "brief, $how"
	done
}

# After a wait for a condition a mutex looks as if somebody waited for it: its unlock is no release.
unlocked() {
	cat >unlocks.c <<'C'
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

int main(int argc, char **argv)
{
	static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;

	for (int i = argc > 1 ? atoi(argv[1]) : 0; i > 0; i--) {
		struct timespec until;

		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += 1000000;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
		pthread_mutex_lock(&mutex);
		pthread_cond_timedwait(&cond, &mutex, &until);
		pthread_mutex_unlock(&mutex);
	}
	return 0;
}
C
	cc -O1 -pthread -o unlocks unlocks.c || { fault 'unlocked: no program'; return; }
	run "$bin/dwell" record -q --no-kernel -o t.dwell -- ./unlocks 20
	expect_status 0 unlocked
	"$bin/dwell" dump t.dwell >dumped
	[ "$(grep -c ' wait-end .*reason=cond' dumped)" = 20 ] || fault 'unlocked: not 20 waits'
	[ "$(grep -c ' release ' dumped)" = 0 ] || fault "released, though nobody waits: $(grep -m 1 ' release ' dumped)"
	[ "$(id -u)" = 0 ] || return
	# Of waits whose stack the program tells the kernel copies none, once the program has its tables.
	run "$bin/dwell" record -q -o t.dwell -- ./unlocks 300
	"$bin/dwell" dump t.dwell | grep ' switch .*reason=futex.*# unlocks' >dumped
	[ "$(wc -l <dumped)" -ge 200 ] || fault "unlocked: $(wc -l <dumped) waits of 300: $(cat err; "$bin/dwell" stat t.dwell)"
	[ "$(grep -c ' stack=' dumped)" -lt 100 ] || fault "the kernel copied $(grep -c ' stack=' dumped) stacks"
}

# A process that was copied before it recorded anything: the first record is the child's.
forked() {
	cat >forks.c <<'C'
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		prctl(PR_SET_NAME, "w-copied");
		usleep(50000);
		_exit(7);
	}
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
C
	cc -O1 -o forks forks.c || { fault 'forked: no program'; return; }
	for how in --kernel --no-kernel; do
		run "$bin/dwell" record -q ${how/--kernel/} -o t.dwell -- ./forks
		expect_status 7 "forked, $how"
		"$bin/dwell" tasks --limit 0 t.dwell | grep -q '^w-copied' || fault "forked, $how: no child"
		"$bin/dwell" dump t.dwell | grep -q ' wait-end .*reason=sleep.*w-copied' ||
			fault "forked, $how: no wait of the child"
	done
}

attached() {
	rm -f t.dwell
	sh -c 'sleep 600 & sleep 600; wait' &
	local program=$! recorder status=0
	until_so asleep $program 2
	"$bin/dwell" record -q -o t.dwell -p $program >out 2>err &
	recorder=$!
	until_so test -s t.dwell
	sleep "$(after "$1" 500)"
	pkill -P $program -x sleep
	wait $recorder || status=$?
	expect_status 0 'attached'
	wait $program
	run "$bin/dwell" record -q -o gone.dwell -p $program
	expect_status 2 'attached to nobody'
	"$bin/dwell" tasks --json t.dwell >dumped
	[ "$(grep -c '"tid"' dumped)" = 3 ] || fault "attached: not three tasks: $(grep -c '"tid"' dumped)"
	grep -qE '"coverage": (1|0\.9)' dumped || fault "attached: known is $(grep '"coverage"' dumped)"
	"$bin/dwell" blocked --all --csv t.dwell >dumped
	grep -q ',process,' dumped || fault 'attached: the shell does not wait for a process'
	grep -q ',sleep,' dumped || fault 'attached: nobody sleeps'
}

in_group() {
	local group inside recorder status=0
	group=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
	[ -n "$group" ] || return
	group=$group/dwell-test-$$
	mkdir "$group" 2>/dev/null || return
	rm -f t.dwell
	sh -c "echo \$\$ >$group/cgroup.procs && sleep 600; true" &
	inside=$!
	until_so asleep $inside 1
	"$bin/dwell" record -q -o t.dwell --cgroup "$group" >out 2>err &
	recorder=$!
	until_so test -s t.dwell
	sh -c "echo \$\$ >$group/cgroup.procs; exec sleep 600" &
	# What the file has while it is written.
	until_so has_tasks t.dwell 3
	xargs kill <"$group/cgroup.procs"
	wait $recorder || status=$?
	expect_status 0 'cgroup'
	wait $inside %% 2>/dev/null
	until_so rmdir "$group"
	has_tasks t.dwell 3 || fault 'cgroup: not three tasks'
	run "$bin/dwell" record -q -o t.dwell --cgroup nowhere
	expect_status 2 'no such group'
}

# Whoever kills the recorder does not harm the program, and finds most in the file.
killed() {
	rm -f lived over
	"$bin/dwell" record -q -o k.dwell -- sh -c 'until [ -e over ]; do sleep 0.1; done; echo alive >lived' &
	local recorder=$!
	until_so goes_beyond k.dwell 400000000
	kill -KILL $recorder
	wait $recorder 2>/dev/null
	touch over
	until_so test -s lived || fault 'the program died with the recorder'
	"$bin/dwell" dump k.dwell >dumped 2>&1 || fault "the file of a killed recorder: $(head -n 3 dumped)"
	run "$bin/dwell" record -q -o k2.dwell -- true
	compgen -G "/dev/shm/dwell-$recorder-*" >/dev/null && fault 'the session of a killed recorder is not swept'
	grep -q '^end .*closed' dumped && fault 'a killed recorder left a closed file'
	goes_beyond k.dwell 400000000 || fault 'what was in the file is not'
}

# other_library MINOR WHICH: one of that minor version, WHICH (older, newer) than the recorder, tells
# less, and the recorder and its trace say so
other_library() {
	run "$bin/dwell" record -o v.dwell -- "$bin/../tests/other_version" "$1"
	expect_status 0 "$2 library"
	grep -q "1 processes have a libdwell $2 than the recorder" err || fault "$2 library: $(cat err)"
	"$bin/dwell" dump v.dwell >dumped
	grep -q "^note .*recorder\.$2_library" dumped || fault "$2 library: no note"
}

versions() {
	other_library 1 older
	grep -q '^note .*signals' dumped && fault 'older library: its signals are said to be told'
	other_library 99 newer
	grep -q '^note .*signals' dumped || fault 'newer library: its signals are not said to be told'
}

# What tells a program of Go's is one section.
of_go() {
	cat >of_go.c <<'C'
#include <time.h>

__attribute__((used, section(".go.buildinfo"))) static const char info[] = "\xff Go buildinf:";

int main(void)
{
	const struct timespec moment = { .tv_nsec = 20000000 };

	return nanosleep(&moment, 0);
}
C
	gcc -o of_go of_go.c || { fault 'of_go.c is no program'; return; }
	run "$bin/dwell" record -o g.dwell ./of_go
	expect_status 0 'a program of Go'
	grep -q "goroutines are in Go's own trace" err || fault "nothing of goroutines: $(cat err)"
	readable g.dwell 'a program of Go'
	grep -q '^note .*goroutines' dumped || fault 'a program of Go: no note'
	run "$bin/dwell" record -o g.dwell sleep 0.02
	grep goroutines err && fault 'sleep is taken for a program of Go'
}

full() {
	mkdir -p small
	mount -t tmpfs -o size=8k tmpfs small 2>/dev/null || return
	run "$bin/dwell" record -o small/t.dwell -- sh -c 'for i in 1 2 3 4; do sleep 0.4; done; seq 300000 | wc -l'
	expect_status 0 'disk full'
	[ "$(cat out)" = 300000 ] || fault 'disk full: the program did not go on'
	[ "$(grep -c 'recording stopped' err)" -le 1 ] || fault "told more than once: $(cat err)"
	"$bin/dwell" dump small/t.dwell >/dev/null 2>err || fault "disk full: the file: $(cat err)"
	umount small
}

if [ "$(id -u)" = 0 ]; then users='root nobody'; else users=$(id -un); fi
for who in $users; do
	rm -f ./*.dwell ./*.old
	statuses
	limits
	leak_check
	brief
	of_go
done
who=$(id -un)
untouched
unlocked
forked
signals
slower flight
versions
killed
if [ "$who" = root ]; then
	full
	slower whole
	slower attached
	in_group
fi
[ $faults = 0 ] || exit 1
echo 'record: all as it should be'
