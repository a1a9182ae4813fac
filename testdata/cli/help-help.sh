dwell help -h
dwell help help | diff - <(dwell help --help) && echo same
