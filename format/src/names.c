#include <stddef.h>

#include "dwell/event.h"
#include "dwell/types.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Every word once, at its number; a number without a word gives NULL. */
#define NAME_FUNCTION(function, table)                                                             \
	const char *function(unsigned number)                                                      \
	{                                                                                          \
		return number < COUNT(table) ? (table)[number] : NULL;                             \
	}

static const char *const states[] = {
	[DWELL_UNKNOWN] = "unknown",
	[DWELL_RUNNING] = "running",
	[DWELL_RUNNABLE] = "runnable",
	[DWELL_BLOCKED] = "blocked",
	[DWELL_EXITED] = "exited",
};

static const char *const reasons[] = {
	[DWELL_REASON_MUTEX] = "mutex",
	[DWELL_REASON_RWLOCK] = "rwlock",
	[DWELL_REASON_COND] = "cond",
	[DWELL_REASON_SEMAPHORE] = "semaphore",
	[DWELL_REASON_BARRIER] = "barrier",
	[DWELL_REASON_JOIN] = "join",
	[DWELL_REASON_FUTEX] = "futex",
	[DWELL_REASON_CHANNEL_SEND] = "channel-send",
	[DWELL_REASON_CHANNEL_RECEIVE] = "channel-receive",
	[DWELL_REASON_SELECT] = "select",
	[DWELL_REASON_SLEEP] = "sleep",
	[DWELL_REASON_POLL] = "poll",
	[DWELL_REASON_NET] = "net",
	[DWELL_REASON_FILE] = "file",
	[DWELL_REASON_PIPE] = "pipe",
	[DWELL_REASON_PROCESS] = "process",
	[DWELL_REASON_SIGNAL] = "signal",
	[DWELL_REASON_PAGE_FAULT] = "page-fault",
	[DWELL_REASON_GC] = "gc",
	[DWELL_REASON_SYSCALL] = "syscall",
	[DWELL_REASON_OTHER] = "other",
};

static const char *const task_kinds[] = {
	[DWELL_TASK_THREAD] = "thread",
	[DWELL_TASK_GOROUTINE] = "goroutine",
	[DWELL_TASK_COROUTINE] = "coroutine",
	[DWELL_TASK_ASYNC] = "async",
	[DWELL_TASK_JOB] = "job",
};

static const char *const executor_kinds[] = {
	[DWELL_EXECUTOR_CPU] = "cpu",
	[DWELL_EXECUTOR_WORKER] = "worker",
	[DWELL_EXECUTOR_P] = "p",
};

static const char *const object_kinds[] = {
	[DWELL_OBJECT_OTHER] = "other",
	[DWELL_OBJECT_MUTEX] = "mutex",
	[DWELL_OBJECT_RWLOCK] = "rwlock",
	[DWELL_OBJECT_COND] = "cond",
	[DWELL_OBJECT_SEMAPHORE] = "semaphore",
	[DWELL_OBJECT_BARRIER] = "barrier",
	[DWELL_OBJECT_SPINLOCK] = "spinlock",
	[DWELL_OBJECT_ONCE] = "once",
	[DWELL_OBJECT_FUTEX] = "futex",
	[DWELL_OBJECT_CHANNEL] = "channel",
	[DWELL_OBJECT_FILE] = "file",
	[DWELL_OBJECT_PIPE] = "pipe",
	[DWELL_OBJECT_SOCKET] = "socket",
	[DWELL_OBJECT_EPOLL] = "epoll",
	[DWELL_OBJECT_EVENTFD] = "eventfd",
	[DWELL_OBJECT_TIMER] = "timer",
	[DWELL_OBJECT_PROCESS] = "process",
	[DWELL_OBJECT_THREAD] = "thread",
	[DWELL_OBJECT_POOL] = "pool",
	[DWELL_OBJECT_TERMINAL] = "terminal",
};

static const char *const span_kinds[] = {
	[DWELL_SPAN_REGION] = "region",
	[DWELL_SPAN_REQUEST] = "request",
	[DWELL_SPAN_GC_CYCLE] = "gc-cycle",
	[DWELL_SPAN_WORLD_PAUSE] = "world-pause",
	[DWELL_SPAN_GC_ASSIST] = "gc-assist",
	[DWELL_SPAN_GC_SWEEP] = "gc-sweep",
};

static const char *const sample_kinds[] = {
	[DWELL_SAMPLE_CPU] = "cpu",
	[DWELL_SAMPLE_ALLOC] = "alloc",
	[DWELL_SAMPLE_FREE] = "free",
};

static const char *const pool_ops[] = {
	[DWELL_POOL_NEW] = "new",
	[DWELL_POOL_GET] = "get",
	[DWELL_POOL_PUT] = "put",
};

static const char *const counter_kinds[] = {
	[DWELL_COUNTER_GAUGE] = "gauge",
	[DWELL_COUNTER_SUM] = "sum",
	[DWELL_COUNTER_HISTOGRAM] = "histogram",
};

static const char *const loss_causes[] = {
	[DWELL_LOSS_FULL] = "full",
	[DWELL_LOSS_OVERWRITTEN] = "overwritten",
	[DWELL_LOSS_KERNEL] = "kernel",
	[DWELL_LOSS_CORRUPT] = "corrupt",
	[DWELL_LOSS_CUT] = "cut",
	[DWELL_LOSS_LIMIT] = "limit",
	[DWELL_LOSS_MISSING] = "missing",
};

static const char *const causes[] = {
	[DWELL_CAUSE_WAKE] = "wake",
	[DWELL_CAUSE_PREEMPTED] = "preempted",
	[DWELL_CAUSE_CREATED] = "created",
};

static const char *const levels[] = { "program", "switches", "run-delay", "scheduler", "reasons",
	"runtime", "stacks", "all-locks" };

static const char *const event_kinds[] = {
	[DWELL_EVENT_SWITCH] = "switch",
	[DWELL_EVENT_WAKE] = "wake",
	[DWELL_EVENT_STATE] = "state",
	[DWELL_EVENT_CREATE] = "create",
	[DWELL_EVENT_EXIT] = "exit",
	[DWELL_EVENT_WAIT_BEGIN] = "wait-begin",
	[DWELL_EVENT_WAIT_END] = "wait-end",
	[DWELL_EVENT_ACQUIRE] = "acquire",
	[DWELL_EVENT_RELEASE] = "release",
	[DWELL_EVENT_SPAN_BEGIN] = "span-begin",
	[DWELL_EVENT_SPAN_END] = "span-end",
	[DWELL_EVENT_MARK] = "mark",
	[DWELL_EVENT_COUNTER] = "counter",
	[DWELL_EVENT_SAMPLE] = "sample",
	[DWELL_EVENT_POOL] = "pool",
	[DWELL_EVENT_LOSS] = "loss",
	[DWELL_EVENT_CARRY] = "carry",
	[DWELL_EVENT_PRIORITY] = "priority",
};

NAME_FUNCTION(dwell_state_name, states)
NAME_FUNCTION(dwell_reason_name, reasons)
NAME_FUNCTION(dwell_task_kind_name, task_kinds)
NAME_FUNCTION(dwell_executor_kind_name, executor_kinds)
NAME_FUNCTION(dwell_object_kind_name, object_kinds)
NAME_FUNCTION(dwell_span_kind_name, span_kinds)
NAME_FUNCTION(dwell_sample_kind_name, sample_kinds)
NAME_FUNCTION(dwell_pool_op_name, pool_ops)
NAME_FUNCTION(dwell_counter_kind_name, counter_kinds)
NAME_FUNCTION(dwell_loss_cause_name, loss_causes)
NAME_FUNCTION(dwell_cause_name, causes)
NAME_FUNCTION(dwell_event_kind_name, event_kinds)

const char *dwell_level_name(unsigned level_bit)
{
	for (unsigned i = 0; i < COUNT(levels); i++)
		if (level_bit == 1u << i)
			return levels[i];
	return NULL;
}
