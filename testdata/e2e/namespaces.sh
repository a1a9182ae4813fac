#!/bin/bash
# record: a program in a pid namespace of its own is recorded as it is outside of one, though the
# numbers that it knows are others'. Prints what differs; 77 where there are no such namespaces.
set -u
bin=$1
planted=$bin/../tests/planted
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
faults=0

fault() {
	echo "$1"
	faults=$((faults + 1))
}

unshare -pf --mount-proc true 2>/dev/null || {
	echo 'skipped: no pid namespace may be made here'
	exit 77
}
[ -x "$planted" ] || {
	echo 'skipped: the planted program is not built'
	exit 77
}

# record NAME OPTION COMMAND...: what its tasks are called, in NAME. What the kernel tells of too
# may stand there once more under a number made up, where it was gone before anyone looked. A child
# calls itself w-child and is gone at once: whether its name was seen is luck, bare as well.
record() {
	local name=$1 option=$2
	local most=8388608
	shift 2
	[ "$option" = --no-kernel ] && most=9999999
	"$bin/dwell" record -q "$option" -o "$name.dwell" -- "$@" >out 2>&1
	local status=$?
	"$bin/dwell" tasks --limit 0 "$name.dwell" | tr -d '()' |
		awk -v most="$most" '$2 ~ /^[0-9]+$/ && $2 < most { print $1 }' |
		sed 's/^w-child$/planted/' | sort >"$name"
	return $status
}

alike() {
	local option=$1 bare
	record bare "$option" "$planted"
	bare=$?
	record inside "$option" unshare -pf --mount-proc "$planted"
	[ $? = "$bare" ] || fault "$option: another status than $bare: $(cat out)"
	# One more: unshare, which waits for it.
	grep -vx unshare inside | diff bare - >differ || fault "$option: other tasks: $(head differ)"
	[ "$(grep -cx unshare inside)" = 1 ] || fault "$option: unshare is missing"
}

# Short ones, of which nothing is in /proc any more when they are looked for.
short() {
	local others
	record short --stacks=on unshare -pf --mount-proc sh -c \
		'for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do env true; done; env true'
	others=$(grep -cvxE 'true|sh|unshare' short)
	[ "$others" = 0 ] || fault "tasks that were not there: $(grep -vxE 'true|sh|unshare' short | head)"
	[ "$(grep -cx true short)" -ge 21 ] || fault "$(grep -cx true short) short processes of 21"
}

# Threads that have ended before anyone looks for them, each after a wait that it told of.
cat >ends.c <<'C'
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

static void *end(void *none)
{
	usleep(100);
	return none;
}

int main(void)
{
	pthread_t thread;

	for (int i = 0; i < 100; i++)
		if (pthread_create(&thread, NULL, end, NULL) != 0 || pthread_join(thread, NULL) != 0)
			exit(1);
	return 0;
}
C
ended() {
	local made_up
	cc -O1 -pthread -o ends ends.c || return
	"$bin/dwell" record -q -o ended.dwell -- unshare -pf --mount-proc sh -c './ends & ./ends & wait' >out 2>&1 ||
		fault "threads that ended: status $?: $(cat out)"
	# Where the kernel tells of no births, numbers are made up.
	"$bin/dwell" stat ended.dwell | grep -q '^levels.*reasons' || return
	"$bin/dwell" tasks --limit 0 --csv ended.dwell >ended
	made_up=$(awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "tid") at = i; next } $at >= 8388608' ended | wc -l)
	[ "$made_up" = 0 ] || fault "threads that ended: $made_up of $(wc -l <ended) have no number: $(tail -n 3 ended)"
	[ "$(grep -c ends ended)" = 202 ] || fault "threads that ended: $(grep -c ends ended) of 202"
}

# Code that was compiled at run time, and written down where only the program finds it: in a /tmp of
# its own, under a number of its own, in another root.
cat >jit.c <<'C'
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* push rbp; mov rbp, rsp; call rdi; pop rbp; ret */
static const unsigned char code[] = { 0x55, 0x48, 0x89, 0xe5, 0xff, 0xd7, 0x5d, 0xc3 };

static void waits(void)
{
	for (int i = 0; i < 10; i++)
		usleep(20000);
}

int main(void)
{
	void *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char path[64];
	FILE *map;

	if (at == MAP_FAILED)
		return 1;
	memcpy(at, code, sizeof(code));
	snprintf(path, sizeof(path), "/tmp/perf-%d.map", (int)getpid());
	map = fopen(path, "w");
	if (!map)
		return 1;
	fprintf(map, "%lx %zx compiled_here\n", (unsigned long)at, sizeof(code));
	fclose(map);
	((void (*)(void (*)(void)))at)(waits);
	return 0;
}
C
compiled() {
	local how
	if [ "$(uname -m)" != x86_64 ] || ! cc -O1 -static -fno-omit-frame-pointer -o jit jit.c 2>/dev/null; then
		echo 'not tried: code that was compiled at run time'
		return
	fi
	mkdir -p root/tmp
	cp jit root/
	for how in 'unshare -m sh compiled.sh' 'unshare -mpf --mount-proc sh compiled.sh' "chroot $work/root /jit"; do
		# shellcheck disable=SC2086 # words
		"$bin/dwell" record -q --no-preload -o jit.dwell -- $how >out 2>&1 || fault "$how: status $?: $(cat out)"
		"$bin/dwell" flame jit.dwell | grep -q 'compiled_here' || fault "$how: no name: $("$bin/dwell" flame jit.dwell)"
	done
}
mkdir other
echo 'mount -t tmpfs tmpfs other && cp jit other/ && mount --bind other /tmp && /tmp/jit' >compiled.sh

# Names are looked for while others run: on a busy machine some are missed, bare as well. What is broken is so
# three times.
for what in --stacks=on --no-kernel short ended compiled; do
	for try in 1 2 3; do
		before=$faults
		if [ $what = short ]; then short; elif [ $what = ended ]; then ended; elif [ $what = compiled ]; then compiled; else alike $what; fi
		[ $faults = "$before" ] && break
		[ $try = 3 ] || { echo "$what: again"; faults=$before; }
	done
done
exit $((faults > 0))
