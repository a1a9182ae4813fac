#ifndef DWELL_WRITER_H
#define DWELL_WRITER_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * libdwell: a program tells what its tasks do, and gets a trace for `dwell`.
 *
 * Unless said otherwise, a function here may be called from any thread and from a signal handler,
 * takes some ten nanoseconds, does not allocate, lock or make a system call, keeps errno, and
 * does nothing when no recording runs. What a full ring cannot take is counted, and the loss is in
 * the trace.
 */

/* --- recording --- */

enum dwell_start_flags {
	/* Keep only the newest, in memory, until dwell_snapshot() writes it to a file. */
	DWELL_START_FLIGHT = 1 << 0,
	/* No stacks. */
	DWELL_START_NO_STACKS = 1 << 1
};

/* All zero but size: the defaults. */
struct dwell_options {
	size_t size;         /* sizeof(struct dwell_options) */
	const char *path;    /* of the trace; NULL: dwell.trace */
	unsigned flags;      /* enum dwell_start_flags */
	unsigned drain_ms;   /* how often rings are emptied; 0: 10 */
	size_t ring_bytes;   /* of one thread, at most; 0: 1 MiB */
	size_t memory_bytes; /* of all rings; 0: 256 MiB */
	uint64_t stack_ns;   /* waits that last less have no stack; 0: 1000 */
};

/*
 * Begin to record into options->path, by a thread of this process; or, where `dwell record` runs
 * the program (DWELL_SESSION is in the environment), into that recording. options may be NULL. Not
 * from a signal handler.
 *
 * Returns 0, or a negative number: -1 no memory, -2 the file cannot be made (errno), -5 the
 * recorder is of another version, -7 already recording.
 */
int dwell_start(const struct dwell_options *options);

/*
 * Write what is left and close the trace. The threads may go on; they record nothing. The trace has
 * addresses: `dwell convert` finds their functions, files and lines where the files are. Returns 0
 * or what went wrong while recording (as above). Not from a signal handler.
 */
int dwell_stop(void);

/* Write what the flight recorder holds to a new file; it goes on. Not from a signal handler. */
int dwell_snapshot(const char *path);

/* 1 while a recording runs. */
int dwell_recording(void);

/* --- names --- */

/* A text as a number, for use as a name below; the same text has the same number. At most 1024
 * bytes. 0 when nothing is recorded: then it must be asked for again. Takes longer at first. */
uint32_t dwell_text(const char *text);

/* The calling thread is called so from now on. */
void dwell_thread_name(const char *name);

/* --- what a task waits on --- */

/* Why. The numbers are those of the trace format. */
enum dwell_why {
	DWELL_WHY_MUTEX = 1,
	DWELL_WHY_RWLOCK = 2,
	DWELL_WHY_COND = 3,
	DWELL_WHY_SEMAPHORE = 4,
	DWELL_WHY_BARRIER = 5,
	DWELL_WHY_JOIN = 6,
	DWELL_WHY_CHANNEL_SEND = 8,
	DWELL_WHY_CHANNEL_RECEIVE = 9,
	DWELL_WHY_SELECT = 10,
	DWELL_WHY_SLEEP = 11,
	DWELL_WHY_POLL = 12,
	DWELL_WHY_NET = 13,
	DWELL_WHY_FILE = 14,
	DWELL_WHY_PIPE = 15,
	DWELL_WHY_PROCESS = 16,
	DWELL_WHY_GC = 19,
	DWELL_WHY_OTHER = 21
};

enum dwell_what_kind {
	DWELL_WHAT_OTHER = 0,
	DWELL_WHAT_MUTEX = 1,
	DWELL_WHAT_RWLOCK = 2,
	DWELL_WHAT_COND = 3,
	DWELL_WHAT_SEMAPHORE = 4,
	DWELL_WHAT_BARRIER = 5,
	DWELL_WHAT_CHANNEL = 9,
	DWELL_WHAT_POOL = 18
};

/* An object: its kind and its address or number. NULL means: not known. */
void dwell_object_name(enum dwell_what_kind kind, const void *object, uint32_t name);

/* A wait of the calling thread: lies on its stack between begin and end. */
struct dwell_wait_span {
	uint64_t words[8];
};

/* Holder: thread number (tid) of who owns the object, where known, else 0. */
void dwell_wait_begin(struct dwell_wait_span *wait, enum dwell_why why, enum dwell_what_kind kind,
	const void *object, int32_t holder);
/* timed_out: the wait ended by its time limit. */
void dwell_wait_end(struct dwell_wait_span *wait, int timed_out);

/* The running task owns the object from now on; does not any more (and may have woken others). */
void dwell_acquired(enum dwell_what_kind kind, const void *object);
void dwell_released(enum dwell_what_kind kind, const void *object);

/* --- tasks of the program's own: coroutines, jobs --- */

enum dwell_kind { DWELL_KIND_COROUTINE = 3, DWELL_KIND_ASYNC = 4, DWELL_KIND_JOB = 5 };

/* A new task, ready to run. number: the program's own for it, or 0. Returns its id, 0 when nothing
 * is recorded; a task of id 0 may be used, to no effect. */
uint32_t dwell_task_new(enum dwell_kind kind, uint32_t name, uint64_t number);
/* It runs on the calling thread from now on, instead of what ran there. */
void dwell_task_run(uint32_t task);
/* It leaves the calling thread and waits. */
void dwell_task_block(
	uint32_t task, enum dwell_why why, enum dwell_what_kind kind, const void *object);
/* It leaves the calling thread and is ready to run again. */
void dwell_task_yield(uint32_t task);
/* The caller makes it ready. */
void dwell_task_wake(uint32_t task);
/* It has ended. */
void dwell_task_end(uint32_t task);

/* --- what else is worth seeing --- */

/* A moment with a name; with the caller's stack. */
void dwell_mark(uint32_t name);
void dwell_mark_stack(uint32_t name);

/* A stretch of the running task's time. parent: another span, or 0. Returns its id, for end, which
 * may be called from another task. */
uint64_t dwell_span_begin(uint32_t name, uint64_t parent);
void dwell_span_end(uint64_t span);

enum dwell_count_kind { DWELL_COUNT_GAUGE = 1, DWELL_COUNT_SUM = 2, DWELL_COUNT_HISTOGRAM = 3 };

/* A number over time. A value v means v * 10^exponent units. 0 when nothing is recorded. */
uint32_t dwell_counter_new(
	const char *name, const char *unit, enum dwell_count_kind kind, int exponent);
void dwell_count(uint32_t counter, int64_t value);

enum dwell_pool_use { DWELL_POOL_USE_NEW = 1, DWELL_POOL_USE_GET = 2, DWELL_POOL_USE_PUT = 3 };

/* An item of a pool of objects was made, taken, put back. */
void dwell_pool(enum dwell_pool_use use, const void *pool, const void *item);

#ifdef __cplusplus
}
#endif

#endif
