dwell tusks; echo $?
dwell ../bin/dwell; echo $?
dwell "$(printf 'a\033[31mb\nc')"; echo $?
dwell zzzzzzzzzz; echo $?
