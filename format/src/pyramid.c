#include "dwell/pyramid.h"

#include "dwell/limits.h"
#include "src/pyramid_query.h"
#include "src/reader_private.h"

#include <stdlib.h>
#include <string.h>

enum { KEPT_CHUNKS = 64, CELL_BUCKETS = 8 };

/* Where a chunk of a rebuilt pyramid is instead of in the file. */
struct memory_chunk {
	uint8_t *at;
	size_t size;
};

struct dwell_pyramid {
	struct dwell_reader *reader;
	struct index_pyramid *entries;
	size_t count, cap;
	struct memory_chunk *memory; /* by entry; NULL: in the file */
	struct pyramid_chunk *all;   /* by entry; NULL: as they are asked for, below */
	struct dwell_unsqueeze *unsqueeze;
	/* Chunks that were read, the oldest replaced first. */
	struct pyramid_chunk kept[KEPT_CHUNKS];
	size_t kept_entry[KEPT_CHUNKS];
	unsigned next;
};

static int new_pyramid(struct dwell_pyramid **out, struct dwell_reader *reader)
{
	struct dwell_pyramid *pyramid = calloc(1, sizeof(*pyramid));

	if (!pyramid)
		return DWELL_ENOMEM;
	pyramid->reader = reader;
	for (unsigned i = 0; i < KEPT_CHUNKS; i++)
		pyramid->kept_entry[i] = SIZE_MAX;
	*out = pyramid;
	return DWELL_OK;
}

int dwell_pyramid_open(
	struct dwell_pyramid **out, struct dwell_reader *reader, struct dwell_diag *diag)
{
	const struct index *index = &reader->index;
	struct dwell_pyramid *pyramid;

	(void)diag;
	if (!index->pyramid_count)
		return DWELL_END;
	if (new_pyramid(&pyramid, reader))
		return DWELL_ENOMEM;
	pyramid->entries = malloc(index->pyramid_count * sizeof(*pyramid->entries));
	if (!pyramid->entries) {
		dwell_pyramid_free(pyramid);
		return DWELL_ENOMEM;
	}
	memcpy(pyramid->entries, index->pyramid, index->pyramid_count * sizeof(*index->pyramid));
	pyramid->count = index->pyramid_count;
	*out = pyramid;
	return DWELL_OK;
}

static void release_kept(struct dwell_pyramid *pyramid)
{
	for (unsigned i = 0; i < KEPT_CHUNKS; i++) {
		dwell_pyramid_chunk_release(&pyramid->kept[i]);
		pyramid->kept_entry[i] = SIZE_MAX;
	}
}

void dwell_pyramid_free(struct dwell_pyramid *pyramid)
{
	if (!pyramid)
		return;
	release_kept(pyramid);
	for (size_t i = 0; pyramid->all && i < pyramid->count; i++)
		dwell_pyramid_chunk_release(&pyramid->all[i]);
	free(pyramid->all);
	dwell_unsqueeze_free(pyramid->unsqueeze);
	for (size_t i = 0; pyramid->memory && i < pyramid->count; i++)
		free(pyramid->memory[i].at);
	free(pyramid->memory);
	free(pyramid->entries);
	free(pyramid);
}

/* Rows into the states that feed a new pyramid. */
struct rebuild {
	struct dwell_sink sink;
	struct dwell_states *states;
	struct pyramid_build build;
	struct dwell_pyramid *pyramid;
	uint64_t rows;
	bool started;
};

static int rebuild_task(struct dwell_sink *sink, const struct dwell_task *task)
{
	return dwell_states_task(((struct rebuild *)sink)->states, task);
}

static int rebuild_executor(struct dwell_sink *sink, const struct dwell_executor *executor)
{
	return dwell_states_executor(((struct rebuild *)sink)->states, executor);
}

static int rebuild_keyframe(struct dwell_sink *sink, uint64_t time_ns,
	const struct dwell_task_state *states, size_t count)
{
	struct rebuild *rebuild = (struct rebuild *)sink;

	if (rebuild->started)
		return DWELL_OK;
	rebuild->started = true;
	return dwell_states_load(rebuild->states, time_ns, states, count);
}

static int rebuild_events(struct dwell_sink *sink, const struct dwell_event *rows, size_t count)
{
	struct rebuild *rebuild = (struct rebuild *)sink;
	const int err = dwell_states_apply(rebuild->states, rows, count);

	rebuild->started = true;
	rebuild->rows += count;
	dwell_pyramid_limit(&rebuild->build, dwell_pyramid_most(rebuild->rows, WIRE_VERSION_MINOR));
	return err;
}

static int rebuild_end(struct dwell_sink *sink, const struct dwell_trace_end *end)
{
	return dwell_states_flush(((struct rebuild *)sink)->states, end->end_ns);
}

static int keep_chunk(
	void *context, const struct index_pyramid *entry, const struct dwell_buffer *body)
{
	struct dwell_pyramid *pyramid = context;

	if (pyramid->count == pyramid->cap) {
		const size_t cap = pyramid->cap ? pyramid->cap * 2 : 16;
		void *entries = realloc(pyramid->entries, cap * sizeof(*pyramid->entries));

		if (!entries)
			return DWELL_ENOMEM;
		pyramid->entries = entries;

		void *memory = realloc(pyramid->memory, cap * sizeof(*pyramid->memory));

		if (!memory)
			return DWELL_ENOMEM;
		pyramid->memory = memory;
		pyramid->cap = cap;
	}

	uint8_t *at = malloc(body->size ? body->size : 1);

	if (!at)
		return DWELL_ENOMEM;
	memcpy(at, body->at, body->size);
	pyramid->entries[pyramid->count] = *entry;
	pyramid->memory[pyramid->count++] = (struct memory_chunk){ at, body->size };
	return DWELL_OK;
}

static int rebuild_all(struct rebuild *rebuild, struct dwell_reader *reader)
{
	static const struct dwell_states_ops told = { .interval = dwell_pyramid_interval };
	static const struct dwell_sink_ops ops = {
		.task = rebuild_task,
		.executor = rebuild_executor,
		.keyframe = rebuild_keyframe,
		.events = rebuild_events,
		.end = rebuild_end,
	};
	int err = dwell_states_new(
		&rebuild->states, reader->index.info.levels, &told, &rebuild->build);

	rebuild->sink.ops = &ops;
	if (!err)
		err = dwell_source_drive(&reader->source, NULL, &rebuild->sink);
	if (!err)
		err = dwell_pyramid_write(&rebuild->build, keep_chunk, rebuild->pyramid);
	dwell_states_free(rebuild->states);
	return err;
}

int dwell_pyramid_build(
	struct dwell_pyramid **out, struct dwell_reader *reader, struct dwell_diag *diag)
{
	struct rebuild *rebuild = calloc(1, sizeof(*rebuild));
	int err = rebuild ? new_pyramid(&rebuild->pyramid, reader) : DWELL_ENOMEM;

	if (!err) {
		dwell_pyramid_build_init(&rebuild->build);
		err = rebuild_all(rebuild, reader);
		dwell_pyramid_build_release(&rebuild->build);
		if (err && diag)
			*diag = *reader->source.ops->diag(&reader->source);
		if (err)
			dwell_pyramid_free(rebuild->pyramid);
		else
			*out = rebuild->pyramid;
	}
	free(rebuild);
	return err;
}

uint64_t dwell_pyramid_finest_ns(const struct dwell_pyramid *pyramid)
{
	return pyramid->count ? pyramid->entries[pyramid->count - 1].width_ns : UINT64_MAX;
}

static int load(struct dwell_pyramid *pyramid, size_t entry, struct pyramid_chunk *out)
{
	const struct index_pyramid *from = &pyramid->entries[entry];
	struct dwell_chunk_read chunk;
	uint8_t *at = NULL;
	size_t size = 0;

	if (pyramid->memory)
		return dwell_pyramid_chunk_read(out,
			(struct dwell_cursor){
				pyramid->memory[entry].at, pyramid->memory[entry].size },
			from->buckets);

	int err = dwell_chunk_open(
		&chunk, pyramid->reader->bytes, from->offset, pyramid->reader->sync);

	if (!err && chunk.head.kind != WIRE_PYRAMID)
		err = DWELL_EFORMAT;
	if (!err && !pyramid->unsqueeze)
		err = dwell_unsqueeze_new(&pyramid->unsqueeze);
	if (!err)
		err = dwell_unsqueeze_blob(
			pyramid->unsqueeze, chunk.body, DWELL_MAX_TABLES_BYTES, &at, &size);
	if (!err)
		err = dwell_pyramid_chunk_read(
			out, (struct dwell_cursor){ at, size }, from->buckets);
	free(at);
	dwell_chunk_close(&chunk);
	return err;
}

int dwell_pyramid_load(struct dwell_pyramid *pyramid, uint64_t most)
{
	struct pyramid_chunk *all;
	uint64_t buckets = 0;
	int err = DWELL_OK;

	if (pyramid->all)
		return DWELL_OK;
	for (size_t i = 0; i < pyramid->count; i++)
		buckets += pyramid->entries[i].buckets;
	if (buckets > most)
		return DWELL_ELIMIT;
	all = calloc(pyramid->count + 1, sizeof(*all));
	if (!all)
		return DWELL_ENOMEM;
	for (size_t i = 0; i < pyramid->count && !err; i++)
		err = load(pyramid, i, &all[i]);
	if (!err) {
		pyramid->all = all;
		release_kept(pyramid);
		return DWELL_OK;
	}
	for (size_t i = 0; i < pyramid->count; i++)
		dwell_pyramid_chunk_release(&all[i]);
	free(all);
	return err;
}

/* A chunk, from memory if it was read before. */
static int find_chunk(struct dwell_pyramid *pyramid, size_t entry, const struct pyramid_chunk **out)
{
	if (pyramid->all) {
		*out = &pyramid->all[entry];
		return DWELL_OK;
	}
	for (unsigned i = 0; i < KEPT_CHUNKS; i++) {
		if (pyramid->kept_entry[i] == entry) {
			*out = &pyramid->kept[i];
			return DWELL_OK;
		}
	}

	struct pyramid_chunk chunk = { 0 };
	const int err = load(pyramid, entry, &chunk);

	if (err) {
		dwell_pyramid_chunk_release(&chunk);
		return err;
	}

	const unsigned place = pyramid->next++ % KEPT_CHUNKS;

	dwell_pyramid_chunk_release(&pyramid->kept[place]);
	pyramid->kept[place] = chunk;
	pyramid->kept_entry[place] = entry;
	*out = &pyramid->kept[place];
	return DWELL_OK;
}

/* Buckets end where cells do, or are so narrow that it does not matter. */
static bool suits(uint64_t width_ns, const struct pyramid_query *q)
{
	return width_ns <= q->cell_ns / CELL_BUCKETS ||
	       (q->cell_ns % width_ns == 0 && q->from_ns % width_ns == 0);
}

/* Entries of the level that suits the cells: [*first, *end). */
static void choose_level(const struct dwell_pyramid *pyramid, const struct pyramid_query *q,
	size_t *first, size_t *end)
{
	size_t i = 0;

	while (i + 1 < pyramid->count && !suits(pyramid->entries[i].width_ns, q))
		i++;

	const uint64_t width_ns = pyramid->entries[i].width_ns;

	while (i > 0 && pyramid->entries[i - 1].width_ns == width_ns)
		i--;
	*first = i;
	while (i < pyramid->count && pyramid->entries[i].width_ns == width_ns)
		i++;
	*end = i;
}

static bool comes_before(uint32_t task, uint32_t index, uint32_t than_task, uint64_t than_index)
{
	return task < than_task || (task == than_task && index < than_index);
}

int dwell_pyramid_query(struct dwell_pyramid *pyramid, uint32_t task, uint64_t from_ns,
	uint64_t to_ns, struct dwell_cell *cells, size_t count)
{
	if (from_ns >= to_ns || !count || !task)
		return DWELL_EINVAL;

	struct pyramid_query q = {
		.task = task,
		.from_ns = from_ns,
		.to_ns = to_ns,
		.cell_ns = (to_ns - from_ns) / count ? (to_ns - from_ns) / count : 1,
		.cells = cells,
		.count = count,
	};
	size_t first, end;
	bool more = true;
	int err = DWELL_OK;

	memset(cells, 0, count * sizeof(*cells));
	if (!pyramid->count)
		return DWELL_OK;
	choose_level(pyramid, &q, &first, &end);
	dwell_pyramid_query_begin(&q, pyramid->entries[first].width_ns);

	const uint64_t index = from_ns / q.width_ns;

	/* The last chunk that begins before the window: it may hold the bucket before. */
	while (first + 1 < end && comes_before(pyramid->entries[first + 1].first_task,
					  pyramid->entries[first + 1].first_index, task, index))
		first++;
	for (size_t i = first; i < end && more && !err; i++) {
		const struct pyramid_chunk *chunk;

		err = find_chunk(pyramid, i, &chunk);
		if (!err)
			more = dwell_pyramid_see(&q, chunk);
	}
	return err;
}

int dwell_pyramid_totals(
	struct dwell_pyramid *pyramid, uint8_t state, uint64_t to_ns, uint64_t *ns, uint32_t tasks)
{
	struct dwell_cell cell;
	struct pyramid_query q = {
		.to_ns = to_ns,
		.cell_ns = to_ns,
		.cells = &cell,
		.count = 1,
	};
	size_t first, end;
	int err = DWELL_OK;

	if (!to_ns || state >= DWELL_STATE_COUNT)
		return DWELL_EINVAL;
	memset(ns, 0, tasks * sizeof(*ns));
	if (!pyramid->count)
		return DWELL_OK;
	choose_level(pyramid, &q, &first, &end);
	dwell_pyramid_query_begin(&q, pyramid->entries[first].width_ns);
	for (size_t i = first; i < end && !err; i++) {
		const struct pyramid_chunk *chunk;

		err = find_chunk(pyramid, i, &chunk);
		if (!err)
			dwell_pyramid_see_all(&q, chunk, state, ns, tasks);
	}
	return err;
}
