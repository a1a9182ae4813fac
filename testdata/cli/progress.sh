# Progress is for terminals: nothing of it in a pipe, however long the work takes.
yes '+1000 switch peer=t1 executor=x1
+1000 switch task=t1 state=runnable executor=x1' | head -n 400000 >rows
printf 'dwell-text 1\ntrace source="dwell" levels=scheduler\ntask t1 kind=thread\nexecutor x1 kind=cpu\n' | cat - rows >long
dwell tasks long 2>chatter
cat chatter
