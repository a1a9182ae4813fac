# What is compared of the critical path, of pools and of leaks: figures that can be worked out by hand.
# path FILE NAP SEED: main makes a worker and waits for it; that one works, naps, waits for a CPU, works.
path()
{
	awk -v nap="$2" -v seed="$3" 'BEGIN {
		at = 3000000 + nap * 1000 + seed * 100
		print "dwell-text 1\ntrace source=\"dwell\" tick=1 levels=program,scheduler,stacks"
		print "process p1 pid=1 name=\"app\" command=\"app\"\nmapping m1 process=p1 start=0x1000 end=0x9000 path=\"/app\""
		print "location l1 mapping=m1 address=0x1000 lines=\"nap\":\"app.c\":3"
		print "location l2 mapping=m1 address=0x2000 lines=\"work\":\"app.c\":9"
		print "location l3 mapping=m1 address=0x3000 lines=\"main\":\"app.c\":20"
		print "stack s1 frames=l1,l2\nstack s2 frames=l3"
		print "task t1 kind=thread process=p1 tid=1 name=\"main\"\ntask t2 kind=thread process=p1 tid=2 name=\"worker-7\" start=l2"
		print "executor x1 kind=cpu number=0\nexecutor x2 kind=cpu number=1"
		print "0 switch peer=t1 executor=x1"
		print "1000000 wait-begin task=t1 reason=join stack=s2\n1000000 switch task=t1 state=blocked executor=x1"
		print "1000000 switch peer=t2 executor=x2"
		print "3000000 wait-begin task=t2 reason=sleep stack=s1\n3000000 switch task=t2 state=blocked executor=x2"
		print at " wake task=t2 state=runnable\n" at + 1000000 " switch peer=t2 executor=x2\n" at + 1000000 " wait-end task=t2"
		at += 3000000
		print at " wake task=t1 state=runnable peer=t2 executor=x2\n" at " exit task=t2"
		print at + 1000000 " switch peer=t1 executor=x1\n" at + 1000000 " wait-end task=t1"
		print at + 2000000 " exit task=t1\nend time=" at + 2000000 " closed"
	}' >"$1"
}
# pool FILE NEWS [GETS]: of so many gets (200) from a pool and half as many from one of the same name, so many (each) made
# what they got: of 300 gets 40, or 180.
pool()
{
	awk -v news="$2" -v gets="${3:-200}" 'BEGIN {
		print "dwell-text 1\ntrace source=\"dwell\" tick=1 levels=program"
		print "process p1 pid=1 name=\"app\" command=\"app\"\ntask t1 kind=thread process=p1 tid=1 name=\"main\""
		print "object o1 kind=pool process=p1 native=0x10 name=\"buffers\"\nobject o2 kind=pool process=p1 native=0x20 name=\"buffers\""
		print "0 state task=t1 state=running"
		for (i = 0; i < gets; i++) for (o = 1; o <= 2 && i * o < gets; o++) {
			at += 1000
			if (i < news) print at " pool task=t1 reason=new object=o" o " value=" i + 1
			print at " pool task=t1 reason=get object=o" o " value=" (i < news ? i + 1 : 1)
			print at + 500 " pool task=t1 reason=put object=o" o " value=" (i < news ? i + 1 : 1)
		}
		print "end time=" at + 1000 " closed"
	}' >"$1"
}
echo '== of 12 ms main runs 2 and is ready 1, the worker runs 4, is ready 1, naps 4'
path one.txt 4000 0
cat >path.yaml <<'YAML'
budgets:
  - {metric: path.time, key: "app/main: running", at_most: 2ms}
  - {metric: path.time, key: "app/main: runnable", at_most: 1ms}
  - {metric: path.time, key: "app/worker-# work: running", at_most: 4ms}
  - {metric: path.time, key: "app/worker-# work: runnable", at_most: 1ms}
  - {metric: path.time, key: "app/worker-# work: sleep at *", at_most: 4ms}
  - {metric: path.share, key: "*: sleep at nap < work", at_most: 25%}
  - {metric: path.share, key: "*: mutex *", at_most: 0}
YAML
dwell check one.txt -p path.yaml; echo "exit $?"
dwell digest one.txt -o one.digest
cmp <(dwell check one.txt -p path.yaml) <(dwell check one.digest -p path.yaml) && echo 'the digest says the same'
dwell path --no-gains --csv one.txt
# A window has a path of its own: main waits beyond its end.
dwell digest one.txt --from 2ms --to 5ms -o window.digest
printf 'budgets: [{metric: path.time, key: "*: join at main", at_most: 2999999ns}]\n' >window.yaml
dwell check window.digest -p window.yaml | tail -1
echo '== the run takes longer: what its path has more of'
for i in 1 2 3 4 5; do path base$i.txt 4000 $i; path head$i.txt 6000 $i; done
dwell diff base?.txt -- head?.txt
dwell diff base?.txt -- head?.txt --json --limit 0 >path.json
"$DATA/cli/schema" check diff <path.json
grep -o '"path.share", "key": "[^"]*", "base": [^,]*, "head": [^,]*' path.json
printf 'limits: [{metric: path.share, key: "*: sleep *", worse: more, limit: 5%%}]\n' >worse.yaml
dwell diff base?.txt -- head?.txt -p worse.yaml | grep path.share
echo '== reasons: of 12 ms 1, 2 and 3 ms on files at two places; the sleep is for a time'
awk 'BEGIN {
	print "dwell-text 1\ntrace source=\"dwell\" tick=1 levels=program,scheduler,stacks"
	print "process p1 pid=1 name=\"app\" command=\"app\"\nmapping m1 process=p1 start=0x1000 end=0x9000 path=\"/app\""
	print "location l1 mapping=m1 address=0x1000 lines=\"load\":\"app.c\":3\nlocation l2 mapping=m1 address=0x2000 lines=\"save\":\"app.c\":9"
	print "stack s1 frames=l1\nstack s2 frames=l2"
	print "task t1 kind=thread process=p1 tid=1 name=\"main\"\nexecutor x1 kind=cpu number=0\n0 switch peer=t1 executor=x1"
	split("1 2 3 1", ms, " ")
	for (i = 1; i <= 4; i++) {
		at += 1000000
		print at, "wait-begin task=t1 reason=" (i < 4 ? "file" : "sleep") " stack=s" 1 + i % 2
		print at, "switch task=t1 state=blocked executor=x1"
		at += ms[i] * 1000000
		print at, "wake task=t1 state=runnable\n" at, "switch peer=t1 executor=x1\n" at, "wait-end task=t1"
	}
	print 12000000, "exit task=t1\nend time=12000000 closed"
}' >files.txt
cat >reason.yaml <<'YAML'
least: 0ms/s
budgets:
  - {metric: reason.blocked_per_s, key: file, at_most: 500ms/s}
  - {metric: reason.waits_per_s, key: file, at_most: 251/s}
  - {metric: site.blocked_per_s, key: "file at load", at_most: 1s/s}
  - {metric: reason.blocked_per_s, key: sleep, at_most: 1s/s}
YAML
dwell check files.txt -p reason.yaml; echo "exit $?"
echo '== pools'
for i in 1 2 3 4 5; do pool good$i.txt 20; pool bad$i.txt 90; pool few$i.txt 20 40; done
dwell diff good?.txt -- bad?.txt
dwell diff bad?.txt -- good?.txt | sed -n 1,6p
dwell diff good?.txt -- good?.txt | sed -n 1p
printf 'budgets: [{metric: pool.reuse, key: buffers, at_least: 95%%}]\n' >pool.yaml
dwell check good1.txt -p pool.yaml; echo "exit $?"
# Of less than 100 gets nothing is said.
dwell check few1.txt -p pool.yaml; echo "exit $?"
echo '== of what reads alike the longest says what it is: workers that wait for work, and once the main thread for one of them'
{ printf 'dwell-text 1\ntrace source="dwell" tick=1 levels=program,scheduler,stacks\nprocess p1 pid=7 recorded name="app" command="app"\n'
printf 'mapping m1 process=p1 start=0x1000 end=0x2000 path="/usr/bin/app"\nlocation l1 mapping=m1 address=0x1100 lines="pause":"a.c":1\nstack s1 frames=l1\n'
printf 'object o1 kind=cond process=p1 native=0x10 name="work"\nobject o2 kind=cond process=p1 native=0x20 name="done"\n'
printf 'task t1 kind=thread process=p1 tid=7 name="app"\ntask t2 kind=thread process=p1 tid=8 name="worker-1"\ntask t3 kind=thread process=p1 tid=9 name="worker-2"\n'
printf 'executor x1 kind=cpu number=0\n0 switch peer=t1 executor=x1\n'
for i in 2 3; do echo "$i state task=t$i state=blocked reason=cond object=o1 stack=s1"; done
for i in 1 2 3 4 5 6 7 8 9; do
	echo "${i}00000000 wake task=t2 peer=t1 state=runnable executor=x1"
	[ "$i" != 5 ] || { echo "500000100 switch task=t1 state=blocked reason=cond object=o2 peer=t2 stack=s1 executor=x1"
		echo "500050000 wake task=t1 peer=t2 state=runnable executor=x1"; }
	[ "$i" != 5 ] && echo "${i}00000100 switch task=t1 state=runnable peer=t2 executor=x1"
	echo "${i}00100000 switch task=t2 state=blocked reason=cond object=o1 peer=t1 stack=s1 executor=x1"
done
printf 'end time=1000000000 closed\n'; } >alike.txt
dwell blocked --all alike.txt --csv | cut -d, -f1-3,9-12
dwell diff --json --limit 0 alike.txt alike.txt alike.txt alike.txt alike.txt -- alike.txt alike.txt alike.txt alike.txt alike.txt |
	grep -Eo '"metric": "site.blocked_per_s", "key": "[^"]*"|"status": "[a-z]*", "kind": "site"' | head -2
