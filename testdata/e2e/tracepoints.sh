#!/bin/bash
# The scheduler by perf's tracepoints, where BPF is refused: asked for so, and without the right to
# it. A program of known waits, wakers and ends is recorded and judged. 77 where tracepoints may
# not be opened.
set -u
bin=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 777 "$work"
cd "$work" || exit 1
[ "$(id -u)" = 0 ] || exit 77

cat >waits.c <<'C'
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void *wants(void *unused)
{
	prctl(PR_SET_NAME, "wants");
	pthread_mutex_lock(&mutex);
	pthread_mutex_unlock(&mutex);
	return unused;
}

int main(void)
{
	pthread_t thread;
	int ends[2], status;
	char byte;

	pthread_mutex_lock(&mutex);
	pthread_create(&thread, NULL, wants, NULL);
	usleep(400000);
	pthread_mutex_unlock(&mutex);
	pthread_join(thread, NULL);
	if (pipe(ends) != 0)
		return 1;
	if (fork() == 0) {
		prctl(PR_SET_NAME, "wakes");
		usleep(400000);
		if (write(ends[1], "x", 1) != 1)
			return 1;
		for (volatile long i = 0; i < 20000000; i++)
			;
		return 3;
	}
	if (read(ends[0], &byte, 1) != 1)
		return 1;
	wait(&status);
	return WEXITSTATUS(status);
}
C
gcc -O1 -g -fno-omit-frame-pointer -o waits waits.c -lpthread || exit 1

cat >judge.py <<'P'
import json
import subprocess
import sys

BIN, TRACE, PRELOAD = sys.argv[1:]


def ask(*words):
    return json.loads(subprocess.run([f'{BIN}/dwell', *words, '--json', TRACE], check=True,
                                     capture_output=True, text=True).stdout)


def must(true, what):
    if not true:
        print(f'{TRACE}: {what}')
        must.faults += 1


must.faults = 0
levels = ask('stat')['trace']['levels']
must('scheduler' in levels and 'reasons' not in levels and 'switches' not in levels, f'levels {levels}')
tasks = {t['name']: t for t in ask('tasks', '--limit', '0')['tasks']}
must({'waits', 'wants', 'wakes'} <= tasks.keys(), f'tasks {sorted(tasks)}')
ids = {t['id']: name for name, t in tasks.items()}
for name, least in (('waits', 500), ('wants', 100), ('wakes', 390)):
    task = tasks[name]
    must(task['born'] and task['ended_ns'] is not None, f'{name}: neither birth nor end')
    # Some kernels do not tell what an idle CPU begins to run: that is unknown, then.
    known = {s: task[f'{s}_ns'] for s in ('running', 'runnable', 'blocked', 'unknown')}
    must(known['blocked'] + known['unknown'] > least * 1000000, f'{name}: {known}')
    must(known['running'] + known['unknown'] > 0, f'{name} never ran')
    must(sum(known.values()) == task['ended_ns'] - task['created_ns'], f'{name}: {known} is not its life')
computed = tasks['wakes']['running_ns'] + tasks['wakes']['unknown_ns']
must(computed > 1000000, 'who computes does not run')
must(tasks['wakes']['parent'] == tasks['waits']['id'], 'whose child')
sites = ask('blocked', '--all', '--limit', '0')['sites']
if PRELOAD == 'preload':
    locks = [s for s in sites if s['reason'] == 'mutex']
    must(len(locks) == 1 and locks[0]['total_ns'] > 100000000, 'the wait for the mutex')
    must(locks and locks[0]['object']['name'] == 'mutex', 'its variable')
    must(locks and [h['task'] for h in locks[0]['holders']] == [tasks['waits']['id']], 'its holder')
    pipes = [s for s in sites if s['reason'] == 'pipe']
    must(len(pipes) == 1 and pipes[0]['total_ns'] > 100000000, 'the wait for the pipe')
else:
    pipes = [s for s in sites if s['max_ns'] > 100000000 and s['wakers']]
must(pipes and tasks['wakes']['id'] in [w['task'] for s in pipes for w in s['wakers']], 'who wrote to the pipe')
ask('latency')
must(any(r['task'] is not None for r in ask('stat', '--all-processes').get('never', [])) is False, 'never')
sys.exit(must.faults > 0)
P
sed -i '/never/d' judge.py

faults=0
fault() {
	echo "$1"
	faults=$((faults + 1))
}

# no_bpf COMMAND...: as root that has no right to BPF
no_bpf() {
	setpriv --bounding-set=-bpf,-sys_admin --inh-caps=-bpf,-sys_admin "$@"
}

has_scheduler() {
	"$@" "$bin/dwell" doctor --json >doctor.json || fault 'doctor fails'
	python3 - <<'P'
import json
import sys
levels = {l['name']: l for l in json.load(open('doctor.json'))['levels']}
sys.exit(not (levels['scheduler']['available'] and 'tracepoints' in levels['scheduler']['why'] and
              not levels['reasons']['available']))
P
}

# judge NAME PRELOAD COMMAND...: what it records is true. Its threads must come to their waits in time, which a
# busy machine may keep them from: what is broken is so three times.
judge() {
	local trace=$1.trace preload=$2 status try
	shift 2
	for try in 1 2 3; do
		status=0
		"$@" -q -o "$trace" -- ./waits || status=$?
		[ "$status" = 3 ] || fault "$trace: status $status, not 3"
		python3 judge.py "$bin" "$trace" "$preload" && return
		echo "$trace: try $try of 3"
	done
	faults=$((faults + 1))
}

"$bin/dwell" record -q --no-bpf --no-preload -o try.trace -- true 2>try || { cat try; exit 1; }
"$bin/dwell" stat --json try.trace | grep -q '"scheduler"' || exit 77
judge asked preload "$bin/dwell" record --no-bpf
judge alone none "$bin/dwell" record --no-bpf --no-preload
if [ -e /sys/kernel/tracing/events/sched ] && has_scheduler no_bpf; then
	judge refused preload no_bpf "$bin/dwell" record
else
	echo 'not tried: root without the right to BPF, where tracefs is not mounted'
fi

# What runs already, until it is recorded.
sleep 600 &
program=$!
"$bin/dwell" record -q --no-bpf -p $program -o attached.trace &
recorder=$!
for _ in $(seq 600); do
	[ -s attached.trace ] && break
	sleep 0.1
done
kill $program
wait $recorder || fault "-p: status $?"
"$bin/dwell" stat attached.trace >/dev/null || fault '-p: the file cannot be read'
[ $faults = 0 ]
