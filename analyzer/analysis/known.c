/* Locks that a program built for itself, known by the functions that wait for them. */
#include <string.h>

#include "analysis/findings.h"
#include "analysis/groups.h"

/*
 * PostgreSQL's processes wait for its locks on a latch, as they wait for a client, or on a
 * semaphore of their own, Java's threads for a monitor at a condition of their own, so that neither
 * reason nor object tells a lock.
 */
static const struct {
	const char *module, *function;
} known[] = {
	{ "postgres", "ProcSleep" }, /* locks of rows, tables and transactions: the first */
	{ "postgres", "LWLockAcquire" },
	{ "postgres", "LWLockAcquireOrWait" },
	{ "libjvm.so", "ObjectMonitor::EnterI" }, /* synchronized */
	{ "libjvm.so", "ObjectMonitor::ReenterI" },
	{ "libjvm.so", "ObjectMonitor::enter_internal" }, /* of newer ones */
	{ "libjvm.so", "ObjectMonitor::reenter_internal" },
};

enum { KNOWN = sizeof(known) / sizeof(known[0]), DEPTH = 6 };

static bool is_text(struct dwell_string is, const char *text)
{
	return is.size == strlen(text) && memcmp(is.at, text, is.size) == 0;
}

/* Rust's, of its own library and of parking_lot: compiled into any program, and waiting for a
 * futex. */
static bool is_rust_lock(struct dwell_string function)
{
	static const char *const ends[] = { "::lock_contended", "::read_contended",
		"::write_contended", "::lock_slow", "::lock_shared_slow", "::lock_exclusive_slow" };

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		const size_t length = strlen(ends[i]);

		if (function.size > length &&
			memcmp(function.at + function.size - length, ends[i], length) == 0)
			return true;
	}
	return false;
}

static bool is_known(const struct dwell_frame *frame)
{
	/* The second: of Go's runtime itself. */
	if (is_rust_lock(frame->function) || is_text(frame->function, "runtime.lock2"))
		return true;
	for (size_t i = 0; i < KNOWN; i++)
		if (is_text(frame->function, known[i].function) &&
			is_text(dwell_base_name(frame->module), known[i].module))
			return true;
	return false;
}

/* Of a thread that cannot be preloaded the kernel tells that it waits for a futex. */
static bool is_condition(unsigned reason, const struct dwell_frame *frames, size_t count)
{
	static const char prefix[] = "pthread_cond_";

	for (size_t i = 0; reason == DWELL_REASON_FUTEX && i < count && i < 3; i++)
		if (frames[i].function.size > sizeof(prefix) &&
			memcmp(frames[i].function.at, prefix, sizeof(prefix) - 1) == 0)
			return true;
	return reason == DWELL_REASON_COND;
}

/*
 * MariaDB's locks of rows and of tables' definitions: who waits has a condition of its own. Debian
 * strips the names of the engine of storage, so a lock of a row is known by who called the engine
 * for one: it waits there for no work.
 */
static bool is_maria_lock(const struct dwell_catalog *catalog, unsigned reason, uint32_t stack)
{
	static const char row[] = "handler::ha_", table[] = "MDL_context::acquire_lock";
	struct dwell_frame frames[2 * DEPTH] = { 0 };
	size_t count = stack ? dwell_catalog_frames(catalog, stack, frames, 2 * DEPTH) : 0;

	if (count > 2 * DEPTH)
		count = 2 * DEPTH;
	if (!is_condition(reason, frames, count))
		return false;
	for (size_t i = 0; i < count; i++) {
		const struct dwell_string function = frames[i].function;

		if (!is_text(dwell_base_name(frames[i].module), "mariadbd"))
			continue;
		if (is_text(function, table) ||
			(function.size >= sizeof(row) &&
				memcmp(function.at, row, sizeof(row) - 1) == 0))
			return true;
	}
	return false;
}

static bool is_postgres_lock(const struct dwell_catalog *catalog, uint32_t stack)
{
	struct dwell_frame frames[DEPTH];
	const size_t count = stack ? dwell_catalog_frames(catalog, stack, frames, DEPTH) : 0;

	for (size_t i = 0; i < count && i < DEPTH; i++)
		if (is_text(frames[i].function, known[0].function) &&
			is_text(dwell_base_name(frames[i].module), known[0].module))
			return true;
	return false;
}

/*
 * Ruby's Mutex: its threads wait for it each at a condition of their own. Not what waits within a
 * block that is called with it.
 */
static bool is_ruby_lock(const struct dwell_frame *frames, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (is_text(frames[i].function, "rb_ensure") ||
			is_text(frames[i].function, "rb_yield"))
			return false;
		if (is_text(frames[i].function, "rb_mutex_lock") ||
			is_text(frames[i].function, "rb_mutex_synchronize"))
			return true;
	}
	return false;
}

static bool is_ruby_mutex(const struct dwell_catalog *catalog, unsigned reason, uint32_t stack)
{
	struct dwell_frame frames[DEPTH + 2] = { 0 };
	size_t count = stack ? dwell_catalog_frames(catalog, stack, frames, DEPTH + 2) : 0;

	if (count > DEPTH + 2)
		count = DEPTH + 2;
	return is_condition(reason, frames, count) && is_ruby_lock(frames, count);
}

/* synchronized: its threads wait each at a condition of their own, too. */
static bool is_java_monitor(const struct dwell_catalog *catalog, uint32_t stack)
{
	struct dwell_frame frames[DEPTH];
	const size_t count = stack ? dwell_catalog_frames(catalog, stack, frames, DEPTH) : 0;

	for (size_t i = 0; i < count && i < DEPTH; i++)
		if (is_text(dwell_base_name(frames[i].module), "libjvm.so") && is_known(&frames[i]))
			return true;
	return false;
}

bool stack_is_handed(const struct dwell_catalog *catalog, unsigned reason, uint32_t stack)
{
	if (reason == DWELL_REASON_POLL)
		return is_postgres_lock(catalog, stack);
	return is_maria_lock(catalog, reason, stack) || is_ruby_mutex(catalog, reason, stack) ||
	       is_java_monitor(catalog, stack) || stack_is_java_lock(catalog, stack);
}

bool stack_serves_one(const struct dwell_catalog *catalog, uint32_t stack)
{
	struct dwell_frame frames[DEPTH];
	const size_t count = stack ? dwell_catalog_frames(catalog, stack, frames, DEPTH) : 0;

	for (size_t i = 0; i < count && i < DEPTH; i++)
		if (is_text(frames[i].function, "secure_read") &&
			is_text(dwell_base_name(frames[i].module), "postgres"))
			return true;
	return false;
}

/* Node's spawnSync: a loop of events for one process, until that has ended. */
static bool is_spawn_sync(struct dwell_string function)
{
	static const char prefix[] = "node::SyncProcessRunner::";

	return function.size > sizeof(prefix) &&
	       memcmp(function.at, prefix, sizeof(prefix) - 1) == 0;
}

/*
 * Python's threads are joined by taking a lock that each holds while it lives. At its end the
 * interpreter does so itself.
 */
bool stack_is_join(const struct dwell_catalog *catalog, uint32_t stack)
{
	static const char *const names[] = { "Thread._wait_for_tstate_lock", "Thread.join",
		"_shutdown" };
	/* Of a Python built with symbols seven frames of the interpreter come before its own. */
	struct dwell_frame frames[2 * DEPTH] = { 0 };
	const size_t count = stack ? dwell_catalog_frames(catalog, stack, frames, 2 * DEPTH) : 0;

	for (size_t i = 0; i < count && i < 2 * DEPTH; i++) {
		if (is_spawn_sync(frames[i].function))
			return true;
		for (size_t j = 0; j < sizeof(names) / sizeof(names[0]); j++)
			if (is_text(frames[i].function, names[j]) &&
				is_text(dwell_base_name(frames[i].file), "threading.py"))
				return true;
	}
	return false;
}

/* OpenMP's threads, of GNU's library: they wait for the end of a parallel part or for the next one
 * within it. */
bool stack_is_team(const struct dwell_catalog *catalog, uint32_t stack)
{
	static const char library[] = "libgomp.so";
	struct dwell_frame frames[DEPTH];
	const size_t count = stack ? dwell_catalog_frames(catalog, stack, frames, DEPTH) : 0;

	for (size_t i = 0; i < count && i < DEPTH; i++) {
		const struct dwell_string module = dwell_base_name(frames[i].module);

		if (module.size >= sizeof(library) - 1 &&
			memcmp(module.at, library, sizeof(library) - 1) == 0)
			return true;
	}
	return false;
}

static bool is_among(const struct dwell_frame *frames, size_t count, const char *function)
{
	for (size_t i = 0; i < count; i++)
		if (is_text(frames[i].function, function))
			return true;
	return false;
}

/* A thread of Go's that has no goroutine to run, or only watches the others. */
static bool is_spare_thread(const struct dwell_frame *frames, size_t count)
{
	return is_among(frames, count, "runtime.stopm") ||
	       is_among(frames, count, "runtime.sysmon") ||
	       is_among(frames, count, "runtime.templateThread");
}

/*
 * Goroutines of Go's runtime that sweep, mark, give memory back or write the trace wait for the
 * next time that they have to; so do its threads.
 */
bool stack_is_runtimes(const struct dwell_catalog *catalog, uint32_t stack)
{
	static const char prefix[] = "runtime.", main[] = "runtime.main";
	struct dwell_frame frames[DEPTH];
	const size_t count = stack ? dwell_catalog_frames(catalog, stack, frames, DEPTH) : 0;

	const size_t seen = count < DEPTH ? count : DEPTH;

	if (stack_is_java_worker(catalog, stack))
		return true;
	/* Which the world waits for. */
	if (is_among(frames, seen, "runtime.gcstopm"))
		return false;
	if (is_spare_thread(frames, seen))
		return true;
	for (size_t i = 0; i < seen; i++)
		if (frames[i].function.size < sizeof(prefix) ||
			memcmp(frames[i].function.at, prefix, sizeof(prefix) - 1) != 0 ||
			is_text(frames[i].function, main))
			return false;
	return count && count <= DEPTH;
}

/* As Java's threads are: by the C library's means, or, as the kernel tells it, by the call. */
static bool is_parked(unsigned reason)
{
	return reason == DWELL_REASON_COND || reason == DWELL_REASON_FUTEX;
}

bool stack_is_lock(const struct dwell_catalog *catalog, unsigned reason, uint32_t stack)
{
	struct dwell_frame frames[DEPTH];
	size_t count = stack ? dwell_catalog_frames(catalog, stack, frames, DEPTH) : 0;

	if (count > DEPTH)
		count = DEPTH;
	for (size_t i = 0; i < count; i++)
		if (is_known(&frames[i]))
			return true;
	return is_ruby_mutex(catalog, reason, stack) || is_maria_lock(catalog, reason, stack) ||
	       (is_parked(reason) && stack_is_java_lock(catalog, stack)) ||
	       stack_is_gil(catalog, reason, stack);
}
