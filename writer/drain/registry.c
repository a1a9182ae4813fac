#include "registry_private.h"

#include <stdlib.h>
#include <string.h>

#include "dwell/error.h"
#include "dwell/limits.h"

int dwell_registry_new(struct dwell_registry **out, struct dwell_sink *sink)
{
	struct dwell_registry *registry = calloc(1, sizeof(*registry));

	if (!registry)
		return DWELL_ENOMEM;
	registry->sink = sink;
	*out = registry;
	return 0;
}

void dwell_registry_free(struct dwell_registry *registry)
{
	if (!registry)
		return;
	for (uint32_t i = 0; i < registry->processes.count; i++) {
		free(registry->process[i].name.at);
		free(registry->process[i].command.at);
	}
	for (uint32_t i = 0; i < registry->tasks.count; i++)
		free(registry->task[i].name.at);
	free(registry->process);
	free(registry->task);
	free(registry->object);
	free(registry->mapping);
	free(registry->location);
	dwell_map_release(&registry->by_pid);
	dwell_map_release(&registry->by_tid);
	dwell_map_release(&registry->by_cpu);
	dwell_map_release(&registry->by_object);
	dwell_map_release(&registry->by_address);
	dwell_map_release(&registry->by_stack);
	dwell_map_release(&registry->by_label);
	dwell_map_release(&registry->by_counter);
	dwell_map_release(&registry->last_mapping);
	free(registry);
}

int dwell_registry_error(const struct dwell_registry *registry)
{
	return registry->error;
}

void dwell_registry_note(struct dwell_registry *registry, int err)
{
	if (err < 0 && registry->error == 0)
		registry->error = err;
}

bool dwell_registry_grow(
	void **array, struct dwell_registry_count *count, size_t size, uint32_t most)
{
	uint32_t room;
	void *larger;

	if (count->count >= most)
		return false;
	if (count->count < count->room)
		return true;
	room = count->room ? count->room * 2 : 64;
	larger = realloc(*array, room * size);
	if (!larger)
		return false;
	memset((char *)larger + (size_t)count->room * size, 0, (room - count->room) * size);
	*array = larger;
	count->room = room;
	return true;
}

bool dwell_registry_keep(struct dwell_registry_text *text, struct dwell_string value)
{
	char *copy;

	if (value.size == 0 ||
		(value.size == text->size && memcmp(value.at, text->at, value.size) == 0))
		return false;
	copy = malloc(value.size);
	if (!copy)
		return false;
	memcpy(copy, value.at, value.size);
	free(text->at);
	text->at = copy;
	text->size = value.size;
	return true;
}

static struct dwell_string string_of(const struct dwell_registry_text *text)
{
	return (struct dwell_string){ text->at, text->size };
}

/* --- processes --- */

static void define_process(struct dwell_registry *registry, uint32_t id)
{
	const struct registry_process *p = &registry->process[id - 1];
	struct dwell_process definition = {
		.id = id,
		.parent = p->parent,
		.pid = p->pid,
		.name = string_of(&p->name),
		.command = string_of(&p->command),
		.recorded = p->recorded,
	};

	if (registry->sink->ops->process)
		dwell_registry_note(
			registry, registry->sink->ops->process(registry->sink, &definition));
}

uint32_t dwell_registry_process(struct dwell_registry *registry, int64_t pid)
{
	uint32_t id = dwell_map_get(&registry->by_pid, (uint64_t)pid, 0);

	if (id != 0)
		return id;
	if (!dwell_registry_grow((void **)&registry->process, &registry->processes,
		    sizeof(*registry->process), DWELL_MAX_PROCESSES))
		return 0;
	id = ++registry->processes.count;
	registry->process[id - 1].pid = pid;
	dwell_registry_note(registry, dwell_map_set(&registry->by_pid, (uint64_t)pid, 0, id));
	define_process(registry, id);
	return id;
}

void dwell_registry_describe_process(struct dwell_registry *registry, uint32_t process,
	uint32_t parent, struct dwell_string name, struct dwell_string command)
{
	struct registry_process *p;
	bool changed;

	if (process == 0 || process > registry->processes.count ||
		registry->process[process - 1].ended)
		return;
	p = &registry->process[process - 1];
	changed = dwell_registry_keep(&p->name, name);
	changed |= dwell_registry_keep(&p->command, command);
	if (parent != 0 && parent != process && p->parent == 0) {
		p->parent = parent;
		changed = true;
	}
	if (changed)
		define_process(registry, process);
}

void dwell_registry_record_process(struct dwell_registry *registry, uint32_t process)
{
	if (process == 0 || process > registry->processes.count ||
		registry->process[process - 1].recorded || registry->process[process - 1].ended)
		return;
	registry->process[process - 1].recorded = true;
	define_process(registry, process);
}

void dwell_registry_end_process(struct dwell_registry *registry, int64_t pid)
{
	const uint32_t id = dwell_map_get(&registry->by_pid, (uint64_t)pid, 0);

	if (id == 0)
		return;
	dwell_map_remove(&registry->by_pid, (uint64_t)pid, 0);
	/* A command line can be long, and of these there may be many. */
	free(registry->process[id - 1].command.at);
	registry->process[id - 1].command = (struct dwell_registry_text){ NULL, 0 };
	registry->process[id - 1].ended = true;
}

/* --- tasks --- */

static void define_task(struct dwell_registry *registry, uint32_t id)
{
	const struct registry_task *t = &registry->task[id - 1];
	struct dwell_task definition = {
		.id = id,
		.process = t->what.process,
		.parent = t->what.parent,
		.creation_stack = t->what.creation_stack,
		.kind = t->kind,
		.born = t->what.born,
		.tid = t->tid,
		.native_id = t->native_id,
		.created_ns = t->what.created_ns,
		.name = string_of(&t->name),
	};

	if (t->what.start_address != 0)
		definition.start_location =
			dwell_registry_location(registry, t->what.process, t->what.start_address);
	if (registry->sink->ops->task)
		dwell_registry_note(
			registry, registry->sink->ops->task(registry->sink, &definition));
}

static uint32_t new_task(struct dwell_registry *registry, uint8_t kind, int64_t tid,
	uint64_t native_id, const struct dwell_registry_task *what)
{
	struct registry_task *task;
	uint32_t id;

	if (!dwell_registry_grow((void **)&registry->task, &registry->tasks,
		    sizeof(*registry->task), DWELL_MAX_TASKS))
		return 0;
	id = ++registry->tasks.count;
	task = &registry->task[id - 1];
	task->what = *what;
	task->what.name = (struct dwell_string){ NULL, 0 };
	task->kind = kind;
	task->tid = tid;
	task->native_id = native_id;
	(void)dwell_registry_keep(&task->name, what->name);
	define_task(registry, id);
	return id;
}

uint32_t dwell_registry_find_task(const struct dwell_registry *registry, int64_t tid)
{
	return dwell_map_get(&registry->by_tid, (uint64_t)tid, 0);
}

uint32_t dwell_registry_task(struct dwell_registry *registry, int64_t tid,
	const struct dwell_registry_task *what, bool *fresh)
{
	uint32_t id = dwell_registry_find_task(registry, tid);

	if (fresh)
		*fresh = id == 0;
	if (id != 0)
		return id;
	id = new_task(registry, DWELL_TASK_THREAD, tid, 0, what);
	if (id != 0)
		dwell_registry_note(
			registry, dwell_map_set(&registry->by_tid, (uint64_t)tid, 0, id));
	return id;
}

bool dwell_registry_begin_task(struct dwell_registry *registry, uint32_t task)
{
	bool *begun;

	if (task == 0 || task > registry->tasks.count)
		return false;
	begun = &registry->task[task - 1].begun;
	if (*begun)
		return false;
	*begun = true;
	return true;
}

uint32_t dwell_registry_former_task(
	struct dwell_registry *registry, int64_t tid, const struct dwell_registry_task *what)
{
	return new_task(registry, DWELL_TASK_THREAD, tid, 0, what);
}

void dwell_registry_describe_task(
	struct dwell_registry *registry, uint32_t task, const struct dwell_registry_task *what)
{
	struct dwell_registry_task *old;
	bool changed;

	if (task == 0 || task > registry->tasks.count)
		return;
	old = &registry->task[task - 1].what;
	changed = dwell_registry_keep(&registry->task[task - 1].name, what->name);
#define TAKE(field)                                                                                \
	if (what->field && old->field != what->field) {                                            \
		old->field = what->field;                                                          \
		changed = true;                                                                    \
	}
	TAKE(process)
	TAKE(parent)
	TAKE(creation_stack)
	TAKE(start_address)
	TAKE(born)
#undef TAKE
	if (what->created_ns && what->created_ns < old->created_ns) {
		old->created_ns = what->created_ns;
		changed = true;
	}
	if (changed)
		define_task(registry, task);
}

void dwell_registry_end_task(struct dwell_registry *registry, int64_t tid)
{
	dwell_map_remove(&registry->by_tid, (uint64_t)tid, 0);
}

uint32_t dwell_registry_program_task(struct dwell_registry *registry, uint8_t kind,
	uint64_t native_id, const struct dwell_registry_task *what)
{
	return new_task(registry, kind, -1, native_id, what);
}
