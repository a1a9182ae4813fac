cp "$DATA/traces/handover.txt" dwell.trace
# What no task of the trace has is asked wrongly: "nothing to show" or "no leaks" would be an answer.
for command in tasks blocked latency locks leaks pools path spans gc metrics findings flame; do
	dwell $command --task NOSUCH
	echo "$command $?"
done
dwell leaks --task NOSUCH --json; echo $?
dwell blocked --class 'no/such'; echo $?
dwell blocked --process 999999; echo $?
dwell blocked --process 999999 --task NOSUCH; echo $?
dwell tasks --task '*' --from 0s | head -1
