#ifndef DWELL_TYPES_H
#define DWELL_TYPES_H

#include <stdint.h>

/*
 * The words of a trace: what the fields of events and definitions may hold.
 * Header only; nothing to link. The numbers are those of docs/format.md and
 * never change their meaning; new ones are added at the end.
 *
 * Times and durations are nanoseconds on the trace's clock, whose zero is the
 * start of the trace. Identifiers of tasks, executors, objects, stacks, locations,
 * labels, counters and processes are given by the source of a trace, are
 * unique in it for their kind, and are 1 or more: 0 means "none" or "not known".
 */

enum { DWELL_NONE = 0 };

/* Stands for the end of time where an interval has no end yet. */
#define DWELL_FOREVER UINT64_MAX

enum dwell_state {
	DWELL_STATE_SAME = 0, /* in an event: does not say; never the state of a task */
	DWELL_UNKNOWN = 1,    /* the recorder cannot tell */
	DWELL_RUNNING = 2,
	DWELL_RUNNABLE = 3, /* ready, waiting for an executor */
	DWELL_BLOCKED = 4,  /* on a reason, maybe on an object */
	DWELL_EXITED = 5,
	DWELL_STATE_COUNT
};

enum dwell_reason {
	DWELL_REASON_NONE = 0,
	DWELL_REASON_MUTEX,
	DWELL_REASON_RWLOCK,
	DWELL_REASON_COND,
	DWELL_REASON_SEMAPHORE,
	DWELL_REASON_BARRIER,
	DWELL_REASON_JOIN,
	DWELL_REASON_FUTEX,
	DWELL_REASON_CHANNEL_SEND,
	DWELL_REASON_CHANNEL_RECEIVE,
	DWELL_REASON_SELECT,
	DWELL_REASON_SLEEP,
	DWELL_REASON_POLL,
	DWELL_REASON_NET,
	DWELL_REASON_FILE,
	DWELL_REASON_PIPE,
	DWELL_REASON_PROCESS,
	DWELL_REASON_SIGNAL,
	DWELL_REASON_PAGE_FAULT,
	DWELL_REASON_GC,
	DWELL_REASON_SYSCALL,
	DWELL_REASON_OTHER,
	DWELL_REASON_COUNT
};

enum dwell_task_kind {
	DWELL_TASK_THREAD = 1,
	DWELL_TASK_GOROUTINE,
	DWELL_TASK_COROUTINE,
	DWELL_TASK_ASYNC,
	DWELL_TASK_JOB,
	DWELL_TASK_KIND_COUNT
};

enum dwell_executor_kind {
	DWELL_EXECUTOR_CPU = 1,
	DWELL_EXECUTOR_WORKER, /* a thread that runs coroutines or jobs */
	DWELL_EXECUTOR_P,      /* Go's P */
	DWELL_EXECUTOR_KIND_COUNT
};

enum dwell_object_kind {
	DWELL_OBJECT_OTHER = 0,
	DWELL_OBJECT_MUTEX,
	DWELL_OBJECT_RWLOCK,
	DWELL_OBJECT_COND,
	DWELL_OBJECT_SEMAPHORE,
	DWELL_OBJECT_BARRIER,
	DWELL_OBJECT_SPINLOCK,
	DWELL_OBJECT_ONCE,
	DWELL_OBJECT_FUTEX,
	DWELL_OBJECT_CHANNEL,
	DWELL_OBJECT_FILE,
	DWELL_OBJECT_PIPE,
	DWELL_OBJECT_SOCKET,
	DWELL_OBJECT_EPOLL,
	DWELL_OBJECT_EVENTFD,
	DWELL_OBJECT_TIMER,
	DWELL_OBJECT_PROCESS, /* a child waited for */
	DWELL_OBJECT_THREAD,  /* a thread joined */
	DWELL_OBJECT_POOL,
	DWELL_OBJECT_TERMINAL,
	DWELL_OBJECT_KIND_COUNT
};

enum dwell_span_kind {
	DWELL_SPAN_REGION = 1, /* nested in one task */
	DWELL_SPAN_REQUEST,    /* may begin and end in different tasks */
	DWELL_SPAN_GC_CYCLE,
	DWELL_SPAN_WORLD_PAUSE, /* stop-the-world */
	DWELL_SPAN_GC_ASSIST,
	DWELL_SPAN_GC_SWEEP,
	DWELL_SPAN_KIND_COUNT
};

enum dwell_sample_kind {
	DWELL_SAMPLE_CPU = 1, /* value: nanoseconds it stands for */
	DWELL_SAMPLE_ALLOC,   /* value: bytes it stands for */
	DWELL_SAMPLE_FREE,
	DWELL_SAMPLE_KIND_COUNT
};

enum dwell_pool_op { DWELL_POOL_NEW = 1, DWELL_POOL_GET, DWELL_POOL_PUT, DWELL_POOL_OP_COUNT };

enum dwell_counter_kind {
	DWELL_COUNTER_GAUGE = 1,
	DWELL_COUNTER_SUM,       /* monotonic: value is the total so far */
	DWELL_COUNTER_HISTOGRAM, /* each value is one observation */
	DWELL_COUNTER_KIND_COUNT
};

enum dwell_loss_cause {
	DWELL_LOSS_FULL = 1, /* a ring was full and refused records */
	DWELL_LOSS_OVERWRITTEN,
	DWELL_LOSS_KERNEL,  /* the kernel said that it dropped records */
	DWELL_LOSS_CORRUPT, /* a damaged part of a file was skipped */
	DWELL_LOSS_CUT,     /* the file ends early */
	DWELL_LOSS_LIMIT,   /* a limit of the recorder was reached */
	DWELL_LOSS_MISSING, /* events contradict each other: some are missing */
	DWELL_LOSS_CAUSE_COUNT
};

/* How a task came to be runnable: the cause of a latency. */
enum dwell_cause {
	DWELL_CAUSE_NONE = 0,
	DWELL_CAUSE_WAKE,
	DWELL_CAUSE_PREEMPTED, /* or it yielded */
	DWELL_CAUSE_CREATED,
	DWELL_CAUSE_COUNT
};

/* Levels of sight (docs/architecture.md): bits of dwell_trace_info.levels. */
enum dwell_level {
	DWELL_LEVEL_PROGRAM = 1 << 0,   /* waits of the program, by itself or by preload */
	DWELL_LEVEL_SWITCHES = 1 << 1,  /* on and off CPU, preemptions; no wakes */
	DWELL_LEVEL_RUN_DELAY = 1 << 2, /* runnable part of long waits, from schedstat */
	DWELL_LEVEL_SCHEDULER = 1 << 3, /* switches and wakes of the whole machine */
	DWELL_LEVEL_REASONS = 1 << 4,   /* system call and object of kernel-seen waits */
	DWELL_LEVEL_RUNTIME = 1 << 5,   /* a runtime's own tracer: Go, Tokio */
	DWELL_LEVEL_STACKS = 1 << 6,
	DWELL_LEVEL_ALL_LOCKS = 1 << 7 /* every acquire and release, contended or not */
};

/* Names used in text and JSON; NULL for a number that has none. */
const char *dwell_state_name(unsigned state);
const char *dwell_reason_name(unsigned reason);
const char *dwell_task_kind_name(unsigned kind);
const char *dwell_executor_kind_name(unsigned kind);
const char *dwell_object_kind_name(unsigned kind);
const char *dwell_span_kind_name(unsigned kind);
const char *dwell_sample_kind_name(unsigned kind);
const char *dwell_pool_op_name(unsigned op);
const char *dwell_counter_kind_name(unsigned kind);
const char *dwell_loss_cause_name(unsigned cause);
const char *dwell_cause_name(unsigned cause);
const char *dwell_level_name(unsigned level_bit);

#endif
