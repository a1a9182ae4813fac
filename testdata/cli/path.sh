# The chain of blame.txt: main, lock, worker, lock, logger, disk. Every figure can be worked out from the rows.
trace=$DATA/traces/blame.txt
cp "$trace" dwell.trace
dwell path
dwell path --limit 3 --by object
for by in class task state reason site; do
	dwell path --csv --by $by
done
dwell path --from 1.01ms --to 6.01ms --csv
dwell path --task worker --no-gains
dwell path --task 4713 --json --limit 0
dwell path --task 'wor*' --to 4ms --csv
dwell assemble "$trace" -o native.trace
for file in native.trace dwell.trace; do
	dwell path --json --limit 0 $file | sed '1,/^  }/d' >$file.json
done
diff native.trace.json dwell.trace.json
# A span, and the whole life by default.
cp "$DATA/traces/handover.txt" spans.trace
dwell path --span "$(dwell spans --csv spans.trace | sed -n '2s/,.*//p')" spans.trace
# Waits that ran out of time and were begun again are one with the last.
dwell path --csv "$DATA/traces/again.txt"
# What cannot be asked.
dwell path --task '*'
dwell path --task nobody
dwell path --span 12
dwell path --task cc1 --to 1ms
