# Text to file, file to file, parts, damage: the same answers throughout.
text=$DATA/traces/handover.txt
dwell assemble "$text" -o dwell.trace
dwell verify
dwell dump >dumped
dwell assemble dumped -o again.trace && cmp dwell.trace again.trace && echo 'text and back: the same bytes'
dwell assemble - -o - <dumped | cmp - dwell.trace && echo 'through pipes: the same bytes'
dwell convert "$text" -o - | cmp - dwell.trace && echo 'convert of the text: the same bytes'
dwell convert --repack -o packed.trace && dwell dump packed.trace | cmp - dumped && echo 'repacked: the same text'
dwell convert "$DATA/import/go/selects-go1.21.trace" -o go.trace
for command in tasks latency blocked locks spans metrics; do
	cmp <(dwell $command --csv --limit 0 go.trace) \
		<(dwell $command --csv --limit 0 "$DATA/import/go/selects-go1.21.trace") &&
		cmp <(dwell $command --csv --limit 0) <(dwell $command --csv --limit 0 "$text") &&
		echo "$command: the same of the converted"
done
# A cut gives what the same window of the whole gives.
for window in '0 2ms' '2ms 4ms' '2.505ms 5.02ms' '4.02ms 7ms' '6ms 6.6ms'; do
	set -- $window
	dwell cut --from "$1" --to "$2" -o part.trace
	dwell verify part.trace
	for command in stat tasks latency blocked locks spans metrics; do
		cmp <(dwell $command --csv part.trace) <(dwell $command --csv --from "$1" --to "$2") ||
			echo "$command differs from $1 to $2"
	done
done
dwell cut --task 'worker-*' -o workers.trace && dwell tasks --limit 0 workers.trace
answer() { dwell latency --json "$@" | sed '1,/^  },/d'; }
cmp <(answer workers.trace) <(answer --task 'worker-*') && echo 'latency: the same of the chosen tasks, with who ran instead'
dwell cut --task 'worker-1' --strip -o stripped.trace && dwell dump stripped.trace >stripped
grep -E '/usr|/var|nptl|src/|command=|"main"|worker-2' stripped | grep -v location
grep '^task' stripped
