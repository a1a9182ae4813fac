#include "src/encoder_private.h"

#include <string.h>

#include "src/keyframe.h"

enum {
	TABLES_BYTES = 1 << 20, /* raw, at which a chunk of merged tables ends */
	FEW_TABLES = 8          /* chunks that are read as they are instead of merged */
};

int dwell_encoder_chunk(struct dwell_encoder *encoder, const struct wire_chunk *chunk)
{
	struct wire_chunk full = *chunk;
	struct dwell_buffer *body = &encoder->body;
	int err;

	if (encoder->body.failed)
		return DWELL_ENOMEM;
	if (encoder->body.size > UINT32_MAX)
		return DWELL_ELIMIT;
	full.generation = encoder->generation;
	full.serial = encoder->serial++;
	full.body_size = (uint32_t)encoder->body.size;
	full.body_checksum = dwell_checksum(encoder->body.at, encoder->body.size);
	while (body->size % WIRE_ALIGN)
		dwell_buffer_byte(body, 0);
	if (body->failed || !dwell_buffer_room(body, WIRE_HEADER_SIZE))
		return DWELL_ENOMEM;
	/* At once: on a disk that is full there is no header without its body. */
	memmove(body->at + WIRE_HEADER_SIZE, body->at, body->size);
	dwell_header_write(body->at, encoder->sync, &full);
	err = encoder->output->write(encoder->output, body->at, WIRE_HEADER_SIZE + body->size);
	if (!err)
		encoder->bytes += WIRE_HEADER_SIZE + body->size;
	return err;
}

/* What the tables buffer holds, as a chunk. */
int dwell_encoder_put_tables(struct dwell_encoder *encoder, uint8_t flags)
{
	struct definitions *definitions = &encoder->definitions;
	const struct wire_chunk chunk = {
		.kind = WIRE_TABLES,
		.flags = (uint8_t)(WIRE_MUST_KNOW | flags),
		.count = definitions->out_count,
		.first_ns = encoder->now_ns,
		.last_ns = encoder->now_ns,
		.row = encoder->index.events,
	};
	int err;

	if (encoder->tables.failed)
		return DWELL_ENOMEM;
	if (!encoder->tables.size)
		return DWELL_OK;
	encoder->body.size = 0;
	err = dwell_squeeze_blob(
		encoder->squeeze, &encoder->body, encoder->tables.at, encoder->tables.size);
	if (!err)
		err = dwell_index_add_table(&encoder->index, encoder->bytes);
	if (!err)
		err = dwell_encoder_chunk(encoder, &chunk);
	encoder->tables.size = 0;
	definitions->out_count = 0;
	return err;
}

/* Definitions that a chunk's dictionaries name. */
static void need_rows(struct dwell_encoder *encoder)
{
	static const enum wire_record spaces[] = { WIRE_OBJECT, WIRE_LABEL, WIRE_COUNTER };
	struct definitions *definitions = &encoder->definitions;
	const struct columns *columns = &encoder->columns;

	for (uint32_t i = 1; i < columns->tasks.count; i++)
		dwell_definitions_need(definitions, WIRE_TASK, columns->tasks.ids[i]);
	for (uint32_t i = 1; i < columns->executors.count; i++)
		dwell_definitions_need(definitions, WIRE_EXECUTOR, columns->executors.ids[i]);
	for (uint32_t i = 1; i < columns->stacks.count; i++)
		dwell_definitions_need(definitions, WIRE_STACK, columns->stacks.ids[i]);
	for (uint32_t i = 1; i < columns->object_count; i++)
		dwell_definitions_need(definitions, spaces[columns->object_ids[i] & 3],
			(uint32_t)(columns->object_ids[i] >> 2));
}

static void need_state(struct definitions *definitions, const struct dwell_task_state *state)
{
	dwell_definitions_need(definitions, WIRE_TASK, state->task);
	dwell_definitions_need(definitions, WIRE_TASK, state->waker);
	dwell_definitions_need(definitions, WIRE_TASK, state->wait_holder);
	dwell_definitions_need(definitions, WIRE_TASK, state->wait_waker);
	dwell_definitions_need(definitions, WIRE_EXECUTOR, state->executor);
	dwell_definitions_need(definitions, WIRE_OBJECT, state->object);
	dwell_definitions_need(definitions, WIRE_OBJECT, state->wait_object);
	dwell_definitions_need(definitions, WIRE_STACK, state->stack);
	dwell_definitions_need(definitions, WIRE_STACK, state->waker_stack);
	dwell_definitions_need(definitions, WIRE_STACK, state->wait_stack);
	dwell_definitions_need(definitions, WIRE_STACK, state->wait_waker_stack);
}

int dwell_encoder_take_keyframe(struct dwell_encoder *encoder, uint64_t time_ns)
{
	/* Says nothing of states, but brings them to the time: tasks may have been created since.
	 */
	const struct dwell_event now = { .kind = DWELL_EVENT_MARK, .time_ns = time_ns };
	const struct dwell_task_state *states;
	size_t count;
	int err = dwell_states_apply(encoder->states, &now, 1);

	if (!err)
		err = dwell_states_save(encoder->states, &states, &count);
	if (err)
		return err;
	encoder->generation_begun = true;
	encoder->keyframe_pending = true;
	encoder->generation++;
	encoder->generation_rows = 0;
	encoder->definitions.generation++;
	encoder->keyframe.size = 0;
	encoder->keyframe_count = (uint32_t)count;
	encoder->keyframe_ns = time_ns;
	for (size_t i = 0; i < count; i++)
		need_state(&encoder->definitions, &states[i]);
	dwell_keyframe_write(&encoder->keyframe, states, count);
	return encoder->keyframe.failed ? DWELL_ENOMEM : DWELL_OK;
}

static int put_keyframe(struct dwell_encoder *encoder)
{
	const struct wire_chunk chunk = {
		.kind = WIRE_KEYFRAME,
		.flags = WIRE_MUST_KNOW,
		.count = encoder->keyframe_count,
		.first_ns = encoder->keyframe_ns,
		.last_ns = encoder->keyframe_ns,
		.row = encoder->index.events,
	};
	int err;

	encoder->body.size = 0;
	err = dwell_squeeze_blob(
		encoder->squeeze, &encoder->body, encoder->keyframe.at, encoder->keyframe.size);
	if (!err)
		err = dwell_index_add_generation(
			&encoder->index, encoder->bytes, encoder->keyframe_ns, chunk.row);
	if (!err)
		err = dwell_encoder_chunk(encoder, &chunk);
	encoder->keyframe_pending = false;
	return err;
}

static int put_rows(struct dwell_encoder *encoder)
{
	struct columns *columns = &encoder->columns;
	const struct wire_chunk chunk = {
		.kind = WIRE_EVENTS,
		.flags = WIRE_MUST_KNOW,
		.count = columns->count,
		.first_ns = columns->first_ns,
		.last_ns = columns->last_ns,
		.row = encoder->index.events,
	};
	const struct index_chunk entry = {
		.offset = encoder->bytes,
		.first_ns = chunk.first_ns,
		.last_ns = chunk.last_ns,
		.row = chunk.row,
		.rows = chunk.count,
	};
	uint64_t by_kind[DWELL_EVENT_KIND_COUNT];
	int err;

	dwell_columns_count(columns);
	dwell_columns_streams(columns);
	dwell_columns_kinds(columns, by_kind);
	encoder->body.size = 0;
	err = dwell_columns_write(columns, &encoder->scratch, encoder->squeeze, &encoder->body);
	if (!err)
		err = dwell_index_add_chunk(&encoder->index, &entry);
	if (!err)
		err = dwell_encoder_chunk(encoder, &chunk);
	encoder->index.events += columns->count;
	encoder->index.lost += columns->lost;
	for (unsigned i = 0; i < DWELL_EVENT_KIND_COUNT; i++)
		encoder->index.by_kind[i] += by_kind[i];
	encoder->generation_rows += columns->count;
	dwell_pyramid_limit(
		&encoder->pyramid, dwell_pyramid_most(encoder->index.events, WIRE_VERSION_MINOR));
	dwell_columns_clear(columns);
	return err;
}

int dwell_encoder_close_chunk(struct dwell_encoder *encoder)
{
	const struct dwell_encoder_options *options = &encoder->options;
	int err;

	dwell_definitions_pending(&encoder->definitions);
	need_rows(encoder);
	err = dwell_encoder_put_tables(encoder, 0);
	if (!err && encoder->keyframe_pending)
		err = put_keyframe(encoder);
	if (!err && encoder->columns.count)
		err = put_rows(encoder);
	if (encoder->generation_rows >=
			(uint64_t)options->generation_chunks * options->chunk_rows &&
		dwell_states_can_save(encoder->states))
		encoder->generation_begun = false;
	/* What a task that has ended did is in the pyramid by now. */
	return err ? err : dwell_states_forget(encoder->states, NULL, NULL);
}

static int merge_record(void *context, const uint8_t *at, size_t size)
{
	struct dwell_encoder *encoder = context;

	dwell_buffer_put(&encoder->tables, at, size);
	encoder->definitions.out_count++;
	return encoder->tables.size < TABLES_BYTES ? DWELL_OK
						   : dwell_encoder_put_tables(encoder, WIRE_MERGED);
}

/* All definitions of the trace together, so that a reader need not look for them. */
static int merge_tables(struct dwell_encoder *encoder)
{
	int err;

	if (encoder->index.table_count <= FEW_TABLES)
		return DWELL_OK;
	encoder->index.table_count = 0;
	err = dwell_definitions_all(&encoder->definitions, merge_record, encoder);
	return err ? err : dwell_encoder_put_tables(encoder, WIRE_MERGED);
}

static int put_index(struct dwell_encoder *encoder)
{
	const uint64_t offset = encoder->bytes;
	int err;

	encoder->index.tasks = encoder->definitions.tasks;
	encoder->index.executors = encoder->definitions.executors;
	encoder->tables.size = 0;
	dwell_index_write(&encoder->index, &encoder->tables);
	if (encoder->tables.failed)
		return DWELL_ENOMEM;
	encoder->body.size = 0;
	err = dwell_squeeze_blob(
		encoder->squeeze, &encoder->body, encoder->tables.at, encoder->tables.size);
	if (!err)
		err = dwell_encoder_chunk(encoder,
			&(struct wire_chunk){ .kind = WIRE_INDEX, .row = encoder->index.events });
	if (err)
		return err;
	encoder->body.size = 0;
	dwell_buffer_u64(&encoder->body, offset);
	dwell_buffer_u64(&encoder->body, encoder->index.end.end_ns);
	dwell_buffer_u64(&encoder->body, encoder->index.end.closed ? WIRE_CLOSED : 0);
	return dwell_encoder_chunk(
		encoder, &(struct wire_chunk){ .kind = WIRE_END, .row = encoder->index.events });
}

static int put_pyramid_chunk(
	void *context, const struct index_pyramid *entry, const struct dwell_buffer *body)
{
	struct dwell_encoder *encoder = context;
	const struct wire_chunk chunk = {
		.kind = WIRE_PYRAMID, .count = entry->buckets, .row = encoder->index.events
	};
	struct index_pyramid placed = *entry;
	int err;

	placed.offset = encoder->bytes;
	encoder->body.size = 0;
	err = dwell_squeeze_blob(encoder->squeeze, &encoder->body, body->at, body->size);
	if (!err)
		err = dwell_index_add_pyramid(&encoder->index, &placed);
	return err ? err : dwell_encoder_chunk(encoder, &chunk);
}

/* The intervals that are open at the end belong to it too. */
static int put_pyramid(struct dwell_encoder *encoder)
{
	const int err = dwell_states_flush(encoder->states, encoder->index.end.end_ns);

	return err ? err : dwell_pyramid_write(&encoder->pyramid, put_pyramid_chunk, encoder);
}

int dwell_encoder_finish(struct dwell_encoder *encoder)
{
	int err = DWELL_OK;

	if (!encoder->generation)
		err = dwell_encoder_take_keyframe(encoder, encoder->now_ns);
	if (!err)
		err = dwell_encoder_close_chunk(encoder);
	if (!err)
		err = merge_tables(encoder);
	if (!err)
		err = put_pyramid(encoder);
	return err ? err : put_index(encoder);
}
