# Names from a trace cannot speak to the terminal, nor break a table, JSON or CSV.
cat >dwell.trace <<'TRACE'
dwell-text 1
trace source="a\x1b[2Jb\n" tick=1 levels=scheduler
process p1 pid=1 name="x\r\ny"
task t1 kind=thread process=p1 tid=1 name="\x1b]0;gone\x07,\"=1+1\x80"
executor x1 kind=cpu
0 switch peer=t1 executor=x1
end time=5 closed
TRACE
dwell stat
dwell stat --json | "$DATA/cli/schema" check stat && echo valid
dwell dump
