#include "import/go/emit.h"
#include "import/go/go.h"

#include <stdlib.h>
#include <string.h>

#include "import/go/v1.h"
#include "import/importer.h"

enum { HEADER = 16, ROWS = 1024 };

static const char prefix[] = "go 1.";
static const char suffix[] = " trace\0\0\0";

/* The version of a header, 0 when it is none. */
static unsigned version_of(const uint8_t *at, size_t size)
{
	if (size < HEADER || memcmp(at, prefix, sizeof(prefix) - 1) ||
		memcmp(at + 7, suffix, HEADER - 7))
		return 0;
	if (at[5] < '0' || at[5] > '9' || at[6] < '0' || at[6] > '9')
		return 0;
	return (unsigned)(at[5] - '0') * 10 + (unsigned)(at[6] - '0');
}

static bool go_recognizes(const void *at, size_t size)
{
	return version_of(at, size) != 0;
}

static struct go_reader *reader_of(struct dwell_source *source)
{
	return (struct go_reader *)source;
}

/* All that reading makes; the input stays. */
static void release(struct go_reader *reader)
{
	go_tables_clear(reader);
	for (size_t i = 0; i < reader->threads.count; i++)
		free(reader->threads.at[i].buffer);
	free(reader->table_bytes.at);
	free(reader->batches.at);
	free(reader->texts.at);
	free(reader->stacks.at);
	free(reader->samples.at);
	free(reader->frontier);
	free(reader->threads.at);
	free(reader->goroutines.at);
	free(reader->procs.at);
	free(reader->regions.at);
	free(reader->firsts.at);
	free(reader->free_goroutines.at);
	free(reader->rows);
	free(reader->whole);
	go_map_release(&reader->text_by_id);
	go_map_release(&reader->stack_by_id);
	go_map_release(&reader->thread_by_id);
	go_map_release(&reader->goroutine_by_id);
	go_map_release(&reader->proc_by_id);
	go_map_release(&reader->span_by_task);
	go_map_release(&reader->first_task);
	go_intern_release(&reader->labels);
	go_intern_release(&reader->locations);
	go_intern_release(&reader->stack_ids);
}

/* To where nothing has been read: a source may be driven again. */
static int reset(struct go_reader *reader)
{
	release(reader);
	*reader = (struct go_reader){
		.source = reader->source,
		.bytes = reader->bytes,
		.version = reader->version,
		.size = reader->bytes->size,
		.offset = HEADER,
		.free_region = GO_NOBODY,
		.rows = malloc(ROWS * sizeof(*reader->rows)),
	};
	return reader->rows ? 0 : DWELL_ENOMEM;
}

static size_t go_parts(struct dwell_source *source, const struct dwell_source_options *options)
{
	(void)source;
	(void)options;
	return 1;
}

static int go_start(struct dwell_source *source, const struct dwell_source_options *options,
	struct dwell_sink *sink)
{
	struct go_reader *reader = reader_of(source);
	const struct dwell_process process = {
		.id = 1, .pid = -1, .name = { "", 0 }, .command = { "", 0 }
	};
	struct dwell_trace_info info = {
		.source = { "go", 2 },
		.tick_ns = 1,
		.levels = DWELL_LEVEL_RUNTIME | DWELL_LEVEL_STACKS,
	};
	int err = reset(reader);

	(void)options;
	reader->sink = sink;
	if (!err && sink->ops->begin)
		err = sink->ops->begin(sink, &info);
	if (!err && sink->ops->process)
		err = sink->ops->process(sink, &process);
	return err ? err : go_emit_counters(reader);
}

static int tell_clock(struct go_reader *reader, const char *name, uint64_t value)
{
	const uint64_t time = go_ns(reader, reader->snapshot_time);
	const struct dwell_clock_pair pair = {
		.clock = { name, strlen(name) },
		.value = value,
		.time_ns = time > reader->zero ? time - reader->zero : 0,
	};

	if (!reader->snapshot_time || time < reader->zero || !reader->sink->ops->clock)
		return 0;
	return reader->sink->ops->clock(reader->sink, &pair);
}

static int one_generation(struct go_reader *reader)
{
	int err = go_generation_load(reader);

	if (err)
		return err;
	const uint64_t before = reader->last_time;
	err = go_order_run(reader);
	if (err == DWELL_EFORMAT && reader->last_time > before) {
		/* Events that fit no more: what is known ends here, and it is said. */
		reader->broken = true;
		return go_emit_loss(reader, reader->last_time);
	}
	if (!err)
		err = tell_clock(reader, "monotonic", reader->snapshot_mono);
	return err ? err : tell_clock(reader, "unix", reader->snapshot_unix);
}

static int go_drive(struct dwell_source *source, const struct dwell_source_options *options,
	size_t part, struct dwell_sink *sink)
{
	struct go_reader *reader = reader_of(source);
	int err = 0;

	(void)options;
	(void)part;
	reader->sink = sink;
	if (reader->version < 22)
		return go_v1_drive(reader);
	while (!err && !reader->broken)
		err = one_generation(reader);
	if (err == DWELL_ETRUNCATED)
		reader->broken = true;
	else if (err < 0 && !(err == DWELL_EFORMAT && reader->first_generation))
		return err;
	else if (err == DWELL_EFORMAT)
		reader->broken = true;
	if (!reader->first_generation)
		return dwell_diag_set(&reader->diag, DWELL_EFORMAT, reader->offset, 0,
			"Go trace: it holds no whole generation");
	return go_emit_flush(reader);
}

static int go_finish(struct dwell_source *source, const struct dwell_source_options *options,
	struct dwell_sink *sink)
{
	struct go_reader *reader = reader_of(source);
	const struct dwell_trace_end end = {
		.end_ns = reader->last_time + 1 - reader->zero,
		.closed = !reader->broken,
	};

	(void)options;
	return sink->ops->end ? sink->ops->end(sink, &end) : 0;
}

static const struct dwell_diag *go_diag(struct dwell_source *source)
{
	return &reader_of(source)->diag;
}

static void go_close(struct dwell_source *source)
{
	struct go_reader *reader = reader_of(source);

	release(reader);
	reader->bytes->ops->close(reader->bytes);
	free(reader);
}

static int check_version(struct go_reader *reader)
{
	uint8_t head[HEADER];
	size_t got = 0;
	const int err = reader->bytes->ops->read(reader->bytes, 0, head, sizeof(head), &got);

	if (err)
		return err;
	reader->version = version_of(head, got);
	switch (reader->version) {
	case 11:
	case 19:
	case 21:
	case 22:
	case 23:
	case 25:
	case 26:
		return 0;
	}
	return dwell_diag_set(&reader->diag,
		reader->version > 26 ? DWELL_EVERSION : DWELL_EUNSUPPORTED, 0, 0,
		"Go trace: format version 1.%u is not read here", reader->version);
}

static int go_open(struct dwell_import *out, struct dwell_bytes *bytes, struct dwell_diag *diag)
{
	static const struct dwell_source_ops ops = {
		.foreign = true,
		.parts = go_parts,
		.start = go_start,
		.drive_part = go_drive,
		.finish = go_finish,
		.diag = go_diag,
		.close = go_close,
	};
	struct go_reader *reader = calloc(1, sizeof(*reader));

	if (!reader) {
		bytes->ops->close(bytes);
		return DWELL_ENOMEM;
	}
	reader->source.ops = &ops;
	reader->bytes = bytes;

	const int err = check_version(reader);
	if (!err) {
		out->source = &reader->source;
		return 0;
	}
	if (diag)
		*diag = reader->diag;
	go_close(&reader->source);
	return err;
}

const struct importer dwell_importer_go = {
	.kind = "go",
	.recognizes = go_recognizes,
	.open = go_open,
};
