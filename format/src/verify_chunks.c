#include "src/verify_private.h"

#include "dwell/limits.h"
#include "src/keyframe.h"
#include "src/records.h"

#include <stdlib.h>

enum { BATCH = 1024, MOST_FINDINGS = 8 };

static int define(struct dwell_sink *sink, enum wire_record type, uint32_t id)
{
	struct verify *v = (struct verify *)sink;
	uint8_t *defined = dwell_pages_make(&v->defined[type], id);

	if (!defined)
		return DWELL_ENOMEM;
	*defined = 1;
	return DWELL_OK;
}

#define DEFINED(name, type)                                                                        \
	static int put_##name(struct dwell_sink *sink, const struct dwell_##name *name)            \
	{                                                                                          \
		return define(sink, type, name->id);                                               \
	}

DEFINED(process, WIRE_PROCESS)
DEFINED(object, WIRE_OBJECT)
DEFINED(mapping, WIRE_MAPPING)
DEFINED(location, WIRE_LOCATION)
DEFINED(stack, WIRE_STACK)
DEFINED(label, WIRE_LABEL)
DEFINED(counter, WIRE_COUNTER)

static int put_task(struct dwell_sink *sink, const struct dwell_task *task)
{
	struct verify *v = (struct verify *)sink;
	const int err = define(sink, WIRE_TASK, task->id);

	return err ? err : dwell_states_task(v->states, task);
}

static int put_executor(struct dwell_sink *sink, const struct dwell_executor *executor)
{
	struct verify *v = (struct verify *)sink;
	const int err = define(sink, WIRE_EXECUTOR, executor->id);

	return err ? err : dwell_states_executor(v->states, executor);
}

void dwell_verify_init_sink(struct verify *v)
{
	static const struct dwell_sink_ops ops = {
		.process = put_process,
		.task = put_task,
		.executor = put_executor,
		.object = put_object,
		.mapping = put_mapping,
		.location = put_location,
		.stack = put_stack,
		.label = put_label,
		.counter = put_counter,
	};

	v->sink.ops = &ops;
	for (unsigned i = 0; i < VERIFY_SPACES; i++)
		v->defined[i].size = 1;
}

static void expect_defined(struct verify *v, enum wire_record type, uint32_t id, const char *what)
{
	const uint8_t *defined = id ? dwell_pages_find(&v->defined[type], id) : NULL;

	if (!id || (defined && *defined) || v->said >= MOST_FINDINGS)
		return;
	v->said++;
	dwell_verify_say(v, DWELL_VERIFY_DAMAGE, "row %llu: %s %u is not defined",
		(unsigned long long)v->row, what, id);
}

static void verify_row(struct verify *v, const struct dwell_event *row)
{
	static const enum wire_record spaces[] = { WIRE_OBJECT, WIRE_LABEL, WIRE_COUNTER };
	static const char *const names[] = { "object", "label", "counter" };
	const unsigned space = dwell_space_of(row->kind);

	expect_defined(v, WIRE_TASK, row->task, "task");
	expect_defined(v, WIRE_TASK, row->peer, "task");
	expect_defined(v, WIRE_EXECUTOR, row->executor, "executor");
	expect_defined(v, spaces[space], row->object, names[space]);
	expect_defined(v, WIRE_STACK, row->stack, "stack");
	if (row->kind == DWELL_EVENT_LOSS)
		dwell_verify_say(v, DWELL_VERIFY_LOSS, "%llu records lost at %llu ns: %s",
			(unsigned long long)row->value, (unsigned long long)row->time_ns,
			dwell_loss_cause_name(row->reason) ? dwell_loss_cause_name(row->reason)
							   : "no known cause");
	v->row++;
}

static int verify_rows(struct verify *v)
{
	size_t got;
	int err;

	do {
		err = dwell_decoder_rows(&v->decoder, v->rows, BATCH, &got);
		for (size_t i = 0; i < got; i++)
			verify_row(v, &v->rows[i]);
		if (!err)
			err = dwell_verify_follow_rows(v, v->rows, got);
	} while (!err && got);
	return err;
}

int dwell_verify_events(struct verify *v, const struct dwell_chunk_read *chunk)
{
	const struct wire_chunk *head = &chunk->head;
	int err;

	if (!v->rows)
		v->rows = malloc(BATCH * sizeof(*v->rows));
	if (!v->rows)
		return DWELL_ENOMEM;
	if (head->row != v->row)
		dwell_verify_say(v, DWELL_VERIFY_DAMAGE, "events chunk: %lld rows are missing",
			(long long)(head->row - v->row));
	if (head->first_ns < v->last_ns)
		dwell_verify_say(
			v, DWELL_VERIFY_DAMAGE, "events chunk: begins before the last one ended");
	if (!v->keyframes)
		dwell_verify_say(v, DWELL_VERIFY_DAMAGE, "events chunk: before any keyframe");
	v->row = head->row;
	v->said = 0;
	err = dwell_decoder_open(&v->decoder, head, chunk->body, 0);
	if (!err)
		err = verify_rows(v);
	v->what = v->decoder.what;
	v->row = head->row + head->count;
	dwell_verify_follow_chunk(v, v->row);
	v->last_ns = head->last_ns;
	return err;
}

static const char *record_name(unsigned type)
{
	static const char *const names[WIRE_RECORD_COUNT] = { "record", "process", "task",
		"executor", "object", "mapping", "location", "stack", "label", "counter", "clock",
		"note" };

	return type < WIRE_RECORD_COUNT ? names[type] : names[0];
}

int dwell_verify_tables(struct verify *v, const struct dwell_chunk_read *chunk)
{
	uint8_t *at = NULL;
	size_t size = 0;
	int err =
		dwell_unsqueeze_blob(v->unsqueeze, chunk->body, DWELL_MAX_TABLES_BYTES, &at, &size);
	struct dwell_cursor in = { at, size };

	v->what = "blob";
	while (!err) {
		v->what = in.left ? record_name(in.at[0]) : "record";
		err = dwell_record_next(&in, &v->sink);
	}
	free(at);
	return err == DWELL_END ? DWELL_OK : err;
}

int dwell_verify_keyframe(struct verify *v, const struct dwell_chunk_read *chunk)
{
	struct dwell_task_state *states = NULL;
	uint8_t *at = NULL;
	size_t size = 0;
	int err =
		dwell_unsqueeze_blob(v->unsqueeze, chunk->body, DWELL_MAX_TABLES_BYTES, &at, &size);

	if (!err)
		err = dwell_keyframe_read(
			(struct dwell_cursor){ at, size }, chunk->head.count, &states);
	v->what = "state of a task";
	v->keyframes++;
	v->said = 0;
	for (uint32_t i = 0; !err && i < chunk->head.count; i++)
		expect_defined(v, WIRE_TASK, states[i].task, "task of the keyframe");
	if (!err)
		err = dwell_verify_states(v, chunk->head.first_ns, states, chunk->head.count);
	free(states);
	free(at);
	return err;
}
