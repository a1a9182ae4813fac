# Every answer in JSON is what its schema says, and the document is what the schemas say.
n=0
for trace in "$DATA"/traces/*.txt "$DATA"/import/go/{rwcond-go1.19,pipes-go1.11}.trace; do
	n=$((n + 1))
	for command in stat tasks latency blocked locks leaks findings path spans gc pools metrics; do
		dwell $command --json "$trace" >$command.$n.json
	done
done
for what in main@2ms worker@3ms logger@1ms main@6.2ms cc1@2ms; do
	dwell explain --json $what "$DATA/traces/blame.txt" >explain.$what.json
done
dwell assemble "$DATA/traces/handover.txt" -o good.trace
dwell verify --json good.trace >verify.1.json
head -c 700 good.trace >bad.trace
dwell verify --json bad.trace >verify.2.json
"$DATA/cli/schema" check ./*.json
"$DATA/cli/schema" document | diff "$DATA/../docs/json.md" -
