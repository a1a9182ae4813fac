trace=$DATA/traces/handover.txt
dwell dump "$trace" >dumped
cat dumped
# Text of a text is the same text; comments are no part of a trace.
dwell dump dumped | cmp - dumped && echo same
gzip -c dumped >dwell.trace
dwell dump | cmp - dumped && echo 'the same, packed'
dwell dump - <dumped | cmp - dumped && echo 'the same, of stdin'
dwell dump "$DATA"/import/go/selects-go1.21.trace >go
dwell dump go | cmp - go && echo 'the same, of a foreign trace'
sed 's/reason=mutex/reason=mutes/' dumped >wrong
dwell dump wrong >/dev/null; echo $?
dwell dump "$trace" >/dev/full; echo $?
