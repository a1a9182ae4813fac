# Files that are damaged, cut short, or not ours; outputs that cannot be written.
dwell assemble "$DATA/traces/handover.txt" -o dwell.trace
dwell verify; echo $?
head -c 900 dwell.trace >short.trace
dwell verify short.trace >findings; echo $?
sed 's/at byte [0-9]*/at byte .../' findings
dwell stat short.trace | head -1
dwell repair short.trace -o whole.trace; echo $?
dwell verify whole.trace | sed 's/at byte [0-9]*/at byte .../'
echo nothing >nothing.trace
dwell verify nothing.trace; echo $?
dwell repair nothing.trace -o x.trace; echo $?
dwell repair dwell.trace; echo $?
dwell repair dwell.trace -o dwell.trace; echo $?
dwell convert dwell.trace -o /dev/full; echo $?
dwell convert nothing.trace -o x.trace; echo $?
dwell assemble; echo $?
sed 's/name="queue lock"/name=queue/' "$DATA/traces/handover.txt" >wrong
dwell assemble wrong -o x.trace; echo $?
ls
