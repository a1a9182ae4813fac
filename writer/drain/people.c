#include <stdlib.h>
#include <string.h>

#include "drain_private.h"

static int64_t host_pid(const struct dwell_drain *drain, const struct dwell_process_slot *slot)
{
	if (drain->options.host_pid)
		return drain->options.host_pid(drain->options.context, slot);
	return slot->pid;
}

static int64_t host_tid(
	const struct dwell_drain *drain, const struct drain_process *process, int32_t tid)
{
	if (drain->options.host_tid)
		return drain->options.host_tid(drain->options.context, process->host_pid, tid);
	return tid;
}

/* The last part of a path. */
static struct dwell_string base_name(const char *path, size_t most)
{
	size_t size = strnlen(path, most);
	size_t from = size;

	while (from > 0 && path[from - 1] != '/')
		from--;
	return (struct dwell_string){ path + from, size - from };
}

/* Arguments that are each ended by NUL, joined by spaces. */
static struct dwell_string joined(const char *arguments, size_t most, char *out)
{
	size_t size = 0;

	while (size < most &&
		(arguments[size] != '\0' || (size + 1 < most && arguments[size + 1] != '\0'))) {
		out[size] = arguments[size] ? arguments[size] : ' ';
		size++;
	}
	return (struct dwell_string){ out, size };
}

/* The process was replaced by exec: its former slot's threads are gone but for the one that lives
 * on under the process's own number. */
static void retire_former(struct dwell_drain *drain, uint32_t index, int64_t pid)
{
	uint32_t count = dwell_session_process_count(drain->session);

	for (uint32_t i = 0; i < count; i++) {
		const struct drain_process *other = &drain->process[i];
		if (i == index || other->generation == 0 || other->host_pid != pid)
			continue;
		dwell_drain_replace(drain, i);
	}
}

static void take_over(struct dwell_drain *drain, uint32_t index, struct dwell_process_slot *slot,
	uint32_t generation)
{
	struct drain_process *process = &drain->process[index];
	struct dwell_process_slot copy = *slot;
	char command[DWELL_PROCESS_COMMAND];
	struct dwell_string name;
	uint32_t parent = 0;

	process->host_pid = host_pid(drain, &copy);
	retire_former(drain, index, process->host_pid);
	process->generation = generation;
	process->clock = copy.clock;
	drain->counts.older += copy.minor < DWELL_SESSION_MINOR;
	drain->counts.newer += copy.minor > DWELL_SESSION_MINOR;
	process->mapped = copy.mapped;
	process->id = dwell_registry_process(drain->registry, process->host_pid);
	if (copy.parent != 0 && copy.parent - 1 < drain->session->process_max &&
		drain->process[copy.parent - 1].generation == copy.parent_generation)
		parent = drain->process[copy.parent - 1].id;
	name = base_name(copy.path, sizeof(copy.path));
	dwell_registry_describe_process(drain->registry, process->id, parent, name,
		joined(copy.command, sizeof(copy.command), command));
	process->alive_ns = dwell_drain_stamp(drain, process, copy.started);
	if (drain->options.process_seen)
		drain->options.process_seen(drain->options.context, process->id, process->host_pid,
			slot, name, process->alive_ns);
}

static int by_start(const void *a, const void *b)
{
	const struct drain_fresh *x = a, *y = b;

	return (x->started_ns > y->started_ns) - (x->started_ns < y->started_ns);
}

/* Who began another program since the last pass has two new slots, the later one maybe before the
 * other: a slot that was freed is given out first. */
static uint32_t find_fresh(struct dwell_drain *drain)
{
	const uint32_t count = dwell_session_process_count(drain->session);
	uint32_t found = 0;

	for (uint32_t i = 0; i < count; i++) {
		struct dwell_process_slot *slot = dwell_session_process(drain->session, i);
		struct drain_process of = { 0 };
		uint32_t generation;
		if (atomic_load_explicit(&slot->state, memory_order_acquire) != DWELL_SLOT_LIVE)
			continue;
		generation = atomic_load_explicit(&slot->generation, memory_order_relaxed);
		if (drain->process[i].generation == generation)
			continue;
		of.clock = slot->clock;
		drain->fresh[found++] =
			(struct drain_fresh){ dwell_drain_stamp(drain, &of, slot->started), i,
				generation };
	}
	qsort(drain->fresh, found, sizeof(*drain->fresh), by_start);
	return found;
}

void dwell_drain_processes(struct dwell_drain *drain)
{
	const uint32_t found = find_fresh(drain);

	for (uint32_t i = 0; i < found; i++)
		take_over(drain, drain->fresh[i].index,
			dwell_session_process(drain->session, drain->fresh[i].index),
			drain->fresh[i].generation);
}

static void tell_creation(struct dwell_drain *drain, const struct drain_thread *thread,
	const struct dwell_thread_slot *slot, const struct dwell_registry_task *what)
{
	const struct drain_process *process = &drain->process[thread->process];
	struct dwell_event row = { .time_ns = what->created_ns,
		.task = thread->task,
		.peer = what->parent,
		.stack = what->creation_stack,
		.kind = DWELL_EVENT_CREATE,
		.state = DWELL_RUNNABLE };

	/* Of a process's first thread only what the library saw is known. */
	if (what->born)
		dwell_drain_put(drain, &row);
	row = (struct dwell_event){ .time_ns = dwell_drain_stamp(drain, process, slot->began),
		.task = thread->task,
		.kind = DWELL_EVENT_STATE,
		.state = DWELL_RUNNING };
	if (row.time_ns < what->created_ns)
		row.time_ns = what->created_ns;
	dwell_drain_put(drain, &row);
}

static void give_name(struct dwell_drain *drain, uint32_t task, uint32_t label)
{
	struct dwell_registry_task what = { 0 };

	if (dwell_drain_text(drain, label, &what.name))
		dwell_registry_describe_task(drain->registry, task, &what);
}

void dwell_drain_rename_other(const struct drain_place *place, uint64_t handle, uint32_t label)
{
	struct dwell_drain *drain = place->drain;
	uint32_t count = dwell_session_thread_count(drain->session);
	struct drain_rename *later;

	for (uint32_t i = 0; i < count; i++) {
		const struct drain_thread *thread = &drain->thread[i];
		const struct dwell_thread_slot *slot = dwell_session_thread(drain->session, i);
		/* One that has ended may have had the same pthread_t. */
		if (thread->generation == 0 || thread->handle != handle ||
			thread->process != place->thread->process ||
			atomic_load_explicit(&slot->state, memory_order_relaxed) != DWELL_SLOT_LIVE)
			continue;
		give_name(drain, thread->task, label);
		return;
	}
	later = &drain->rename[drain->renames++ % DWELL_DRAIN_RENAMES];
	*later = (struct drain_rename){ place->thread->process, label, handle };
}

/* What its creator called it before we met it. */
static void take_name(struct dwell_drain *drain, const struct drain_thread *thread)
{
	for (unsigned i = 0; i < DWELL_DRAIN_RENAMES; i++) {
		struct drain_rename *rename = &drain->rename[i];
		if (rename->label == 0 || rename->handle != thread->handle ||
			rename->process != thread->process)
			continue;
		give_name(drain, thread->task, rename->label);
		rename->label = 0;
	}
}

void dwell_drain_thread_begin(struct dwell_drain *drain, uint32_t index)
{
	struct dwell_thread_slot *slot = dwell_session_thread(drain->session, index);
	struct drain_thread *thread = &drain->thread[index];
	struct dwell_registry_task what = { 0 };
	struct drain_place place;
	uint32_t process = slot->process;

	/* A hostile slot may name any process; one that is not known even now has id 0. */
	thread->process = process < drain->session->process_max ? process : 0;
	if (drain->process[thread->process].generation == 0)
		dwell_drain_processes(drain);
	thread->generation = atomic_load_explicit(&slot->generation, memory_order_relaxed);
	place = (struct drain_place){ drain, thread, &drain->process[thread->process] };
	thread->host_tid = host_tid(drain, place.process, slot->tid);
	thread->handle = slot->handle;
	what.process = place.process->id;
	what.created_ns = dwell_drain_stamp(drain, place.process, slot->created);
	what.born = (slot->flags & 1) != 0;
	if (slot->parent_tid != 0)
		what.parent = dwell_registry_find_task(
			drain->registry, host_tid(drain, place.process, slot->parent_tid));
	what.creation_stack = dwell_drain_stack(&place, slot->creation_stack);
	what.start_address = slot->start_function;
	thread->task = dwell_registry_task(drain->registry, thread->host_tid, &what, NULL);
	thread->last_ns = what.created_ns;
	dwell_drain_born(drain, thread, slot->created);
	take_name(drain, thread);
	dwell_registry_describe_task(drain->registry, thread->task, &what);
	if (drain->options.states && dwell_registry_begin_task(drain->registry, thread->task))
		tell_creation(drain, thread, slot, &what);
	if (drain->options.thread_seen && place.process->mapped != 0)
		drain->options.thread_seen(drain->options.context, thread->host_tid,
			place.process->mapped + (uint64_t)((const char *)&slot->line.state -
							   (const char *)drain->session->header));
}

static void forget(struct drain_thread *thread)
{
	unsigned ring = thread->ring;
	uint64_t position = thread->position;

	/* The slot's next owner goes on where this one stopped. */
	*thread = (struct drain_thread){ .ring = ring, .position = position };
}

void dwell_drain_thread_end(struct dwell_drain *drain, uint32_t index, uint64_t time_ns)
{
	struct drain_thread *thread = &drain->thread[index];
	struct dwell_event row = { .time_ns = time_ns > thread->last_ns ? time_ns : thread->last_ns,
		.task = thread->task,
		.kind = DWELL_EVENT_EXIT };

	if (drain->options.states && thread->task != 0) {
		dwell_drain_put(drain, &row);
		dwell_registry_end_task(drain->registry, thread->host_tid);
	}
	forget(thread);
	if (!drain->session->flight)
		dwell_session_free_thread(drain->session, index);
}

/* Who began another program soon may not have been met yet. */
static void meet_of(struct dwell_drain *drain, uint32_t index, uint32_t process)
{
	struct dwell_thread_slot *slot = dwell_session_thread(drain->session, index);
	const uint32_t state = atomic_load_explicit(&slot->state, memory_order_acquire);

	if ((state == DWELL_SLOT_LIVE || state == DWELL_SLOT_CLOSED) && slot->process == process &&
		slot->process_generation == drain->process[process].generation)
		dwell_drain_meet_thread(drain, index);
}

void dwell_drain_replace(struct dwell_drain *drain, uint32_t process)
{
	uint32_t count = dwell_session_thread_count(drain->session);
	struct drain_process *former = &drain->process[process];

	for (uint32_t i = 0; i < count; i++) {
		struct drain_thread *thread = &drain->thread[i];
		meet_of(drain, i, process);
		if (thread->generation == 0 || thread->process != process)
			continue;
		dwell_drain_rings(drain, i, true);
		if (thread->host_tid != former->host_pid) {
			dwell_drain_thread_end(drain, i, thread->last_ns);
			continue;
		}
		forget(thread);
		if (!drain->session->flight)
			dwell_session_free_thread(drain->session, i);
	}
	former->generation = 0;
	if (!drain->session->flight)
		dwell_session_free_process(drain->session, process);
}
