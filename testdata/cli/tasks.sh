trace=$DATA/traces/handover.txt
cp "$trace" dwell.trace
dwell tasks
dwell tasks --by class
dwell tasks --by process --sort running
COLUMNS=60 dwell tasks
COLUMNS=60 LC_ALL=C dwell tasks --limit 1
dwell tasks --task 'worker-*' --sort created
dwell tasks --task 'worker-1 (4712)'
dwell tasks --process 4711 --class '*main*'
dwell tasks --process nobody
dwell tasks --from 2ms --to 4ms
dwell tasks --csv
dwell tasks --json
