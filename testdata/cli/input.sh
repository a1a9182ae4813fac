# What cannot be read is said with its name, and costs status 3.
dwell stat; echo $?
dwell stat nothing; echo $?
dwell stat /dev/null; echo $?
echo 'no trace at all' >some
dwell stat some; echo $?
dwell stat - <some; echo $?
dwell stat some some; echo $?
dwell stat --json --csv some; echo $?
dwell stat --from 2s --to 1s "$DATA"/import/go/*convoy*.trace; echo $?
dwell stat --from tomorrow some; echo $?
