/* Text as a trace. */
#include "dwell/text.h"

#include <stdlib.h>
#include <string.h>

#include "src/text_source.h"

static struct text_source *source_of(struct dwell_source *source)
{
	return (struct text_source *)source;
}

static int tell_events(struct text_source *text, struct dwell_sink *sink)
{
	const size_t count = text->event_count;

	text->event_count = 0;
	return count && sink->ops->events ? sink->ops->events(sink, text->events, count) : DWELL_OK;
}

static int tell_keyframe(struct text_source *text, struct dwell_sink *sink)
{
	if (!text->in_keyframe)
		return DWELL_OK;
	text->in_keyframe = false;
	if (!sink->ops->keyframe)
		return DWELL_OK;
	return sink->ops->keyframe(sink, text->keyframe_ns, text->states, text->state_count);
}

#define TELL(function, argument)                                                                   \
	return sink->ops->function ? sink->ops->function(sink, argument) : DWELL_OK

static int tell_definition(struct text_source *text, struct dwell_sink *sink)
{
	switch (text->line) {
	case TEXT_LINE_PROCESS:
		TELL(process, &text->row.process);
	case TEXT_LINE_TASK:
		TELL(task, &text->row.task);
	case TEXT_LINE_EXECUTOR:
		TELL(executor, &text->row.executor);
	case TEXT_LINE_OBJECT:
		TELL(object, &text->row.object);
	case TEXT_LINE_MAPPING:
		TELL(mapping, &text->row.mapping);
	case TEXT_LINE_LOCATION:
		TELL(location, &text->row.location);
	case TEXT_LINE_STACK:
		TELL(stack, &text->row.stack);
	case TEXT_LINE_LABEL:
		TELL(label, &text->row.label);
	case TEXT_LINE_COUNTER:
		TELL(counter, &text->row.counter);
	case TEXT_LINE_CLOCK:
		TELL(clock, &text->row.clock);
	case TEXT_LINE_NOTE:
		TELL(note, &text->row.note);
	default:
		return text_refuse(text, DWELL_EFORMAT, "the trace begins twice");
	}
}

static int keep_state(struct text_source *text)
{
	if (text->state_count == text->state_cap) {
		const size_t cap = text->state_cap * 2 + 64;
		struct dwell_task_state *states = realloc(text->states, cap * sizeof(*states));

		if (!states)
			return DWELL_ENOMEM;
		text->states = states;
		text->state_cap = cap;
	}
	text->states[text->state_count++] = text->row.state;
	return DWELL_OK;
}

static int tell_event(struct text_source *text, struct dwell_sink *sink)
{
	text->now_ns = text->row.event.time_ns;
	text->events[text->event_count++] = text->row.event;
	return text->event_count == BATCH ? tell_events(text, sink) : DWELL_OK;
}

/* Pass on the line in text->row. */
static int tell(struct text_source *text, struct dwell_sink *sink)
{
	int err = DWELL_OK;

	if (text->line == TEXT_LINE_STATE)
		return keep_state(text);
	err = tell_keyframe(text, sink);
	if (err)
		return err;
	if (text->line == TEXT_LINE_EVENT)
		return tell_event(text, sink);
	err = tell_events(text, sink);
	if (err)
		return err;
	if (text->line == TEXT_LINE_KEYFRAME) {
		text->in_keyframe = true;
		text->state_count = 0;
		text->keyframe_ns = text->row.time_ns;
		return DWELL_OK;
	}
	if (text->line == TEXT_LINE_END) {
		if (text->row.end.end_ns < text->now_ns)
			return text_refuse(text, DWELL_EFORMAT, "the end is before the last row");
		text->end = text->row.end;
		text->ended = true;
		return DWELL_OK;
	}
	return tell_definition(text, sink);
}

static size_t on_parts(struct dwell_source *source, const struct dwell_source_options *options)
{
	(void)source;
	(void)options;
	return 1;
}

static void forget(struct text_source *text)
{
	text_lines_rewind(&text->lines);
	for (size_t i = 0; i < TEXT_TABLE_COUNT; i++) {
		text_ids_release(&text->defined[i]);
		text->defined[i] = (struct text_ids){ 0 };
	}
	text->began = false;
	text->ended = false;
	text->waits = false;
	text->in_keyframe = false;
	text->event_count = 0;
	text->now_ns = 0;
	text->end = (struct dwell_trace_end){ 0 };
}

static int begin(struct text_source *text, struct dwell_sink *sink)
{
	int err = text_read_header(text);

	if (!err)
		err = text_read_line(text);
	if (err == DWELL_END || (!err && text->line != TEXT_LINE_TRACE))
		return text_refuse(text, DWELL_EFORMAT, "the line 'trace' is missing");
	if (err)
		return err;
	if (!text->row.info.tick_ns)
		text->row.info.tick_ns = 1;
	return sink->ops->begin ? sink->ops->begin(sink, &text->row.info) : DWELL_OK;
}

/* What comes before the first keyframe or event. */
static int on_start(struct dwell_source *source, const struct dwell_source_options *options,
	struct dwell_sink *sink)
{
	struct text_source *text = source_of(source);
	int err;

	(void)options;
	forget(text);
	err = begin(text, sink);
	while (!err) {
		err = text_read_line(text);
		if (err)
			break;
		text->waits = text->line == TEXT_LINE_EVENT || text->line == TEXT_LINE_STATE ||
			      text->line == TEXT_LINE_KEYFRAME || text->line == TEXT_LINE_END;
		if (text->waits)
			break;
		err = tell(text, sink);
	}
	return err == DWELL_END ? DWELL_OK : err;
}

static int on_drive_part(struct dwell_source *source, const struct dwell_source_options *options,
	size_t part, struct dwell_sink *sink)
{
	struct text_source *text = source_of(source);
	int err = DWELL_OK;

	(void)options;
	(void)part;
	while (!err) {
		if (!text->waits)
			err = text_read_line(text);
		text->waits = false;
		if (!err)
			err = tell(text, sink);
	}
	if (err == DWELL_END)
		err = tell_keyframe(text, sink);
	return err ? err : tell_events(text, sink);
}

static int on_finish(struct dwell_source *source, const struct dwell_source_options *options,
	struct dwell_sink *sink)
{
	struct text_source *text = source_of(source);

	(void)options;
	if (!text->ended)
		text->end = (struct dwell_trace_end){ .end_ns = text->now_ns };
	return sink->ops->end ? sink->ops->end(sink, &text->end) : DWELL_OK;
}

static const struct dwell_diag *on_diag(struct dwell_source *source)
{
	return &source_of(source)->diag;
}

static void on_close(struct dwell_source *source)
{
	struct text_source *text = source_of(source);

	forget(text);
	text_lines_release(&text->lines);
	free(text->strings);
	free(text->states);
	free(text);
}

int dwell_text_source_open(
	struct dwell_source **out, struct dwell_bytes *bytes, struct dwell_diag *diag)
{
	static const struct dwell_source_ops ops = {
		.parts = on_parts,
		.start = on_start,
		.drive_part = on_drive_part,
		.finish = on_finish,
		.diag = on_diag,
		.close = on_close,
	};
	struct text_source *text = calloc(1, sizeof(*text));
	int err;

	if (!text) {
		bytes->ops->close(bytes);
		return dwell_diag_set(diag, DWELL_ENOMEM, UINT64_MAX, 0, "out of memory");
	}
	text->source.ops = &ops;
	text->in.frames = text->frames;
	text->in.lines = text->inlined;
	err = text_lines_init(&text->lines, bytes);
	if (!err)
		err = text_read_header(text);
	if (err) {
		dwell_diag_set(
			diag, err, text->diag.offset, text->diag.line, "%s", text->diag.what);
		on_close(&text->source);
		return err;
	}
	*out = &text->source;
	return DWELL_OK;
}

bool dwell_text_recognizes(const void *at, size_t size)
{
	const size_t length = sizeof(TEXT_HEADER) - 1;

	return size >= length && !memcmp(at, TEXT_HEADER, length);
}
