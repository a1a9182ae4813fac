#ifndef DWELL_IMPORT_PERF_TASKS_H
#define DWELL_IMPORT_PERF_TASKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dwell/error.h"
#include "dwell/sink.h"

enum { PERF_COMM = 16 }; /* TASK_COMM_LEN, its NUL included */

/*
 * One slot for each thread number seen. The numbers of dead threads are used again: the slot is
 * then the same, the task is another.
 */
struct perf_slot {
	uint32_t task;    /* its id in the trace; 0: not in it yet */
	uint32_t process; /* slot of its process's first thread; 0: not known */
	uint32_t parent;  /* task */
	uint32_t stack;   /* where it was last said to be switched out (see rows.c) */
	bool born, fresh, exiting, dead;
	uint16_t cpu;        /* it last entered */
	uint32_t process_id; /* of the process whose first thread this is; 0: not defined yet */
	int32_t tid;
	uint64_t created_ns;
	char comm[PERF_COMM];
	char process_name[PERF_COMM];
};

/* What records last said of a slot, as they are read and not in order of time: to notice changes.
 */
struct perf_said {
	char comm[PERF_COMM];
	uint32_t process; /* slot of its process's first thread; 0: not said */
	int32_t pid;      /* the number of that */
	int32_t prio;
	int32_t tid;
};

struct perf_number {
	int32_t tid;
	uint32_t slot; /* 0: free */
};

/*
 * Slot 0 is nobody (and every CPU's idle task); its task is 0. Who reads records knows what was
 * said and the index, who makes rows the slots: another thread, it may be, which is told of new
 * ones.
 */
struct perf_tasks {
	struct perf_slot *slots;
	uint32_t slot_count, slot_room;
	struct perf_said *said;
	uint32_t count, room;
	struct perf_number *index; /* open addressing by tid */
	uint32_t index_size;
	uint32_t tasks, processes; /* ids given */
};

/* DWELL_ENOMEM. */
int perf_tasks_init(struct perf_tasks *tasks);
void perf_tasks_release(struct perf_tasks *tasks);

/* A slot for a thread number that has none. DWELL_ENOMEM, DWELL_ELIMIT. */
int perf_tasks_add(struct perf_tasks *tasks, int32_t tid, uint32_t *out);

/* The next slots, of these numbers; slots of all numbers so far. DWELL_ENOMEM. */
int perf_tasks_append(struct perf_tasks *tasks, const int32_t *tids, size_t count);
int perf_tasks_keep_up(struct perf_tasks *tasks);

/* Where the index has a thread number, or has room for it. */
static inline uint32_t perf_tasks_place(const struct perf_tasks *tasks, int32_t tid)
{
	uint32_t i = ((uint32_t)tid * 0x9e3779b1) >> 7 & (tasks->index_size - 1);

	while (tasks->index[i].slot && tasks->index[i].tid != tid)
		i = (i + 1) & (tasks->index_size - 1);
	return i;
}

/* The slot of a thread number; 0 for numbers below 1. As perf_tasks_add. */
static inline int perf_tasks_slot(struct perf_tasks *tasks, int32_t tid, uint32_t *out)
{
	*out = tid < 1 ? 0 : tasks->index[perf_tasks_place(tasks, tid)].slot;
	return tid < 1 || *out ? DWELL_OK : perf_tasks_add(tasks, tid, out);
}

int perf_tasks_begin(
	struct perf_tasks *tasks, uint32_t slot, uint64_t time_ns, struct dwell_sink *sink);

/* A record names the task: a new life where the last one has ended, defined to the sink. */
static inline int perf_tasks_live(
	struct perf_tasks *tasks, uint32_t slot, uint64_t time_ns, struct dwell_sink *sink)
{
	const struct perf_slot *self = &tasks->slots[slot];

	if (!slot || (self->task && !self->dead))
		return DWELL_OK;
	return perf_tasks_begin(tasks, slot, time_ns, sink);
}

/* Facts about a slot's task, which is told again where it is defined. */
int perf_tasks_name(struct perf_tasks *tasks, uint32_t slot, const char comm[PERF_COMM],
	struct dwell_sink *sink);
int perf_tasks_belong(
	struct perf_tasks *tasks, uint32_t slot, uint32_t process, struct dwell_sink *sink);

/* parent made the slot's task: forget who had its number. */
void perf_tasks_fork(struct perf_tasks *tasks, uint32_t slot, uint32_t parent, uint32_t process);

#endif
