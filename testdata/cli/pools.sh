cp "$DATA/traces/pools.txt" .
dwell pools pools.txt
dwell pools --csv pools.txt
dwell pools --json pools.txt
# A window begins with what is not known: what was got before it is neither foreign nor twice.
dwell pools --csv --from 5ms --to 8.2ms pools.txt
cp "$DATA/traces/handover.txt" .
dwell pools handover.txt
