cp "$DATA/import/go/checkout-go1.25.trace" go.trace
dwell gc go.trace
dwell gc --csv go.trace
dwell gc --json go.trace
# Of a trace without a collector.
cp "$DATA/traces/handover.txt" .
dwell gc handover.txt
