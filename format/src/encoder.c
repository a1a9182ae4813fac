#include "src/encoder_private.h"

#include "dwell/limits.h"
#include "src/records.h"
#include "src/states_light.h"

#include <stdlib.h>

enum { DEFAULT_CHUNK_ROWS = 1 << 16, DEFAULT_GENERATION_CHUNKS = 16, PIECE_ROWS = 256 };

static struct dwell_encoder *of(struct dwell_sink *sink)
{
	return (struct dwell_encoder *)sink;
}

static int fail(struct dwell_encoder *encoder, int err, const char *what)
{
	encoder->err = err;
	return dwell_diag_set(&encoder->diag, err, encoder->bytes, 0, "%s", what);
}

static int write_start(struct dwell_encoder *encoder)
{
	uint8_t prologue[WIRE_PROLOGUE_SIZE];

	encoder->body.size = 0;
	dwell_record_info(&encoder->body, &encoder->index.info);
	if (encoder->body.failed)
		return DWELL_ENOMEM;
	dwell_sync_marker(encoder->sync, encoder->body.at, encoder->body.size);
	dwell_prologue_write(prologue, encoder->sync);

	const int err = encoder->output->write(encoder->output, prologue, sizeof(prologue));

	if (err)
		return err;
	encoder->bytes += sizeof(prologue);
	return dwell_encoder_chunk(
		encoder, &(struct wire_chunk){ .kind = WIRE_INFO, .flags = WIRE_MUST_KNOW });
}

static int put_begin(struct dwell_sink *sink, const struct dwell_trace_info *info)
{
	static const struct dwell_states_ops told = { .interval = dwell_pyramid_interval };
	struct dwell_encoder *encoder = of(sink);

	if (encoder->begun)
		return fail(encoder, DWELL_EINVAL, "begun twice");
	if (!info->tick_ns)
		return fail(encoder, DWELL_EINVAL, "a tick of 0 ns");
	encoder->begun = true;
	encoder->columns.tick = info->tick_ns;

	int err = dwell_index_set_info(&encoder->index, info);

	if (!err)
		err = dwell_states_new(&encoder->states, info->levels, &told, &encoder->pyramid);
	if (!err)
		err = write_start(encoder);
	return err ? fail(encoder, err, "beginning of the file") : DWELL_OK;
}

/* Keep the record written since `start`; what a reader would refuse is refused here. */
static int keep(struct dwell_encoder *encoder, enum wire_record type, uint32_t id, size_t start)
{
	static const struct dwell_sink_ops none;
	struct dwell_buffer *records = &encoder->definitions.records;
	struct dwell_sink nobody = { &none };

	if (encoder->err)
		return encoder->err;
	if (records->failed)
		return fail(encoder, DWELL_ENOMEM, "definition");

	struct dwell_cursor in = { records->at + start, records->size - start };
	int err = dwell_record_next(&in, &nobody);

	if (err)
		records->size = start;
	else
		err = dwell_definitions_add(&encoder->definitions, type, id, start);
	if (err)
		dwell_diag_set(&encoder->diag, err, encoder->bytes, 0, "definition %u of type %u",
			id, (unsigned)type);
	return err;
}

#define DEFINE(name, type, ID)                                                                     \
	static int put_##name(struct dwell_sink *sink, const struct dwell_##name *name)            \
	{                                                                                          \
		struct dwell_buffer *records = &of(sink)->definitions.records;                     \
		const size_t start = records->size;                                                \
                                                                                                   \
		dwell_record_##name(records, name);                                                \
		return keep(of(sink), type, name->id, start);                                      \
	}

DEFINE(process, WIRE_PROCESS, id)
DEFINE(object, WIRE_OBJECT, id)
DEFINE(mapping, WIRE_MAPPING, id)
DEFINE(location, WIRE_LOCATION, id)
DEFINE(stack, WIRE_STACK, id)
DEFINE(label, WIRE_LABEL, id)
DEFINE(counter, WIRE_COUNTER, id)

/* A reader meets it before rows that came here before it: so it says what the states say. */
static int put_task(struct dwell_sink *sink, const struct dwell_task *task)
{
	struct dwell_buffer *records = &of(sink)->definitions.records;
	struct dwell_states *states = of(sink)->states;
	const size_t start = records->size;
	struct dwell_task what = *task;

	if (states)
		what.created_ns = dwell_states_created(states, task);
	dwell_record_task(records, &what);

	const int err = keep(of(sink), WIRE_TASK, task->id, start);

	return err || !states ? err : dwell_states_task(states, &what);
}

static int put_executor(struct dwell_sink *sink, const struct dwell_executor *executor)
{
	struct dwell_buffer *records = &of(sink)->definitions.records;
	const size_t start = records->size;

	dwell_record_executor(records, executor);

	const int err = keep(of(sink), WIRE_EXECUTOR, executor->id, start);

	return err || !of(sink)->states ? err : dwell_states_executor(of(sink)->states, executor);
}

static int put_clock(struct dwell_sink *sink, const struct dwell_clock_pair *pair)
{
	dwell_record_clock(&of(sink)->definitions.loose, pair);
	return of(sink)->definitions.loose.failed ? DWELL_ENOMEM : DWELL_OK;
}

static int put_note(struct dwell_sink *sink, const struct dwell_note *note)
{
	dwell_record_note(&of(sink)->definitions.loose, note);
	return of(sink)->definitions.loose.failed ? DWELL_ENOMEM : DWELL_OK;
}

static int put_keyframe(struct dwell_sink *sink, uint64_t time_ns,
	const struct dwell_task_state *states, size_t count)
{
	struct dwell_encoder *encoder = of(sink);

	if (encoder->err)
		return encoder->err;
	/* Once there are rows, what they say is what a keyframe would say. */
	if (encoder->index.events || encoder->columns.count || !encoder->states)
		return DWELL_OK;

	const int err = dwell_states_load(encoder->states, time_ns, states, count);

	/* A trace without rows is written with this keyframe, at this time. */
	if (!err && encoder->now_ns < time_ns)
		encoder->now_ns = time_ns;
	return err ? fail(encoder, err, "keyframe") : DWELL_OK;
}

/* Rows that fit into the chunk at hand. */
static int put_some(
	struct dwell_encoder *encoder, const struct dwell_event *rows, size_t count, size_t *taken)
{
	int err = DWELL_OK;

	if (!encoder->generation_begun)
		err = dwell_encoder_take_keyframe(encoder, rows[0].time_ns);
	if (!err)
		err = dwell_columns_put(&encoder->columns, rows, count, taken);
	if (!err)
		err = dwell_states_light(encoder->states, rows, *taken, &encoder->pyramid);
	/* What is written must not depend on how many rows came at once. */
	if (!err && *taken)
		encoder->now_ns = rows[*taken - 1].time_ns;
	if (!err && *taken < count)
		err = dwell_encoder_close_chunk(encoder);
	return err;
}

static bool in_order(const struct dwell_event *rows, size_t count)
{
	for (size_t i = 1; i < count; i++)
		if (rows[i].time_ns < rows[i - 1].time_ns)
			return false;
	return true;
}

/* In pieces that stay in the first cache while they are looked at from several sides. */
static int put_events(struct dwell_sink *sink, const struct dwell_event *rows, size_t count)
{
	struct dwell_encoder *encoder = of(sink);
	size_t taken;

	if (encoder->err || !count)
		return encoder->err;
	if (!encoder->begun || encoder->ended)
		return fail(encoder, DWELL_EINVAL, "rows before the beginning or after the end");
	for (size_t i = 0; i < count; i += taken) {
		const size_t some = count - i < PIECE_ROWS ? count - i : PIECE_ROWS;
		int err;

		if (rows[i].time_ns < encoder->now_ns)
			return fail(encoder, DWELL_EINVAL, "rows are not in order of time");
		err = put_some(encoder, rows + i, some, &taken);
		if (err)
			return fail(encoder, err,
				in_order(rows + i, some) ? "rows"
							 : "rows are not in order of time");
	}
	return DWELL_OK;
}

static int put_end(struct dwell_sink *sink, const struct dwell_trace_end *end)
{
	struct dwell_encoder *encoder = of(sink);

	if (encoder->err)
		return encoder->err;
	if (!encoder->begun || encoder->ended)
		return fail(encoder, DWELL_EINVAL, "an end without a beginning");
	encoder->index.end = *end;
	if (encoder->index.end.end_ns < encoder->now_ns)
		encoder->index.end.end_ns = encoder->now_ns;
	encoder->ended = true;

	const int err = dwell_encoder_finish(encoder);

	return err ? fail(encoder, err, "end of the file") : DWELL_OK;
}

static const struct dwell_sink_ops encoder_ops = {
	.begin = put_begin,
	.process = put_process,
	.task = put_task,
	.executor = put_executor,
	.object = put_object,
	.mapping = put_mapping,
	.location = put_location,
	.stack = put_stack,
	.label = put_label,
	.counter = put_counter,
	.clock = put_clock,
	.note = put_note,
	.keyframe = put_keyframe,
	.events = put_events,
	.end = put_end,
};

static void set_options(
	struct dwell_encoder_options *out, const struct dwell_encoder_options *options)
{
	if (options)
		*out = *options;
	if (!out->level)
		out->level = 1;
	if (!out->chunk_rows)
		out->chunk_rows = DEFAULT_CHUNK_ROWS;
	if (out->chunk_rows > DWELL_MAX_CHUNK_ROWS)
		out->chunk_rows = DWELL_MAX_CHUNK_ROWS;
	if (!out->generation_chunks)
		out->generation_chunks = DEFAULT_GENERATION_CHUNKS;
}

int dwell_encoder_new(struct dwell_encoder **out, struct dwell_output *output,
	const struct dwell_encoder_options *options)
{
	struct dwell_encoder *encoder = calloc(1, sizeof(*encoder));

	if (!encoder)
		return DWELL_ENOMEM;
	encoder->sink.ops = &encoder_ops;
	encoder->output = output;
	encoder->diag.offset = UINT64_MAX;
	set_options(&encoder->options, options);
	dwell_definitions_init(&encoder->definitions);
	dwell_pyramid_build_init(&encoder->pyramid);
	encoder->definitions.out = &encoder->tables;
	if (dwell_columns_init(&encoder->columns, encoder->options.chunk_rows) ||
		dwell_squeeze_new(&encoder->squeeze, encoder->options.level)) {
		dwell_encoder_free(encoder);
		return DWELL_ENOMEM;
	}
	*out = encoder;
	return DWELL_OK;
}

struct dwell_sink *dwell_encoder_sink(struct dwell_encoder *encoder)
{
	return &encoder->sink;
}

int dwell_encoder_flush(struct dwell_encoder *encoder)
{
	if (encoder->err || !encoder->begun || encoder->ended)
		return encoder->err;

	const int err = dwell_encoder_close_chunk(encoder);

	return err ? fail(encoder, err, "rows") : DWELL_OK;
}

uint64_t dwell_encoder_bytes(const struct dwell_encoder *encoder)
{
	return encoder->bytes;
}

const struct dwell_diag *dwell_encoder_diag(const struct dwell_encoder *encoder)
{
	return &encoder->diag;
}

void dwell_encoder_free(struct dwell_encoder *encoder)
{
	if (!encoder)
		return;
	dwell_definitions_release(&encoder->definitions);
	dwell_buffer_release(&encoder->tables);
	dwell_columns_release(&encoder->columns);
	dwell_columns_scratch_release(&encoder->scratch);
	dwell_squeeze_free(encoder->squeeze);
	dwell_states_free(encoder->states);
	dwell_pyramid_build_release(&encoder->pyramid);
	dwell_buffer_release(&encoder->body);
	dwell_buffer_release(&encoder->keyframe);
	dwell_index_release(&encoder->index);
	free(encoder);
}
