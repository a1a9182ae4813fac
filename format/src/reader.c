#include "src/reader_private.h"

#include "dwell/limits.h"
#include "src/records.h"

#include <stdlib.h>
#include <string.h>

enum { PROLOGUE_MAX = 4096 };

bool dwell_reader_recognizes(const void *at, size_t size)
{
	return dwell_magic_is(at, size);
}

/* The marker that the first chunk has, when the file's header is damaged. */
static int salvage_prologue(struct dwell_reader *reader, const struct dwell_view *view)
{
	struct wire_chunk head;
	const char *what;

	if (view->size < WIRE_PROLOGUE_SIZE + WIRE_HEADER_SIZE ||
		dwell_header_read(&head, view->at + WIRE_PROLOGUE_SIZE,
			view->size - WIRE_PROLOGUE_SIZE, NULL, &what) ||
		head.kind != WIRE_INFO)
		return DWELL_EFORMAT;
	memcpy(reader->sync, view->at + WIRE_PROLOGUE_SIZE, WIRE_SYNC_SIZE);
	reader->start = WIRE_PROLOGUE_SIZE;
	return DWELL_OK;
}

static int read_prologue(struct dwell_reader *reader, struct dwell_diag *diag)
{
	const uint64_t size =
		reader->bytes->size < PROLOGUE_MAX ? reader->bytes->size : PROLOGUE_MAX;
	struct wire_prologue prologue;
	struct dwell_view view;
	const char *what = "file header cannot be read";
	int err = dwell_view_open(&view, reader->bytes, 0, size);

	if (!err)
		err = dwell_prologue_read(&prologue, view.at, view.size, &what);
	if (!err) {
		memcpy(reader->sync, prologue.sync, WIRE_SYNC_SIZE);
		reader->start = prologue.header_size;
	} else if (err == DWELL_EFORMAT && !salvage_prologue(reader, &view)) {
		err = DWELL_OK;
	}
	dwell_view_close(&view);
	return err ? dwell_diag_set(diag, err, 0, 0, "%s", what) : DWELL_OK;
}

static int make_summary(struct dwell_reader *reader)
{
	const struct index *index = &reader->index;
	struct dwell_summary *summary = &reader->summary;

	summary->info = index->info;
	summary->end = index->end;
	summary->bytes = reader->bytes->size;
	summary->events = index->events;
	summary->lost_events = index->lost;
	memcpy(summary->events_by_kind, index->by_kind, sizeof(index->by_kind));
	summary->tasks = index->tasks;
	summary->executors = index->executors;
	reader->generations = calloc(index->generation_count + 1, sizeof(*reader->generations));
	if (!reader->generations)
		return DWELL_ENOMEM;
	for (size_t i = 0; i < index->generation_count; i++) {
		const struct index_generation *from = &index->generations[i];
		struct dwell_generation *to = &reader->generations[i];

		to->offset = from->keyframe;
		to->first_ns = to->last_ns = from->time_ns;
		for (size_t k = 0; k < from->chunks; k++) {
			const struct index_chunk *chunk = &index->chunks[from->first_chunk + k];

			to->events += chunk->rows;
			to->last_ns = chunk->last_ns;
			if (k == 0)
				to->first_ns = chunk->first_ns;
		}
	}
	return DWELL_OK;
}

int dwell_reader_open(struct dwell_reader **out, struct dwell_bytes *bytes, struct dwell_diag *diag)
{
	struct dwell_reader *reader = calloc(1, sizeof(*reader));

	if (!reader) {
		dwell_bytes_close(bytes);
		return DWELL_ENOMEM;
	}
	reader->source.ops = &dwell_reader_ops;
	reader->bytes = bytes;

	int err = read_prologue(reader, diag);

	if (!err) {
		err = dwell_reader_index(reader);
		if (!err)
			err = make_summary(reader);
		if (err && diag)
			*diag = reader->diag;
	}
	if (err) {
		dwell_reader_close(reader);
		return err;
	}
	*out = reader;
	return DWELL_OK;
}

void dwell_reader_close(struct dwell_reader *reader)
{
	if (!reader)
		return;
	dwell_index_release(&reader->index);
	free(reader->generations);
	free(reader->parts);
	dwell_bytes_close(reader->bytes);
	free(reader);
}

const struct dwell_summary *dwell_reader_summary(const struct dwell_reader *reader)
{
	return &reader->summary;
}

size_t dwell_reader_generations(const struct dwell_reader *reader)
{
	return reader->index.generation_count;
}

const struct dwell_generation *dwell_reader_generation(const struct dwell_reader *reader, size_t i)
{
	return &reader->generations[i];
}

struct dwell_source *dwell_reader_source(struct dwell_reader *reader)
{
	return &reader->source;
}

int dwell_reader_drive_tables(struct dwell_reader *reader, struct dwell_sink *sink)
{
	return dwell_reader_tables(reader, sink);
}
