# dial9's trace of a Tokio program: a mutex convoy, a channel, a long poll, a task that waits for ever.
trace=$DATA/import/dial9/tokio.bin
cp "$trace" .
dwell stat tokio.bin
dwell tasks tokio.bin
dwell tasks --by class tokio.bin
dwell dump tokio.bin | sed -n '20,40p'
# Cut within a frame: what came before it stands. Another version: refused.
head -c 9000 tokio.bin >cut.bin && dwell stat cut.bin | head -n 3
dwell dump cut.bin | tail -n 3
printf 'TRC\0\2' | dwell stat -
