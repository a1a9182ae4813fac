cp "$DATA/traces/handover.txt" dwell.trace
dwell spans
dwell spans --csv
dwell spans --json
dwell metrics
LC_ALL=C dwell metrics
dwell metrics --csv
dwell metrics --json
dwell metrics --openmetrics
dwell metrics --openmetrics --json; echo $?
