# A text trace of two workers who take turns with a lock: 200 times it is held for `hold` ns, give or take a
# little that depends on `seed`; worker-2 waits for it in `place`, called from `caller` at `line`.
#     awk -v hold=100000 -v seed=1 -f handovers.awk
function noise(of) { seed = (seed * 16807) % 2147483647; return int(of * (seed / 2147483647 - 0.5)) }
BEGIN {
	if (!hold) hold = 100000
	if (!caller) caller = "serve"
	if (!place) place = "take"
	if (!name) name = "worker"
	if (!line) line = 41
	seed = 1000 + 7919 * seed
	print "dwell-text 1"
	print "trace source=\"dwell\" start-unix=1790000000000000000 tick=1 levels=program,scheduler,stacks"
	print "process p1 pid=4711 name=\"server\" command=\"server\""
	print "label b1 text=\"job\""
	print "mapping m1 process=p1 start=0x400000 end=0x500000 path=\"/usr/bin/server\""
	print "location l1 mapping=m1 address=0x" 401000 + line " lines=\"" place "\":\"src/queue.c\":" line
	print "location l2 mapping=m1 address=0x402000 lines=\"" caller "\":\"src/serve.c\":12"
	print "location l3 mapping=m1 address=0x403000 lines=\"run\":\"src/serve.c\":90"
	print "stack s1 frames=l1,l2,l3"
	print "stack s2 frames=l2,l3"
	print "task t1 kind=thread process=p1 tid=4711 start=l3 name=\"" name "-1\""
	print "task t2 kind=thread process=p1 tid=4712 start=l3 name=\"" name "-2\""
	print "executor x1 kind=cpu number=0"
	print "executor x2 kind=cpu number=1"
	print "object o1 kind=mutex process=p1 native=0x7fff10 name=\"queue lock\""
	print "0 switch peer=t1 executor=x1"
	print "0 switch peer=t2 executor=x2"
	at = 1000
	for (i = 0; i < 200; i++) {
		held = hold + noise(hold / 50)
		print at, "acquire task=t1 object=o1"
		print at + 500, "span-begin task=t2 reason=region object=b1 value=" i + 1
		print at + 1000, "wait-begin task=t2 reason=mutex object=o1 peer=t1 stack=s1 flags=holder-read"
		print at + 2000, "switch task=t2 state=blocked executor=x2"
		at += held
		print at, "release task=t1 object=o1 peer=t2 stack=s2"
		print at + 500, "wake task=t2 state=runnable peer=t1 executor=x1 stack=s2"
		print at + 3000 + noise(300), "switch peer=t2 executor=x2"
		print at + 4000, "wait-end task=t2"
		print at + 6000, "release task=t2 object=o1"
		print at + 7000, "span-end task=t2 value=" i + 1
		at += 50000 + noise(2000)
	}
	print at, "exit task=t1"
	print at, "exit task=t2"
	print "end time=" at " closed"
}
