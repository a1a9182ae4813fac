/* A trace as text. */
#include "dwell/text.h"

#include <stdlib.h>
#include <string.h>

#include "dwell/limits.h"
#include "src/text_defs.h"
#include "src/text_private.h"

/* The first bytes of a task's name, for the comments behind events. */
struct name {
	uint8_t size;
	char at[23];
};

enum { NAME_BITS = 6, PAGE_NAMES = 1 << NAME_BITS };

struct text_sink {
	struct dwell_sink sink;
	struct name **names; /* pages */
	size_t pages;
	bool told_events;
	struct text_defs defs;
	struct text_out out;
};

static struct text_sink *sink_of(struct dwell_sink *sink)
{
	return (struct text_sink *)sink;
}

static int written(struct text_sink *text)
{
	return text->out.failed ? DWELL_EIO : DWELL_OK;
}

static int put_line(struct text_sink *text, enum text_line line, const union text_row *row)
{
	text_put_line(&text->out, line, row);
	return written(text);
}

/* Definitions before the first row are put in order; later ones are put where they change. */
static int define(struct text_sink *text, enum text_line line, const union text_row *row)
{
	return text_defs_put(&text->defs, line, row, &text->out);
}

/* One function of the sink for each line whose row is a definition. */
#define DEFINE(function, type, line)                                                               \
	static int on_##function(struct dwell_sink *sink, const struct type *what)                 \
	{                                                                                          \
		const union text_row row = { .function = *what };                                  \
                                                                                                   \
		return define(sink_of(sink), line, &row);                                          \
	}

DEFINE(process, dwell_process, TEXT_LINE_PROCESS)
DEFINE(executor, dwell_executor, TEXT_LINE_EXECUTOR)
DEFINE(object, dwell_object, TEXT_LINE_OBJECT)
DEFINE(mapping, dwell_mapping, TEXT_LINE_MAPPING)
DEFINE(location, dwell_location, TEXT_LINE_LOCATION)
DEFINE(stack, dwell_stack, TEXT_LINE_STACK)
DEFINE(label, dwell_label, TEXT_LINE_LABEL)
DEFINE(counter, dwell_counter, TEXT_LINE_COUNTER)
DEFINE(clock, dwell_clock_pair, TEXT_LINE_CLOCK)
DEFINE(note, dwell_note, TEXT_LINE_NOTE)

static int on_begin(struct dwell_sink *sink, const struct dwell_trace_info *info)
{
	static const char header[] = "dwell-text ";
	struct text_sink *text = sink_of(sink);
	const union text_row row = { .info = *info };

	text_put(&text->out, header, sizeof(header) - 1);
	text_put_number(&text->out, TEXT_VERSION);
	text_put_char(&text->out, '\n');
	return put_line(text, TEXT_LINE_TRACE, &row);
}

static struct name *name_of(struct text_sink *text, uint32_t task)
{
	const size_t page = task >> NAME_BITS;

	if (page >= text->pages || !text->names[page])
		return NULL;
	return &text->names[page][task % PAGE_NAMES];
}

static struct name *make_name(struct text_sink *text, uint32_t task)
{
	const size_t page = task >> NAME_BITS;

	if (task > DWELL_MAX_TASKS)
		return NULL;
	if (page >= text->pages) {
		const size_t pages = (page + 1) * 2;
		struct name **names = realloc(text->names, pages * sizeof(struct name *));

		if (!names)
			return NULL;
		memset(names + text->pages, 0, (pages - text->pages) * sizeof(struct name *));
		text->names = names;
		text->pages = pages;
	}
	if (!text->names[page])
		text->names[page] = calloc(PAGE_NAMES, sizeof(struct name));
	return text->names[page] ? &text->names[page][task % PAGE_NAMES] : NULL;
}

/* A comment ends with the line and is shown on terminals: only plain characters. */
static void keep_name(struct name *name, const struct dwell_string *string)
{
	name->size = 0;
	for (size_t i = 0; i < string->size && name->size < sizeof(name->at); i++) {
		const char c = string->at[i];

		name->at[name->size++] = (char)(c > 0x20 && c < 0x7f ? c : '_');
	}
}

static int on_task(struct dwell_sink *sink, const struct dwell_task *task)
{
	struct text_sink *text = sink_of(sink);
	const union text_row row = { .task = *task };
	struct name *name = make_name(text, task->id);

	if (!name)
		return task->id > DWELL_MAX_TASKS ? DWELL_ELIMIT : DWELL_ENOMEM;
	keep_name(name, &task->name);
	return define(text, TEXT_LINE_TASK, &row);
}

/* Only at the start: what follows can be worked out from the events. */
static int on_keyframe(struct dwell_sink *sink, uint64_t time_ns,
	const struct dwell_task_state *states, size_t count)
{
	struct text_sink *text = sink_of(sink);
	const union text_row keyframe = { .time_ns = time_ns };

	if (text->told_events || !count)
		return DWELL_OK;
	text->told_events = true;
	if (text_defs_tell(&text->defs, &text->out))
		return DWELL_ENOMEM;
	put_line(text, TEXT_LINE_KEYFRAME, &keyframe);
	for (size_t i = 0; i < count; i++) {
		const union text_row row = { .state = states[i] };

		put_line(text, TEXT_LINE_STATE, &row);
	}
	return written(text);
}

/* True if there is a name. */
static bool put_name(struct text_sink *text, const char *before, uint32_t task)
{
	const struct name *name = task ? name_of(text, task) : NULL;

	if (!name || !name->size)
		return false;
	text_put(&text->out, before, strlen(before));
	text_put(&text->out, name->at, name->size);
	return true;
}

static void put_event(struct text_sink *text, const struct dwell_event *event)
{
	const char *kind = dwell_event_kind_name(event->kind);
	const union text_row row = { .event = *event };

	text_put_number(&text->out, event->time_ns);
	text_put_char(&text->out, ' ');
	if (kind)
		text_put(&text->out, kind, strlen(kind));
	else
		text_put_number(&text->out, event->kind);
	text_put_fields(&text->out, &text_event_kind, &row);
	if (put_name(text, "  # ", event->task))
		put_name(text, " > ", event->peer);
	else
		put_name(text, "  # > ", event->peer);
	text_put_char(&text->out, '\n');
}

static int on_events(struct dwell_sink *sink, const struct dwell_event *events, size_t count)
{
	struct text_sink *text = sink_of(sink);

	text->told_events = true;
	if (text_defs_tell(&text->defs, &text->out))
		return DWELL_ENOMEM;
	for (size_t i = 0; i < count; i++)
		put_event(text, &events[i]);
	return written(text);
}

static int on_end(struct dwell_sink *sink, const struct dwell_trace_end *end)
{
	struct text_sink *text = sink_of(sink);
	const union text_row row = { .end = *end };

	if (text_defs_tell(&text->defs, &text->out))
		return DWELL_ENOMEM;
	put_line(text, TEXT_LINE_END, &row);
	text_flush(&text->out);
	if (fflush(text->out.file))
		text->out.failed = true;
	return written(text);
}

int dwell_text_sink_new(struct dwell_sink **out, FILE *file)
{
	static const struct dwell_sink_ops ops = {
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
		.end = on_end,
	};
	struct text_sink *text = calloc(1, sizeof(*text));

	if (!text)
		return DWELL_ENOMEM;
	if (text_defs_init(&text->defs)) {
		free(text);
		return DWELL_ENOMEM;
	}
	text->sink.ops = &ops;
	text->out.file = file;
	*out = &text->sink;
	return DWELL_OK;
}

void dwell_text_sink_free(struct dwell_sink *sink)
{
	struct text_sink *text = sink ? sink_of(sink) : NULL;

	if (!text)
		return;
	text_flush(&text->out);
	text_defs_release(&text->defs);
	for (size_t i = 0; i < text->pages; i++)
		free(text->names[i]);
	free(text->names);
	free(text);
}
