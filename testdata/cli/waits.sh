cp "$DATA/traces/handover.txt" dwell.trace
dwell blocked
COLUMNS=60 LC_ALL=C dwell blocked --limit 2
COLUMNS=200 dwell blocked --reason mutex,file --sort count
dwell blocked --by task
dwell blocked --by reason --all
dwell blocked --object 'queue*' --csv
dwell blocked --json --limit 2
dwell locks
COLUMNS=60 dwell locks
dwell locks --csv
dwell locks --json
