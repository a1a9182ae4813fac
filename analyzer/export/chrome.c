/*
 * The trace event format (JSON) of Chrome's tracing and of everyone who reads it: a task's states
 * as complete events, spans as nestable asynchronous ones, wakes as flows, marks, counters.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "dwell/report.h"
#include "export/export.h"

struct chrome {
	struct dwell_json json;
	struct export_spans spans;
	uint64_t flows;
};

static struct chrome *chrome_of(struct export *export)
{
	return export->own;
}

static int chrome_begin(struct export *export)
{
	struct chrome *chrome = calloc(1, sizeof(*chrome));

	if (!chrome)
		return DWELL_ENOMEM;
	export->own = chrome;
	dwell_json_init(&chrome->json, export->target.file);
	dwell_json_object(&chrome->json, NULL);
	dwell_json_string(&chrome->json, "displayTimeUnit", "ns");
	dwell_json_array(&chrome->json, "traceEvents");
	return DWELL_OK;
}

/* {"ph":...,"ts":...,"pid":...,"tid":... of a task; microseconds, to the nanosecond. */
static struct dwell_json *begin_event(
	struct export *export, const char *phase, uint64_t time_ns, uint32_t task)
{
	struct dwell_json *json = &chrome_of(export)->json;

	dwell_json_object(json, NULL);
	dwell_json_string(json, "ph", phase);
	dwell_json_microseconds(json, "ts", time_ns);
	dwell_json_number(json, "pid", task ? export_pid(export, task) : 0);
	dwell_json_number(json, "tid", task ? export_tid(export, task) : 0);
	return json;
}

static int end_event(struct export *export)
{
	dwell_json_end_object(&chrome_of(export)->json);
	return ferror(export->target.file) ? DWELL_EIO : DWELL_OK;
}

static void put_part(struct dwell_json *json, const char *key, const char *text)
{
	if (*text)
		dwell_json_string(json, key, text);
}

static void put_args(
	struct export *export, struct dwell_json *json, const struct dwell_interval *interval)
{
	const struct dwell_catalog *catalog = export_catalog(export);
	char text[DWELL_NAME_SIZE];

	dwell_json_object(json, "args");
	put_part(json, "object", dwell_name_object(text, catalog, interval->object));
	put_part(json, "site", dwell_name_site(text, catalog, interval->stack));
	put_part(json, "executor", dwell_name_executor(text, catalog, interval->executor));
	put_part(json, "waker", dwell_name_task(text, catalog, interval->waker));
	put_part(json, "holder", dwell_name_task(text, catalog, interval->holder));
	dwell_json_end_object(json);
}

/* Colours that every viewer of the format has. */
static const char *const colors[DWELL_STATE_COUNT] = {
	[DWELL_RUNNING] = "thread_state_running",
	[DWELL_RUNNABLE] = "thread_state_runnable",
	[DWELL_BLOCKED] = "thread_state_sleeping",
	[DWELL_UNKNOWN] = "thread_state_unknown",
};

/* From the waker, while it ran, to where the woken one began to run. */
static int put_flow(struct export *export, const struct dwell_interval *interval)
{
	const uint64_t id = ++chrome_of(export)->flows;

	for (int end = 0; end < 2; end++) {
		struct dwell_json *json = begin_event(export, end ? "f" : "s",
			end ? interval->end_ns : interval->start_ns,
			end ? interval->task : interval->waker);

		dwell_json_string(json, "cat", "wake");
		dwell_json_string(json, "name", "wake");
		dwell_json_number(json, "id", id);
		if (end)
			dwell_json_string(json, "bp", "e");
		const int err = end_event(export);

		if (err)
			return err;
	}
	return DWELL_OK;
}

static int chrome_interval(struct export *export, const struct dwell_interval *interval)
{
	struct dwell_json *json = begin_event(export, "X", interval->start_ns, interval->task);
	char text[64];

	dwell_json_microseconds(json, "dur", interval->end_ns - interval->start_ns);
	dwell_json_string(json, "cat", "state");
	dwell_json_string(json, "name", export_state_text(interval, text));
	if (interval->state < DWELL_STATE_COUNT && colors[interval->state])
		dwell_json_string(json, "cname", colors[interval->state]);
	put_args(export, json, interval);

	const int err = end_event(export);
	if (err || interval->state != DWELL_RUNNABLE || !interval->waker ||
		interval->flags & DWELL_INTERVAL_OPEN)
		return err;
	return put_flow(export, interval);
}

static int put_span(
	struct export *export, const struct export_span *span, const char *phase, uint64_t time_ns)
{
	const struct dwell_string label = dwell_catalog_label(export_catalog(export), span->label);
	const char *kind = dwell_span_kind_name(span->kind);
	struct dwell_json *json = begin_event(export, phase, time_ns, span->task);
	char id[64];

	/* Ids are unique in a task for what nests in it. */
	if (span->kind == DWELL_SPAN_REGION)
		snprintf(id, sizeof(id), "%" PRIu32 ".%" PRIx64, span->task, span->id);
	else
		snprintf(id, sizeof(id), "%" PRIx64, span->id);
	dwell_json_string(json, "cat", kind ? kind : "span");
	dwell_json_string(json, "id", id);
	dwell_json_bytes(json, "name", label.at, label.size);
	return end_event(export);
}

static int put_mark(struct export *export, const struct dwell_event *event)
{
	const struct dwell_catalog *catalog = export_catalog(export);
	const struct dwell_string text = dwell_catalog_label(catalog, event->object);
	struct dwell_json *json = begin_event(export, "i", event->time_ns, event->task);

	dwell_json_string(json, "cat", "mark");
	dwell_json_bytes(json, "name", text.at, text.size);
	dwell_json_string(json, "s", event->task ? "t" : "g");
	return end_event(export);
}

static int put_counter(struct export *export, const struct dwell_event *event)
{
	const struct dwell_catalog *catalog = export_catalog(export);
	const struct dwell_catalog_counter *counter = dwell_catalog_counter(catalog, event->object);
	struct dwell_json *json;
	char owner[DWELL_NAME_SIZE] = "";

	if (!counter)
		return DWELL_OK;
	json = begin_event(export, "C", event->time_ns, event->task);
	dwell_json_bytes(json, "name", counter->name.at, counter->name.size);
	if (event->executor)
		dwell_json_string(json, "id", dwell_name_executor(owner, catalog, event->executor));
	dwell_json_object(json, "args");
	dwell_json_scaled(json, "value", (int64_t)event->value, counter->exponent);
	dwell_json_end_object(json);
	return end_event(export);
}

/* On a row of its own: the states of tasks say what is not known of each. */
static int put_loss(struct export *export, const struct dwell_event *event)
{
	const bool ahead = event->extra > event->time_ns;
	const uint64_t from_ns = ahead ? event->time_ns : event->extra;
	const uint64_t to_ns = ahead ? event->extra : event->time_ns;
	struct dwell_json *json = begin_event(export, "X", from_ns, 0);

	dwell_json_microseconds(json, "dur", to_ns - from_ns);
	dwell_json_string(json, "cat", "loss");
	dwell_json_string(json, "name", "records lost");
	dwell_json_object(json, "args");
	dwell_json_string(json, "cause", dwell_loss_cause_name(event->reason));
	if (event->value)
		dwell_json_number(json, "records", event->value);
	dwell_json_end_object(json);
	return end_event(export);
}

static int chrome_event(struct export *export, const struct dwell_event *event)
{
	struct export_spans *spans = &chrome_of(export)->spans;
	struct export_span span;

	switch (event->kind) {
	case DWELL_EVENT_SPAN_BEGIN:
		if (export_span_begin(spans, event))
			return DWELL_ENOMEM;
		return put_span(export, &spans->open[spans->count - 1], "b", event->time_ns);
	case DWELL_EVENT_SPAN_END:
		if (!export_span_end(spans, event, &span))
			return DWELL_OK;
		return put_span(export, &span, "e", event->time_ns);
	case DWELL_EVENT_MARK:
		return put_mark(export, event);
	case DWELL_EVENT_COUNTER:
		return put_counter(export, event);
	default:
		return put_loss(export, event);
	}
}

static void put_name(struct export *export, const char *what, uint32_t pid, uint32_t tid,
	struct dwell_string name)
{
	struct dwell_json *json = &chrome_of(export)->json;

	if (!name.size)
		return;
	dwell_json_object(json, NULL);
	dwell_json_string(json, "ph", "M");
	dwell_json_string(json, "name", what);
	dwell_json_number(json, "pid", pid);
	dwell_json_number(json, "tid", tid);
	dwell_json_object(json, "args");
	dwell_json_bytes(json, "name", name.at, name.size);
	dwell_json_end_object(json);
	dwell_json_end_object(json);
}

static void put_names(struct export *export)
{
	const struct dwell_catalog *catalog = export_catalog(export);

	for (uint32_t id = 1; id < dwell_catalog_processes(catalog); id++) {
		const struct dwell_catalog_process *process = dwell_catalog_process(catalog, id);

		if (process)
			put_name(export, "process_name", export_process_pid(export, id), 0,
				process->name);
	}
	for (uint32_t id = 1; id < dwell_catalog_tasks(catalog); id++) {
		const struct dwell_catalog_task *task = dwell_catalog_task(catalog, id);

		if (task && wants_task(&export->model, id))
			put_name(export, "thread_name", export_pid(export, id),
				export_tid(export, id), task->name);
	}
}

static int chrome_end(struct export *export)
{
	struct chrome *chrome = chrome_of(export);
	struct dwell_json *json = &chrome->json;
	int err = DWELL_OK;

	for (size_t i = 0; i < chrome->spans.count && !err; i++)
		err = put_span(export, &chrome->spans.open[i], "e", export->model.end_ns);
	put_names(export);
	dwell_json_end_array(json);
	dwell_json_object(json, "otherData");
	dwell_json_bytes(
		json, "source", export->model.info.source.at, export->model.info.source.size);
	dwell_json_number(json, "start_unix_ns", export->model.info.start_unix_ns);
	dwell_json_end_object(json);
	dwell_json_end_object(json);
	return err || !fflush(export->target.file) ? err : DWELL_EIO;
}

static void chrome_drop(struct export *export)
{
	if (export->own)
		export_spans_release(&chrome_of(export)->spans);
	free(export->own);
}

const struct export_ops export_chrome = {
	.kinds = 1u << DWELL_EVENT_SPAN_BEGIN | 1u << DWELL_EVENT_SPAN_END |
		 1u << DWELL_EVENT_MARK | 1u << DWELL_EVENT_COUNTER | 1u << DWELL_EVENT_LOSS,
	.begin = chrome_begin,
	.event = chrome_event,
	.interval = chrome_interval,
	.end = chrome_end,
	.drop = chrome_drop,
};
