#include "tests/collect.h"

#include <stdlib.h>
#include <string.h>

/* Room for one more; tests have the memory. */
static void *more(void *at, size_t count, size_t *cap, size_t size)
{
	if (count < *cap)
		return at;
	*cap = *cap ? *cap * 2 : 64;
	at = realloc(at, *cap * size);
	if (!at)
		abort();
	return at;
}

static int on_begin(struct dwell_sink *sink, const struct dwell_trace_info *info)
{
	((struct collect *)sink)->levels = info->levels;
	return 0;
}

static int on_task(struct dwell_sink *sink, const struct dwell_task *task)
{
	struct collect *c = (struct collect *)sink;

	c->tasks = more(c->tasks, c->task_count, &c->task_cap, sizeof(*c->tasks));
	c->tasks[c->task_count++] = *task;
	return 0;
}

static int on_executor(struct dwell_sink *sink, const struct dwell_executor *executor)
{
	struct collect *c = (struct collect *)sink;

	c->executors =
		more(c->executors, c->executor_count, &c->executor_cap, sizeof(*c->executors));
	c->executors[c->executor_count++] = *executor;
	return 0;
}

static int on_events(struct dwell_sink *sink, const struct dwell_event *events, size_t count)
{
	struct collect *c = (struct collect *)sink;

	for (size_t i = 0; i < count; i++) {
		c->rows = more(c->rows, c->count, &c->cap, sizeof(*c->rows));
		c->rows[c->count++] = events[i];
	}
	return 0;
}

static int on_end(struct dwell_sink *sink, const struct dwell_trace_end *end)
{
	((struct collect *)sink)->end_ns = end->end_ns;
	return 0;
}

void collect_init(struct collect *collect)
{
	static const struct dwell_sink_ops ops = {
		.begin = on_begin,
		.task = on_task,
		.executor = on_executor,
		.events = on_events,
		.end = on_end,
	};

	memset(collect, 0, sizeof(*collect));
	collect->sink.ops = &ops;
}

void collect_release(struct collect *collect)
{
	free(collect->rows);
	free(collect->tasks);
	free(collect->executors);
}

void told_interval(void *context, const struct dwell_interval *interval)
{
	struct told *told = context;

	told->intervals = more(told->intervals, told->interval_count, &told->interval_cap,
		sizeof(*told->intervals));
	told->intervals[told->interval_count++] = *interval;
}

void told_wait(void *context, const struct dwell_wait *wait)
{
	struct told *told = context;

	told->waits = more(told->waits, told->wait_count, &told->wait_cap, sizeof(*told->waits));
	told->waits[told->wait_count++] = *wait;
}

const struct dwell_states_ops told_ops = { told_interval, told_wait };

bool told_same_interval(const struct dwell_interval *a, const struct dwell_interval *b)
{
	return a->start_ns == b->start_ns && a->end_ns == b->end_ns && a->task == b->task &&
	       a->executor == b->executor && a->object == b->object && a->stack == b->stack &&
	       a->waker == b->waker && a->waker_stack == b->waker_stack && a->holder == b->holder &&
	       a->state == b->state && a->reason == b->reason && a->cause == b->cause &&
	       a->next == b->next && a->flags == b->flags && a->holder_how == b->holder_how;
}

bool told_same_wait(const struct dwell_wait *a, const struct dwell_wait *b)
{
	return a->start_ns == b->start_ns && a->end_ns == b->end_ns &&
	       a->blocked_ns == b->blocked_ns && a->runnable_ns == b->runnable_ns &&
	       a->running_ns == b->running_ns && a->unknown_ns == b->unknown_ns &&
	       a->task == b->task && a->object == b->object && a->stack == b->stack &&
	       a->holder == b->holder && a->waker == b->waker && a->waker_stack == b->waker_stack &&
	       a->reason == b->reason && a->flags == b->flags && a->holder_how == b->holder_how;
}

void told_release(struct told *told)
{
	free(told->intervals);
	free(told->waits);
}

/* A stable merge sort by task. */
static void sort(char *rows, char *spare, size_t count, size_t size, size_t task_at)
{
	const size_t half = count / 2;
	uint32_t a, b;

	if (count < 2)
		return;
	sort(rows, spare, half, size, task_at);
	sort(rows + half * size, spare, count - half, size, task_at);
	memcpy(spare, rows, half * size);
	for (size_t i = 0, j = half, k = 0; i < half; k++) {
		memcpy(&a, spare + i * size + task_at, sizeof(a));
		if (j < count)
			memcpy(&b, rows + j * size + task_at, sizeof(b));
		if (j < count && b < a)
			memcpy(rows + k * size, rows + j++ * size, size);
		else
			memcpy(rows + k * size, spare + i++ * size, size);
	}
}

static void sort_all(void *rows, size_t count, size_t size, size_t task_at)
{
	char *spare = malloc(count * size + 1);

	if (!spare)
		abort();
	sort(rows, spare, count, size, task_at);
	free(spare);
}

void told_sort(struct told *told)
{
	sort_all(told->intervals, told->interval_count, sizeof(*told->intervals),
		offsetof(struct dwell_interval, task));
	sort_all(told->waits, told->wait_count, sizeof(*told->waits),
		offsetof(struct dwell_wait, task));
}
