/* Rows into the order of their times, spans matched, to the sink. */
#include <stdlib.h>

#include "import/chrome/chrome.h"

enum { BATCH = 1024 };

static int in_order(const void *a, const void *b)
{
	const struct chrome_row *x = a, *y = b;

	if (x->row.time_ns != y->row.time_ns)
		return x->row.time_ns < y->row.time_ns ? -1 : 1;
	if (x->tie != y->tie)
		return x->tie < y->tie ? -1 : 1;
	return (x->index > y->index) - (x->index < y->index);
}

void chrome_sort(struct chrome *chrome)
{
	if (!chrome->count)
		return;
	qsort(chrome->rows, chrome->count, sizeof(*chrome->rows), in_order);
	chrome->zero_ns = chrome->rows[0].row.time_ns;
	chrome->last_ns = chrome->rows[chrome->count - 1].row.time_ns - chrome->zero_ns;
}

/* Spans that nothing tells apart nest. */
static int push_async(struct chrome *chrome, uint64_t key, uint64_t span)
{
	if (chrome->nested_count == chrome->nested_room) {
		const size_t room = chrome->nested_room ? 2 * chrome->nested_room : 256;
		struct chrome_nested *grown = realloc(chrome->nested, room * sizeof(*grown));

		if (!grown)
			return DWELL_ENOMEM;
		chrome->nested = grown;
		chrome->nested_room = room;
	}
	chrome->nested[chrome->nested_count++] =
		(struct chrome_nested){ span, import_map_get(&chrome->open, key) };
	return import_map_put(&chrome->open, key, chrome->nested_count);
}

/* 0: none is open. */
static int pop_async(struct chrome *chrome, uint64_t key, uint64_t *span)
{
	const uint64_t number = import_map_take(&chrome->open, key);
	const struct chrome_nested *top = number ? &chrome->nested[number - 1] : NULL;

	*span = top ? top->span : 0;
	return top && top->outer ? import_map_put(&chrome->open, key, top->outer) : DWELL_OK;
}

/* The number of the span that a row begins or ends; false: an end without a beginning. */
static int match(
	struct chrome *chrome, const struct chrome_row *from, struct dwell_event *row, bool *known)
{
	struct chrome_task *task = &chrome->tasks[row->task - 1];
	const bool begins = row->kind == DWELL_EVENT_SPAN_BEGIN;

	*known = true;
	if (from->match == CHROME_ASYNC && begins) {
		const uint64_t key = row->value;

		row->value = ++chrome->spans;
		return push_async(chrome, key, row->value);
	}
	if (from->match == CHROME_ASYNC) {
		const int err = pop_async(chrome, row->value, &row->value);

		*known = row->value != 0;
		return err;
	}
	if (begins) {
		row->value = ++chrome->spans;
		if (task->depth++ < CHROME_DEPTH)
			task->open[task->depth - 1] = row->value;
	} else {
		*known = task->depth && --task->depth < CHROME_DEPTH;
		row->value = *known ? task->open[task->depth] : 0;
	}
	return DWELL_OK;
}

static int tell_rows(struct chrome *chrome, struct dwell_sink *sink)
{
	struct dwell_event batch[BATCH];
	size_t held = 0;
	int err = DWELL_OK;

	for (size_t i = 0; i < chrome->count && !err; i++) {
		const struct chrome_row *from = &chrome->rows[i];
		struct dwell_event *row = &batch[held];
		bool known = true;

		*row = from->row;
		row->time_ns -= chrome->zero_ns;
		if (from->match >= CHROME_NESTED)
			err = match(chrome, from, row, &known);
		held += known;
		if (err || held < BATCH)
			continue;
		err = sink->ops->events ? sink->ops->events(sink, batch, held) : DWELL_OK;
		held = 0;
	}
	if (!err && held && sink->ops->events)
		err = sink->ops->events(sink, batch, held);
	return err;
}

int chrome_tell(struct chrome *chrome, struct dwell_sink *sink)
{
	const uint64_t spans = chrome->spans;
	int err;

	for (uint32_t i = 0; i < chrome->task_count; i++)
		chrome->tasks[i].depth = 0;
	err = tell_rows(chrome, sink);
	/* Told again, they are the same. */
	chrome->spans = spans;
	chrome->nested_count = 0;
	import_map_release(&chrome->open);
	return err;
}
