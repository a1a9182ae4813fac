# Selectors: times of day in the user's zone, places of findings, words that do not exist.
cp "$DATA/traces/handover.txt" dwell.trace
# It began at 2026-09-21 14:13:20 UTC.
dwell tasks --csv --from 14:13:20.002 --to 14:13:20.004 | cmp - <(dwell tasks --csv --from 2ms --to 4ms) && echo same
TZ=Asia/Kolkata dwell tasks --csv --from 19:43:20.002 | cmp - <(dwell tasks --csv --from 2ms) && echo same
id=$(dwell latency --json | sed -n 's/.*"id": "\([0-9a-f]*\)".*"at_ns": 5010000,.*/\1/p')
dwell tasks --csv --from "@$id" | cmp - <(dwell tasks --csv --from 5010us) && echo same
# A wait, and a row of blocked, which stands for its longest wait, have a beginning and an end; a finding a place.
wait=$(dwell path --task worker-1 --json | sed -n 's/.*"id": "\([0-9a-f]\{9,\}\)".*/\1/p' | head -1)
row=$(dwell blocked --json | sed -n '/"sites"/,$s/.*"id": "\([0-9a-f]\{9,\}\)".*/\1/p' | head -1)
for id in $wait $row; do dwell tasks --csv --from "@$id" --to "@$id" | cut -d, -f1,11-14; done
sed 's/^\([0-9]\+\) /\1000 /; s/\(created\|time\)=\([0-9]\+\)/\1=\2000/' dwell.trace >long
finding=$(dwell findings --json long | sed -n '/"findings"/,$s/.*"id": "\([0-9a-f]\{9,\}\)".*/\1/p' | head -1)
echo "finding: ${finding:-none}"
dwell tasks --csv --from "@$finding" long | cut -d, -f1,11-14
dwell explain "$finding" long | tail -n +3 | head -4
dwell tasks --from @1234; echo $?
dwell tasks --from @xyz; echo $?
dwell tasks --by colour; echo $?
dwell tasks --sort colour; echo $?
grep -v start-unix "$DATA/traces/handover.txt" | sed '1i dwell-text 1\ntrace source="dwell" levels=scheduler' | grep -v '^#' | awk '!seen[$0]++' >timeless
dwell tasks --from 12:00 timeless; echo $?
