#ifndef DWELL_ANALYSIS_ACTIVE_H
#define DWELL_ANALYSIS_ACTIVE_H

#include "analysis/fold.h"

/*
 * How long each process left CPUs unused: while fewer of its tasks ran or were ready than there
 * are CPUs for it. Follows the rows as they come, without hindsight.
 */
struct active_process {
	uint64_t since_ns;  /* of that number */
	uint64_t unused_ns; /* until then */
	uint32_t active;    /* tasks that run or are ready */
	bool known;
};

struct active {
	struct dwell_catalog *catalog;
	struct table processes; /* struct active_process */
	uint32_t cpus;          /* 0: not known */
	uint32_t executors;     /* of which cpus was counted */
	uint64_t begin_ns, now_ns;
};

/* Of a task; all zero: not met. Kept by who follows the tasks. */
struct active_task {
	struct active_process *process;
	uint64_t left_ns; /* of the process's unused time when the task began to wait */
	bool active;
};

void active_init(struct active *active, const struct model *model);
void active_release(struct active *active);
void active_begin(struct active *active, uint64_t time_ns);
/* Before the rows of a batch: executors may have been defined. */
void active_batch(struct active *active);
/* 0 or DWELL_ENOMEM. */
int active_meet(struct active *active, uint32_t id, struct active_task *task);

static inline void active_now(struct active *active, uint64_t now_ns)
{
	active->now_ns = now_ns > active->now_ns ? now_ns : active->now_ns;
}

static inline uint64_t active_unused_by(
	const struct active *active, const struct active_process *process)
{
	return process->unused_ns +
	       (process->active < active->cpus ? active->now_ns - process->since_ns : 0);
}

/* Task `id` is ready or runs from now on, or not. 0 or DWELL_ENOMEM. */
static inline int active_set(
	struct active *active, uint32_t id, struct active_task *task, bool is_active)
{
	struct active_process *process = task->process;

	if (!process && active_meet(active, id, task))
		return DWELL_ENOMEM;
	if (task->active == is_active)
		return DWELL_OK;
	process = task->process;
	process->unused_ns = active_unused_by(active, process);
	process->since_ns = active->now_ns;
	process->active += is_active ? 1 : UINT32_MAX;
	task->left_ns = is_active ? task->left_ns : process->unused_ns;
	task->active = is_active;
	return DWELL_OK;
}

/* It begins to wait, whatever its state. 0 or DWELL_ENOMEM. */
int active_wait(struct active *active, uint32_t id, struct active_task *task);

/* The unused time of its process since the task, which was met, began to wait; at most ns. */
static inline uint64_t active_unused(
	const struct active *active, const struct active_task *task, uint64_t ns)
{
	const uint64_t spent = active_unused_by(active, task->process) - task->left_ns;

	return spent < ns ? spent : ns;
}

#endif
