# trace.dat of trace-cmd: versions 6 and 7, plain and packed, of two instances, with losses.
for trace in v6.dat.zst none.dat.zst zstd.dat instance.dat lost.dat; do
	cp "$DATA/import/tracecmd/$trace" .
done
dwell stat v6.dat.zst
dwell tasks zstd.dat
dwell latency --limit 5 instance.dat
dwell stat lost.dat
dwell dump lost.dat | grep ' loss '
# The same recording in both versions.
diff <(dwell dump v6.dat.zst) <(dwell dump none.dat.zst) && echo same
# Cut short: what is there, and what is missing.
zstd -dqc v6.dat.zst | head -c 50000 >cut.dat
dwell tasks --limit 3 cut.dat
head -c 10000 zstd.dat | dwell stat -
head -c 200 zstd.dat | dwell stat -
