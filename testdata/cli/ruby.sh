# Ruby's threads wait for a Mutex at conditions of their own: contention; but not what waits in a block that is
# called with it.
cat >dwell.trace <<'TEXT'
dwell-text 1
trace source="dwell" tick=1 levels=program,scheduler,stacks
process p1 pid=10 recorded name="ruby" command="ruby"
mapping m1 process=p1 start=0x1000 end=0x9000 offset=0 path="/usr/lib/libruby-3.1.so.3.1"
location l1 mapping=m1 address=0x1010 lines="rb_native_cond_wait":"":0
location l2 mapping=m1 address=0x1110
location l3 mapping=m1 address=0x1210 lines="rb_mutex_synchronize":"":0
location l4 mapping=m1 address=0x1310 lines="rb_ensure":"":0
stack s1 frames=l1,l2,l3
stack s2 frames=l1,l2,l4,l3
task t1 kind=thread process=p1 tid=10 name="one"
task t2 kind=thread process=p1 tid=11 name="two"
executor x1 kind=cpu number=0
object o1 kind=cond process=p1 native=0x10
object o2 kind=cond process=p1 native=0x20
0 switch peer=t2 executor=x1
1000000 switch task=t2 peer=t1 state=blocked reason=cond object=o2 executor=x1 stack=s2
2000000 wake task=t2 peer=t1 state=runnable
3000000 switch task=t1 peer=t2 state=blocked reason=cond object=o1 executor=x1 stack=s1
9000000 wake task=t1 peer=t2 state=runnable
9000000 switch task=t2 peer=t1 state=blocked reason=cond object=o2 executor=x1 stack=s2
9900000 wake task=t2 peer=t1 state=runnable
end time=10000000 closed
TEXT
COLUMNS=170 dwell blocked --all
