#!/bin/bash
# Do the times of a trace agree with the program's own? A program that takes CLOCK_MONOTONIC
# before and after each of its sleeps is recorded for SECONDS (600); prints how many of the
# trace's waits begin and end within 2 us inside of its stamps, or outside by less than the 200 ns to
# which two readings of a clock can be told apart; and of the others what the trace says of that moment: that the
# thread lost its CPU, or had just been given one that another task was on, whose memory the caches
# still held. Without either it was interrupted, by what no trace of threads tells. By hand.
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
	function word(key) { return match($0, " " key "=t[0-9]+") ? substr($0, RSTART + length(key) + 2, RLENGTH - length(key) - 2) : "" }
	function near(ns) { return ns >= -200 && ns <= 2000 }
	/^trace/ { match($0, /start-monotonic=[0-9]+/); zero = substr($0, RSTART + 16, RLENGTH - 16) + 0 }
	/^[+0-9]/ { now = $1 ~ /^\+/ ? now + substr($1, 2) : $1 + 0 }
	/ wait-begin .*reason=sleep/ { task = word("task"); begin[task] = now; away[task] = task in left ? left[task] : 0; delete ended[task] }
	/ switch / {
		task = word("task"); next_one = word("peer")
		if (task != "") { left[task] = now; if (task in ended) off[ended[task]] = 1 }
		if (next_one != "") { came[next_one] = now; another[next_one] = task != "" }
	}
	/ wait-end / { task = word("task")
		if (task in begin) {
			from[count] = begin[task]; gone[count] = away[task]; ended[task] = count
			cold[count] = another[task] && now - came[task] < 50000; to[count++] = now; delete begin[task] } }
	END {
		while ((getline line < stamps) > 0) {
			split(line, pair, " ")
			first = pair[1] - zero; last = pair[2] - zero
			while (i < count && from[i] < first - 500000) i++
			if (i == count || from[i] > last) { missed++; continue }
			early = from[i] - first; late = last - to[i]
			total++
			outside += early < 0 || late < 0
			worst = early < worst ? early : late < worst ? late : worst
			begins += near(early); ends += near(late); both += near(early) && near(late)
			if (!near(early) || !near(late)) {
				if (off[i] || gone[i] > first) lost++
				else if (cold[i] && near(early)) taken++
				else { unknown++; if (unknown <= 5) odd = odd sprintf("  at %d ns: begin %d ns after the stamp, end %d ns before\n", first, early, late) }
			}
			i++
		}
		printf "%d sleeps, %d without a wait in the trace; within 2 us: begin %.2f %%, end %.2f %%, both %.2f %%; outside of the stamps: %d, by %d ns at most\n",
			total + missed, missed, 100 * begins / total, 100 * ends / total, 100 * both / total, outside, -worst
		printf "of the %d others the thread lost its CPU in %d, had just been given that of another task in %d; nothing in the trace: %d (%.2f %%)\n%s",
			total - both, lost, taken, unknown, 100 * unknown / total, odd
	}'
