# Runs of one side differ a little; the head holds its lock a fifth longer.
runs() { for i in 1 2 3 4 5; do awk -v seed=$(($2 + i)) -v hold="$3" "${@:4}" -f "$DATA/traces/handovers.awk" >"$1$i.txt"; done; }
runs base 0 100000
runs same 5 100000
runs head 10 120000
echo '== pass'; dwell diff base?.txt -- same?.txt; echo "exit $?"
echo '== regressed'; dwell diff base?.txt -- head?.txt; echo "exit $?"
echo '== improved'; dwell diff head?.txt -- base?.txt | sed -n 1,7p
echo '== one run a side'; dwell diff base1.txt head1.txt | sed -n 1,3p; dwell diff base1.txt head1.txt >/dev/null; echo "exit $?"
dwell diff base1.txt head1.txt --format junit >withheld.xml; echo "exit $?"; sed -n 2,4p withheld.xml
xmllint --noout --schema "$DATA/junit.xsd" withheld.xml 2>&1
echo '== three runs a side'; dwell diff base[1-3].txt -- head[1-3].txt | sed -n 1,7p
echo '== digests say the same'
for i in base head; do for j in 1 2 3 4 5; do dwell digest $i$j.txt -o $i$j.digest; done; done
# same FORM: without the files' names and what can be opened, which is nothing of a digest.
same() { sed -E "s/\.$1//g; 3,16d; s/\"(base|head)_open\": (null|\{[^}]*\})/\"\1_open\": null/g"; }
dwell diff --json base?.txt -- head?.txt | same txt >of-traces
dwell diff --json base?.digest -- head?.digest | same digest >of-digests
cmp of-traces of-digests && echo same
echo '== other lines, a renamed thread, another caller'
runs moved 0 100000 -v line=77 -v name=helper
runs called 0 100000 -v caller=process
runs renamed 0 120000 -v place=grab
dwell diff base?.txt -- moved?.txt
dwell diff base?.txt -- called?.txt --json --limit 0 | grep -o '"site.wait.p50", "key": "[^"]*"'
dwell diff base?.txt -- renamed?.txt | grep 'new\|gone'
printf 'new: fail\nignore: [{metric: "lock.*"}, {metric: "span.*"}, {metric: "run.*"}]\n' >new.yaml
dwell diff base?.txt -- renamed?.txt -p new.yaml | head -1
echo '== limits that fit nothing'
printf 'limits:\n  - {key: "queue*", limit: 20%%}\n  - {metric: "site.*", key: "mutex at tkae*", limit: 20%%}\n  - {metric: "site.*", limit: 20%%}\n' >idle.yaml
printf '  - {metric: counter.value, worse: more}\nignore: [{metric: leak.tasks}]\n' >>idle.yaml
dwell diff base?.txt -- same?.txt -p idle.yaml 2>&1 >idle.out; echo "exit $?"
echo '== kept from its CPU by another program'
kept()
{
	local i
	for i in 1 2 3 4 5; do awk -v kept="$2" -v once="$3" -v seed="$i" 'BEGIN {
		seed = 1000 + 7919 * seed
		print "dwell-text 1\ntrace source=\"dwell\" start-unix=1790000000000000000 tick=1 levels=program,scheduler"
		print "process p1 pid=1 name=\"server\"\nprocess p2 pid=2 name=\"compiler\"\nexecutor x1 kind=cpu"
		print "task t1 kind=thread process=p1 tid=1 name=\"main\"\ntask t2 kind=thread process=p2 tid=2 name=\"cc1\""
		print "0 switch peer=t2 executor=x1\n0 state task=t1 state=blocked reason=poll"
		if (once) {
			print "1000000 wake task=t1 state=runnable\n" 1000000 + once, "switch task=t2 state=runnable flags=preempted peer=t1 executor=x1"
			print 2000000 + once, "switch task=t1 state=blocked reason=poll peer=t2 executor=x1"
		}
		for (at = once ? 100000000 : 1000000; at < 300000000; at += 1000000) {
			seed = (seed * 16807) % 2147483647
			ran = at + int(kept * (1 + seed / 2147483647 / 50))
			print at, "wake task=t1 state=runnable\n" ran, "switch task=t2 state=runnable flags=preempted peer=t1 executor=x1"
			print ran + 20000, "switch task=t1 state=blocked reason=poll peer=t2 executor=x1"
		}
		print "end time=300000000 closed"
	}' >"$1$i.txt"; done
}
kept short 100000
kept long 300000
dwell diff short?.txt -- long?.txt | grep 'class.latency.p50\|ran instead'
echo '== a median that grows while the mean does not: nobody is named'
kept rare 100000 90000000
kept often 300000 1000000
dwell diff rare?.txt -- often?.txt | grep 'class.latency.p50\|on the mean'
echo '== forms'
for form in markdown junit github; do dwell diff base?.txt --format $form -- head?.txt; done
for side in same head; do
	dwell diff base?.txt --format junit -- $side?.txt | xmllint --noout --schema "$DATA/junit.xsd" - 2>&1
	dwell diff base?.txt --format github -- $side?.txt | "$DATA/cli/annotations" | sed -n 1,2p
done
echo '== a new site that fails, of a name with marks in it'
runs marked 0 120000 -v place='grab<T&|`*>::@x%2,'
for form in markdown junit; do dwell diff base?.txt -p new.yaml --format $form -- marked?.txt; done
dwell diff base?.txt -p new.yaml --format junit -- marked?.txt | xmllint --noout --schema "$DATA/junit.xsd" - 2>&1
dwell diff base?.txt -p new.yaml --format github -- marked?.txt | "$DATA/cli/annotations"
dwell diff base?.txt -p new.yaml -- marked?.txt | tail -3
echo "== without \"new: fail\" it passes, and is told"; sed "s/new: fail/new: report/" new.yaml >told.yaml; dwell diff base?.txt -p told.yaml -- marked?.txt | head -1
dwell diff base?.txt -p new.yaml --json -- marked?.txt | "$DATA/cli/schema" check diff
dwell diff --json base?.txt -- head?.txt | "$DATA/cli/schema" check diff
dwell diff --json base1.txt -- head1.txt | "$DATA/cli/schema" check diff
echo '== asked wrongly'
dwell diff base1.txt; echo "exit $?"
dwell diff base1.txt head1.txt same1.txt; echo "exit $?"
# shellcheck disable=SC2046
dwell diff base1.txt -- $(for i in $(seq 257); do echo head1.txt; done); echo "exit $?"
dwell diff base1.txt -- missing.txt; echo "exit $?"
head -c 900 base1.digest >cut.digest; dwell diff cut.digest -- head1.txt; echo "exit $?"
dwell digest base1.txt; echo "exit $?"
