trace=$DATA/traces/handover.txt
cp "$trace" dwell.trace
dwell latency
dwell latency --limit 1
COLUMNS=60 LC_ALL=C dwell latency
dwell latency --task main
dwell latency --from 5ms
dwell latency --csv
dwell latency --json --limit 2
