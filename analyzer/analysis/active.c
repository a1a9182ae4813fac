/* How long each process left CPUs unused. */
#include "analysis/active.h"

void active_init(struct active *active, const struct model *model)
{
	*active = (struct active){
		.catalog = model->catalog,
		.processes = { .item = sizeof(struct active_process) },
	};
}

void active_release(struct active *active)
{
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

int active_meet(struct active *active, uint32_t id, struct active_task *task)
{
	const struct dwell_catalog_task *known = dwell_catalog_task(active->catalog, id);
	struct active_process *process = table_make(&active->processes, known ? known->process : 0);

	if (!process)
		return DWELL_ENOMEM;
	task->process = process;
	if (!process->known) {
		process->known = true;
		process->since_ns = active->begin_ns;
	}
	return DWELL_OK;
}

void active_begin(struct active *active, uint64_t time_ns)
{
	active->begin_ns = time_ns;
	active->now_ns = time_ns;
	count_cpus(active);
}

/* What was unused so far was by the number of CPUs that was known. */
void active_batch(struct active *active)
{
	if (active->executors == dwell_catalog_executors(active->catalog))
		return;
	for (uint32_t id = 0; id < active->processes.end; id++) {
		struct active_process *process = table_get(&active->processes, id);

		if (!process || !process->known)
			continue;
		process->unused_ns = active_unused_by(active, process);
		process->since_ns = active->now_ns;
	}
	count_cpus(active);
}

int active_wait(struct active *active, uint32_t id, struct active_task *task)
{
	if (!task->process && active_meet(active, id, task))
		return DWELL_ENOMEM;
	task->left_ns = active_unused_by(active, task->process);
	return DWELL_OK;
}
