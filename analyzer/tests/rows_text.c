#include "tests/rows_text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static struct rows_text *self_of(struct dwell_sink *sink)
{
	return (struct rows_text *)sink;
}

static void say(struct rows_text *text, const char *format, ...)
{
	const size_t left = sizeof(text->text) - text->size;
	va_list args;
	int size;

	va_start(args, format);
	size = vsnprintf(text->text + text->size, left, format, args);
	va_end(args);
	text->size += (size_t)size < left ? (size_t)size : left - 1;
}

static int begin(struct dwell_sink *sink, const struct dwell_trace_info *info)
{
	self_of(sink)->info = *info;
	return DWELL_OK;
}

static int process(struct dwell_sink *sink, const struct dwell_process *process)
{
	if (self_of(sink)->tables)
		say(self_of(sink), "process %u pid %" PRId64 " %.*s\n", process->id, process->pid,
			(int)process->name.size, process->name.at);
	return DWELL_OK;
}

static int task(struct dwell_sink *sink, const struct dwell_task *task)
{
	struct rows_text *text = self_of(sink);

	if (task->id < 64)
		text->tid[task->id] = task->tid;
	if (text->tables)
		say(text, "task %u tid %" PRId64 " process %u parent %u%s at %" PRIu64 " %.*s\n",
			task->id, task->tid, task->process, task->parent, task->born ? " born" : "",
			task->created_ns, (int)task->name.size, task->name.at);
	return DWELL_OK;
}

static int mapping(struct dwell_sink *sink, const struct dwell_mapping *mapping)
{
	say(self_of(sink), "mapping %u process %u %" PRIx64 "-%" PRIx64 " +%" PRIx64 " %.*s %.*s\n",
		mapping->id, mapping->process, mapping->start, mapping->end, mapping->file_offset,
		(int)mapping->path.size, mapping->path.at, (int)mapping->build_id.size,
		mapping->build_id.at);
	return DWELL_OK;
}

static int location(struct dwell_sink *sink, const struct dwell_location *location)
{
	if (location->line_count) /* what this machine's files say is another matter */
		return DWELL_OK;
	say(self_of(sink), "location %u mapping %u %" PRIx64 "\n", location->id, location->mapping,
		location->address);
	return DWELL_OK;
}

static int stack(struct dwell_sink *sink, const struct dwell_stack *stack)
{
	say(self_of(sink), "stack %u", stack->id);
	for (size_t i = 0; i < stack->count; i++)
		say(self_of(sink), " %u", stack->locations[i]);
	say(self_of(sink), "\n");
	return DWELL_OK;
}

static int note(struct dwell_sink *sink, const struct dwell_note *note)
{
	say(self_of(sink), "%.*s: %.*s\n", (int)note->key.size, note->key.at, (int)note->value.size,
		note->value.at);
	return DWELL_OK;
}

static int64_t tid_of(const struct rows_text *text, uint32_t task)
{
	return task < 64 ? text->tid[task] : -1;
}

static void say_row(struct rows_text *text, const struct dwell_event *row)
{
	say(text, "%" PRIu64 " %s", row->time_ns, dwell_event_kind_name(row->kind));
	if (row->executor)
		say(text, " cpu%u", row->executor - 1);
	if (row->task)
		say(text, " %" PRId64, tid_of(text, row->task));
	if (row->state)
		say(text, " %s", dwell_state_name(row->state));
	if (row->reason)
		say(text, " %u", row->reason);
	if (row->flags)
		say(text, " flags %u", row->flags);
	if (row->peer)
		say(text, " peer %" PRId64, tid_of(text, row->peer));
	if (row->stack)
		say(text, " stack %u", row->stack);
	if (row->value)
		say(text, " value %" PRId64, (int64_t)row->value);
	if (row->extra)
		say(text, " extra %" PRIu64, row->extra);
	say(text, "\n");
}

static int events(struct dwell_sink *sink, const struct dwell_event *rows, size_t count)
{
	struct rows_text *text = self_of(sink);

	for (size_t i = 0; i < count; i++) {
		if (rows[i].time_ns < text->watermark_ns)
			text->disorder = true;
		text->watermark_ns = rows[i].time_ns;
		text->rows++;
		if (rows[i].kind != DWELL_EVENT_PRIORITY)
			say_row(text, &rows[i]);
	}
	return DWELL_OK;
}

static int watermark(struct dwell_sink *sink, uint64_t time_ns)
{
	if (time_ns < self_of(sink)->watermark_ns)
		self_of(sink)->disorder = true;
	return DWELL_OK;
}

static int end(struct dwell_sink *sink, const struct dwell_trace_end *end)
{
	self_of(sink)->end = *end;
	return DWELL_OK;
}

void rows_text_init(struct rows_text *text)
{
	static const struct dwell_sink_ops ops = {
		.begin = begin,
		.process = process,
		.task = task,
		.mapping = mapping,
		.location = location,
		.stack = stack,
		.note = note,
		.events = events,
		.watermark = watermark,
		.end = end,
	};

	*text = (struct rows_text){ .sink = { &ops } };
}

int rows_text_drive(struct rows_text *text, struct dwell_bytes *bytes, struct dwell_diag *diag)
{
	struct dwell_import import;
	int err = dwell_import_open_bytes(&import, bytes, diag);

	if (err)
		return err;
	err = dwell_source_drive(import.source, NULL, &text->sink);
	if (err && diag)
		*diag = *import.source->ops->diag(import.source);
	dwell_import_close(&import);
	return err;
}
