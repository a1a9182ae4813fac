#include "src/reader_private.h"

#include <stdlib.h>

static struct dwell_reader *of(struct dwell_source *source)
{
	return (struct dwell_reader *)source;
}

/* A keyframe that can be read, looked at before anyone relies on it. */
static bool keyframe_is_good(struct dwell_reader *reader, uint64_t offset)
{
	struct dwell_chunk_read chunk;
	const bool good = offset &&
			  !dwell_chunk_open(&chunk, reader->bytes, offset, reader->sync) &&
			  chunk.head.kind == WIRE_KEYFRAME;

	if (offset)
		dwell_chunk_close(&chunk);
	return good;
}

int dwell_reader_make_parts(struct dwell_reader *reader)
{
	const struct index *index = &reader->index;
	struct reader_part *part = NULL;

	if (reader->parts)
		return DWELL_OK;
	reader->parts = calloc(index->generation_count + 1, sizeof(*reader->parts));
	if (!reader->parts)
		return DWELL_ENOMEM;
	for (size_t i = 0; i < index->generation_count; i++) {
		const struct index_generation *generation = &index->generations[i];
		const bool good = keyframe_is_good(reader, generation->keyframe);

		/* Without its keyframe a generation is read on from the one before. */
		if (good || !part) {
			if (part)
				part->end_row = generation->row;
			part = &reader->parts[reader->part_count++];
			*part = (struct reader_part){
				.first_chunk = generation->first_chunk,
				.time_ns = generation->time_ns,
				.row = i ? generation->row : 0,
				.keyframe = good ? generation->keyframe : 0,
			};
		}
		part->chunks += generation->chunks;
	}
	if (!part) {
		part = &reader->parts[reader->part_count++];
		*part = (struct reader_part){ 0 };
	}
	part->end_row = reader->rows;
	return DWELL_OK;
}

static uint64_t end_of(const struct dwell_source_options *options)
{
	return options->to_ns ? options->to_ns : UINT64_MAX;
}

/* The part that holds a time: the last that begins at or before it. */
static size_t first_part(const struct dwell_reader *reader, uint64_t from_ns)
{
	size_t first = 0;

	while (first + 1 < reader->part_count && reader->parts[first + 1].time_ns <= from_ns)
		first++;
	return first;
}

static size_t parts(struct dwell_source *source, const struct dwell_source_options *options)
{
	struct dwell_reader *reader = of(source);

	if (dwell_reader_make_parts(reader))
		return 1;

	const size_t first = first_part(reader, options->from_ns);
	size_t end = first + 1;

	while (end < reader->part_count && reader->parts[end].time_ns < end_of(options))
		end++;
	return end - first;
}

static int start(struct dwell_source *source, const struct dwell_source_options *options,
	struct dwell_sink *sink)
{
	struct dwell_reader *reader = of(source);
	struct dwell_trace_info info = reader->index.info;
	int err = dwell_reader_make_parts(reader);

	if (info.begin_ns < options->from_ns)
		info.begin_ns = options->from_ns;
	if (!err && sink->ops->begin)
		err = sink->ops->begin(sink, &info);
	return err ? err : dwell_reader_tables(reader, sink);
}

static int drive_part(struct dwell_source *source, const struct dwell_source_options *options,
	size_t part, struct dwell_sink *sink)
{
	struct dwell_reader *reader = of(source);
	const int err = dwell_reader_make_parts(reader);

	if (err)
		return err;

	const size_t first = first_part(reader, options->from_ns);

	if (part >= reader->part_count - first)
		return DWELL_EINVAL;
	return dwell_reader_drive_part(
		reader, options, &reader->parts[first + part], part == 0, sink);
}

static int finish(struct dwell_source *source, const struct dwell_source_options *options,
	struct dwell_sink *sink)
{
	struct dwell_trace_end end = of(source)->index.end;

	if (end.end_ns > end_of(options))
		end.end_ns = options->to_ns;
	return sink->ops->end ? sink->ops->end(sink, &end) : (int)DWELL_OK;
}

static const struct dwell_diag *diag(struct dwell_source *source)
{
	const struct dwell_reader *reader = of(source);

	for (size_t i = 0; i < reader->part_count && !reader->diag.what[0]; i++)
		if (reader->parts[i].diag.what[0])
			return &reader->parts[i].diag;
	return &reader->diag;
}

/* The reader's own close does everything. */
static void close_nothing(struct dwell_source *source)
{
	(void)source;
}

const struct dwell_source_ops dwell_reader_ops = {
	.all_defined = true,
	.parts = parts,
	.start = start,
	.drive_part = drive_part,
	.finish = finish,
	.diag = diag,
	.close = close_nothing,
};
