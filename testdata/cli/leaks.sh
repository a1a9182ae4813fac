# A circle of two, a third behind it, a thread that nobody joined; what a list allows for, and what is wrong in one.
cat >t.txt <<'T'
dwell-text 1
trace source="dwell" tick=1 levels=program,switches,stacks
note key="joins" value="all"
process p1 pid=7 recorded name="server" command="server"
mapping m1 process=p1 start=0x1000 end=0x2000 path="/usr/bin/server"
location l1 mapping=m1 address=0x1000 lines="main":"main.c":7
location l2 mapping=m1 address=0x1100 lines="pay":"bank.c":31
location l3 mapping=m1 address=0x1200 lines="worker":"worker.c":12
location l4 mapping=m1 address=0x1300 lines="log_start":"log.c":4
stack s1 frames=l1
stack s2 frames=l2,l3
stack s3 frames=l4,l1
task t1 kind=thread process=p1 tid=7 name="server"
task t2 kind=thread process=p1 parent=t1 tid=8 born creation=s1 start=l3 created=100 name="worker-1"
task t3 kind=thread process=p1 parent=t1 tid=9 born creation=s1 start=l3 created=100 name="worker-2"
task t4 kind=thread process=p1 parent=t1 tid=10 born creation=s1 start=l3 created=100 name="worker-3"
task t5 kind=thread process=p1 parent=t1 tid=11 born creation=s3 start=l3 created=100 name="logger"
object o1 kind=mutex process=p1 native=0x10 name="account 1"
object o2 kind=mutex process=p1 native=0x20 name="account 2"
200 state task=t1 state=running
200 state task=t2 state=running
200 state task=t3 state=running
200 state task=t4 state=running
200 state task=t5 state=running
1000000 wait-begin task=t2 state=blocked reason=mutex object=o2 stack=s2 peer=t3 flags=holder-read
1200000 wait-begin task=t3 state=blocked reason=mutex object=o1 stack=s2 peer=t2 flags=holder-read
1500000 wait-begin task=t4 state=blocked reason=mutex object=o1 stack=s2 peer=t2 flags=holder-read
2000000 exit task=t5
90000000 exit task=t1
90010000 exit task=t2
90010000 exit task=t3
90010000 exit task=t4
end time=91000000 closed
T
dwell assemble t.txt -o dwell.trace
dwell leaks; echo "status $?"
dwell leaks --csv; echo "status $?"
dwell leaks --json | tee leaks.json | tail -n +5
"$DATA/cli/schema" check leaks <leaks.json
dwell leaks --at 1100us; echo "status $?"
dwell convert -o again.trace && dwell leaks --json again.trace | tail -n +5 | diff - <(tail -n +5 leaks.json)
cat >allow <<'T'
# what we know of
deadlock class="server/worker-#*" at=pay object="account ?"
waits-forever created=main
never-joined created=log_* task=logger
T
dwell leaks --allow allow; echo "status $?"
sed -i '$d' allow
echo 'growing at=nothing' >>allow
dwell leaks --limit 1 --allow allow; echo "status $?"
for wrong in 'dedlock at=x' '* ' 'deadlock at' 'deadlock att=x' 'deadlock at="x' 'deadlock at='; do
	printf '\n%s\n' "$wrong" >wrong
	dwell leaks --allow wrong >out; echo "status $? $(wc -c <out)"
done
dwell leaks --allow none; echo "status $?"
# Goroutines: one that nobody let go on, whose maker ended; a worker of main's that waits for more; what is left besides.
cat >go.txt <<'T'
dwell-text 1
trace source="go" tick=1 levels=runtime,stacks
process p1 name="app"
location l1 lines="main.main":"main.go":9
location l2 lines="main.serve":"main.go":20
location l3 lines="main.serve.func1":"main.go":22
location l4 lines="main.worker":"main.go":31
location l5 lines="runtime.bgsweep":"mgcsweep.go":300
stack s1 frames=l1
stack s2 frames=l2
stack s3 frames=l3
stack s4 frames=l4
task t1 kind=goroutine process=p1 native=1 start=l1
task t2 kind=goroutine process=p1 native=2 start=l5
task t3 kind=goroutine process=p1 native=7 parent=t1 born creation=s1 start=l2 created=100
task t4 kind=goroutine process=p1 native=8 parent=t1 born creation=s1 start=l4 created=100
task t5 kind=goroutine process=p1 native=9 parent=t3 born creation=s2 start=l3 created=200
100 state task=t1 state=running
100 state task=t2 state=blocked reason=gc
200 state task=t3 state=running
200 state task=t4 state=blocked reason=channel-receive stack=s4
300 state task=t5 state=running
400 state task=t5 state=blocked reason=channel-send stack=s3
500 exit task=t3
900 wake task=t4 peer=t1 state=runnable
1000 state task=t4 state=running
2000 state task=t4 state=blocked reason=channel-receive stack=s4
end time=2000000000 closed
T
dwell assemble go.txt -o go.dwell
dwell leaks go.dwell; echo "status $?"
dwell leaks --left go.dwell; echo "status $?"
dwell leaks --left --json go.dwell | "$DATA/cli/schema" check leaks; dwell leaks --json go.dwell | grep '"left"'
