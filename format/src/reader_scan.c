#include "src/reader_private.h"

#include "dwell/limits.h"
#include "src/records.h"

#include <stdlib.h>

/* A forward scan of chunk headers. */
struct scan {
	struct dwell_reader *reader;
	struct index *index;
	struct decoder decoder;
	struct counting {
		struct dwell_sink sink;
		uint32_t tasks, executors;
	} counting;
	uint64_t index_offset;
	bool ended, informed;
	uint64_t end_ns;
	bool closed;
};

static int count_task(struct dwell_sink *sink, const struct dwell_task *task)
{
	struct counting *counting = (struct counting *)sink;

	if (task->id > counting->tasks)
		counting->tasks = task->id;
	return DWELL_OK;
}

static int count_executor(struct dwell_sink *sink, const struct dwell_executor *executor)
{
	struct counting *counting = (struct counting *)sink;

	if (executor->id > counting->executors)
		counting->executors = executor->id;
	return DWELL_OK;
}

static int see_info(struct scan *scan, struct dwell_chunk_read *chunk)
{
	struct dwell_trace_info info;
	int err = dwell_record_read_info(&chunk->body, &info);

	if (err)
		return err;
	scan->informed = true;
	return dwell_index_set_info(scan->index, &info);
}

/* The latest time that a row or keyframe so far stands at. */
static uint64_t known_until(const struct index *index)
{
	uint64_t time_ns = 0;

	if (index->chunk_count)
		time_ns = index->chunks[index->chunk_count - 1].last_ns;
	if (index->generation_count &&
		index->generations[index->generation_count - 1].time_ns > time_ns)
		time_ns = index->generations[index->generation_count - 1].time_ns;
	return time_ns;
}

static int see_events(struct scan *scan, const struct dwell_chunk_read *chunk, uint64_t offset)
{
	struct index *index = scan->index;
	const struct wire_chunk *head = &chunk->head;
	const struct index_chunk *last =
		index->chunk_count ? &index->chunks[index->chunk_count - 1] : NULL;
	int err;

	/* Copies of a chunk, or chunks in a wrong order, are damage. */
	if ((last && head->row < last->row + last->rows) || head->first_ns < known_until(index))
		return DWELL_EFORMAT;
	err = dwell_decoder_peek(&scan->decoder, head, chunk->body);
	if (err)
		return err;
	if (!index->generation_count &&
		(err = dwell_index_add_generation(index, 0, head->first_ns, 0)))
		return err;
	index->events += head->count;
	index->lost += scan->decoder.lost;
	for (unsigned i = 0; i < DWELL_EVENT_KIND_COUNT; i++)
		index->by_kind[i] += scan->decoder.by_kind[i];
	return dwell_index_add_chunk(index, &(struct index_chunk){ .offset = offset,
						    .first_ns = head->first_ns,
						    .last_ns = head->last_ns,
						    .row = head->row,
						    .rows = head->count });
}

static int see_keyframe(struct scan *scan, const struct wire_chunk *head, uint64_t offset)
{
	struct index *index = scan->index;

	if (head->first_ns < known_until(index))
		return DWELL_EFORMAT;
	return dwell_index_add_generation(index, offset, head->first_ns, head->row);
}

static int see_end(struct scan *scan, const struct dwell_chunk_read *chunk)
{
	if (chunk->body.left < WIRE_END_BODY)
		return DWELL_EFORMAT;
	scan->ended = true;
	scan->reader->rows = chunk->head.row;
	scan->end_ns = dwell_get_u64(chunk->body.at + 8);
	scan->closed = dwell_get_u64(chunk->body.at + 16) & WIRE_CLOSED;
	return DWELL_OK;
}

static int see_chunk(struct scan *scan, struct dwell_chunk_read *chunk, uint64_t offset)
{
	switch (chunk->head.kind) {
	case WIRE_INFO:
		return see_info(scan, chunk);
	case WIRE_TABLES:
		return chunk->head.flags & WIRE_MERGED ? DWELL_OK
						       : dwell_index_add_table(scan->index, offset);
	case WIRE_KEYFRAME:
		return see_keyframe(scan, &chunk->head, offset);
	case WIRE_EVENTS:
		return see_events(scan, chunk, offset);
	case WIRE_PYRAMID:
		return DWELL_OK;
	case WIRE_INDEX:
		scan->index_offset = offset;
		return DWELL_OK;
	case WIRE_END:
		return see_end(scan, chunk);
	default:
		return chunk->head.flags & WIRE_MUST_KNOW ? DWELL_EVERSION : DWELL_OK;
	}
}

/* A chunk whose header is good and whose body is not. */
static int see_damaged(struct scan *scan, const struct wire_chunk *head, uint64_t offset, int err)
{
	struct dwell_reader *reader = scan->reader;
	struct index *index = scan->index;

	if (head->kind == WIRE_TABLES && !(head->flags & WIRE_MERGED))
		return dwell_index_add_table(index, offset);
	if (head->kind == WIRE_KEYFRAME)
		return see_keyframe(scan, head, offset);
	if (head->kind == WIRE_EVENTS && err == DWELL_ETRUNCATED) {
		reader->cut_first_ns = head->first_ns;
		reader->cut_last_ns = head->last_ns;
		reader->cut_rows = head->count;
	}
	return DWELL_OK;
}

/* One chunk, or what is in its place; *offset moves on. DWELL_END at the end. */
static int step(struct scan *scan, uint64_t *offset)
{
	struct dwell_reader *reader = scan->reader;
	struct dwell_chunk_read chunk;
	int err = dwell_chunk_open(&chunk, reader->bytes, *offset, reader->sync);
	const uint64_t at = *offset;

	if (err == DWELL_EIO || err == DWELL_ENOMEM)
		goto out;
	if (chunk.head.kind && dwell_chunk_size(&chunk.head) <= reader->bytes->size - at)
		*offset = at + dwell_chunk_size(&chunk.head);
	else
		*offset = dwell_chunk_search(reader->bytes, at + WIRE_ALIGN, reader->sync);
	if (!err)
		err = see_chunk(scan, &chunk, at);
	else if (chunk.head.kind)
		err = see_damaged(scan, &chunk.head, at, err);
	else
		err = DWELL_OK;
	if (err == DWELL_EFORMAT || err == DWELL_ETRUNCATED || err == DWELL_ELIMIT)
		err = DWELL_OK;
out:
	if (err)
		dwell_diag_set(&reader->diag, err, at, 0, "chunk: %s", dwell_strerror(err));
	dwell_chunk_close(&chunk);
	if (!err && *offset >= reader->bytes->size)
		return DWELL_END;
	return err;
}

static int finish(struct scan *scan)
{
	struct dwell_reader *reader = scan->reader;
	struct index *index = scan->index;
	const uint64_t last_ns =
		index->chunk_count ? index->chunks[index->chunk_count - 1].last_ns : 0;

	index->end.closed = scan->ended && scan->closed;
	index->end.end_ns = scan->ended ? scan->end_ns : last_ns;
	if (index->end.end_ns < last_ns)
		index->end.end_ns = last_ns;
	reader->cut = !scan->ended;
	if (reader->rows < index->events)
		reader->rows = 0;
	if (!index->generation_count)
		return dwell_index_add_generation(index, 0, 0, 0);
	return DWELL_OK;
}

static int count_definitions(struct scan *scan)
{
	static const struct dwell_sink_ops ops = { .task = count_task, .executor = count_executor };

	scan->counting.sink.ops = &ops;

	const int err = dwell_reader_tables(scan->reader, &scan->counting.sink);

	scan->index->tasks = scan->counting.tasks;
	scan->index->executors = scan->counting.executors;
	return err;
}

/* Does the index know all chunks that were found? */
static bool index_has(const struct index *index, const struct index *scanned)
{
	size_t i = 0;

	for (size_t k = 0; k < scanned->chunk_count; k++) {
		while (i < index->chunk_count &&
			index->chunks[i].offset < scanned->chunks[k].offset)
			i++;
		if (i == index->chunk_count || index->chunks[i].offset != scanned->chunks[k].offset)
			return false;
	}
	return true;
}

/* The index may be whole and only the end missing. True: it is taken. */
static bool take_index(struct scan *scan)
{
	struct dwell_reader *reader = scan->reader;
	struct index scanned = reader->index;

	if (!scan->index_offset)
		return false;
	reader->index = (struct index){ 0 };
	if (!dwell_reader_read_index(reader, scan->index_offset)) {
		if (index_has(&reader->index, &scanned)) {
			dwell_index_release(&scanned);
			reader->summary.indexed = true;
			return true;
		}
		dwell_index_release(&reader->index);
	}
	reader->index = scanned;
	return false;
}

int dwell_reader_scan(struct dwell_reader *reader)
{
	struct scan scan = { .reader = reader, .index = &reader->index };
	uint64_t offset = reader->start;
	int err = dwell_decoder_init(&scan.decoder);

	while (!err && offset < reader->bytes->size)
		err = step(&scan, &offset);
	dwell_decoder_release(&scan.decoder);
	if (err && err != DWELL_END)
		return err;
	if (take_index(&scan))
		return DWELL_OK;
	if (!scan.informed)
		return dwell_diag_set(&reader->diag, DWELL_EFORMAT, reader->start, 0,
			"no chunk says what the trace is");
	err = finish(&scan);
	return err ? err : count_definitions(&scan);
}
