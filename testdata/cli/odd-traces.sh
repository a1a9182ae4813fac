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
# Who holds a lock is born later than others waited for one, and is in its first state all the time.
{
	printf 'dwell-text 1\ntrace source="dwell" tick=1 levels=program\n'
	printf 'task t1 kind=thread name="waits" created=0 born\ntask t2 kind=thread name="holds" created=1000 born\n'
	printf 'object o1 kind=mutex\n0 create task=t1 state=running\n'
	printf '100 wait-begin task=t1 reason=mutex object=o1 state=blocked\n200 wait-end task=t1 reason=mutex object=o1\n'
	printf '1000 create task=t2 state=running\n'
	printf '2000 wait-begin task=t1 reason=mutex object=o1 peer=t2 flags=holder-read state=blocked\n'
	printf '12000 wait-end task=t1 reason=mutex object=o1 peer=t2 flags=holder-read\nend time=30000 closed\n'
} >first-state
dwell locks first-state
