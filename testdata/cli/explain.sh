# The chain of blame.txt: main, lock, worker, lock, logger, disk. Every figure can be worked out from the rows.
cp "$DATA/traces/blame.txt" dwell.trace
dwell explain main@2ms
# The same by its id, and by those of rows: of blocked, of locks; of a latency; of a step within it.
id() { sed -n "2s/^\([0-9a-f]*\),.*/\1/p"; }
dwell explain "$(dwell locks --csv | id)" | sed -n 3p
dwell explain "$(dwell blocked --csv --all | id)" | sed -n 3p
dwell explain "$(dwell latency --json | grep -o '"id": "[0-9a-f]*"' | head -1 | cut -d'"' -f4)"
dwell explain 2d38241f019e56cb
dwell explain logger@1ms
dwell explain worker@200us
dwell explain cc1@7ms
dwell explain 4711@7.9ms | sed -n 3p
dwell explain 'main (4711)@7.9ms' | sed -n 3p
dwell explain --limit 1 main@2ms
dwell explain --json main@2ms
dwell assemble dwell.trace -o native.trace
dwell explain main@2ms native.trace | sed 1d >native.txt
dwell explain main@2ms dwell.trace | sed 1d | sed 's/dwell.trace/native.trace/' | diff - native.txt
# Known by the program alone: who released it, no wakes.
cp "$DATA/traces/unwoken.txt" .
dwell explain main@2ms unwoken.txt
# Waits that ran out of time and were begun again are one with the last.
cp "$DATA/traces/again.txt" .
dwell explain boss@2ms again.txt
dwell explain --json boss@2ms again.txt | grep -o '"begun_again": true'
# Another program has a task of that name: whoever recorded asks for the recorded one's.
sed 's/^process p1 /&recorded /; s/tid=4800 name="cc1"/tid=4800 name="main"/' dwell.trace >two.txt
dwell explain main@2ms two.txt | sed -n 3p
sed 's/tid=4800 name="cc1"/tid=4800 name="main"/' dwell.trace >two.txt
dwell explain main@2ms two.txt
# What cannot be asked.
dwell explain
dwell explain 123
dwell explain nobody@1ms
dwell explain main@x
dwell explain main@9ms
dwell explain xyz
