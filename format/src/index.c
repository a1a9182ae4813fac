#include "src/index.h"

#include "dwell/error.h"
#include "src/records.h"

#include <stdbool.h>
#include <stdlib.h>

void dwell_index_release(struct index *index)
{
	dwell_buffer_release(&index->source);
	free(index->tables);
	free(index->chunks);
	free(index->generations);
	free(index->pyramid);
	*index = (struct index){ 0 };
}

/* Room for one more in an array. */
static void *more(void *array, size_t count, size_t *cap, size_t size)
{
	if (count < *cap)
		return array;

	const size_t grown = *cap ? *cap * 2 : 16;
	void *at = realloc(array, grown * size);

	if (at)
		*cap = grown;
	return at;
}

int dwell_index_set_info(struct index *index, const struct dwell_trace_info *info)
{
	index->source.size = 0;
	dwell_buffer_put(&index->source, info->source.at, info->source.size);
	if (index->source.failed)
		return DWELL_ENOMEM;
	index->info = *info;
	index->info.source.at = (const char *)index->source.at;
	return DWELL_OK;
}

int dwell_index_add_table(struct index *index, uint64_t offset)
{
	uint64_t *at = more(index->tables, index->table_count, &index->table_cap, sizeof(*at));

	if (!at)
		return DWELL_ENOMEM;
	index->tables = at;
	at[index->table_count++] = offset;
	return DWELL_OK;
}

int dwell_index_add_pyramid(struct index *index, const struct index_pyramid *entry)
{
	struct index_pyramid *at =
		more(index->pyramid, index->pyramid_count, &index->pyramid_cap, sizeof(*at));

	if (!at)
		return DWELL_ENOMEM;
	index->pyramid = at;
	at[index->pyramid_count++] = *entry;
	return DWELL_OK;
}

int dwell_index_add_chunk(struct index *index, const struct index_chunk *chunk)
{
	struct index_chunk *at =
		more(index->chunks, index->chunk_count, &index->chunk_cap, sizeof(*at));

	if (!at)
		return DWELL_ENOMEM;
	index->chunks = at;
	at[index->chunk_count++] = *chunk;
	if (index->generation_count)
		index->generations[index->generation_count - 1].chunks++;
	return DWELL_OK;
}

int dwell_index_add_generation(
	struct index *index, uint64_t keyframe, uint64_t time_ns, uint64_t row)
{
	struct index_generation *at = more(
		index->generations, index->generation_count, &index->generation_cap, sizeof(*at));

	if (!at)
		return DWELL_ENOMEM;
	index->generations = at;
	at[index->generation_count++] = (struct index_generation){
		.keyframe = keyframe,
		.time_ns = time_ns,
		.row = row,
		.first_chunk = index->chunk_count,
	};
	return DWELL_OK;
}

static void write_offsets(struct dwell_buffer *out, const uint64_t *offsets, size_t count)
{
	uint64_t before = 0;

	dwell_buffer_varint(out, count);
	for (size_t i = 0; i < count; i++) {
		dwell_buffer_varint(out, offsets[i] - before);
		before = offsets[i];
	}
}

static void write_pyramid(const struct index *index, struct dwell_buffer *out)
{
	uint64_t offset = 0;

	dwell_buffer_varint(out, index->pyramid_count);
	for (size_t i = 0; i < index->pyramid_count; i++) {
		const struct index_pyramid *entry = &index->pyramid[i];

		dwell_buffer_varint(out, entry->offset - offset);
		dwell_buffer_varint(out, entry->width_ns);
		dwell_buffer_varint(out, entry->first_task);
		dwell_buffer_varint(out, entry->first_index);
		dwell_buffer_varint(out, entry->buckets);
		offset = entry->offset;
	}
}

static void write_chunks(const struct index *index, struct dwell_buffer *out)
{
	uint64_t offset = 0, time_ns = 0;

	dwell_buffer_varint(out, index->chunk_count);
	for (size_t i = 0; i < index->chunk_count; i++) {
		const struct index_chunk *chunk = &index->chunks[i];

		dwell_buffer_varint(out, chunk->offset - offset);
		dwell_buffer_varint(out, chunk->first_ns - time_ns);
		dwell_buffer_varint(out, chunk->last_ns - chunk->first_ns);
		dwell_buffer_varint(out, chunk->rows);
		offset = chunk->offset;
		time_ns = chunk->last_ns;
	}
}

void dwell_index_write(const struct index *index, struct dwell_buffer *out)
{
	dwell_record_info(out, &index->info);
	dwell_buffer_varint(out, index->end.end_ns);
	dwell_buffer_varint(out, index->end.closed);
	dwell_buffer_varint(out, index->events);
	dwell_buffer_varint(out, index->lost);
	dwell_buffer_varint(out, DWELL_EVENT_KIND_COUNT);
	for (unsigned i = 0; i < DWELL_EVENT_KIND_COUNT; i++)
		dwell_buffer_varint(out, index->by_kind[i]);
	dwell_buffer_varint(out, index->tasks);
	dwell_buffer_varint(out, index->executors);
	write_offsets(out, index->tables, index->table_count);
	write_pyramid(index, out);
	write_chunks(index, out);
	dwell_buffer_varint(out, index->generation_count);
	for (size_t i = 0; i < index->generation_count; i++) {
		dwell_buffer_varint(out, index->generations[i].keyframe);
		dwell_buffer_varint(out, index->generations[i].time_ns);
		dwell_buffer_varint(out, index->generations[i].chunks);
	}
}

/* The next number; at most max. */
static int number(struct dwell_cursor *in, uint64_t max, uint64_t *out)
{
	uint64_t value;
	const int err = dwell_cursor_varint(in, &value);

	if (err)
		return err;
	if (value > max)
		return DWELL_EFORMAT;
	*out = value;
	return DWELL_OK;
}

/* A sum that must not wrap. */
static int step(struct dwell_cursor *in, uint64_t *io)
{
	uint64_t more_by;
	const int err = number(in, UINT64_MAX - *io, &more_by);

	*io += err ? 0 : more_by;
	return err;
}

static int read_totals(struct index *index, struct dwell_cursor *in)
{
	uint64_t closed = 0, kinds = 0, tasks = 0, executors = 0, other;
	int err = number(in, UINT64_MAX, &index->end.end_ns);

	if (err || (err = number(in, 1, &closed)) ||
		(err = number(in, UINT64_MAX, &index->events)) ||
		(err = number(in, UINT64_MAX, &index->lost)) || (err = number(in, 256, &kinds)))
		return err;
	index->end.closed = closed != 0;
	for (uint64_t i = 0; i < kinds && !err; i++)
		err = number(
			in, UINT64_MAX, i < DWELL_EVENT_KIND_COUNT ? &index->by_kind[i] : &other);
	if (err || (err = number(in, UINT32_MAX, &tasks)) ||
		(err = number(in, UINT32_MAX, &executors)))
		return err;
	index->tasks = (uint32_t)tasks;
	index->executors = (uint32_t)executors;
	return DWELL_OK;
}

static int read_tables(struct index *index, struct dwell_cursor *in)
{
	uint64_t count = 0, offset = 0;
	int err = number(in, in->left, &count);

	for (uint64_t i = 0; i < count && !err; i++) {
		err = step(in, &offset);
		if (!err)
			err = dwell_index_add_table(index, offset);
	}
	return err;
}

static int read_pyramid(struct index *index, struct dwell_cursor *in)
{
	struct index_pyramid entry = { 0 };
	uint64_t count = 0;
	int err = number(in, in->left / 5, &count);

	for (uint64_t i = 0; i < count && !err; i++) {
		uint64_t task = 0, first = 0, buckets = 0;

		if ((err = step(in, &entry.offset)) ||
			(err = number(in, UINT64_MAX, &entry.width_ns)) ||
			(err = number(in, UINT32_MAX, &task)) ||
			(err = number(in, UINT32_MAX, &first)) ||
			(err = number(in, UINT32_MAX, &buckets)))
			break;
		if (!entry.width_ns)
			return DWELL_EFORMAT;
		entry.first_task = (uint32_t)task;
		entry.first_index = (uint32_t)first;
		entry.buckets = (uint32_t)buckets;
		err = dwell_index_add_pyramid(index, &entry);
	}
	return err;
}

static int read_chunks(struct index *index, struct dwell_cursor *in)
{
	struct index_chunk chunk = { 0 };
	uint64_t count = 0;
	int err = number(in, in->left / 4, &count);

	for (uint64_t i = 0; i < count && !err; i++) {
		uint64_t rows = 0;

		err = step(in, &chunk.offset);
		chunk.row += chunk.rows;
		chunk.first_ns = chunk.last_ns;
		if (err || (err = step(in, &chunk.first_ns)))
			break;
		chunk.last_ns = chunk.first_ns;
		if ((err = step(in, &chunk.last_ns)) || (err = number(in, UINT32_MAX, &rows)))
			break;
		chunk.rows = (uint32_t)rows;
		err = dwell_index_add_chunk(index, &chunk);
	}
	return err;
}

/* Times of generations lie between those of their chunks. */
static bool generation_is_good(const struct index *index, const struct index_generation *generation)
{
	const struct index_chunk *chunks = index->chunks;
	const size_t first = generation->first_chunk;

	if (first > 0 && generation->time_ns < chunks[first - 1].last_ns)
		return false;
	return first == index->chunk_count || generation->time_ns <= chunks[first].first_ns;
}

static int read_generations(struct index *index, struct dwell_cursor *in)
{
	uint64_t count = 0, keyframe = 0, time_ns = 0, chunks = 0;
	size_t first = 0;
	uint64_t row = 0;
	int err = number(in, in->left / 3, &count);

	for (uint64_t i = 0; i < count && !err; i++) {
		if ((err = number(in, UINT64_MAX, &keyframe)) ||
			(err = number(in, UINT64_MAX, &time_ns)) ||
			(err = number(in, index->chunk_count - first, &chunks)) ||
			(err = dwell_index_add_generation(index, keyframe, time_ns, row)))
			break;
		index->generations[i].first_chunk = first;
		index->generations[i].chunks = (size_t)chunks;
		if (!generation_is_good(index, &index->generations[i]) ||
			(i && time_ns < index->generations[i - 1].time_ns))
			return DWELL_EFORMAT;
		for (uint64_t k = 0; k < chunks; k++)
			row += index->chunks[first++].rows;
	}
	if (!err && first != index->chunk_count)
		return DWELL_EFORMAT;
	return err;
}

int dwell_index_read(struct index *index, struct dwell_cursor in)
{
	struct dwell_trace_info info;
	int err = dwell_record_read_info(&in, &info);

	if (err || (err = dwell_index_set_info(index, &info)) || (err = read_totals(index, &in)) ||
		(err = read_tables(index, &in)) || (err = read_pyramid(index, &in)) ||
		(err = read_chunks(index, &in)))
		return err;
	return read_generations(index, &in);
}
