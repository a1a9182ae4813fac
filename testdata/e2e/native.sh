#!/bin/bash
# A program that records itself by libdwell: its trace has addresses; dwell convert finds their names, from
# anywhere on this machine, and keeps all else.
set -u
bin=$1
top=$(cd "$(dirname "$0")/../.." && pwd)
lib=$bin/../lib
[ -e "$lib/libdwell.so" ] || exit 77
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

cat >program.c <<'C'
#include <dwell/writer.h>
#include <unistd.h>

static char thing;

static __attribute__((noinline)) void waits_here(void)
{
	struct dwell_wait_span wait;

	dwell_wait_begin(&wait, DWELL_WHY_MUTEX, DWELL_WHAT_MUTEX, &thing, 0);
	usleep(20000);
	dwell_wait_end(&wait, 0);
}

int main(void)
{
	if (dwell_start(0) != 0)
		return 1;
	waits_here();
	return dwell_stop() != 0;
}
C
gcc -g -O1 -fno-omit-frame-pointer -I"$top/writer/include" -o program program.c -L"$lib" -ldwell -Wl,-rpath,"$lib" || exit 1
./program || exit 1
mkdir elsewhere
cd elsewhere || exit 1
"$bin/dwell" convert ../dwell.trace -o named.trace || exit 1
faults=0
sites() {
	"$bin/dwell" blocked --all --json --limit 0 "$1"
}
sites ../dwell.trace | grep -q 'waits_here' && { echo 'there are names already'; faults=1; }
sites named.trace | tr -d '\n' | grep -qE '"function": "waits_here", "file": "[^"]*program.c", "line": 1[0-2]' ||
	{ echo 'no function, file and line:'; sites named.trace; faults=1; }
# So is the lock, which is a variable. All else is the same.
"$bin/dwell" dump named.trace | grep -q '^object .* name="thing"' || { echo 'the lock has no name'; faults=1; }
for trace in ../dwell.trace named.trace; do
	"$bin/dwell" dump $trace | grep -v '^location\|^line\|^ ' | sed 's/ name="thing"$//' >"$(basename $trace).txt"
done
cmp -s dwell.trace.txt named.trace.txt || { diff dwell.trace.txt named.trace.txt | head -n 5; faults=1; }

# Rust's functions stand in namespaces, and what was compiled into one has a line of its own.
inlined() {
	cat >nap.rs <<'R'
mod deep {
    #[inline(always)]
    pub fn nap(ms: u64) {
        std::thread::sleep(std::time::Duration::from_millis(ms));
        std::hint::black_box(ms); // no jump to sleep
    }
    #[inline(never)]
    pub fn work() {
        nap(50);
    }
}
fn main() {
    deep::work();
    std::hint::black_box(0);
}
R
	rustc -g -O -o nap nap.rs || { echo 'no program of rustc'; return 1; }
	"$bin/dwell" record -q -o nap.dwell -- ./nap || { echo 'not recorded'; return 1; }
	sites nap.dwell | tr -d '\n' | grep -qE 'deep::nap", "file": "[^"]*nap.rs", "line": 4.*deep::work", "file": "[^"]*nap.rs", "line": 9' ||
		{ echo 'not nap within work:'; sites nap.dwell; return 1; }
}
if command -v rustc >rustc.at; then
	inlined || faults=1
fi
exit $faults
