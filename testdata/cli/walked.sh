# A place where a program goes through files is one row; but where one of them takes an eighth of the time each has
# its own. The row's id finds its longest wait.
history() { # STEPS OF THE FIRST FILE
	echo 'dwell-text 1
trace source="dwell" tick=1 levels=program,scheduler,stacks
process p1 pid=10 recorded name="pack" command="pack"
mapping m1 process=p1 start=0x1000 end=0x9000 offset=0 path="/usr/bin/pack"
location l1 mapping=m1 address=0x1010 lines="load":"pack.c":41
location l2 mapping=m1 address=0x1110 lines="main":"pack.c":9
stack s1 frames=l1,l2
task t1 kind=thread process=p1 tid=10 name="pack"
executor x1 kind=cpu number=0'
	for i in {1..17}; do
		echo "object o$i kind=file process=p1 native=$((100 + i)) name=\"/data/$i\""
	done
	echo '0 switch peer=t1 executor=x1'
	local now=0 i=1 last=$(($1 + 16)) step
	for step in $(seq $last); do
		[ "$step" -gt "$1" ] && i=$((i + 1))
		echo "$((now + 1000000)) switch task=t1 state=blocked reason=file object=o$i executor=x1 stack=s1"
		now=$((now + 2000000 + step * 1000))
		echo "$now wake task=t1 state=runnable"
		echo "$now switch peer=t1 executor=x1"
	done
	echo "end time=$((now + 1000000)) closed"
}
history 1 >dwell.trace
dwell blocked
id=$(dwell blocked --csv | awk -F, 'NR == 2 { print $1 }')
dwell explain "$id" | head -n 2
dwell blocked --by object --csv --limit 0 | wc -l
history 3 >hot.txt
dwell blocked --limit 2 hot.txt
