# The trace event format: an object, an array, one that was never closed; and what is none.
cp "$DATA/import/chrome/events.json" .
dwell dump events.json
dwell spans events.json
python3 - <<'END'
import json
events = json.load(open("events.json"))["traceEvents"]
json.dump(events, open("array.json", "w"), indent=1)
open("open.json", "w").write("[" + ",\n".join(map(json.dumps, events)) + ",\n")
END
dwell dump array.json | diff - <(dwell dump events.json) && echo same
dwell dump open.json | diff - <(dwell dump events.json) && echo same
gzip -c events.json | dwell dump - | diff - <(dwell dump events.json) && echo same
# Our own export comes back: as many spans, of the same lengths.
dwell export --to chrome -o own.json "$DATA/traces/handover.txt"
dwell spans --csv own.json | cut -d, -f2-9 | tr -d '\r' | grep request
for wrong in '[{"ph": "X", "ts": 1, "dur": 1, }]' '{"traceEvents": 5}' '{"traceEvents": [{"ph":"X"}}' '[{"ph" "X"}]' '{"traceEvents" [1]}'; do
	echo "$wrong" >wrong.json
	dwell dump wrong.json; echo $?
done
