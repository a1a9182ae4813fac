# What calls itself is one place, however deep. One place on two ways is told apart by the caller where they part, a place without a function by the first
# caller that has one; CSV and JSON keep the place alone.
cat >dwell.trace <<'TEXT'
dwell-text 1
trace source="dwell" tick=1 levels=program,scheduler,stacks
process p1 pid=10 recorded name="job" command="job"
mapping m1 process=p1 start=0x1000 end=0x9000 offset=0 path="/usr/bin/job"
location l1 mapping=m1 address=0x1010 lines="put":"store.c":41
location l2 mapping=m1 address=0x1110 lines="save":"store.c":50
location l3 mapping=m1 address=0x1210 lines="update":"server.c":7
location l4 mapping=m1 address=0x1310 lines="erase":"server.c":9
location l5 mapping=m1 address=0x1410
location l6 mapping=m1 address=0x1510
location l7 mapping=m1 address=0x1610 lines="commit":"":0
location l8 mapping=m1 address=0x1710 lines="WaitLatch":"":0
stack s1 frames=l1,l2,l3
stack s5 frames=l8,l1,l2,l3
stack s2 frames=l1,l2,l4
stack s4 frames=l1,l2,l1,l2,l3
stack s3 frames=l5,l6,l7,l3
task t1 kind=thread process=p1 tid=10 name="job"
executor x1 kind=cpu number=0
object o1 kind=file process=p1 native=3 name="data"
0 switch peer=t1 executor=x1
1000000 switch task=t1 state=blocked reason=file object=o1 executor=x1 stack=s1
4000000 wake task=t1 state=runnable
4000000 switch peer=t1 executor=x1
5000000 switch task=t1 state=blocked reason=file object=o1 executor=x1 stack=s2
7000000 wake task=t1 state=runnable
7000000 switch peer=t1 executor=x1
8000000 switch task=t1 state=blocked reason=file object=o1 executor=x1 stack=s3
9000000 wake task=t1 state=runnable
9000000 switch peer=t1 executor=x1
10000000 switch task=t1 state=blocked reason=file object=o1 executor=x1 stack=s4
10500000 wake task=t1 state=runnable
10500000 switch peer=t1 executor=x1
10600000 switch task=t1 state=blocked reason=semaphore object=o1 stack=s5 executor=x1
10900000 wake task=t1 state=runnable
10900000 switch peer=t1 executor=x1
end time=11000000 closed
TEXT
COLUMNS=120 dwell blocked
dwell blocked --csv | cut -d, -f3,11-
