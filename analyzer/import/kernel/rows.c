/* Events of the scheduler become rows. */
#include <stdlib.h>
#include <string.h>

#include "import/kernel/rows.h"

int kernel_rows_init(struct kernel_rows *rows)
{
	kernel_rows_release(rows);
	rows->cpus = calloc(KERNEL_CPUS, sizeof(*rows->cpus));
	return rows->cpus ? perf_tasks_init(&rows->tasks) : DWELL_ENOMEM;
}

void kernel_rows_release(struct kernel_rows *rows)
{
	perf_tasks_release(&rows->tasks);
	kernel_marks_release(rows);
	import_map_release(&rows->futexes);
	free(rows->cpus);
	free(rows->calls);
	memset(rows, 0, sizeof(*rows));
}

/* Records are read and rows made by one thread: the slots keep up at once. */
static int slot_of(struct kernel_rows *rows, int32_t tid, uint32_t *out)
{
	const int err = perf_tasks_slot(&rows->tasks, tid, out);

	return err || rows->tasks.slot_count == rows->tasks.count
		       ? err
		       : perf_tasks_keep_up(&rows->tasks);
}

int kernel_rows_flush(struct kernel_rows *rows)
{
	const size_t count = rows->count;

	rows->count = 0;
	if (!count || !rows->sink->ops->events)
		return DWELL_OK;
	return rows->sink->ops->events(rows->sink, rows->buffer, count);
}

int kernel_put(struct kernel_rows *rows, const struct dwell_event *row)
{
	struct dwell_event *to = &rows->buffer[rows->count++];

	*to = *row;
	to->time_ns = rows->last_ns;
	return rows->count == KERNEL_ROWS ? kernel_rows_flush(rows) : DWELL_OK;
}

static uint32_t task_of(const struct kernel_rows *rows, uint32_t slot)
{
	return rows->tasks.slots[slot].task;
}

static int name_thread(struct kernel_rows *rows, uint32_t slot, struct dwell_string comm)
{
	char name[PERF_COMM] = "";

	/* "<...>": the kernel did not know it, either. */
	if (!comm.size || comm.at[0] == '<')
		return DWELL_OK;
	memcpy(name, comm.at, comm.size < PERF_COMM ? comm.size : PERF_COMM - 1);
	return perf_tasks_name(&rows->tasks, slot, name, rows->sink);
}

int kernel_thread(struct kernel_rows *rows, int32_t tid, struct dwell_string comm, uint32_t *slot)
{
	int err = slot_of(rows, tid, slot);

	if (err || !*slot)
		return err;
	err = name_thread(rows, *slot, comm);
	return err ? err : perf_tasks_live(&rows->tasks, *slot, rows->last_ns, rows->sink);
}

/* Who an event says ran, or who runs on its CPU as far as is known (else slot 0). */
static int current_thread(
	struct kernel_rows *rows, const struct kernel_event *event, uint32_t *slot)
{
	const uint32_t current = rows->cpus[event->cpu].current;

	if (event->tid != KERNEL_CURRENT)
		return kernel_thread(rows, event->tid, event->comm, slot);
	*slot = current ? current - 1 : 0;
	return DWELL_OK;
}

static int state_of(struct dwell_event *row, const struct kernel_event *event)
{
	switch (event->state) {
	case 'R':
		row->state = DWELL_RUNNABLE;
		row->flags = DWELL_EVENT_PREEMPTED;
		break;
	case 'X':
	case 'x':
	case 'Z':
		row->state = DWELL_EXITED;
		break;
	default:
		row->state = event->preempted ? DWELL_RUNNABLE : DWELL_BLOCKED;
		row->flags = event->preempted ? DWELL_EVENT_PREEMPTED : 0;
	}
	return row->state;
}

static int put_switch(struct kernel_rows *rows, const struct kernel_event *event)
{
	struct dwell_event row = { .kind = DWELL_EVENT_SWITCH, .executor = event->cpu + 1 };
	uint32_t from, to;
	int err = kernel_thread(rows, event->prev, event->prev_comm, &from);

	if (!err)
		err = kernel_thread(rows, event->other, event->other_comm, &to);
	if (err)
		return err;
	row.task = task_of(rows, from);
	row.peer = task_of(rows, to);
	if (row.task && state_of(&row, event) == DWELL_EXITED)
		rows->tasks.slots[from].dead = true;
	if (row.state == DWELL_BLOCKED) {
		const struct kernel_call call = kernel_calls_of(rows, from);

		row.reason = call.reason;
		row.object = call.object;
	}
	rows->cpus[event->cpu].current = to + 1;
	rows->tasks.slots[from].fresh = rows->tasks.slots[to].fresh = false;
	return kernel_put(rows, &row);
}

/*
 * Woken by an interrupt: told so, or seen by what is known of calls. Who sleeps is woken by the
 * timer; who runs the program itself, in no call, wakes nobody.
 */
static bool nobody_wakes(
	const struct kernel_rows *rows, const struct kernel_event *event, uint32_t woken)
{
	const uint32_t current = rows->cpus[event->cpu].current;
	const struct kernel_call call = kernel_calls_of(rows, current ? current - 1 : 0);

	if (event->in_interrupt || kernel_calls_of(rows, woken).reason == DWELL_REASON_SLEEP)
		return true;
	return rows->calls_told && call.seen && call.reason == DWELL_REASON_NONE;
}

static int put_wake(struct kernel_rows *rows, const struct kernel_event *event)
{
	struct dwell_event row = {
		.kind = DWELL_EVENT_WAKE, .state = DWELL_RUNNABLE, .executor = event->cpu + 1
	};
	uint32_t waker = 0, woken;
	int err = kernel_thread(rows, event->other, event->other_comm, &woken);

	if (!err && !nobody_wakes(rows, event, woken))
		err = current_thread(rows, event, &waker);
	if (err || !woken)
		return err;
	row.task = task_of(rows, woken);
	row.peer = task_of(rows, waker);
	return kernel_put(rows, &row);
}

static int belong(struct kernel_rows *rows, uint32_t slot, int32_t tgid)
{
	uint32_t leader;
	int err;

	if (!slot || tgid < 1)
		return DWELL_OK;
	err = slot_of(rows, tgid, &leader);
	return err ? err : perf_tasks_belong(&rows->tasks, slot, leader, rows->sink);
}

static int put_created(struct kernel_rows *rows, uint32_t slot, uint32_t maker, bool ready)
{
	const struct dwell_event row = {
		.kind = DWELL_EVENT_CREATE,
		.state = ready ? DWELL_RUNNABLE : DWELL_UNKNOWN,
		.task = task_of(rows, slot),
		.peer = task_of(rows, maker),
	};

	return kernel_put(rows, &row);
}

/* The number of a task that ended unseen is another's from here on. */
static int end_unseen(struct kernel_rows *rows, uint32_t slot)
{
	struct perf_slot *self = &rows->tasks.slots[slot];

	if (!self->task || self->dead)
		return DWELL_OK;
	self->dead = true;
	return kernel_put(
		rows, &(struct dwell_event){ .kind = DWELL_EVENT_EXIT, .task = self->task });
}

static int put_fork(struct kernel_rows *rows, const struct kernel_event *event)
{
	uint32_t maker, child;
	int err = current_thread(rows, event, &maker);

	if (!err)
		err = slot_of(rows, event->other, &child);
	if (err || !child)
		return err;
	err = end_unseen(rows, child);
	perf_tasks_fork(&rows->tasks, child, maker, 0);
	kernel_calls_leave(rows, child);
	if (!err)
		err = kernel_thread(rows, event->other, event->other_comm, &child);
	if (!err)
		err = belong(rows, child, event->other_tgid);
	return err ? err : put_created(rows, child, maker, !rows->newborn);
}

static int put_newborn(struct kernel_rows *rows, const struct kernel_event *event)
{
	uint32_t maker, child;
	int err = current_thread(rows, event, &maker);

	if (!err)
		err = slot_of(rows, event->other, &child);
	if (err || !child)
		return err;
	if (!rows->tasks.slots[child].fresh) {
		err = end_unseen(rows, child);
		perf_tasks_fork(&rows->tasks, child, maker, 0);
	}
	rows->tasks.slots[child].fresh = false;
	if (!err)
		err = kernel_thread(rows, event->other, event->other_comm, &child);
	return err ? err : put_created(rows, child, maker, true);
}

static int rename_task(struct kernel_rows *rows, const struct kernel_event *event)
{
	uint32_t slot;

	return kernel_thread(rows, event->other, event->other_comm, &slot);
}

/* A thread that was there before the trace: in it from when it does something. */
static int know_thread(struct kernel_rows *rows, const struct kernel_event *event)
{
	uint32_t slot;
	int err = slot_of(rows, event->other, &slot);

	if (!err)
		err = name_thread(rows, slot, event->other_comm);
	return err ? err : belong(rows, slot, event->other_tgid);
}

/* Who ran, and of which process it is. */
static int know_current(struct kernel_rows *rows, const struct kernel_event *event, uint32_t *slot)
{
	int err = current_thread(rows, event, slot);

	return err ? err : belong(rows, *slot, event->tgid);
}

static int know_cpu(struct kernel_rows *rows, uint32_t cpu)
{
	const struct dwell_executor executor = {
		.id = cpu + 1, .kind = DWELL_EXECUTOR_CPU, .number = cpu
	};

	if (rows->cpus[cpu].last_ns || !rows->sink->ops->executor)
		return DWELL_OK;
	return rows->sink->ops->executor(rows->sink, &executor);
}

/* Records are missing between the CPU's last event and this one. */
static int put_loss(struct kernel_rows *rows, uint32_t cpu)
{
	struct kernel_cpu *self = &rows->cpus[cpu];
	const struct dwell_event row = {
		.kind = DWELL_EVENT_LOSS,
		.reason = DWELL_LOSS_KERNEL,
		.executor = cpu + 1,
		.value = self->lost - 1,
		.extra = self->last_ns ? self->last_ns - 1 : 0,
	};

	self->lost = 0;
	self->current = 0;
	kernel_calls_forget(rows);
	return kernel_put(rows, &row);
}

static int put_event(struct kernel_rows *rows, const struct kernel_event *event)
{
	uint32_t slot = 0;
	int err;

	switch (event->kind) {
	case KERNEL_SWITCH:
		err = know_current(rows, event, &slot);
		return err ? err : put_switch(rows, event);
	case KERNEL_WAKING:
		return put_wake(rows, event);
	case KERNEL_WAKEUP:
		return rows->waking ? DWELL_OK : put_wake(rows, event);
	case KERNEL_WAKEUP_NEW:
		return put_newborn(rows, event);
	case KERNEL_FORK:
		return put_fork(rows, event);
	case KERNEL_RENAME:
		return rename_task(rows, event);
	case KERNEL_KNOWN:
		return know_thread(rows, event);
	case KERNEL_SYSCALL_ENTER:
	case KERNEL_SYSCALL_EXIT:
		err = know_current(rows, event, &slot);
		return err || !slot ? err : kernel_calls_event(rows, event, slot);
	case KERNEL_MARK:
		err = know_current(rows, event, &slot);
		return err ? err : kernel_mark(rows, event, slot);
	case KERNEL_SAID:
		err = know_current(rows, event, &slot);
		return err ? err : kernel_plain_mark(rows, event->text, slot);
	case KERNEL_EXIT: /* its last switch tells the end */
		return DWELL_OK;
	default:
		rows->ignored++;
		return DWELL_OK;
	}
}

static uint64_t since_zero(const struct kernel_rows *rows, uint64_t time_ns)
{
	return time_ns < rows->zero_ns ? 0 : time_ns - rows->zero_ns;
}

int kernel_rows_loss(
	struct kernel_rows *rows, uint32_t cpu, uint64_t from_ns, uint64_t to_ns, uint64_t count)
{
	struct dwell_event row = {
		.kind = DWELL_EVENT_LOSS,
		.reason = DWELL_LOSS_KERNEL,
		.executor = cpu + 1,
		.value = count,
		.extra = since_zero(rows, to_ns),
	};
	int err;

	from_ns = since_zero(rows, from_ns);
	if (from_ns > rows->last_ns)
		rows->last_ns = from_ns;
	err = know_cpu(rows, cpu);
	rows->cpus[cpu].last_ns = rows->last_ns + 1;
	rows->cpus[cpu].current = 0;
	kernel_calls_forget(rows);
	if (row.extra > rows->unsure_ns)
		rows->unsure_ns = row.extra;
	return err ? err : kernel_put(rows, &row);
}

int kernel_rows_event(struct kernel_rows *rows, const struct kernel_event *event)
{
	struct kernel_cpu *cpu = &rows->cpus[event->cpu];
	uint64_t time_ns;
	int err;

	if (event->kind == KERNEL_LOST) {
		cpu->lost += event->value + !cpu->lost;
		return DWELL_OK;
	}
	time_ns = since_zero(rows, event->time_ns);
	rows->late += time_ns < rows->last_ns;
	if (time_ns > rows->last_ns)
		rows->last_ns = time_ns;
	if (rows->unsure_ns && rows->last_ns >= rows->unsure_ns)
		rows->unsure_ns = 0;
	err = know_cpu(rows, event->cpu);
	if (!err && cpu->lost)
		err = put_loss(rows, event->cpu);
	if (!err)
		err = put_event(rows, event);
	cpu->last_ns = rows->last_ns + 1;
	return err;
}
