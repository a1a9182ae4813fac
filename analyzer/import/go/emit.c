#include <string.h>

#include "dwell/types.h"
#include "import/go/emit.h"
#include "import/go/go.h"

enum { SAMPLE_NS = 10000000 /* Go's profiler takes 100 a second */ };

int go_emit_flush(struct go_reader *reader)
{
	const size_t count = reader->row_count;
	int err = reader->row_err;

	reader->row_count = 0;
	reader->row_err = 0;
	if (!err && count && reader->sink->ops->events)
		err = reader->sink->ops->events(reader->sink, reader->rows, count);
	return err;
}

int go_emit(struct go_reader *reader, struct dwell_event row)
{
	struct dwell_event *to = go_row(reader, row.time_ns, row.kind);

	row.time_ns = to->time_ns;
	*to = row;
	return reader->row_err;
}

static int define_executor(struct go_reader *reader, uint32_t p, uint64_t number)
{
	const struct dwell_executor executor = {
		.id = go_executor_of(p),
		.kind = DWELL_EXECUTOR_P,
		.number = (uint32_t)(number < UINT32_MAX ? number : UINT32_MAX),
	};

	if (!reader->sink->ops->executor)
		return 0;
	return reader->sink->ops->executor(reader->sink, &executor);
}

int go_emit_executor(struct go_reader *reader, uint32_t p)
{
	return reader->rehearsal ? 0 : define_executor(reader, p, reader->procs.at[p].id);
}

static int define_task(struct go_reader *reader, struct dwell_task *task, uint64_t root_stack)
{
	task->id = ++reader->tasks;
	task->process = 1;
	task->kind = DWELL_TASK_GOROUTINE;
	task->tid = -1;
	task->start_location = go_stack_root(reader, root_stack, &task->name);
	return reader->sink->ops->task ? reader->sink->ops->task(reader->sink, task) : 0;
}

/* A task on a P of its own runs on it; without one it is known to run, not where. */
static struct dwell_event first_row(
	struct go_reader *reader, const struct go_first *first, uint32_t task, bool on_proc)
{
	struct dwell_event row = {
		.time_ns = reader->zero,
		.kind = DWELL_EVENT_STATE,
		.task = task,
		.state = DWELL_RUNNING,
	};

	if (first->status == GO_RUNNABLE) {
		row.state = DWELL_RUNNABLE;
	} else if (first->status == GO_WAITING) {
		row.state = DWELL_BLOCKED;
		row.reason = DWELL_REASON_OTHER;
		row.stack = go_stack_id(reader, first->stack);
	} else if (on_proc) {
		row = (struct dwell_event){ .time_ns = reader->zero,
			.kind = DWELL_EVENT_SWITCH,
			.executor = go_executor_of(first->p),
			.peer = task };
	} else if (first->status == GO_SYSCALL && first->p == GO_NOBODY) {
		row.state = DWELL_BLOCKED;
		row.reason = DWELL_REASON_SYSCALL;
		row.stack = go_stack_id(reader, first->stack);
	}
	return row;
}

enum { FIRST_PROCS = 4096 };

static bool may_hold(const struct go_first *first)
{
	return first->status != GO_RUNNABLE && first->status != GO_WAITING &&
	       first->p < FIRST_PROCS;
}

/* Old traces name one in a system call on the P that has long been another's: who runs has it. */
static void find_holders(const struct go_reader *reader, uint32_t holder[FIRST_PROCS])
{
	for (uint32_t i = 0; i < FIRST_PROCS; i++)
		holder[i] = GO_NOBODY;
	for (uint32_t i = 0; i < reader->firsts.count; i++) {
		const struct go_first *first = &reader->firsts.at[i];

		if (may_hold(first) &&
			(first->status == GO_RUNNING || holder[first->p] == GO_NOBODY))
			holder[first->p] = i;
	}
}

static int emit_first(struct go_reader *reader, const struct go_first *first, bool on_proc)
{
	struct dwell_task task = { .native_id = first->goroutine };
	int err = define_task(reader, &task, first->root_stack);

	if (err)
		return err;
	if (!go_map_put(&reader->first_task, first->goroutine, task.id))
		return DWELL_ENOMEM;
	if (on_proc)
		err = define_executor(reader, first->p, first->proc);
	return err ? err : go_emit(reader, first_row(reader, first, task.id, on_proc));
}

/* All that was there before the trace, in the state in which it is first named, from the start on.
 */
int go_emit_firsts(struct go_reader *reader)
{
	uint32_t holder[FIRST_PROCS];
	int err = 0;

	find_holders(reader, holder);
	for (uint32_t i = 0; i < reader->firsts.count && !err; i++) {
		const struct go_first *first = &reader->firsts.at[i];

		err = emit_first(reader, first, may_hold(first) && holder[first->p] == i);
	}
	return err;
}

int go_emit_create(struct go_reader *reader, const struct go_thread *thread,
	struct go_goroutine *made, const struct go_event *event, uint64_t time)
{
	const bool syscall = event->type == GO_CREATE_SYSCALL;
	struct dwell_task task = {
		.parent = go_task_of(reader, thread->g),
		.born = true,
		.native_id = made->id,
		.created_ns = time - reader->zero,
	};
	struct dwell_event row = {
		.time_ns = time,
		.kind = DWELL_EVENT_CREATE,
		.state = event->type == GO_CREATE ? DWELL_RUNNABLE : DWELL_BLOCKED,
		.peer = task.parent,
	};

	if (reader->rehearsal)
		return 0;
	task.creation_stack = syscall ? 0 : go_stack_id(reader, event->args[2]);
	row.stack = task.creation_stack;
	if (row.state == DWELL_BLOCKED)
		row.reason = syscall ? DWELL_REASON_SYSCALL : DWELL_REASON_OTHER;

	const int err = define_task(reader, &task, syscall ? 0 : event->args[1]);
	if (err)
		return err;
	row.task = made->task = task.id;
	if (!syscall || thread->p == GO_NOBODY)
		return go_emit(reader, row);
	row.state = DWELL_UNKNOWN;
	row.reason = 0;
	const int emit_err = go_emit(reader, row);
	return emit_err ? emit_err
			: go_emit(reader, (struct dwell_event){ .time_ns = time,
						  .kind = DWELL_EVENT_SWITCH,
						  .executor = go_executor_of(thread->p),
						  .peer = task.id });
}

int go_emit_enter(
	struct go_reader *reader, const struct go_thread *thread, uint32_t g, uint64_t time)
{
	struct dwell_event *row;

	if (reader->rehearsal)
		return 0;
	row = go_row(reader, time, DWELL_EVENT_SWITCH);
	row->executor = go_executor_of(thread->p);
	row->peer = go_task_of(reader, g);
	return reader->row_err;
}

/* Stacks end in the function that the goroutine began in. */
static void learn_root(struct go_reader *reader, uint32_t g, uint64_t stack)
{
	const uint32_t first = reader->goroutines.at[g].task;

	if (first && !reader->firsts.at[first - 1].root_stack && go_stack_is_whole(reader, stack))
		reader->firsts.at[first - 1].root_stack = stack;
}

int go_emit_leave(struct go_reader *reader, const struct go_thread *thread, uint32_t g,
	const struct go_event *event, uint64_t time)
{
	struct dwell_event *row;

	if (reader->rehearsal) {
		if (event->type != GO_DESTROY)
			learn_root(reader, g, event->args[1]);
		return 0;
	}
	/* The stack's definition goes before the row. */
	const uint32_t stack = event->type == GO_DESTROY ? 0 : go_stack_id(reader, event->args[1]);

	row = go_row(reader, time, DWELL_EVENT_SWITCH);
	row->executor = go_executor_of(thread->p);
	row->task = go_task_of(reader, g);
	row->stack = stack;
	row->state = DWELL_EXITED;
	if (event->type == GO_STOP) {
		row->state = DWELL_RUNNABLE;
		row->flags = DWELL_EVENT_PREEMPTED;
	} else if (event->type == GO_BLOCK) {
		row->state = DWELL_BLOCKED;
		row->reason = go_reason(reader, event->args[0], event->args[1]);
	}
	return reader->row_err;
}

int go_emit_wake(struct go_reader *reader, const struct go_thread *thread, uint32_t g,
	uint64_t stack, uint64_t time)
{
	struct dwell_event *row;

	if (reader->rehearsal)
		return 0;
	const uint32_t id = go_stack_id(reader, stack);

	row = go_row(reader, time, DWELL_EVENT_WAKE);
	row->state = DWELL_RUNNABLE;
	row->task = go_task_of(reader, g);
	row->stack = id;
	if (thread) {
		row->peer = go_task_of(reader, thread->g);
		row->executor = go_executor_of(thread->p);
	}
	return reader->row_err;
}

/* The goroutine that held P in a system call is blocked in it from now on. */
int go_emit_lost_proc(struct go_reader *reader, uint32_t p, uint64_t time)
{
	const uint32_t g = reader->procs.at[p].in_syscall;

	reader->procs.at[p].in_syscall = GO_NOBODY;
	if (g == GO_NOBODY)
		return 0;
	reader->goroutines.at[g].lost_proc = true;
	return go_emit_state(reader, g, DWELL_BLOCKED, time);
}

void go_keep_call(struct go_reader *reader, uint32_t g, uint64_t stack)
{
	if (!reader->rehearsal)
		reader->goroutines.at[g].call_stack = go_stack_id(reader, stack);
}

/* Blocked: in a system call. */
int go_emit_state(struct go_reader *reader, uint32_t g, uint8_t state, uint64_t time)
{
	if (reader->rehearsal)
		return 0;
	return go_emit(reader,
		(struct dwell_event){ .time_ns = time,
			.kind = DWELL_EVENT_STATE,
			.task = go_task_of(reader, g),
			.state = state,
			.stack = state == DWELL_BLOCKED ? reader->goroutines.at[g].call_stack : 0,
			.reason = state == DWELL_BLOCKED ? DWELL_REASON_SYSCALL : 0 });
}

int go_emit_exit(struct go_reader *reader, uint32_t g, uint64_t time)
{
	if (reader->rehearsal)
		return 0;
	return go_emit(reader,
		(struct dwell_event){
			.time_ns = time, .kind = DWELL_EVENT_EXIT, .task = go_task_of(reader, g) });
}

int go_emit_sample(struct go_reader *reader, const struct go_sample *sample, uint64_t time)
{
	struct dwell_event row = {
		.time_ns = time,
		.kind = DWELL_EVENT_SAMPLE,
		.reason = DWELL_SAMPLE_CPU,
		.flags = DWELL_EVENT_HAS_VALUE,
		.value = SAMPLE_NS,
		.task = go_task_of(reader, go_map_get(&reader->goroutine_by_id, sample->g)),
		.executor = go_executor_of(go_map_get(&reader->proc_by_id, sample->p)),
	};

	if (reader->rehearsal)
		return 0;
	row.stack = go_stack_id(reader, sample->stack);
	return go_emit(reader, row);
}

int go_emit_loss(struct go_reader *reader, uint64_t from)
{
	return go_emit(reader, (struct dwell_event){ .time_ns = reader->last_time,
				       .kind = DWELL_EVENT_LOSS,
				       .reason = DWELL_LOSS_CUT,
				       .extra = from - reader->zero });
}
