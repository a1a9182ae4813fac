# CTF: folders of LTTng, of the kernel's events (with contexts, with all system calls, with losses) and a program's.
for trace in context kernel lost pool; do
	mkdir $trace
	tar -xJf "$DATA/import/ctf/$trace.tar.xz" -C $trace
done
dwell stat context
dwell dump context/kernel | tail -n 20
dwell tasks --process mixed context
dwell blocked --by reason --all kernel
dwell blocked --object "futex*" --all kernel
dwell stat lost
dwell tasks pool
dwell dump pool | grep -c ' mark '
# A folder of nothing, and one whose metadata is not whole.
mkdir none && dwell stat none
head -c 3000 context/kernel/metadata >none/metadata && dwell stat none
