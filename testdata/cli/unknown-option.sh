dwell help --no-such; echo $?
dwell help --form; echo $?
dwell help --form=pdf; echo $?
dwell help -x; echo $?
dwell help a b; echo $?
