/* One event of the trace event format becomes rows. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dwell/limits.h"
#include "import/chrome/chrome.h"

static struct json_object *member(struct json_object *object, const char *key)
{
	struct json_object *value = NULL;

	return json_object_object_get_ex(object, key, &value) ? value : NULL;
}

static struct dwell_string text_of(struct json_object *value)
{
	const char *at;

	if (!value || !json_object_is_type(value, json_type_string))
		return (struct dwell_string){ NULL, 0 };
	at = json_object_get_string(value);
	return (struct dwell_string){ at, (size_t)json_object_get_string_len(value) };
}

/* Microseconds, as a number or a text of one; *out in nanoseconds. */
static bool time_of(struct json_object *value, uint64_t *out)
{
	double us;

	if (!value)
		return false;
	if (json_object_is_type(value, json_type_int)) {
		const int64_t whole = json_object_get_int64(value);

		if (whole < 0 || whole > INT64_MAX / 2000)
			return false;
		*out = (uint64_t)whole * 1000;
		return true;
	}
	us = json_object_get_double(value);
	if (!(us >= 0) || us > 9e12)
		return false;
	*out = (uint64_t)llround(us * 1000);
	return true;
}

/* Threads and processes may have names for numbers. */
static int64_t number_of(struct json_object *value)
{
	const struct dwell_string text = text_of(value);

	if (text.size && !(text.at[0] >= '0' && text.at[0] <= '9'))
		return -(int64_t)(import_hash(text.at, text.size, 2) >> 2) - 2;
	return value ? json_object_get_int64(value) : 0;
}

static int keep_text(
	struct import_intern *intern, struct dwell_string text, uint32_t limit, uint32_t *out)
{
	bool fresh;

	if (text.size > DWELL_MAX_STRING)
		text.size = DWELL_MAX_STRING;
	*out = import_intern(intern, text.at ? text.at : "", text.size, limit, &fresh);
	if (*out)
		return DWELL_OK;
	return intern->count >= limit ? DWELL_ELIMIT : DWELL_ENOMEM;
}

static int process_of(struct chrome *chrome, int64_t pid, uint32_t *out)
{
	*out = (uint32_t)import_map_get(&chrome->process_ids, (uint64_t)pid);
	if (*out)
		return DWELL_OK;
	if (chrome->process_count == chrome->process_room) {
		const uint32_t room = chrome->process_room ? 2 * chrome->process_room : 16;
		struct chrome_process *grown =
			realloc(chrome->processes, room * sizeof(*chrome->processes));

		if (!grown)
			return DWELL_ENOMEM;
		chrome->processes = grown;
		chrome->process_room = room;
	}
	if (chrome->process_count >= DWELL_MAX_PROCESSES)
		return DWELL_ELIMIT;
	chrome->processes[chrome->process_count] = (struct chrome_process){ .pid = pid };
	*out = ++chrome->process_count;
	return import_map_put(&chrome->process_ids, (uint64_t)pid, *out);
}

static int add_task(struct chrome *chrome, const struct chrome_task *task, uint32_t *out)
{
	if (chrome->task_count == chrome->task_room) {
		const uint32_t room = chrome->task_room ? 2 * chrome->task_room : 16;
		struct chrome_task *grown = realloc(chrome->tasks, room * sizeof(*chrome->tasks));

		if (!grown)
			return DWELL_ENOMEM;
		chrome->tasks = grown;
		chrome->task_room = room;
	}
	if (chrome->task_count >= DWELL_MAX_TASKS)
		return DWELL_ELIMIT;
	chrome->tasks[chrome->task_count] = *task;
	*out = ++chrome->task_count;
	return DWELL_OK;
}

static int task_of(struct chrome *chrome, struct json_object *event, uint32_t *out)
{
	struct json_object *tid = member(event, "tid");
	const struct dwell_string said = text_of(tid);
	struct chrome_task task = { .first_ns = UINT64_MAX };
	const int64_t numbers[2] = { number_of(member(event, "pid")), number_of(tid) };
	const uint64_t key = import_hash(numbers, sizeof(numbers), 3);
	int err = process_of(chrome, numbers[0], &task.process);

	if (err)
		return err;
	*out = (uint32_t)import_map_get(&chrome->task_ids, key);
	if (*out)
		return DWELL_OK;
	task.tid = numbers[1] >= 0 ? numbers[1] : -1;
	if (numbers[1] < 0 && said.size)
		err = keep_text(&chrome->texts, said, UINT32_MAX - 1, &task.name);
	if (!err)
		err = add_task(chrome, &task, out);
	return err ? err : import_map_put(&chrome->task_ids, key, *out);
}

static int add_row(
	struct chrome *chrome, const struct dwell_event *row, uint64_t tie, enum chrome_match match)
{
	struct chrome_task *task = row->task ? &chrome->tasks[row->task - 1] : NULL;

	if (chrome->count >= CHROME_MAX_ROWS)
		return dwell_diag_set(&chrome->source.diag, DWELL_ELIMIT, UINT64_MAX, 0,
			"more than 67,108,864 events");
	if (chrome->count == chrome->room) {
		const size_t room = chrome->room ? 2 * chrome->room : 4096;
		struct chrome_row *grown = realloc(chrome->rows, room * sizeof(*grown));

		if (!grown)
			return DWELL_ENOMEM;
		chrome->rows = grown;
		chrome->room = room;
	}
	if (task && row->time_ns < task->first_ns)
		task->first_ns = row->time_ns;
	chrome->rows[chrome->count] = (struct chrome_row){
		.row = *row, .tie = tie, .index = (uint32_t)chrome->count, .match = (uint8_t)match
	};
	chrome->count++;
	return DWELL_OK;
}

/*
 * Rows of one time: of events that tell a span whole, ends come first, the innermost before the
 * outer; then what begins, the longest as the outer; what takes no time ends behind all. Others are
 * in the order of the file.
 */
enum { TIE_END = 0, TIE_BEGIN = 1, TIE_FILE = 2, TIE_EMPTY_END = 3 };

static uint64_t tie_of(unsigned kind, uint64_t within)
{
	return (uint64_t)kind << 62 | (within & (UINT64_MAX >> 2));
}

static int begin_span(struct chrome *chrome, const struct dwell_event *row, uint64_t duration_ns,
	enum chrome_match match)
{
	struct dwell_event begin = *row;

	begin.kind = DWELL_EVENT_SPAN_BEGIN;
	begin.flags = DWELL_EVENT_HAS_VALUE;
	return add_row(chrome, &begin,
		match == CHROME_WHOLE ? tie_of(TIE_BEGIN, UINT64_MAX - duration_ns)
				      : tie_of(TIE_FILE, 0),
		match);
}

static int end_span(struct chrome *chrome, const struct dwell_event *row, uint64_t begin_ns,
	enum chrome_match match)
{
	const struct dwell_event end = {
		.kind = DWELL_EVENT_SPAN_END,
		.time_ns = row->time_ns,
		.task = row->task,
		.value = row->value,
		.flags = DWELL_EVENT_HAS_VALUE,
	};
	uint64_t tie = tie_of(TIE_FILE, 0);

	if (match == CHROME_WHOLE && begin_ns == row->time_ns)
		tie = tie_of(TIE_EMPTY_END, 0);
	else if (match == CHROME_WHOLE)
		tie = tie_of(TIE_END, UINT64_MAX - begin_ns);
	return add_row(chrome, &end, tie, match);
}

static int whole_span(struct chrome *chrome, struct dwell_event *row, struct json_object *event)
{
	const uint64_t begin_ns = row->time_ns;
	uint64_t duration_ns = 0;
	int err;

	(void)time_of(member(event, "dur"), &duration_ns);
	row->value = ++chrome->spans;
	row->reason = DWELL_SPAN_REGION;
	err = begin_span(chrome, row, duration_ns, CHROME_WHOLE);
	row->time_ns += duration_ns;
	return err ? err : end_span(chrome, row, begin_ns, CHROME_WHOLE);
}

/* What tells an asynchronous span from others: its id, its category, and the process where the id
 * is of the process only. */
static uint64_t async_key(struct json_object *event)
{
	const struct dwell_string category = text_of(member(event, "cat"));
	struct json_object *id = member(event, "id"), *id2 = member(event, "id2");
	struct json_object *local = id2 ? member(id2, "local") : NULL;
	const char *text;
	uint64_t key = import_hash(category.at, category.size, 4);

	if (id2)
		id = local ? local : member(id2, "global");
	if (local || !id2) {
		const int64_t pid = local ? number_of(member(event, "pid")) : 0;

		key = import_hash(&pid, sizeof(pid), key);
	}
	text = id ? json_object_get_string(id) : "";
	return import_hash(text, strlen(text), key) | 1;
}

/* The name is part of it: a nestable one of the same id within it has another. */
static uint64_t async_name_key(struct json_object *event)
{
	const struct dwell_string name = text_of(member(event, "name"));

	return import_hash(name.at, name.size, async_key(event)) | 1;
}

static int mark(struct chrome *chrome, struct dwell_event *row, struct json_object *event)
{
	const struct dwell_string scope = text_of(member(event, "s"));

	row->kind = DWELL_EVENT_MARK;
	if (scope.size && (scope.at[0] == 'g' || scope.at[0] == 'p'))
		row->task = 0;
	return add_row(chrome, row, tie_of(TIE_FILE, 0), CHROME_PLAIN);
}

/* Each number of the arguments is a counter of its own. */
static int counters(struct chrome *chrome, const struct dwell_event *row, struct json_object *event)
{
	const struct dwell_string name = text_of(member(event, "name"));
	struct json_object *args = member(event, "args");
	int err = DWELL_OK;

	if (!args || !json_object_is_type(args, json_type_object))
		return DWELL_OK;
	json_object_object_foreach(args, key, value)
	{
		struct dwell_event one = { .kind = DWELL_EVENT_COUNTER,
			.time_ns = row->time_ns,
			.flags = DWELL_EVENT_HAS_VALUE };
		char text[256];
		const int size = snprintf(text, sizeof(text), "%.*s.%s",
			(int)(name.size < 100 ? name.size : 100), name.at ? name.at : "", key);

		if (err || !(json_object_is_type(value, json_type_int) ||
				   json_object_is_type(value, json_type_double)))
			continue;
		const double number = json_object_get_double(value);

		if (!(fabs(number) < 9e15))
			continue;
		one.value = (uint64_t)(int64_t)llround(number * 1000);
		err = keep_text(&chrome->counters,
			(struct dwell_string){ text,
				(size_t)size < sizeof(text) ? (size_t)size : sizeof(text) - 1 },
			DWELL_MAX_COUNTERS, &one.object);
		if (!err)
			err = add_row(chrome, &one, tie_of(TIE_FILE, 0), CHROME_PLAIN);
	}
	return err;
}

static int name_of(struct chrome *chrome, struct json_object *event, uint32_t task)
{
	const struct dwell_string what = text_of(member(event, "name"));
	struct json_object *args = member(event, "args");
	const struct dwell_string name = text_of(args ? member(args, "name") : NULL);
	uint32_t kept;
	int err;

	if (!name.size || !what.size)
		return DWELL_OK;
	err = keep_text(&chrome->texts, name, UINT32_MAX - 1, &kept);
	if (err)
		return err;
	if (!strcmp(what.at, "thread_name"))
		chrome->tasks[task - 1].name = kept;
	else if (!strcmp(what.at, "process_name"))
		chrome->processes[chrome->tasks[task - 1].process - 1].name = kept;
	return DWELL_OK;
}

static int by_phase(
	struct chrome *chrome, char phase, struct dwell_event *row, struct json_object *event)
{
	switch (phase) {
	case 'X':
		return whole_span(chrome, row, event);
	case 'B':
		row->reason = DWELL_SPAN_REGION;
		return begin_span(chrome, row, 0, CHROME_NESTED);
	case 'E':
		return end_span(chrome, row, 0, CHROME_NESTED);
	case 'b':
	case 'S':
		row->reason = DWELL_SPAN_REQUEST;
		row->value = async_name_key(event);
		return begin_span(chrome, row, 0, CHROME_ASYNC);
	case 'e':
	case 'F':
		row->value = async_name_key(event);
		return end_span(chrome, row, 0, CHROME_ASYNC);
	case 'i':
	case 'I':
	case 'R':
	case 'n':
		return mark(chrome, row, event);
	case 'C':
		return counters(chrome, row, event);
	default:
		chrome->ignored++;
		return DWELL_OK;
	}
}

int chrome_event(struct chrome *chrome, struct json_object *event)
{
	struct dwell_event row = { .kind = 0 };
	struct dwell_string phase;
	int err;

	if (!json_object_is_type(event, json_type_object)) {
		chrome->malformed++;
		return DWELL_OK;
	}
	phase = text_of(member(event, "ph"));
	if (phase.size != 1) {
		chrome->malformed++;
		return DWELL_OK;
	}
	err = task_of(chrome, event, &row.task);
	if (err || phase.at[0] == 'M')
		return err ? err : name_of(chrome, event, row.task);
	if (!time_of(member(event, "ts"), &row.time_ns)) {
		chrome->malformed++;
		return DWELL_OK;
	}
	err = keep_text(
		&chrome->labels, text_of(member(event, "name")), DWELL_MAX_LABELS, &row.object);
	return err ? err : by_phase(chrome, phase.at[0], &row, event);
}
