#include "repeat.h"

#include <stdbool.h>
#include <stdlib.h>

#include "dwell/error.h"

enum { BATCH = 4096 };

struct repeat {
	struct dwell_sink sink;
	struct dwell_sink *next;
	size_t left;
	bool first; /* round */
	uint64_t shift_ns, end_ns;
	struct dwell_event rows[BATCH];
};

static int repeat_begin(struct dwell_sink *sink, const struct dwell_trace_info *info)
{
	struct repeat *repeat = (struct repeat *)sink;

	return repeat->first ? repeat->next->ops->begin(repeat->next, info) : DWELL_OK;
}

#define PASS_ON(word)                                                                              \
	static int repeat_##word(struct dwell_sink *sink, const struct dwell_##word *word)         \
	{                                                                                          \
		struct repeat *repeat = (struct repeat *)sink;                                     \
                                                                                                   \
		return repeat->first ? repeat->next->ops->word(repeat->next, word) : DWELL_OK;     \
	}
PASS_ON(process)
PASS_ON(task)
PASS_ON(executor)
PASS_ON(object)
PASS_ON(mapping)
PASS_ON(location)
PASS_ON(stack)
PASS_ON(label)
PASS_ON(counter)
PASS_ON(note)

/* False: not in this round. */
static bool again(const struct repeat *repeat, struct dwell_event *row)
{
	row->time_ns += repeat->shift_ns;
	if (row->kind == DWELL_EVENT_LOSS)
		row->extra += repeat->shift_ns;
	if (row->state == DWELL_EXITED) /* a switch can tell it too */
		row->state = DWELL_BLOCKED;
	if (row->kind == DWELL_EVENT_CREATE && !repeat->first)
		row->kind = DWELL_EVENT_WAKE;
	return row->kind != DWELL_EVENT_EXIT;
}

static int repeat_events(struct dwell_sink *sink, const struct dwell_event *events, size_t count)
{
	struct repeat *repeat = (struct repeat *)sink;

	for (size_t at = 0; at < count && repeat->left;) {
		size_t n = 0;

		for (; at < count && n < BATCH && n < repeat->left; at++) {
			repeat->rows[n] = events[at];
			n += again(repeat, &repeat->rows[n]);
		}
		if (!n)
			continue;
		repeat->left -= n;
		repeat->end_ns = repeat->rows[n - 1].time_ns;

		const int err = repeat->next->ops->events(repeat->next, repeat->rows, n);
		if (err)
			return err;
	}
	return DWELL_OK;
}

int repeat_drive(struct dwell_source *source, size_t rows, struct dwell_sink *sink)
{
	static const struct dwell_sink_ops ops = {
		.begin = repeat_begin,
		.process = repeat_process,
		.task = repeat_task,
		.executor = repeat_executor,
		.object = repeat_object,
		.mapping = repeat_mapping,
		.location = repeat_location,
		.stack = repeat_stack,
		.label = repeat_label,
		.counter = repeat_counter,
		.note = repeat_note,
		.events = repeat_events,
	};
	struct repeat *repeat = calloc(1, sizeof(*repeat));
	int err = repeat ? DWELL_OK : DWELL_ENOMEM;

	if (err)
		return err;
	repeat->sink.ops = &ops;
	repeat->next = sink;
	repeat->left = rows;
	repeat->first = true;
	while (!err && repeat->left) {
		const size_t before = repeat->left;

		err = dwell_source_drive(source, NULL, &repeat->sink);
		repeat->first = false;
		repeat->shift_ns = repeat->end_ns + 1000;
		if (!err && repeat->left == before)
			err = DWELL_EINVAL; /* no rows in it */
	}

	const struct dwell_trace_end end = { .end_ns = repeat->end_ns, .closed = true };
	if (!err)
		err = sink->ops->end(sink, &end);
	free(repeat);
	return err;
}
