# Each form of export, of a trace by hand; what binary forms hold is told by their own readers.
trace=$DATA/traces/handover.txt
dwell export --to csv -o - "$trace" | tr -d '\r'
dwell export --to chrome -o - "$trace"
dwell export --to folded -o - --of wake "$trace"
dwell export --to openmetrics -o - "$trace" | tail -n 3
dwell export --to perfetto -o out.pftrace "$trace"
protoc --decode=Trace -I "$DATA/../analyzer/export/proto" perfetto.proto <out.pftrace |
	tr -s " \n" " " | sed "s/ packet {/\npacket {/g"; echo
dwell export --to pprof --of lock -o out.pb.gz "$trace"
gzip -dc out.pb.gz | protoc --decode=Profile -I "$DATA/../analyzer/export/proto" profile.proto | tr -s " \n" " "; echo
dwell export --to sqlite -o out.sqlite "$trace"
python3 - <<'END'
import sqlite3
db = sqlite3.connect("out.sqlite")
for (table,) in db.execute("SELECT name FROM sqlite_master WHERE type != 'index' ORDER BY name").fetchall():
    print(table)
    for row in db.execute(f"SELECT * FROM {table}"):
        print("  " + "|".join("" if part is None else str(part) for part in row))
END
# Twice is the same; a window is clipped; a task is chosen.
dwell export --to sqlite -o again.sqlite "$trace" && cmp out.sqlite again.sqlite && echo same
dwell cut --from 2ms --to 4.02ms -o part.dwell "$trace" 2>&1
dwell export --to csv -o - --task "worker-*" part.dwell | cut -d, -f3,6-9 | tr -d '\r'
# What cannot be.
dwell export "$trace"; echo $?
dwell export --to csv "$trace"; echo $?
dwell export --to nothing -o - "$trace"; echo $?
dwell export --to sqlite -o - "$trace"; echo $?
dwell export --to sqlite -o /dev/full "$trace"; echo $?
dwell export --to pprof -o /dev/full "$trace"; echo $?
dwell export --to perfetto -o /dev/full "$trace"; echo $?
