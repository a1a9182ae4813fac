/* Rows of a filter: before the window they make its keyframe, in it they are chosen. */
#include "src/filter_private.h"

#include <stdlib.h>
#include <string.h>

#include "dwell/error.h"
#include "dwell/limits.h"

static struct dwell_filter *filter_of(struct dwell_sink *sink)
{
	return (struct dwell_filter *)sink;
}

static bool keeps(const struct dwell_filter *filter, uint32_t task)
{
	const struct filter_task *entry;

	if (!filter_chooses(filter))
		return true;
	entry = filter_tasks_find(&filter->tasks, task);
	return entry && entry->kept;
}

static bool process_is(const struct dwell_filter *filter, uint32_t process, unsigned what)
{
	return process < filter->processes.count && filter->processes.are[process] & what;
}

static bool stays_named(const struct dwell_filter *filter, const struct filter_task *entry)
{
	return !filter->options.strip ||
	       (entry->kept && (!filter->options.own_process ||
				       process_is(filter, entry->task.process, FILTER_NAMED)));
}

static int flush(struct dwell_filter *filter)
{
	const size_t count = filter->count;

	filter->count = 0;
	return count ? DWELL_TELL(filter->next, events, filter->rows, count) : DWELL_OK;
}

/* Define a task that is named from here on. */
static int name_task(struct dwell_filter *filter, uint32_t task)
{
	struct filter_task *entry = task ? filter_tasks_find(&filter->tasks, task) : NULL;
	struct dwell_task what;
	int err;

	if (!entry || !entry->defined || entry->told)
		return DWELL_OK;
	/* Where a definition stands must not depend on how the rows came. */
	err = flush(filter);
	if (err)
		return err;
	entry->told = true;
	what = entry->task;
	if (!entry->kept) {
		/* Named, but of its own life nothing is known, at no time. */
		what.created_ns = DWELL_FOREVER;
		what.born = false;
	}
	if (!stays_named(filter, entry))
		what.name = (struct dwell_string){ NULL, 0 };
	return DWELL_TELL(filter->next, task, &what);
}

static int put(struct dwell_filter *filter, const struct dwell_event *event)
{
	filter->rows[filter->count++] = *event;
	if (filter->count == sizeof(filter->rows) / sizeof(filter->rows[0]))
		return flush(filter);
	return DWELL_OK;
}

static int pass(struct dwell_filter *filter, const struct dwell_event *event)
{
	struct dwell_event row = *event;
	int err;

	if (filter->options.kinds && !(filter->options.kinds >> row.kind & 1))
		return DWELL_OK;
	if (row.task && !keeps(filter, row.task) && !filter_bare(&row))
		return DWELL_OK;
	err = name_task(filter, row.task);
	if (!err)
		err = name_task(filter, row.peer);
	return err ? err : put(filter, &row);
}

/* Define the tasks that are created later: a sink may want them before their first row. */
static int name_newcomers(struct dwell_filter *filter)
{
	int err = DWELL_OK;

	for (size_t page = 0; page < filter->tasks.count; page++) {
		for (size_t i = 0; filter->tasks.pages[page] && i < FILTER_TASKS && !err; i++) {
			const struct filter_task *entry = &filter->tasks.pages[page][i];

			if (entry->defined && entry->kept &&
				entry->task.created_ns >= filter->options.from_ns &&
				entry->task.created_ns < filter->to_ns)
				err = name_task(filter, entry->task.id);
		}
	}
	return err;
}

/* The states of those that are kept, the names of all that they name, and who runs. */
static int tell_keyframe(struct dwell_filter *filter, uint64_t time_ns,
	const struct dwell_task_state *states, size_t count)
{
	struct dwell_task_state *kept = calloc(count + 1, sizeof(*kept));
	size_t n = 0;
	int err = kept ? DWELL_OK : DWELL_ENOMEM;

	for (size_t i = 0; i < count && !err; i++) {
		const struct dwell_task_state *s = &states[i];
		const uint32_t named[] = { s->task, s->waker, s->wait_holder, s->wait_waker };
		const bool whole = keeps(filter, s->task);

		if (!whole && !filter_bare_state(s, &kept[n]))
			continue;
		if (whole)
			kept[n] = *s;
		n++;
		for (size_t j = 0; j < (whole ? 4 : 1) && !err; j++)
			err = name_task(filter, named[j]);
	}
	if (!err)
		err = DWELL_TELL(filter->next, keyframe, time_ns, kept, n);
	free(kept);
	return err;
}

/* The window begins. */
static int enter(struct dwell_filter *filter)
{
	const struct dwell_event now = { .kind = DWELL_EVENT_MARK,
		.time_ns = filter->options.from_ns };
	const struct dwell_task_state *states;
	size_t count;
	int err;

	filter->inside = true;
	if (!filter->states)
		return name_newcomers(filter);
	/* A row that says nothing of states brings them to the time. */
	err = dwell_states_apply(filter->states, &now, 1);
	if (!err)
		err = dwell_states_save(filter->states, &states, &count);
	if (!err)
		err = tell_keyframe(filter, filter->options.from_ns, states, count);
	dwell_states_free(filter->states);
	filter->states = NULL;
	if (!err)
		err = name_newcomers(filter);
	if (!err && filter->ahead_ns > filter->options.from_ns) {
		/* A loss goes on into the window. */
		filter->ahead.time_ns = filter->options.from_ns;
		filter->ahead.value = 0;
		err = pass(filter, &filter->ahead);
	}
	return err;
}

static int enter_at(struct dwell_filter *filter, uint64_t time_ns)
{
	return filter->inside || time_ns < filter->options.from_ns ? DWELL_OK : enter(filter);
}

static int before(struct dwell_filter *filter, const struct dwell_event *event)
{
	if (event->kind == DWELL_EVENT_LOSS && event->extra > filter->ahead_ns &&
		event->extra > event->time_ns) {
		filter->ahead_ns = event->extra;
		filter->ahead = *event;
	}
	return filter->states ? dwell_states_apply(filter->states, event, 1) : DWELL_OK;
}

static int on_events(struct dwell_sink *sink, const struct dwell_event *events, size_t count)
{
	struct dwell_filter *filter = filter_of(sink);
	int err = DWELL_OK;

	filter->fed = true;
	for (size_t i = 0; i < count && !err; i++) {
		err = enter_at(filter, events[i].time_ns);
		if (err || events[i].time_ns >= filter->to_ns)
			continue;
		err = filter->inside ? pass(filter, &events[i]) : before(filter, &events[i]);
	}
	return err ? err : flush(filter);
}

static int on_watermark(struct dwell_sink *sink, uint64_t time_ns)
{
	struct dwell_filter *filter = filter_of(sink);
	const int err = enter_at(filter, time_ns);

	if (err || !filter->inside)
		return err;
	return DWELL_TELL(
		filter->next, watermark, time_ns < filter->to_ns ? time_ns : filter->to_ns);
}

/* Only the first one counts: from there on the rows tell. */
static int on_keyframe(struct dwell_sink *sink, uint64_t time_ns,
	const struct dwell_task_state *states, size_t count)
{
	struct dwell_filter *filter = filter_of(sink);
	int err = DWELL_OK;

	if (filter->fed)
		return DWELL_OK;
	filter->fed = true;
	if (time_ns < filter->options.from_ns)
		return dwell_states_load(filter->states, time_ns, states, count);
	/* The trace begins inside the window. */
	dwell_states_free(filter->states);
	filter->states = NULL;
	err = tell_keyframe(filter, time_ns, states, count);
	return err ? err : enter_at(filter, time_ns);
}

static int on_end(struct dwell_sink *sink, const struct dwell_trace_end *end)
{
	struct dwell_filter *filter = filter_of(sink);
	struct dwell_trace_end what = *end;
	int err = filter->inside ? DWELL_OK : enter(filter);

	if (what.end_ns > filter->to_ns)
		what.end_ns = filter->to_ns;
	if (what.end_ns < filter->options.from_ns)
		what.end_ns = filter->options.from_ns;
	if (!err)
		err = flush(filter);
	return err ? err : DWELL_TELL(filter->next, end, &what);
}

static int on_begin(struct dwell_sink *sink, const struct dwell_trace_info *info)
{
	struct dwell_filter *filter = filter_of(sink);
	struct dwell_trace_info what = *info;

	if (info->begin_ns >= filter->options.from_ns)
		filter->options.from_ns = info->begin_ns;
	else if (dwell_states_new(&filter->states, info->levels, NULL, NULL))
		return DWELL_ENOMEM;
	what.begin_ns = filter->options.from_ns;
	return DWELL_TELL(filter->next, begin, &what);
}

static int judge_process(
	struct dwell_filter *filter, const struct dwell_process *process, uint8_t *is)
{
	const struct dwell_filter_options *options = &filter->options;
	struct filter_processes *all = &filter->processes;

	*is = 0;
	if (!options->keep_process || options->keep_process(options->context, process))
		*is = FILTER_KEPT;
	if (!options->strip ||
		(*is && (!options->own_process || options->own_process(options->context, process))))
		*is |= FILTER_NAMED;
	if (process->id > DWELL_MAX_PROCESSES)
		return DWELL_ELIMIT;
	if (process->id >= all->count) {
		const size_t count = ((size_t)process->id + 1) * 2;
		uint8_t *grown = realloc(all->are, count);

		if (!grown)
			return DWELL_ENOMEM;
		memset(grown + all->count, 0, count - all->count);
		all->are = grown;
		all->count = count;
	}
	all->are[process->id] = *is;
	return DWELL_OK;
}

static int on_process(struct dwell_sink *sink, const struct dwell_process *process)
{
	struct dwell_filter *filter = filter_of(sink);
	struct dwell_process what = *process;
	uint8_t is;
	const int err = judge_process(filter, process, &is);

	if (err)
		return err;
	if (filter->options.strip)
		what.command = (struct dwell_string){ NULL, 0 };
	if (!(is & FILTER_NAMED))
		what.name = (struct dwell_string){ NULL, 0 };
	return DWELL_TELL(filter->next, process, &what);
}

static bool keeps_task(const struct dwell_filter *filter, const struct dwell_task *task)
{
	const struct dwell_filter_options *options = &filter->options;

	if (options->keep_process && !process_is(filter, task->process, FILTER_KEPT))
		return false;
	return !options->keep_task || options->keep_task(options->context, task);
}

static int on_task(struct dwell_sink *sink, const struct dwell_task *task)
{
	struct dwell_filter *filter = filter_of(sink);
	const struct filter_task *known = filter_tasks_find(&filter->tasks, task->id);
	const bool told = known && known->told, kept = known && known->kept;
	struct filter_task *entry;
	int err = filter_tasks_hold(&filter->tasks, task, &entry);

	if (err)
		return err;
	entry->kept = kept || keeps_task(filter, task);
	if (filter->states)
		err = dwell_states_task(filter->states, task);
	if (err)
		return err;
	/* Renamed, or created in the window. */
	if (told || (filter->inside && entry->kept && task->created_ns >= filter->options.from_ns &&
			    task->created_ns < filter->to_ns))
		return name_task(filter, task->id);
	return DWELL_OK;
}

static int on_executor(struct dwell_sink *sink, const struct dwell_executor *executor)
{
	struct dwell_filter *filter = filter_of(sink);
	const int err = filter->states ? dwell_states_executor(filter->states, executor) : DWELL_OK;

	return err ? err : DWELL_TELL(filter->next, executor, executor);
}

static int on_mapping(struct dwell_sink *sink, const struct dwell_mapping *mapping)
{
	struct dwell_filter *filter = filter_of(sink);
	struct dwell_mapping what = *mapping;

	if (filter->options.strip)
		what.path = filter_base(what.path);
	return DWELL_TELL(filter->next, mapping, &what);
}

static int on_location(struct dwell_sink *sink, const struct dwell_location *location)
{
	struct dwell_filter *filter = filter_of(sink);
	struct dwell_line lines[DWELL_MAX_INLINE_LINES];
	struct dwell_location what = *location;

	if (!filter->options.strip)
		return DWELL_TELL(filter->next, location, location);
	if (what.line_count > DWELL_MAX_INLINE_LINES)
		return DWELL_ELIMIT;
	for (size_t i = 0; i < what.line_count; i++) {
		lines[i] = location->lines[i];
		lines[i].file = filter_base(lines[i].file);
	}
	what.lines = lines;
	return DWELL_TELL(filter->next, location, &what);
}

static int on_note(struct dwell_sink *sink, const struct dwell_note *note)
{
	struct dwell_filter *filter = filter_of(sink);

	if (filter->options.strip && filter_drops_note(note))
		return DWELL_OK;
	return DWELL_TELL(filter->next, note, note);
}

/* Files waited for are named by their paths. */
static int on_object(struct dwell_sink *sink, const struct dwell_object *object)
{
	struct dwell_filter *filter = filter_of(sink);
	struct dwell_object what = *object;

	if (filter->options.strip && what.name.size && what.name.at[0] == '/')
		what.name = filter_base(what.name);
	return DWELL_TELL(filter->next, object, &what);
}

static int on_stack(struct dwell_sink *sink, const struct dwell_stack *stack)
{
	return DWELL_TELL(filter_of(sink)->next, stack, stack);
}

static int on_label(struct dwell_sink *sink, const struct dwell_label *label)
{
	return DWELL_TELL(filter_of(sink)->next, label, label);
}

static int on_counter(struct dwell_sink *sink, const struct dwell_counter *counter)
{
	return DWELL_TELL(filter_of(sink)->next, counter, counter);
}

static int on_clock(struct dwell_sink *sink, const struct dwell_clock_pair *pair)
{
	return DWELL_TELL(filter_of(sink)->next, clock, pair);
}

static const struct dwell_sink_ops filter_ops = {
	.begin = on_begin,
	.process = on_process,
	.task = on_task,
	.executor = on_executor,
	.object = on_object,
	.mapping = on_mapping,
	.location = on_location,
	.stack = on_stack,
	.label = on_label,
	.counter = on_counter,
	.clock = on_clock,
	.note = on_note,
	.keyframe = on_keyframe,
	.events = on_events,
	.watermark = on_watermark,
	.end = on_end,
};

int dwell_filter_new(struct dwell_filter **out, struct dwell_sink *next,
	const struct dwell_filter_options *options)
{
	struct dwell_filter *filter;

	if (options->to_ns && options->to_ns <= options->from_ns)
		return DWELL_EINVAL;
	filter = calloc(1, sizeof(*filter));
	if (!filter)
		return DWELL_ENOMEM;
	filter->sink.ops = &filter_ops;
	filter->next = next;
	filter->options = *options;
	filter->to_ns = options->to_ns ? options->to_ns : UINT64_MAX;
	*out = filter;
	return DWELL_OK;
}

struct dwell_sink *dwell_filter_sink(struct dwell_filter *filter)
{
	return &filter->sink;
}

void dwell_filter_free(struct dwell_filter *filter)
{
	if (!filter)
		return;
	dwell_states_free(filter->states);
	filter_tasks_release(&filter->tasks);
	free(filter->processes.are);
	free(filter);
}
