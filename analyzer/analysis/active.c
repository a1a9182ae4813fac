/* How long each process left CPUs unused. */
#include "analysis/active.h"

struct active_process {
	uint32_t active;    /* tasks that run or are ready */
	uint64_t since_ns;  /* of that number */
	uint64_t unused_ns; /* until then */
	bool known;
};

void active_init(struct active *active, const struct model *model)
{
	*active = (struct active){
		.catalog = model->catalog,
		.tasks = { .item = sizeof(struct active_task) },
		.processes = { .item = sizeof(struct active_process) },
	};
}

void active_release(struct active *active)
{
	table_release(&active->tasks);
	table_release(&active->processes);
}

/* The CPUs, else the Ps, that are known so far. */
static void count_cpus(struct active *active)
{
	uint32_t cpus = 0, others = 0;

	for (uint32_t id = 1; id < dwell_catalog_executors(active->catalog); id++) {
		const struct dwell_catalog_executor *executor =
			dwell_catalog_executor(active->catalog, id);

		cpus += executor && executor->kind == DWELL_EXECUTOR_CPU;
		others += executor && executor->kind == DWELL_EXECUTOR_P;
	}
	active->cpus = cpus ? cpus : others;
	active->executors = dwell_catalog_executors(active->catalog);
}

static struct active_task *meet_task(struct active *active, uint32_t id)
{
	const struct dwell_catalog_task *known = dwell_catalog_task(active->catalog, id);
	struct active_task *task = table_make(&active->tasks, id);
	struct active_process *process =
		task ? table_make(&active->processes, known ? known->process : 0) : NULL;

	if (!process)
		return NULL;
	task->known = true;
	task->process = known ? known->process : 0;
	if (!process->known) {
		process->known = true;
		process->since_ns = active->begin_ns;
	}
	return task;
}

static inline struct active_task *task_of(struct active *active, uint32_t id)
{
	struct active_task *task = table_get(&active->tasks, id);

	return task && task->known ? task : meet_task(active, id);
}

/* Of a task that is known. */
static inline struct active_process *process_of(
	const struct active *active, const struct active_task *task)
{
	return table_get(&active->processes, task->process);
}

static inline uint64_t unused(const struct active *active, const struct active_process *process)
{
	return process->unused_ns +
	       (process->active < active->cpus ? active->now_ns - process->since_ns : 0);
}

/* Without branches on what changes: it could not be foreseen. */
static inline int set(struct active *active, uint32_t id, bool now)
{
	struct active_task *task = id ? task_of(active, id) : NULL;
	struct active_process *process = task ? process_of(active, task) : NULL;

	if (!process)
		return id ? DWELL_ENOMEM : DWELL_OK;
	process->unused_ns = unused(active, process);
	process->since_ns = active->now_ns;
	process->active += (uint32_t)now - (uint32_t)task->active;
	task->left_ns = task->active && !now ? process->unused_ns : task->left_ns;
	task->active = now;
	return DWELL_OK;
}

static int begin_wait(struct active *active, uint32_t id)
{
	struct active_task *task = id ? task_of(active, id) : NULL;
	struct active_process *process = task ? process_of(active, task) : NULL;

	if (!process)
		return id ? DWELL_ENOMEM : DWELL_OK;
	task->left_ns = unused(active, process);
	return DWELL_OK;
}

int active_begin(struct active *active, const struct fold_start *start)
{
	int err = DWELL_OK;

	active->begin_ns = start->time_ns;
	active->now_ns = start->time_ns;
	count_cpus(active);
	for (size_t i = 0; i < start->count && !err; i++) {
		const struct dwell_task_state *state = &start->keyframe[i];

		if (!state->lost_ns &&
			(state->state == DWELL_RUNNING || state->state == DWELL_RUNNABLE))
			err = set(active, state->task, true);
	}
	return err;
}

void active_batch(struct active *active)
{
	if (active->executors != dwell_catalog_executors(active->catalog))
		count_cpus(active);
}

int active_event(struct active *active, const struct dwell_event *event)
{
	int err;

	if (event->time_ns > active->now_ns)
		active->now_ns = event->time_ns;
	switch (event->kind) {
	case DWELL_EVENT_SWITCH:
		err = set(active, event->task, event->state == DWELL_RUNNABLE);
		return err ? err : set(active, event->peer, true);
	case DWELL_EVENT_WAKE:
		return event->state == DWELL_STATE_SAME ? DWELL_OK : set(active, event->task, true);
	case DWELL_EVENT_WAIT_BEGIN:
		if (event->state == DWELL_BLOCKED)
			return set(active, event->task, false);
		return begin_wait(active, event->task);
	case DWELL_EVENT_WAIT_END:
		return event->state == DWELL_RUNNING ? set(active, event->task, true) : DWELL_OK;
	case DWELL_EVENT_EXIT:
		return set(active, event->task, false);
	case DWELL_EVENT_STATE:
	case DWELL_EVENT_CREATE:
		return set(active, event->task,
			event->state == DWELL_RUNNABLE || event->state == DWELL_RUNNING);
	default:
		return DWELL_OK;
	}
}

uint64_t active_unused(struct active *active, uint32_t id, uint64_t ns)
{
	const struct active_task *task = task_of(active, id);
	const struct active_process *process = task ? process_of(active, task) : NULL;
	const uint64_t spent = process ? unused(active, process) - task->left_ns : 0;

	return spent < ns ? spent : ns;
}
