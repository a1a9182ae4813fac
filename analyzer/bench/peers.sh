#!/bin/bash
# Analyses of foreign traces beside the tools that read them, from one run: CPU time of whole
# commands, the best of three, each in turn.
# Usage: peers.sh BUILD TRACE...: perf.data, a folder of CTF, a trace of Go 1.22 or later.
set -euo pipefail
build=$1
shift
TIMEFORMAT='%U %S'

# cpu COMMAND...: user and system time in seconds.
cpu() {
	local spent

	spent=$({ time "$@" >/dev/null 2>&1; } 2>&1) || {
		echo failed
		return 0
	}
	awk '{ printf "%.3f\n", $1 + $2 }' <<<"$spent"
}

less() {
	awk -v a="$1" -v b="$2" 'BEGIN { exit !(a + 0 > 0 && a < b) }'
}

# peers TRACE: a line for each tool that reads it and is here, its words apart by tabs.
peers() {
	if [ -d "$1" ]; then
		printf 'babeltrace2\t%s\n' "$1"
	elif [ "$(head -c 8 "$1" | tr -d '\0')" = PERFILE2 ]; then
		printf 'perf\tsched\tlatency\t-i\t%s\n' "$1"
		printf 'perf\tscript\t-i\t%s\n' "$1"
	elif [ "$(head -c 5 "$1" | tr -d '\0')" = 'go 1.' ]; then
		printf 'go\ttool\ttrace\t-pprof=sched\t%s\n' "$1"
	fi
}

for trace; do
	declare -A best=()
	lines=()
	for command in tasks latency blocked; do
		lines+=("$build/bin/dwell"$'\t'"$command"$'\t'"$trace")
	done
	while IFS= read -r line; do
		command -v "${line%%$'\t'*}" >/dev/null && lines+=("$line")
	done < <(peers "$trace")
	for _ in 1 2 3; do
		for line in "${lines[@]}"; do
			IFS=$'\t' read -r -a words <<<"$line"
			took=$(cpu "${words[@]}")
			if [ -z "${best[$line]-}" ] || less "$took" "${best[$line]}"; then
				best[$line]=$took
			fi
		done
	done
	printf '%s, %s bytes\n' "$trace" "$(du -sb "$trace" | cut -f 1)"
	for line in "${lines[@]}"; do
		IFS=$'\t' read -r -a words <<<"$line"
		printf '%10s s  %s\n' "${best[$line]}" "$(basename "${words[0]}") ${words[*]:1}"
	done
done
