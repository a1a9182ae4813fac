# A lock whose holder waits for a disk; what is judged, what is not; the same in a cut and after conversion.
cp "$DATA/traces/handover.txt" small.txt
dwell findings small.txt
cat >t.txt <<'T'
dwell-text 1
trace source="dwell" tick=1 levels=program,scheduler,reasons,stacks
note key="joins" value="all"
note key="cpus" value="2"
process p1 pid=7 recorded name="server" command="server"
mapping m1 process=p1 start=0x1000 end=0x2000 path="/usr/bin/server"
location l1 mapping=m1 address=0x1000 lines="save":"store.c":19
location l2 mapping=m1 address=0x1100 lines="take":"queue.c":41
location l3 mapping=m1 address=0x1200 lines="put":"queue.c":77
stack s1 frames=l1
stack s2 frames=l2
stack s3 frames=l3
task t1 kind=thread process=p1 tid=7 name="saver"
task t2 kind=thread process=p1 tid=8 name="worker-1"
executor x1 kind=cpu
executor x2 kind=cpu number=1
object o1 kind=mutex process=p1 native=0x10 name="queue lock"
object o2 kind=file process=p1 native=3 name="/var/lib/store"
1000000 switch peer=t1 executor=x1
1000000 switch peer=t2 executor=x2
2000000 wait-begin task=t2 reason=mutex object=o1 peer=t1 stack=s2 flags=holder-read
2000000 switch task=t2 state=blocked executor=x2
3000000 switch task=t1 state=blocked reason=file object=o2 executor=x1 stack=s1
43000000 wake task=t1 state=runnable executor=x1
44000000 switch peer=t1 executor=x1
45000000 release task=t1 object=o1 peer=t2 stack=s3
45000000 wake task=t2 state=runnable peer=t1 executor=x1 stack=s3
45100000 switch peer=t2 executor=x2
45100000 wait-end task=t2
60000000 exit task=t2
60000000 exit task=t1
end time=61000000 closed
T
dwell assemble t.txt -o dwell.trace
dwell findings
dwell findings --csv
dwell findings --json | tee findings.json | sed -n '/"findings"/,$p'
"$DATA/cli/schema" check findings <findings.json
dwell convert -o again.trace && dwell findings --json again.trace | sed -n '/"findings"/,$p' | diff - <(sed -n '/"findings"/,$p' findings.json)
dwell cut --from 1500us --to 50ms -o part.trace && dwell findings --csv part.trace
dwell findings --from 46ms | tail -n +3
