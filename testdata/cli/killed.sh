# A program that was killed while two of its threads waited for each other: what they waited for comes first, though no wait ended by itself.
cat >t.txt <<'T'
dwell-text 1
trace source="dwell" tick=1 levels=program,scheduler,stacks
process p1 pid=7 recorded name="python3" command="python3 two.py"
location l1 lines="there":"two.py":7
location l2 lines="back":"two.py":12
stack s1 frames=l1
stack s2 frames=l2
task t1 kind=thread process=p1 tid=7 name="python3"
task t2 kind=thread process=p1 parent=t1 tid=8 name="there"
task t3 kind=thread process=p1 parent=t1 tid=9 name="back"
executor x1 kind=cpu number=0
executor x2 kind=cpu number=1
object o1 kind=semaphore process=p1 native=0x10
object o2 kind=semaphore process=p1 native=0x20
0 switch peer=t2 executor=x1
0 switch peer=t3 executor=x2
1000000 wait-begin task=t2 reason=semaphore object=o2 stack=s1 peer=t3 flags=holder-read
1001000 switch task=t2 state=blocked executor=x1
1200000 wait-begin task=t3 reason=semaphore object=o1 stack=s2 peer=t2 flags=holder-read
1201000 switch task=t3 state=blocked executor=x2
90000000 wake task=t2 state=runnable
90000000 wake task=t3 state=runnable
90010000 switch peer=t2 executor=x1
90010000 switch peer=t3 executor=x2
90015000 exit task=t1
90020000 exit task=t2
90021000 exit task=t3
end time=91000000 closed
T
dwell assemble t.txt -o dwell.trace
dwell blocked
dwell findings
dwell blocked --json | grep underused_ns
# Rust's locks tell no holder: their functions tell that they are locks.
sed -e 's/^location l1 .*/location l1 lines="<std::sys::sync::mutex::futex::Mutex>::lock_contended":"futex.rs":9,"there":"two.rs":7/' -e 's/ peer=t[23] flags=holder-read//' \
	-e 's/kind=semaphore/kind=futex/; s/reason=semaphore/reason=futex/' t.txt | dwell assemble - -o rust.trace
dwell blocked rust.trace
# A pool that waits for work, and has done nothing else.
cat >t.txt <<'T'
dwell-text 1
trace source="dwell" tick=1 levels=program,scheduler
process p1 pid=7 recorded name="pool"
task t1 kind=thread process=p1 tid=7 name="pool"
executor x1 kind=cpu number=0
object o1 kind=cond process=p1 native=0x10
0 switch peer=t1 executor=x1
1000 wait-begin task=t1 reason=cond object=o1
2000 switch task=t1 state=blocked executor=x1
end time=1000000000 closed
T
dwell assemble t.txt -o idle.trace
dwell blocked idle.trace
