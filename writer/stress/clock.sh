#!/bin/bash
# Do the times of a trace agree with the program's own? A program that takes CLOCK_MONOTONIC
# before and after each of its sleeps is recorded for SECONDS (600); prints how many of the
# trace's waits begin and end within 2 us inside of its stamps, by how much the others are outside of
# them, and how many of the late ends have the thread off its CPU in the trace before the stamp. By hand.
#
#	clock.sh BIN [SECONDS]      BIN: the folder of dwell
set -eu
bin=$(cd "${1:?usage: clock.sh BIN [SECONDS]}" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${CC:-cc}" -O2 -o "$work/stamps" "$here/clock_stamps.c"
"$bin/dwell" record --tick 1 -o "$work/t.dwell" -- "$work/stamps" "${2:-600}" >"$work/stamps.txt"
"$bin/dwell" dump "$work/t.dwell" | awk -v stamps="$work/stamps.txt" '
	/^trace/ { match($0, /start-monotonic=[0-9]+/); zero = substr($0, RSTART + 16, RLENGTH - 16) + 0 }
	/^[+0-9]/ { now = $1 ~ /^\+/ ? now + substr($1, 2) : $1 + 0 }
	/ wait-begin .*reason=sleep/ { match($0, /task=t[0-9]+/); task = substr($0, RSTART, RLENGTH); begin[task] = now; delete ended[task] }
	/ switch / { match($0, /task=t[0-9]+/); task = substr($0, RSTART, RLENGTH); if (task in ended) off[ended[task]] = 1 }
	/ wait-end / { match($0, /task=t[0-9]+/); task = substr($0, RSTART, RLENGTH)
		if (task in begin) { from[count] = begin[task]; ended[task] = count; to[count++] = now; delete begin[task] } }
	END {
		while ((getline line < stamps) > 0) {
			split(line, pair, " ")
			first = pair[1] - zero; last = pair[2] - zero
			while (i < count && from[i] < first - 1000000) i++
			if (i == count || from[i] > last) { missed++; continue }
			early = from[i] - first; late = last - to[i]
			explained += late > 2000 && (i in off); i++
			worst = early < worst ? early : late < worst ? late : worst
			total++
			outside += early < 0 || late < 0
			begins += early >= 0 && early <= 2000
			ends += late >= 0 && late <= 2000
			both += early >= 0 && early <= 2000 && late >= 0 && late <= 2000
		}
		printf "%d sleeps, %d without a wait in the trace; outside of the stamps: %d, by %d ns at most; within 2 us: begin %.2f %%, end %.2f %%, both %.2f %%; of %d later ends the thread lost its CPU in %d\n",
			total + missed, missed, outside, -worst, 100 * begins / total, 100 * ends / total, 100 * both / total,
			total - ends - outside, explained
	}'
