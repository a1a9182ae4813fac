# What is left over, leaked, made anew and counted is told with its cause: every figure can be worked out by hand.
# made NAME LEFT KEPT: five runs, of which run I leaves LEFT + I % 2 connections waiting, and puts KEPT of 200 buffers not back.
made() { local i; for i in 1 2 3 4 5; do awk -v left=$(($2 + i % 2)) -v kept="$3" 'BEGIN {
	print "dwell-text 1\ntrace source=\"dwell\" tick=1 levels=program,switches,stacks"
	print "process p1 pid=7 recorded name=\"server\" command=\"server\"\nmapping m1 process=p1 start=0x1000 end=0x2000 path=\"/usr/bin/server\""
	split("main accept_all serve take_buffer read_request pay", names)
	for (i = 1; i <= 6; i++) printf "location l%d mapping=m1 address=0x1%d00 lines=\"%s\":\"server.c\":%d\n", i, i, names[i], i
	print "stack s1 frames=l2,l1\nstack s2 frames=l5,l3\nstack s3 frames=l4,l3\nstack s4 frames=l6,l3"
	print "object o1 kind=pool process=p1 native=0x10 name=\"buffers\"\nobject o2 kind=mutex process=p1 native=0x20 name=\"account 1\""
	print "object o3 kind=mutex process=p1 native=0x30 name=\"account 2\"\ncounter c1 kind=gauge name=\"queue\"\ncounter c2 kind=sum name=\"dropped\""
	print "task t1 kind=thread process=p1 tid=7 name=\"server\"\n0 state task=t1 state=running"
	for (i = 2; i <= 23; i++) {
		printf "task t%d kind=thread process=p1 parent=t1 tid=%d born creation=s1 start=l3 created=100 name=\"conn-%d\"\n", i, i + 6, i
		print "200 state task=t" i " state=running"
	}
	at = 1000
	for (i = 1; i <= 200; i++) {
		at += 10000
		# Those that were not put back are made anew.
		if (i == 1 || i <= kept + 1) print at " pool task=t2 reason=new object=o1 value=" 16 * i " stack=s3"
		item = i <= kept + 1 ? i : kept + 1
		print at " pool task=t2 reason=get object=o1 value=" 16 * item " stack=s3"
		if (i > kept) print at + 5000 " pool task=t2 reason=put object=o1 value=" 16 * item " stack=s3"
		print at + 6000 " counter task=t3 object=c1 value=" kept + i % 3
		# Told by nobody; most of it comes after the 150th.
		print at + 7000 " counter object=c2 value=" (i > 150 ? 100 + (left + 10) * i : i)
	}
	# A circle of two, where many are left.
	at = 3000000
	if (left > 4) print at " wait-begin task=t22 state=blocked reason=mutex object=o2 stack=s4 peer=t23 flags=holder-read\n" \
		at + 1 " wait-begin task=t23 state=blocked reason=mutex object=o3 stack=s4 peer=t22 flags=holder-read"
	for (i = 2; i <= 23; i++) {
		if (left > 4 && i >= 22) continue
		if (i < 2 + left) print at + i " state task=t" i " state=blocked reason=net stack=s2"
		else print at + i " exit task=t" i
	}
	print "end time=2000000000 closed"
}' >"$1$i.txt"; done; }
made base 2 0
made head 9 150
made none 2 0
cat >policy.yaml <<'YAML'
limits: [{metric: counter.value, worse: more, limit: 10%}]
ignore: [{metric: "run.latency.*"}, {metric: "class.*"}, {metric: "site.*"}, {metric: "lock.*"}]
YAML
echo '== text'; dwell diff base?.txt -p policy.yaml -- head?.txt; echo "exit $?"
for form in markdown junit github; do dwell diff base?.txt -p policy.yaml --format $form -- head?.txt; done
echo '== digests say the same'
for i in base head; do for j in 1 2 3 4 5; do dwell digest $i$j.txt -o $i$j.digest; done; done
dwell diff --json -p policy.yaml base?.txt -- head?.txt >json
# same FORM FILE: without the files' names and what can be opened, which is nothing of a digest.
same() { sed -E "s/\.$1//g; 3,16d; s/\"(base|head)_open\": (null|\{[^}]*\})/\"\1_open\": null/g" "$2"; }
same txt json >of-traces
dwell diff --json -p policy.yaml base?.digest -- head?.digest >json-of-digests
same digest json-of-digests >of-digests
cmp of-traces of-digests && echo same
grep -A3 '"left.tasks"' of-traces
echo '== nothing changed'; dwell diff base?.txt -p policy.yaml -- none?.txt | head -1
echo '== each id opens its trace, of a row that regressed'
grep -Eo '"metric": "[^"]*"|_open": \{[^}]*' json | sed -E 's/.*"metric": "(.*)"/\1/; s/.*"trace": "(.*)", "id": "(.*)"/\1 \2/' | while read -r what id; do
	[ -n "$id" ] || { metric=$what; continue; }
	echo "$metric: $what $(dwell stat "$what" --from "@$id" --json | grep -Eo '"duration_ns": [0-9]*')"
done
