#!/bin/bash
# Which file a wait was on: a program opens one file after the other under the same number, and
# waits once or a few times on each. As root, by BPF; and as nobody, of whom the kernel tells nothing.
set -u
bin=$1
# A file system on a disk: others have nothing to wait for.
work=$(mktemp -d -p "$(dirname "$bin")/..")
trap 'rm -rf "$work"' EXIT
chmod 777 "$work"
cd "$work" || exit 1
faults=0

fault() {
	echo "$1"
	faults=$((faults + 1))
}

cat >files.c <<'C'
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* The number that each has is that of the one before it. */
int main(void)
{
	static const char bytes[4096];
	char path[32];

	for (int i = 0; i < 200; i++) {
		snprintf(path, sizeof(path), "one-%03d", i);
		int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0600);
		if (fd < 0 || write(fd, bytes, sizeof(bytes)) < 0 || fsync(fd) != 0 || close(fd) != 0)
			return 1;
	}
	return 0;
}
C
gcc -O1 -o files files.c && gcc -O1 -static -o files_static files.c || exit 1

# judge NAMED MOST: so many files at least have a name, and none has more waits than a file may have: of
# 4 calls, which wait more than once where the disk's journal is written
cat >judge.py <<'PY'
import json, sys

answer = json.load(sys.stdin)
least, most = int(sys.argv[1]), int(sys.argv[2])
named = [site for site in answer["sites"] if site["object"] and "one-" in (site["object"]["name"] or "")]
names = [site["object"]["name"].rsplit("/", 1)[-1] for site in named]
if len(named) < least:
    sys.exit(f"{len(named)} files have a name, not {least}")
if len(set(names)) != len(names):
    sys.exit("a file is told twice")
for site in named:
    if site["count"] > most:
        sys.exit(f"{site['object']['name']} has {site['count']} waits")
    if site["reason"] != "file":
        sys.exit(f"{site['object']['name']}: {site['reason']}")
PY

# look WHO PROGRAM NAMED MOST
look() {
	rm -f one-*
	setpriv --reuid "$1" --regid nogroup --clear-groups \
		"$bin/dwell" record -q -o "$1.dwell" -- "./$2" || fault "$1: $2: status $?"
	"$bin/dwell" blocked --all --limit 0 --by object --json "$1.dwell" >"$1.json" || fault "$1: $2: no answer"
	python3 judge.py "$3" "$4" <"$1.json" || fault "$1: $2: wrong files"
}

if [ "$(stat -f -c %T .)" = tmpfs ]; then
	echo 'no file system on a disk'
	exit 77
fi
if [ "$(id -u)" != 0 ] || ! "$bin/dwell" doctor | grep -q '^reasons *yes'; then
	echo 'reasons of the kernel cannot be had here'
	exit 77
fi
look root files 100 60
look root files_static 100 150
look nobody files 0 60
[ $faults = 0 ]
