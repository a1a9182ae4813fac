/* Thread numbers to tasks and processes. */
#include "import/perf/tasks.h"

#include <stdlib.h>
#include <string.h>

#include "dwell/error.h"
#include "dwell/limits.h"

enum { FIRST_ROOM = 256 };

int perf_tasks_init(struct perf_tasks *tasks)
{
	*tasks = (struct perf_tasks){
		.room = FIRST_ROOM, .slot_room = FIRST_ROOM, .index_size = 2 * FIRST_ROOM
	};
	tasks->slots = calloc(tasks->slot_room, sizeof(*tasks->slots));
	tasks->said = calloc(tasks->room, sizeof(*tasks->said));
	tasks->index = calloc(tasks->index_size, sizeof(*tasks->index));
	tasks->count = tasks->slot_count = 1;
	return tasks->slots && tasks->said && tasks->index ? DWELL_OK : DWELL_ENOMEM;
}

void perf_tasks_release(struct perf_tasks *tasks)
{
	free(tasks->slots);
	free(tasks->said);
	free(tasks->index);
	*tasks = (struct perf_tasks){ .slots = NULL };
}

static int grow(struct perf_tasks *tasks)
{
	if (tasks->room >= DWELL_MAX_TASKS)
		return DWELL_ELIMIT;

	struct perf_said *said = realloc(tasks->said, 2 * (size_t)tasks->room * sizeof(*said));
	if (!said)
		return DWELL_ENOMEM;
	tasks->said = said;

	struct perf_number *index = calloc(2 * (size_t)tasks->index_size, sizeof(*index));
	if (!index)
		return DWELL_ENOMEM;
	free(tasks->index);
	tasks->index = index;
	tasks->room *= 2;
	tasks->index_size *= 2;
	for (uint32_t i = 1; i < tasks->count; i++)
		tasks->index[perf_tasks_place(tasks, said[i].tid)] =
			(struct perf_number){ said[i].tid, i };
	return DWELL_OK;
}

int perf_tasks_append(struct perf_tasks *tasks, const int32_t *tids, size_t count)
{
	while (tasks->slot_room < tasks->slot_count + count) {
		struct perf_slot *slots =
			realloc(tasks->slots, 2 * (size_t)tasks->slot_room * sizeof(*slots));

		if (!slots)
			return DWELL_ENOMEM;
		tasks->slots = slots;
		tasks->slot_room *= 2;
	}
	for (size_t i = 0; i < count; i++)
		tasks->slots[tasks->slot_count++] = (struct perf_slot){ .tid = tids[i] };
	return DWELL_OK;
}

int perf_tasks_keep_up(struct perf_tasks *tasks)
{
	int err = DWELL_OK;

	while (tasks->slot_count < tasks->count && !err)
		err = perf_tasks_append(tasks, &tasks->said[tasks->slot_count].tid, 1);
	return err;
}

int perf_tasks_add(struct perf_tasks *tasks, int32_t tid, uint32_t *out)
{
	if (tasks->count == tasks->room) {
		const int err = grow(tasks);

		if (err)
			return err;
	}
	tasks->said[tasks->count] = (struct perf_said){ .prio = INT32_MIN, .tid = tid };
	tasks->index[perf_tasks_place(tasks, tid)] = (struct perf_number){ tid, tasks->count };
	*out = tasks->count++;
	return DWELL_OK;
}

static struct dwell_string comm_string(const char comm[PERF_COMM])
{
	return (struct dwell_string){ comm, strnlen(comm, PERF_COMM) };
}

static int tell_process(struct perf_tasks *tasks, struct perf_slot *leader, struct dwell_sink *sink)
{
	const struct dwell_process process = {
		.id = leader->process_id,
		.pid = leader->tid,
		.name = comm_string(leader->process_name),
	};

	(void)tasks;
	return sink->ops->process ? sink->ops->process(sink, &process) : DWELL_OK;
}

/* The id of the task's process, which is defined if it is not yet. */
static int process_of(struct perf_tasks *tasks, const struct perf_slot *slot,
	struct dwell_sink *sink, uint32_t *out)
{
	struct perf_slot *leader = &tasks->slots[slot->process];

	*out = 0;
	if (!slot->process)
		return DWELL_OK;
	if (leader->process_id) {
		*out = leader->process_id;
		return DWELL_OK;
	}
	leader->process_id = ++tasks->processes;
	*out = leader->process_id;
	/* Of a first thread that no record names, the name is that of the thread that one does. */
	memcpy(leader->process_name, *leader->comm ? leader->comm : slot->comm, PERF_COMM);
	return tell_process(tasks, leader, sink);
}

static int tell_task(
	struct perf_tasks *tasks, const struct perf_slot *slot, struct dwell_sink *sink)
{
	struct dwell_task task = {
		.id = slot->task,
		.parent = slot->parent,
		.kind = DWELL_TASK_THREAD,
		.born = slot->born,
		.tid = slot->tid,
		.created_ns = slot->created_ns,
		.name = comm_string(slot->comm),
	};
	const int err = process_of(tasks, slot, sink, &task.process);

	if (err)
		return err;
	return sink->ops->task ? sink->ops->task(sink, &task) : DWELL_OK;
}

int perf_tasks_begin(
	struct perf_tasks *tasks, uint32_t slot, uint64_t time_ns, struct dwell_sink *sink)
{
	struct perf_slot *self = &tasks->slots[slot];

	if (tasks->tasks == DWELL_MAX_TASKS)
		return DWELL_ELIMIT;
	if (self->dead) { /* its fork was not seen */
		self->parent = 0;
		self->born = self->fresh = self->exiting = false;
		self->dead = false;
	}
	self->task = ++tasks->tasks;
	self->created_ns = time_ns;
	return tell_task(tasks, self, sink);
}

int perf_tasks_name(struct perf_tasks *tasks, uint32_t slot, const char comm[PERF_COMM],
	struct dwell_sink *sink)
{
	struct perf_slot *self = &tasks->slots[slot];
	int err = DWELL_OK;

	if (!slot || !strncmp(self->comm, comm, PERF_COMM))
		return DWELL_OK;
	memcpy(self->comm, comm, PERF_COMM);
	if (self->process_id) { /* a first thread is called as its process */
		memcpy(self->process_name, comm, PERF_COMM);
		err = tell_process(tasks, self, sink);
	}
	if (err || !self->task || self->dead)
		return err;
	return tell_task(tasks, self, sink);
}

int perf_tasks_belong(
	struct perf_tasks *tasks, uint32_t slot, uint32_t process, struct dwell_sink *sink)
{
	struct perf_slot *self = &tasks->slots[slot];

	if (!slot || self->process == process)
		return DWELL_OK;
	self->process = process;
	if (!self->task || self->dead)
		return DWELL_OK;
	return tell_task(tasks, self, sink);
}

void perf_tasks_fork(struct perf_tasks *tasks, uint32_t slot, uint32_t parent, uint32_t process)
{
	struct perf_slot *self = &tasks->slots[slot];
	const struct perf_slot *maker = &tasks->slots[parent];

	if (process)
		self->process = process;
	if (self->process == slot)
		self->process_id = 0;
	if (*maker->comm)
		memcpy(self->comm, maker->comm, PERF_COMM);
	self->parent = maker->dead ? 0 : maker->task;
	self->task = 0;
	self->dead = self->exiting = false;
	self->born = self->fresh = true;
}
