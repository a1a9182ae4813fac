#!/bin/sh
# The format's figures beside its peers', from one run.
# Usage: run.sh BUILD FILE.dwell [PERF.DATA]: the trace, and the perf.data it was made from.
set -eu
build=$1
trace=$2
"$build/bench/bench_format" "$trace"
rows=$("$build/bench/bench_format" "$trace" 1 | awk '/^rows/ { print $2 }')
if [ $# -gt 2 ]; then
	for level in 1 3 19; do
		[ "$level" = 19 ] && [ "${DWELL_BENCH_SLOW:-0}" = 0 ] && continue
		size=$(zstd -q -"$level" -c "$3" | wc -c)
		echo "$size $rows" | awk -v l="$level" '{ printf "perf.data, zstd -%-8s %.3f bytes a row\n", l, $1 / $2 }'
	done
	size=$(wc -c < "$3")
	echo "$size $rows" | awk '{ printf "perf.data               %.3f bytes a row\n", $1 / $2 }'
	if command -v perf > /dev/null; then
		start=$(date +%s.%N)
		perf script -i "$3" --ns > /dev/null 2>&1 || true
		echo "$start $(date +%s.%N) $rows" | awk '{ printf "perf script             %.1f M rows/s\n", $3 / ($2 - $1) / 1e6 }'
	fi
fi
