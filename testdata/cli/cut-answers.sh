# Selectors: times of day in the user's zone, places of findings, words that do not exist.
cp "$DATA/traces/handover.txt" dwell.trace
# It began at 2026-09-21 14:13:20 UTC.
dwell tasks --csv --from 14:13:20.002 --to 14:13:20.004 | cmp - <(dwell tasks --csv --from 2ms --to 4ms) && echo same
TZ=Asia/Kolkata dwell tasks --csv --from 19:43:20.002 | cmp - <(dwell tasks --csv --from 2ms) && echo same
id=$(dwell latency --json | sed -n 's/.*"id": "\([0-9a-f]*\)".*"at_ns": 5010000,.*/\1/p')
dwell tasks --csv --from "@$id" | cmp - <(dwell tasks --csv --from 5010us) && echo same
dwell tasks --from @1234; echo $?
dwell tasks --from @xyz; echo $?
dwell tasks --by colour; echo $?
dwell tasks --sort colour; echo $?
grep -v start-unix "$DATA/traces/handover.txt" | sed '1i dwell-text 1\ntrace source="dwell" levels=scheduler' | grep -v '^#' | awk '!seen[$0]++' >timeless
dwell tasks --from 12:00 timeless; echo $?
