# Java's threads wait for a lock of java.util.concurrent by parking: contention, also to have it again after a wait for
# its condition; not in that wait itself; nor where a pool has nothing to do.
cat >dwell.trace <<'TEXT'
dwell-text 1
trace source="dwell" tick=1 levels=program,scheduler,stacks
process p1 pid=10 recorded name="java" command="java Prog"
mapping m1 process=p1 start=0x1000 end=0x9000 offset=0 path="/usr/lib/jvm/lib/server/libjvm.so"
location l1 mapping=m1 address=0x1010 lines="Parker::park":"":0
location l2 lines="java.util.concurrent.locks.LockSupport.park":"LockSupport.java":211
location l3 lines="java.util.concurrent.locks.AbstractQueuedSynchronizer.acquire":"AbstractQueuedSynchronizer.java":715
location l4 lines="java.util.concurrent.locks.ReentrantLock.lock":"ReentrantLock.java":322
location l5 lines="java.util.concurrent.locks.AbstractQueuedSynchronizer$ConditionObject.await":"AbstractQueuedSynchronizer.java":1630
location l6 lines="java.util.concurrent.ThreadPoolExecutor.getTask":"ThreadPoolExecutor.java":1062
location l7 lines="Prog.locks":"Prog.java":7
location l8 lines="Prog.again":"Prog.java":8
location l9 lines="Prog.awaits":"Prog.java":9
stack s1 frames=l1,l2,l3,l4,l7
stack s2 frames=l1,l2,l3,l5,l8
stack s3 frames=l1,l2,l5,l9
stack s4 frames=l1,l2,l5,l6
task t1 kind=thread process=p1 tid=10 name="locks"
task t2 kind=thread process=p1 tid=11 name="again"
task t3 kind=thread process=p1 tid=12 name="awaits"
task t4 kind=thread process=p1 tid=13 name="pool"
task t5 kind=thread process=p1 tid=14 name="runs"
executor x1 kind=cpu number=0
0 switch peer=t1 executor=x1
1000000 switch task=t1 peer=t2 state=blocked reason=cond executor=x1 stack=s1
2000000 switch task=t2 peer=t3 state=blocked reason=cond executor=x1 stack=s2
3000000 switch task=t3 peer=t4 state=blocked reason=cond executor=x1 stack=s3
4000000 switch task=t4 peer=t5 state=blocked reason=cond executor=x1 stack=s4
6000000 wake task=t1 peer=t5 state=runnable
6500000 wake task=t2 peer=t5 state=runnable
7000000 wake task=t3 peer=t5 state=runnable
7500000 wake task=t4 peer=t5 state=runnable
end time=10000000 closed
TEXT
COLUMNS=170 dwell blocked --all
COLUMNS=140 dwell locks
