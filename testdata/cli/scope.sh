# What ran beside the program that was to be recorded.
cat >t.txt <<'T'
dwell-text 1
trace source="dwell" tick=1 levels=scheduler,reasons
process p1 pid=7 name="other"
process p2 pid=8 recorded name="server" command="server --port 80"
executor x1 kind=cpu
task t1 kind=thread process=p1 tid=7 name="other"
task t2 kind=thread process=p2 tid=8 name="server"
1000 switch peer=t1 executor=x1
1000 state task=t2 state=blocked reason=pipe
1000000 wake task=t2 state=runnable peer=t1 executor=x1
1500000 switch task=t1 state=blocked reason=sleep peer=t2 executor=x1
2000000 switch task=t2 state=blocked reason=file peer=t1 executor=x1
end time=3000000 closed
T
dwell assemble t.txt -o dwell.trace
dwell dump dwell.trace | grep ^process
dwell tasks
dwell tasks --all-processes
dwell tasks --process other
dwell latency | tail -n 3
dwell stat --json | sed -n '/tasks/p; /_ns/p; /coverage"/p'
dwell stat --json | "$DATA/cli/schema" check stat
dwell cut --from 1ms --to 2ms -o part.trace && dwell tasks part.trace
dwell convert -o again.trace && dwell tasks --csv again.trace
