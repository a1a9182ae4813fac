# A place without a function is named by its module's file, wherever that was loaded; a thread by its number. A long
# wait while all CPUs work stands before a short one while one is idle; equally long ones do not.
cat >dwell.trace <<'TEXT'
dwell-text 1
trace source="dwell" tick=1 levels=program,scheduler,stacks
process p1 pid=10 recorded name="job" command="job"
mapping m1 process=p1 start=0x7f1234568000 end=0x7f1234570000 offset=0x1000 path="/usr/lib/libjob.so.2"
location l1 mapping=m1 address=0x7f123456a010
location l2 mapping=m1 address=0x7f123456b020
location l3 address=0x401020
stack s1 frames=l1
stack s2 frames=l2
stack s3 frames=l3
task t1 kind=thread process=p1 tid=10 name="job"
task t2 kind=thread process=p1 tid=11 name="one"
task t3 kind=thread process=p1 tid=12 name="two"
executor x1 kind=cpu number=0
executor x2 kind=cpu number=1
object o1 kind=mutex process=p1 native=0x7f1230
object o2 kind=thread process=p1 native=12
object o3 kind=other process=p1 native=3
0 switch peer=t1 executor=x1
1000 switch peer=t2 executor=x2
1000000 switch task=t1 peer=t3 state=blocked reason=mutex object=o1 executor=x1 stack=s1
9000000 wake task=t1 peer=t2 state=runnable
9000000 switch task=t3 peer=t1 state=blocked reason=syscall object=o3 executor=x1 stack=s3
9900000 switch task=t1 state=blocked reason=join object=o2 executor=x1 stack=s2
9920000 wake task=t1 peer=t2 state=runnable
9920000 switch peer=t1 executor=x1
10000000 wake task=t3 peer=t1 state=runnable
end time=10000000 closed
TEXT
dwell blocked
dwell blocked --object 12 --csv | cut -d, -f1-4
dwell blocked --object 'thread 12' --csv | wc -l
