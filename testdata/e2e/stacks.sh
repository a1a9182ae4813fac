#!/bin/bash
# stacks: the chains of calls that planted_stacks waits below, as BPF, the library in the program
# and an ordinary user's recording see them. Prints what differs; 77 where there is no such program.
set -u
bin=$1
planted=$bin/../tests/planted_stacks
[ -x "$planted" ] || { echo 'stacks: only on x86-64'; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 777 "$work"
cd "$work" || exit 1
faults=0
mode="" judge=""

# expect TRACE TASK CHAIN [REASON [some]]: nearly all of its time asleep is below the chain, from its start on. some: of
# the time that has a stack, since not all short waits get one
expect() {
	"$bin/dwell" flame "$1" --task "$2" >lines 2>&1
	[ $# = 5 ] && { grep -v '^[^;]*;\[' lines >those; cat those >lines; }
	local all right reason=";[${4:-sleep}]"
	all=$(grep -F "$reason" lines | awk '{ sum += $NF } END { printf "%d", sum / 1000 }')
	right=$(grep -F "$reason" lines | grep -E "$3" | awk '{ sum += $NF } END { printf "%d", sum / 1000 }')
	[ "$all" -gt 0 ] && [ $((right * 4)) -ge $((all * 3)) ] && return
	echo "$how: $2: not below $3:"
	cat lines
	wrong=$((wrong + 1))
}

# check TRACE ROOT: ROOT is what a thread begins with, in the C library: without names where its
# symbols are not installed
check() {
	local down='(s_down;){41}'

	expect "$1" k-sorts "$2s_thread;s_sorts;.*qsort.*;compare;s_leaf;"
	expect "$1" k-varies "$2s_thread;s_varies;s_variable;s_leaf;"
	expect "$1" k-aligns "$2s_thread;s_aligns;s_aligned;s_leaf;"
	expect "$1" k-raises "$2s_thread;s_raises;.*raise.*;s_handler;s_leaf;"
	expect "$1" k-deep "$2s_thread;s_deep;${down}s_leaf;"
	expect "$1" k-enlarges "$2s_thread;s_enlarges;s_large;s_leaf;"
	# Who waits in such a call is told by the kernel alone.
	[ "$how" = kernel ] || return
	expect "$1" k-vforks "$2s_thread;s_vforks;[^;]*;" process
	expect "$1" k-spawns "$2s_thread;s_spawns;.*;" process some
}

# check_calls TRACE: where the parent waits in calls that the library in the program does not tell of
check_calls() {
	expect "$1" k-vforks ';s_thread;s_vforks;[^;]*;' process
	expect "$1" k-spawns ';s_thread;s_spawns;.*;' process some
}

# Each second of 40,000 waits is worth a stack. A quarter of their time is below the chain also where a busy machine keeps the
# recorder from its rings.
check_many() {
	local share

	share=$("$bin/dwell" flame "$1" | awk '/;\[sleep\]/ { all += $NF; if (/;s_often;/) known += $NF } END { print all ? int(100 * known / all) : 0 }')
	# An emulated machine is slower, its recorder too.
	[ "$share" -ge "${DWELL_TEST_MANY:-25}" ] && return
	echo "$how: $share % of the time of many waits is below their chain"
	wrong=1
}

# run HOW ROOT COMMAND...: record it to HOW.dwell. Whose stacks are copied is told by how long waits last, which a
# busy machine upsets: what is broken is so three times.
run() {
	how=$1
	local root=$2 status try
	shift 2

	for try in 1 2 3; do
		wrong=0 status=0
		# shellcheck disable=SC2086 # nothing, or a word
		"$@" -q -o "$how.dwell" -- "$planted" $mode >out 2>&1 || status=$?
		if [ "$status" != 42 ]; then
			echo "$how: status $status: $(cat out)"
			break
		fi
		"${judge:-check${mode:+_$mode}}" "$how.dwell" "$root"
		[ "$wrong" = 0 ] && return
		echo "$how: try $try of 3"
	done
	faults=$((faults + 1))
}

if [ "$(id -u)" = 0 ]; then
	run library '^[^;]*;' "$bin/dwell" record --no-kernel
	if "$bin/dwell" record --no-preload -q -o probe.dwell -- true 2>/dev/null; then
		run kernel '^[^;]*;([^;]*clone3?|libc[^;]*);(start_thread|libc[^;]*);' "$bin/dwell" record --no-preload
		mode=many run kernel - "$bin/dwell" record --no-preload
		judge=check_calls run both - "$bin/dwell" record
	fi
	run nobody '^[^;]*;' setpriv --reuid nobody --regid nogroup --clear-groups "$bin/dwell" record
else
	run library '^[^;]*;' "$bin/dwell" record
fi
[ "$faults" = 0 ]
