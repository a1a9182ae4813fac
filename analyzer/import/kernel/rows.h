#ifndef DWELL_IMPORT_KERNEL_ROWS_H
#define DWELL_IMPORT_KERNEL_ROWS_H

#include "dwell/error.h"
#include "dwell/sink.h"
#include "import/intern.h"
#include "import/kernel/event.h"
#include "import/perf/tasks.h"

enum { KERNEL_ROWS = 1024, KERNEL_DEPTH = 64, KERNEL_CPUS = 1 << 16 };

/* Regions that a thread's marks opened, innermost last. */
struct kernel_regions {
	uint32_t count;
	uint64_t spans[KERNEL_DEPTH];
};

struct kernel_cpu {
	uint64_t last_ns; /* + 1; 0: the CPU is not defined yet */
	uint64_t lost;    /* records, + 1, that the CPU's next event ends the loss of */
	uint32_t current; /* slot + 1 of who entered last; 0: not known */
};

/* The system call that a thread is in. */
struct kernel_call {
	uint8_t reason; /* enum dwell_reason; 0: it is in none */
	bool seen;      /* it was in one: a program's thread, not one of the kernel */
	uint32_t object;
};

/* Events of the kernel's scheduler, in order of time, become rows. */
struct kernel_rows {
	/* Which events of the trace tell wakes (sched_waking; else sched_wakeup), and that a new
	 * task is runnable (sched_wakeup_new; else its fork). Set before the first event. */
	bool waking, newborn;
	bool calls_told;    /* every system call is told: who is in none, is in the program */
	uint64_t zero_ns;   /* on the events' clock; set before the first event */
	uint64_t last_ns;   /* of the trace */
	uint64_t unsure_ns; /* until when events of some CPU are missing; 0: they are not */

	struct dwell_sink *sink; /* set before each call */
	struct perf_tasks tasks;
	struct import_intern labels, counters;
	struct import_map regions; /* slot to struct kernel_regions * */
	struct import_map async;   /* hash of process, name and cookie to span */
	struct import_map futexes; /* hash of process and address to object */
	uint64_t spans;
	uint32_t objects;
	struct kernel_cpu *cpus;
	struct kernel_call *calls; /* by slot */
	uint32_t call_room;
	struct dwell_event buffer[KERNEL_ROWS];
	size_t count;
	uint64_t ignored, late;
};

/* Anew, whatever it was (all zero at first). DWELL_ENOMEM: release it all the same. */
int kernel_rows_init(struct kernel_rows *rows);
void kernel_rows_release(struct kernel_rows *rows);
/* One event: cpu below KERNEL_CPUS. Its texts need only live for the call. */
int kernel_rows_event(struct kernel_rows *rows, const struct kernel_event *event);
/* `count` (0: it is not known how many) events of this CPU are missing between two moments of the
 * events' clock, of which the first is now. */
int kernel_rows_loss(
	struct kernel_rows *rows, uint32_t cpu, uint64_t from_ns, uint64_t to_ns, uint64_t count);
int kernel_rows_flush(struct kernel_rows *rows);

/* Of rows.c, for the others. */
int kernel_put(struct kernel_rows *rows, const struct dwell_event *row);
/* A thread that an event names, alive; slot 0 where it is idle. */
int kernel_thread(struct kernel_rows *rows, int32_t tid, struct dwell_string comm, uint32_t *slot);

/* calls.c: enters or leaves a system call; forgets all that are open; what slot waits in. */
int kernel_calls_event(struct kernel_rows *rows, const struct kernel_event *event, uint32_t slot);
void kernel_calls_leave(struct kernel_rows *rows, uint32_t slot);
void kernel_calls_forget(struct kernel_rows *rows);
struct kernel_call kernel_calls_of(const struct kernel_rows *rows, uint32_t slot);
/* Why a thread waits in the call of this name. */
enum dwell_reason kernel_call_reason(struct dwell_string name);

/* marks.c: what a program wrote: B|, E, C|, S|, F| as Android's tools do; else a mark. */
int kernel_plain_mark(struct kernel_rows *rows, struct dwell_string text, uint32_t slot);
int kernel_mark(struct kernel_rows *rows, const struct kernel_event *event, uint32_t slot);
void kernel_marks_release(struct kernel_rows *rows);

#endif
