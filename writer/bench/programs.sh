#!/bin/bash
# What recording costs real programs: each runs bare and recorded in turn, PAIRS times, and the
# ratio of the pairs is printed with its 95 % interval, for wall time and for CPU time: of
# the program and, where it is recorded, the recorder, by a control group (so it needs root). By hand, on a
# machine that does nothing else; it needs the programs it names, and says which are missing.
#
# messaging has a second row: what perf sched record costs it, in turn with the others.
#
# What a program writes, what it leaves and its exit status must be the same in both: else the row says so, and the
# script fails at the end. Of servers, what their clients saw.
#
# -l does FACTOR times the work, so that what a recording costs once counts for less, and goes on with
# pairs (5 at least) only until the interval of the CPU time is three points wide. -f does that with
# a factor for each program by which it takes some seconds, and 30 pairs at most: the figures of record.
#
#	programs.sh BIN [-f] [-n PAIRS] [-l FACTOR] [-r 'RECORD OPTIONS'] [NAME...]
set -eu

here=$(cd "$(dirname "$0")" && pwd)
bin=${1:?usage: programs.sh BIN [-f] [-n PAIRS] [-l FACTOR] [-r OPTIONS] [NAME...]}
[ -x "$bin/dwell" ] || { echo "$bin/dwell: no such program" >&2; exit 2; }
shift
pairs=5
options=
factor=1
enough=0
record=0
while getopts fn:l:r: option; do
	case $option in
	f) record=1 pairs=30 enough=3 ;;
	n) pairs=$OPTARG ;;
	l) factor=$OPTARG enough=3 ;;
	r) options=$OPTARG ;;
	*) exit 2 ;;
	esac
done
shift $((OPTIND - 1))
all="redis postgres nginx python node java rust go make tree messaging"
names=${*:-$all}
work=$(mktemp -d)
# The second or the first version of control groups, whichever counts CPU time here.
group=/sys/fs/cgroup
[ -d "$group/cpuacct" ] && group=$group/cpuacct
group=$group/dwell-bench-$$
mkdir "$group"
trap 'stop_all; rm -rf "$work"; rmdir "$group" 2>/dev/null || true' EXIT
servers=

stop_all() {
	for pid in $servers; do
		kill "$pid" 2>/dev/null || true
	done
	servers=
}

have() {
	for tool; do
		command -v "$tool" >/dev/null || { printf '%-10s skipped, no %s\n' "$name" "$tool"; return 1; }
	done
}

# run COMMAND...: bare, or recorded as $recorded says; in the control group either way.
run() {
	case $recorded in
	1)
		# shellcheck disable=SC2086 # options are words
		set -- "$bin/dwell" record -q -o "$work/trace" $options -- "$@"
		;;
	2) set -- perf sched record -o "$work/perf.data" -- "$@" ;;
	esac
	# shellcheck disable=SC2016 # expanded by the shell that becomes the program
	sh -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$group" "$@"
}

# Wait until something listens on a port of ours.
listening() {
	tries=0
	until (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; do
		tries=$((tries + 1))
		[ "$tries" -lt 100 ] || { echo "$name: nothing listens on $1" >&2; return 1; }
		sleep 0.05
	done
}

# CPU time of the group, and now, in nanoseconds.
busy() {
	if [ -f "$group/cpuacct.usage" ]; then
		cat "$group/cpuacct.usage"
	else
		awk '/^usage_usec/ { print $2 * 1000 }' "$group/cpu.stat"
	fi
}
now() { date +%s%N; }

start_clock() { wall0=$(now); cpu0=$(busy); }
stop_clock() { wall=$(($(now) - wall0)); cpu=$(($(busy) - cpu0)); }

# end_server: wait for it, and note its exit status.
end_server() {
	wait "$servers" && echo "exit 0" >>"$seen" || echo "exit $?" >>"$seen"
	servers=
}

load_redis() {
	run redis-server --port 7901 --save '' --appendonly no --daemonize no >/dev/null &
	servers=$!
	listening 7901
	start_clock
	redis-benchmark -p 7901 -n $((150000 * factor)) -c 20 -t set,get -q >/dev/null
	stop_clock
	redis-cli -p 7901 info commandstats | grep -oE '^cmdstat_(get|set):calls=[0-9]+' | sort >>"$seen"
	redis-cli -p 7901 shutdown nosave >/dev/null 2>&1 || true
	end_server
}

pgbin=$(find /usr/lib/postgresql -name initdb 2>/dev/null | sort | tail -n 1)
pgbin=${pgbin%/initdb}

make_postgres() {
	[ -d "$work/pg" ] && return
	mkdir "$work/pg"
	chmod 711 "$work"
	chown nobody "$work/pg"
	su nobody -s /bin/sh -c "'$pgbin/initdb' -D '$work/pg/data' -A trust -U postgres" >/dev/null
	echo "unix_socket_directories = '$work/pg'" >>"$work/pg/data/postgresql.conf"
}

load_postgres() {
	make_postgres
	run su nobody -s /bin/sh -c "exec '$pgbin/postgres' -D '$work/pg/data' -p 7902" >/dev/null 2>&1 &
	servers=$!
	until "$pgbin/pg_isready" -h "$work/pg" -p 7902 >/dev/null 2>&1; do sleep 0.1; done
	psql -h "$work/pg" -p 7902 -U postgres -Atc "select 1 from pg_tables where tablename = 'pgbench_accounts'" postgres |
		grep -q 1 || pgbench -q -i -h "$work/pg" -p 7902 -U postgres postgres >/dev/null 2>&1
	start_clock
	pgbench -n -c 4 -j 1 -t $((3000 * factor)) -S -h "$work/pg" -p 7902 -U postgres postgres 2>&1 |
		grep -E '^number of .*(processed|failed)' >>"$seen"
	stop_clock
	kill -INT "$(head -n 1 "$work/pg/data/postmaster.pid")"
	end_server
}

load_nginx() {
	mkdir -p "$work/www"
	echo hello >"$work/www/index.html"
	printf 'worker_processes 1; daemon off; pid %s/nginx.pid; error_log /dev/null;
events {} http { access_log off; server { listen 7903; root %s/www; } }\n' "$work" "$work" >"$work/nginx.conf"
	chmod 711 "$work"
	run nginx -c "$work/nginx.conf" 2>/dev/null &
	servers=$!
	listening 7903
	start_clock
	# By time: what it took is counted for 60,000 requests.
	wrk -t 1 -c 16 -d $((2 * factor))s http://127.0.0.1:7903/ >"$work/wrk"
	stop_clock
	requests=$(awk '/requests in/ { print $1 }' "$work/wrk")
	wall=$((wall * 60000 * factor / requests))
	cpu=$((cpu * 60000 * factor / requests))
	grep -E 'Non-2xx|Socket errors' "$work/wrk" >>"$seen" || true
	kill -QUIT "$(cat "$work/nginx.pid")"
	end_server
}

batch() {
	start_clock
	run "$@" >>"$seen" 2>&1 && status=0 || status=$?
	stop_clock
	echo "exit $status" >>"$seen"
}

load_python() {
	cat >"$work/threads.py" <<'PY'
import hashlib, queue, sys, threading
jobs = queue.Queue()
sums = []
def work():
    while (job := jobs.get()) is not None:
        sums.append(hashlib.sha256(b'x' * (20000 + job % 7000)).hexdigest())
        sum(i * i for i in range(300))
threads = [threading.Thread(target=work) for _ in range(4)]
for t in threads: t.start()
for i in range(20000 * int(sys.argv[1])): jobs.put(i)
for t in threads: jobs.put(None)
for t in threads: t.join()
print(hashlib.sha256(''.join(sorted(sums)).encode()).hexdigest())
PY
	batch python3 "$work/threads.py" "$factor"
}

load_node() {
	cat >"$work/work.js" <<'JS'
const crypto = require('crypto'), fs = require('fs');
let left = 3000 * process.argv[2], sum = 0;
const next = () => { if (left-- > 0) crypto.pbkdf2('a', 'b', 400, 64, 'sha512', (e, k) => { sum += k[0]; fs.stat('/', next); }); };
process.on('exit', () => console.log(sum));
for (let i = 0; i < 8; i++) next();
JS
	batch node "$work/work.js" "$factor"
}

load_java() {
	[ -f "$work/Pool.class" ] || {
		cat >"$work/Pool.java" <<'JAVA'
import java.util.concurrent.*;
public class Pool {
	static int shared;
	public static void main(String[] a) throws Exception {
		ExecutorService pool = Executors.newFixedThreadPool(4);
		for (int i = 0; i < 200000 * Integer.parseInt(a[0]); i++) pool.submit(() -> { synchronized (Pool.class) { shared++; } });
		pool.shutdown();
		pool.awaitTermination(1, TimeUnit.MINUTES);
		System.out.println(shared);
	}
}
JAVA
		javac -d "$work" "$work/Pool.java"
	}
	batch java -cp "$work" Pool "$factor"
}

load_rust() {
	[ -x "$work/rust" ] || {
		cat >"$work/rust.rs" <<'RS'
use std::sync::{mpsc, Arc, Mutex};
fn main() {
	let total = Arc::new(Mutex::new(0u64));
	let (send, receive) = mpsc::sync_channel::<u64>(64);
	let receive = Arc::new(Mutex::new(receive));
	let threads: Vec<_> = (0..4).map(|_| {
		let (total, receive) = (total.clone(), receive.clone());
		std::thread::spawn(move || loop {
			let job = receive.lock().unwrap().recv();
			match job {
				Ok(n) => { let s = (0..2000u64).fold(n, |a, b| a.wrapping_mul(31) ^ b); *total.lock().unwrap() ^= s; }
				Err(_) => break,
			}
		})
	}).collect();
	let times: u64 = std::env::args().nth(1).unwrap().parse().unwrap();
	for i in 0..200000 * times { send.send(i).unwrap(); }
	drop(send);
	for t in threads { t.join().unwrap(); }
	println!("{}", total.lock().unwrap());
}
RS
		rustc -O -o "$work/rust" "$work/rust.rs"
	}
	batch "$work/rust" "$factor"
}

load_go() {
	[ -x "$work/go" ] || {
		mkdir -p "$work/gosrc"
		cat >"$work/gosrc/main.go" <<'GO'
package main

import (
	"os"
	"strconv"
	"sync"
)

func main() {
	times, _ := strconv.Atoi(os.Args[1])
	jobs, results := make(chan int, 64), make(chan int, 64)
	var wg sync.WaitGroup
	for i := 0; i < 4; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for j := range jobs {
				for k := 0; k < 2000; k++ {
					j = j*31 ^ k
				}
				results <- j
			}
		}()
	}
	go func() {
		for i := 0; i < 400000*times; i++ {
			jobs <- i
		}
		close(jobs)
		wg.Wait()
		close(results)
	}()
	sum := 0
	for r := range results {
		sum ^= r
	}
	println(sum)
}
GO
		(cd "$work/gosrc" && printf 'module example/work\n' >go.mod && go build -o "$work/go" .)
	}
	batch "$work/go" "$factor"
}

load_make() {
	[ -d "$work/tree" ] || {
		mkdir "$work/tree"
		# shellcheck disable=SC2016 # for make
		printf 'SRC := $(wildcard *.c)\nall: $(SRC:.c=.o)\n' >"$work/tree/Makefile"
		for i in $(seq $((16 * factor))); do
			printf '#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\nint f%d(int a) { char b[64]; snprintf(b, 64, "%%d", a); return (int)strlen(b) + atoi(b); }\n' "$i" >"$work/tree/f$i.c"
		done
	}
	rm -f "$work"/tree/*.o
	batch make -s -j2 -C "$work/tree"
	cat "$work"/tree/*.o | cksum >>"$seen"
}

# A real tree: our own format library, by make, FACTOR times.
load_tree() {
	[ -d "$work/build" ] ||
		cmake -S "$here/../.." -B "$work/build" -G 'Unix Makefiles' -DCMAKE_BUILD_TYPE=Release \
			-DDWELL_TESTS=OFF -DCMAKE_C_COMPILER_LAUNCHER= >/dev/null
	# shellcheck disable=SC2016 # for the shell that is measured
	batch sh -c 'for i in $(seq "$2"); do make -s -C "$1" clean && make -s -j2 -C "$1" dwell_format || exit; done' \
		sh "$work/build" "$factor"
	# Two at a time tell of themselves in any order, counted as they come.
	sed -i 's/^\[ *[0-9]*%\] //' "$seen"
	sort -o "$seen" "$seen"
	find "$work/build" -name '*.o' -o -name '*.a' | sort | xargs cat | cksum >>"$seen"
}

load_messaging() {
	batch perf bench -f simple sched messaging -g 4 -l $((400 * factor))
	# What it writes is the time that it took.
	sed -i '/^exit/!d' "$seen"
}

# By which it takes some seconds.
factor_of() {
	case $1 in
	redis | nginx | messaging) echo 4 ;;
	postgres | python) echo 10 ;;
	node) echo 16 ;;
	tree) echo 2 ;;
	*) echo 8 ;;
	esac
}

needs() {
	case $1 in
	redis) have redis-server redis-benchmark ;;
	postgres) have pgbench && [ -n "$pgbin" ] ;;
	nginx) have nginx wrk ;;
	python) have python3 ;;
	node) have node ;;
	java) have java javac ;;
	rust) have rustc ;;
	go) have go ;;
	make) have make gcc ;;
	tree) have make gcc cmake ;;
	messaging) have perf ;;
	esac
}

# Ratios of pairs, their mean and the 95 % interval of the mean (Student's t), as a row of the table.
row='%-10s %20s %20s %6s %14s %10s  %s\n'
summary() {
	awk -v name="$1" -v row="$row" '
	function t95(n) { return n < 2 ? 0 : n == 2 ? 12.71 : n == 3 ? 4.30 : n == 4 ? 3.18 : n == 5 ? 2.78 : n <= 7 ? 2.45 : n <= 10 ? 2.26 : n <= 15 ? 2.14 : n <= 20 ? 2.09 : 2.05 }
	function percent(s, q,  m, v) {
		m = s / n; v = n > 1 ? (q - n * m * m) / (n - 1) : 0; if (v < 0) v = 0
		h = t95(n) * sqrt(v / n)
		return sprintf("%+.1f [%+.1f, %+.1f]", (m - 1) * 100, (m - h - 1) * 100, (m + h - 1) * 100)
	}
	{ n++; w = $3 / $1; c = $4 / $2; sw += w; qw += w * w; sc += c; qc += c * c; wall += $1 / 1e9; cpu += $2 / 1e9 }
	END {
		of_wall = percent(sw, qw)
		printf row, name, of_wall, percent(sc, qc), n, sprintf("%.2f, %.2f s", wall / n, cpu / n), switches, same
		# For the caller: narrow enough.
		exit !(n >= 5 && 2 * h * 100 <= enough)
	}' enough="$enough" switches="$3" same="$4" "$2"
}

# Of all that ran, in the last recording.
switches() {
	"$bin/dwell" stat --json "$work/trace" | awk -v cpus="$(nproc)" '
		/"duration_ns"/ { ns = $2 + 0 }
		/"switch"/ { count = $2 + 0 }
		END { printf "%d", count / (ns / 1e9) / cpus }'
}

# once RECORDED: run it (0: bare, 1: recorded, 2: by the peer); what is seen of it is left in $work/seen.RECORDED.
once() {
	recorded=$1
	seen=$work/seen.$recorded
	: >"$seen"
	"load_$name"
}

failed=0
# shellcheck disable=SC2059 # a format of ours
printf "$row" program "wall, %" "CPU, %" pairs "bare: wall, CPU" switches "output and status"
for name in $names; do
	needs "$name" || continue
	[ "$record" = 0 ] || factor=$(factor_of "$name")
	: >"$work/pairs"
	: >"$work/peer"
	once 0 # warm
	same="the same"
	i=0
	while [ "$i" -lt "$pairs" ]; do
		once 0
		bare="$wall $cpu"
		once 1
		echo "$bare $wall $cpu" >>"$work/pairs"
		cmp -s "$work/seen.0" "$work/seen.1" || {
			same=DIFFERENT failed=1
			diff "$work/seen.0" "$work/seen.1" >"$work/different" || true
		}
		[ "$name" != messaging ] || { once 2; echo "$bare $wall $cpu" >>"$work/peer"; }
		i=$((i + 1))
		! summary "$name" "$work/pairs" "$(switches)" "$same" >"$work/summary" || break
	done
	cat "$work/summary"
	[ ! -s "$work/peer" ] || summary "perf sched" "$work/peer" - - || true
	[ "$same" = "the same" ] || head -n 4 "$work/different"
done
[ "$failed" = 0 ]
