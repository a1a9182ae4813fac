# Traces of nothing, of one event, and in the middle of everything.
printf 'dwell-text 1\ntrace source="dwell" tick=1 levels=scheduler\nend time=0 closed\n' >empty
dwell stat empty
printf 'dwell-text 1\ntrace source="dwell" tick=1 levels=scheduler\n' >unclosed
dwell stat unclosed
printf 'dwell-text 1\ntrace source="dwell" tick=1\ntask t1 kind=thread\n7 state task=t1 state=blocked\n' >one
dwell stat one
printf 'dwell-text 1\ntrace source="dwell" tick=1\ntask t1 kind=thread\n0 state task=t1 state=running\n5 loss reason=full extra=3 value=7\n9 loss reason=corrupt extra=8\nend time=9 closed\n' >lossy
dwell stat lossy
for trace in empty unclosed one lossy; do
	dwell stat --json $trace | "$DATA/cli/schema" check stat && echo "$trace is valid"
done
