/* Lines of ftrace become rows. */
#include <string.h>

#include "import/ftrace/ftrace.h"

int ftrace_rows_flush(struct ftrace *ftrace)
{
	const size_t count = ftrace->row_count;

	ftrace->row_count = 0;
	if (!count || !ftrace->sink->ops->events)
		return DWELL_OK;
	return ftrace->sink->ops->events(ftrace->sink, ftrace->rows, count);
}

int ftrace_put(struct ftrace *ftrace, const struct dwell_event *row)
{
	struct dwell_event *to = &ftrace->rows[ftrace->row_count++];

	*to = *row;
	to->time_ns = ftrace->last_ns;
	return ftrace->row_count == FTRACE_ROWS ? ftrace_rows_flush(ftrace) : DWELL_OK;
}

static uint32_t task_of(const struct ftrace *ftrace, uint32_t slot)
{
	return ftrace->tasks.slots[slot].task;
}

int ftrace_thread(struct ftrace *ftrace, int32_t tid, struct dwell_string comm, uint32_t *slot)
{
	char name[PERF_COMM] = "";
	int err = perf_tasks_slot(&ftrace->tasks, tid, slot);

	if (err || !*slot)
		return err;
	memcpy(name, comm.at, comm.size < PERF_COMM ? comm.size : PERF_COMM - 1);
	/* "<...>": ftrace did not know it, either. */
	if (comm.size && comm.at[0] != '<')
		err = perf_tasks_name(&ftrace->tasks, *slot, name, ftrace->sink);
	return err ? err : perf_tasks_live(&ftrace->tasks, *slot, ftrace->last_ns, ftrace->sink);
}

static int state_of(struct dwell_event *row, const struct ftrace_line *line)
{
	switch (line->state) {
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
		row->state = line->preempted ? DWELL_RUNNABLE : DWELL_BLOCKED;
		row->flags = line->preempted ? DWELL_EVENT_PREEMPTED : 0;
	}
	return row->state;
}

static int put_switch(struct ftrace *ftrace, const struct ftrace_line *line)
{
	struct dwell_event row = { .kind = DWELL_EVENT_SWITCH, .executor = line->cpu + 1 };
	uint32_t from, to;
	int err = ftrace_thread(ftrace, line->prev, line->prev_comm, &from);

	if (!err)
		err = ftrace_thread(ftrace, line->other, line->other_comm, &to);
	if (err)
		return err;
	row.task = task_of(ftrace, from);
	row.peer = task_of(ftrace, to);
	if (row.task && state_of(&row, line) == DWELL_EXITED)
		ftrace->tasks.slots[from].dead = true;
	ftrace->tasks.slots[from].fresh = ftrace->tasks.slots[to].fresh = false;
	return ftrace_put(ftrace, &row);
}

static int put_wake(struct ftrace *ftrace, const struct ftrace_line *line)
{
	struct dwell_event row = {
		.kind = DWELL_EVENT_WAKE, .state = DWELL_RUNNABLE, .executor = line->cpu + 1
	};
	uint32_t waker = 0, woken;
	int err = ftrace_thread(ftrace, line->other, line->other_comm, &woken);

	if (!err && !line->in_interrupt)
		err = ftrace_thread(ftrace, line->tid, line->comm, &waker);
	if (err || !woken)
		return err;
	row.task = task_of(ftrace, woken);
	row.peer = task_of(ftrace, waker);
	return ftrace_put(ftrace, &row);
}

static int put_created(struct ftrace *ftrace, uint32_t slot, uint32_t maker, bool ready)
{
	const struct dwell_event row = {
		.kind = DWELL_EVENT_CREATE,
		.state = ready ? DWELL_RUNNABLE : DWELL_UNKNOWN,
		.task = task_of(ftrace, slot),
		.peer = task_of(ftrace, maker),
	};

	return ftrace_put(ftrace, &row);
}

/* The number of a task that ended unseen is another's from here on. */
static int end_unseen(struct ftrace *ftrace, uint32_t slot)
{
	struct perf_slot *self = &ftrace->tasks.slots[slot];

	if (!self->task || self->dead)
		return DWELL_OK;
	self->dead = true;
	return ftrace_put(
		ftrace, &(struct dwell_event){ .kind = DWELL_EVENT_EXIT, .task = self->task });
}

static int put_fork(struct ftrace *ftrace, const struct ftrace_line *line)
{
	uint32_t maker, child;
	int err = ftrace_thread(ftrace, line->tid, line->comm, &maker);

	if (!err)
		err = perf_tasks_slot(&ftrace->tasks, line->other, &child);
	if (err || !child)
		return err;
	err = end_unseen(ftrace, child);
	perf_tasks_fork(&ftrace->tasks, child, maker, 0);
	if (!err)
		err = ftrace_thread(ftrace, line->other, line->other_comm, &child);
	return err ? err : put_created(ftrace, child, maker, !ftrace->newborn);
}

static int put_newborn(struct ftrace *ftrace, const struct ftrace_line *line)
{
	uint32_t maker, child;
	int err = ftrace_thread(ftrace, line->tid, line->comm, &maker);

	if (!err)
		err = perf_tasks_slot(&ftrace->tasks, line->other, &child);
	if (err || !child)
		return err;
	if (!ftrace->tasks.slots[child].fresh) {
		err = end_unseen(ftrace, child);
		perf_tasks_fork(&ftrace->tasks, child, maker, 0);
	}
	ftrace->tasks.slots[child].fresh = false;
	if (!err)
		err = ftrace_thread(ftrace, line->other, line->other_comm, &child);
	return err ? err : put_created(ftrace, child, maker, true);
}

static int rename_task(struct ftrace *ftrace, const struct ftrace_line *line)
{
	uint32_t slot;

	return ftrace_thread(ftrace, line->other, line->other_comm, &slot);
}

/* Who ran, and of which process it is. */
static int know_current(struct ftrace *ftrace, const struct ftrace_line *line, uint32_t *slot)
{
	uint32_t leader;
	int err = ftrace_thread(ftrace, line->tid, line->comm, slot);

	if (err || !*slot || line->tgid < 1)
		return err;
	err = perf_tasks_slot(&ftrace->tasks, line->tgid, &leader);
	return err ? err : perf_tasks_belong(&ftrace->tasks, *slot, leader, ftrace->sink);
}

static int know_cpu(struct ftrace *ftrace, uint32_t cpu)
{
	const struct dwell_executor executor = {
		.id = cpu + 1, .kind = DWELL_EXECUTOR_CPU, .number = cpu
	};

	if (ftrace->cpu_last_ns[cpu] || !ftrace->sink->ops->executor)
		return DWELL_OK;
	return ftrace->sink->ops->executor(ftrace->sink, &executor);
}

/* Records are missing between the CPU's last line and this one. */
static int put_loss(struct ftrace *ftrace, uint32_t cpu)
{
	const struct dwell_event row = {
		.kind = DWELL_EVENT_LOSS,
		.reason = DWELL_LOSS_KERNEL,
		.executor = cpu + 1,
		.value = ftrace->cpu_lost[cpu] - 1,
		.extra = ftrace->cpu_last_ns[cpu] ? ftrace->cpu_last_ns[cpu] - 1 : 0,
	};

	ftrace->cpu_lost[cpu] = 0;
	return ftrace_put(ftrace, &row);
}

static int put_line(struct ftrace *ftrace, const struct ftrace_line *line)
{
	uint32_t slot = 0;
	int err;

	switch (line->event) {
	case FTRACE_SWITCH:
		err = know_current(ftrace, line, &slot);
		return err ? err : put_switch(ftrace, line);
	case FTRACE_WAKING:
		return put_wake(ftrace, line);
	case FTRACE_WAKEUP:
		return ftrace->waking ? DWELL_OK : put_wake(ftrace, line);
	case FTRACE_WAKEUP_NEW:
		return put_newborn(ftrace, line);
	case FTRACE_FORK:
		return put_fork(ftrace, line);
	case FTRACE_RENAME:
		return rename_task(ftrace, line);
	case FTRACE_MARK:
		err = know_current(ftrace, line, &slot);
		return err ? err : ftrace_mark(ftrace, line, slot);
	case FTRACE_EXIT: /* its last switch tells the end */
		return DWELL_OK;
	default:
		ftrace->ignored++;
		return DWELL_OK;
	}
}

int ftrace_rows_line(struct ftrace *ftrace, const struct ftrace_line *line)
{
	uint64_t time_ns;
	int err;

	if (line->event == FTRACE_LOST) {
		ftrace->cpu_lost[line->cpu] += line->value + !ftrace->cpu_lost[line->cpu];
		return DWELL_OK;
	}
	time_ns = line->time_ns < ftrace->zero_ns ? 0 : line->time_ns - ftrace->zero_ns;
	ftrace->late += time_ns < ftrace->last_ns;
	if (time_ns > ftrace->last_ns)
		ftrace->last_ns = time_ns;
	err = know_cpu(ftrace, line->cpu);
	if (!err && ftrace->cpu_lost[line->cpu])
		err = put_loss(ftrace, line->cpu);
	if (!err)
		err = put_line(ftrace, line);
	ftrace->cpu_last_ns[line->cpu] = ftrace->last_ns + 1;
	return err;
}
