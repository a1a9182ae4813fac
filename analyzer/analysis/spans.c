/* Spans: how long, and what their tasks did meanwhile. */
#include <stdlib.h>

#include "analysis/fold.h"

/* A span that goes on, in a list of its task's. */
struct open_span {
	uint64_t id, start_ns;
	struct dwell_times times; /* of the intervals that have ended */
	uint32_t task, label;
	uint8_t kind;
	struct open_span *next;
};

struct span_group {
	struct dwell_span_row row;
	struct dwell_histogram durations;
};

struct spans {
	const struct model *model;
	const struct dwell_states *states;
	struct table open; /* by task: struct open_span * */
	size_t open_count;
	struct span_group *groups;
	size_t count, cap;
	uint64_t unmatched;
};

static int spans_make(void **fold, const struct model *model)
{
	struct spans *spans = calloc(1, sizeof(*spans));

	if (!spans)
		return DWELL_ENOMEM;
	spans->model = model;
	spans->open.item = sizeof(struct open_span *);
	*fold = spans;
	return DWELL_OK;
}

static void spans_drop(void *fold)
{
	struct spans *spans = fold;

	if (!spans)
		return;
	for (uint32_t task = 0; task < spans->open.end; task++) {
		struct open_span **list = table_get(&spans->open, task);

		while (list && *list) {
			struct open_span *next = (*list)->next;

			free(*list);
			*list = next;
		}
	}
	table_release(&spans->open);
	for (size_t i = 0; i < spans->count; i++)
		dwell_histogram_release(&spans->groups[i].durations);
	free(spans->groups);
	free(spans);
}

static int spans_begin(void *fold, const struct fold_start *start)
{
	((struct spans *)fold)->states = start->states;
	return DWELL_OK;
}

static struct span_group *group_of_span(struct spans *spans, uint32_t label, uint8_t kind)
{
	struct span_group *group;

	/* Names of spans are few: they are in the program's text. */
	for (size_t i = 0; i < spans->count; i++)
		if (spans->groups[i].row.label == label && spans->groups[i].row.kind == kind)
			return &spans->groups[i];
	if (spans->count == spans->cap) {
		const size_t cap = spans->cap ? spans->cap * 2 : 16;

		group = realloc(spans->groups, cap * sizeof(*group));
		if (!group)
			return NULL;
		spans->groups = group;
		spans->cap = cap;
	}
	group = &spans->groups[spans->count++];
	*group = (struct span_group){ .row = { .label = label, .kind = kind } };
	return group;
}

static int begin_span(struct spans *spans, const struct dwell_event *event)
{
	struct open_span **list = table_make(&spans->open, event->task);
	struct open_span *span = list ? calloc(1, sizeof(*span)) : NULL;

	if (!span)
		return DWELL_ENOMEM;
	span->id = event->value;
	span->start_ns = event->time_ns;
	span->task = event->task;
	span->label = event->object;
	span->kind = event->reason;
	span->next = *list;
	*list = span;
	spans->open_count++;
	return DWELL_OK;
}

/* Take a span off a task's list. */
static struct open_span *take_from(struct spans *spans, uint32_t task, uint64_t id)
{
	struct open_span **at = table_get(&spans->open, task);

	for (; at && *at; at = &(*at)->next) {
		struct open_span *span = *at;

		if (span->id != id)
			continue;
		*at = span->next;
		spans->open_count--;
		return span;
	}
	return NULL;
}

/* It ends in the task that began it, mostly; a request may end in any. */
static struct open_span *take_span(struct spans *spans, const struct dwell_event *event)
{
	struct open_span *span = take_from(spans, event->task, event->value);

	for (uint32_t task = 0; task < spans->open.end && !span; task++)
		span = take_from(spans, task, event->value);
	return span;
}

/* What its task does now, of which no interval was told. */
static void add_now(const struct spans *spans, struct open_span *span, uint64_t time_ns)
{
	const struct dwell_task_state *state = dwell_states_get(spans->states, span->task);
	const uint64_t since_ns =
		state && state->since_ns > span->start_ns ? state->since_ns : span->start_ns;

	if (state && time_ns > since_ns)
		add_state(&span->times, state->lost_ns ? (unsigned)DWELL_UNKNOWN : state->state,
			time_ns - since_ns);
}

static int end_span(struct spans *spans, const struct dwell_event *event)
{
	struct open_span *span = take_span(spans, event);
	struct span_group *group;
	uint64_t ns;
	int err;

	if (!span) {
		spans->unmatched += wants_task(spans->model, event->task);
		return DWELL_OK;
	}
	group = wants_task(spans->model, span->task) ? group_of_span(spans, span->label, span->kind)
						     : NULL;
	if (!group) {
		free(span);
		return wants_task(spans->model, event->task) ? DWELL_ENOMEM : DWELL_OK;
	}
	ns = event->time_ns - span->start_ns;
	add_now(spans, span, event->time_ns);
	add_times(&group->row.times, &span->times);
	if (ns > group->row.longest_ns || !group->durations.count) {
		group->row.longest_ns = ns;
		group->row.longest_at_ns = span->start_ns;
		group->row.longest_span = span->id;
		group->row.longest_task = span->task;
	}
	err = dwell_histogram_add(&group->durations, ns, 1);
	free(span);
	return err;
}

static int spans_event(void *fold, const struct dwell_event *event)
{
	return event->kind == DWELL_EVENT_SPAN_BEGIN ? begin_span(fold, event)
						     : end_span(fold, event);
}

static void add_interval(struct spans *spans, const struct dwell_interval *interval)
{
	struct open_span **list = table_get(&spans->open, interval->task);

	if (interval->flags & DWELL_INTERVAL_OPEN)
		return;
	for (struct open_span *span = list ? *list : NULL; span; span = span->next) {
		const uint64_t from_ns =
			interval->start_ns > span->start_ns ? interval->start_ns : span->start_ns;

		if (interval->end_ns > from_ns)
			add_state(&span->times, interval->state, interval->end_ns - from_ns);
	}
}

static int spans_batch(void *fold, const struct fold_batch *batch)
{
	struct spans *spans = fold;

	for (size_t i = 0; spans->open_count && i < batch->told->count; i++)
		add_interval(spans, &batch->told->intervals[i]);
	return DWELL_OK;
}

static int spans_merge(void *into, void *from)
{
	(void)into;
	(void)from;
	return DWELL_EINVAL; /* serial: there is nothing to merge */
}

const struct fold_ops spans_fold = {
	.serial = true,
	.kinds = 1u << DWELL_EVENT_SPAN_BEGIN | 1u << DWELL_EVENT_SPAN_END,
	.make = spans_make,
	.free = spans_drop,
	.begin = spans_begin,
	.event = spans_event,
	.batch = spans_batch,
	.merge = spans_merge,
};

static int add_open(struct spans *spans, uint64_t end_ns)
{
	for (uint32_t task = 0; task < spans->open.end; task++) {
		struct open_span *const *list = table_get(&spans->open, task);

		for (const struct open_span *span = list ? *list : NULL; span; span = span->next) {
			struct span_group *group;

			if (!wants_task(spans->model, span->task))
				continue;
			group = group_of_span(spans, span->label, span->kind);
			if (!group)
				return DWELL_ENOMEM;
			group->row.open_count++;
			group->row.open_ns += end_ns - span->start_ns;
		}
	}
	return DWELL_OK;
}

static int longest_first(const void *a, const void *b)
{
	const struct dwell_span_row *x = a, *y = b;

	if (x->durations.total_ns != y->durations.total_ns)
		return x->durations.total_ns > y->durations.total_ns ? -1 : 1;
	if (x->label != y->label)
		return x->label < y->label ? -1 : 1;
	return (x->kind > y->kind) - (x->kind < y->kind);
}

int spans_answer(struct dwell_answer *answer, struct model *model, void *fold,
	const struct dwell_query *query)
{
	struct spans *spans = fold;
	struct dwell_spans *out = calloc(1, sizeof(*out));
	int err = out ? add_open(spans, model->end_ns) : DWELL_ENOMEM;

	(void)query;
	answer->spans = out;
	if (err)
		return err;
	out->unmatched = spans->unmatched;
	out->rows = spans->count ? calloc(spans->count, sizeof(*out->rows)) : NULL;
	if (spans->count && !out->rows)
		return DWELL_ENOMEM;
	for (size_t i = 0; i < spans->count && !err; i++) {
		struct dwell_span_row *row = &out->rows[out->count++];

		*row = spans->groups[i].row;
		row->text = dwell_catalog_label(model->catalog, row->label);
		row->id = hash_bytes(row->text.at, row->text.size, row->kind);
		err = distribution_of(&spans->groups[i].durations, &row->durations);
	}
	if (out->count)
		qsort(out->rows, out->count, sizeof(*out->rows), longest_first);
	return err;
}

void spans_free(struct dwell_spans *spans)
{
	for (size_t i = 0; spans && i < spans->count; i++)
		free(spans->rows[i].durations.bars);
	if (spans)
		free(spans->rows);
	free(spans);
}
