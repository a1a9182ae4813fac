#!/bin/bash
# java: waits of a Java program whose methods and lines are known, started without any flag for that, in each JDK that is here,
# interpreted and compiled. Prints what differs; 77 where there is none.
set -u
bin=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 777 "$work"
cd "$work" || exit 1
faults=0 ran=0

cat >Planted.java <<'J'
import java.util.concurrent.*;
import java.util.concurrent.locks.*;

public class Planted {
	static final ReentrantLock lock = new ReentrantLock();
	static final ReentrantReadWriteLock both = new ReentrantReadWriteLock();
	static final Object monitor = new Object();
	static final Semaphore permit = new Semaphore(1);
	static final LinkedBlockingQueue<Integer> queue = new LinkedBlockingQueue<>();

	interface Body { void run() throws Exception; }

	static void doze() throws Exception { Thread.sleep(5); }

	static void locks() throws Exception {
		lock.lock(); // locks
		try { doze(); } finally { lock.unlock(); }
	}

	static void writes() throws Exception {
		both.writeLock().lock(); // writes
		try { doze(); } finally { both.writeLock().unlock(); }
	}

	static void enters() throws Exception {
		synchronized (monitor) { // enters
			doze();
		}
	}

	static void acquires() throws Exception {
		permit.acquire(); // acquires
		try { doze(); } finally { permit.release(); }
	}

	static void takes() throws Exception {
		while (true)
			queue.take(); // takes
	}

	static Thread start(String name, int rounds, boolean daemon, Body body) {
		Thread thread = new Thread(() -> {
			try {
				for (int i = 0; i < rounds; i++)
					body.run();
			} catch (Exception e) {
				throw new RuntimeException(e);
			}
		}, name);
		thread.setDaemon(daemon);
		thread.start();
		return thread;
	}

	public static void main(String[] arguments) throws Exception {
		// What was just loaded has no tables for its stacks yet.
		Thread.sleep(200);
		Thread[] threads = new Thread[8];
		for (int i = 0; i < 2; i++) {
			start("taker", 1, true, Planted::takes);
			threads[4 * i] = start("locker", 40, false, Planted::locks);
			threads[4 * i + 1] = start("writer", 40, false, Planted::writes);
			threads[4 * i + 2] = start("enterer", 40, false, Planted::enters);
			threads[4 * i + 3] = start("acquirer", 40, false, Planted::acquires);
		}
		ExecutorService pool = Executors.newFixedThreadPool(2);
		for (int i = 0; i < 10; i++) {
			queue.put(i);
			pool.submit(() -> 1);
			Thread.sleep(20);
		}
		for (Thread thread : threads)
			thread.join();
		System.out.println("done");
		System.exit(42);
	}
}
J

# expect ROLE METHOD: it waited there, for that
expect() {
	grep -E " $1 .*Planted\.$2 \(Planted\.java:$(grep -nF "// $2" Planted.java | cut -d: -f1)\)" waits >/dev/null && return
	echo "$how: no wait ($1) in $2:"
	cat waits
	faults=$((faults + 1))
}

# run HOW COMMAND...: with and without recording: the same
run() {
	how=$1
	shift
	local status=0

	rm -f java.dwell
	"$@" >out 2>err || status=$?
	if [ "$status" != 42 ] || [ "$(cat out err)" != 'done' ]; then
		echo "$how: status $status: $(cat out err)"
		faults=$((faults + 1))
		return
	fi
	"$bin/dwell" blocked --all --limit 0 java.dwell >waits 2>&1
	expect contention locks
	expect contention writes
	expect contention enters
	expect peer acquires
	expect work takes
	# The main thread called these all, and was called by the machine.
	"$bin/dwell" flame java.dwell >lines 2>&1
	grep -E 'JavaCalls::call_helper;Planted\.main;.*\[' lines >/dev/null || { echo "$how: no stack of main: $(grep main lines | head -3)"; faults=$((faults + 1)); }
}

if [ "$(uname -m)" = x86_64 ] && command -v javac >/dev/null && javac --release 11 -d . Planted.java 2>err; then
	for java in /usr/lib/jvm/*/bin/java; do
		[ -L "${java%/bin/java}" ] || [ ! -x "$java" ] && continue
		version=$("$java" -version 2>&1 | sed -n '1s/.* version "\([0-9]*\).*/\1/p')
		case $version in 1[1-9] | 2[0-1] | 25) ;; *) continue ;; esac
		ran=$((ran + 1))
		record=("$bin/dwell" record -q -o java.dwell --)
		run "$version" "${record[@]}" "$java" -Xcheck:jni -cp . Planted
		run "$version, compiled" "${record[@]}" "$java" -Xcomp -XX:+UseSerialGC -cp . Planted
		[ "$(id -u)" = 0 ] && run "$version as nobody" setpriv --reuid nobody --regid nogroup --clear-groups "${record[@]}" "$java" -cp . Planted
	done
fi
[ "$ran" -gt 0 ] || { echo 'java: no JDK 11 to 21 or 25 here on x86-64'; exit 77; }
[ "$faults" = 0 ]
