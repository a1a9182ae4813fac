trace=$DATA/import/go/convoy-go1.23.trace
cp "$trace" dwell.trace
dwell stat
COLUMNS=40 LC_ALL=C dwell stat
dwell stat --csv
dwell stat --json | "$DATA/cli/schema" check stat && echo valid
