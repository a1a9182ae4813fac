/* A line of text to a row. */
#include "src/text_source.h"

#include <stdlib.h>
#include <string.h>

/* What is in in->what goes to the diag. */
static int refuse(struct text_source *text, int err)
{
	return dwell_diag_set(
		&text->diag, err, UINT64_MAX, text->lines.number, "%s", text->in.what);
}

int text_refuse(struct text_source *text, int err, const char *what)
{
	return refuse(text, text_wrong(&text->in, err, "%s", what));
}

static int require(struct text_source *text, enum text_table table, uint32_t id)
{
	if (!id || text_ids_has(&text->defined[table], id))
		return DWELL_OK;
	return refuse(
		text, text_wrong(&text->in, DWELL_EFORMAT, "%s %c%u is not defined before its use",
			      text_tables[table].name, text_tables[table].letter, id));
}

static int check_event(struct text_source *text, const struct dwell_event *event)
{
	int err = require(text, TEXT_TASK, event->task);

	if (event->time_ns < text->now_ns)
		return text_refuse(
			text, DWELL_EFORMAT, "the time is before that of the row before");
	if (!err)
		err = require(text, TEXT_TASK, event->peer);
	if (!err)
		err = require(text, TEXT_EXECUTOR, event->executor);
	if (!err)
		err = require(text, text_what_table(event->kind), event->object);
	if (!err)
		err = require(text, TEXT_STACK, event->stack);
	return err;
}

static int check_state(struct text_source *text, const struct dwell_task_state *s)
{
	const struct dwell_task_state *last =
		text->state_count ? &text->states[text->state_count - 1] : NULL;
	const uint32_t tasks[] = { s->task, s->waker, s->wait_holder, s->wait_waker };
	const uint32_t stacks[] = { s->stack, s->waker_stack, s->wait_stack, s->wait_waker_stack };
	int err = require(text, TEXT_EXECUTOR, s->executor);

	if (!text->in_keyframe)
		return text_refuse(text, DWELL_EFORMAT, "a state without a keyframe before it");
	if (last && last->task >= s->task)
		return text_refuse(
			text, DWELL_EFORMAT, "the states are not in order of their tasks");
	for (size_t i = 0; i < 4 && !err; i++) {
		err = require(text, TEXT_TASK, tasks[i]);
		if (!err)
			err = require(text, TEXT_STACK, stacks[i]);
	}
	if (!err)
		err = require(text, TEXT_OBJECT, s->object);
	if (!err)
		err = require(text, TEXT_OBJECT, s->wait_object);
	return err;
}

/* "+500" is 500 ns after the row before. */
static int read_time(struct text_source *text, uint64_t *out)
{
	struct text_in *in = &text->in;
	const bool relative = *in->at == '+';
	bool negative;
	int err;

	in->at += relative;
	err = text_number(in, out, &negative);
	if (err)
		return refuse(text, err);
	if (relative && *out > UINT64_MAX - text->now_ns)
		return text_refuse(text, DWELL_ELIMIT, "the time is too large");
	*out += relative ? text->now_ns : 0;
	return DWELL_OK;
}

static int read_event(struct text_source *text)
{
	struct text_in *in = &text->in;
	struct dwell_event *event = &text->row.event;
	const char *word;
	size_t length;
	unsigned kind = 1;
	uint64_t time_ns = 0;
	int err = read_time(text, &time_ns);

	if (err)
		return err;
	event->time_ns = time_ns;
	if (text_at_end(in))
		return text_refuse(text, DWELL_EFORMAT, "the kind of the event is missing");
	length = text_word(in, &word);
	while (kind < DWELL_EVENT_KIND_COUNT &&
		!(strlen(dwell_event_kind_name(kind)) == length &&
			!memcmp(dwell_event_kind_name(kind), word, length)))
		kind++;
	if (kind == DWELL_EVENT_KIND_COUNT)
		return refuse(text, text_wrong(in, DWELL_EFORMAT, "'%.*s' is no kind of event",
					    length < 40 ? (int)length : 40, word));
	event->kind = (uint8_t)kind;
	err = text_fields(in, &text_event_kind, &text->row);
	return err ? refuse(text, err) : check_event(text, event);
}

static int find_kind(const char *word, size_t length)
{
	for (int i = 0; i < TEXT_LINE_COUNT; i++)
		if (strlen(text_kinds[i].word) == length &&
			!memcmp(text_kinds[i].word, word, length))
			return i;
	return -1;
}

static int read_definition(struct text_source *text)
{
	struct text_in *in = &text->in;
	const struct text_kind *kind;
	const char *word;
	const size_t length = text_word(in, &word);
	uint32_t id;
	int err = DWELL_OK;

	text->line = find_kind(word, length);
	if (text->line < 0)
		return refuse(
			text, text_wrong(in, DWELL_EFORMAT, "'%.*s' begins no line of a trace",
				      length < 40 ? (int)length : 40, word));
	kind = &text_kinds[text->line];
	if (kind->table >= 0) {
		if (!text_at_end(in))
			err = text_id(in, (enum text_table)kind->table, &id);
		else
			err = text_wrong(in, DWELL_EFORMAT, "%s: its id is missing", kind->word);
		if (err)
			return refuse(text, err);
		memcpy((char *)&text->row + kind->id_offset, &id, sizeof(id));
	}
	err = text_fields(in, kind, &text->row);
	if (err)
		return refuse(text, err);
	if (text->line == TEXT_LINE_STATE)
		return check_state(text, &text->row.state);
	if (kind->table >= 0)
		err = text_ids_add(&text->defined[kind->table], id);
	return err;
}

/* A line may hold strings as long as itself. */
static bool room_for_strings(struct text_source *text, size_t size)
{
	if (size >= text->strings_cap) {
		const size_t cap = size + size / 2 + 256;
		char *strings = realloc(text->strings, cap);

		if (!strings)
			return false;
		text->strings = strings;
		text->strings_cap = cap;
	}
	text->in.spare = text->strings;
	return true;
}

int text_read_line(struct text_source *text)
{
	const char *at;
	size_t size;

	do {
		const int err = text_lines_next(&text->lines, &at, &size);

		if (err == DWELL_ELIMIT)
			return text_refuse(text, err, "the line is too long");
		if (err)
			return err;
		text->in.at = at;
		text->in.end = at + size;
	} while (text_at_end(&text->in));
	if (text->ended)
		return text_refuse(text, DWELL_EFORMAT, "something follows the end");
	if (!room_for_strings(text, size))
		return DWELL_ENOMEM;
	memset(&text->row, 0, sizeof(text->row));
	if (*text->in.at == '+' || (*text->in.at >= '0' && *text->in.at <= '9')) {
		text->line = TEXT_LINE_EVENT;
		return read_event(text);
	}
	return read_definition(text);
}

int text_read_header(struct text_source *text)
{
	const size_t length = sizeof(TEXT_HEADER) - 1;
	const char *at;
	size_t size;
	uint64_t version = 0;
	bool negative;
	int err;

	do {
		err = text_lines_next(&text->lines, &at, &size);
		if (err)
			return err == DWELL_END ? text_refuse(text, DWELL_EFORMAT, "it is empty")
						: err;
		text->in.at = at;
		text->in.end = at + size;
	} while (text_at_end(&text->in));
	if ((size_t)(text->in.end - text->in.at) < length ||
		memcmp(text->in.at, TEXT_HEADER, length))
		return text_refuse(text, DWELL_EFORMAT, "the first line is not 'dwell-text 1'");
	text->in.at += length;
	err = text_number(&text->in, &version, &negative);
	if (err)
		return refuse(text, err);
	if (version != TEXT_VERSION)
		return text_refuse(text, DWELL_EVERSION, "only version 1 is known");
	return text_at_end(&text->in)
		       ? DWELL_OK
		       : text_refuse(text, DWELL_EFORMAT, "something follows the version");
}
