# A Go program as the kernel sees it: spare threads and the one that watches come last, a thread that stops for a
# collection, and one that waits for a lock of the runtime, do not.
cat >t.txt <<'T'
dwell-text 1
trace source="dwell" tick=1 levels=scheduler,reasons,stacks
process p1 pid=7 recorded name="serve"
location l1 lines="runtime.futex":"sys_linux_amd64.s":570
location l2 lines="runtime.notesleep":"lock_futex.go":47
location l3 lines="runtime.mPark":"proc.go":1967,"runtime.stopm":"proc.go":3008
location l4 lines="runtime.findRunnable":"proc.go":3796
location l5 lines="runtime.gcstopm":"proc.go":3350
location l6 lines="runtime.schedule":"proc.go":4164
location l7 lines="runtime.notetsleep":"lock_futex.go":112
location l8 lines="runtime.sysmon":"proc.go":6542
location l9 lines="runtime.lock2":"lock_spinbit.go":250
location l10 lines="main.fill":"main.go":12
stack s1 frames=l1,l2,l3,l4,l6
stack s2 frames=l1,l2,l3,l5,l6
stack s3 frames=l1,l7,l8
stack s4 frames=l1,l9,l10
task t1 kind=thread process=p1 tid=7 name="serve"
task t2 kind=thread process=p1 parent=t1 tid=8 name="serve"
task t3 kind=thread process=p1 parent=t1 tid=9 name="serve"
task t4 kind=thread process=p1 parent=t1 tid=10 name="serve"
task t5 kind=thread process=p1 parent=t1 tid=11 name="serve"
executor x1 kind=cpu number=0
0 switch peer=t2 executor=x1
1000000 switch task=t2 peer=t3 state=blocked reason=futex stack=s1 executor=x1
2000000 switch task=t3 peer=t4 state=blocked reason=futex stack=s2 executor=x1
3000000 switch task=t4 peer=t5 state=blocked reason=futex stack=s3 executor=x1
4000000 switch task=t5 peer=t1 state=blocked reason=futex stack=s4 executor=x1
5000000 wake task=t2 peer=t1 executor=x1 state=runnable
6000000 wake task=t3 peer=t1 executor=x1 state=runnable
7000000 wake task=t4 peer=t1 executor=x1 state=runnable
8000000 wake task=t5 peer=t1 executor=x1 state=runnable
9000000 switch task=t1 peer=t2 state=exited executor=x1
10000000 switch task=t2 peer=t3 state=exited executor=x1
11000000 switch task=t3 peer=t4 state=exited executor=x1
12000000 switch task=t4 peer=t5 state=exited executor=x1
13000000 switch task=t5 state=exited executor=x1
end time=14000000 closed
T
dwell assemble t.txt -o dwell.trace
dwell blocked
dwell blocked --all --json | grep -o '"role": *"[a-z]*"'
